//! From RTP timestamps to time.
//!
//! A file's time is that of its sender's clock, which tells how long a frame really is, held near the time of arrival: a
//! stream begins when its first packet came, and when clocks have gone apart, or the sender's stood still meanwhile, it is
//! set anew.

use std::time::{Duration, Instant};

use anteroom_media_transport::rtp::extend_timestamp;

/// How long the least delay is looked for.
const WINDOW: Duration = Duration::from_secs(10);

/// Clocks may be this far apart, in microseconds.
const TOLERATED: i64 = 40_000;

/// Nothing on the network takes so long, in microseconds: the sender's clock stood still, or jumped.
const JUMP: i64 = 2_000_000;

/// The time of one track.
#[derive(Debug)]
pub(super) struct Timeline {
    clock_rate: u32,
    /// When the recording began.
    start: Instant,
    /// Of the stream that is there now.
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    generation: u32,
    /// The extended timestamp that came last.
    timestamp: u64,
    /// The time of timestamp 0, in microseconds behind the start.
    base: i64,
    /// The least delay of packets since then.
    window: Option<(Instant, i64)>,
}

impl Timeline {
    pub(super) const fn new(clock_rate: u32, start: Instant) -> Self {
        Self {
            clock_rate,
            start,
            stream: None,
        }
    }

    /// The time of a frame behind the start of the recording.
    pub(super) fn place(&mut self, at: Instant, generation: u32, timestamp: u32) -> Duration {
        let arrived = micros(at.saturating_duration_since(self.start));
        let rate = i64::from(self.clock_rate.max(1));
        let known = self
            .stream
            .take()
            .filter(|stream| stream.generation == generation);
        let mut stream = known.unwrap_or_else(|| {
            let timestamp = 1 << 32 | u64::from(timestamp);
            Stream {
                generation,
                timestamp,
                base: arrived - to_micros(timestamp, rate),
                window: None,
            }
        });
        stream.timestamp = extend_timestamp(stream.timestamp, timestamp);
        let mut time = stream.base + to_micros(stream.timestamp, rate);
        let late = arrived - time;
        let (since, least) = stream.window.unwrap_or((at, late));
        let least = least.min(late);
        let correction = if late.abs() > JUMP {
            Some(late)
        } else if at.saturating_duration_since(since) >= WINDOW {
            stream.window = None;
            Some(least).filter(|least| least.abs() > TOLERATED)
        } else {
            stream.window = Some((since, least));
            None
        };
        if let Some(correction) = correction {
            stream.base += correction;
            stream.window = None;
            time += correction;
        }
        self.stream = Some(stream);
        Duration::from_micros(u64::try_from(time).unwrap_or(0))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4)
}

/// Timestamps stay below 2⁶³ microseconds for longer than anybody talks.
fn to_micros(timestamp: u64, rate: i64) -> i64 {
    let micros = i128::from(timestamp) * 1_000_000 / i128::from(rate);
    i64::try_from(micros).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn frames_keep_their_distance_whatever_the_network_does() {
        let start = Instant::now();
        let mut line = Timeline::new(48_000, start);
        for step in 0..500_u32 {
            let jitter = u64::from(step * 37 % 90);
            let at = start + ms(1000 + u64::from(step) * 20 + if step == 0 { 0 } else { jitter });
            let time = line.place(at, 1, (0xffff_0000_u32).wrapping_add(step * 960));
            assert_eq!(time, ms(1000 + u64::from(step) * 20), "{step}");
        }
    }

    #[test]
    fn clocks_that_go_apart_are_followed_and_standing_ones_left() {
        let start = Instant::now();
        let mut line = Timeline::new(48_000, start);
        // The sender's clock is one percent too slow, a hundred times worse than any: after a minute it would be 600 ms behind.
        let mut worst = Duration::ZERO;
        for step in 0..3000_u32 {
            let at = ms(u64::from(step) * 20);
            let time = line.place(start + at, 1, step * 950);
            worst = worst.max(at.abs_diff(time));
        }
        // What goes apart within two windows.
        assert!(worst < ms(220), "{worst:?}");
        // A pause of a minute that the timestamps know nothing of.
        let at = ms(120_000);
        assert_eq!(line.place(start + at, 1, 3000 * 950), at);
        // Another stream begins when it comes.
        assert_eq!(line.place(start + ms(120_020), 2, 5), ms(120_020));
    }
}
