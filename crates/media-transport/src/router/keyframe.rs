//! Asking a publisher for keyframes: at once when there is need, seldom when it does not answer, and between the two for
//! those who come while others come.

use std::time::{Duration, Instant};

/// The longest wait between two requests that go unanswered.
const MAX_INTERVAL: Duration = Duration::from_secs(4);

/// Who has never been sent anything waits for no more than this after a keyframe that came too early for them: half a
/// second would be most of what joining may take.
const SOON: Duration = Duration::from_millis(150);

/// So many requests may come sooner than those of others, and one more each so often: who joins and leaves all the time
/// must not make a publisher send nothing but keyframes.
const MOST_SOON: u32 = 8;
const SOON_AGAIN: Duration = Duration::from_secs(1);

/// Requests for keyframes of one track.
#[derive(Debug)]
pub(super) struct KeyframeRequests {
    least: Duration,
    interval: Duration,
    last: Option<Instant>,
    /// When the latest keyframe arrived.
    received: Option<Instant>,
    /// When all of [`MOST_SOON`] may be used again.
    restored: Option<Instant>,
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
            received: None,
            restored: None,
            due: None,
        }
    }

    /// Somebody needs a keyframe; it is asked for until it arrives.
    pub(super) fn want(&mut self, now: Instant) {
        let earliest = self.last.map_or(now, |last| (last + self.least).max(now));
        self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
        self.interval = self.least;
    }

    /// The same, for somebody who has not been sent anything yet.
    pub(super) fn want_first(&mut self, now: Instant) {
        self.want(now);
        // One that is on its way is theirs, too.
        let answered = self.received.filter(|received| Some(*received) >= self.last);
        let Some(soon) = answered.map(|received| (received + SOON).max(now)) else {
            return;
        };
        let used = self
            .restored
            .map(|restored| restored.saturating_duration_since(soon));
        if used.is_none_or(|used| used <= SOON_AGAIN * (MOST_SOON - 1)) {
            self.due = Some(self.due.map_or(soon, |due| due.min(soon)));
        }
    }

    /// Whether to ask now.
    pub(super) fn poll(&mut self, now: Instant) -> bool {
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        if self.last.is_some_and(|last| now < last + self.least) {
            let from = self.restored.map_or(now, |restored| restored.max(now));
            self.restored = Some(from + SOON_AGAIN);
        }
        self.last = Some(now);
        self.due = Some(now + self.interval);
        self.interval = (self.interval * 2).min(MAX_INTERVAL);
        true
    }

    /// A keyframe is here.
    pub(super) const fn receive(&mut self, now: Instant) {
        self.received = Some(now);
        self.satisfied();
    }

    /// Nobody needs one any more.
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
    fn who_is_new_need_not_wait_so_long_and_cannot_ask_for_more_and_more() {
        let begin = start();
        let at = |millis: u64| begin + Duration::from_millis(millis);
        let mut requests = KeyframeRequests::new(LEAST);
        let mut asked = Vec::new();
        let mut answers = Vec::new();
        // Somebody new each 10 ms for a minute; a keyframe takes 60 ms.
        for millis in 0..60_000_u64 {
            if answers.contains(&millis) {
                requests.receive(at(millis));
            }
            if millis % 10 == 0 {
                requests.want_first(at(millis));
            }
            if requests.poll(at(millis)) {
                asked.push(millis);
                answers.push(millis + 60);
            }
        }
        assert_eq!(asked[..4], [0, 210, 420, 630]);
        let first = asked.iter().filter(|at| **at < 2000).count();
        assert!((9..=10).contains(&first), "{first}");
        let later = asked.iter().filter(|at| (20_000..60_000).contains(*at)).count();
        // Two a second as for all, and every other one a little sooner.
        assert!((80..=125).contains(&later), "{later} in 40 s");
        // One that is on its way is not asked for again.
        let mut requests = KeyframeRequests::new(LEAST);
        requests.want_first(begin);
        assert!(requests.poll(begin));
        requests.want_first(at(300));
        assert_eq!(requests.due(), Some(at(500)));
        // Others wait as long as ever.
        requests.receive(at(310));
        requests.want(at(320));
        assert_eq!(requests.due(), Some(at(500)));
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
