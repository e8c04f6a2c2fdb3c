//! Local ports. Prefer port 0 and asking the server where it listens; these are for programs that must be told.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// An address on 127.0.0.1 where nothing listens for TCP at this moment.
///
/// # Panics
/// When the system has no port left.
#[must_use]
pub fn free_tcp() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address")
}

/// An address on 127.0.0.1 that no UDP socket is bound to at this moment.
///
/// # Panics
/// When the system has no port left.
#[must_use]
pub fn free_udp() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.local_addr().expect("a bound socket has an address")
}

#[cfg(test)]
mod tests {
    #[test]
    fn can_be_bound() {
        std::net::TcpListener::bind(super::free_tcp()).unwrap();
        std::net::UdpSocket::bind(super::free_udp()).unwrap();
    }
}
