//! One peer: its transport, its queue, its lists.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::munger::Munger;
use super::subscriber::Subscriber;
use super::transmit::TransmitBuffer;
use super::{PeerId, PeerStats, RoomId};
use crate::session::{PeerSession, Transmit};
use crate::{Error, SRTP_MAX_OVERHEAD};

/// The most SSRCs retired subscriptions leave behind; their last numbers are needed for as long as the keys are.
pub(super) const MAX_RETIRED: usize = 4096;

/// Memory that a peer's queue keeps after an unusual burst.
const QUEUE_KEEPS: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) id: PeerId,
    pub(super) room: RoomId,
    pub(super) session: PeerSession,
    pub(super) is_forwarding: bool,
    /// What our reports to this peer come from.
    pub(super) local_ssrc: u32,
    /// Where media goes; `None` before the transport is connected.
    pub(super) path: Option<Transmit>,
    pub(super) queue: TransmitBuffer,
    /// Whether the router knows that there is something in the queue.
    pub(super) is_queued: bool,
    /// Slots of its tracks.
    pub(super) tracks: Vec<u32>,
    /// SSRCs it sends with, and the slots of their tracks.
    pub(super) incoming: Vec<(u32, u32)>,
    pub(super) subscriptions: Vec<Subscriber>,
    /// Index of a subscription by its SSRC.
    pub(super) outgoing: HashMap<u32, usize>,
    /// Numbering of SSRCs no longer in use: none may ever be used twice under the same keys.
    pub(super) retired: HashMap<u32, Munger>,
    pub(super) timers: Timers,
    pub(super) addresses: Vec<(SocketAddr, SocketAddr)>,
    pub(super) ufrags: Vec<String>,
    pub(super) last_heard: Instant,
    pub(super) rtt: Option<Duration>,
    pub(super) counters: Counters,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Timers {
    /// The reports of each second.
    pub(super) report: Option<Instant>,
    /// Requests to the peer as a publisher.
    pub(super) feedback: Option<Instant>,
    /// The entry in the router's schedule.
    pub(super) scheduled: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) packets_received: u64,
    pub(super) bytes_received: u64,
    pub(super) packets_sent: u64,
    pub(super) bytes_sent: u64,
    pub(super) retransmitted: u64,
    pub(super) dropped: u64,
    pub(super) refused: u64,
}

impl Peer {
    pub(super) fn new(now: Instant, id: PeerId, room: RoomId, session: PeerSession, local_ssrc: u32) -> Self {
        Self {
            id,
            room,
            session,
            is_forwarding: true,
            local_ssrc,
            path: None,
            queue: TransmitBuffer::new(),
            is_queued: false,
            tracks: Vec::new(),
            incoming: Vec::new(),
            subscriptions: Vec::new(),
            outgoing: HashMap::new(),
            retired: HashMap::new(),
            timers: Timers::default(),
            addresses: Vec::new(),
            ufrags: Vec::new(),
            last_heard: now,
            rtt: None,
            counters: Counters::default(),
        }
    }

    /// The way out for media, and the subscriptions that use it; `None` while nothing may be sent.
    pub(super) fn outlet(&mut self, max_queued_bytes: usize) -> Option<(Outlet<'_>, &mut Vec<Subscriber>)> {
        if !self.is_forwarding {
            return None;
        }
        let path = self.path?;
        let outlet = Outlet {
            path,
            session: &mut self.session,
            queue: &mut self.queue,
            counters: &mut self.counters,
            max_queued_bytes,
        };
        Some((outlet, &mut self.subscriptions))
    }

    /// Sends a compound that `write` writes; nothing when it writes nothing.
    pub(super) fn send_rtcp(&mut self, room: usize, write: impl FnOnce(&mut [u8]) -> usize) {
        let Some(path) = self.path else { return };
        let session = &mut self.session;
        let _ = self.queue.push_with(path, room + SRTP_MAX_OVERHEAD, |buffer| {
            let len = write(buffer.get_mut(..room).unwrap_or_default());
            if len == 0 {
                return Err(Error::BufferTooSmall { needed: 0 });
            }
            session.protect_rtcp(buffer, len)
        });
    }

    /// Moves what the session has to send into the queue.
    pub(super) fn drain_session(&mut self, scratch: &mut Vec<u8>) {
        while let Some(transmit) = self.session.poll_transmit(scratch) {
            let _ = self.queue.push_with(transmit, scratch.len(), |buffer| {
                buffer.copy_from_slice(scratch);
                Ok::<_, Error>(buffer.len())
            });
        }
    }

    /// Gives the queue's content away for an empty buffer.
    pub(super) fn take_queue(&mut self, out: &mut TransmitBuffer) {
        out.clear();
        out.shrink(QUEUE_KEEPS);
        std::mem::swap(&mut self.queue, out);
        self.is_queued = false;
    }

    /// The earliest of its timers.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let own = [
            self.timers.report,
            self.timers.feedback,
            self.session.poll_timeout(),
        ];
        own.into_iter().flatten().min()
    }

    /// Its figures, without those of its publications.
    pub(super) fn stats(&self) -> PeerStats {
        let counters = self.counters;
        PeerStats {
            connected: self.path.is_some(),
            packets_received: counters.packets_received,
            bytes_received: counters.bytes_received,
            packets_sent: counters.packets_sent,
            bytes_sent: counters.bytes_sent,
            packets_retransmitted: counters.retransmitted,
            packets_dropped: counters.dropped,
            datagrams_refused: counters.refused,
            rtt: self.rtt.or_else(|| self.session.rtt()),
            publications: Vec::new(),
            subscriptions: self.subscriptions.iter().map(Subscriber::stats).collect(),
        }
    }
}

/// The way out for media of one peer.
#[derive(Debug)]
pub(super) struct Outlet<'a> {
    path: Transmit,
    session: &'a mut PeerSession,
    queue: &'a mut TransmitBuffer,
    counters: &'a mut Counters,
    max_queued_bytes: usize,
}

impl Outlet<'_> {
    /// Queues a packet that `write` writes into a slice of `room` bytes; whether it did.
    pub(super) fn send_rtp(&mut self, room: usize, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        if self.queue.len_bytes() + room > self.max_queued_bytes {
            self.counters.dropped += 1;
            return false;
        }
        let mut written = 0;
        let session = &mut *self.session;
        let result = self
            .queue
            .push_with(self.path, room + SRTP_MAX_OVERHEAD, |buffer| {
                written = write(buffer.get_mut(..room).unwrap_or_default()).ok_or(())?;
                session.protect_rtp(buffer, written).map_err(|_| ())
            });
        if result.is_err() {
            return false;
        }
        self.counters.packets_sent += 1;
        self.counters.bytes_sent += written as u64;
        true
    }

    pub(super) fn count_retransmission(&mut self) {
        self.counters.retransmitted += 1;
    }
}
