//! What a forwarder has to know about payloads: where a frame and a keyframe begin, which layers a packet belongs to, and
//! what has to be renumbered when some are left out.
//!
//! | module | payload format |
//! |---|---|
//! | [`vp8`] | VP8, RFC 7741 |
//! | [`vp9`] | VP9, RFC 9628 |
//! | [`h264`] | H.264, RFC 6184 |
//! | [`av1`] | AV1, the specification of the Alliance for Open Media |
//! | [`opus`] | Opus, RFC 7587 |
//! | [`red`] | redundant audio, RFC 2198 |
//! | [`assemble`] | from payloads to whole frames, for those who keep them |
//!
//! All but the last borrow and look no further than a payload's descriptors. Bytes that do not follow their specification
//! are refused with a [`ParseError`](crate::ParseError), or are no keyframe.

pub mod assemble;
pub mod av1;
pub mod h264;
pub mod opus;
#[cfg(test)]
mod peers;
pub mod red;
pub mod vp8;
pub mod vp9;

/// Whether a packet of VP8 (RFC 7741) is the first of a keyframe.
#[must_use]
pub fn vp8_starts_keyframe(payload: &[u8]) -> bool {
    vp8::Vp8Descriptor::read(payload).is_ok_and(|descriptor| descriptor.is_keyframe_start())
}

/// Whether a packet of VP9 (RFC 9628) is the first of a keyframe.
#[must_use]
pub fn vp9_starts_keyframe(payload: &[u8]) -> bool {
    vp9::Vp9Descriptor::read(payload).is_ok_and(|descriptor| descriptor.is_keyframe_start())
}

/// Whether a packet of H.264 (RFC 6184) begins something a decoder can start with: it has a sequence parameter set, or
/// the first fragment or the whole of an IDR slice.
///
/// Encoders in browsers send the parameter sets in front of every IDR picture, alone or aggregated with it.
#[must_use]
pub fn h264_starts_keyframe(payload: &[u8]) -> bool {
    h264::H264Payload::read(payload).is_ok_and(|payload| payload.is_keyframe_start())
}

/// Whether a packet of AV1 begins a coded video sequence, with which a decoder can start.
#[must_use]
pub fn av1_starts_keyframe(payload: &[u8]) -> bool {
    av1::Av1Payload::read(payload).is_ok_and(|payload| payload.is_keyframe_start())
}
