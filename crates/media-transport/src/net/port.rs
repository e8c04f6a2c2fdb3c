use std::sync::Arc;
use std::time::{Duration, Instant};

use super::metrics::InHand;
use super::offload::Progress;
use super::tcp::{StreamPackets, TcpEvent, TcpPort};
use super::{ReceiveBuffer, ThreadMetrics, UdpSocket};
use crate::demux::{PacketClass, classify};
use crate::router::{Router, TransmitBuffer};
use crate::tcp::frames_mut;

/// The longest a packet waits for others to be sent with. Nothing waits once the socket has nothing more to receive.
///
/// What comes together is received with one call or two, and waiting longer saves no CPU time; where a thread has many
/// meetings it only keeps packets of one waiting for those of the others.
const MAX_HOLD: Duration = Duration::from_micros(200);

/// The longest one turn of receiving takes before timers and commands get theirs.
const MAX_TURN: Duration = Duration::from_millis(4);

/// Reads from TCP connections that are routed before what follows from them is sent.
const MAX_READS: usize = 32;

/// Memory that the buffer for sending keeps after an unusual burst, in bytes.
const KEPT: usize = 512 * 1024;

/// A [`Router`] on a [`UdpSocket`], and a [`TcpPort`] where there is one: the packet path of a media thread, without waiting, locks or allocation.
///
/// What one [`receive`](Self::receive) brings is routed first and sent then, so that packets for one subscriber that came
/// together leave together. The busier the thread is, the more that is, and the less each packet costs.
#[derive(Debug)]
pub struct MediaPort {
    socket: UdpSocket,
    tcp: Option<TcpPort>,
    router: Router,
    received: ReceiveBuffer,
    /// What the socket has not yet taken. The router keeps the rest, within its bounds.
    out: TransmitBuffer,
    progress: Progress,
    /// Whether the latest turn of receiving ended before the socket was empty.
    has_more: bool,
    metrics: Arc<ThreadMetrics>,
    in_hand: InHand,
}

impl MediaPort {
    /// Puts them together.
    #[must_use]
    pub fn new(socket: UdpSocket, router: Router) -> Self {
        Self::with_metrics(socket, router, Arc::default())
    }

    /// The same, counting where others read.
    #[must_use]
    pub fn with_metrics(socket: UdpSocket, router: Router, metrics: Arc<ThreadMetrics>) -> Self {
        Self {
            socket,
            tcp: None,
            router,
            received: ReceiveBuffer::new(),
            out: TransmitBuffer::new(),
            progress: Progress::Done,
            has_more: false,
            metrics,
            in_hand: InHand::new(),
        }
    }

    /// The same with a TCP port beside it.
    #[must_use]
    pub fn with_tcp(mut self, tcp: Option<TcpPort>) -> Self {
        self.tcp = tcp;
        self
    }

    /// Routes what has arrived, for as long as there is more and at most 4 ms, and sends what follows from it. No packet
    /// is held longer than 200 µs. Whether there may be more says [`has_more`](Self::has_more).
    pub fn receive(&mut self) -> Progress {
        let began = Instant::now();
        let (mut now, mut held_since) = (began, began);
        self.has_more = true;
        while now.saturating_duration_since(began) < MAX_TURN {
            // An error is nothing to receive, or the echo of a datagram that found no listener.
            if self.socket.try_receive(&mut self.received).is_err() {
                self.has_more = false;
                break;
            }
            let Self {
                socket,
                tcp,
                router,
                received,
                out,
                progress,
                metrics,
                in_hand,
                ..
            } = self;
            let mut received_at = None;
            let (mut datagrams, mut bytes) = (0, 0);
            for burst in received.bursts() {
                now = Instant::now();
                // All that one call brought was received when its first burst is looked at, and arrived before.
                let received_at = *received_at.get_or_insert(now);
                let arrived = received_at.checked_sub(burst.waited).unwrap_or(received_at);
                if now.saturating_duration_since(held_since) >= MAX_HOLD {
                    *progress = hand_over(socket, tcp.as_mut(), router, out, metrics, in_hand);
                    held_since = now;
                }
                let (source, destination) = (burst.source, burst.destination);
                let mut packets = 0;
                for datagram in burst.datagrams() {
                    datagrams += 1;
                    bytes += datagram.len() as u64;
                    packets += u64::from(classify(datagram) == PacketClass::Rtp);
                    router.handle_datagram(now, source, destination, datagram);
                }
                in_hand.arrived(arrived, packets);
            }
            metrics.datagrams_received.add(datagrams);
            metrics.bytes_received.add(bytes);
        }
        self.flush()
    }

    /// Sends what waits, as far as the socket takes it.
    pub fn flush(&mut self) -> Progress {
        let Self {
            socket,
            tcp,
            router,
            out,
            progress,
            metrics,
            in_hand,
            ..
        } = self;
        *progress = hand_over(socket, tcp.as_mut(), router, out, metrics, in_hand);
        *progress
    }

    /// Takes note of what has happened on the TCP port, routes what has arrived there, and sends what follows from it.
    pub(super) fn handle_tcp(&mut self, event: TcpEvent) -> Progress {
        let Some(tcp) = &mut self.tcp else {
            return self.progress;
        };
        let mut arrived = match event {
            TcpEvent::Accepted(stream, source) => {
                tcp.accept(stream, source);
                None
            }
            TcpEvent::Ended(number) => {
                tcp.end(number);
                None
            }
            TcpEvent::Arrived(arrived) => Some(arrived),
            TcpEvent::Nothing => None,
        };
        self.metrics.tcp_connections(tcp.connections());
        for _ in 0..MAX_READS {
            let Some(packets) = arrived.take() else { break };
            self.route(packets);
            arrived = self.tcp.as_mut().and_then(TcpPort::try_next);
        }
        if let Some(packets) = arrived {
            self.route(packets);
        }
        self.flush()
    }

    fn route(
        &mut self,
        StreamPackets {
            remote,
            local,
            mut frames,
        }: StreamPackets,
    ) {
        let now = Instant::now();
        let (mut datagrams, mut bytes, mut packets) = (0, 0, 0);
        for packet in frames_mut(&mut frames) {
            datagrams += 1;
            bytes += packet.len() as u64;
            packets += u64::from(classify(packet) == PacketClass::Rtp);
            self.router.handle_datagram(now, remote, local, packet);
        }
        self.in_hand.arrived(now, packets);
        self.metrics.datagrams_received.add(datagrams);
        self.metrics.bytes_received.add(bytes);
    }

    /// Whether the latest [`receive`](Self::receive) ended before the socket was empty.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.has_more
    }

    /// How far the latest [`flush`](Self::flush) came.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// The router, for commands, timeouts and events; [`flush`](Self::flush) after them.
    pub const fn router(&mut self) -> &mut Router {
        &mut self.router
    }

    /// The sockets, to wait for.
    pub(super) const fn sockets(&mut self) -> (&UdpSocket, Option<&mut TcpPort>) {
        (&self.socket, self.tcp.as_mut())
    }

    /// Gives up the TCP port.
    pub(super) const fn take_tcp(&mut self) -> Option<TcpPort> {
        self.tcp.take()
    }

    /// The UDP socket.
    #[must_use]
    pub const fn socket(&self) -> &UdpSocket {
        &self.socket
    }
}

/// Sends what waits, and counts it.
fn hand_over(
    socket: &mut UdpSocket,
    mut tcp: Option<&mut TcpPort>,
    router: &mut Router,
    out: &mut TransmitBuffer,
    metrics: &ThreadMetrics,
    in_hand: &mut InHand,
) -> Progress {
    let (progress, bytes) = flush(socket, tcp.as_deref_mut(), router, out);
    metrics.bytes_sent.add(bytes);
    metrics.sent(
        socket.counters(),
        tcp.map(|tcp| tcp.counters()).unwrap_or_default(),
    );
    if progress == Progress::Done {
        in_hand.handed_over(Instant::now, &metrics.forwarding);
    }
    progress
}

/// How far it came, and the bytes that the socket was given for the first time.
fn flush(
    socket: &mut UdpSocket,
    mut tcp: Option<&mut TcpPort>,
    router: &mut Router,
    out: &mut TransmitBuffer,
) -> (Progress, u64) {
    let mut bytes = 0;
    loop {
        let progress = socket.try_send_or(out, |remote, burst| {
            if let Some(tcp) = &mut tcp {
                tcp.send(remote, burst);
            }
        });
        if progress == Progress::Blocked {
            return (Progress::Blocked, bytes);
        }
        out.shrink(KEPT);
        if !router.poll_trains(out, |destination| socket.max_segments(destination)) {
            return (Progress::Done, bytes);
        }
        bytes += out.len_bytes() as u64;
    }
}
