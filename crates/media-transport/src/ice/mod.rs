//! Connectivity: which addresses may be used, and whether the peer still wants to hear from us (RFC 8445, RFC 7675).
//!
//! Two agents. The *lite* agent of the service never sends a check: it answers authenticated ones, takes the address
//! that the peer nominates, follows it when the peer nominates another one (roaming), and gives up when no
//! authenticated check has come for 30 s. The *controlling* agent of a native client checks the peer's addresses in
//! order, nominates the best that answers, and keeps asking for consent.
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
