//! The inside of an Opus packet, read without decoding it (RFC 6716 §3).
//!
//! A packet is one table-of-contents byte, the lengths its frame code asks for, 1 to 48 frames of at most
//! 1275 bytes, and padding. The functions here accept exactly what `opus_packet_parse` accepts.
#![warn(clippy::indexing_slicing)]

use std::time::Duration;

use super::MAX_PACKET_SAMPLES;

/// Largest compressed frame, in bytes (RFC 6716 §3.4, R2).
pub const MAX_FRAME_BYTES: usize = 1275;

/// Most frames one packet can hold: 120 ms of 2.5 ms frames.
pub const MAX_FRAMES: usize = 48;

/// Parses a whole packet: its table of contents and where each frame lies.
///
/// # Errors
/// Why the packet breaks the rules R1 to R7 of RFC 6716 §3.4.
pub fn inspect(packet: &[u8]) -> Result<Packet<'_>, ParseError> {
    let (&first, body) = packet.split_first().ok_or(ParseError::Empty)?;
    let toc = Toc(first);
    let mut reader = Body(body);
    let frame_samples = toc.frame_samples();
    let mut frames = Frames::default();
    let mut padding: &[u8] = &[];
    match first & 3 {
        0 => frames.push(reader.rest()?)?,
        1 => {
            let all = reader.0;
            if !all.len().is_multiple_of(2) {
                return Err(ParseError::UnevenFrames);
            }
            let (one, two) = all.split_at(all.len() / 2);
            frames.push(one)?;
            frames.push(two)?;
        }
        2 => {
            let length = reader.frame_length()?;
            frames.push(reader.take(length)?)?;
            frames.push(reader.rest()?)?;
        }
        _ => {
            let header = reader.byte()?;
            let count = usize::from(header & 0x3f);
            if count == 0 {
                return Err(ParseError::NoFrames);
            }
            if count * frame_samples > MAX_PACKET_SAMPLES {
                return Err(ParseError::TooLong);
            }
            if header & 0x40 != 0 {
                padding = reader.strip_padding()?;
            }
            if header & 0x80 != 0 {
                let mut lengths = [0; MAX_FRAMES];
                let lengths = lengths.get_mut(..count - 1).ok_or(ParseError::TooLong)?;
                for length in &mut *lengths {
                    *length = reader.frame_length()?;
                }
                for length in lengths {
                    frames.push(reader.take(*length)?)?;
                }
                frames.push(reader.rest()?)?;
            } else {
                let all = reader.0;
                if !all.len().is_multiple_of(count) {
                    return Err(ParseError::UnevenFrames);
                }
                let each = all.len() / count;
                for _ in 0..count {
                    frames.push(reader.take(each)?)?;
                }
            }
        }
    }
    Ok(Packet { toc, frames, padding })
}

/// How long the packet's sound lasts.
///
/// # Errors
/// As [`inspect`].
pub fn duration(packet: &[u8]) -> Result<Duration, ParseError> {
    Ok(crate::samples_to_duration(duration_samples(packet)? as u64))
}

/// How long the packet's sound lasts, in samples per channel at 48 kHz: 120 to 5760.
///
/// # Errors
/// As [`inspect`].
pub fn duration_samples(packet: &[u8]) -> Result<usize, ParseError> {
    Ok(inspect(packet)?.samples())
}

/// Whether the packet carries a redundant copy of what came before it (an LBRR frame, RFC 6716 §4.2.4).
/// Malformed packets carry none.
#[must_use]
pub fn has_fec(packet: &[u8]) -> bool {
    inspect(packet).is_ok_and(|packet| packet.has_fec())
}

/// Whether the packet says "nothing to hear here" (RFC 6716 §2.1.9): no frame is longer than one byte.
/// Malformed packets say nothing.
#[must_use]
pub fn is_dtx(packet: &[u8]) -> bool {
    inspect(packet).is_ok_and(|packet| packet.is_dtx())
}

/// Whether the packet carries deep redundancy (DRED) that the libopus in use understands: an extension in the padding
/// (draft-ietf-mlcodec-opus-dred, version 12 of its experiments). Malformed packets carry none.
///
/// Extensions that stand after a "repeat these extensions" mark are not looked at; libopus writes DRED before any.
#[must_use]
pub fn has_dred(packet: &[u8]) -> bool {
    inspect(packet).is_ok_and(|packet| packet.has_dred())
}

/// A parsed packet, borrowing the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'p> {
    toc: Toc,
    frames: Frames<'p>,
    padding: &'p [u8],
}

impl<'p> Packet<'p> {
    /// The table-of-contents byte.
    #[must_use]
    pub const fn toc(&self) -> Toc {
        self.toc
    }

    /// The compressed frames in order, 1 to 48. An empty one was not transmitted.
    #[must_use]
    pub fn frames(&self) -> &[&'p [u8]] {
        self.frames.all.get(..self.frames.count).unwrap_or_default()
    }

    /// Samples per channel at 48 kHz, all frames together.
    #[must_use]
    pub const fn samples(&self) -> usize {
        self.frames.count * self.toc.frame_samples()
    }

    /// Padding after the frames, in bytes, without the bytes that give its length.
    #[must_use]
    pub const fn padding_bytes(&self) -> usize {
        self.padding.len()
    }

    /// What the padding consists of: zeros, or extensions such as DRED.
    #[must_use]
    pub const fn padding(&self) -> &'p [u8] {
        self.padding
    }

    /// See [`has_dred`](fn@has_dred).
    #[must_use]
    pub fn has_dred(&self) -> bool {
        dred_payload(self.padding).is_some()
    }

    /// See [`has_fec`](fn@has_fec).
    #[must_use]
    pub fn has_fec(&self) -> bool {
        if self.toc.mode() == Mode::Celt {
            return false;
        }
        let Some(&header) = self.frames().first().and_then(|frame| frame.first()) else {
            return false;
        };
        // A SILK frame starts with one activity flag per 20 ms (10 ms frames have one), then the LBRR flag; a
        // stereo frame repeats both for the side channel. They are coded evenly, so they are plain bits.
        let silk_frames = match self.toc.frame_samples() {
            1920 => 2,
            2880 => 3,
            _ => 1,
        };
        let middle = header >> (7 - silk_frames) & 1;
        let side = header >> (6 - 2 * silk_frames) & 1;
        middle == 1 || (self.toc.channels() == 2 && side == 1)
    }

    /// See [`is_dtx`](fn@is_dtx).
    #[must_use]
    pub fn is_dtx(&self) -> bool {
        self.frames().iter().all(|frame| frame.len() <= 1)
    }
}

/// The table-of-contents byte of a packet (RFC 6716 §3.1). Any value is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Toc(pub u8);

impl Toc {
    /// The configuration number, 0 to 31.
    #[must_use]
    pub const fn config(self) -> u8 {
        self.0 >> 3
    }

    /// The coding mode.
    #[must_use]
    pub const fn mode(self) -> Mode {
        match self.config() {
            0..=11 => Mode::Silk,
            12..=15 => Mode::Hybrid,
            _ => Mode::Celt,
        }
    }

    /// The audio bandwidth.
    #[must_use]
    pub const fn bandwidth(self) -> Bandwidth {
        match self.config() {
            0..=3 | 16..=19 => Bandwidth::Narrow,
            4..=7 => Bandwidth::Medium,
            8..=11 | 20..=23 => Bandwidth::Wide,
            12 | 13 | 24..=27 => Bandwidth::SuperWide,
            _ => Bandwidth::Full,
        }
    }

    /// Samples per channel of one frame at 48 kHz: 120, 240, 480, 960, 1920 or 2880.
    #[must_use]
    pub const fn frame_samples(self) -> usize {
        let config = self.config();
        match self.mode() {
            Mode::Silk => match config & 3 {
                0 => 480,
                1 => 960,
                2 => 1920,
                _ => 2880,
            },
            Mode::Hybrid => 480 << (config & 1),
            Mode::Celt => 120 << (config & 3),
        }
    }

    /// Channels that are coded, 1 or 2.
    #[must_use]
    pub const fn channels(self) -> u8 {
        1 + (self.0 >> 2 & 1)
    }

    /// How frames are packed, 0 to 3: one, two of equal size, two of different size, any number.
    #[must_use]
    pub const fn frame_code(self) -> u8 {
        self.0 & 3
    }
}

/// Which of the codec's layers made the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Linear prediction: speech at low rates.
    Silk,
    /// SILK below 8 kHz, CELT above.
    Hybrid,
    /// Transform coding: music and low delay.
    Celt,
}

/// Audio bandwidth (RFC 6716 §2, table 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bandwidth {
    /// Up to 4 kHz.
    Narrow,
    /// Up to 6 kHz.
    Medium,
    /// Up to 8 kHz.
    Wide,
    /// Up to 12 kHz.
    SuperWide,
    /// Up to 20 kHz.
    Full,
}

impl Bandwidth {
    /// The highest frequency that is coded, in hertz.
    #[must_use]
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 4_000,
            Self::Medium => 6_000,
            Self::Wide => 8_000,
            Self::SuperWide => 12_000,
            Self::Full => 20_000,
        }
    }
}

/// Which rule of RFC 6716 §3.4 a packet breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// There is no table-of-contents byte (R1).
    #[error("empty")]
    Empty,
    /// A frame is longer than 1275 bytes (R2).
    #[error("a frame over 1275 bytes")]
    FrameTooLarge,
    /// Frames said to be of equal size do not divide what is there (R3, R6).
    #[error("frames of equal size that do not divide the packet")]
    UnevenFrames,
    /// A length, or what it announces, is beyond the end (R4, R6, R7).
    #[error("truncated")]
    Truncated,
    /// A code 3 packet without a frame (R5).
    #[error("no frame")]
    NoFrames,
    /// More than 120 ms (R5).
    #[error("more than 120 ms")]
    TooLong,
}

#[derive(Debug, Clone, Copy)]
struct Frames<'p> {
    all: [&'p [u8]; MAX_FRAMES],
    /// 0 <= count <= MAX_FRAMES
    count: usize,
}

impl Default for Frames<'_> {
    fn default() -> Self {
        Self {
            all: [&[]; MAX_FRAMES],
            count: 0,
        }
    }
}

impl<'p> Frames<'p> {
    fn push(&mut self, frame: &'p [u8]) -> Result<(), ParseError> {
        if frame.len() > MAX_FRAME_BYTES {
            return Err(ParseError::FrameTooLarge);
        }
        *self.all.get_mut(self.count).ok_or(ParseError::TooLong)? = frame;
        self.count += 1;
        Ok(())
    }
}

/// What is left of the packet to read.
struct Body<'p>(&'p [u8]);

impl<'p> Body<'p> {
    fn byte(&mut self) -> Result<u8, ParseError> {
        let (&byte, rest) = self.0.split_first().ok_or(ParseError::Truncated)?;
        self.0 = rest;
        Ok(byte)
    }

    fn take(&mut self, length: usize) -> Result<&'p [u8], ParseError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ParseError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn rest(&mut self) -> Result<&'p [u8], ParseError> {
        self.take(self.0.len())
    }

    /// A frame length of one or two bytes (§3.2.1).
    fn frame_length(&mut self) -> Result<usize, ParseError> {
        let first = usize::from(self.byte()?);
        if first < 252 {
            return Ok(first);
        }
        Ok(usize::from(self.byte()?) * 4 + first)
    }

    /// Reads the padding length and cuts that many bytes off the end (§3.2.5).
    fn strip_padding(&mut self) -> Result<&'p [u8], ParseError> {
        let mut total = 0;
        loop {
            let byte = usize::from(self.byte()?);
            // 255 means 254 bytes of padding and another length byte.
            total += byte.min(254);
            if byte < 255 {
                break;
            }
        }
        let kept = self.0.len().checked_sub(total).ok_or(ParseError::Truncated)?;
        let (kept, padding) = self.0.split_at_checked(kept).ok_or(ParseError::Truncated)?;
        self.0 = kept;
        Ok(padding)
    }
}

/// The DRED extension within padding, without what marks its version.
fn dred_payload(mut padding: &[u8]) -> Option<&[u8]> {
    const DRED: u8 = 126;
    const VERSION: [u8; 2] = [b'D', 12];
    while let Some((&head, rest)) = padding.split_first() {
        let (id, long) = (head >> 1, head & 1 == 1);
        let (payload, rest) = match id {
            // One byte of padding, or nothing but padding from here on.
            0 if long => (&[][..], rest),
            0 | 2 => return None,
            1..=31 => rest.split_at_checked(usize::from(long))?,
            _ if !long => (rest, &[][..]),
            _ => {
                let mut length = 0;
                let mut after = rest;
                loop {
                    let (&lacing, others) = after.split_first()?;
                    after = others;
                    length += usize::from(lacing);
                    if lacing < 255 {
                        break after.split_at_checked(length)?;
                    }
                }
            }
        };
        if id == DRED
            && let Some(payload) = payload.strip_prefix(&VERSION)
            && !payload.is_empty()
        {
            return Some(payload);
        }
        padding = rest;
    }
    None
}
