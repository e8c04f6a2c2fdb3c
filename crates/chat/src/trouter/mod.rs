//! Real-time notifications: the protocol ("Trouter") by which the ACS chat SDK for browsers hears of events.
//!
//! A client asks for the addresses ([`RealTimeConfig`]), allocates an address of its own ([`Allocation`]), opens a
//! socket.io 0.9 socket ([`Handshake`], [`Packet`]) over WebSocket or long polling, and registers ([`Registration`]).
//! From then on the service sends one request packet per notification, and the client answers each.
//!
//! Everything here is sans-IO and usable from either side: text, `Instant`s and wall-clock times in; text, events and
//! the next timeout out.
//!
//! | type | |
//! |---|---|
//! | [`ServerSession`] | one socket, the service's side: opening, acknowledgements, dead peers, token expiry |
//! | [`ClientSession`] | one socket, the client's side |
//! | [`Endpoint`] | one client over all its sockets: which of them delivers, and what is sent again after a drop |
//! | [`Packet`], [`polling`] | the codec |
//!
//! Whoever drives a session drains it after each input: `poll_transmit`, `poll_event`, `poll_timeout`. Noise on the wire
//! is dropped and counted; a peer that breaks the protocol ends the session, which says why in an event.

mod allocation;
mod client;
mod endpoint;
mod frame;
mod message;
pub mod polling;
mod server;
#[cfg(test)]
mod tests;

pub use self::allocation::{
    Allocation, ClientDescription, ConnectParams, Handshake, HandshakeError, RealTimeConfig, Registration,
    Transports, TrouterPath,
};
pub use self::client::{ClientConfig, ClientEnd, ClientEvent, ClientSession, SeenNotifications};
pub use self::endpoint::{ConnectionId, Endpoint, EndpointLimits, Outgoing, Pushed};
pub use self::frame::{AckRequest, FrameError, Packet, PacketKind, parse_ack};
pub use self::message::{Answer, NotificationRequest, ReconnectTarget};
pub use self::server::{Disconnect, MAX_CLIENT_BYTES, ServerConfig, ServerEnd, ServerEvent, ServerSession};

use std::fmt;
use std::str::FromStr;

/// How packets travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// One text frame per packet.
    WebSocket,
    /// Packets in the bodies of `GET` and `POST`, see [`polling`].
    XhrPolling,
}

impl Transport {
    /// The name in a handshake and in paths.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::XhrPolling => "xhr-polling",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a transport that exists here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown transport")]
pub struct UnknownTransport;

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(text: &str) -> Result<Self, UnknownTransport> {
        [Self::WebSocket, Self::XhrPolling]
            .into_iter()
            .find(|transport| transport.as_str() == text)
            .ok_or(UnknownTransport)
    }
}
