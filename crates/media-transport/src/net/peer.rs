use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use super::tcp::{PeerStreams, StreamPackets};
use super::{for_family, plain};
use crate::tcp::{LENGTH_BYTES, TcpRemote, frames_mut};

/// A UDP socket on a port the system chooses, and TCP connections where they are needed, for one [`PeerSession`](crate::PeerSession) in the client role.
///
/// The loop that drives a session: send what [`poll_transmit`](crate::PeerSession::poll_transmit) gives, then wait for
/// [`recv`](Self::recv) or [`poll_timeout`](crate::PeerSession::poll_timeout), whichever comes first.
#[derive(Debug)]
pub struct PeerSocket {
    io: tokio::net::UdpSocket,
    local: SocketAddr,
    streams: PeerStreams,
    /// What came over TCP and was not yet asked for: packets from one address, and how much of them has been given.
    waiting: Option<(StreamPackets, usize)>,
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
        Ok(Self {
            io,
            local,
            streams: PeerStreams::new(),
            waiting: None,
        })
    }

    /// The unspecified address and the port the system chose.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Waits for a datagram and puts it to the front of `buffer`: (length, source, destination).
    ///
    /// The destination is the unspecified address of the source's family: the system chose the local one. What came over
    /// TCP has a [`TcpRemote`] as its source. A datagram longer than `buffer` is cut. Cancel-safe.
    ///
    /// # Errors
    /// What the system says, such as that an earlier datagram found no listener; the socket stays usable.
    pub async fn recv(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, SocketAddr)> {
        loop {
            if let Some(packet) = self.next_waiting(buffer) {
                return Ok(packet);
            }
            tokio::select! {
                received = self.io.recv_from(buffer) => {
                    let (length, source) = received?;
                    let source = plain(source);
                    return Ok((length, source, any(source.ip(), self.local.port())));
                }
                arrived = self.streams.recv() => self.waiting = Some((arrived, 0)),
            }
        }
    }

    /// The same without waiting.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when nothing has come; what the system says.
    pub fn try_recv(&mut self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr, SocketAddr)> {
        if self.waiting.is_none() {
            self.waiting = self.streams.try_recv().map(|packets| (packets, 0));
        }
        if let Some(packet) = self.next_waiting(buffer) {
            return Ok(packet);
        }
        let (length, source) = self.io.try_recv_from(buffer)?;
        let source = plain(source);
        Ok((length, source, any(source.ip(), self.local.port())))
    }

    /// Sends one datagram. `source` is ignored: the system chooses among our addresses. To a [`TcpRemote`] it goes over
    /// TCP, without waiting.
    ///
    /// # Errors
    /// What the system says; the datagram is lost then, as datagrams may be.
    pub async fn send(
        &mut self,
        datagram: &[u8],
        _source: SocketAddr,
        destination: SocketAddr,
    ) -> io::Result<()> {
        if let Some(remote) = TcpRemote::of(destination) {
            self.streams.send(remote, datagram);
            return Ok(());
        }
        self.io
            .send_to(datagram, for_family(destination, self.local.is_ipv6()))
            .await
            .map(|_| ())
    }

    fn next_waiting(&mut self, buffer: &mut [u8]) -> Option<(usize, SocketAddr, SocketAddr)> {
        let (
            StreamPackets {
                remote,
                local,
                frames,
            },
            given,
        ) = self.waiting.as_mut()?;
        let packet = frames_mut(frames.get_mut(*given..)?).next();
        let Some(packet) = packet else {
            self.waiting = None;
            return None;
        };
        *given += LENGTH_BYTES + packet.len();
        let length = packet.len().min(buffer.len());
        let (to, from) = (buffer.get_mut(..length)?, packet.get(..length)?);
        to.copy_from_slice(from);
        Some((
            length,
            *remote,
            any(crate::tcp::plain(*remote).ip(), local.port()),
        ))
    }
}

/// The address that says "any", of the same family.
fn any(ip: IpAddr, port: u16) -> SocketAddr {
    let any = match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(any, port)
}
