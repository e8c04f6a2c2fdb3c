//! Which packets of a publisher are missing, and when to ask for them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The most packets missing at a time; more are not worth asking for one by one.
const MAX_MISSING: usize = 256;

/// How long a packet may be late by mere reordering.
const PATIENCE: Duration = Duration::from_millis(10);

/// How often a packet is asked for.
const MAX_TRIES: u8 = 8;

/// After this a packet is of no use any more.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The gaps in one stream.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    highest: Option<u64>,
    /// In rising order. At most [`MAX_MISSING`].
    missing: VecDeque<Missing>,
    /// When to look again.
    due: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    sequence: u64,
    since: Instant,
    ask_at: Instant,
    tries: u8,
}

/// What [`Gaps::handle_packet`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing new.
    Nothing,
    /// A gap: ask for a timeout.
    Gap,
    /// So much is missing that only a keyframe helps.
    Hopeless,
}

impl Gaps {
    /// Takes note of a packet's extended sequence number.
    pub(super) fn handle_packet(&mut self, now: Instant, sequence: u64) -> Found {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            return Found::Nothing;
        };
        if sequence <= highest {
            if let Ok(index) = self
                .missing
                .binary_search_by_key(&sequence, |missing| missing.sequence)
            {
                self.missing.remove(index);
            }
            return Found::Nothing;
        }
        self.highest = Some(sequence);
        let gap = usize::try_from(sequence - highest - 1).unwrap_or(usize::MAX);
        if gap == 0 {
            return Found::Nothing;
        }
        if gap > MAX_MISSING - self.missing.len() {
            self.missing.clear();
            self.due = None;
            return Found::Hopeless;
        }
        let ask_at = now + PATIENCE;
        let missing = |sequence| Missing {
            sequence,
            since: now,
            ask_at,
            tries: 0,
        };
        self.missing.extend((highest + 1..sequence).map(missing));
        self.due = Some(self.due.map_or(ask_at, |due| due.min(ask_at)));
        Found::Gap
    }

    /// Appends the sequence numbers to ask for now to `ask`; `true` when some are given up, so that only a keyframe helps.
    pub(super) fn handle_timeout(&mut self, now: Instant, rtt: Duration, ask: &mut Vec<u16>) -> bool {
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        let before = self.missing.len();
        self.missing.retain(|missing| {
            missing.tries < MAX_TRIES && now.saturating_duration_since(missing.since) < MAX_AGE
        });
        let given_up = self.missing.len() < before;
        let retry = (rtt + rtt / 4).clamp(Duration::from_millis(30), Duration::from_millis(400));
        for missing in self.missing.iter_mut().filter(|missing| missing.ask_at <= now) {
            missing.tries += 1;
            missing.ask_at = now + retry;
            #[expect(clippy::cast_possible_truncation, reason = "the wire has the lower bits")]
            ask.push(missing.sequence as u16);
        }
        self.due = self.missing.iter().map(|missing| missing.ask_at).min();
        given_up
    }

    /// When to look again.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.missing.is_empty() { None } else { self.due }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    const RTT: Duration = Duration::from_millis(100);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn ask(gaps: &mut Gaps, now: Instant) -> Vec<u16> {
        let mut ask = Vec::new();
        gaps.handle_timeout(now, RTT, &mut ask);
        ask
    }

    #[test]
    fn asks_for_what_is_missing_and_stops_when_it_comes() {
        let begin = start();
        let mut gaps = Gaps::default();
        assert_eq!(gaps.handle_packet(begin, 65_534), Found::Nothing);
        assert_eq!(gaps.handle_packet(begin, 65_538), Found::Gap);
        assert_eq!(gaps.due(), Some(begin + PATIENCE));
        assert!(ask(&mut gaps, begin).is_empty(), "it may only be late");
        assert_eq!(gaps.handle_packet(begin, 65_536), Found::Nothing);
        assert_eq!(ask(&mut gaps, begin + PATIENCE), [65_535, 1]);
        assert!(ask(&mut gaps, begin + ms(50)).is_empty());
        gaps.handle_packet(begin, 65_535);
        assert_eq!(ask(&mut gaps, begin + ms(135)), [1]);
        gaps.handle_packet(begin, 65_537);
        assert_eq!(gaps.due(), None);
    }

    #[test]
    fn gives_up_in_the_end_and_says_so() {
        let begin = start();
        let mut gaps = Gaps::default();
        gaps.handle_packet(begin, 1);
        gaps.handle_packet(begin, 3);
        let (mut asked, mut given_up) = (Vec::new(), 0);
        for millis in 0..5000 {
            given_up += u32::from(gaps.handle_timeout(begin + ms(millis), ms(20), &mut asked));
        }
        assert_eq!(asked, [2; MAX_TRIES as usize]);
        assert_eq!(given_up, 1);
        assert_eq!(gaps.due(), None);
    }

    #[test]
    fn a_gap_too_wide_is_not_asked_for() {
        let begin = start();
        let mut gaps = Gaps::default();
        gaps.handle_packet(begin, 1);
        assert_eq!(gaps.handle_packet(begin, 2 + MAX_MISSING as u64), Found::Gap);
        assert_eq!(gaps.handle_packet(begin, 4 + MAX_MISSING as u64), Found::Hopeless);
        assert!(gaps.missing.is_empty());
        assert_eq!(gaps.due(), None);
    }
}
