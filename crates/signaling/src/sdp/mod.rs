//! Session descriptions: reading offers and answers, writing answers for the server and offers for a native client.
//!
//! SDP (RFC 8866) is read and written by `sdp-types`; this module knows what the lines mean (JSEP, RFC 9429) as far as a
//! forwarding server and an audio client need it, and hands out plain types. Everything travels on one transport:
//! BUNDLE (RFC 9143) and `rtcp-mux` (RFC 8858) are required, candidates are not trickled, fingerprints are SHA-256.
//!
//! | | |
//! |---|---|
//! | [`Description::parse`] | an offer or an answer, checked |
//! | [`answer`] | the server's answer: ICE-lite, DTLS passive |
//! | [`select_codecs`], [`select_extensions`] | what this system forwards, out of what was offered |
//! | [`Fragment`] | what changes while a session runs, for WHIP and WHEP |
//! | [`OfferBuilder`] | the offer of a client that sends and receives Opus and VP8 |

mod attribute;
mod description;
mod error;
mod fragment;
mod offer;
mod offer_answer;
mod select;
mod simulcast;

pub use self::description::{
    Candidate, CandidateTransport, Codec, Description, Direction, Extension, MediaKind, MediaSection, Msid,
    RepairSource, Setup,
};
pub use self::error::{AnswerError, SdpError};
pub use self::fragment::Fragment;
pub use self::offer::{LocalTransport, OfferBuilder};
pub use self::offer_answer::{Accept, AnswerParams, SectionAnswer, SendStream, answer};
pub use self::select::{
    AUDIO_LEVEL_URI, DEPENDENCY_DESCRIPTOR_URI, MID_URI, REPAIRED_RID_URI, RID_URI, TRANSPORT_SEQUENCE_URI,
    VIDEO_ORIENTATION_URI, is_h264_mode_1, retain_codecs, select_codecs, select_extensions,
};
pub use self::simulcast::{MAX_LAYERS, Rid};

/// Longest description read, in bytes.
pub const MAX_SDP_BYTES: usize = 128 * 1024;

/// Most media sections in one description.
pub const MAX_SECTIONS: usize = 256;

#[cfg(test)]
mod encoder_tests;
#[cfg(test)]
mod tests;
