use std::net::SocketAddr;

use thiserror::Error;

use crate::dtls::{DtlsFailure, Fingerprint};
use crate::error::{ParseError, SrtpError};
use crate::ice::IceCredentials;
use crate::srtp::SrtpProfile;

/// Which side of a connection a [`PeerSession`](super::PeerSession) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// ICE-lite, controlled, DTLS passive: the service. Never sends a connectivity check.
    Server,
    /// Full ICE, controlling, DTLS active: a native client.
    Client,
}

/// What our side brings to a session.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// Server or client.
    pub role: Role,
    /// Our ICE credentials, as announced in signaling.
    pub local: IceCredentials,
    /// Our certificate; its fingerprint is announced in signaling.
    pub certificate: crate::dtls::Certificate,
    /// The profiles that are acceptable. A handshake that ends with another one closes the session with
    /// [`DtlsFailure::SrtpProfile`]. [`SrtpProfile::PREFERENCE`] is the right value unless a policy says otherwise; the
    /// `dtls` module tells which one wins.
    pub srtp_profiles: Vec<SrtpProfile>,
    /// Seed for transaction ids and timer jitter. Keys do not depend on it.
    pub seed: u64,
}

/// What signaling told about the peer.
#[derive(Debug, Clone)]
pub struct RemoteParameters {
    /// The peer's ICE credentials.
    pub credentials: IceCredentials,
    /// The fingerprint that the peer's certificate must have.
    pub fingerprint: Fingerprint,
    /// The peer's addresses, the best first; those of TCP are a
    /// [`TcpRemote::candidate`](crate::tcp::TcpRemote::candidate), and tried when UDP does not answer. Only a
    /// [`Role::Client`] looks at them.
    pub candidates: Vec<SocketAddr>,
}

/// What became of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Received<'b> {
    /// STUN or DTLS, taken in. Drain events and transmits.
    Consumed,
    /// An authentic RTP packet, decrypted in place.
    Rtp(&'b mut [u8]),
    /// An authentic compound RTCP packet, decrypted in place.
    Rtcp(&'b mut [u8]),
    /// Refused; nothing has changed.
    Dropped(DropReason),
}

/// Why a datagram was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DropReason {
    /// None of the protocols of RFC 7983 that this crate speaks.
    #[error("unknown protocol")]
    UnknownProtocol,
    /// A STUN message that does not parse.
    #[error("malformed STUN message: {0}")]
    MalformedStun(ParseError),
    /// A STUN message without valid credentials.
    #[error("unauthenticated STUN message")]
    UnauthenticatedStun,
    /// A STUN response to a request we did not send, or a STUN method ICE does not use.
    #[error("unexpected STUN message")]
    UnexpectedStun,
    /// A connectivity check seen before, from another address.
    #[error("replayed connectivity check")]
    ReplayedCheck,
    /// DTLS from an address that has not passed an authenticated connectivity check.
    #[error("DTLS from an unverified address")]
    UnverifiedAddress,
    /// DTLS before the remote description is known.
    #[error("DTLS before the remote description")]
    NoRemote,
    /// DTLS the backend could not use.
    #[error("unusable DTLS datagram")]
    UnusableDtls,
    /// SRTP or SRTCP before the keys are known.
    #[error("media before the handshake completed")]
    NoKeys,
    /// SRTP or SRTCP that was refused.
    #[error("srtp: {0}")]
    Srtp(SrtpError),
    /// The session is closed.
    #[error("closed")]
    Closed,
}

/// What a session has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerEvent {
    /// ICE and DTLS completed; media may flow both ways.
    Connected {
        /// The profile the handshake chose.
        profile: SrtpProfile,
    },
    /// The peer's address: once when ICE selects it, and again whenever the peer roams.
    RemoteAddress(SocketAddr),
    /// The peer has not consented for 30 s (RFC 7675): nothing may be sent, and there is no
    /// [`selected_path`](super::PeerSession::selected_path). [`Resumed`](Self::Resumed) or
    /// [`Closed`](Self::Closed) follows within another 30 s.
    Interrupted,
    /// The peer is back, with the same keys; media may flow again.
    Resumed,
    /// The session is over. Said once; nothing follows.
    Closed(CloseReason),
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum CloseReason {
    /// No authenticated connectivity check arrived in time after the session was made.
    #[error("connectivity checks failed")]
    IceFailed,
    /// The peer stopped consenting (RFC 7675): 30 s without an authentic sign, and another 30 s in which it did not come
    /// back.
    #[error("consent expired")]
    ConsentExpired,
    /// The DTLS handshake failed or timed out, chose an unacceptable SRTP profile, or the peer sent a fatal alert.
    #[error("DTLS failed: {0}")]
    DtlsFailed(DtlsFailure),
    /// The peer's certificate is not the one announced in signaling.
    #[error("certificate fingerprint mismatch")]
    FingerprintMismatch,
    /// The peer sent `close_notify`.
    #[error("closed by the peer")]
    CloseNotify,
    /// [`close`](super::PeerSession::close) was called.
    #[error("closed locally")]
    Local,
}
