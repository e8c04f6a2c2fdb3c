//! Opus (RFC 6716) through libopus, with every size checked before C sees it.
//!
//! | module | what |
//! |---|---|
//! | [`packet`] | reading a packet's table of contents without decoding it |
//! | [`Encoder`], [`EncoderConfig`] | 48 kHz PCM to packets |
//! | [`GatedEncoder`], [`SilenceGate`] | the same, which encodes nothing while nobody speaks |
//! | [`LossAdaptation`] | reported loss and bitrate in, protection out |
//! | [`Repacketizer`], [`pad`], [`unpad`] | merging, splitting and padding packets |
//! | [`OpusParameters`] | what SDP says about Opus (RFC 7587) |
//! | [`Decoder`] | packets to 48 kHz PCM, in-band FEC, concealment |

mod adaptation;
mod decoder;
mod encoder;
mod gate;
mod library;
pub mod packet;
mod parameters;
mod repacketizer;
mod settings;

pub use adaptation::{AdaptationLimits, HOLD, LossAdaptation, Protection, STALE};
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use gate::{Gate, GateConfig, Gated, GatedEncoder, SilenceGate};
pub use parameters::{OpusParameters, ParameterError};
pub use repacketizer::{RepacketizeError, Repacketizer, pad, unpad};
#[cfg(test)]
mod tests;

pub use settings::{
    Application, BITRATE_AUTO, BITRATE_MAX, Channels, EncoderConfig, FrameDuration, MAX_DRED, RateControl,
    Signal,
};

/// The longest packet Opus allows, 120 ms, in samples per channel (RFC 6716 §3.2.5, R5).
pub const MAX_PACKET_SAMPLES: usize = 5760;

/// The longest loss that [`Decoder::decode_dred`] fills in one call, 500 ms, in samples per channel.
#[cfg(feature = "dred")]
pub const MAX_DRED_GAP_SAMPLES: usize = 24_000;

/// A good size for a packet buffer: the encoder never needs more for one packet of up to 120 ms at up to
/// 510 kbit/s (six frames of at most 1275 bytes and their lengths).
pub const MAX_PACKET_BYTES: usize = 7672;

/// The version of libopus that is linked in.
#[must_use]
pub fn libopus_version() -> &'static str {
    ::opus::version()
}
