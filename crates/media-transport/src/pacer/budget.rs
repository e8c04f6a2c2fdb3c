//! A leaky bucket: what was sent must have leaked before more is.

use std::time::{Duration, Instant};

use crate::bwe::Bitrate;

/// Audio and probes may run into debt, but not further than this.
const MAX_DEBT: Duration = Duration::from_millis(500);

/// What a late poll may make up for.
const MAX_LATE: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub(super) struct Budget {
    rate: Bitrate,
    burst: Duration,
    /// When everything that was sent has leaked.
    leaked: Option<Instant>,
}

impl Budget {
    pub(super) const fn new(rate: Bitrate, burst: Duration) -> Self {
        Self {
            rate,
            burst,
            leaked: None,
        }
    }

    pub(super) fn rate(&self) -> Bitrate {
        self.rate
    }

    /// Changes the rate; what was sent leaks at the new one.
    pub(super) fn set_rate(&mut self, now: Instant, rate: Bitrate) {
        if let Some(leaked) = self.leaked {
            let debt = leaked.saturating_duration_since(now);
            let bytes = self.rate.bytes_in(debt);
            self.leaked = Some(now + rate.time_for(bytes).min(MAX_DEBT));
        }
        self.rate = rate;
    }

    pub(super) fn set_burst(&mut self, burst: Duration) {
        self.burst = burst;
    }

    /// When a train may start; `None` for at once.
    pub(super) fn ready_at(&self) -> Option<Instant> {
        self.leaked
    }

    /// Whether a train may start.
    pub(super) fn is_ready(&self, now: Instant) -> bool {
        self.leaked.is_none_or(|leaked| leaked <= now)
    }

    /// Whether a train that has started may go on.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        self.leaked.is_none_or(|leaked| leaked < now + self.burst)
    }

    pub(super) fn charge(&mut self, now: Instant, bytes: usize) {
        let earliest = now.checked_sub(MAX_LATE).unwrap_or(now);
        let start = self.leaked.map_or(now, |leaked| leaked.max(earliest));
        let leaked = start + self.rate.time_for(bytes as u64);
        self.leaked = Some(leaked.min(now + MAX_DEBT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_train_is_a_burst_long_and_the_next_one_waits_until_it_has_leaked() {
        let now = start();
        let mut budget = Budget::new(Bitrate::from_kbps(800), ms(5));
        let mut sent = 0;
        assert!(budget.is_ready(now));
        while budget.has_room(now) {
            budget.charge(now, 100);
            sent += 100;
        }
        assert_eq!(sent, 500);
        assert!(!budget.is_ready(now + ms(4)));
        assert!(budget.is_ready(now + ms(5)));
        assert_eq!(budget.ready_at(), Some(now + ms(5)));
        // Silence is not saved up, but for the lateness of a poll.
        let (now, mut sent) = (now + ms(1000), 0);
        while budget.has_room(now) {
            budget.charge(now, 100);
            sent += 100;
        }
        assert_eq!(sent, 700);
    }

    #[test]
    fn debts_are_bounded_and_leak_at_the_rate_of_the_day() {
        let now = start();
        let mut budget = Budget::new(Bitrate::ZERO, ms(5));
        budget.charge(now, usize::MAX);
        assert_eq!(budget.ready_at(), Some(now + MAX_DEBT));
        budget.set_rate(now, Bitrate::from_kbps(800));
        assert!(budget.is_ready(now), "nothing leaks at no rate");
        budget.charge(now, 1000);
        budget.set_rate(now, Bitrate::from_kbps(400));
        assert_eq!(budget.ready_at(), Some(now + ms(20)));
    }
}
