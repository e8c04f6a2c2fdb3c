//! The lobby: who waits, since when, and for what.
//!
//! A [`Lobby`] keeps the waiting list and its time-outs; [`decide`](crate::admission::decide) says who may leave it. It
//! reads no clock: time is an argument, and only ever goes forward.

use std::time::{Duration, Instant};

use thiserror::Error;

use crate::admission::{Decision, LobbyReason, Refusal};
use crate::{CapabilitySet, Role};

/// How a lobby is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LobbyConfig {
    /// Who waited this long is removed; 30 minutes by default.
    pub timeout: Duration,
    /// Most who wait at a time; 1000 by default.
    pub capacity: usize,
}

impl Default for LobbyConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30 * 60),
            capacity: 1000,
        }
    }
}

/// The people waiting for one meeting, in order of arrival. `K` is how the host names them.
#[derive(Debug, Clone)]
pub struct Lobby<K> {
    config: LobbyConfig,
    /// In order of arrival, and so of deadline: the time-out is the same for all.
    waiting: Vec<Waiting<K>>,
}

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting<K> {
    /// Who.
    pub key: K,
    /// Since when.
    pub since: Instant,
    /// When they are removed.
    pub deadline: Instant,
    /// What they wait for.
    pub reason: LobbyReason,
}

/// Why somebody cannot wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnterError {
    /// As many wait as may.
    #[error("the lobby is full")]
    Full,
    /// The same key waits already.
    #[error("already in the lobby")]
    AlreadyWaiting,
}

/// What a review of the lobby changed about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<K> {
    /// Comes in, and no longer waits.
    Admitted {
        /// Who.
        key: K,
        /// As what.
        role: Role,
        /// What they may do.
        capabilities: CapabilitySet,
    },
    /// Stays outside, and no longer waits.
    Refused {
        /// Who.
        key: K,
        /// Why.
        refusal: Refusal,
    },
    /// Waits for something else now; the deadline stays.
    WaitsFor {
        /// Who.
        key: K,
        /// For what.
        reason: LobbyReason,
    },
}

impl<K: Clone + PartialEq> Lobby<K> {
    /// An empty lobby.
    #[must_use]
    pub const fn new(config: LobbyConfig) -> Self {
        Self {
            config,
            waiting: Vec::new(),
        }
    }

    /// Somebody begins to wait.
    ///
    /// # Errors
    /// [`EnterError`]
    pub fn enter(&mut self, now: Instant, key: K, reason: LobbyReason) -> Result<(), EnterError> {
        if self.contains(&key) {
            return Err(EnterError::AlreadyWaiting);
        }
        if self.waiting.len() >= self.config.capacity {
            return Err(EnterError::Full);
        }
        self.waiting.push(Waiting {
            key,
            since: now,
            deadline: now + self.config.timeout,
            reason,
        });
        Ok(())
    }

    /// Takes somebody out: admitted, rejected, or gone by themselves. False when they do not wait (any more), which two
    /// people admitting the same guest at once makes an ordinary thing.
    pub fn take(&mut self, key: &K) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.key != *key);
        self.waiting.len() != before
    }

    /// Takes everybody out, in order of arrival: admitted all at once, or the meeting has ended.
    pub fn take_all(&mut self) -> Vec<K> {
        self.waiting.drain(..).map(|waiting| waiting.key).collect()
    }

    /// Decides anew about everybody, in order of arrival: the meeting has started, a setting has changed, somebody has
    /// left. `decide` is asked once for each, and sees the effect of what it has said before (one who was admitted may
    /// have taken the last place).
    pub fn review(&mut self, mut decide: impl FnMut(&K) -> Decision) -> Vec<Change<K>> {
        let mut changes = Vec::new();
        self.waiting.retain_mut(|waiting| match decide(&waiting.key) {
            Decision::Admit { role, capabilities } => {
                changes.push(Change::Admitted {
                    key: waiting.key.clone(),
                    role,
                    capabilities,
                });
                false
            }
            Decision::Deny(refusal) => {
                changes.push(Change::Refused {
                    key: waiting.key.clone(),
                    refusal,
                });
                false
            }
            Decision::Lobby(reason) => {
                if waiting.reason != reason {
                    waiting.reason = reason;
                    changes.push(Change::WaitsFor {
                        key: waiting.key.clone(),
                        reason,
                    });
                }
                true
            }
        });
        changes
    }

    /// Takes out who has waited too long; they are told `lobby_timeout`.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<K> {
        let expired = self
            .waiting
            .iter()
            .take_while(|waiting| waiting.deadline <= now)
            .count();
        self.waiting.drain(..expired).map(|waiting| waiting.key).collect()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; `None` when nobody waits.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.waiting.first().map(|waiting| waiting.deadline)
    }

    /// Whether somebody waits.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.waiting.iter().any(|waiting| waiting.key == *key)
    }

    /// Who waits, in order of arrival.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Waiting<K>> {
        self.waiting.iter()
    }

    /// How many wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests;
