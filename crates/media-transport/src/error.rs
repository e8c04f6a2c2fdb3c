//! What can go wrong, sorted by whose fault it is.

use thiserror::Error as ThisError;

/// Any failure this crate reports.
///
/// Noise on the wire is not an error: hostile or stray datagrams are dropped and named by
/// [`DropReason`](crate::session::DropReason). An `Error` answers a command of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not follow their specification.
    #[error("malformed: {0}")]
    Malformed(#[from] ParseError),
    /// An SRTP or SRTCP operation was refused.
    #[error("srtp: {0}")]
    Srtp(SrtpError),
    /// The caller's buffer cannot hold the result.
    #[error("buffer too small, {needed} bytes are needed")]
    BufferTooSmall {
        /// The size, in bytes, that would have been enough.
        needed: usize,
    },
    /// The operation needs a connected session (ICE and DTLS completed).
    #[error("not connected")]
    NotConnected,
    /// The session has been closed; make a new one.
    #[error("closed")]
    Closed,
    /// The remote description was set before; an ICE restart has its own command.
    #[error("the remote description is already set")]
    RemoteAlreadySet,
    /// An ICE user fragment or password is too short, too long or has characters that ICE does not
    /// know (RFC 8839 §5.4).
    #[error("invalid ICE credentials")]
    InvalidCredentials,
    /// A certificate could not be made.
    #[error("certificate generation failed")]
    Certificate,
    /// The identifier names nothing here.
    #[error("unknown {0}")]
    Unknown(&'static str),
    /// The identifier is taken.
    #[error("duplicate {0}")]
    Duplicate(&'static str),
    /// A bound that keeps memory finite was reached.
    #[error("too many {0}")]
    TooMany(&'static str),
}

impl From<SrtpError> for Error {
    fn from(error: SrtpError) -> Self {
        match error {
            SrtpError::BufferTooSmall { needed } => Self::BufferTooSmall { needed },
            other => Self::Srtp(other),
        }
    }
}

/// Why bytes were refused by a parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[error("{field}: {kind}")]
pub struct ParseError {
    /// The field that could not be read, in the words of its specification.
    pub field: &'static str,
    /// What is wrong with it.
    pub kind: ParseErrorKind,
}

impl ParseError {
    /// The input ended inside `field`.
    #[must_use]
    #[inline]
    pub const fn truncated(field: &'static str) -> Self {
        Self {
            field,
            kind: ParseErrorKind::Truncated,
        }
    }

    /// Bytes are left over behind `field`.
    #[must_use]
    #[inline]
    pub const fn leftover(field: &'static str) -> Self {
        Self {
            field,
            kind: ParseErrorKind::Leftover,
        }
    }

    /// `field` has a value that its specification does not allow.
    #[must_use]
    #[inline]
    pub const fn invalid(field: &'static str) -> Self {
        Self {
            field,
            kind: ParseErrorKind::Invalid,
        }
    }
}

/// What is wrong with a field, see [`ParseError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The input ended inside the field.
    #[error("truncated")]
    Truncated,
    /// Bytes are left over.
    #[error("left-over bytes")]
    Leftover,
    /// The value is not allowed.
    #[error("invalid value")]
    Invalid,
}

/// Why an SRTP or SRTCP packet was refused (RFC 3711, RFC 7714).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ThisError)]
#[non_exhaustive]
pub enum SrtpError {
    /// Too short, not version 2, or a header that runs past the end.
    #[error("malformed packet")]
    Malformed,
    /// The authentication tag does not match.
    #[error("authentication failed")]
    Authentication,
    /// Seen before, or older than the replay window.
    #[error("replayed")]
    Replayed,
    /// SRTCP that is authenticated but not encrypted; WebRTC never sends it.
    #[error("unencrypted SRTCP")]
    Unencrypted,
    /// A sequence number before the first one of the stream.
    #[error("sequence number before the start of the stream")]
    BeforeStart,
    /// More synchronisation sources than [`MAX_STREAMS`](crate::srtp::MAX_STREAMS).
    #[error("too many streams")]
    TooManyStreams,
    /// The packet index space of the key is used up (2⁴⁸ SRTP or 2³¹ SRTCP packets), or the lifetime it was given.
    #[error("key exhausted")]
    KeyExhausted,
    /// A master key or salt of the wrong length for the profile.
    #[error("wrong key length")]
    KeyLength,
    /// The master key identifier names no key of ours (RFC 3711 §3.1).
    #[error("unknown master key")]
    UnknownMasterKey,
    /// A master key identifier that is too long, of another length than the others, missing, or taken.
    #[error("unusable master key identifier")]
    InvalidMki,
    /// More master keys than [`MAX_MASTER_KEYS`](crate::srtp::MAX_MASTER_KEYS).
    #[error("too many master keys")]
    TooManyKeys,
    /// The caller's buffer cannot hold the packet and its tag.
    #[error("buffer too small, {needed} bytes are needed")]
    BufferTooSmall {
        /// The size, in bytes, that would have been enough.
        needed: usize,
    },
}
