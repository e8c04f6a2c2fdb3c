//! From a publisher's sequence numbers and timestamps to a subscriber's, without gaps of our own making.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::ticks;

/// How many of the latest mappings are kept for packets that come late and for requests for retransmission: a second's,
/// when every other frame is left out.
const MAX_EPOCHS: usize = 64;

/// The numbering of one outgoing stream.
///
/// As long as the source goes on, all numbers are the source's plus constants: an *epoch*. A new epoch begins when the
/// source changes, after a pause, and behind packets that are left out. Within a stream no outgoing sequence number is
/// ever used for two packets, since the next epoch starts behind the highest of the last.
#[derive(Debug, Clone)]
pub(super) struct Munger {
    /// In order of `first_out`. At most [`MAX_EPOCHS`].
    epochs: VecDeque<Epoch>,
    /// One more than the highest number used or kept free so far.
    next_out: u64,
    /// Timestamp and time of arrival of the packet with the highest number; `None` before the first.
    newest: Option<(u32, Instant)>,
    /// Its frame's numbers.
    newest_frame: FrameNumbers,
    /// Timestamp of what was left out last, since the last packet.
    skipped: Option<u32>,
    /// The next packet begins an epoch, though the source may be the same.
    resync: bool,
    /// Numbers were given that are no source's.
    is_counting: bool,
    /// The latest epoch, forgotten or not.
    latest: Option<Epoch>,
}

/// The numbers that frames have in payload descriptors or header extensions, or what is added to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FrameNumbers {
    /// VP8's picture id; the lower 15 or 7 bits count.
    pub(super) picture_id: u16,
    /// VP8's TL0PICIDX.
    pub(super) tl0_pic_idx: u8,
    /// VP8's KEYIDX; the lower five bits count.
    pub(super) key_idx: u8,
    /// The dependency descriptor's frame number.
    pub(super) frame_number: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Epoch {
    generation: u32,
    first_in: u64,
    first_out: u64,
    timestamp_offset: u32,
    frame_offset: FrameNumbers,
}

/// A packet of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Incoming {
    pub(super) generation: u32,
    /// Extended.
    pub(super) sequence: u64,
    pub(super) timestamp: u32,
    pub(super) clock_rate: u32,
    pub(super) frame: FrameNumbers,
    /// By how much timestamps of this source are behind those of the one before, where that is known.
    pub(super) behind: Option<u32>,
}

/// Where a packet goes in the outgoing stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    /// What is added to the numbers of its frame.
    pub(super) frame_offset: FrameNumbers,
}

/// Which packet of the source an outgoing one was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) generation: u32,
    /// Extended sequence number at the source.
    pub(super) sequence: u64,
    /// Extended outgoing sequence number.
    pub(super) out: u64,
    /// How many numbers were used after it.
    pub(super) age: u64,
    pub(super) timestamp_offset: u32,
    pub(super) frame_offset: FrameNumbers,
}

impl Munger {
    /// `first` should be below 2¹⁵ (RFC 3711 §3.3.1).
    pub(super) fn new(first: u16) -> Self {
        Self {
            epochs: VecDeque::new(),
            next_out: u64::from(first),
            newest: None,
            newest_frame: FrameNumbers::default(),
            skipped: None,
            resync: false,
            is_counting: false,
            latest: None,
        }
    }

    /// Brings nearer what [`map`](Self::map) needs.
    #[inline]
    pub(super) fn warm(&self) {
        if let Some(epoch) = self.epochs.back() {
            anteroom_prefetch::read(epoch);
        }
    }

    /// The next number, as long as the source goes on without gaps.
    #[inline]
    pub(super) const fn next(&self) -> u16 {
        lower(self.next_out)
    }

    /// Maps a packet. `None` for one from before the epoch, or of an earlier source, or that was left out.
    pub(super) fn map(&mut self, now: Instant, packet: Incoming) -> Option<Mapped> {
        let Incoming {
            generation,
            sequence,
            timestamp,
            ..
        } = packet;
        let (out, epoch) = match self.find(generation, sequence) {
            Some(found) => found?,
            None => {
                let epoch = self.begin(now, packet);
                (epoch.first_out, epoch)
            }
        };
        let timestamp = timestamp.wrapping_add(epoch.timestamp_offset);
        if out >= self.next_out {
            self.next_out = out + 1;
            self.newest = Some((timestamp, now));
            self.newest_frame = packet.frame.plus(epoch.frame_offset);
            self.skipped = None;
        }
        Some(Mapped {
            sequence: lower(out),
            timestamp,
            frame_offset: epoch.frame_offset,
        })
    }

    /// Leaves a packet of the source out, so that the subscriber sees no gap. To be called in the order of the numbers;
    /// one that comes late is a gap.
    ///
    /// `renumbers` for the packets of streams whose picture ids must have no gaps either.
    pub(super) fn skip(&mut self, generation: u32, sequence: u64, timestamp: u32, renumbers: bool) {
        if self.needs_entry(generation) {
            return;
        }
        let Some(back) = self.epochs.back_mut() else {
            return;
        };
        let Some(distance) = sequence.checked_sub(back.first_in) else {
            return;
        };
        let out = back.first_out + distance;
        if out < self.next_out {
            return;
        }
        let is_new_frame = self.skipped != Some(timestamp);
        if is_new_frame {
            // What has not come yet may still come, and has its place.
            self.next_out = out;
        }
        self.skipped = Some(timestamp);
        let mut epoch = Epoch {
            first_in: sequence + 1,
            first_out: self.next_out,
            ..*back
        };
        if is_new_frame && renumbers {
            epoch.frame_offset.picture_id = epoch.frame_offset.picture_id.wrapping_sub(1);
        }
        self.latest = Some(epoch);
        if back.first_out == self.next_out {
            *back = epoch;
        } else {
            self.push(epoch);
        }
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
            age: highest - out,
            timestamp_offset: epoch.timestamp_offset,
            frame_offset: epoch.frame_offset,
        })
    }

    /// The highest number used; `None` before the first.
    pub(super) fn highest(&self) -> Option<u16> {
        self.newest?;
        self.next_out.checked_sub(1).map(lower)
    }

    /// Takes the next number, of a stream that counts for itself.
    pub(super) fn count(&mut self) -> u16 {
        let out = self.next_out;
        self.next_out += 1;
        self.is_counting = true;
        lower(out)
    }

    /// The source that was mapped last.
    pub(super) fn generation(&self) -> Option<u32> {
        self.latest.map(|latest| latest.generation)
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

    /// There was a pause; the subscriber shall not take it for loss.
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
        self.newest.is_some() || self.is_counting
    }

    /// The number of a packet that does not begin an epoch, and the epoch it belongs to; `Some(None)` when it has none.
    fn find(&self, generation: u32, sequence: u64) -> Option<Option<(u64, Epoch)>> {
        if self.needs_entry(generation) {
            return None;
        }
        let mut end = u64::MAX;
        for epoch in self.epochs.iter().rev() {
            if epoch.generation != generation {
                break;
            }
            if let Some(distance) = sequence.checked_sub(epoch.first_in) {
                let out = epoch.first_out + distance;
                return Some((out < end).then_some((out, *epoch)));
            }
            end = epoch.first_out;
        }
        Some(None)
    }

    fn begin(&mut self, now: Instant, packet: Incoming) -> Epoch {
        let Incoming {
            generation,
            timestamp,
            clock_rate,
            behind,
            ..
        } = packet;
        let same = self.latest.filter(|latest| latest.generation == generation);
        let timestamp_offset = match (self.latest, self.newest) {
            // The clock of the source went on during the pause.
            (Some(latest), _) if same.is_some() => latest.timestamp_offset,
            (latest, Some((newest, at))) => {
                // Another clock: as much later as its publisher says, or else as it came later, and at least one tick.
                let elapsed = ticks(now.saturating_duration_since(at), clock_rate).max(1);
                let guessed = newest.wrapping_add(elapsed);
                let told = latest.zip(behind).map(|(latest, behind)| {
                    timestamp
                        .wrapping_add(behind)
                        .wrapping_add(latest.timestamp_offset)
                });
                let is_later = |told: &u32| {
                    let step = told.wrapping_sub(newest);
                    step > 0 && step <= elapsed.saturating_add(clock_rate)
                };
                told.filter(is_later).unwrap_or(guessed).wrapping_sub(timestamp)
            }
            (_, None) => 0,
        };
        let frame_offset = match same {
            // It goes on where it was.
            Some(latest) if !self.resync => latest.frame_offset,
            _ if self.newest.is_none() => FrameNumbers::default(),
            _ => self.newest_frame.next().minus(packet.frame),
        };
        let epoch = Epoch {
            generation,
            first_in: packet.sequence,
            first_out: self.next_out,
            timestamp_offset,
            frame_offset,
        };
        self.push(epoch);
        self.resync = false;
        self.latest = Some(epoch);
        epoch
    }

    fn push(&mut self, epoch: Epoch) {
        if self.epochs.len() >= MAX_EPOCHS {
            self.epochs.pop_front();
        }
        self.epochs.push_back(epoch);
    }
}

impl FrameNumbers {
    /// Those of a keyframe behind this frame.
    fn next(self) -> Self {
        Self {
            picture_id: self.picture_id.wrapping_add(1),
            tl0_pic_idx: self.tl0_pic_idx.wrapping_add(1),
            key_idx: self.key_idx.wrapping_add(1),
            frame_number: self.frame_number.wrapping_add(1),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            picture_id: self.picture_id.wrapping_add(other.picture_id),
            tl0_pic_idx: self.tl0_pic_idx.wrapping_add(other.tl0_pic_idx),
            key_idx: self.key_idx.wrapping_add(other.key_idx),
            frame_number: self.frame_number.wrapping_add(other.frame_number),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            picture_id: self.picture_id.wrapping_sub(other.picture_id),
            tl0_pic_idx: self.tl0_pic_idx.wrapping_sub(other.tl0_pic_idx),
            key_idx: self.key_idx.wrapping_sub(other.key_idx),
            frame_number: self.frame_number.wrapping_sub(other.frame_number),
        }
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

    fn packet(generation: u32, sequence: u64, timestamp: u32) -> Incoming {
        Incoming {
            generation,
            sequence,
            timestamp,
            clock_rate: RATE,
            frame: FrameNumbers::default(),
            behind: None,
        }
    }

    fn map(munger: &mut Munger, now: Instant, packet: Incoming) -> Option<(u16, u32)> {
        let mapped = munger.map(now, packet)?;
        Some((mapped.sequence, mapped.timestamp))
    }

    #[test]
    fn numbers_go_on_when_the_source_changes() {
        let now = start();
        let mut munger = Munger::new(100);
        let first = map(&mut munger, now, packet(1, 70_000, 5000)).unwrap();
        assert_eq!(first, (100, 5000));
        assert_eq!(map(&mut munger, now, packet(1, 70_003, 8000)).unwrap().0, 103);
        let later = now + Duration::from_millis(100);
        let switched = map(&mut munger, later, packet(2, 200_000, 77)).unwrap();
        assert_eq!(switched, (104, 8000 + 9000));
        assert_eq!(
            map(&mut munger, later, packet(2, 199_999, 70)),
            None,
            "from before the switch"
        );
    }

    #[test]
    fn a_pause_leaves_no_gap_in_the_numbers_but_one_in_time() {
        let now = start();
        let mut munger = Munger::new(0);
        map(&mut munger, now, packet(1, 70_000, 0)).unwrap();
        munger.pause();
        let resumed = map(
            &mut munger,
            now + Duration::from_secs(1),
            packet(1, 70_500, 90_000),
        )
        .unwrap();
        assert_eq!(resumed, (1, 90_000));
        assert_eq!(munger.origin(0).unwrap().sequence, 70_000);
        assert_eq!(munger.origin(1).unwrap().sequence, 70_500);
        assert_eq!(munger.origin(2), None);
    }

    #[test]
    fn what_is_forgotten_is_not_sent_again_and_no_number_is_reused() {
        let now = start();
        let mut munger = Munger::new(65_535);
        map(&mut munger, now, packet(1, 70_000, 0)).unwrap();
        map(&mut munger, now, packet(1, 70_001, 0)).unwrap();
        munger.forget();
        assert_eq!(munger.origin(0), None);
        assert_eq!(map(&mut munger, now, packet(1, 70_001, 0)).unwrap().0, 1);
    }

    #[test]
    fn what_is_left_out_leaves_no_gap_and_what_may_still_come_has_its_place() {
        let now = start();
        let mut munger = Munger::new(0);
        let number = |munger: &mut Munger, sequence| map(munger, now, packet(1, sequence, 0)).map(|m| m.0);
        assert_eq!(number(&mut munger, 10), Some(0));
        // A frame of three, the middle of which is lost, between two that are sent.
        munger.skip(1, 11, 90, false);
        munger.skip(1, 13, 90, false);
        assert_eq!(number(&mut munger, 14), Some(1));
        assert_eq!(number(&mut munger, 12), None, "it belonged to what is left out");
        // 15 and 16 have not come when the next frame is left out.
        munger.skip(1, 17, 180, false);
        assert_eq!(number(&mut munger, 18), Some(4));
        assert_eq!(number(&mut munger, 16), Some(3));
        assert_eq!(number(&mut munger, 15), Some(2));
        assert_eq!(munger.origin(3).map(|origin| origin.sequence), Some(16));
        // Too late to leave it out: a gap.
        munger.skip(1, 16, 170, false);
        assert_eq!(number(&mut munger, 19), Some(5));
    }

    #[test]
    fn pictures_are_numbered_without_gaps() {
        let now = start();
        let mut munger = Munger::new(0);
        let with = |generation, sequence, picture_id, tl0_pic_idx| Incoming {
            frame: FrameNumbers {
                picture_id,
                tl0_pic_idx,
                ..FrameNumbers::default()
            },
            ..packet(generation, sequence, u32::from(picture_id) * 3000)
        };
        let numbers = |munger: &mut Munger, packet: Incoming| {
            let mapped = munger.map(now, packet).unwrap();
            let frame = packet.frame.plus(mapped.frame_offset);
            (frame.picture_id, frame.tl0_pic_idx)
        };
        assert_eq!(numbers(&mut munger, with(1, 10, 7, 3)), (7, 3));
        munger.skip(1, 11, 8 * 3000, true);
        munger.skip(1, 12, 8 * 3000, true);
        munger.skip(1, 13, 9 * 3000, true);
        assert_eq!(numbers(&mut munger, with(1, 14, 10, 4)), (8, 4));
        munger.forget();
        assert_eq!(numbers(&mut munger, with(1, 15, 10, 4)), (8, 4), "the same frame");
        assert_eq!(
            numbers(&mut munger, with(2, 900, 500, 80)),
            (9, 5),
            "another source"
        );
        munger.pause();
        assert_eq!(numbers(&mut munger, with(2, 950, 520, 90)), (10, 6));
    }

    #[test]
    fn another_source_begins_where_its_publisher_says() {
        let now = start();
        let mut munger = Munger::new(0);
        map(&mut munger, now, packet(1, 10, 90_000)).unwrap();
        let later = now + Duration::from_millis(100);
        let told = |behind| Incoming {
            behind: Some(behind),
            ..packet(2, 50, 500)
        };
        let mut copy = munger.clone();
        assert_eq!(map(&mut munger, later, told(92_500)), Some((1, 93_000)));
        assert_eq!(
            map(&mut copy, later, told(80_000)),
            Some((1, 99_000)),
            "never back"
        );
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
                    3..6 => munger.skip(generation, base + step % 8, u32::from(what), true),
                    _ => {}
                }
                base += step / 8;
                let sequence = base + step % 8;
                let Some(mapped) = map(&mut munger, now, packet(generation, sequence, 0)) else { continue };
                let origin = munger.origin(mapped.0).unwrap();
                prop_assert_eq!((origin.generation, origin.sequence), (generation, sequence));
                let previous = used.insert(origin.out, (generation, sequence));
                prop_assert!(previous.is_none_or(|previous| previous == (generation, sequence)));
            }
        }
    }
}
