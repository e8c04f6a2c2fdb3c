//! How fast what was sent has arrived.

use std::collections::VecDeque;
use std::time::Duration;

use super::Bitrate;

/// How far back arrivals are kept, in microseconds.
const KEPT_US: i64 = 1_000_000;

/// Most arrivals that are kept; at rates where this is less than a second, less is enough.
const MAX_KEPT: usize = 512;

/// Fewer packets say nothing about a rate.
const MIN_PACKETS: usize = 5;

/// What arrives at less than this part of the rate of sending, in percent, is held up.
const HELD_UP_PERCENT: u32 = 85;

#[derive(Debug, Clone, Copy)]
struct Arrival {
    sent: i64,
    arrived: i64,
    bytes: u32,
}

/// The throughput over the last arrivals, robust against a pause of the application.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    arrivals: VecDeque<Arrival>,
    newest: Option<i64>,
}

impl Throughput {
    /// A packet that was sent and has arrived, both in microseconds.
    pub(super) fn add(&mut self, sent: i64, arrived: i64, bytes: u32) {
        let newest = self.newest.map_or(arrived, |newest| newest.max(arrived));
        // A receiver's clock that was set back makes the past worthless.
        if newest - arrived > KEPT_US {
            self.reset();
            self.newest = Some(arrived);
        } else {
            self.newest = Some(newest);
        }
        let oldest = self.newest.unwrap_or(arrived) - KEPT_US;
        while self.arrivals.len() >= MAX_KEPT
            || self.arrivals.front().is_some_and(|first| first.arrived < oldest)
        {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(Arrival { sent, arrived, bytes });
    }

    pub(super) fn reset(&mut self) {
        self.arrivals.clear();
        self.newest = None;
    }

    /// The rate over the last `window`: that of sending or of arriving, whichever was less. `None` while there are too
    /// few packets.
    pub(super) fn rate(&self, window: Duration) -> Option<Bitrate> {
        match self.rates(window)? {
            (Some(sent), Some(received)) => Some(sent.min(received)),
            (one, other) => one.or(other),
        }
    }

    /// The same, if it arrived so much more slowly than it was sent that what is sent fills the queue. Beside others who do,
    /// it does not.
    pub(super) fn held_up(&self, window: Duration) -> Option<Bitrate> {
        let (sent, received) = self.rates(window)?;
        received.filter(|received| sent.is_some_and(|sent| *received < sent.percent(HELD_UP_PERCENT)))
    }

    /// The rates of sending and of arriving over the last `window`.
    fn rates(&self, window: Duration) -> Option<(Option<Bitrate>, Option<Bitrate>)> {
        let newest = self.newest?;
        let window = i64::try_from(window.as_micros()).unwrap_or(KEPT_US);
        let (mut count, mut bytes) = (0, 0);
        let (mut first, mut last): (Option<Arrival>, Option<Arrival>) = (None, None);
        let (mut gaps, mut previous) = ([0; 2], None);
        for arrival in self
            .arrivals
            .iter()
            .filter(|arrival| newest - arrival.arrived <= window)
        {
            count += 1;
            bytes += u64::from(arrival.bytes);
            let gap = arrival.sent - previous.replace(arrival.sent).unwrap_or(arrival.sent);
            if gap > gaps[0] {
                gaps = [gap, gaps[0]];
            } else if gap > gaps[1] {
                gaps[1] = gap;
            }
            first = Some(first.map_or(*arrival, |first| earlier(first, *arrival)));
            last = Some(last.map_or(*arrival, |last| later(last, *arrival)));
        }
        let (first, last) = (first?, last?);
        if count < MIN_PACKETS {
            return None;
        }
        // The longest silence of the sender counts like the second longest: a pause is no lack of capacity.
        let pause = gaps[0] - gaps[1];
        let received = rate(
            bytes - u64::from(first.bytes),
            last.arrived - first.arrived - pause,
        );
        let sent = rate(bytes - u64::from(last.bytes), last.sent - first.sent - pause);
        Some((sent, received))
    }
}

fn earlier(a: Arrival, b: Arrival) -> Arrival {
    Arrival {
        sent: a.sent.min(b.sent),
        ..if b.arrived < a.arrived { b } else { a }
    }
}

fn later(a: Arrival, b: Arrival) -> Arrival {
    Arrival {
        sent: a.sent.max(b.sent),
        ..if b.arrived >= a.arrived { b } else { a }
    }
}

fn rate(bytes: u64, micros: i64) -> Option<Bitrate> {
    let micros = u64::try_from(micros).ok().filter(|micros| *micros > 0)?;
    Bitrate::from_bytes(bytes, Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(500);

    #[test]
    fn measures_a_steady_stream() {
        let mut throughput = Throughput::default();
        assert_eq!(throughput.rate(WINDOW), None);
        for i in 0..200 {
            throughput.add(i * 10_000, i * 10_000 + 70_000, 1250);
        }
        assert_eq!(throughput.rate(WINDOW), Some(Bitrate::from_kbps(1000)));
    }

    #[test]
    fn a_burst_out_of_a_queue_counts_as_it_was_sent_and_a_queue_as_it_was_drained() {
        let mut throughput = Throughput::default();
        for i in 0..50 {
            throughput.add(i * 10_000, 900_000 + i * 100, 1250);
        }
        assert_eq!(throughput.rate(WINDOW), Some(Bitrate::from_kbps(1000)));
        let mut throughput = Throughput::default();
        for i in 0..50 {
            throughput.add(i * 100, i * 20_000, 1250);
        }
        assert_eq!(throughput.rate(WINDOW), Some(Bitrate::from_kbps(500)));
    }

    #[test]
    fn a_pause_of_the_sender_is_no_lack_of_capacity() {
        let mut throughput = Throughput::default();
        for i in 0..30 {
            let pause = if i < 15 { 0 } else { 200_000 };
            throughput.add(i * 10_000 + pause, i * 10_000 + pause, 1250);
        }
        assert_eq!(throughput.rate(WINDOW), Some(Bitrate::from_kbps(1000)));
    }

    #[test]
    fn is_bounded_and_survives_a_clock_that_is_set_back() {
        let mut throughput = Throughput::default();
        for i in 0..10_000 {
            throughput.add(i * 10, i * 10, 100);
        }
        assert_eq!(throughput.arrivals.len(), MAX_KEPT);
        throughput.add(200_000, -9_000_000, 100);
        assert_eq!(throughput.arrivals.len(), 1);
        assert_eq!(throughput.rate(WINDOW), None);
    }
}
