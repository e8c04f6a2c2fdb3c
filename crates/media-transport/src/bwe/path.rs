//! Delay of the path: round trip and queue.

use std::time::{Duration, Instant};

/// How long the least delay of the path counts at least; at most twice as long.
const BASE_KEPT: Duration = Duration::from_secs(10);

/// The same for the least queue: what has not drained for so long is kept up by others.
const STANDING_KEPT: Duration = Duration::from_secs(2);

/// A one-way delay so far from the least is another clock, in microseconds.
const MAX_QUEUE_US: i64 = 10_000_000;

/// The least of the last time.
#[derive(Debug, Clone, Copy)]
struct RecentMin {
    kept: Duration,
    since: Option<Instant>,
    current: Option<i64>,
    previous: Option<i64>,
}

impl RecentMin {
    const fn new(kept: Duration) -> Self {
        Self {
            kept,
            since: None,
            current: None,
            previous: None,
        }
    }

    fn add(&mut self, now: Instant, value: i64) {
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= self.kept {
            self.since = Some(now);
            self.previous = self.current.take();
        }
        self.current = Some(self.current.map_or(value, |current| current.min(value)));
    }

    fn get(&self) -> Option<i64> {
        [self.current, self.previous].into_iter().flatten().min()
    }
}

/// What reports tell about the path's delay.
#[derive(Debug)]
pub(super) struct PathDelay {
    least_one_way: RecentMin,
    least_rtt: RecentMin,
    least_queue: RecentMin,
    rtt: Option<Duration>,
    /// Smoothed.
    queue: Duration,
    /// Of the latest report.
    latest: Duration,
    /// Of the report that is being read: sum of one-way delays in microseconds, and their number.
    sum: i64,
    count: i64,
}

impl PathDelay {
    pub(super) const fn new() -> Self {
        Self {
            least_one_way: RecentMin::new(BASE_KEPT),
            least_rtt: RecentMin::new(BASE_KEPT),
            least_queue: RecentMin::new(STANDING_KEPT),
            rtt: None,
            queue: Duration::ZERO,
            latest: Duration::ZERO,
            sum: 0,
            count: 0,
        }
    }

    /// A packet of the report that is being read; times in microseconds of two clocks.
    pub(super) fn add(&mut self, now: Instant, sent: i64, arrived: i64) {
        let one_way = arrived - sent;
        if self
            .least_one_way
            .get()
            .is_some_and(|least| (one_way - least).abs() > MAX_QUEUE_US)
        {
            self.least_one_way = RecentMin::new(BASE_KEPT);
            (self.sum, self.count) = (0, 0);
        }
        self.least_one_way.add(now, one_way);
        self.sum = self.sum.saturating_add(one_way);
        self.count += 1;
    }

    /// The report is read.
    pub(super) fn close(&mut self, now: Instant) {
        let (sum, count) = (std::mem::take(&mut self.sum), std::mem::take(&mut self.count));
        let Some(mean) = sum.checked_div(count) else {
            return;
        };
        let queue = (mean - self.least_one_way.get().unwrap_or(mean)).max(0);
        self.least_queue.add(now, queue);
        let queue = Duration::from_micros(u64::try_from(queue).unwrap_or(0));
        self.latest = queue;
        self.queue = (self.queue + queue) / 2;
    }

    pub(super) fn add_rtt(&mut self, now: Instant, rtt: Duration) {
        let rtt = rtt.min(Duration::from_secs(10));
        self.least_rtt
            .add(now, i64::try_from(rtt.as_micros()).unwrap_or(i64::MAX));
        self.rtt = Some(self.rtt.map_or(rtt, |smoothed| (smoothed * 7 + rtt) / 8));
    }

    /// Smoothed.
    pub(super) fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// The least of the last seconds: without a queue.
    pub(super) fn least_rtt(&self) -> Option<Duration> {
        let micros = u64::try_from(self.least_rtt.get()?).ok()?;
        Some(Duration::from_micros(micros))
    }

    /// The delay above the least of the last seconds.
    pub(super) fn queue(&self) -> Duration {
        self.queue
    }

    /// The same, but not more than it was by the latest report.
    pub(super) fn remaining_queue(&self) -> Duration {
        self.queue.min(self.latest)
    }

    /// Whether it was less by the latest report than before.
    pub(super) fn is_shrinking(&self) -> bool {
        self.latest < self.queue
    }

    /// The part of it that has been there for seconds.
    pub(super) fn standing_queue(&self) -> Duration {
        let micros = self
            .least_queue
            .get()
            .and_then(|micros| u64::try_from(micros).ok());
        Duration::from_micros(micros.unwrap_or(0))
    }

    /// Behind an outage the queue is another one.
    pub(super) fn forget_queue(&mut self) {
        (self.queue, self.latest) = (Duration::ZERO, Duration::ZERO);
        self.least_queue = RecentMin::new(STANDING_KEPT);
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
    fn the_queue_is_what_is_above_the_least_and_an_old_least_is_forgotten() {
        let (now, mut path) = (start(), PathDelay::new());
        for second in 0..60u64 {
            let one_way = if second < 5 { -700_000 } else { -600_000 };
            path.add(now + Duration::from_secs(second), 1_000_000, 1_000_000 + one_way);
            path.close(now + Duration::from_secs(second));
            match second {
                4 => assert_eq!(path.queue(), Duration::ZERO),
                6 => assert_eq!(path.standing_queue(), Duration::ZERO),
                10 => assert_eq!(path.standing_queue(), ms(100)),
                14 => assert!(path.queue() > ms(99)),
                59 => assert!(path.queue() < ms(1)),
                _ => {}
            }
        }
    }

    #[test]
    fn a_clock_that_jumps_is_no_queue() {
        let (now, mut path) = (start(), PathDelay::new());
        path.add(now, 0, 50_000);
        path.close(now);
        path.add(now, 20_000, 3_600_000_000);
        path.close(now);
        assert_eq!(path.queue(), Duration::ZERO);
        path.close(now);
        path.add_rtt(now, Duration::MAX);
        assert_eq!(path.rtt(), Some(Duration::from_secs(10)));
    }
}
