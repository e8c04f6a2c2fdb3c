#![doc = include_str!("../README.md")]

// Transport: from datagrams to authentic RTP and RTCP.
pub mod demux;
pub mod dtls;
pub mod error;
pub mod ice;
mod outbox;
pub mod session;
pub mod srtp;
pub mod stun;
pub mod tcp;
#[cfg(test)]
mod test_clock;
#[cfg(test)]
mod test_ends;
mod timers;
pub mod wire;

pub use dtls::{Certificate, DtlsBackend, DtlsFailure, Fingerprint, UnknownBackend};
pub use error::{Error, ParseError, ParseErrorKind, SrtpError};
pub use ice::IceCredentials;
pub use session::{
    CloseReason, DropReason, PeerConfig, PeerEvent, PeerSession, Received, RemoteParameters, Role, Transmit,
};
pub use srtp::{SRTP_MAX_OVERHEAD, SrtpProfile};

// Forwarding: from RTP packets to rooms.
pub mod allocator;
pub mod bwe;
#[cfg(feature = "net")]
#[expect(clippy::disallowed_methods, reason = "the edge")]
pub mod net;
pub mod pacer;
pub mod payload;
pub mod router;
pub mod rtcp;
pub mod rtp;
