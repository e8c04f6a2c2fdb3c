//! What a forwarder has to know about video payloads: where a keyframe begins.

mod h264;
mod vp8;

/// Whether a packet of VP8 (RFC 7741) is the first of a keyframe.
#[must_use]
pub fn vp8_starts_keyframe(payload: &[u8]) -> bool {
    vp8::starts_keyframe(payload)
}

/// Whether a packet of H.264 (RFC 6184) begins something a decoder can start with: it has a sequence parameter set, or
/// the first fragment or the whole of an IDR slice.
///
/// Encoders in browsers send the parameter sets in front of every IDR picture, alone or aggregated with it.
#[must_use]
pub fn h264_starts_keyframe(payload: &[u8]) -> bool {
    h264::starts_keyframe(payload)
}
