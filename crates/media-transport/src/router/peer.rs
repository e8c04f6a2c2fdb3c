//! One peer: its transport, its queue, its lists.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use anteroom_prefetch as prefetch;

use super::forwarder::MAX_GROWTH;
use super::munger::Munger;
use super::pace::Pace;
use super::publisher::Track;
use super::queue::{Claim, Passage, Pending, PendingQueue, Plan};
use super::slots::Slots;
use super::subscriber::{Subscriber, Written};
use super::transmit::TransmitBuffer;
use super::{MediaKind, PeerId, PeerStats, RoomId, TrackId, TrackView};
use crate::allocator::{Allocator, AllocatorConfig};
use crate::pacer::PacketInfo;
use crate::rtcp::CompoundWriter;
use crate::rtcp::transport_cc::TwccRecorder;
use crate::session::{PeerSession, Transmit};
use crate::{Error, SRTP_MAX_OVERHEAD};

/// The most SSRCs retired subscriptions leave behind; their last numbers are needed for as long as the keys are.
pub(super) const MAX_RETIRED: usize = 4096;

/// Bytes of STUN, DTLS and RTCP that may wait for the socket. Whoever sends such things again does so in time.
const MAX_CONTROL_BYTES: usize = 64 * 1024;

/// Streams of which it is remembered what they said, and the most that one may say, in bytes.
const MAX_TOLD: usize = 64;
pub(super) const MAX_TOLD_LEN: usize = 64;

/// Bytes of a compound with feedback, so that it fits every path, and the most at a time.
const MAX_FEEDBACK_LEN: usize = 1200;
const MAX_FEEDBACKS: usize = 4;

/// Memory that the queue of such datagrams keeps after an unusual burst.
const QUEUE_KEEPS: usize = 4 * 1024;

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
    /// Datagrams that are ready to go: STUN, DTLS, RTCP.
    pub(super) queue: TransmitBuffer,
    /// Media, written when it is sent.
    pub(super) pending: PendingQueue,
    /// Media that is paced; `None` for a peer that does not tell when packets arrive.
    pub(super) pace: Option<Box<Pace>>,
    /// What it gets of which track.
    pub(super) allocator: Allocator,
    /// The id of transport-wide numbers in what it sends.
    pub(super) transport_sequence: Option<u8>,
    /// When those packets arrived.
    pub(super) recorder: Option<Box<TwccRecorder>>,
    /// Whether the router knows that there is something in one of the queues.
    pub(super) is_queued: bool,
    /// Slots of its tracks.
    pub(super) tracks: Vec<u32>,
    /// What its streams have said of themselves: they do so until they know that we know, and never again, though the
    /// section may come to publish another track. The oldest first.
    pub(super) told: VecDeque<Told>,
    /// SSRCs it sends with, and the slots of their tracks.
    pub(super) incoming: Vec<(u32, u32)>,
    pub(super) subscriptions: Vec<Subscriber>,
    /// Index of a subscription by its SSRC.
    pub(super) outgoing: HashMap<u32, usize>,
    /// Numbering of SSRCs no longer in use: none may ever be used twice under the same keys.
    pub(super) retired: HashMap<u32, Munger>,
    /// What it shows, as far as it has said.
    pub(super) views: HashMap<TrackId, TrackView>,
    pub(super) timers: Timers,
    /// When its transport was connected.
    pub(super) connected: Option<Instant>,
    pub(super) firsts: Firsts,
    pub(super) addresses: Vec<(SocketAddr, SocketAddr)>,
    pub(super) ufrags: Vec<String>,
    pub(super) last_heard: Instant,
    pub(super) rtt: Option<Duration>,
    pub(super) counters: Counters,
}

/// What a stream says in its first packets (RFC 8852, RFC 9143).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) ssrc: u32,
    /// The media section.
    pub(super) mid: Vec<u8>,
    /// The simulcast layer that it is, or whose packets it repeats.
    pub(super) rid: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Timers {
    /// The reports of each second.
    pub(super) report: Option<Instant>,
    /// Requests to the peer as a publisher.
    pub(super) feedback: Option<Instant>,
    /// What it gets is decided anew.
    pub(super) allocation: Option<Instant>,
}

/// How long a peer waited for the first packet of sound, and for the first of a keyframe: since it had subscribed, was
/// connected, and there was something to forward.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Firsts {
    audio: Option<Duration>,
    video: Option<Duration>,
}

impl Firsts {
    fn note(&mut self, kind: MediaKind, waited: Duration) {
        let first = match kind {
            MediaKind::Audio => &mut self.audio,
            MediaKind::Video => &mut self.video,
        };
        first.get_or_insert(waited);
    }
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
            pending: PendingQueue::default(),
            pace: None,
            allocator: Allocator::new(AllocatorConfig::default()),
            transport_sequence: None,
            recorder: None,
            is_queued: false,
            tracks: Vec::new(),
            told: VecDeque::new(),
            incoming: Vec::new(),
            subscriptions: Vec::new(),
            outgoing: HashMap::new(),
            retired: HashMap::new(),
            views: HashMap::new(),
            timers: Timers::default(),
            connected: None,
            firsts: Firsts::default(),
            addresses: Vec::new(),
            ufrags: Vec::new(),
            last_heard: now,
            rtt: None,
            counters: Counters::default(),
        }
    }

    /// Brings nearer what sending packets of a subscription needs, as far as `steps` pointers lead: the state of hundreds
    /// of peers is cold, and each step waits for memory.
    #[inline]
    pub(super) fn warm(&self, index: usize, steps: u32) {
        if steps == 0 {
            prefetch::read(&self.path);
            prefetch::read(&self.pending);
            prefetch::read(&self.pace);
            prefetch::read(&self.counters);
            prefetch::read(&self.subscriptions);
            prefetch::read(&self.queue);
            prefetch::read(&self.is_queued);
            self.session.warm(0);
            return;
        }
        self.session.warm(steps);
        if let Some(subscriber) = self.subscriptions.get(index) {
            subscriber.warm(steps - 1);
        }
        if let Some(pace) = &self.pace {
            pace.warm(steps - 1);
        }
    }

    /// Remembers what a stream said, at the cost of the oldest.
    pub(super) fn remember(&mut self, told: Told) {
        self.told.retain(|known| known.ssrc != told.ssrc);
        if self.told.len() >= MAX_TOLD {
            self.told.pop_front();
        }
        self.told.push_back(told);
    }

    /// What a stream said.
    pub(super) fn told(&self, ssrc: u32) -> Option<&Told> {
        self.told.iter().find(|told| told.ssrc == ssrc)
    }

    /// A subscription and its way out for media; `None` while nothing may be sent.
    pub(super) fn outlet(
        &mut self,
        subscription: usize,
        max_bytes: usize,
        passes_at: Option<Instant>,
    ) -> Option<(Outlet<'_>, &mut Subscriber)> {
        if !self.is_forwarding || self.path.is_none() {
            return None;
        }
        let outlet = Outlet {
            subscription,
            pending: &mut self.pending,
            pace: self.pace.as_deref_mut(),
            counters: &mut self.counters,
            max_bytes,
            passes_at,
        };
        Some((outlet, self.subscriptions.get_mut(subscription)?))
    }

    /// Sends a compound that `write` writes; nothing when it writes nothing.
    pub(super) fn send_rtcp(&mut self, room: usize, write: impl FnOnce(&mut [u8]) -> usize) {
        let Some(path) = self.path else { return };
        if self.queue.len_bytes() + room > MAX_CONTROL_BYTES {
            self.counters.dropped += 1;
            return;
        }
        let session = &mut self.session;
        let _ = self.queue.push_with(path, room + SRTP_MAX_OVERHEAD, |buffer| {
            let len = write(buffer.get_mut(..room).unwrap_or_default());
            if len == 0 {
                return Err(Error::BufferTooSmall { needed: 0 });
            }
            session.protect_rtcp(buffer, len)
        });
    }

    /// Tells the peer when its packets arrived.
    pub(super) fn send_transport_feedback(&mut self, now: Instant) {
        let Some(mut recorder) = self.recorder.take() else {
            return;
        };
        let local_ssrc = self.local_ssrc;
        // Each is about as many packets as fit; the window of the recorder bounds their number.
        for _ in 0..MAX_FEEDBACKS {
            let mut has_more = false;
            self.send_rtcp(MAX_FEEDBACK_LEN, |buffer| {
                let mut writer = CompoundWriter::new(buffer);
                let _ = writer.receiver_report(local_ssrc, &[]);
                has_more = recorder.write_feedback(now, &mut writer).unwrap_or(false);
                if has_more { writer.len() } else { 0 }
            });
            if !has_more || recorder.poll_timeout().is_none() {
                break;
            }
        }
        self.recorder = Some(recorder);
    }

    /// Moves what the session has to send into the queue.
    pub(super) fn drain_session(&mut self, scratch: &mut Vec<u8>) {
        while let Some(transmit) = self.session.poll_transmit(scratch) {
            if self.queue.len_bytes() + scratch.len() > MAX_CONTROL_BYTES {
                self.counters.dropped += 1;
                continue;
            }
            let _ = self.queue.push_with(transmit, scratch.len(), |buffer| {
                buffer.copy_from_slice(scratch);
                Ok::<_, Error>(buffer.len())
            });
        }
    }

    /// Whether something can be sent now.
    pub(super) fn has_work(&self, now: Instant) -> bool {
        !self.queue.is_empty()
            || !self.pending.is_empty()
            || self.pace.as_ref().is_some_and(|pace| pace.is_due(now))
    }

    /// Appends everything that is to be sent now to `out`: what is ready, then media in the order and with the padding
    /// that `plan` finds. To `starved`, the indices of subscriptions that need a keyframe.
    pub(super) fn take_queue(
        &mut self,
        now: Instant,
        tracks: &Slots<Track>,
        plan: &mut Plan,
        trains: Trains,
        out: &mut TransmitBuffer,
        starved: &mut Vec<usize>,
    ) {
        self.is_queued = false;
        if !self.queue.is_empty() {
            out.append(&self.queue);
            self.queue.clear();
            self.queue.shrink(QUEUE_KEEPS);
        }
        if let Some(pace) = &mut self.pace {
            let pending = &mut self.pending;
            plan.lend(pending);
            pace.leave(
                now,
                &mut self.subscriptions,
                tracks,
                |item| pending.push(item),
                starved,
            );
        }
        self.write_pending(now, tracks, plan, trains, out);
    }

    /// Writes what waits now, before subscriptions change their places.
    pub(super) fn settle(&mut self, now: Instant, tracks: &Slots<Track>, plan: &mut Plan) {
        let mut queue = std::mem::take(&mut self.queue);
        self.write_pending(now, tracks, plan, Trains::NONE, &mut queue);
        self.queue = queue;
    }

    fn write_pending(
        &mut self,
        now: Instant,
        tracks: &Slots<Track>,
        plan: &mut Plan,
        trains: Trains,
        out: &mut TransmitBuffer,
    ) {
        if self.pending.is_empty() {
            plan.take_back(&mut self.pending);
            return;
        }
        let Some(path) = self.path.filter(|_| self.is_forwarding) else {
            self.pending.clear();
            plan.take_back(&mut self.pending);
            return;
        };
        plan.make(&mut self.pending, trains.max_segments, trains.max_padding);
        let session = &mut self.session;
        for (pending, padding) in plan.packets() {
            let subscriber = self.subscriptions.get_mut(pending.subscription);
            let Some(subscriber) = subscriber.filter(|subscriber| subscriber.is_current(pending)) else {
                self.counters.dropped += 1;
                continue;
            };
            let Some(track) = subscriber.track.and_then(|track| tracks.get(track)) else {
                self.counters.dropped += 1;
                continue;
            };
            let transport = self.pace.as_ref().map_or(0, |pace| pace.number());
            let room = pending.len + MAX_GROWTH + usize::from(padding) + SRTP_MAX_OVERHEAD;
            let mut written = Written::Nothing;
            let result = out.push_with(path, room, |buffer| {
                written = subscriber.write(pending, padding, transport, track, buffer);
                match written {
                    Written::Packet(len) => session.protect_rtp(buffer, len).map_err(|_| ()),
                    Written::Nothing | Written::Lost => Err(()),
                }
            });
            match (result, written) {
                (Ok(_), Written::Packet(len)) => {
                    self.counters.packets_sent += 1;
                    self.counters.bytes_sent += len as u64;
                    let is_repeated = !matches!(pending.passage, Passage::First { .. });
                    self.counters.retransmitted += u64::from(is_repeated);
                    if let Passage::First { starts: true, .. } = pending.passage {
                        let begins = [self.connected, track.began].into_iter().flatten();
                        let since = begins.fold(subscriber.since, Instant::max);
                        self.firsts
                            .note(pending.kind, now.saturating_duration_since(since));
                    }
                    let is_numbered =
                        subscriber.is_numbered() && !matches!(pending.passage, Passage::Again { .. });
                    if let Some(pace) = self.pace.as_mut().filter(|_| is_numbered) {
                        pace.sent(now, len, pending.probe);
                    }
                }
                (_, Written::Nothing) => self.counters.dropped += 1,
                (_, Written::Packet(_) | Written::Lost) => {
                    self.counters.dropped += 1;
                    subscriber.lose(pending.kind);
                }
            }
        }
    }

    /// The earliest of its timers.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let own = [
            self.timers.report,
            self.timers.feedback,
            self.timers.allocation,
            self.recorder
                .as_ref()
                .and_then(|recorder| recorder.poll_timeout()),
            self.pace.as_ref().and_then(|pace| pace.poll_timeout()),
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
            first_audio: self.firsts.audio,
            first_video: self.firsts.video,
            rtt: self.rtt.or_else(|| self.session.rtt()),
            publications: Vec::new(),
            subscriptions: self.subscriptions.iter().map(Subscriber::stats).collect(),
        }
    }
}

/// How the trains of one peer may look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trains {
    pub(super) max_segments: NonZeroUsize,
    /// 0 where packets must not, or need not, be made equal.
    pub(super) max_padding: u8,
}

impl Trains {
    const NONE: Self = Self {
        max_segments: NonZeroUsize::MIN,
        max_padding: 0,
    };
}

/// The way out for media of one subscription.
#[derive(Debug)]
pub(super) struct Outlet<'a> {
    /// Index of the subscription.
    pub(super) subscription: usize,
    pending: &'a mut PendingQueue,
    pace: Option<&'a mut Pace>,
    counters: &'a mut Counters,
    max_bytes: usize,
    /// The time at which it is asked what to send, right after this: a packet that the pacer would let through need not wait
    /// there.
    passes_at: Option<Instant>,
}

impl Outlet<'_> {
    /// Whether its packets leave when the path takes them.
    pub(super) fn is_paced(&self) -> bool {
        self.pace.is_some()
    }

    /// Whether there is room for a packet of `len` bytes. One for which there is none is counted as dropped. Who is paced
    /// has a queue with rules of its own.
    pub(super) fn has_room(&mut self, claim: Claim, len: usize) -> bool {
        let has_room = self.is_paced() || self.pending.has_room(claim, len, self.max_bytes);
        self.counters.dropped += u64::from(!has_room);
        has_room
    }

    /// Queues a packet for which there [`is room`](Self::has_room); `false` when its frame was given up.
    pub(super) fn push(&mut self, now: Instant, pending: Pending, info: PacketInfo) -> bool {
        let Some(pace) = &mut self.pace else {
            self.pending.push(pending);
            return true;
        };
        if self.passes_at.is_some_and(|now| pace.pass(now, info)) {
            self.pending.push(pending);
            return true;
        }
        let is_taken = pace.push(now, info, pending);
        self.counters.dropped += u64::from(!is_taken);
        is_taken
    }

    /// Whether nothing of a stream is let in before a keyframe.
    pub(super) fn needs_keyframe(&self, stream: u32) -> bool {
        self.pace.as_ref().is_some_and(|pace| pace.needs_keyframe(stream))
    }
}
