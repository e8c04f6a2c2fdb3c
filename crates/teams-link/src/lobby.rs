//! The lobby as a state machine: who waits, since when, for what, and what ends the wait.
//!
//! ```text
//!            ┌────── Deny, full ─────▶ outside
//!  join ─────┼────── Admit ──────────▶ inside
//!            └─ Wait ─▶ waiting ─┬─ decided: Admit ────────────────▶ inside
//!                        ▲   │   ├─ decided: Deny ─────────────────▶ outside
//!                        └───┘   ├─ take: rejected, left, gone ────▶ outside
//!          decided: another Wait ├─ take_all: the meeting is over ─▶ outside
//!                                └─ handle_timeout ────────────────▶ outside
//! ```
//!
//! [`decide`](crate::admission::decide) says who may pass; a [`Lobby`] keeps the places and the time. The host tells it
//! what happened and carries out what it answers:
//!
//! | what happened | the host calls |
//! |---|---|
//! | somebody comes | [`join`](Lobby::join) with what was decided |
//! | a setting changed, the meeting started, somebody came or left | [`review`](Lobby::review); then, until it gives nothing, [`poll_review`](Lobby::poll_review) and [`decided`](Lobby::decided) |
//! | a participant lets somebody in | [`decided`](Lobby::decided) with what [`decide_admitted`](crate::admission::decide_admitted) says |
//! | a participant rejects somebody; somebody leaves; a connection is over for good; a token has expired | [`take`](Lobby::take) |
//! | a connection drops or comes back | nothing: place and deadline stay |
//! | the meeting ends | [`take_all`](Lobby::take_all) |
//! | the time of [`poll_timeout`](Lobby::poll_timeout) has come | [`handle_timeout`](Lobby::handle_timeout) |
//!
//! Whoever does not wait any more cannot be decided on, taken or timed out: of two participants who admit and reject the
//! same guest at once, the first is obeyed, and nobody who left is brought back. After a restart of the host the lobby is
//! empty, and everybody joins anew.
//!
//! It reads no clock: time is an argument, and only ever goes forward. Every call costs O(log n) for n who wait, and so
//! does each step of a review.

use std::collections::BTreeMap;
use std::ops::Range;
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
    /// By number of arrival, and so in order of deadline: the time-out is the same for all.
    waiting: BTreeMap<u64, Waiting<K>>,
    /// The numbers of those in `waiting`.
    numbers: BTreeMap<K, u64>,
    /// How many have ever waited.
    arrivals: u64,
    /// The numbers that are still to be decided on; empty when no review runs.
    review: Range<u64>,
}

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting<K> {
    /// Who.
    pub key: K,
    /// Since when.
    pub since: Instant,
    /// When they are removed; `None` for a time-out that is beyond the end of the clock.
    pub deadline: Option<Instant>,
    /// What they wait for.
    pub reason: LobbyReason,
}

/// What was decided about somebody who comes or waits. `A` is what whoever is let in is given, `R` why others are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<A = Admission, R = Refusal> {
    /// Comes in.
    Admit(A),
    /// Waits.
    Wait(LobbyReason),
    /// Stays outside.
    Deny(R),
}

/// As what somebody comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// The role.
    pub role: Role,
    /// What the participant may do.
    pub capabilities: CapabilitySet,
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Deny(refusal) => Self::Deny(refusal),
            Decision::Lobby(reason) => Self::Wait(reason),
            Decision::Admit { role, capabilities } => Self::Admit(Admission { role, capabilities }),
        }
    }
}

/// What follows from a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome<A = Admission, R = Refusal> {
    /// Comes in, and does not wait (any more).
    Admitted(A),
    /// Waits from now on, or waits for something else than before.
    Waits {
        /// For what.
        reason: LobbyReason,
        /// For how long at most from now on; waiting for something else does not make it longer.
        remaining: Duration,
    },
    /// Stays outside, and does not wait (any more).
    Refused(R),
}

/// Why somebody cannot wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JoinError {
    /// As many wait as may.
    #[error("the lobby is full")]
    Full,
    /// The same key waits already.
    #[error("already in the lobby")]
    AlreadyWaiting,
}

impl<K: Clone + Ord> Lobby<K> {
    /// An empty lobby.
    #[must_use]
    pub const fn new(config: LobbyConfig) -> Self {
        Self {
            config,
            waiting: BTreeMap::new(),
            numbers: BTreeMap::new(),
            arrivals: 0,
            review: 0..0,
        }
    }

    /// Somebody comes, and `verdict` was decided: passes, stays outside, or begins to wait.
    ///
    /// # Errors
    /// [`JoinError::AlreadyWaiting`], whatever the verdict; [`JoinError::Full`] when they would have to wait. Nothing has
    /// changed then.
    pub fn join<A, R>(
        &mut self,
        now: Instant,
        key: K,
        verdict: Verdict<A, R>,
    ) -> Result<Outcome<A, R>, JoinError> {
        if self.contains(&key) {
            return Err(JoinError::AlreadyWaiting);
        }
        let reason = match verdict {
            Verdict::Admit(admission) => return Ok(Outcome::Admitted(admission)),
            Verdict::Deny(refusal) => return Ok(Outcome::Refused(refusal)),
            Verdict::Wait(reason) => reason,
        };
        if self.len() >= self.config.capacity {
            return Err(JoinError::Full);
        }
        let number = self.arrivals;
        self.arrivals += 1;
        self.numbers.insert(key.clone(), number);
        let waiting = Waiting {
            key,
            since: now,
            deadline: now.checked_add(self.config.timeout),
            reason,
        };
        self.waiting.insert(number, waiting);
        Ok(Outcome::Waits {
            reason,
            remaining: self.config.timeout,
        })
    }

    /// Begins to look at everybody anew, in order of arrival. A review that runs starts over.
    ///
    /// What one decision brings about counts for the next (one who was let in may have taken the last place, or started
    /// the meeting), so decisions are asked for one by one: [`poll_review`](Self::poll_review) says about whom.
    pub const fn review(&mut self) {
        self.review = 0..self.arrivals;
    }

    /// Who is to be decided on next, once each; `None` when the review is over. Who comes meanwhile is not part of it.
    pub fn poll_review(&mut self) -> Option<K> {
        let next = self.waiting.range(self.review.clone()).next();
        let found = next.map(|(number, waiting)| (*number, waiting.key.clone()));
        let Some((number, key)) = found else {
            self.review = 0..0;
            return None;
        };
        self.review.start = number + 1;
        Some(key)
    }

    /// Somebody who waits was decided on, by the rules or by a participant who lets them in. `None` when nothing has
    /// changed: they wait for the same as before, or do not wait any more.
    pub fn decided<A, R>(&mut self, now: Instant, key: &K, verdict: Verdict<A, R>) -> Option<Outcome<A, R>> {
        let number = *self.numbers.get(key)?;
        match verdict {
            Verdict::Admit(admission) => self.take(key).then_some(Outcome::Admitted(admission)),
            Verdict::Deny(refusal) => self.take(key).then_some(Outcome::Refused(refusal)),
            Verdict::Wait(reason) => {
                let waiting = self.waiting.get_mut(&number)?;
                let before = std::mem::replace(&mut waiting.reason, reason);
                let remaining = waiting.remaining(now);
                (before != reason).then_some(Outcome::Waits { reason, remaining })
            }
        }
    }

    /// Takes somebody out: rejected, or gone by themselves. False when they do not wait (any more), which two people
    /// acting on the same guest at once makes an ordinary thing.
    pub fn take(&mut self, key: &K) -> bool {
        let number = self.numbers.remove(key);
        number.is_some_and(|number| self.waiting.remove(&number).is_some())
    }

    /// Takes everybody out, in order of arrival: the meeting has ended.
    pub fn take_all(&mut self) -> Vec<K> {
        self.numbers.clear();
        std::mem::take(&mut self.waiting)
            .into_values()
            .map(|waiting| waiting.key)
            .collect()
    }

    /// Takes out who has waited too long; they are told `lobby_timeout`.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<K> {
        let mut expired = Vec::new();
        while let Some(first) = self.waiting.first_entry()
            && first.get().deadline.is_some_and(|deadline| deadline <= now)
        {
            let key = first.remove().key;
            self.numbers.remove(&key);
            expired.push(key);
        }
        expired
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; `None` when nobody waits.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.iter().next().and_then(|waiting| waiting.deadline)
    }

    /// Whether somebody waits.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.numbers.contains_key(key)
    }

    /// Since when and for what somebody waits.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&Waiting<K>> {
        self.waiting.get(self.numbers.get(key)?)
    }

    /// Who waits, in order of arrival.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Waiting<K>> {
        self.waiting.values()
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl<K> Waiting<K> {
    /// How long they may wait yet.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Duration {
        self.deadline
            .map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests;
