//! The edge: UDP sockets, a thread, the clock (feature `net`).
//!
//! - [`MediaThread`] runs a [`Router`](crate::router::Router) on one UDP port, in a thread of its own.
//! - [`PeerSocket`] is what a client drives one [`PeerSession`](crate::PeerSession) with.
//! - [`UdpSocket`] is the socket under the first: it tells which local address a datagram came to, answers from that
//!   address, and takes and gives several datagrams per system call.
//!
//! ```no_run
//! use anteroom_media_transport::net::{MediaThread, NetConfig};
//! use anteroom_media_transport::router::{Event, RouterConfig};
//!
//! # async fn example() -> Result<(), anteroom_media_transport::net::NetError> {
//! let config = NetConfig::new(([0, 0, 0, 0], 3478).into());
//! let (mut media, address) = MediaThread::spawn(config, RouterConfig::default())?;
//! println!("media on {address}");
//! while let Some(event) = media.next_event().await {
//!     match event {
//!         Event::PeerClosed { peer, reason } => println!("{peer} is gone: {reason}"),
//!         event => println!("{event:?}"),
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod error;
mod peer;
#[cfg(test)]
mod tests;
mod thread;
mod udp;

pub use error::{NetError, SendError};
pub use peer::PeerSocket;
pub use thread::{MediaCommands, MediaHandle, MediaThread, NetConfig};
pub use udp::{ReceiveBuffer, UdpSocket};

use std::net::{IpAddr, SocketAddr};

/// Turns an IPv4 address that a dual-stack socket wrote as IPv6 (`::ffff:a.b.c.d`) into plain IPv4.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The address as a socket of that family wants it.
fn for_family(address: SocketAddr, v6: bool) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(v4) if v6 => SocketAddr::new(IpAddr::V6(v4.to_ipv6_mapped()), address.port()),
        _ => address,
    }
}
