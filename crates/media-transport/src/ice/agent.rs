use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;

use super::controlling::ControllingAgent;
use super::lite::LiteAgent;
use super::{IceCredentials, Path};
use crate::outbox::Outbox;
use crate::session::DropReason;
use crate::stun::Message;

/// What an agent found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IceEvent {
    /// This path is the one to use from now on.
    Selected(Path),
    /// No path was found in time.
    Failed,
    /// The peer's consent has expired: nothing may be sent for now.
    Interrupted,
    /// It may be sent again, along the path from before.
    Resumed,
    /// The peer's consent has expired and did not come back.
    ConsentExpired,
}

/// One of the two agents.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one per session")]
pub(crate) enum Agent {
    Lite(LiteAgent),
    Controlling(ControllingAgent),
}

impl Agent {
    pub(crate) const fn lite(local: IceCredentials) -> Self {
        Self::Lite(LiteAgent::new(local))
    }

    pub(crate) fn controlling(local: IceCredentials, rng: StdRng) -> Self {
        Self::Controlling(ControllingAgent::new(local, rng))
    }

    /// Learns the peer's credentials and, when controlling, where to look for it. Also restarts.
    pub(crate) fn set_remote(
        &mut self,
        now: Instant,
        remote: IceCredentials,
        candidates: &[SocketAddr],
        outbox: &mut Outbox,
    ) {
        match self {
            Self::Lite(agent) => agent.set_remote(now, remote),
            Self::Controlling(agent) => agent.set_remote(now, remote, candidates, outbox),
        }
    }

    /// Changes our own credentials for an ICE restart; the peer's follow by [`Self::set_remote`].
    pub(crate) fn set_local(&mut self, local: IceCredentials) {
        match self {
            Self::Lite(agent) => agent.set_local(local),
            Self::Controlling(agent) => agent.set_local(local),
        }
    }

    pub(crate) fn handle_message(
        &mut self,
        now: Instant,
        path: Path,
        message: &Message<'_>,
        outbox: &mut Outbox,
    ) -> Result<Option<IceEvent>, DropReason> {
        match self {
            Self::Lite(agent) => agent.handle_message(now, path, message, outbox),
            Self::Controlling(agent) => agent.handle_message(now, path, message, outbox),
        }
    }

    /// Media that is authentic came this way. To a controlling agent, which asks for consent, it says nothing.
    #[inline]
    pub(crate) fn heard(&mut self, now: Instant, path: Path) {
        match self {
            Self::Lite(agent) => agent.heard(now, path),
            Self::Controlling(_) => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, outbox: &mut Outbox) -> Option<IceEvent> {
        match self {
            Self::Lite(agent) => agent.handle_timeout(now),
            Self::Controlling(agent) => agent.handle_timeout(now, outbox),
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Lite(agent) => agent.poll_timeout(),
            Self::Controlling(agent) => agent.poll_timeout(),
        }
    }

    /// Whether the remote address has passed an authenticated check.
    pub(crate) fn is_verified(&self, path: Path) -> bool {
        match self {
            Self::Lite(agent) => agent.is_verified(path),
            Self::Controlling(agent) => agent.is_verified(path),
        }
    }

    /// The nominated path; none while the session is interrupted.
    pub(crate) const fn selected(&self) -> Option<Path> {
        match self {
            Self::Lite(agent) => agent.selected(),
            Self::Controlling(agent) => agent.selected(),
        }
    }

    /// The nominated path, or before there is one the best that we may already send on by our own initiative.
    pub(crate) fn best(&self) -> Option<Path> {
        match self {
            Self::Lite(agent) => agent.selected(),
            Self::Controlling(agent) => agent.best(),
        }
    }

    pub(crate) const fn rtt(&self) -> Option<Duration> {
        match self {
            Self::Lite(_) => None,
            Self::Controlling(agent) => agent.rtt(),
        }
    }
}
