//! Header extensions (RFC 8285): the elements of a block, and what is in those a meeting needs.

mod abs_capture_time;
mod abs_send_time;
mod audio_level;
mod frame_marking;
mod map;
mod playout_delay;
mod stream_id;
#[cfg(test)]
mod tests;
mod transport_sequence;
mod values;
mod video_content_type;
mod video_orientation;

pub use abs_capture_time::AbsCaptureTime;
pub use abs_send_time::AbsSendTime;
pub use audio_level::AudioLevel;
pub use frame_marking::FrameMarking;
pub use map::{ExtensionKind, ExtensionMap};
pub use playout_delay::PlayoutDelay;
pub use stream_id::{MAX_STREAM_ID_LEN, StreamId};
pub use transport_sequence::TransportSequence;
pub use values::ExtensionValues;
pub use video_content_type::VideoContentType;
pub use video_orientation::{Rotation, VideoOrientation};

use super::{ONE_BYTE_PROFILE, TWO_BYTE_PROFILE};

/// The elements of a header extension block, in wire order (RFC 8285).
///
/// Iterates over `(id, value)`: ids 1..=14 with 1 to 16 bytes in the one-byte form, ids 1..=255 with 0 to 255 bytes in
/// the two-byte form.
#[derive(Debug, Clone, Copy)]
pub struct Extensions<'a> {
    form: Form,
    rest: &'a [u8],
}

/// How the elements of a block begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Id and length share a byte (RFC 8285 §4.2).
    OneByte,
    /// Each has its own (RFC 8285 §4.3).
    TwoByte,
}

impl Form {
    /// The form a "defined by profile" word announces; `None` for a profile that is not RFC 8285's.
    #[inline]
    pub(super) const fn of(profile: u16) -> Option<Self> {
        if profile == ONE_BYTE_PROFILE {
            Some(Self::OneByte)
        } else if profile & 0xfff0 == TWO_BYTE_PROFILE {
            Some(Self::TwoByte)
        } else {
            None
        }
    }
}

impl<'a> Extensions<'a> {
    pub(super) const fn none() -> Self {
        Self {
            form: Form::OneByte,
            rest: &[],
        }
    }

    #[inline]
    pub(super) const fn new(profile: u16, block: &'a [u8]) -> Self {
        match Form::of(profile) {
            Some(form) => Self { form, rest: block },
            None => Self::none(),
        }
    }

    /// The form of the elements that are not read yet, and their bytes.
    #[inline]
    pub(super) const fn parts(self) -> (Form, &'a [u8]) {
        (self.form, self.rest)
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&head, rest) = self.rest.split_first()?;
            let (id, length, rest) = match self.form {
                Form::OneByte if head == 0 => (0, 0, rest),
                Form::OneByte => {
                    let id = head >> 4;
                    if matches!(id, 0 | 15) {
                        // Reserved, and padding with a length: what follows is to be ignored (RFC 8285 §4.2, §4.1.2).
                        self.rest = &[];
                        return None;
                    }
                    (id, usize::from(head & 0x0f) + 1, rest)
                }
                Form::TwoByte if head == 0 => (0, 0, rest),
                Form::TwoByte => {
                    let (&length, rest) = rest.split_first()?;
                    (head, usize::from(length), rest)
                }
            };
            if id == 0 {
                // Padding is the one zero byte.
                self.rest = rest;
                continue;
            }
            let Some((value, rest)) = rest.split_at_checked(length) else {
                self.rest = &[];
                return None;
            };
            self.rest = rest;
            return Some((id, value));
        }
    }
}
