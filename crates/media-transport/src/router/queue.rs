//! Packets that wait for one subscriber's next train, as references: they are written and encrypted when they are sent.

use std::num::NonZeroUsize;
use std::time::Instant;

use super::MediaKind;
use super::munger::{FrameNumbers, Mapped};
use super::train::{Limits, Segment, equalise};
use super::transmit::TransmitBuffer;
use crate::bwe::ProbeId;

/// Sound may take the whole queue, pictures all but this part of it: what is heard matters more.
const SOUND_SHARE: usize = 8;

/// More streams' packets than this are sorted in another way.
const FEW: usize = 64;

/// Entries for which a queue keeps memory after an unusual burst.
const KEPT: usize = 1024;

/// What one waiting packet costs in memory, whatever its length.
const OWN_BYTES: usize = size_of::<Pending>();

/// One packet of a published track on its way to a subscription.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    /// Index of the subscription.
    pub(super) subscription: usize,
    /// The subscription's [`revision`](super::subscriber::Subscriber::revision) when it was queued.
    pub(super) revision: u32,
    pub(super) kind: MediaKind,
    /// When it was queued.
    pub(super) arrived: Instant,
    /// The source's generation, and the packet's extended number there.
    pub(super) generation: u32,
    pub(super) origin: u64,
    /// At the source.
    pub(super) timestamp: u32,
    pub(super) clock_rate: u32,
    pub(super) frame: FrameNumbers,
    /// Bytes when it is written without padding.
    pub(super) len: usize,
    pub(super) passage: Passage,
    /// The probe cluster it leaves with.
    pub(super) probe: Option<ProbeId>,
    /// Place in the queue; set when it is needed.
    pub(super) order: u32,
}

/// How often a packet was sent before, and what follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    /// It gets its numbers when it is written.
    First {
        /// Counts what its subscription was admitted to, one after the other.
        admission: u32,
        /// The first one of the admission.
        starts: bool,
        /// The marker is set, since what would follow in its frame is left out.
        marks: bool,
        /// The sound before it is added once more.
        is_redundant: bool,
    },
    /// Byte for byte as before.
    Again { mapped: Mapped, sent: Sent },
    /// In the stream of retransmissions; or as padding, when nobody asked for it.
    Rtx {
        mapped: Mapped,
        marks: bool,
        is_asked: bool,
    },
}

/// How a packet was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sent {
    pub(super) sequence: u16,
    pub(super) transport: u16,
    pub(super) padding: u8,
    pub(super) marks: bool,
    pub(super) is_redundant: bool,
}

impl Pending {
    const fn fixed_padding(&self) -> Option<u8> {
        match self.passage {
            Passage::First { .. } => None,
            Passage::Again { sent, .. } => Some(sent.padding),
            Passage::Rtx { .. } => Some(0),
        }
    }
}

/// What a packet asks of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Sound,
    /// A picture's packet, or one that is sent again.
    Picture,
    /// The first packet after a gap that only a keyframe ends. It is worth nothing without the packets behind it.
    Entry,
}

/// A bounded queue of one subscriber.
#[derive(Debug, Default)]
pub(super) struct PendingQueue {
    packets: Vec<Pending>,
    /// The sum of all lengths and of what the entries themselves take.
    bytes: usize,
}

impl PendingQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub(super) fn has_room(&self, claim: Claim, len: usize, max_bytes: usize) -> bool {
        let limit = match claim {
            Claim::Sound => max_bytes,
            Claim::Picture => max_bytes - max_bytes / SOUND_SHARE,
            Claim::Entry => max_bytes / 2,
        };
        self.bytes + len + OWN_BYTES <= limit
    }

    /// Appends a packet for which there [`is room`](Self::has_room).
    pub(super) fn push(&mut self, packet: Pending) {
        self.bytes += packet.len + OWN_BYTES;
        self.packets.push(packet);
    }

    pub(super) fn clear(&mut self) {
        self.packets.clear();
        self.bytes = 0;
    }

    #[cfg(test)]
    pub(super) fn len_bytes(&self) -> usize {
        self.bytes
    }
}

/// In which order one subscriber's packets go out, and with how much padding. Kept for its memory.
#[derive(Debug, Default)]
pub(super) struct Plan {
    packets: Vec<Pending>,
    /// Whether a queue has the memory for `packets`.
    is_lent: bool,
    segments: Vec<Segment>,
}

impl Plan {
    /// Gives an empty queue memory that is in use all the time, for packets that leave at once: until
    /// [`make`](Self::make) takes them, or [`take_back`](Self::take_back) when there are none.
    pub(super) fn lend(&mut self, queue: &mut PendingQueue) {
        if queue.packets.is_empty() && !self.is_lent {
            self.packets.clear();
            std::mem::swap(&mut self.packets, &mut queue.packets);
            self.is_lent = true;
        }
    }

    /// Takes the memory back when nothing was put into the queue.
    pub(super) fn take_back(&mut self, queue: &mut PendingQueue) {
        if queue.packets.is_empty() && self.is_lent {
            std::mem::swap(&mut self.packets, &mut queue.packets);
            self.is_lent = false;
        }
    }

    /// Takes everything out of a queue and decides.
    ///
    /// Pictures come first, stream by stream, so that a frame is one train, and sound comes last, where it can be a
    /// train's shorter end. Packets of one stream keep their order.
    pub(super) fn make(&mut self, queue: &mut PendingQueue, max_segments: NonZeroUsize, max_padding: u8) {
        self.packets.clear();
        std::mem::swap(&mut self.packets, &mut queue.packets);
        self.is_lent = false;
        if queue.packets.capacity() > KEPT {
            queue.packets = Vec::new();
        }
        queue.clear();
        arrange(&mut self.packets);
        self.segments.clear();
        self.segments.extend(self.packets.iter().map(|packet| Segment {
            len: packet.len + usize::from(packet.fixed_padding().unwrap_or(0)),
            room: packet.fixed_padding().map_or(max_padding, |_| 0),
            padding: 0,
        }));
        if max_padding > 0 {
            let limits = Limits {
                segments: max_segments,
                bytes: TransmitBuffer::MAX_BURST_BYTES,
            };
            equalise(&mut self.segments, limits);
        }
    }

    /// The packets with their padding.
    pub(super) fn packets(&self) -> impl Iterator<Item = (&Pending, u8)> {
        let paddings = self.segments.iter().map(|segment| segment.padding);
        self.packets
            .iter()
            .zip(paddings)
            .map(|(packet, padding)| (packet, packet.fixed_padding().unwrap_or(padding)))
    }
}

fn arrange(packets: &mut [Pending]) {
    let is_one_stream = packets.first().is_none_or(|first| {
        packets
            .iter()
            .all(|packet| packet.subscription == first.subscription)
    });
    if is_one_stream {
        return;
    }
    if packets.len() > FEW {
        // The numbers of one stream need not be in order: an older one may have come late.
        for (packet, order) in packets.iter_mut().zip(0..) {
            packet.order = order;
        }
        packets.sort_unstable_by_key(|packet| {
            (packet.kind == MediaKind::Audio, packet.subscription, packet.order)
        });
        return;
    }
    // Insertion is stable, allocates nothing, and has next to nothing to do: packets of a frame arrive together.
    for end in 1..packets.len() {
        let mut at = end;
        while let Some([before, packet]) = at.checked_sub(1).and_then(|first| packets.get_mut(first..=at))
            && is_later(before, packet)
        {
            std::mem::swap(before, packet);
            at -= 1;
        }
    }
}

/// Whether the packet that came first goes out second.
fn is_later(before: &Pending, packet: &Pending) -> bool {
    match (before.kind, packet.kind) {
        (MediaKind::Video, MediaKind::Video) => before.subscription > packet.subscription,
        (MediaKind::Audio, MediaKind::Video) => true,
        (MediaKind::Video, MediaKind::Audio) => false,
        // The longest first needs the least padding.
        (MediaKind::Audio, MediaKind::Audio) => {
            before.subscription != packet.subscription && before.len < packet.len
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn packet(kind: MediaKind, subscription: usize, sequence: u16, len: usize) -> Pending {
        Pending {
            subscription,
            revision: 0,
            kind,
            arrived: crate::test_clock::start(),
            generation: 1,
            origin: sequence.into(),
            timestamp: 0,
            clock_rate: 90_000,
            frame: FrameNumbers::default(),
            len,
            passage: Passage::First {
                admission: 0,
                starts: false,
                marks: false,
                is_redundant: false,
            },
            probe: None,
            order: 0,
        }
    }

    fn plan(packets: &[Pending]) -> Vec<(usize, u16, u8)> {
        let mut queue = PendingQueue::default();
        for packet in packets {
            queue.push(*packet);
        }
        let mut plan = Plan::default();
        plan.make(&mut queue, NonZeroUsize::new(64).unwrap(), 254);
        assert!(queue.is_empty() && queue.len_bytes() == 0);
        plan.packets()
            .map(|(packet, padding)| {
                (
                    packet.subscription,
                    u16::try_from(packet.origin).unwrap(),
                    padding,
                )
            })
            .collect()
    }

    #[test]
    fn frames_come_whole_and_sound_last() {
        let (audio, video) = (MediaKind::Audio, MediaKind::Video);
        let planned = plan(&[
            packet(video, 1, 10, 1150),
            packet(audio, 0, 1, 120),
            packet(video, 2, 20, 900),
            packet(video, 1, 11, 1151),
            packet(audio, 3, 30, 128),
            packet(video, 2, 21, 901),
        ]);
        assert_eq!(
            planned,
            [
                (1, 10, 1),
                (1, 11, 0),
                (2, 20, 0),
                (2, 21, 0),
                (3, 30, 0),
                (0, 1, 0)
            ]
        );
    }

    #[test]
    fn what_is_sent_again_is_padded_as_before() {
        let mut again = packet(MediaKind::Video, 0, 5, 1150);
        again.passage = Passage::Again {
            mapped: Mapped {
                sequence: 0,
                timestamp: 0,
                frame_offset: FrameNumbers::default(),
            },
            sent: Sent {
                padding: 7,
                ..Sent::default()
            },
        };
        let video = |sequence, len| packet(MediaKind::Video, 0, sequence, len);
        assert_eq!(
            plan(&[video(8, 1150), again, video(9, 1157)]),
            [(0, 8, 7), (0, 5, 7), (0, 9, 0)]
        );
        assert_eq!(plan(&[again, video(9, 1158)]), [(0, 5, 7), (0, 9, 0)]);
    }

    #[test]
    fn sound_has_room_when_pictures_have_not() {
        let mut queue = PendingQueue::default();
        let max = 10_000;
        while queue.has_room(Claim::Picture, 1000, max) {
            queue.push(packet(MediaKind::Video, 0, 0, 1000));
        }
        assert!((7000..=8750).contains(&queue.len_bytes()));
        assert!(queue.has_room(Claim::Sound, 200, max));
        assert!(!queue.has_room(Claim::Entry, 200, max));
        while queue.has_room(Claim::Sound, 200, max) {
            queue.push(packet(MediaKind::Audio, 0, 0, 200));
        }
        assert!((9700..=max).contains(&queue.len_bytes()));
        queue.clear();
        assert!(queue.has_room(Claim::Entry, 1000, max));
    }

    proptest! {
        /// Whatever waits goes out, each once, those of a stream in their order.
        #[test]
        fn order_within_a_stream_is_kept(packets in vec((any::<bool>(), 0_usize..5, 20_usize..1300), 0..150)) {
            let packets: Vec<_> = packets
                .into_iter()
                .zip(0..)
                .map(|((is_audio, subscription, len), sequence)| {
                    // A stream is one or the other.
                    let (kind, offset) = if is_audio { (MediaKind::Audio, 10) } else { (MediaKind::Video, 0) };
                    packet(kind, subscription + offset, sequence, len)
                })
                .collect();
            let planned = plan(&packets);
            prop_assert_eq!(planned.len(), packets.len());
            for stream in 0..20 {
                let before: Vec<_> = packets.iter().filter(|p| p.subscription == stream).map(|p| u16::try_from(p.origin).unwrap()).collect();
                let after: Vec<_> = planned.iter().filter(|p| p.0 == stream).map(|p| p.1).collect();
                prop_assert_eq!(before, after);
            }
        }
    }
}
