//! What a file has to say about compressed pictures before the first of them: their size and the parameters a
//! decoder starts from. Read from keyframes; nothing here decodes.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod av1;
mod avc;
mod bits;
mod vpx;

pub use av1::Av1Config;
pub use avc::AvcConfig;

pub(super) use av1::without_delimiters;
pub(super) use avc::length_prefixed;

use crate::Error;

/// A video coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VideoFormat {
    /// VP8 (RFC 6386).
    Vp8,
    /// VP9.
    Vp9,
    /// H.264, as Annex B byte streams.
    H264,
    /// AV1, as temporal units.
    Av1,
}

impl VideoFormat {
    /// Whether a decoder can start with this frame.
    ///
    /// What cannot be read is no keyframe.
    #[must_use]
    pub fn is_keyframe(self, frame: &[u8]) -> bool {
        self.keyframe_size(frame).is_ok()
    }

    /// Width and height in pixels, from a keyframe. An AV1 or H.264 keyframe needs its parameters with it.
    ///
    /// Of a VP9 frame with several spatial layers this is the size of the lowest.
    ///
    /// # Errors
    /// [`Error::Video`] when the frame is none a decoder could start with, or is malformed.
    pub fn keyframe_size(self, frame: &[u8]) -> Result<(u16, u16), Error> {
        match self {
            Self::Vp8 => vpx::vp8_size(frame),
            Self::Vp9 => vpx::vp9_size(frame),
            Self::H264 => {
                if !avc::has_idr(frame) {
                    return Err(Error::Video("an H.264 access unit without an IDR picture"));
                }
                Ok(AvcConfig::from_annex_b(frame)?.size())
            }
            Self::Av1 => Ok(Av1Config::from_temporal_unit(frame)?.size()),
        }
    }
}

#[cfg(test)]
mod tests;
