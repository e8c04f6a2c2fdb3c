//! The agent of the service (RFC 8445 §2.5, lite implementation).
//!
//! 1. The peer's check arrives, its credentials are right: the address is *verified* and answered.
//! 2. A check with USE-CANDIDATE *selects* its path; the last one wins, from whatever address it came.
//! 3. Every authentic check renews the peer's consent; after 30 s of silence it has expired.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use super::agent::IceEvent;
use super::check::{Claim, accept, authenticate, refuse};
use super::{CONNECT_TIMEOUT, CONSENT_EXPIRY, IceCredentials, Path};
use crate::outbox::Outbox;
use crate::session::DropReason;
use crate::stun::{Class, Message, TransactionId};

/// The most verified paths that are kept; the one checked longest ago gives way.
const MAX_VERIFIED: usize = 32;

/// How many transactions are remembered, to notice a check that an attacker sends again from elsewhere.
const MAX_RECENT: usize = 64;

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
    /// When to give up: on connecting before there is a selected path, on consent afterwards.
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
        if self.selected.is_some() {
            self.deadline = Some(now + CONSENT_EXPIRY);
        }
        if !message.use_candidate() || !is_current {
            return Ok(None);
        }
        self.previous = None;
        self.deadline = Some(now + CONSENT_EXPIRY);
        if self.selected == Some(path) {
            return Ok(None);
        }
        self.selected = Some(path);
        Ok(Some(IceEvent::Selected(path)))
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<IceEvent> {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return None;
        }
        self.deadline = None;
        Some(if self.selected.is_some() {
            IceEvent::ConsentExpired
        } else {
            IceEvent::Failed
        })
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    pub(crate) fn is_verified(&self, path: Path) -> bool {
        self.verified.contains(&path)
    }

    pub(crate) const fn selected(&self) -> Option<Path> {
        self.selected
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
