use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::num::NonZeroU32;

/// The far end of a TCP connection.
///
/// Sessions and routers know their peers by `SocketAddr`. A UDP address and a TCP address may be the same, and so may those
/// of two connections, one after the other; yet a check that authenticates one says nothing of the other. So a connection
/// has a number, and goes as an IPv6 address whose flow information is that number: equal only to itself, and never what
/// UDP has, where the flow information is 0. The flow information is no part of the address that packets go to, nothing
/// from the network gets into it, and no message shows it.
///
/// ```
/// use std::net::SocketAddr;
///
/// use anteroom_media_transport::tcp::TcpRemote;
///
/// let address: SocketAddr = "192.0.2.1:443".parse().unwrap();
/// let remote = SocketAddr::from(TcpRemote::candidate(address));
/// assert_ne!(remote, address);
/// assert_eq!(TcpRemote::of(remote).map(|tcp| tcp.address()), Some(address));
/// assert_eq!(TcpRemote::of(address), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpRemote {
    /// Plain: IPv4 is not written as IPv6.
    address: SocketAddr,
    connection: NonZeroU32,
}

impl TcpRemote {
    /// The far end of the connection with this number.
    #[must_use]
    pub fn new(address: SocketAddr, connection: NonZeroU32) -> Self {
        Self {
            address: SocketAddr::new(address.ip().to_canonical(), address.port()),
            connection,
        }
    }

    /// A passive candidate of the peer's (RFC 6544 §4.5): an address that is to be connected to. A client has one
    /// connection to each at a time.
    #[must_use]
    pub fn candidate(address: SocketAddr) -> Self {
        Self::new(address, NonZeroU32::MIN)
    }

    /// What an address stands for; `None` for UDP.
    #[must_use]
    pub fn of(address: SocketAddr) -> Option<Self> {
        match address {
            SocketAddr::V4(_) => None,
            SocketAddr::V6(v6) => NonZeroU32::new(v6.flowinfo()).map(|number| Self::new(address, number)),
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connection's number.
    #[must_use]
    pub const fn connection(&self) -> NonZeroU32 {
        self.connection
    }
}

impl From<TcpRemote> for SocketAddr {
    fn from(TcpRemote { address, connection }: TcpRemote) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        Self::V6(SocketAddrV6::new(ip, address.port(), connection.get(), 0))
    }
}

/// The address that packets go to, whatever carries them.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    TcpRemote::of(address).map_or(address, |tcp| tcp.address())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_differ_from_each_other_and_from_udp() {
        for address in ["192.0.2.1:443", "[2001:db8::1]:443"] {
            let address: SocketAddr = address.parse().unwrap();
            let connection = |number| TcpRemote::new(address, NonZeroU32::new(number).unwrap());
            let (one, other) = (SocketAddr::from(connection(1)), SocketAddr::from(connection(2)));
            assert!(one != other && one != address && other != address);
            for (marked, number) in [(one, 1), (other, 2)] {
                assert_eq!(TcpRemote::of(marked), Some(connection(number)));
                assert_eq!(plain(marked), address);
            }
            assert_eq!((TcpRemote::of(address), plain(address)), (None, address));
        }
    }
}
