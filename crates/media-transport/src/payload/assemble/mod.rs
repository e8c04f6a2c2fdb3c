//! From RTP payloads to whole encoded pictures, as files and decoders take them.
//!
//! An [`Assembler`] is given the packets of one stream, in whatever order they came, and fills a list with what they add up
//! to: frames that a decoder can go on with, from a keyframe on, and the word that another keyframe is needed. What is
//! incomplete is left out, and so is everything behind it up to the next keyframe, since it would be decoded to garbage.
//!
//! | codec | a frame is |
//! |---|---|
//! | VP8 (RFC 7741) | the partitions, as in a WebM block |
//! | VP9 (RFC 9628) | all spatial layers of a picture; several with a superframe index (VP9 specification annex B) |
//! | H.264 (RFC 6184) | an access unit in Annex B: each unit behind `00 00 00 01`, parameter sets in front of each IDR picture |
//! | AV1 | a temporal unit of OBUs with their sizes, without temporal delimiters, as in a Matroska block |
//!
//! ```
//! use anteroom_media_transport::payload::assemble::{Assembled, Assembler, FrameCodec, Limits, RtpPayload};
//!
//! let mut assembler = Assembler::new(FrameCodec::Vp8, Limits::default());
//! let mut out = Vec::new();
//! // The two packets of a keyframe.
//! for (sequence, marker, payload) in [(70_000, false, &[0x10, 0, 1, 2][..]), (70_001, true, &[0, 3, 4])] {
//!     assembler.push(RtpPayload { sequence, timestamp: 90_000, marker, payload }, &mut out);
//! }
//! let [Assembled::Frame(frame)] = &out[..] else { panic!("{out:?}") };
//! assert!(frame.is_keyframe);
//! assert_eq!(frame.data, [0, 1, 2, 3, 4]);
//! ```

mod av1;
mod h264;
#[cfg(test)]
mod tests;
mod vp8;
mod vp9;

use std::collections::BTreeMap;
use std::fmt;

use crate::error::ParseError;
use crate::rtp::extend_timestamp;

/// Where extended timestamps begin, so that those from before the first have a number, too.
const FIRST_CYCLE: u64 = 1 << 32;

/// A codec of which frames can be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameCodec {
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184, packetization modes 0 and 1.
    H264,
    /// The Alliance for Open Media's *RTP Payload Format For AV1*.
    Av1,
}

/// How much is kept while something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// So many packets behind a missing one are waited with.
    pub max_packets: usize,
    /// Payload bytes of these packets, together.
    pub max_bytes: usize,
    /// How far they may be ahead of the missing one, in ticks of the RTP clock.
    pub max_ticks: u32,
    /// The longest frame, in bytes; a longer one counts as lost.
    pub max_frame_bytes: usize,
}

impl Default for Limits {
    /// 1,024 packets, 2 MiB, a second at 90 kHz; frames of 4 MiB.
    fn default() -> Self {
        Self {
            max_packets: 1024,
            max_bytes: 2 << 20,
            max_ticks: 90_000,
            max_frame_bytes: 4 << 20,
        }
    }
}

/// A packet, as far as frames are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPayload<'a> {
    /// The extended sequence number ([`SequenceExtender`](crate::rtp::SequenceExtender)).
    pub sequence: u64,
    /// The RTP timestamp.
    pub timestamp: u32,
    /// The marker bit: the last packet of its frame.
    pub marker: bool,
    /// Behind header and extensions, without padding. An empty one is padding, and has its place in the numbering.
    pub payload: &'a [u8],
}

/// What packets add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assembled {
    /// A whole frame. Everything that it refers to has been here.
    Frame(Frame),
    /// Frames are left out from here to the next keyframe, which the sender has to be asked for. Said again when a
    /// keyframe was incomplete as well.
    KeyframeNeeded,
}

/// An encoded picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// The extended RTP timestamp. Only differences mean something; the first is that of the first packet plus 2³².
    pub timestamp: u64,
    /// The extended sequence number of the first packet.
    pub sequence: u64,
    /// Whether a decoder can start with it.
    pub is_keyframe: bool,
    /// Width and height in pixels; of keyframes of VP8 and VP9.
    pub size: Option<(u16, u16)>,
    /// The picture, as the table of the [module](self) says.
    pub data: Vec<u8>,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("timestamp", &self.timestamp)
            .field("sequence", &self.sequence)
            .field("is_keyframe", &self.is_keyframe)
            .field("size", &self.size)
            .field("bytes", &self.data.len())
            .finish()
    }
}

/// What became of the packets of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AssemblerStats {
    /// Frames that were put together.
    pub frames: u64,
    /// Packets that never came, as far as they were waited for.
    pub packets_missing: u64,
    /// Packets that came too late or twice.
    pub packets_late: u64,
    /// Packets that came, but whose frame was incomplete, refers to one that was, or is no frame at all.
    pub packets_unused: u64,
}

/// Puts the frames of one stream together.
///
/// What it keeps is bounded by its [`Limits`]; what it puts out is the caller's.
#[derive(Debug)]
pub struct Assembler {
    limits: Limits,
    format: Format,
    /// The number of the packet that comes next; `None` before the first.
    next: Option<u64>,
    /// Packets behind one that is missing.
    /// Invariant: all numbers are above `next`; as many and as long as `limits` allows.
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
    /// The latest extended timestamp.
    clock: Option<u64>,
    building: Option<Building>,
    /// Whether frames are left out.
    needs_keyframe: bool,
    /// Whether that was said.
    has_asked: bool,
    stats: AssemblerStats,
}

/// A packet that came before another one.
#[derive(Debug)]
struct Waiting {
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

/// The frame that packets are added to.
#[derive(Debug)]
struct Building {
    timestamp: u32,
    sequence: u64,
    packets: u64,
    data: Vec<u8>,
}

/// What a payload format knows about the frame that is being built.
#[derive(Debug)]
enum Format {
    Vp8(vp8::Vp8Frame),
    Vp9(vp9::Vp9Frame),
    H264(h264::AccessUnit),
    Av1(av1::TemporalUnit),
}

/// A frame that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finished {
    /// A picture.
    Picture {
        is_keyframe: bool,
        size: Option<(u16, u16)>,
    },
    /// Something that goes in front of the next picture, and is kept until then.
    Front,
}

impl Assembler {
    /// Waits for the first keyframe of a stream.
    #[must_use]
    pub fn new(codec: FrameCodec, limits: Limits) -> Self {
        Self {
            limits,
            format: match codec {
                FrameCodec::Vp8 => Format::Vp8(vp8::Vp8Frame::default()),
                FrameCodec::Vp9 => Format::Vp9(vp9::Vp9Frame::default()),
                FrameCodec::H264 => Format::H264(h264::AccessUnit::default()),
                FrameCodec::Av1 => Format::Av1(av1::TemporalUnit::default()),
            },
            next: None,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            clock: None,
            building: None,
            needs_keyframe: true,
            has_asked: false,
            stats: AssemblerStats::default(),
        }
    }

    /// Takes a packet, and adds to `out` what follows from it.
    ///
    /// A stream whose numbers begin anew is another one: [`restart`](Self::restart) goes in front of its packets.
    pub fn push(&mut self, packet: RtpPayload<'_>, out: &mut Vec<Assembled>) {
        let next = *self.next.get_or_insert(packet.sequence);
        if packet.sequence < next {
            self.stats.packets_late += 1;
            return;
        }
        if packet.sequence == next {
            self.next = Some(next.saturating_add(1));
            self.take(packet, out);
        } else if self.waiting.contains_key(&packet.sequence) {
            self.stats.packets_late += 1;
            return;
        } else {
            let RtpPayload {
                sequence,
                timestamp,
                marker,
                payload,
            } = packet;
            self.waiting_bytes += payload.len();
            let payload = payload.to_vec();
            self.waiting.insert(
                sequence,
                Waiting {
                    timestamp,
                    marker,
                    payload,
                },
            );
        }
        self.go_on(out);
        while self.has_waited_enough() {
            self.give_up(out);
        }
    }

    /// No longer waits for what is missing: the stream is over, or enough time has passed.
    pub fn flush(&mut self, out: &mut Vec<Assembled>) {
        while !self.waiting.is_empty() {
            self.give_up(out);
        }
    }

    /// Another stream follows, with numbers of its own: begins anew with a keyframe. Extended timestamps begin anew, too.
    pub fn restart(&mut self) {
        self.abandon();
        self.stats.packets_unused += self.waiting.len() as u64;
        self.waiting.clear();
        self.waiting_bytes = 0;
        (self.next, self.clock) = (None, None);
        (self.needs_keyframe, self.has_asked) = (true, false);
        self.format.forget();
    }

    /// What the caller knows to be missing, for instance because it dropped packets itself: frames are left out up to the
    /// next keyframe.
    pub fn lose(&mut self, out: &mut Vec<Assembled>) {
        self.fail(out);
    }

    /// Whether frames are left out until there is a keyframe.
    #[must_use]
    pub const fn needs_keyframe(&self) -> bool {
        self.needs_keyframe
    }

    /// What became of the packets.
    #[must_use]
    pub const fn stats(&self) -> AssemblerStats {
        self.stats
    }

    /// Whether something missing was waited for as long as is allowed.
    fn has_waited_enough(&self) -> bool {
        let Some((_, first)) = self.waiting.first_key_value() else {
            return false;
        };
        let newest = self.waiting.last_key_value().map(|(_, newest)| newest.timestamp);
        let ticks = newest.map_or(0, |newest| newest.wrapping_sub(first.timestamp).cast_signed());
        self.waiting.len() > self.limits.max_packets
            || self.waiting_bytes > self.limits.max_bytes
            || u32::try_from(ticks).is_ok_and(|ticks| ticks > self.limits.max_ticks)
    }

    /// Counts what is missing in front of the first packet that waits as lost.
    fn give_up(&mut self, out: &mut Vec<Assembled>) {
        let Some((first, _)) = self.waiting.first_key_value() else {
            return;
        };
        let first = *first;
        let missing = first.saturating_sub(self.next.unwrap_or(first));
        self.stats.packets_missing = self.stats.packets_missing.saturating_add(missing);
        self.next = Some(first);
        self.fail(out);
        self.go_on(out);
    }

    /// Takes what waits and is next.
    fn go_on(&mut self, out: &mut Vec<Assembled>) {
        while let Some(entry) = self.waiting.first_entry()
            && Some(*entry.key()) == self.next
        {
            let (sequence, waiting) = entry.remove_entry();
            self.next = Some(sequence.saturating_add(1));
            self.waiting_bytes -= waiting.payload.len();
            let packet = RtpPayload {
                sequence,
                timestamp: waiting.timestamp,
                marker: waiting.marker,
                payload: &waiting.payload,
            };
            self.take(packet, out);
        }
    }

    /// Takes the next packet in order.
    fn take(&mut self, packet: RtpPayload<'_>, out: &mut Vec<Assembled>) {
        if packet.payload.is_empty() {
            return;
        }
        let is_another = |building: &Building| building.timestamp != packet.timestamp;
        if self.building.as_ref().is_some_and(is_another) {
            // Nothing is missing, so the frame is whole although no packet had the marker.
            self.finish(out);
        }
        if self.building.is_none() {
            if self.needs_keyframe && !self.format.starts_keyframe(packet.payload) {
                self.stats.packets_unused += 1;
                self.ask(out);
                return;
            }
            self.building = Some(Building {
                timestamp: packet.timestamp,
                sequence: packet.sequence,
                packets: 0,
                data: Vec::new(),
            });
            self.format.begin();
        }
        let Some(building) = &mut self.building else {
            return;
        };
        building.packets += 1;
        let is_taken = self.format.append(packet.payload, &mut building.data).is_ok();
        if !is_taken || building.data.len() + self.format.held() > self.limits.max_frame_bytes {
            self.fail(out);
        } else if packet.marker {
            self.finish(out);
        }
    }

    /// The frame has all of its packets.
    fn finish(&mut self, out: &mut Vec<Assembled>) {
        let Some(building) = &mut self.building else {
            return;
        };
        let Ok(finished) = self.format.finish(&mut building.data) else {
            self.fail(out);
            return;
        };
        let (is_keyframe, size) = match finished {
            Finished::Picture { is_keyframe, size } => (is_keyframe, size),
            Finished::Front => {
                self.building = None;
                return;
            }
        };
        if self.needs_keyframe && !is_keyframe {
            self.fail(out);
            return;
        }
        let Some(building) = self.building.take() else {
            return;
        };
        let reference = self
            .clock
            .unwrap_or_else(|| FIRST_CYCLE | u64::from(building.timestamp));
        let timestamp = extend_timestamp(reference, building.timestamp);
        self.clock = Some(timestamp);
        (self.needs_keyframe, self.has_asked) = (false, false);
        self.stats.frames += 1;
        out.push(Assembled::Frame(Frame {
            timestamp,
            sequence: building.sequence,
            is_keyframe,
            size,
            data: building.data,
        }));
    }

    /// The frame that is being built, or one in front of the next, is incomplete.
    fn fail(&mut self, out: &mut Vec<Assembled>) {
        // A keyframe that is lost while one is waited for has to be asked for anew.
        self.has_asked &= self.building.is_none();
        self.abandon();
        if let Format::H264(unit) = &mut self.format {
            unit.forget_front();
        }
        self.needs_keyframe = true;
        self.ask(out);
    }

    fn abandon(&mut self) {
        if let Some(building) = self.building.take() {
            self.stats.packets_unused += building.packets;
        }
    }

    fn ask(&mut self, out: &mut Vec<Assembled>) {
        if !std::mem::replace(&mut self.has_asked, true) {
            out.push(Assembled::KeyframeNeeded);
        }
    }
}

impl Format {
    /// Whether a keyframe begins with the packet, whatever was before.
    fn starts_keyframe(&mut self, payload: &[u8]) -> bool {
        match self {
            Self::Vp8(_) => super::vp8_starts_keyframe(payload),
            Self::Vp9(_) => vp9::starts_keyframe(payload),
            Self::H264(unit) => unit.starts_keyframe(payload),
            Self::Av1(_) => super::av1_starts_keyframe(payload),
        }
    }

    /// Another frame begins.
    fn begin(&mut self) {
        match self {
            Self::Vp8(frame) => *frame = vp8::Vp8Frame::default(),
            Self::Vp9(frame) => *frame = vp9::Vp9Frame::default(),
            Self::H264(unit) => unit.begin(),
            Self::Av1(unit) => *unit = av1::TemporalUnit::default(),
        }
    }

    /// Adds a packet to the frame.
    fn append(&mut self, payload: &[u8], data: &mut Vec<u8>) -> Result<(), ParseError> {
        match self {
            Self::Vp8(frame) => frame.append(payload, data),
            Self::Vp9(frame) => frame.append(payload, data),
            Self::H264(unit) => unit.append(payload, data),
            Self::Av1(unit) => unit.append(payload, data),
        }
    }

    /// Bytes of the frame that are not among its data yet.
    fn held(&self) -> usize {
        match self {
            Self::Av1(unit) => unit.held(),
            Self::Vp8(_) | Self::Vp9(_) | Self::H264(_) => 0,
        }
    }

    /// The last packet was added.
    fn finish(&mut self, data: &mut Vec<u8>) -> Result<Finished, ParseError> {
        match self {
            Self::Vp8(frame) => frame.finish(),
            Self::Vp9(frame) => frame.finish(data),
            Self::H264(unit) => unit.finish(data),
            Self::Av1(unit) => unit.finish(data),
        }
    }

    /// What was kept for later frames belongs to another stream.
    fn forget(&mut self) {
        if let Self::H264(unit) = self {
            *unit = h264::AccessUnit::default();
        }
    }
}
