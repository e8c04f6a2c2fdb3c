//! Which packets for one subscriber get padding, so that they ride in one segment train.
//!
//! A train is what the kernel takes in one call: segments of one size, the last of which may be smaller. Sending costs
//! by the call, not by the packet, so where neighbours differ by a few bytes RTP padding (RFC 3550 §5.1) is cheaper than
//! another call.

use std::num::NonZeroUsize;

/// What a datagram costs in a call of its own, less what it costs as one more segment: about 2,600 and 800 ns.
const CALL_NANOS: usize = 1_800;

/// What a byte more costs: the time a gigabit link needs for it. Copying and encrypting it cost a fiftieth of that.
const BYTE_NANOS: usize = 8;

/// Padding takes at most one part in so many of a train: the subscriber's link may be a thin one.
const LEAST_SHARE: usize = 8;

/// The most padding of a packet; the byte that counts it has one value more, which marks packets not yet written.
pub(super) const MAX_PADDING: u8 = 254;

/// A packet on its way into a train.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Bytes before encryption, without padding that can still be chosen.
    pub(super) len: usize,
    /// How much more it may become.
    pub(super) room: u8,
    /// The decision.
    pub(super) padding: u8,
}

/// What the kernel takes in one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) segments: NonZeroUsize,
    pub(super) bytes: usize,
}

/// Decides on the padding of consecutive packets.
pub(super) fn equalise(segments: &mut [Segment], limits: Limits) {
    let mut rest = segments;
    while let Some((first, others)) = rest.split_first() {
        let mut train = Train::new(*first);
        let mut count = 1;
        for segment in others {
            let Some(longer) = train.with(*segment, limits) else {
                break;
            };
            train = longer;
            count += 1;
        }
        let Some((train_segments, after)) = rest.split_at_mut_checked(count) else {
            return;
        };
        // All but the last.
        for segment in train_segments.iter_mut().take(count - 1) {
            segment.padding =
                u8::try_from(train.size - segment.len).map_or(segment.room, |p| p.min(segment.room));
        }
        rest = after;
    }
}

/// Whether `added` bytes are cheaper than a call, in a train of `content` bytes that has `padding` already.
const fn pays(added: usize, padding: usize, content: usize) -> bool {
    added * BYTE_NANOS <= CALL_NANOS && (padding + added) * LEAST_SHARE <= content
}

/// A train that grows by one packet after the other.
#[derive(Debug, Clone, Copy)]
struct Train {
    count: usize,
    /// Of every segment but the last.
    size: usize,
    /// The largest size that all segments can be brought to.
    ceiling: usize,
    /// Sum of the packets without padding.
    content: usize,
    /// Of the last segment, without padding.
    last: usize,
}

impl Train {
    const fn new(first: Segment) -> Self {
        Self {
            count: 1,
            size: first.len,
            ceiling: first.len + first.room as usize,
            content: first.len,
            last: first.len,
        }
    }

    /// The train with one packet more at its end; `None` when a new train is better.
    fn with(self, segment: Segment, limits: Limits) -> Option<Self> {
        let size = self.size.max(segment.len);
        let filled = size * self.count;
        if self.count >= limits.segments.get() || size > self.ceiling || filled + segment.len > limits.bytes {
            return None;
        }
        // So far the last one goes without.
        let padding = self.size * (self.count - 1) + self.last - self.content;
        let added = filled - self.content - padding;
        pays(added, padding, self.content + segment.len).then_some(Self {
            count: self.count + 1,
            size,
            ceiling: self.ceiling.min(segment.len + usize::from(segment.room)),
            content: self.content + segment.len,
            last: segment.len,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        segments: NonZeroUsize::new(64).unwrap(),
        bytes: 60_000,
    };

    fn padding(lens: &[usize]) -> Vec<u8> {
        padding_within(lens, MAX_PADDING, LIMITS)
    }

    fn padding_within(lens: &[usize], room: u8, limits: Limits) -> Vec<u8> {
        let mut segments: Vec<_> = lens
            .iter()
            .map(|len| Segment {
                len: *len,
                room,
                padding: 0,
            })
            .collect();
        equalise(&mut segments, limits);
        segments.iter().map(|segment| segment.padding).collect()
    }

    /// How many calls the packets take.
    fn calls(lens: &[usize], padding: &[u8], limits: Limits) -> usize {
        let sizes: Vec<_> = lens
            .iter()
            .zip(padding)
            .map(|(len, p)| len + usize::from(*p))
            .collect();
        let (mut calls, mut index) = (0, 0);
        while index < sizes.len() {
            let first = sizes[index];
            let (mut count, mut bytes) = (1, first);
            while index + count < sizes.len() && count < limits.segments.get() {
                let next = sizes[index + count];
                if next > first || bytes + next > limits.bytes {
                    break;
                }
                count += 1;
                bytes += next;
                if next < first {
                    break;
                }
            }
            index += count;
            calls += 1;
        }
        calls
    }

    #[test]
    fn a_frame_split_into_nearly_equal_parts_becomes_one_train() {
        // As libwebrtc splits frames: the larger parts come last.
        assert_eq!(padding(&[1150, 1150, 1151, 1151, 1151]), [1, 1, 0, 0, 0]);
        assert_eq!(padding(&[1160, 1151, 1151, 1151]), [0, 9, 9, 0]);
    }

    #[test]
    fn the_last_may_be_shorter_for_nothing() {
        assert_eq!(padding(&[1200, 1200, 1200, 90]), [0; 4]);
        assert_eq!(padding(&[1200, 90]), [0; 2]);
        assert_eq!(padding(&[90]), [0]);
        assert_eq!(padding(&[]), [0_u8; 0]);
    }

    #[test]
    fn what_costs_more_than_a_call_is_not_done() {
        // 225 bytes are worth a call; more than 254 cannot be written at all.
        assert_eq!(padding(&[1200, 1200, 975, 1200]), [0, 0, 225, 0]);
        assert_eq!(padding(&[1200, 1200, 974, 1200]), [0; 4]);
        assert_eq!(padding(&[900, 1200]), [0; 2]);
        // A frame and the next one: the short end of the first is not filled up.
        assert_eq!(padding(&[1190, 1190, 600, 1190, 1190]), [0; 5]);
    }

    #[test]
    fn a_small_train_is_not_made_an_eighth_larger() {
        // Speakers of one tick, the loudest first.
        assert_eq!(padding(&[160, 130, 110]), [0, 30, 0]);
        assert_eq!(padding(&[160, 90, 90]), [0; 3]);
        assert_eq!(padding(&[100, 112]), [12, 0]);
        assert_eq!(padding(&[100, 130]), [0; 2]);
    }

    #[test]
    fn packets_that_may_not_change_stay_as_they_are() {
        assert_eq!(padding_within(&[1150, 1151, 1150, 1149], 0, LIMITS), [0; 4]);
        assert_eq!(padding_within(&[1150, 1155, 1150, 1149], 4, LIMITS), [0, 0, 0, 0]);
    }

    #[test]
    fn trains_are_as_long_as_the_kernel_takes() {
        let two = Limits {
            segments: NonZeroUsize::new(2).unwrap(),
            ..LIMITS
        };
        assert_eq!(
            padding_within(&[99, 100, 98, 100], MAX_PADDING, two),
            [1, 0, 2, 0]
        );
        let short = Limits { bytes: 250, ..LIMITS };
        assert_eq!(
            padding_within(&[99, 100, 98, 100], MAX_PADDING, short),
            [1, 0, 2, 0]
        );
        let one = Limits {
            segments: NonZeroUsize::MIN,
            ..LIMITS
        };
        assert_eq!(padding_within(&[99, 100, 98, 100], MAX_PADDING, one), [0; 4]);
    }

    proptest! {
        /// Padding never costs a call, never a larger part than agreed, and never more than a packet can hold.
        #[test]
        fn padding_is_worth_its_price(
            lens in vec(20_usize..1400, 0..40),
            room in 0_u8..=MAX_PADDING,
            segments in 1_usize..70,
        ) {
            let limits = Limits { segments: NonZeroUsize::new(segments).unwrap(), bytes: 20_000 };
            let padded = padding_within(&lens, room, limits);
            let without = vec![0; lens.len()];
            let added: usize = padded.iter().map(|p| usize::from(*p)).sum();
            prop_assert!(padded.iter().all(|p| *p <= room));
            prop_assert!(added * LEAST_SHARE <= lens.iter().sum());
            prop_assert!(calls(&lens, &padded, limits) <= calls(&lens, &without, limits));
        }
    }
}
