//! Whether the application sends so little that the path is not tried.

use std::time::{Duration, Instant};

use super::Bitrate;

/// The part of the rate that must be used, in percent.
const USED_PERCENT: u32 = 65;

/// How much of what was not used is remembered.
const WINDOW: Duration = Duration::from_millis(500);

/// The unused part of the window, in percent, at which the application is taken to be limited, and no longer is.
const START_PERCENT: i64 = 80;
const STOP_PERCENT: i64 = 50;

/// A bucket that fills with what may be sent and is emptied by what is.
#[derive(Debug, Default)]
pub(super) struct ApplicationLimit {
    /// Bytes not used, within the window's worth on both sides of zero.
    unused: i64,
    last: Option<Instant>,
    since: Option<Instant>,
}

impl ApplicationLimit {
    pub(super) fn sent(&mut self, now: Instant, bytes: usize, rate: Bitrate) {
        let rate = rate.percent(USED_PERCENT);
        let window = i64::try_from(rate.bytes_in(WINDOW)).unwrap_or(i64::MAX).max(1);
        let elapsed = self
            .last
            .replace(now)
            .map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        let filled = i64::try_from(rate.bytes_in(elapsed.min(2 * WINDOW))).unwrap_or(i64::MAX);
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.unused = self
            .unused
            .saturating_add(filled)
            .min(window)
            .saturating_sub(bytes)
            .max(-window);
        let percent = self.unused.saturating_mul(100) / window;
        if percent > START_PERCENT {
            self.since.get_or_insert(now);
        } else if percent < STOP_PERCENT {
            self.since = None;
        }
    }

    /// Since when the application has been limited.
    pub(super) fn since(&self) -> Option<Instant> {
        self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    #[test]
    fn is_about_the_part_that_is_used() {
        let mut limit = ApplicationLimit::default();
        let mut now = start();
        let mut run = |bytes: usize| {
            for _ in 0..200 {
                now += Duration::from_millis(10);
                limit.sent(now, bytes, Bitrate::from_kbps(800));
            }
            limit.since().is_some()
        };
        // 1000 bytes are all of it.
        assert!(!run(1000));
        assert!(!run(700));
        assert!(run(200));
        assert!(!run(1000));
    }

    #[test]
    fn no_rate_is_no_division_by_zero() {
        let mut limit = ApplicationLimit::default();
        limit.sent(start(), usize::MAX, Bitrate::ZERO);
        assert_eq!(limit.since(), None);
    }
}
