//! A flow of others that fills the queue and halves when it loses (RFC 5681, as far as it matters here).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time to come back when everything in flight was lost.
const TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Reno {
    from: Instant,
    to: Instant,
    /// In packets.
    window: f64,
    threshold: f64,
    in_flight: u64,
    next: u64,
    /// The next number that has not been acknowledged.
    expected: u64,
    /// Losses below this number have been answered.
    recovered: u64,
    acks: VecDeque<(Instant, u64)>,
    progress: Instant,
}

impl Reno {
    pub(crate) fn new(from: Instant, to: Instant) -> Self {
        Self {
            from,
            to,
            window: 4.0,
            threshold: f64::INFINITY,
            in_flight: 0,
            next: 0,
            expected: 0,
            recovered: 0,
            acks: VecDeque::new(),
            progress: from,
        }
    }

    /// A packet has arrived and will be acknowledged then.
    pub(crate) fn acknowledge(&mut self, at: Instant, number: u64) {
        self.acks.push_back((at, number));
    }

    pub(crate) fn next_event(&self) -> Option<Instant> {
        self.acks.front().map(|(at, _)| *at)
    }

    /// The numbers of the packets that leave now.
    pub(crate) fn poll(&mut self, now: Instant) -> std::ops::Range<u64> {
        while let Some((_, number)) = self.acks.pop_front_if(|(at, _)| *at <= now) {
            self.progress = now;
            let lost = number.saturating_sub(self.expected);
            self.expected = number + 1;
            self.in_flight = self.in_flight.saturating_sub(lost + 1);
            if lost > 0 && number >= self.recovered {
                self.threshold = (self.window / 2.0).max(2.0);
                self.window = self.threshold;
                self.recovered = self.next;
            } else if self.window < self.threshold {
                self.window += 1.0;
            } else {
                self.window += 1.0 / self.window;
            }
        }
        if self.in_flight > 0 && now.saturating_duration_since(self.progress) > TIMEOUT {
            (self.in_flight, self.window, self.progress) = (0, 2.0, now);
        }
        let begin = self.next;
        if (self.from..self.to).contains(&now) {
            while (self.in_flight as f64) < self.window {
                self.in_flight += 1;
                self.next += 1;
            }
        }
        begin..self.next
    }
}
