//! What telephone networks speak: their codecs, their digits, their silence.
//!
//! | module | what |
//! |---|---|
//! | [`g711`] | A-law and µ-law, 8 kHz, 64 kbit/s (ITU-T G.711; RTP payload types 8 and 0) |
//! | [`g722`] | wideband, 16 kHz, 64 kbit/s (ITU-T G.722; RTP payload type 9) |
//! | [`event`] | digits and other events in RTP packets (RFC 4733): payload, sender, receiver |
//! | [`dtmf`] | the same digits as tones in the sound: generator and detector (ITU-T Q.23, Q.24) |
//! | [`comfort_noise`] | the noise of a line on which nobody speaks (RFC 3389) |
//!
//! The codecs work at their own sample rates; [`BlockResampler`](crate::resample::BlockResampler) leads to 48 kHz.

pub mod comfort_noise;
pub mod dtmf;
pub mod event;
pub mod g711;
pub mod g722;

use crate::Error;

/// A payload that cannot be what it is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing in it.
    #[error("an empty payload")]
    Empty,
    /// It does not consist of whole event reports of 4 bytes.
    #[error("{length} bytes are not whole event reports")]
    EventLength {
        /// Bytes in the payload.
        length: usize,
    },
    /// More event reports than a packet can sensibly hold.
    #[error("more event reports than a packet can hold")]
    TooManyEvents,
    /// The noise level has its reserved bit set (RFC 3389 §3.1).
    #[error("a noise level above 127")]
    NoiseLevel,
    /// A reflection coefficient with the value 255, which means nothing (RFC 3389 §3.2).
    #[error("a reflection coefficient out of range")]
    ReflectionCoefficient,
}

fn check_room(expected: &'static str, needed: usize, got: usize) -> Result<(), Error> {
    if needed == got {
        return Ok(());
    }
    Err(Error::Buffer { expected, got })
}
