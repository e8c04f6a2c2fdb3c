//! Asking a publisher for keyframes: at once when there is need, seldom when it does not answer.

use std::time::{Duration, Instant};

/// The longest wait between two requests that go unanswered.
const MAX_INTERVAL: Duration = Duration::from_secs(4);

/// Requests for keyframes of one track.
#[derive(Debug)]
pub(super) struct KeyframeRequests {
    least: Duration,
    interval: Duration,
    last: Option<Instant>,
    /// When to ask; `None` when nobody needs one.
    due: Option<Instant>,
}

impl KeyframeRequests {
    /// `least` is the shortest time between two requests.
    pub(super) const fn new(least: Duration) -> Self {
        Self {
            least,
            interval: least,
            last: None,
            due: None,
        }
    }

    /// Somebody needs a keyframe; it is asked for until it arrives.
    pub(super) fn want(&mut self, now: Instant) {
        let earliest = self.last.map_or(now, |last| (last + self.least).max(now));
        self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
        self.interval = self.least;
    }

    /// Whether to ask now.
    pub(super) fn poll(&mut self, now: Instant) -> bool {
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        self.last = Some(now);
        self.due = Some(now + self.interval);
        self.interval = (self.interval * 2).min(MAX_INTERVAL);
        true
    }

    /// A keyframe is here, or nobody needs one any more.
    pub(super) const fn satisfied(&mut self) {
        self.due = None;
    }

    /// When to ask next.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    const LEAST: Duration = Duration::from_millis(500);

    /// Moments in the first `millis` at which a publisher that does not answer is asked.
    fn asked(requests: &mut KeyframeRequests, begin: Instant, millis: u64) -> Vec<u64> {
        (0..millis)
            .filter(|ms| requests.poll(begin + Duration::from_millis(*ms)))
            .collect()
    }

    #[test]
    fn asks_at_once_then_less_and_less_often() {
        let begin = start();
        let mut requests = KeyframeRequests::new(LEAST);
        requests.want(begin);
        assert_eq!(
            asked(&mut requests, begin, 13_000),
            [0, 500, 1500, 3500, 7500, 11_500]
        );
    }

    #[test]
    fn stops_when_it_has_one_and_never_asks_more_often_than_allowed() {
        let begin = start();
        let mut requests = KeyframeRequests::new(LEAST);
        requests.want(begin);
        assert!(requests.poll(begin));
        requests.satisfied();
        assert_eq!(requests.due(), None);
        let later = begin + Duration::from_millis(100);
        for _ in 0..100 {
            requests.want(later);
        }
        assert!(!requests.poll(later));
        assert!(requests.poll(begin + LEAST));
    }

    #[test]
    fn a_new_need_ends_the_back_off() {
        let begin = start();
        let mut requests = KeyframeRequests::new(LEAST);
        requests.want(begin);
        asked(&mut requests, begin, 4000);
        let later = begin + Duration::from_millis(4100);
        requests.want(later);
        assert_eq!(requests.due(), Some(later));
    }
}
