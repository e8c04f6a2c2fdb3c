//! Connectivity: which addresses may be used, and whether the peer still wants to hear from us (RFC 8445, RFC 7675).
//!
//! Two agents. The *lite* agent of the service never sends a check: it answers authenticated ones, takes the address
//! that the peer nominates, and follows it when the peer nominates another one (roaming). The *controlling* agent of a
//! native client checks the peer's addresses in order, those of UDP before those of TCP (RFC 6544), nominates the best
//! that answers, and keeps asking for consent.
//!
//! Without a sign of consent for 30 s nothing more is sent, and the session is *interrupted*. It goes on when the peer is
//! back, from whatever address, and is over when it is not after another 30 s.
//!
//! Our roles are fixed: a peer that claims the same one is told so (487, RFC 8445 §7.3.1.1) and has to give way.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod agent;
mod check;
mod controlling;
mod credentials;
mod lite;
mod pair;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

pub(crate) use agent::{Agent, IceEvent};
pub use credentials::IceCredentials;

/// How long after the last authenticated sign the peer's consent lasts, RFC 7675 §5.1.
pub const CONSENT_EXPIRY: Duration = Duration::from_secs(30);

/// How long a session without consent waits for the peer to come back. Nothing is sent meanwhile, but the client's checks.
pub const INTERRUPTION_LIMIT: Duration = Duration::from_secs(30);

/// Mean time between consent checks, RFC 7675 §5.1.
pub const CONSENT_INTERVAL: Duration = Duration::from_secs(5);

/// How long the first connectivity may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Two addresses between which datagrams travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}
