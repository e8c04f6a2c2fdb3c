//! What can be wrong with a description.

use thiserror::Error;

/// Why a description is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdpError {
    /// Longer than [`MAX_SDP_BYTES`](super::MAX_SDP_BYTES).
    #[error("description of {0} bytes is too long")]
    TooLarge(usize),
    /// Not SDP.
    #[error("not a session description")]
    Syntax,
    /// An attribute's value is not what it should be.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// More than [`MAX_SECTIONS`](super::MAX_SECTIONS), or none.
    #[error("{0} media sections")]
    SectionCount(usize),
    /// A section has no `a=mid`, or two have the same.
    #[error("media sections without a mid of their own")]
    Mid,
    /// A section that is not rejected is not in the one BUNDLE group.
    #[error("media section outside the BUNDLE group")]
    NotBundled,
    /// A section for RTP does not have `a=rtcp-mux`.
    #[error("rtcp-mux is required")]
    NoRtcpMux,
    /// There is no `a=ice-ufrag` or `a=ice-pwd`.
    #[error("no ICE credentials")]
    NoIceCredentials,
    /// There is no SHA-256 fingerprint.
    #[error("no SHA-256 fingerprint")]
    NoFingerprint,
    /// A section lists more of something than is sensible.
    #[error("too many {0}")]
    TooMany(&'static str),
}

/// Why no answer can be written: the caller's decisions do not fit the offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// One decision per section is needed.
    #[error("{decisions} decisions for {sections} sections")]
    SectionCount {
        /// Sections offered.
        sections: usize,
        /// Decisions given.
        decisions: usize,
    },
    /// The offer insists on being DTLS server; so does this end.
    #[error("both ends would be DTLS server")]
    Setup,
    /// The section cannot be used as decided: it was offered rejected, the codecs are not from the offer, or there are
    /// none.
    #[error("section {0} cannot be accepted")]
    Section(usize),
    /// The direction is not an answer to the offered one.
    #[error("direction of section {0} does not answer the offer")]
    Direction(usize),
}
