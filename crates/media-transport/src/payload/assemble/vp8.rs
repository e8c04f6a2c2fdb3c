//! Frames of VP8: the payloads behind their descriptors, one after the other (RFC 7741 §4.4).

use super::Finished;
use crate::error::ParseError;
use crate::payload::vp8::Vp8Descriptor;

#[derive(Debug, Default)]
pub(super) struct Vp8Frame {
    has_begun: bool,
    is_keyframe: bool,
    size: Option<(u16, u16)>,
}

impl Vp8Frame {
    pub(super) fn append(&mut self, payload: &[u8], data: &mut Vec<u8>) -> Result<(), ParseError> {
        const FIELD: &str = "VP8 frame start";
        let descriptor = Vp8Descriptor::read(payload)?;
        // Partitions other than the first may begin in the middle of a frame.
        if descriptor.is_frame_start() == self.has_begun {
            return Err(ParseError::invalid(FIELD));
        }
        if !self.has_begun {
            self.has_begun = true;
            self.is_keyframe = descriptor.is_keyframe_start();
            self.size = descriptor.size();
        }
        data.extend_from_slice(payload.get(descriptor.len..).unwrap_or_default());
        Ok(())
    }

    pub(super) const fn finish(&self) -> Result<Finished, ParseError> {
        Ok(Finished::Picture {
            is_keyframe: self.is_keyframe,
            size: self.size,
        })
    }
}
