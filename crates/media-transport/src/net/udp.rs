use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;

use super::{for_family, plain};
use crate::router::Burst;
use crate::session::Transmit;

/// A non-blocking UDP socket that knows to which of our addresses a datagram came, and sends from it.
///
/// A socket listening on `[::]` also takes IPv4; all addresses given and taken are plain ones, never IPv4-mapped IPv6.
pub struct UdpSocket {
    io: tokio::net::UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
}

impl UdpSocket {
    /// Opens a socket. Must be called within a tokio runtime.
    ///
    /// `buffer_bytes` is what is asked for in each direction; the system may give less, which is no error.
    ///
    /// # Errors
    /// What the system says.
    pub fn bind(listen: SocketAddr, buffer_bytes: usize) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(listen), Type::DGRAM, Some(Protocol::UDP))?;
        if listen.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        // More than the default, so that a burst of keyframes does not overflow; what we get is good enough.
        let _ = socket.set_recv_buffer_size(buffer_bytes);
        let _ = socket.set_send_buffer_size(buffer_bytes);
        socket.bind(&listen.into())?;
        let io = tokio::net::UdpSocket::from_std(socket.into())?;
        let state = UdpSocketState::new(UdpSockRef::from(&io))?;
        let local = io.local_addr()?;
        Ok(Self { io, state, local })
    }

    /// The address it listens on, with the port the system chose.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// How many datagrams of one size one call can send.
    #[must_use]
    pub fn max_segments(&self) -> usize {
        self.state.max_gso_segments().max(1)
    }

    /// Waits until there is something to receive.
    ///
    /// # Errors
    /// What the system says.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Receives what is there without waiting: up to [`quinn_udp::BATCH_SIZE`] bursts.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when there is nothing; what the system says.
    pub fn try_receive(&self, buffer: &mut ReceiveBuffer) -> io::Result<()> {
        buffer.filled = 0;
        let ReceiveBuffer { bytes, metas, .. } = buffer;
        let mut slices: [IoSliceMut<'_>; quinn_udp::BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(&mut []));
        for (slice, bytes) in slices.iter_mut().zip(bytes.chunks_mut(ReceiveBuffer::SLOT_BYTES)) {
            *slice = IoSliceMut::new(bytes);
        }
        buffer.filled = self.io.try_io(Interest::READABLE, || {
            self.state.recv(UdpSockRef::from(&self.io), &mut slices, metas)
        })?;
        Ok(())
    }

    /// Sends a burst, waiting while the socket's buffer is full.
    ///
    /// # Errors
    /// What the system says; the burst is lost then, as datagrams may be.
    pub async fn send(&self, burst: &Burst<'_>) -> io::Result<()> {
        let Transmit { source, destination } = burst.transmit;
        let v6 = self.local.is_ipv6();
        let transmit = quinn_udp::Transmit {
            destination: for_family(destination, v6),
            ecn: None,
            contents: burst.contents,
            segment_size: (burst.contents.len() > burst.segment_size).then_some(burst.segment_size),
            src_ip: self.source_ip(source, destination),
        };
        loop {
            let result = self.io.try_io(Interest::WRITABLE, || {
                self.state.try_send(UdpSockRef::from(&self.io), &transmit)
            });
            match result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.io.writable().await?,
                // Offload was refused by the network device; the state has noticed and takes single datagrams now.
                Err(_) if transmit.segment_size.is_some() => return self.send_singly(burst).await,
                result => return result,
            }
        }
    }

    async fn send_singly(&self, burst: &Burst<'_>) -> io::Result<()> {
        let mut result = Ok(());
        for contents in burst.datagrams() {
            let single = Burst {
                transmit: burst.transmit,
                contents,
                segment_size: contents.len(),
            };
            if let Err(error) = Box::pin(self.send(&single)).await {
                result = Err(error);
            }
        }
        result
    }

    /// Our address to name, when there is a choice and the socket listens on several.
    fn source_ip(&self, source: SocketAddr, destination: SocketAddr) -> Option<IpAddr> {
        if source.ip().is_unspecified() || !self.local.ip().is_unspecified() {
            return None;
        }
        // An IPv4 destination on an IPv6 socket wants an IPv4 control message with a mapped address beside it; quinn-udp
        // chooses by the type of this address.
        (source.is_ipv4() == destination.is_ipv4()).then(|| for_family(source, self.local.is_ipv6()).ip())
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}

/// Room for what one [`UdpSocket::try_receive`] brings.
pub struct ReceiveBuffer {
    /// [`quinn_udp::BATCH_SIZE`] slots of `SLOT_BYTES`.
    bytes: Vec<u8>,
    metas: [RecvMeta; quinn_udp::BATCH_SIZE],
    /// How many slots have something in them.
    filled: usize,
}

impl ReceiveBuffer {
    /// The most that the kernel joins into one burst.
    const SLOT_BYTES: usize = 64 * 1024;

    /// Two megabytes or less, once per thread.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bytes: vec![0; Self::SLOT_BYTES * quinn_udp::BATCH_SIZE],
            metas: [RecvMeta::default(); quinn_udp::BATCH_SIZE],
            filled: 0,
        }
    }

    /// Calls `take` with source, destination and content of each datagram, in order.
    pub fn for_each(&mut self, local: SocketAddr, mut take: impl FnMut(SocketAddr, SocketAddr, &mut [u8])) {
        let filled = std::mem::take(&mut self.filled);
        for (meta, slot) in self
            .metas
            .iter()
            .zip(self.bytes.chunks_mut(Self::SLOT_BYTES))
            .take(filled)
        {
            let destination = SocketAddr::new(meta.dst_ip.unwrap_or_else(|| local.ip()), local.port());
            let (source, destination) = (plain(meta.addr), plain(destination));
            let content = slot.get_mut(..meta.len).unwrap_or_default();
            for datagram in content.chunks_mut(meta.stride.max(1)) {
                take(source, destination, datagram);
            }
        }
    }
}

impl Default for ReceiveBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ReceiveBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiveBuffer")
            .field("filled", &self.filled)
            .finish_non_exhaustive()
    }
}
