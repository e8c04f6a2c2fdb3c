use std::sync::Arc;
use std::time::{Duration, Instant};

use super::metrics::InHand;
use super::offload::Progress;
use super::{ReceiveBuffer, ThreadMetrics, UdpSocket};
use crate::demux::{PacketClass, classify};
use crate::router::{Router, TransmitBuffer};

/// The longest a packet waits for others to be sent with. Nothing waits once the socket has nothing more to receive.
const MAX_HOLD: Duration = Duration::from_millis(1);

/// The longest one turn of receiving takes before timers and commands get theirs.
const MAX_TURN: Duration = Duration::from_millis(4);

/// Memory that the buffer for sending keeps after an unusual burst, in bytes.
const KEPT: usize = 512 * 1024;

/// A [`Router`] on a [`UdpSocket`]: the packet path of a media thread, without waiting, locks or allocation.
///
/// What one [`receive`](Self::receive) brings is routed first and sent then, so that packets for one subscriber that came
/// together leave together. The busier the thread is, the more that is, and the less each packet costs.
#[derive(Debug)]
pub struct MediaPort {
    socket: UdpSocket,
    router: Router,
    received: ReceiveBuffer,
    /// What the socket has not yet taken. The router keeps the rest, within its bounds.
    out: TransmitBuffer,
    progress: Progress,
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
            router,
            received: ReceiveBuffer::new(),
            out: TransmitBuffer::new(),
            progress: Progress::Done,
            metrics,
            in_hand: InHand::new(),
        }
    }

    /// Routes what has arrived, for as long as there is more and at most 4 ms, and sends what follows from it. No packet
    /// is held longer than 1 ms.
    pub fn receive(&mut self) -> Progress {
        let began = Instant::now();
        let (mut now, mut held_since) = (began, began);
        while now.saturating_duration_since(began) < MAX_TURN {
            // An error is nothing to receive, or the echo of a datagram that found no listener.
            if self.socket.try_receive(&mut self.received).is_err() {
                break;
            }
            let Self {
                socket,
                router,
                received,
                out,
                progress,
                metrics,
                in_hand,
            } = self;
            // All that one call brought has arrived when its first burst is looked at.
            let mut arrived = None;
            let (mut datagrams, mut bytes) = (0, 0);
            for burst in received.bursts() {
                now = Instant::now();
                let arrived = *arrived.get_or_insert(now);
                if now.saturating_duration_since(held_since) >= MAX_HOLD {
                    *progress = hand_over(socket, router, out, metrics, in_hand);
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
            router,
            received: _,
            out,
            progress,
            metrics,
            in_hand,
        } = self;
        *progress = hand_over(socket, router, out, metrics, in_hand);
        *progress
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

    /// The socket.
    #[must_use]
    pub const fn socket(&self) -> &UdpSocket {
        &self.socket
    }
}

/// Sends what waits, and counts it.
fn hand_over(
    socket: &mut UdpSocket,
    router: &mut Router,
    out: &mut TransmitBuffer,
    metrics: &ThreadMetrics,
    in_hand: &mut InHand,
) -> Progress {
    let (progress, bytes) = flush(socket, router, out);
    metrics.bytes_sent.add(bytes);
    metrics.sent(socket.counters());
    if progress == Progress::Done {
        in_hand.handed_over(Instant::now, &metrics.forwarding);
    }
    progress
}

/// How far it came, and the bytes that the socket was given for the first time.
fn flush(socket: &mut UdpSocket, router: &mut Router, out: &mut TransmitBuffer) -> (Progress, u64) {
    let mut bytes = 0;
    loop {
        if socket.try_send(out) == Progress::Blocked {
            return (Progress::Blocked, bytes);
        }
        out.shrink(KEPT);
        if !router.poll_trains(out, |destination| socket.max_segments(destination)) {
            return (Progress::Done, bytes);
        }
        bytes += out.len_bytes() as u64;
    }
}
