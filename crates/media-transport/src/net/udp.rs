use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;

use super::offload::{Offload, Progress, SendCounters};
use super::{for_family, plain};
use crate::router::{Burst, TransmitBuffer};
use crate::session::Transmit;
use crate::tcp::TcpRemote;

/// A non-blocking UDP socket that knows to which of our addresses a datagram came, and sends from it.
///
/// Where the kernel can, a call takes a whole train of datagrams in each direction (GSO and GRO on Linux); where it cannot,
/// which is found out by trying, socket by socket and route by route, they go one by one. ECN is left alone.
///
/// A socket listening on `[::]` also takes IPv4; all addresses given and taken are plain ones, never IPv4-mapped IPv6.
pub struct UdpSocket {
    io: tokio::net::UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    offload: Offload,
    counters: SendCounters,
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
        // 1 where the system does not know the socket option. It may be more than we ask for.
        let max_segments = NonZeroUsize::new(state.max_gso_segments()).unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            io,
            state,
            local,
            offload: Offload::new(max_segments.min(TransmitBuffer::MAX_SEGMENTS)),
            counters: SendCounters::default(),
        })
    }

    /// The address it listens on, with the port the system chose.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// How many datagrams of one size one call can send to a destination. Learnt from what the system refuses. One to a TCP
    /// connection: there is nothing to be won by equal sizes.
    #[must_use]
    pub fn max_segments(&self, destination: SocketAddr) -> NonZeroUsize {
        if TcpRemote::of(destination).is_some() {
            return NonZeroUsize::MIN;
        }
        self.offload.segments_to(destination.ip())
    }

    /// What was sent so far.
    #[must_use]
    pub const fn counters(&self) -> SendCounters {
        self.counters
    }

    /// Waits until there is something to receive.
    ///
    /// # Errors
    /// What the system says.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Waits until the socket takes something again.
    ///
    /// # Errors
    /// What the system says.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Receives what is there without waiting: up to [`quinn_udp::BATCH_SIZE`] bursts.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when there is nothing; what the system says.
    pub fn try_receive(&self, buffer: &mut ReceiveBuffer) -> io::Result<()> {
        buffer.filled = 0;
        buffer.local = self.local;
        let ReceiveBuffer { bytes, metas, .. } = buffer;
        let mut slices: [IoSliceMut<'_>; quinn_udp::BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(&mut []));
        for (slice, bytes) in slices.iter_mut().zip(bytes.chunks_mut(ReceiveBuffer::SLOT_BYTES)) {
            *slice = IoSliceMut::new(bytes);
        }
        buffer.filled = self.io.try_io(Interest::READABLE, || {
            self.state.recv(UdpSockRef::from(&self.io), &mut slices, metas)
        })?;
        // The clock that the system stamps by.
        buffer.received_at = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Ok(())
    }

    /// Sends what is left of `out` without waiting, in its order. What the system refuses is lost, as datagrams may be.
    ///
    /// Once it is [`Blocked`](Progress::Blocked), wait for [`writable`](Self::writable) and call it again. What is to go to
    /// TCP connections is lost here; see [`try_send_or`](Self::try_send_or).
    pub fn try_send(&mut self, out: &mut TransmitBuffer) -> Progress {
        self.try_send_or(out, |_, _| {})
    }

    /// The same, where what is to go to TCP connections is given to `divert`.
    pub fn try_send_or(
        &mut self,
        out: &mut TransmitBuffer,
        divert: impl FnMut(TcpRemote, &Burst<'_>),
    ) -> Progress {
        let Self {
            io,
            state,
            local,
            offload,
            counters,
        } = self;
        let local = *local;
        offload.send(out, counters, divert, |burst| {
            let Transmit { source, destination } = burst.transmit;
            let transmit = quinn_udp::Transmit {
                destination: for_family(destination, local.is_ipv6()),
                ecn: None,
                contents: burst.contents,
                segment_size: (burst.contents.len() > burst.segment_size).then_some(burst.segment_size),
                src_ip: source_ip(local, source, destination),
            };
            io.try_io(Interest::WRITABLE, || {
                state.try_send(UdpSockRef::from(&*io), &transmit)
            })
        })
    }

    /// Takes trains of this many segments to be possible, whatever the system said.
    #[cfg(test)]
    pub(super) fn pretend_segments(&mut self, max_segments: NonZeroUsize) {
        self.offload = Offload::new(max_segments);
    }
}

/// Our address to name, when there is a choice and the socket listens on several.
fn source_ip(local: SocketAddr, source: SocketAddr, destination: SocketAddr) -> Option<IpAddr> {
    if source.ip().is_unspecified() || !local.ip().is_unspecified() {
        return None;
    }
    // An IPv4 destination on an IPv6 socket wants an IPv4 control message with a mapped address beside it; quinn-udp
    // chooses by the type of this address.
    (source.is_ipv4() == destination.is_ipv4()).then(|| for_family(source, local.is_ipv6()).ip())
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
    /// The address of the socket that filled it.
    local: SocketAddr,
    /// When it was filled, since the epoch.
    received_at: Duration,
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
            local: SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0),
            received_at: Duration::ZERO,
        }
    }

    /// What was received, in order.
    pub fn bursts(&mut self) -> impl Iterator<Item = ReceivedBurst<'_>> {
        let filled = std::mem::take(&mut self.filled);
        let (local, received_at) = (self.local, self.received_at);
        self.metas
            .iter()
            .zip(self.bytes.chunks_mut(Self::SLOT_BYTES))
            .take(filled)
            .map(move |(meta, slot)| {
                let destination = SocketAddr::new(meta.dst_ip.unwrap_or_else(|| local.ip()), local.port());
                ReceivedBurst {
                    source: plain(meta.addr),
                    destination: plain(destination),
                    waited: waited(received_at, meta.timestamp),
                    contents: slot.get_mut(..meta.len).unwrap_or_default(),
                    segment_size: meta.stride.max(1),
                }
            })
    }

    /// Calls `take` with source, destination and content of each datagram, in order.
    pub fn for_each(&mut self, mut take: impl FnMut(SocketAddr, SocketAddr, &mut [u8])) {
        for burst in self.bursts() {
            let (source, destination) = (burst.source, burst.destination);
            burst
                .datagrams()
                .for_each(|datagram| take(source, destination, datagram));
        }
    }
}

/// The longest a datagram is taken to have waited: the clock was set meanwhile, if it says more.
const MAX_WAITED: Duration = Duration::from_secs(1);

/// From the kernel's stamp to when it was received.
fn waited(received_at: Duration, stamp: Option<Duration>) -> Duration {
    let waited = stamp.map(|stamp| received_at.saturating_sub(stamp));
    waited.filter(|waited| *waited <= MAX_WAITED).unwrap_or_default()
}

/// Datagrams that came together from one address to one of ours.
#[derive(Debug)]
pub struct ReceivedBurst<'a> {
    /// Where from.
    pub source: SocketAddr,
    /// Where to.
    pub destination: SocketAddr,
    /// How long it had been in the socket when it was received. Zero where the system does not tell (Linux does), and for
    /// what looks like more than a second: the system tells by a clock that can be set.
    pub waited: Duration,
    contents: &'a mut [u8],
    /// At least 1.
    segment_size: usize,
}

impl<'a> ReceivedBurst<'a> {
    /// The single datagrams.
    pub fn datagrams(self) -> impl Iterator<Item = &'a mut [u8]> + use<'a> {
        self.contents.chunks_mut(self.segment_size)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_makes_nobody_wait() {
        let at = |millis: u64| Duration::from_millis(1_800_000_000_000 + millis);
        assert_eq!(waited(at(7), Some(at(4))), Duration::from_millis(3));
        assert_eq!(waited(at(7), None), Duration::ZERO);
        assert_eq!(waited(at(7), Some(at(9))), Duration::ZERO);
        assert_eq!(waited(at(7000), Some(at(9))), Duration::ZERO);
    }
}
