//! Sequence numbers and timestamps without wrap-around, duplicates, and senders that start over.

/// Most a sequence number may run ahead (RFC 3550 appendix A.1, MAX_DROPOUT).
const MAX_AHEAD: i64 = 3000;

/// Most it may lag (MAX_MISORDER is 100 there; a retransmission may take longer). Less than [`WINDOW`].
const MAX_BEHIND: i64 = 1000;

/// Most the sender's clock may disagree with ours before it counts as restarted: 10 s in samples.
const MAX_CLOCK_STEP: i64 = 480_000;

/// Sequence numbers remembered to tell duplicates.
const WINDOW: usize = 1024;

/// Where a packet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the stream: extended sequence number and timestamp.
    At(i64, i64),
    /// Seen before.
    Duplicate,
    /// Far off; remembered in case the next one is there too.
    Suspicious,
    /// The second in a row at a new place: the stream begins anew here.
    Restart(i64, i64),
}

#[derive(Debug)]
pub(super) struct Sequencer {
    current: Option<Stream>,
    candidate: Option<(u16, u32)>,
    /// Packets lost in streams that are over.
    lost_before: i64,
}

#[derive(Debug)]
struct Stream {
    first: i64,
    highest: i64,
    highest_timestamp: i64,
    highest_arrival: i64,
    received: i64,
    /// Bit *n* mod [`WINDOW`]: number *n* was received; valid for (highest − WINDOW, highest].
    seen: [u64; WINDOW / 64],
}

impl Sequencer {
    pub(super) const fn new() -> Self {
        Self {
            current: None,
            candidate: None,
            lost_before: 0,
        }
    }

    /// Finds the packet's place; `arrival` is in samples.
    pub(super) fn place(&mut self, arrival: i64, sequence: u16, timestamp: u32) -> Place {
        let Some(stream) = &mut self.current else {
            let stream = Stream::new(arrival, sequence, timestamp);
            let place = Place::At(stream.highest, stream.highest_timestamp);
            self.current = Some(stream);
            return place;
        };
        if let Some((extended, extended_timestamp)) = stream.extend(arrival, sequence, timestamp) {
            self.candidate = None;
            return if stream.record(arrival, extended, extended_timestamp) {
                Place::At(extended, extended_timestamp)
            } else {
                Place::Duplicate
            };
        }
        let agrees = self.candidate.is_some_and(|(candidate, candidate_timestamp)| {
            (1..=50).contains(&sequence.wrapping_sub(candidate))
                && (1..=48_000).contains(&timestamp.wrapping_sub(candidate_timestamp))
        });
        if !agrees {
            self.candidate = Some((sequence, timestamp));
            return Place::Suspicious;
        }
        self.candidate = None;
        self.lost_before = self.lost();
        let stream = Stream::new(arrival, sequence, timestamp);
        let place = Place::Restart(stream.highest, stream.highest_timestamp);
        self.current = Some(stream);
        place
    }

    /// Expected minus received (RFC 3550 §6.4.1).
    pub(super) fn lost(&self) -> i64 {
        self.lost_before
            + self
                .current
                .as_ref()
                .map_or(0, |s| s.highest - s.first + 1 - s.received)
    }
}

impl Stream {
    fn new(arrival: i64, sequence: u16, timestamp: u32) -> Self {
        let number = i64::from(sequence);
        let mut stream = Self {
            first: number,
            highest: number,
            highest_timestamp: i64::from(timestamp),
            highest_arrival: arrival,
            received: 1,
            seen: [0; WINDOW / 64],
        };
        stream.mark(number);
        stream
    }

    /// The numbers in full, when they fit to this stream.
    fn extend(&self, arrival: i64, sequence: u16, timestamp: u32) -> Option<(i64, i64)> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the low bits are meant"
        )]
        let (low, low_timestamp) = (self.highest as u16, self.highest_timestamp as u32);
        #[expect(clippy::cast_possible_wrap, reason = "the distance is a signed number")]
        let (ahead, later) = (
            i64::from(sequence.wrapping_sub(low) as i16),
            i64::from(timestamp.wrapping_sub(low_timestamp) as i32),
        );
        let fits = match ahead {
            0 => later == 0,
            1.. => {
                let elapsed = arrival - self.highest_arrival;
                ahead <= MAX_AHEAD && later >= 0 && (later - elapsed).abs() <= MAX_CLOCK_STEP
            }
            _ => -ahead <= MAX_BEHIND && later <= 0 && -later <= MAX_CLOCK_STEP,
        };
        fits.then_some((self.highest + ahead, self.highest_timestamp + later))
    }

    /// Takes note of a number; `false` when it was there before.
    fn record(&mut self, arrival: i64, sequence: i64, timestamp: i64) -> bool {
        if sequence > self.highest {
            let forget = (sequence - self.highest).min(WINDOW as i64);
            for number in 0..forget {
                self.clear(sequence - number);
            }
            self.highest = sequence;
            self.highest_timestamp = timestamp;
            self.highest_arrival = arrival;
        } else if self.is_marked(sequence) {
            return false;
        }
        // Packets that started out before the first one we saw are welcome, too.
        self.first = self.first.min(sequence);
        self.mark(sequence);
        self.received += 1;
        true
    }

    fn slot(number: i64) -> (usize, u64) {
        let bit = usize::try_from(number.rem_euclid(WINDOW as i64)).unwrap_or(0);
        (bit / 64, 1 << (bit % 64))
    }

    fn mark(&mut self, number: i64) {
        let (word, bit) = Self::slot(number);
        self.seen[word] |= bit;
    }

    fn clear(&mut self, number: i64) {
        let (word, bit) = Self::slot(number);
        self.seen[word] &= !bit;
    }

    fn is_marked(&self, number: i64) -> bool {
        let (word, bit) = Self::slot(number);
        self.seen[word] & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extends_over_both_wraps_and_counts_losses() {
        let mut s = Sequencer::new();
        assert_eq!(
            s.place(0, 65_534, u32::MAX - 960),
            Place::At(65_534, 4_294_966_335)
        );
        assert_eq!(s.place(960, 65_535, u32::MAX), Place::At(65_535, 4_294_967_295));
        assert_eq!(s.place(3840, 2, 2879), Place::At(65_538, 4_294_970_175));
        assert_eq!(s.lost(), 2);
        assert_eq!(s.place(3850, 0, 959), Place::At(65_536, 4_294_968_255));
        assert_eq!(s.place(3851, 0, 959), Place::Duplicate);
        assert_eq!(s.place(3851, 2, 2879), Place::Duplicate);
        assert_eq!(s.lost(), 1);
    }

    #[test]
    fn one_stray_packet_changes_nothing_and_two_in_a_row_restart() {
        let mut s = Sequencer::new();
        for i in 0..10u16 {
            s.place(i64::from(i) * 960, i, u32::from(i) * 960);
        }
        assert_eq!(s.place(9600, 30_000, 77), Place::Suspicious);
        assert_eq!(s.place(9600, 10, 9600), Place::At(10, 9600));
        assert_eq!(
            s.place(10_560, 11, 500_000_000),
            Place::Suspicious,
            "same numbers, other clock"
        );
        assert_eq!(s.place(11_520, 12, 500_000_960), Place::Restart(12, 500_000_960));
        assert_eq!(s.place(12_480, 13, 500_001_920), Place::At(13, 500_001_920));
        assert_eq!(s.lost(), 0);
    }

    #[test]
    fn a_pause_in_step_with_time_is_no_restart() {
        let mut s = Sequencer::new();
        s.place(0, 1, 0);
        assert_eq!(s.place(48_000 * 60, 2, 48_000 * 60), Place::At(2, 48_000 * 60));
        assert_eq!(s.place(48_000 * 60 + 960, 3, 48_000 * 90), Place::Suspicious);
    }
}
