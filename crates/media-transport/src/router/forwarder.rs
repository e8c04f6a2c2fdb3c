//! Writing a publisher's packet as a subscriber shall see it.

use super::munger::{FrameNumbers, Mapped};
use super::{CodecName, ExtensionIds, Publication, RtpCodec, Subscription};
use crate::payload::red::{self, RedBlock, RedPayload};
use crate::payload::vp8::{PictureId, Vp8Descriptor, Vp8Numbers};
use crate::rtp::{FIXED_HEADER_LEN, MAX_EXTENSIONS, Packet, PacketBuilder};

/// The most that rewriting adds to a packet: header, original sequence number, extension block with section name, level,
/// orientation, transport-wide number and dependency descriptor, in the long form. Section names have at most
/// [`MAX_MID_LEN`] bytes.
pub(super) const MAX_GROWTH: usize = 12 + 2 + 4 + 5 * 2 + MAX_MID_LEN + 4 + MAX_DESCRIPTOR_LEN + 4;

/// The longest dependency descriptor that is sent along: what an element can hold.
const MAX_DESCRIPTOR_LEN: usize = 255;

/// The longest section name that is sent along; browsers use numbers.
pub(super) const MAX_MID_LEN: usize = 64;

/// How one subscription's packets differ from the publisher's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Forwarder {
    payload_types: Vec<PayloadType>,
    theirs: ExtensionIds,
    ours: ExtensionIds,
    /// The subscriber's section name, if it is sent along.
    mid: Option<Vec<u8>>,
    ssrc: u32,
    /// The subscriber's headers: of packets without further extensions, with level, with orientation, with both.
    headers: [Header; 4],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PayloadType {
    published: u8,
    subscribed: u8,
    /// At the subscriber.
    rtx: Option<u8>,
    name: CodecName,
    red: Red,
}

/// What happens to redundancy (RFC 2198).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Red {
    /// There is none, nor is any wanted.
    None,
    /// There is none; under this payload type it may be added.
    Add(u8),
    /// It stays, and the blocks get the subscriber's payload type.
    Keep { published: u8, subscribed: u8 },
    /// The subscriber does not take it.
    Remove,
}

/// A header of which only numbers, marker and the values of extensions change. Empty when there is none such.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Header {
    bytes: Vec<u8>,
    level_at: Option<usize>,
    orientation_at: Option<usize>,
    transport_at: Option<usize>,
}

/// How a packet is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Writing {
    pub(super) mapped: Mapped,
    /// The marker is set, whatever the publisher says.
    pub(super) marks: bool,
    /// In bytes.
    pub(super) padding: u8,
    /// The transport-wide sequence number.
    pub(super) transport: u16,
}

/// What of a packet decides on its header.
struct Choice<'a> {
    header: &'a Header,
    payload_type: &'a PayloadType,
    level: Option<u8>,
    orientation: Option<u8>,
    descriptor: Option<&'a [u8]>,
    payload: &'a [u8],
}

impl Forwarder {
    pub(super) fn new(publication: &Publication, subscription: &Subscription) -> Self {
        let mut payload_types = Vec::new();
        for published in &publication.codecs {
            if let Some(wanted) = matching(published, &subscription.codecs) {
                payload_types.push(PayloadType {
                    published: published.payload_type,
                    subscribed: wanted.payload_type,
                    rtx: wanted.rtx,
                    name: published.name,
                    red: wanted.red.map_or(Red::None, Red::Add),
                });
                if let Some(red) = published.red {
                    payload_types.push(PayloadType {
                        published: red,
                        subscribed: wanted.red.unwrap_or(wanted.payload_type),
                        rtx: None,
                        name: published.name,
                        red: wanted.red.map_or(Red::Remove, |_| Red::Keep {
                            published: published.payload_type,
                            subscribed: wanted.payload_type,
                        }),
                    });
                }
            }
        }
        let (ours, mut theirs) = (&subscription.extensions, publication.extensions);
        // What one side does not know the other need not look for.
        theirs.audio_level = theirs.audio_level.filter(|_| ours.audio_level.is_some());
        theirs.video_orientation = theirs
            .video_orientation
            .filter(|_| ours.video_orientation.is_some());
        theirs.dependency_descriptor = theirs
            .dependency_descriptor
            .filter(|_| ours.dependency_descriptor.is_some());
        let headers = [(false, false), (true, false), (false, true), (true, true)];
        let headers = headers.map(|(level, orientation)| Header::new(subscription, level, orientation));
        Self {
            payload_types,
            theirs,
            ours: *ours,
            mid: (subscription.mid.len() <= MAX_MID_LEN).then(|| subscription.mid.as_bytes().to_vec()),
            ssrc: subscription.ssrc,
            headers,
        }
    }

    /// Brings nearer what [`write`](Self::write) needs.
    #[inline]
    pub(super) fn warm(&self) {
        anteroom_prefetch::read(&*self.payload_types);
        for header in &self.headers {
            anteroom_prefetch::read(&*header.bytes);
        }
    }

    /// The payload type under which a packet is sent again in a stream of its own; `None` without such a stream.
    pub(super) fn rtx(&self, packet: &Packet<'_>) -> Option<u8> {
        let published = packet.payload_type();
        let found = self.payload_types.iter().find(|one| one.published == published);
        found.and_then(|one| one.rtx)
    }

    /// Whether packets have transport-wide numbers.
    pub(super) fn is_numbered(&self) -> bool {
        self.ours.transport_sequence.is_some()
    }

    /// How long [`write`](Self::write) makes `packet` without padding; `None` when the subscriber does not take its
    /// codec.
    pub(super) fn len(&self, packet: &Packet<'_>) -> Option<usize> {
        let choice = self.choose(packet)?;
        let header = match choice.descriptor {
            Some(descriptor) => self.described_len(&choice, descriptor),
            None => choice.header.bytes.len(),
        };
        Some(header + choice.payload.len())
    }

    /// The payload type of the blocks when redundancy may be added to a packet.
    pub(super) fn may_add_redundancy(&self, packet: &Packet<'_>) -> Option<u8> {
        let published = packet.payload_type();
        let found = self.payload_types.iter().find(|one| one.published == published)?;
        matches!(found.red, Red::Add(_)).then_some(found.subscribed)
    }

    /// Writes `packet` for the subscriber into `buffer` and returns its length; `None` when the subscriber does not take
    /// its codec or there is no room. The same input gives the same bytes, which retransmission relies on.
    ///
    /// `redundant` are blocks to add, where that [may be](Self::may_add_redundancy).
    pub(super) fn write(
        &self,
        packet: &Packet<'_>,
        writing: Writing,
        redundant: &[RedBlock<'_>],
        buffer: &mut [u8],
    ) -> Option<usize> {
        let choice = self.choose(packet)?;
        if let Some(descriptor) = choice.descriptor {
            return self.write_described(packet, writing, &choice, descriptor, buffer);
        }
        let Choice {
            header,
            payload_type,
            level,
            orientation,
            payload,
            ..
        } = choice;
        let Writing {
            mapped,
            marks,
            padding,
            transport,
        } = writing;
        let added: usize = redundant.iter().map(RedBlock::len).sum();
        let added = added + usize::from(!redundant.is_empty());
        let (head, rest) = buffer.split_at_mut_checked(header.bytes.len())?;
        let (body, rest) = rest.split_at_mut_checked(payload.len() + added)?;
        let tail = rest.get_mut(..usize::from(padding))?;
        head.copy_from_slice(&header.bytes);
        for (at, value) in [(header.level_at, level), (header.orientation_at, orientation)] {
            if let Some((byte, value)) = at.and_then(|at| head.get_mut(at)).zip(value) {
                *byte = value;
            }
        }
        let number = header
            .transport_at
            .and_then(|at| head.get_mut(at..)?.first_chunk_mut());
        if let Some(number) = number {
            *number = transport.to_be_bytes();
        }
        let fixed = head.first_chunk_mut::<FIXED_HEADER_LEN>()?;
        fixed[0] |= u8::from(padding > 0) << 5;
        let subscribed = match payload_type.red {
            Red::Add(red) if !redundant.is_empty() => red,
            _ => payload_type.subscribed,
        };
        fixed[1] = u8::from(packet.marker() || marks) << 7 | subscribed;
        fixed[2..4].copy_from_slice(&mapped.sequence.to_be_bytes());
        fixed[4..8].copy_from_slice(&mapped.timestamp.to_be_bytes());
        if redundant.is_empty() {
            body.copy_from_slice(payload);
        } else {
            let blocks = redundant.iter().copied();
            let len = red::write(payload_type.subscribed, payload, blocks, body).ok()?;
            // All have been checked to fit.
            (len == body.len()).then_some(())?;
        }
        if let Red::Keep {
            published,
            subscribed,
        } = payload_type.red
        {
            red::rename(body, published, subscribed);
        }
        renumber(payload_type.name, mapped.frame_offset, body);
        if let Some((count, zeros)) = tail.split_last_mut() {
            zeros.fill(0);
            *count = padding;
        }
        Some(header.bytes.len() + payload.len() + added + usize::from(padding))
    }

    #[inline]
    fn choose<'a>(&'a self, packet: &Packet<'a>) -> Option<Choice<'a>> {
        let published = packet.payload_type();
        let payload_type = self.payload_types.iter().find(|one| one.published == published)?;
        let value = |id: Option<u8>| match packet.extension(id?) {
            Some([value]) => Some(*value),
            _ => None,
        };
        let (level, orientation) = (
            value(self.theirs.audio_level),
            value(self.theirs.video_orientation),
        );
        let index = usize::from(level.is_some()) | usize::from(orientation.is_some()) << 1;
        let header = self
            .headers
            .get(index)
            .filter(|header| !header.bytes.is_empty())?;
        let descriptor = self
            .theirs
            .dependency_descriptor
            .and_then(|id| packet.extension(id));
        Some(Choice {
            header,
            payload_type,
            level,
            orientation,
            payload: match payload_type.red {
                Red::Remove => RedPayload::read(packet.payload()).ok()?.primary,
                Red::None | Red::Add(_) | Red::Keep { .. } => packet.payload(),
            },
            descriptor: descriptor.filter(|value| value.len() <= MAX_DESCRIPTOR_LEN),
        })
    }

    /// The header's length with a descriptor.
    fn described_len(&self, choice: &Choice<'_>, descriptor: &[u8]) -> usize {
        let mid = self.mid.as_ref().map(Vec::len);
        let elements = [
            (self.ours.mid, mid),
            (self.ours.audio_level, choice.level.map(|_| 1)),
            (self.ours.video_orientation, choice.orientation.map(|_| 1)),
            (self.ours.transport_sequence, Some(2)),
            (self.ours.dependency_descriptor, Some(descriptor.len())),
        ];
        let elements = || elements.iter().filter_map(|(id, len)| Some(((*id)?, (*len)?)));
        let is_short = elements().all(|(id, len)| id < 15 && (1..=16).contains(&len));
        let each = if is_short { 1 } else { 2 };
        let block: usize = elements().map(|(_, len)| each + len).sum();
        FIXED_HEADER_LEN + 4 + block.next_multiple_of(4)
    }

    /// Packets with a dependency descriptor, which has any length.
    fn write_described(
        &self,
        packet: &Packet<'_>,
        writing: Writing,
        choice: &Choice<'_>,
        descriptor: &[u8],
        buffer: &mut [u8],
    ) -> Option<usize> {
        let Mapped {
            sequence,
            timestamp,
            frame_offset,
        } = writing.mapped;
        let mut value = [0; MAX_DESCRIPTOR_LEN];
        let value = value.get_mut(..descriptor.len())?;
        value.copy_from_slice(descriptor);
        // The frame number is behind the first byte (AV1 RTP specification §A.8.2).
        if let Some(number) = value.get_mut(1..).and_then(<[u8]>::first_chunk_mut) {
            *number = u16::from_be_bytes(*number)
                .wrapping_add(frame_offset.frame_number)
                .to_be_bytes();
        }
        let (transport, level, orientation) = (
            writing.transport.to_be_bytes(),
            choice.level.map(|level| [level]),
            choice.orientation.map(|orientation| [orientation]),
        );
        let elements = [
            (self.ours.mid, self.mid.as_deref()),
            (self.ours.audio_level, level.as_ref().map(<[u8; 1]>::as_slice)),
            (
                self.ours.video_orientation,
                orientation.as_ref().map(<[u8; 1]>::as_slice),
            ),
            (self.ours.transport_sequence, Some(transport.as_slice())),
            (self.ours.dependency_descriptor, Some(&*value)),
        ];
        const { assert!(MAX_EXTENSIONS >= 5) };
        let payload_type = choice.payload_type;
        let mut builder = PacketBuilder::new(payload_type.subscribed, sequence, timestamp, self.ssrc)
            .marker(packet.marker() || writing.marks)
            .padding(writing.padding);
        for (id, value) in elements {
            if let Some((id, value)) = id.zip(value) {
                builder = builder.extension(id, value);
            }
        }
        let payload = packet.payload();
        let len = builder.write(payload, buffer).ok()?;
        let start = len - payload.len() - usize::from(writing.padding);
        renumber(
            payload_type.name,
            frame_offset,
            buffer.get_mut(start..start + payload.len())?,
        );
        Some(len)
    }
}

/// Frames of VP8 have numbers in the payload.
#[inline]
fn renumber(codec: CodecName, offset: FrameNumbers, payload: &mut [u8]) {
    if codec != CodecName::Vp8 || offset == FrameNumbers::default() {
        return;
    }
    let Ok(descriptor) = Vp8Descriptor::read(payload) else {
        return;
    };
    let picture_id = match descriptor.picture_id {
        Some(PictureId::Short(id)) => {
            let [_, lower] = u16::from(id).wrapping_add(offset.picture_id).to_be_bytes();
            PictureId::Short(lower & 0x7f)
        }
        Some(PictureId::Long(id)) => PictureId::Long(id.wrapping_add(offset.picture_id) & 0x7fff),
        None => PictureId::Short(0),
    };
    let numbers = Vp8Numbers {
        picture_id,
        tl0_pic_idx: descriptor
            .tl0_pic_idx
            .unwrap_or(0)
            .wrapping_add(offset.tl0_pic_idx),
        key_idx: descriptor.key_idx.unwrap_or(0).wrapping_add(offset.key_idx) & 0x1f,
    };
    let len = payload.len();
    // The width stays, so that it fits.
    let _ = descriptor.rewrite(payload, len, &numbers);
}

impl Header {
    fn new(subscription: &Subscription, with_level: bool, with_orientation: bool) -> Self {
        let ours = &subscription.extensions;
        let write = |level: &[u8], orientation: &[u8], transport: &[u8]| {
            let mut builder = PacketBuilder::new(0, 0, 0, subscription.ssrc);
            if let Some(id) = ours.mid.filter(|_| subscription.mid.len() <= MAX_MID_LEN) {
                builder = builder.extension(id, subscription.mid.as_bytes());
            }
            if let Some(id) = ours.audio_level.filter(|_| with_level) {
                builder = builder.extension(id, level);
            }
            if let Some(id) = ours.video_orientation.filter(|_| with_orientation) {
                builder = builder.extension(id, orientation);
            }
            if let Some(id) = ours.transport_sequence {
                builder = builder.extension(id, transport);
            }
            const { assert!(MAX_EXTENSIONS >= 4) };
            let mut bytes = vec![0; MAX_GROWTH];
            let len = builder.write(&[], &mut bytes).unwrap_or(0);
            bytes.truncate(len);
            bytes
        };
        // Where another value makes another byte, there it stands.
        let bytes = write(&[0], &[0], &[0, 0]);
        let differs = |other: Vec<u8>| bytes.iter().zip(other).position(|(byte, other)| *byte != other);
        Self {
            level_at: differs(write(&[1], &[0], &[0, 0])),
            orientation_at: differs(write(&[0], &[1], &[0, 0])),
            transport_at: differs(write(&[0], &[0], &[1, 0])),
            bytes,
        }
    }
}

/// The subscriber's codec that takes what the publisher sends: the same profile if there is one, else any of the same
/// packetization, since profiles are the decoder's business.
fn matching<'a>(published: &RtpCodec, wanted: &'a [RtpCodec]) -> Option<&'a RtpCodec> {
    let is_same =
        |codec: &&RtpCodec| codec.name == published.name && codec.clock_rate == published.clock_rate;
    wanted.iter().find(is_same).or_else(|| {
        wanted.iter().find(|codec| match (codec.name, published.name) {
            (
                CodecName::H264 {
                    packetization_mode: ours,
                    ..
                },
                CodecName::H264 {
                    packetization_mode: theirs,
                    ..
                },
            ) => ours == theirs && codec.clock_rate == published.clock_rate,
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::{MediaKind, TrackId};

    fn h264(payload_type: u8, profile: u32, packetization_mode: u8) -> RtpCodec {
        let name = CodecName::H264 {
            profile,
            packetization_mode,
        };
        RtpCodec::new(payload_type, name, 90_000)
    }

    fn vp8(payload_type: u8) -> RtpCodec {
        RtpCodec::new(payload_type, CodecName::Vp8, 90_000)
    }

    fn ends() -> (Publication, Subscription) {
        let publication = Publication {
            codecs: vec![vp8(96), h264(102, 0x42_e0_1f, 1), h264(104, 0x64_00_1f, 0)],
            extensions: ExtensionIds {
                mid: Some(1),
                video_orientation: Some(3),
                ..ExtensionIds::NONE
            },
            ..Publication::new(TrackId(1), MediaKind::Video, "0")
        };
        let subscription = Subscription {
            codecs: vec![h264(125, 0x4d_00_1f, 1), h264(126, 0x42_e0_1f, 1), vp8(100)],
            extensions: ExtensionIds {
                mid: Some(9),
                audio_level: Some(2),
                video_orientation: Some(4),
                ..ExtensionIds::NONE
            },
            ..Subscription::new(TrackId(1), "v7", 77)
        };
        (publication, subscription)
    }

    fn writing(padding: u8) -> Writing {
        Writing {
            mapped: Mapped {
                sequence: 500,
                timestamp: 600,
                frame_offset: FrameNumbers::default(),
            },
            marks: false,
            padding,
            transport: 0xabcd,
        }
    }

    fn payload_types(forwarder: &Forwarder) -> Vec<(u8, u8)> {
        let both = |one: &PayloadType| (one.published, one.subscribed);
        forwarder.payload_types.iter().map(both).collect()
    }

    #[test]
    fn redundancy_is_kept_removed_or_added() {
        let opus = |payload_type, red| RtpCodec {
            red,
            ..RtpCodec::new(payload_type, CodecName::Opus, 48_000)
        };
        let ends = |theirs, ours| {
            let publication = Publication {
                codecs: vec![opus(111, theirs)],
                ..Publication::new(TrackId(1), MediaKind::Audio, "0")
            };
            let subscription = Subscription {
                codecs: vec![opus(100, ours)],
                ..Subscription::new(TrackId(1), "v7", 77)
            };
            Forwarder::new(&publication, &subscription)
        };
        let block = |payload_type| RedBlock {
            payload_type,
            timestamp_offset: 960,
            data: b"before",
        };
        let mut payload = [0; 50];
        let len = red::write(111, b"now", [block(111)].into_iter(), &mut payload).unwrap();
        let mut incoming = [0; 100];
        let write = |payload_type, payload: &[u8], incoming: &mut [u8]| {
            PacketBuilder::new(payload_type, 5, 6, 7)
                .write(payload, incoming)
                .unwrap()
        };
        let sent = |forwarder: &Forwarder, packet: &Packet<'_>, redundant: &[RedBlock<'_>]| {
            let mut out = [0; 200];
            let len = forwarder.write(packet, writing(3), redundant, &mut out)?;
            let out = Packet::parse(&out[..len]).unwrap();
            Some((out.payload_type(), out.payload().to_vec()))
        };
        let end = write(63, &payload[..len], &mut incoming);
        let packet = Packet::parse(&incoming[..end]).unwrap();
        let (payload_type, kept) = sent(&ends(Some(63), Some(101)), &packet, &[]).unwrap();
        let read = RedPayload::read(&kept).unwrap();
        assert_eq!(
            (payload_type, read.primary_type, read.primary),
            (101, 100, &b"now"[..])
        );
        assert_eq!(read.redundant().collect::<Vec<_>>(), [block(100)]);
        let removed = sent(&ends(Some(63), None), &packet, &[]);
        assert_eq!(removed, Some((100, b"now".to_vec())));
        assert_eq!(ends(Some(63), None).len(&packet), Some(12 + 3));

        let end = write(111, b"now", &mut incoming);
        let packet = Packet::parse(&incoming[..end]).unwrap();
        assert_eq!(ends(None, None).may_add_redundancy(&packet), None);
        let forwarder = ends(None, Some(101));
        assert_eq!(forwarder.may_add_redundancy(&packet), Some(100));
        let (payload_type, added) = sent(&forwarder, &packet, &[block(100)]).unwrap();
        assert_eq!((payload_type, added), (101, kept));
        assert_eq!(sent(&forwarder, &packet, &[]), Some((100, b"now".to_vec())));
    }

    #[test]
    fn numbers_of_frames_and_of_the_transport_are_written() {
        let (mut publication, mut subscription) = ends();
        publication.extensions.dependency_descriptor = Some(12);
        subscription.extensions.transport_sequence = Some(5);
        for descriptor_id in [None, Some(13), Some(130)] {
            subscription.extensions.dependency_descriptor = descriptor_id;
            let forwarder = Forwarder::new(&publication, &subscription);
            for descriptor in [&[0xc0, 0xff, 0xff][..], &[7; 40]] {
                let mut incoming = [0; 200];
                // A descriptor with picture id 0x7fff, TL0PICIDX 255, TID 1, KEYIDX 31.
                let payload = [0x90, 0xf0, 0xff, 0xff, 255, 0x5f, 1, 2, 3];
                let len = PacketBuilder::new(96, 5, 6, 7)
                    .extension(12, descriptor)
                    .write(&payload, &mut incoming)
                    .unwrap();
                let packet = Packet::parse(&incoming[..len]).unwrap();
                let mut out = [0; 100 + MAX_GROWTH];
                let mut writing = writing(3);
                writing.marks = true;
                writing.mapped.frame_offset = FrameNumbers {
                    picture_id: 2,
                    tl0_pic_idx: 3,
                    key_idx: 4,
                    frame_number: 5,
                };
                let len = forwarder.write(&packet, writing, &[], &mut out).unwrap();
                assert_eq!(forwarder.len(&packet), Some(len - 3));
                let out = Packet::parse(&out[..len]).unwrap();
                assert!(out.marker());
                assert_eq!(out.extension(5), Some(&[0xab, 0xcd][..]));
                let value = descriptor_id.and_then(|id| out.extension(id));
                let number = value.map(|value| u16::from_be_bytes([value[1], value[2]]));
                let before = u16::from_be_bytes([descriptor[1], descriptor[2]]);
                assert_eq!(number, descriptor_id.map(|_| before.wrapping_add(5)));
                assert_eq!(value.map(<[u8]>::len), descriptor_id.map(|_| descriptor.len()));
                let payload = Vp8Descriptor::read(out.payload()).unwrap();
                assert_eq!(payload.picture_id, Some(PictureId::Long(1)));
                assert_eq!((payload.tl0_pic_idx, payload.key_idx), (Some(2), Some(3)));
                assert_eq!(out.payload()[6..], [1, 2, 3]);
            }
        }
    }

    #[test]
    fn everything_but_the_payload_is_the_subscribers() {
        let (publication, subscription) = ends();
        let forwarder = Forwarder::new(&publication, &subscription);
        let mut incoming = [0; 100];
        let len = PacketBuilder::new(96, 5, 6, 7)
            .marker(true)
            .extension(1, b"0")
            .extension(2, b"?")
            .extension(3, &[1])
            .padding(4)
            .write(b"picture", &mut incoming)
            .unwrap();
        let packet = Packet::parse(&incoming[..len]).unwrap();
        let mut out = [0; 100 + MAX_GROWTH];
        let len = forwarder.write(&packet, writing(0), &[], &mut out).unwrap();
        assert_eq!(forwarder.len(&packet), Some(len));
        let out = Packet::parse(&out[..len]).unwrap();
        assert_eq!(
            (out.ssrc(), out.sequence_number(), out.timestamp()),
            (77, 500, 600)
        );
        assert_eq!((out.payload_type(), out.marker(), out.padding()), (100, true, 0));
        let extensions: Vec<_> = out.extensions().collect();
        assert_eq!(extensions, [(9, &b"v7"[..]), (4, &[1][..])]);
        assert_eq!(out.payload(), b"picture");
    }

    #[test]
    fn the_length_is_known_before_it_is_written() {
        let (publication, mut subscription) = ends();
        let mids = ["", "1", "v7", "0123456789abcdef", "0123456789abcdefg"];
        let long = "m".repeat(MAX_MID_LEN + 1);
        for mid in mids.into_iter().chain([long.as_str()]) {
            for ids in [
                (None, None),
                (Some(1), None),
                (Some(1), Some(2)),
                (Some(15), Some(2)),
                (None, Some(200)),
            ] {
                mid.clone_into(&mut subscription.mid);
                (
                    subscription.extensions.mid,
                    subscription.extensions.video_orientation,
                ) = ids;
                let forwarder = Forwarder::new(&publication, &subscription);
                for orientation in [&[][..], &[0], &[7], &[1, 2]] {
                    let mut incoming = [0; 100];
                    let len = PacketBuilder::new(96, 5, 6, 7)
                        .extension(3, orientation)
                        .write(b"picture", &mut incoming)
                        .unwrap();
                    let packet = Packet::parse(&incoming[..len]).unwrap();
                    let mut out = [0; 100 + MAX_GROWTH];
                    for padding in [0, 1, 50] {
                        let written = forwarder.write(&packet, writing(padding), &[], &mut out).unwrap();
                        let len = forwarder.len(&packet).unwrap();
                        assert_eq!(written, len + usize::from(padding), "{mid} {ids:?}");
                        let out = Packet::parse(&out[..written]).unwrap();
                        assert_eq!((out.payload(), out.padding()), (&b"picture"[..], padding));
                        let value = ids.1.and_then(|id| out.extension(id));
                        let is_one = orientation.len() == 1;
                        assert_eq!(value, ids.1.filter(|_| is_one).map(|_| orientation));
                        let short = out.extension(ids.0.unwrap_or(0));
                        assert_eq!(
                            short,
                            ids.0.filter(|_| mid.len() <= MAX_MID_LEN).map(|_| mid.as_bytes())
                        );
                        assert!(
                            forwarder
                                .write(&packet, writing(padding), &[], &mut vec![0; written - 1])
                                .is_none()
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn codecs_match_by_packetization_and_preferably_by_profile() {
        let (publication, mut subscription) = ends();
        assert_eq!(
            payload_types(&Forwarder::new(&publication, &subscription)),
            [(96, 100), (102, 126)]
        );
        subscription.codecs.remove(1);
        assert_eq!(
            payload_types(&Forwarder::new(&publication, &subscription)),
            [(96, 100), (102, 125)]
        );
    }
}
