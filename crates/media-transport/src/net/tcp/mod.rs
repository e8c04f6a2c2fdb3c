//! Packets over TCP (RFC 4571), for networks that let no UDP through.
//!
//! A task for each connection reads, finds the packets and hands them over; what goes out waits in a queue of its own. The
//! packet path of a media thread never waits for any of them: what a connection does not take in time is lost, as it would
//! be on any full link, media long before anything else.

mod connection;
mod dial;
mod listener;
#[cfg(test)]
mod tests;

pub use connection::StreamPackets;
pub use dial::PeerStreams;
pub use listener::{TcpLimits, TcpPort};

pub(super) use listener::{TcpCounters, TcpEvent, next_of};
