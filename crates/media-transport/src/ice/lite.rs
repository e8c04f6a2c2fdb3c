//! The agent of the service (RFC 8445 §2.5, lite implementation).
//!
//! 1. The peer's check arrives, its credentials are right: the address is *verified* and answered.
//! 2. A check with USE-CANDIDATE *selects* its path; the last one wins, from whatever address it came.
//! 3. What is authentic and comes along the selected path renews the peer's consent: a check, and media just as well. To
//!    RFC 7675 only answers to our own checks count; a lite agent sends none (RFC 8445 §2.5), some peers send none either
//!    once they are connected, and an SRTP packet proves what an answer would: that the holder of the keys is at that
//!    address, now, and wants this session.
//! 4. After 30 s without, consent has expired and the session is *interrupted*: nothing is sent. Media along the selected
//!    path resumes it, and so does any check, from wherever it comes; after another 30 s it is over.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::agent::IceEvent;
use super::check::{Claim, accept, authenticate, refuse};
use super::{CONNECT_TIMEOUT, CONSENT_EXPIRY, INTERRUPTION_LIMIT, IceCredentials, Path};
use crate::outbox::Outbox;
use crate::session::DropReason;
use crate::stun::{Class, Message, TransactionId};

/// The most verified paths that are kept; the one checked longest ago gives way.
const MAX_VERIFIED: usize = 32;

/// How many transactions are remembered, to notice a check that an attacker sends again from elsewhere.
const MAX_RECENT: usize = 64;

/// How often an interrupted session looks whether media has come.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct LiteAgent {
    local: IceCredentials,
    /// The credentials before an ICE restart: good for checks on the old path until the first new nomination.
    previous: Option<(IceCredentials, Option<IceCredentials>)>,
    remote: Option<IceCredentials>,
    /// In order of their latest check, the newest last.
    verified: Vec<Path>,
    selected: Option<Path>,
    recent: VecDeque<(TransactionId, SocketAddr)>,
    /// The latest authentic sign along the selected path. There from the first selection on.
    heard: Option<Instant>,
    /// When an interrupted session ends.
    ends_at: Option<Instant>,
    /// When to look again: at connecting before there is a selected path, at consent afterwards. It may be early.
    deadline: Option<Instant>,
}

impl LiteAgent {
    pub(crate) const fn new(local: IceCredentials) -> Self {
        Self {
            local,
            previous: None,
            remote: None,
            verified: Vec::new(),
            selected: None,
            recent: VecDeque::new(),
            heard: None,
            ends_at: None,
            deadline: None,
        }
    }

    pub(crate) fn set_remote(&mut self, now: Instant, remote: IceCredentials) {
        self.remote = Some(remote);
        if self.selected.is_none() {
            self.deadline = Some(now + CONNECT_TIMEOUT);
        }
    }

    pub(crate) fn set_local(&mut self, local: IceCredentials) {
        let old = std::mem::replace(&mut self.local, local);
        self.previous = Some((old, self.remote.take()));
    }

    pub(crate) fn handle_message(
        &mut self,
        now: Instant,
        path: Path,
        message: &Message<'_>,
        outbox: &mut Outbox,
    ) -> Result<Option<IceEvent>, DropReason> {
        if message.class() != Class::Request {
            return Err(DropReason::UnexpectedStun);
        }
        let is_current = authenticate(message, &self.local, self.remote.as_ref()).is_ok();
        let credentials = match &self.previous {
            _ if is_current => &self.local,
            Some((local, remote)) => {
                authenticate(message, local, remote.as_ref())?;
                local
            }
            None => return Err(DropReason::UnauthenticatedStun),
        };
        let id = message.transaction_id();
        match self.recent.iter().find(|(other, _)| *other == id) {
            Some((_, source)) if *source != path.remote => return Err(DropReason::ReplayedCheck),
            Some(_) => {}
            None => {
                if self.recent.len() >= MAX_RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back((id, path.remote));
            }
        }
        if refuse(message, Claim::Controlled, path, credentials, outbox) {
            return Ok(None);
        }
        accept(message, path, credentials, outbox);
        self.mark_verified(path);
        let nominates = message.use_candidate() && is_current;
        if nominates {
            self.previous = None;
        }
        let is_selected = self.selected == Some(path);
        // Where we last sent to has been silent for long: whoever proves to be the peer says where it is now.
        let is_back = self.ends_at.is_some() && is_current;
        if !(is_selected || nominates || is_back) {
            return Ok(None);
        }
        self.heard = Some(now);
        let was_interrupted = self.ends_at.take().is_some();
        self.deadline = Some(now + CONSENT_EXPIRY);
        self.selected = Some(path);
        Ok(match (is_selected, was_interrupted) {
            (false, _) => Some(IceEvent::Selected(path)),
            (true, true) => Some(IceEvent::Resumed),
            (true, false) => None,
        })
    }

    /// Media that is authentic came this way.
    #[inline]
    pub(crate) fn heard(&mut self, now: Instant, path: Path) {
        if self.selected == Some(path) {
            self.heard = Some(now);
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<IceEvent> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return None;
        }
        let Some(heard) = self.heard else {
            self.deadline = None;
            return Some(IceEvent::Failed);
        };
        let expiry = heard + CONSENT_EXPIRY;
        let (deadline, event) = match self.ends_at {
            None if now < expiry => (Some(expiry), None),
            None => {
                self.ends_at = Some(now + INTERRUPTION_LIMIT);
                (Some(now + LOOK_INTERVAL), Some(IceEvent::Interrupted))
            }
            Some(_) if now < expiry => {
                self.ends_at = None;
                (Some(expiry), Some(IceEvent::Resumed))
            }
            Some(end) if now < end => (Some(end.min(now + LOOK_INTERVAL)), None),
            Some(_) => (None, Some(IceEvent::ConsentExpired)),
        };
        self.deadline = deadline;
        event
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn is_verified(&self, path: Path) -> bool {
        self.verified.contains(&path)
    }

    /// The nominated path, unless nothing may be sent along it.
    pub(crate) const fn selected(&self) -> Option<Path> {
        match self.ends_at {
            None => self.selected,
            Some(_) => None,
        }
    }

    fn mark_verified(&mut self, path: Path) {
        if let Some(index) = self.verified.iter().position(|other| *other == path) {
            self.verified.remove(index);
        } else if self.verified.len() >= MAX_VERIFIED {
            self.verified.remove(0);
        }
        self.verified.push(path);
    }
}
