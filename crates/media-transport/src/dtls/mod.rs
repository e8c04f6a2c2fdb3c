//! DTLS-SRTP behind one narrow door (RFC 5764, RFC 6347, RFC 9147).
//!
//! [`Certificate`] and [`Fingerprint`] are public; the endpoint itself is driven by
//! [`PeerSession`](crate::PeerSession) and shows only `handle_packet`, `handle_timeout` and `poll_output`, so that
//! another backend fits behind it. It compares the peer's certificate with the announced fingerprint, and gives out SRTP
//! keys only after that.
//!
//! # The backend and what it chooses
//! The backend is `dimpl`. It has no switch for the SRTP profile; what it does (0.9):
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
//!
//! RSA certificates are not supported by the backend.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod certificate;
mod client_hello;
mod endpoint;
mod fingerprint;

pub use certificate::Certificate;
pub(crate) use endpoint::{Endpoint, Failure, Output, Side, SrtpKeys};
pub use fingerprint::Fingerprint;
