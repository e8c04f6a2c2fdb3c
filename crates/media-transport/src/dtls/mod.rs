//! DTLS-SRTP behind one narrow door (RFC 5764, RFC 6347, RFC 9147).
//!
//! [`Certificate`] and [`Fingerprint`] are public; the endpoint itself is driven by
//! [`PeerSession`](crate::PeerSession) and shows only `handle_packet`, `handle_timeout` and `poll_output`. It compares the
//! peer's certificate with the announced fingerprint, and gives out SRTP keys only after that. A ClientHello is looked at
//! only when it comes from an address that has passed an authenticated connectivity check.
//!
//! # The backends
//! A session's [`DtlsBackend`] is chosen with [`PeerSession::with_dtls_backend`](crate::PeerSession::with_dtls_backend);
//! the second one is there with the cargo feature `webrtc-dtls`. Neither needs a thread, a socket or a clock.
//!
//! | | `dimpl` (the default) | `rtc-dtls` (feature `webrtc-dtls`) |
//! |---|---|---|
//! | versions | 1.2 and 1.3 | 1.2 |
//! | peers' certificates | ECDSA (P-256, P-384) | ECDSA P-256 and P-384, RSA, Ed25519 |
//! | cookie | none, the connectivity check has proved the address | always: one round trip more |
//! | SRTP profile as a server | see below | the best of [`PeerConfig::srtp_profiles`](crate::PeerConfig) |
//! | extended master secret | required | required |
//! | what a client may make us keep | bounded by the library | bounded by the adapter |
//!
//! `docs/decisions/0001-dtls-backends.md` has what each of them costs and where they differ beyond that.
//!
//! # What `dimpl` chooses
//! It has no switch for the SRTP profile; what it does (0.9):
//!
//! | our side | rule | what a browser that offers all three gets |
//! |---|---|---|
//! | server, DTLS 1.2 | its own order: AES-256-GCM, AES-128-GCM, AES128-CM | AES-256-GCM |
//! | server, DTLS 1.3 | the first of the client's list | the browser's first |
//! | client | offers AES-256-GCM, AES-128-GCM, AES128-CM; takes what the server says | |
//!
//! libwebrtc lists AES128-CM first, five times dearer per packet than GCM. Therefore the server looks at the
//! ClientHello, and answers with DTLS 1.2 (which every WebRTC endpoint has, RFC 8827 §6.5) where DTLS 1.3 would end
//! with AES128-CM although GCM is offered; otherwise the client's highest version wins. So AES-128-GCM is used when the
//! client puts it first or does not know the 256-bit one, and AES128-CM only when there is no GCM at all. AES-256-GCM
//! costs 8 % more than AES-128-GCM.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod backend;
mod certificate;
mod client_hello;
mod dimpl;
mod endpoint;
mod fingerprint;
#[cfg(feature = "webrtc-dtls")]
mod intake;
mod keys;
mod records;
#[cfg(test)]
mod tests;
#[cfg(feature = "webrtc-dtls")]
mod webrtc;

use std::time::Duration;

use thiserror::Error;

pub use backend::{DtlsBackend, UnknownBackend};
pub use certificate::Certificate;
pub(crate) use endpoint::{Endpoint, EndpointConfig, Output};
pub use fingerprint::Fingerprint;
pub(crate) use keys::SrtpKeys;

/// Largest datagram we send, in bytes: fits any path that carries RTP, IPv6 and tunnels included.
const MTU: usize = 1200;

/// First retransmission; it doubles each time. Much shorter than the second of RFC 6347 §4.2.4.1, because ICE has
/// shown before that the path works.
const INITIAL_RTO: Duration = Duration::from_millis(250);

/// How long the handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// Which side of the handshake we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Waits for the ClientHello.
    Passive,
    /// Sends it.
    Active,
}

/// Why a connection is over. Nothing can be done with the endpoint afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DtlsFailure {
    /// The certificate is not the announced one, or there is none.
    #[error("certificate fingerprint mismatch")]
    Fingerprint,
    /// No answer, or no end of the handshake, in 30 s.
    #[error("timed out")]
    Timeout,
    /// The handshake ended without an SRTP profile, or with one that is not accepted.
    #[error("no acceptable SRTP profile")]
    SrtpProfile,
    /// The peer sent a fatal alert (RFC 5246 §7.2.2), with this description when the backend says which.
    #[error("the peer sent a fatal alert")]
    Alert(Option<u8>),
    /// Anything else that a peer may not do: another version, no common cipher suite, a bad signature, a broken message.
    #[error("protocol violation")]
    Protocol,
}

use DtlsFailure as Failure;
