use super::{
    MAX_PACKET_SAMPLES,
    packet::{self, MAX_FRAMES, ParseError, Toc},
};

/// Merges packets into longer ones, splits them, and pads them, without decoding (RFC 6716 §3.2).
///
/// Frames are borrowed from the packets they came in. [`cat`](Self::cat) collects packets of one configuration, up to 120 ms;
/// [`write`](Self::write) writes any range of their frames as one packet.
///
/// ```
/// use anteroom_codec::opus::Repacketizer;
///
/// let (first, second) = ([0x78, 1, 2, 3], [0x78, 4, 5, 6]);
/// let mut frames = Repacketizer::new();
/// frames.cat(&first)?;
/// frames.cat(&second)?;
/// let mut merged = [0; 100];
/// let length = frames.write(.., &mut merged)?;
/// assert_eq!(merged[..length], [0x79, 1, 2, 3, 4, 5, 6]);
/// # Ok::<_, anteroom_codec::opus::RepacketizeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Repacketizer<'p> {
    toc: Option<Toc>,
    frames: [&'p [u8]; MAX_FRAMES],
    /// 0 <= count <= MAX_FRAMES
    count: usize,
}

/// Why packets cannot be merged, or a packet cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RepacketizeError {
    /// One of the packets is malformed.
    #[error("malformed Opus packet: {0}")]
    Packet(ParseError),
    /// Mode, bandwidth, frame length or channels differ from those of the packets before.
    #[error("packets of different configurations")]
    Configuration,
    /// Together they would last more than 120 ms.
    #[error("more than 120 ms")]
    TooLong,
    /// There is no such frame, or no frame at all.
    #[error("no such frames")]
    Range,
    /// The packet does not fit into the buffer, or not into the length it is to be padded to.
    #[error("a packet of {needed} bytes where there is room for {got}")]
    Room {
        /// Bytes the packet has.
        needed: usize,
        /// Bytes there are.
        got: usize,
    },
}

impl From<ParseError> for RepacketizeError {
    fn from(error: ParseError) -> Self {
        Self::Packet(error)
    }
}

impl<'p> Repacketizer<'p> {
    /// Nothing collected yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            toc: None,
            frames: [&[]; MAX_FRAMES],
            count: 0,
        }
    }

    /// Adds the frames of a packet. Its padding is left behind, and with it extensions such as DRED.
    ///
    /// # Errors
    /// [`RepacketizeError::Packet`], [`RepacketizeError::Configuration`], [`RepacketizeError::TooLong`]; nothing is added
    /// then.
    pub fn cat(&mut self, packet: &'p [u8]) -> Result<(), RepacketizeError> {
        let read = packet::inspect(packet)?;
        let toc = read.toc();
        if self.toc.is_some_and(|first| first.0 & !3 != toc.0 & !3) {
            return Err(RepacketizeError::Configuration);
        }
        let count = self.count + read.frames().len();
        if count * toc.frame_samples() > MAX_PACKET_SAMPLES {
            return Err(RepacketizeError::TooLong);
        }
        let room = self.frames.get_mut(self.count..count);
        room.ok_or(RepacketizeError::TooLong)?
            .copy_from_slice(read.frames());
        self.count = count;
        self.toc = Some(toc);
        Ok(())
    }

    /// Frames collected, 0 to 48.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Writes a packet of some of the frames to the front of `out` and returns its length, the shortest there is.
    ///
    /// # Errors
    /// [`RepacketizeError::Range`] for a range without frames or beyond them, [`RepacketizeError::Room`].
    pub fn write(
        &self,
        frames: impl std::ops::RangeBounds<usize>,
        out: &mut [u8],
    ) -> Result<usize, RepacketizeError> {
        let (toc, frames) = self.range(frames)?;
        write(toc, frames, None, out)
    }

    /// The same, padded with zeros to exactly `length` bytes.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`RepacketizeError::Room`] also when the packet is longer than `length`.
    pub fn write_padded(
        &self,
        frames: impl std::ops::RangeBounds<usize>,
        length: usize,
        out: &mut [u8],
    ) -> Result<usize, RepacketizeError> {
        let (toc, frames) = self.range(frames)?;
        write(toc, frames, Some(length), out)
    }

    fn range(
        &self,
        range: impl std::ops::RangeBounds<usize>,
    ) -> Result<(Toc, &[&'p [u8]]), RepacketizeError> {
        let range = (range.start_bound().cloned(), range.end_bound().cloned());
        let all = self.frames.get(..self.count).unwrap_or_default();
        let frames = all.get(range).filter(|frames| !frames.is_empty());
        self.toc.zip(frames).ok_or(RepacketizeError::Range)
    }
}

impl Default for Repacketizer<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes `packet` padded to exactly `length` bytes to the front of `out`: for a constant rate, or so that its length tells
/// nothing (RFC 6562).
///
/// # Errors
/// [`RepacketizeError::Packet`] for a malformed packet, [`RepacketizeError::Room`] when it is longer than `length` already,
/// or `out` is shorter. (A packet of the same length without padding stays as it is.)
pub fn pad(packet: &[u8], length: usize, out: &mut [u8]) -> Result<usize, RepacketizeError> {
    let mut frames = Repacketizer::new();
    frames.cat(packet)?;
    frames.write_padded(.., length, out)
}

/// Writes `packet` without padding to the front of `out`, and returns its length: the shortest packet with the same frames.
///
/// # Errors
/// [`RepacketizeError::Packet`] for a malformed packet, [`RepacketizeError::Room`] when `out` is too short.
pub fn unpad(packet: &[u8], out: &mut [u8]) -> Result<usize, RepacketizeError> {
    let mut frames = Repacketizer::new();
    frames.cat(packet)?;
    frames.write(.., out)
}

fn write(
    toc: Toc,
    frames: &[&[u8]],
    length: Option<usize>,
    out: &mut [u8],
) -> Result<usize, RepacketizeError> {
    let got = length.unwrap_or(out.len());
    if got > out.len() {
        return Err(RepacketizeError::Room {
            needed: got,
            got: out.len(),
        });
    }
    let equal = frames.windows(2).all(|pair| pair[0].len() == pair[1].len());
    let data: usize = frames.iter().map(|frame| frame.len()).sum();
    // All lengths but the last are written when they differ.
    let lengths: usize = if equal {
        0
    } else {
        frames.iter().rev().skip(1).map(|frame| length_len(frame)).sum()
    };
    let short = 1 + lengths + data;
    let counted = frames.len() > 2;
    let shortest = short + usize::from(counted);
    if shortest > got {
        return Err(RepacketizeError::Room {
            needed: shortest,
            got,
        });
    }
    let mut writer = Writer { out, at: 0 };
    let padded = length.filter(|length| *length > shortest);
    if counted || padded.is_some() {
        // Code 3: two bytes of header, the padding's length, then as without padding.
        let padding = padded.map_or(0, |length| length - short - 1);
        let flags = if equal { 0 } else { 0x80 } | if padding > 0 { 0x40 } else { 0 };
        writer.byte(toc.0 | 3);
        writer.byte(flags | u8::try_from(frames.len()).unwrap_or_default());
        let zeros = if padding > 0 {
            writer.padding_len(padding)
        } else {
            0
        };
        writer.frames(frames, equal);
        writer.zeros(zeros);
    } else {
        let code = match (frames.len(), equal) {
            (1, _) => 0,
            (_, true) => 1,
            (_, false) => 2,
        };
        writer.byte(toc.0 & !3 | code);
        writer.frames(frames, equal);
    }
    Ok(writer.at)
}

/// What a frame's length takes (§3.2.1).
const fn length_len(frame: &[u8]) -> usize {
    if frame.len() < 252 { 1 } else { 2 }
}

/// Whoever writes has found that there is room.
struct Writer<'o> {
    out: &'o mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(room) = self.out.get_mut(self.at..self.at + bytes.len()) {
            room.copy_from_slice(bytes);
            self.at += bytes.len();
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    fn zeros(&mut self, count: usize) {
        if let Some(room) = self.out.get_mut(self.at..self.at + count) {
            room.fill(0);
            self.at += count;
        }
    }

    /// Writes how much padding there is, given how much there is with the bytes that say so; at least one. Returns what is
    /// left to be zeros.
    fn padding_len(&mut self, all: usize) -> usize {
        // Each 255 stands for itself and 254 more.
        let full = (all - 1) / 255;
        let zeros = all - full - 1;
        for _ in 0..full {
            self.byte(255);
        }
        self.byte(u8::try_from(zeros - full * 254).unwrap_or_default());
        zeros
    }

    fn frames(&mut self, frames: &[&[u8]], equal: bool) {
        if !equal {
            for frame in frames.iter().rev().skip(1).rev() {
                // The first byte is 252 to 255, the second counts by four.
                let length = frame.len();
                if length < 252 {
                    self.byte(u8::try_from(length).unwrap_or_default());
                } else {
                    self.byte(u8::try_from(252 + length % 4).unwrap_or_default());
                    self.byte(u8::try_from((length - 252) / 4).unwrap_or_default());
                }
            }
        }
        for frame in frames {
            self.bytes(frame);
        }
    }
}
