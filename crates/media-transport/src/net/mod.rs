//! The edge: UDP sockets, TCP connections, a thread, the clock (feature `net`).
//!
//! - [`MediaThread`] runs a [`Router`](crate::router::Router) on a UDP port, in a thread of its own, or one on each core.
//! - [`TcpPort`] is where those come that no UDP reaches, [`PeerStreams`] how a client gets there.
//! - [`MediaPort`] is what such a thread does when it does not wait.
//! - [`ThreadMetrics`] are what it counts, for anybody to read.
//! - [`PeerSocket`] is what a client drives one [`PeerSession`](crate::PeerSession) with.
//! - [`UdpSocket`] is the socket under the first two: it tells which local address a datagram came to, answers from that
//!   address, and takes and gives several datagrams per system call.
//!
//! # Trains
//! A send costs the same for one datagram as for a train of equal ones that the kernel cuts. So what has arrived is routed
//! before anything is sent, and all that waits for one subscriber then leaves in as few trains as possible: the packets of
//! a frame, retransmissions, speakers of one tick. Nothing waits for a train to fill: once there is nothing more to
//! receive, all is sent, and after 200 µs in any case. Trains become longer by themselves when the thread is busy, which is
//! when it matters.
//!
//! # Threads and ports
//! Each thread has a socket on a port of its own; a room lives on one thread, chosen by its number
//! ([`MediaHandle::address_of`]), and its peers are told that port. One port for all threads would need either a steering
//! program in the kernel, since it spreads by address while rooms have to stay together, or a hand-over from thread to
//! thread of most packets, which costs more than routing them. With a port each the kernel's own lookup brings a packet to
//! the thread that owns the session, and threads share nothing but the queue of events. What it costs is a range of ports
//! in the firewall instead of one.
//!
//! # Bounds
//! Commands, events and what waits for the socket are bounded ([`NetConfig`],
//! [`RouterConfig`](crate::router::RouterConfig)). While a socket takes nothing more the thread goes on receiving, and what
//! it cannot send waits in the router: pictures give way to sound, whole frames at a time, until the next keyframe.
//!
//! TCP connections are bounded in number, in all and for each address ([`TcpLimits`]), and closed when no check with
//! credentials of ours comes within seconds, when they say nothing for a minute, or take nothing for ten seconds. What one
//! does not take waits in a queue of its own, 256 KiB of media and 64 KiB of what is not; media beyond that is dropped.
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
mod handle;
mod metrics;
mod offload;
mod peer;
mod port;
mod tcp;
#[cfg(test)]
mod tests;
mod thread;
mod udp;

pub use error::{NetError, SendError};
pub use handle::{MediaCommands, MediaHandle};
pub use metrics::{ARRIVAL_BOUNDS, FORWARDING_BOUNDS, Histogram, MetricsSnapshot, ThreadMetrics};
pub use offload::{Progress, SendCounters};
pub use peer::PeerSocket;
pub use port::MediaPort;
pub use tcp::{PeerStreams, StreamPackets, TcpLimits, TcpPort};
pub use thread::{MediaThread, NetConfig, TcpListen};
pub use udp::{ReceiveBuffer, ReceivedBurst, UdpSocket};

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
