//! Pictures of VP9: the frames of all spatial layers, one after the other.
//!
//! Several frames in one block want an index behind them, by which decoders tell them apart (VP9 specification annex B).
//! RTP goes without, since descriptors tell where frames begin.

use super::Finished;
use crate::error::ParseError;
use crate::payload::vp9::{MAX_SPATIAL_LAYERS, Vp9Descriptor};

/// The bytes of an index: its marker twice, and lengths of at most four bytes.
const MAX_INDEX_LEN: usize = 2 + 4 * MAX_SPATIAL_LAYERS;

#[derive(Debug, Default)]
pub(super) struct Vp9Frame {
    is_keyframe: bool,
    size: Option<(u16, u16)>,
    /// Where the frames of layers begin in the data.
    starts: [usize; MAX_SPATIAL_LAYERS],
    /// Invariant: at most [`MAX_SPATIAL_LAYERS`].
    layers: usize,
    /// Within the frame of a layer.
    is_open: bool,
}

/// Whether a packet is the first of a picture that refers to nothing before it and sets all references anew. A frame that is
/// coded by itself alone (`intra_only`) looks the same in the descriptor.
pub(super) fn starts_keyframe(payload: &[u8]) -> bool {
    Vp9Descriptor::read(payload).is_ok_and(|read| {
        read.is_keyframe_start()
            && payload
                .get(read.len..)
                .is_some_and(|frame| Header::of(frame).is_keyframe)
    })
}

impl Vp9Frame {
    pub(super) fn append(&mut self, payload: &[u8], data: &mut Vec<u8>) -> Result<(), ParseError> {
        const FIELD: &str = "VP9 frame start";
        let descriptor = Vp9Descriptor::read(payload)?;
        let frame = payload.get(descriptor.len..).unwrap_or_default();
        if descriptor.starts_frame == self.is_open {
            return Err(ParseError::invalid(FIELD));
        }
        if descriptor.starts_frame {
            *self
                .starts
                .get_mut(self.layers)
                .ok_or(ParseError::invalid(FIELD))? = data.len();
            if self.layers == 0 {
                if descriptor.is_keyframe_start() {
                    let header = Header::of(frame);
                    (self.is_keyframe, self.size) = (header.is_keyframe, header.size);
                }
            } else if let (true, Some(size)) = (self.is_keyframe, Header::of(frame).size) {
                // A higher layer that is coded by itself; the picture is as large as its largest.
                self.size = Some(size);
            }
            if let (true, Some(structure), Some(first)) = (self.layers == 0, descriptor.structure, self.size)
            {
                // Higher layers of a keyframe refer to the lowest, and say their size nowhere else that is easily read.
                let largest = structure.size(structure.spatial_layers - 1);
                self.size = Some(largest.filter(|largest| largest.0 >= first.0).unwrap_or(first));
            }
            self.layers += 1;
        }
        self.is_open = !descriptor.ends_frame;
        data.extend_from_slice(frame);
        Ok(())
    }

    pub(super) fn finish(&self, data: &mut Vec<u8>) -> Result<Finished, ParseError> {
        const FIELD: &str = "VP9 frame end";
        if self.is_open {
            return Err(ParseError::invalid(FIELD));
        }
        let starts = self.starts.get(..self.layers).unwrap_or_default();
        if starts.len() > 1 {
            let ends = starts.iter().skip(1).copied().chain([data.len()]);
            let lengths = starts.iter().zip(ends).map(|(start, end)| end - start);
            let mut index = Vec::with_capacity(MAX_INDEX_LEN);
            // Three bits of the number of frames less one, two of the bytes of a length less one.
            let marker = 0xc0 | 3 << 3 | u8::try_from(starts.len() - 1).unwrap_or(7);
            index.push(marker);
            for length in lengths {
                let length = u32::try_from(length).map_err(|_| ParseError::invalid(FIELD))?;
                index.extend_from_slice(&length.to_le_bytes());
            }
            index.push(marker);
            data.extend_from_slice(&index);
        }
        Ok(Finished::Picture {
            is_keyframe: self.is_keyframe,
            size: self.size,
        })
    }
}

/// What stands first in a frame (VP9 specification §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Header {
    is_keyframe: bool,
    size: Option<(u16, u16)>,
}

impl Header {
    fn of(frame: &[u8]) -> Self {
        Self::read(frame).unwrap_or_default()
    }

    fn read(frame: &[u8]) -> Option<Self> {
        // All there is to read is in the first 13 bytes: 8 + 24 + at most 7 + 32 bits.
        let mut front = [0; 16];
        for (to, from) in front.iter_mut().zip(frame) {
            *to = *from;
        }
        let (mut bits, len) = (u128::from_be_bytes(front), frame.len().min(16) * 8);
        let mut left = len;
        let mut take = |count: usize| {
            left = left.checked_sub(count)?;
            let value = bits >> (128 - count);
            bits <<= count;
            u32::try_from(value).ok()
        };
        if take(2)? != 2 {
            return None;
        }
        let profile = take(1)? | take(1)? << 1;
        if profile == 3 {
            take(1)?;
        }
        let (shows_existing, is_inter) = (take(1)? == 1, take(1)? == 1);
        if shows_existing || is_inter {
            return Some(Self::default());
        }
        take(2)?;
        if take(24)? != 0x49_83_42 {
            return None;
        }
        let is_keyframe = Self {
            is_keyframe: true,
            size: None,
        };
        if profile >= 2 {
            take(1)?;
        }
        // RGB has no range, and in profiles 1 and 3 a reserved bit only.
        let is_rgb = take(3)? == 7;
        let more = match (is_rgb, profile & 1 == 1) {
            (false, false) => 1,
            (false, true) => 4,
            (true, false) => return Some(is_keyframe),
            (true, true) => 1,
        };
        take(more)?;
        let (width, height) = (take(16)? + 1, take(16)? + 1);
        Some(Self {
            size: u16::try_from(width).ok().zip(u16::try_from(height).ok()),
            ..is_keyframe
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_keyframes_tell_the_size() {
        // Profile 0, 640x360: marker 10, profile 00, not shown again, key, shown, no resilience; BT.601, studio range.
        let mut bits: Vec<u8> = vec![0x82, 0x49, 0x83, 0x42];
        // 001 0 | 639 | 359
        let tail: u64 = (0b0010 << 32 | 639 << 16 | 359) << (64 - 36);
        bits.extend_from_slice(&tail.to_be_bytes());
        let size = Some((640, 360));
        assert_eq!(
            Header::of(&bits),
            Header {
                is_keyframe: true,
                size
            }
        );
        for end in 0..9 {
            assert!(Header::of(&bits[..end]).size.is_none(), "{end}");
        }
        assert!(
            !Header::of(&[0x86, 0x49, 0x83, 0x42]).is_keyframe,
            "an inter frame"
        );
        assert!(
            !Header::of(&[0x8a, 0x49, 0x83, 0x42]).is_keyframe,
            "one shown again"
        );
        assert!(!Header::of(&[0x82, 0x49, 0x83, 0x43]).is_keyframe, "another code");
    }
}
