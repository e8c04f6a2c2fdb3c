use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use super::{for_family, plain};

/// A UDP socket on a port the system chooses, for one [`PeerSession`](crate::PeerSession) in the client role.
///
/// The loop that drives a session: send what [`poll_transmit`](crate::PeerSession::poll_transmit) gives, then wait for
/// [`recv`](Self::recv) or [`poll_timeout`](crate::PeerSession::poll_timeout), whichever comes first.
#[derive(Debug)]
pub struct PeerSocket {
    io: tokio::net::UdpSocket,
    local: SocketAddr,
}

impl PeerSocket {
    /// Opens a socket for IPv6 and IPv4, or for IPv4 alone where there is no IPv6.
    ///
    /// # Errors
    /// What the system says.
    #[expect(clippy::unused_async, reason = "needs a runtime, and says so")]
    pub async fn bind() -> io::Result<Self> {
        Self::open(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0))
            .or_else(|_| Self::open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)))
    }

    fn open(listen: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
        if listen.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        let _ = socket.set_recv_buffer_size(1 << 20);
        socket.bind(&listen.into())?;
        let io = tokio::net::UdpSocket::from_std(socket.into())?;
        let local = io.local_addr()?;
        Ok(Self { io, local })
    }

    /// The unspecified address and the port the system chose.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Waits for a datagram and puts it to the front of `buffer`: (length, source, destination).
    ///
    /// The destination is the unspecified address of the source's family: the system chose the local one. A datagram
    /// longer than `buffer` is cut. Cancel-safe.
    ///
    /// # Errors
    /// What the system says, such as that an earlier datagram found no listener; the socket stays usable.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, SocketAddr)> {
        let (length, source) = self.io.recv_from(buffer).await?;
        let source = plain(source);
        let any = match source.ip() {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        Ok((length, source, SocketAddr::new(any, self.local.port())))
    }

    /// Sends one datagram. `source` is ignored: the system chooses among our addresses.
    ///
    /// # Errors
    /// What the system says; the datagram is lost then, as datagrams may be.
    pub async fn send(
        &self,
        datagram: &[u8],
        _source: SocketAddr,
        destination: SocketAddr,
    ) -> io::Result<()> {
        self.io
            .send_to(datagram, for_family(destination, self.local.is_ipv6()))
            .await
            .map(|_| ())
    }
}
