//! The fronts of VP8 and VP9 keyframes.

use super::bits::Bits;
use crate::Error;

/// RFC 6386 §9.1.
pub(super) fn vp8_size(frame: &[u8]) -> Result<(u16, u16), Error> {
    let Some(&[tag, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1]) = frame.first_chunk() else {
        return Err(Error::Video("no VP8 keyframe"));
    };
    if tag & 1 != 0 {
        return Err(Error::Video("no VP8 keyframe"));
    }
    // The two bits above the fourteen ask for scaling.
    let size = (
        u16::from_le_bytes([w0, w1]) & 0x3fff,
        u16::from_le_bytes([h0, h1]) & 0x3fff,
    );
    if size.0 == 0 || size.1 == 0 {
        return Err(Error::Video("a VP8 keyframe without size"));
    }
    Ok(size)
}

/// The uncompressed header, VP9 bitstream specification §6.2.
pub(super) fn vp9_size(frame: &[u8]) -> Result<(u16, u16), Error> {
    /// RGB, which comes without subsampling.
    const CS_RGB: u32 = 7;
    let mut bits = Bits::new(frame, "a truncated VP9 frame header");
    if bits.bits(2)? != 2 {
        return Err(Error::Video("no VP9 frame"));
    }
    let profile = bits.bits(1)? | bits.bits(1)? << 1;
    if profile == 3 && bits.bit()? {
        return Err(Error::Video("a VP9 frame of an unknown profile"));
    }
    let show_existing = bits.bit()?;
    if show_existing || bits.bit()? {
        return Err(Error::Video("no VP9 keyframe"));
    }
    // Shown or not, resilient or not.
    bits.bits(2)?;
    if bits.bits(24)? != 0x49_8342 {
        return Err(Error::Video("no VP9 keyframe"));
    }
    if profile >= 2 {
        bits.bit()?;
    }
    let has_subsampling = profile & 1 == 1;
    if bits.bits(3)? == CS_RGB {
        if !has_subsampling {
            return Err(Error::Video("a VP9 frame in RGB of a profile without"));
        }
        bits.bit()?;
    } else {
        bits.bit()?;
        if has_subsampling {
            bits.bits(3)?;
        }
    }
    let mut side =
        || u16::try_from(bits.bits(16)? + 1).map_err(|_| Error::Video("a VP9 frame over 65535 pixels"));
    Ok((side()?, side()?))
}
