//! A brake on guessing meeting ids and passcodes.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use anteroom_teams_link::link::{Locator, MeetingRef};

use super::limits::network;
use crate::config::Limits;
use crate::http::failures::{Failures, Wait};

/// Counts look-ups that found no meeting, per meeting id and per source.
///
/// An id counts whether there is such a meeting or not, so that being refused tells nothing about that. Of a source in
/// IPv6, the /64 counts.
#[derive(Debug)]
pub struct PasscodeLimits {
    failures: Failures<Key>,
    per_meeting: Option<u32>,
    per_source: Option<u32>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// A hash, so that long ids take no more room than short ones.
    Meeting(u64),
    Source(IpAddr),
}

/// A look-up, counted as failed until it is told to have been none.
#[derive(Debug)]
#[must_use]
pub struct Attempt<'a> {
    limits: &'a PasscodeLimits,
    keys: Vec<(Key, u32)>,
}

impl PasscodeLimits {
    /// Limits as configured.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let some = |most: u32| (most > 0).then_some(most);
        Self {
            failures: Failures::new(Duration::from_secs(limits.passcode_window_seconds)),
            per_meeting: some(limits.passcode_failures_per_meeting),
            per_source: some(limits.passcode_failures_per_source),
            hasher: RandomState::new(),
        }
    }

    /// Permission to look a meeting up by what somebody gave for its id and passcode.
    ///
    /// # Errors
    /// [`Wait`]: too many failures. The meeting must not be looked up then, not even with the right passcode.
    pub fn attempt(
        &self,
        meeting: &MeetingRef,
        source: Option<IpAddr>,
        now: Instant,
    ) -> Result<Attempt<'_>, Wait> {
        self.take(self.keys(Some(id_of(meeting)), source), now)
    }

    /// The same for a room: its id is all there is to guess, so that the source alone counts.
    ///
    /// # Errors
    /// [`Wait`]
    pub fn attempt_room(&self, source: Option<IpAddr>, now: Instant) -> Result<Attempt<'_>, Wait> {
        self.take(self.keys(None, source), now)
    }

    /// Whether an attempt would be refused. Counts nothing.
    ///
    /// # Errors
    /// [`Wait`]
    pub fn check(&self, meeting: &MeetingRef, source: IpAddr, now: Instant) -> Result<(), Wait> {
        self.failures
            .check(&self.keys(Some(id_of(meeting)), Some(source)), now)
    }

    fn take(&self, keys: Vec<(Key, u32)>, now: Instant) -> Result<Attempt<'_>, Wait> {
        self.failures.take(&keys, now)?;
        Ok(Attempt { limits: self, keys })
    }

    fn keys(&self, id: Option<&str>, source: Option<IpAddr>) -> Vec<(Key, u32)> {
        let meeting = id
            .zip(self.per_meeting)
            .map(|(id, most)| (Key::Meeting(self.hasher.hash_one(id)), most));
        let source = source
            .zip(self.per_source)
            .map(|(source, most)| (Key::Source(network(source)), most));
        meeting.into_iter().chain(source).collect()
    }
}

impl Attempt<'_> {
    /// The meeting was found, or it could not be looked for.
    pub fn was_no_failure(self) {
        for (key, _) in &self.keys {
            self.limits.failures.give_back(key);
        }
    }
}

fn id_of(meeting: &MeetingRef) -> &str {
    match &meeting.locator {
        Locator::MeetingId { meeting_id, .. } => meeting_id,
        Locator::Coordinates { thread_id, .. } => thread_id.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use anteroom_teams_link::link::by_meeting_id;

    use super::*;

    fn limits(per_meeting: u32, per_source: u32) -> PasscodeLimits {
        PasscodeLimits::new(&Limits {
            passcode_failures_per_meeting: per_meeting,
            passcode_failures_per_source: per_source,
            passcode_window_seconds: 60,
            ..Limits::default()
        })
    }

    fn meeting(id: &str, passcode: &str) -> MeetingRef {
        by_meeting_id(id, passcode).unwrap()
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// Whether a wrong guess was looked at.
    fn guess(limits: &PasscodeLimits, id: &str, source: Option<IpAddr>, now: Instant) -> bool {
        limits.attempt(&meeting(id, "wrong1"), source, now).is_ok()
    }

    #[test]
    fn a_source_waits_whatever_it_asks_for() {
        let limits = limits(100, 3);
        let now = Instant::now();
        for id in ["274918305561", "274918305562", "274918305563"] {
            assert!(guess(&limits, id, ip("192.0.2.1"), now));
        }
        assert!(!guess(&limits, "274918305564", ip("192.0.2.1"), now));
        assert!(guess(&limits, "274918305564", ip("192.0.2.2"), now));
        let wait = limits.check(&meeting("274918305564", ""), ip("192.0.2.1").unwrap(), now);
        assert_eq!(wait.map_err(Wait::seconds), Err(60));
        assert!(guess(
            &limits,
            "274918305564",
            ip("192.0.2.1"),
            now + Duration::from_secs(60)
        ));
    }

    #[test]
    fn of_ipv6_the_64_counts() {
        let limits = limits(100, 2);
        let now = Instant::now();
        assert!(guess(&limits, "274918305561", ip("2001:db8::1"), now));
        assert!(guess(&limits, "274918305562", ip("2001:db8::ffff:2"), now));
        assert!(!guess(&limits, "274918305563", ip("2001:db8::3"), now));
        assert!(guess(&limits, "274918305563", ip("2001:db8:0:1::3"), now));
        assert!(guess(&limits, "274918305563", ip("::ffff:192.0.2.1"), now));
        assert!(guess(&limits, "274918305563", ip("192.0.2.1"), now));
        assert!(!guess(&limits, "274918305563", ip("::ffff:192.0.2.1"), now));
    }

    #[test]
    fn a_meeting_waits_wherever_the_guesses_come_from() {
        let limits = limits(3, 100);
        let now = Instant::now();
        for n in 1..=3 {
            assert!(guess(&limits, "274918305566", ip(&format!("192.0.2.{n}")), now));
        }
        // The right passcode waits, too, and however the id is written.
        let right = meeting("274 918-305 566", "right123");
        assert!(limits.attempt(&right, ip("192.0.2.9"), now).is_err());
        assert!(
            guess(&limits, "274918305567", ip("192.0.2.9"), now),
            "another meeting"
        );
        let later = now + Duration::from_secs(60);
        limits
            .attempt(&right, ip("192.0.2.9"), later)
            .unwrap()
            .was_no_failure();
    }

    #[test]
    fn who_finds_a_meeting_is_not_counted() {
        let limits = limits(2, 2);
        let now = Instant::now();
        for _ in 0..50 {
            let attempt = limits.attempt(&meeting("274918305566", "right123"), ip("192.0.2.1"), now);
            attempt.unwrap().was_no_failure();
        }
        // Of those that come at once, no more are looked at than may fail.
        let reference = meeting("274918305566", "wrong1");
        let at_once: Vec<_> = (0..50)
            .map(|_| limits.attempt(&reference, ip("192.0.2.1"), now))
            .collect();
        assert_eq!(at_once.iter().filter(|attempt| attempt.is_ok()).count(), 2);
    }

    #[test]
    fn zero_means_no_limit() {
        let limits = limits(0, 0);
        let now = Instant::now();
        assert!((0..1000).all(|_| guess(&limits, "274918305566", ip("192.0.2.1"), now)));
    }
}
