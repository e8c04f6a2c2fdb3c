//! From a publisher's sequence numbers and timestamps to a subscriber's, without gaps of our own making.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::ticks;

/// How many of the latest mappings are kept for answering requests for retransmission.
const MAX_EPOCHS: usize = 4;

/// The numbering of one outgoing stream.
///
/// As long as the source goes on, both numbers are the source's plus a constant: an *epoch*. A new epoch begins when the
/// source changes or after a pause. Within a stream no outgoing sequence number is ever used for two packets, since the
/// next epoch starts behind the highest of the last.
#[derive(Debug, Clone)]
pub(super) struct Munger {
    /// In order of `first_out`. At most [`MAX_EPOCHS`].
    epochs: VecDeque<Epoch>,
    /// One more than the highest number used so far.
    next_out: u64,
    /// Timestamp and time of arrival of the packet with the highest number; `None` before the first.
    newest: Option<(u32, Instant)>,
    /// The next packet begins an epoch, though the source may be the same.
    resync: bool,
    /// Generation and timestamp offset of the latest epoch, forgotten or not.
    latest: Option<(u32, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Epoch {
    generation: u32,
    first_in: u64,
    first_out: u64,
    timestamp_offset: u32,
}

/// Where a packet goes in the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
}

/// Which packet of the source an outgoing one was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) generation: u32,
    /// Extended sequence number at the source.
    pub(super) sequence: u64,
    /// Extended outgoing sequence number.
    pub(super) out: u64,
    pub(super) timestamp_offset: u32,
}

impl Munger {
    /// `first` should be below 2¹⁵ (RFC 3711 §3.3.1).
    pub(super) fn new(first: u16) -> Self {
        Self {
            epochs: VecDeque::with_capacity(MAX_EPOCHS),
            next_out: u64::from(first),
            newest: None,
            resync: false,
            latest: None,
        }
    }

    /// Maps a packet: source `generation`, extended sequence number, timestamp. `None` for one from before the epoch,
    /// or of an earlier source.
    pub(super) fn map(
        &mut self,
        now: Instant,
        generation: u32,
        sequence: u64,
        timestamp: u32,
        clock_rate: u32,
    ) -> Option<Mapped> {
        let epoch = match self.epochs.back() {
            Some(epoch) if !self.needs_entry(generation) => *epoch,
            _ => {
                let timestamp_offset = match (self.latest, self.newest) {
                    // The clock of the source went on during the pause.
                    (Some((latest, offset)), _) if latest == generation => offset,
                    (_, Some((newest, at))) => {
                        // Another clock: as much later as it came later, and at least one tick.
                        let elapsed = ticks(now.saturating_duration_since(at), clock_rate).max(1);
                        newest.wrapping_add(elapsed).wrapping_sub(timestamp)
                    }
                    (_, None) => 0,
                };
                self.begin(Epoch {
                    generation,
                    first_in: sequence,
                    first_out: self.next_out,
                    timestamp_offset,
                })
            }
        };
        let out = epoch.first_out + sequence.checked_sub(epoch.first_in)?;
        let timestamp = timestamp.wrapping_add(epoch.timestamp_offset);
        if out >= self.next_out {
            self.next_out = out + 1;
            self.newest = Some((timestamp, now));
        }
        Some(Mapped {
            sequence: lower(out),
            timestamp,
        })
    }

    /// The packet behind an outgoing sequence number; `None` when it was never used or is forgotten.
    pub(super) fn origin(&self, sequence: u16) -> Option<Origin> {
        let highest = self.next_out.checked_sub(1)?;
        let out = highest.checked_sub(u64::from(lower(highest).wrapping_sub(sequence)))?;
        let epoch = self.epochs.iter().rev().find(|epoch| epoch.first_out <= out)?;
        Some(Origin {
            generation: epoch.generation,
            sequence: epoch.first_in + (out - epoch.first_out),
            out,
            timestamp_offset: epoch.timestamp_offset,
        })
    }

    /// What is added to timestamps of the source now; `None` when it is not being forwarded.
    pub(super) fn timestamp_offset(&self, generation: u32) -> Option<u32> {
        self.epochs
            .back()
            .filter(|epoch| epoch.generation == generation)
            .map(|epoch| epoch.timestamp_offset)
    }

    /// Whether a packet of this source would begin an epoch.
    pub(super) fn needs_entry(&self, generation: u32) -> bool {
        self.resync
            || self
                .epochs
                .back()
                .is_none_or(|epoch| epoch.generation != generation)
    }

    /// There will be a pause; the subscriber shall not take it for loss.
    pub(super) fn pause(&mut self) {
        self.resync = true;
    }

    /// Packets will be written in another way from now on: none may be sent again under its old number.
    pub(super) fn forget(&mut self) {
        self.epochs.clear();
    }

    /// Another track comes next: its generations have nothing to do with those before.
    pub(super) fn forget_source(&mut self) {
        self.forget();
        self.latest = None;
    }

    /// Whether anything was sent.
    pub(super) fn is_used(&self) -> bool {
        self.newest.is_some()
    }

    fn begin(&mut self, epoch: Epoch) -> Epoch {
        if self.epochs.len() >= MAX_EPOCHS {
            self.epochs.pop_front();
        }
        self.epochs.push_back(epoch);
        self.resync = false;
        self.latest = Some((epoch.generation, epoch.timestamp_offset));
        epoch
    }
}

/// The time between two instants of the outgoing stream's clock, for sender reports.
pub(super) fn later(timestamp: u32, by: Duration, clock_rate: u32) -> u32 {
    timestamp.wrapping_add(ticks(by, clock_rate))
}

#[expect(clippy::cast_possible_truncation, reason = "the wire has the lower bits")]
const fn lower(sequence: u64) -> u16 {
    sequence as u16
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::test_clock::start;

    const RATE: u32 = 90_000;

    #[test]
    fn numbers_go_on_when_the_source_changes() {
        let now = start();
        let mut munger = Munger::new(100);
        let first = munger.map(now, 1, 70_000, 5000, RATE).unwrap();
        assert_eq!(
            first,
            Mapped {
                sequence: 100,
                timestamp: 5000
            }
        );
        assert_eq!(munger.map(now, 1, 70_003, 8000, RATE).unwrap().sequence, 103);
        let later = now + Duration::from_millis(100);
        let switched = munger.map(later, 2, 200_000, 77, RATE).unwrap();
        assert_eq!(
            switched,
            Mapped {
                sequence: 104,
                timestamp: 8000 + 9000
            }
        );
        assert_eq!(
            munger.map(later, 2, 199_999, 70, RATE),
            None,
            "from before the switch"
        );
    }

    #[test]
    fn a_pause_leaves_no_gap_in_the_numbers_but_one_in_time() {
        let now = start();
        let mut munger = Munger::new(0);
        munger.map(now, 1, 70_000, 0, RATE).unwrap();
        munger.pause();
        let resumed = munger
            .map(now + Duration::from_secs(1), 1, 70_500, 90_000, RATE)
            .unwrap();
        assert_eq!(
            resumed,
            Mapped {
                sequence: 1,
                timestamp: 90_000
            }
        );
        assert_eq!(munger.origin(0).unwrap().sequence, 70_000);
        assert_eq!(munger.origin(1).unwrap().sequence, 70_500);
        assert_eq!(munger.origin(2), None);
    }

    #[test]
    fn what_is_forgotten_is_not_sent_again_and_no_number_is_reused() {
        let now = start();
        let mut munger = Munger::new(65_535);
        munger.map(now, 1, 70_000, 0, RATE).unwrap();
        munger.map(now, 1, 70_001, 0, RATE).unwrap();
        munger.forget();
        assert_eq!(munger.origin(0), None);
        assert_eq!(munger.map(now, 1, 70_001, 0, RATE).unwrap().sequence, 1);
    }

    proptest! {
        /// Whatever comes, no number stands for two packets, and each leads back to its packet while it is remembered.
        #[test]
        fn numbers_are_unique_and_lead_back(first in 0_u16..0x8000, steps in vec((0_u8..20, 0_u64..40), 1..300)) {
            let now = start();
            let mut munger = Munger::new(first);
            let (mut generation, mut base) = (1, 100_000_u64);
            let mut used = HashMap::new();
            for (what, step) in steps {
                match what {
                    0 => { generation += 1; base = 100_000; }
                    1 => munger.pause(),
                    2 => munger.forget(),
                    _ => {}
                }
                base += step / 8;
                let sequence = base + step % 8;
                let Some(mapped) = munger.map(now, generation, sequence, 0, RATE) else { continue };
                let origin = munger.origin(mapped.sequence).unwrap();
                prop_assert_eq!((origin.generation, origin.sequence), (generation, sequence));
                let previous = used.insert(origin.out, (generation, sequence));
                prop_assert!(previous.is_none_or(|previous| previous == (generation, sequence)));
            }
        }
    }
}
