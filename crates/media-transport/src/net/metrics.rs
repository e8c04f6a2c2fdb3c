//! What a media thread counts, for others to read at any time.
//!
//! The thread alone writes, others read: nothing waits, and a number costs a load and a store. What is told apart by peer
//! is looked at when the thread is awake anyway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::SendCounters;
use super::tcp::TcpCounters;
use crate::router::{Command, Event, MediaKind, PeerId, PeerStats, TrackId};

/// Upper bounds of the buckets for forwarding, in nanoseconds.
pub const FORWARDING_BOUNDS: [u64; 12] = [
    25_000,
    50_000,
    100_000,
    150_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    50_000_000,
    250_000_000,
];

/// Upper bounds of the buckets for what clients wait for, in nanoseconds.
pub const ARRIVAL_BOUNDS: [u64; 12] = [
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    400_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// Peers whose figures are looked at per [`LOOK_INTERVAL`].
const LOOKS: usize = 16;

/// How often peers' figures are looked at, at most.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// A number that grows, written by one thread.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, more: u64) {
        self.set(self.get().wrapping_add(more));
    }

    fn set(&self, value: u64) {
        // One thread writes, so nothing is lost between load and store.
        self.0.store(value, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Durations in twelve buckets, and longer ones.
#[derive(Debug)]
pub(super) struct Buckets {
    bounds: &'static [u64; 12],
    counts: [Counter; 13],
    sum_nanos: Counter,
}

impl Buckets {
    fn new(bounds: &'static [u64; 12]) -> Self {
        Self {
            bounds,
            counts: Default::default(),
            sum_nanos: Counter::default(),
        }
    }

    /// Counts a duration so many times.
    pub(super) fn add(&self, duration: Duration, times: u64) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let place = self.bounds.partition_point(|bound| *bound < nanos);
        if let Some(count) = self.counts.get(place) {
            count.add(times);
        }
        self.sum_nanos.add(nanos.saturating_mul(times));
    }

    fn read(&self) -> Histogram {
        Histogram {
            bounds: self.bounds,
            counts: std::array::from_fn(|place| self.counts.get(place).map_or(0, Counter::get)),
            sum: Duration::from_nanos(self.sum_nanos.get()),
        }
    }
}

/// Durations, by how long they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// Upper bounds of all buckets but the last, in nanoseconds, rising; a bound belongs to its bucket.
    pub bounds: &'static [u64; 12],
    /// How many in each bucket; the last has those over all bounds.
    pub counts: [u64; 13],
    /// All of them together.
    pub sum: Duration,
}

impl Histogram {
    /// Adds another one with the same bounds.
    pub fn merge(&mut self, other: &Self) {
        for (own, more) in self.counts.iter_mut().zip(other.counts) {
            *own += more;
        }
        self.sum += other.sum;
    }
}

/// The counters of one media thread.
#[derive(Debug)]
pub struct ThreadMetrics {
    pub(super) forwarding: Buckets,
    connecting: Buckets,
    first_audio: Buckets,
    first_video: Buckets,
    first_audio_sent: Buckets,
    first_keyframe_sent: Buckets,
    pub(super) datagrams_received: Counter,
    pub(super) bytes_received: Counter,
    datagrams_sent: Counter,
    pub(super) bytes_sent: Counter,
    send_calls: Counter,
    datagrams_lost: Counter,
    sends_blocked: Counter,
    packets_dropped: Counter,
    packets_retransmitted: Counter,
    datagrams_refused: Counter,
    peers: Counter,
    tcp_connections: Counter,
    tcp_refused: Counter,
    tcp_dropped: Counter,
}

impl Default for ThreadMetrics {
    fn default() -> Self {
        Self {
            forwarding: Buckets::new(&FORWARDING_BOUNDS),
            connecting: Buckets::new(&ARRIVAL_BOUNDS),
            first_audio: Buckets::new(&ARRIVAL_BOUNDS),
            first_video: Buckets::new(&ARRIVAL_BOUNDS),
            first_audio_sent: Buckets::new(&ARRIVAL_BOUNDS),
            first_keyframe_sent: Buckets::new(&ARRIVAL_BOUNDS),
            datagrams_received: Counter::default(),
            bytes_received: Counter::default(),
            datagrams_sent: Counter::default(),
            bytes_sent: Counter::default(),
            send_calls: Counter::default(),
            datagrams_lost: Counter::default(),
            sends_blocked: Counter::default(),
            packets_dropped: Counter::default(),
            packets_retransmitted: Counter::default(),
            datagrams_refused: Counter::default(),
            peers: Counter::default(),
            tcp_connections: Counter::default(),
            tcp_refused: Counter::default(),
            tcp_dropped: Counter::default(),
        }
    }
}

/// What a thread has counted up to some moment. Numbers that belong together may be apart by what happened while they
/// were read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// From the arrival of an RTP packet at the socket (where the system does not tell, in this program) until everything
    /// that is sent for it at once was handed to the socket. What a pacer holds back longer is not waited for.
    pub forwarding: Histogram,
    /// From a new peer's description to its connection.
    pub connecting: Histogram,
    /// From a publisher's connection to its first packet of sound.
    pub first_audio: Histogram,
    /// From a publisher's connection to its first packet of pictures.
    pub first_video: Histogram,
    /// From the moment that a subscriber is connected, has subscribed, and something comes to forward, to the first packet
    /// of sound it is sent; one for each subscriber, some seconds old.
    pub first_audio_sent: Histogram,
    /// The same to the first packet of a keyframe.
    pub first_keyframe_sent: Histogram,
    /// Datagrams that arrived, and packets over TCP.
    pub datagrams_received: u64,
    /// Bytes of them.
    pub bytes_received: u64,
    /// Datagrams the system took, and packets that TCP connections did.
    pub datagrams_sent: u64,
    /// Bytes that were given to the socket.
    pub bytes_sent: u64,
    /// System calls that took something.
    pub send_calls: u64,
    /// Datagrams the system refused.
    pub datagrams_lost: u64,
    /// How often the socket took nothing more.
    pub sends_blocked: u64,
    /// Packets dropped because a subscriber's queue was full; some seconds old.
    pub packets_dropped: u64,
    /// Packets sent again because a subscriber asked; some seconds old.
    pub packets_retransmitted: u64,
    /// Datagrams that were refused: broken, not authentic, replayed, of no known stream; some seconds old.
    pub datagrams_refused: u64,
    /// Peers there are.
    pub peers: u64,
    /// TCP connections there are.
    pub tcp_connections: u64,
    /// TCP connections that were not taken, or had to give way to others.
    pub tcp_refused: u64,
    /// Packets that a TCP connection did not take in time.
    pub tcp_dropped: u64,
}

impl ThreadMetrics {
    /// Reads all of it, from any thread.
    #[must_use]
    pub fn snapshot(&self) -> MetricsSnapshot {
        MetricsSnapshot {
            forwarding: self.forwarding.read(),
            connecting: self.connecting.read(),
            first_audio: self.first_audio.read(),
            first_video: self.first_video.read(),
            first_audio_sent: self.first_audio_sent.read(),
            first_keyframe_sent: self.first_keyframe_sent.read(),
            datagrams_received: self.datagrams_received.get(),
            bytes_received: self.bytes_received.get(),
            datagrams_sent: self.datagrams_sent.get(),
            bytes_sent: self.bytes_sent.get(),
            send_calls: self.send_calls.get(),
            datagrams_lost: self.datagrams_lost.get(),
            sends_blocked: self.sends_blocked.get(),
            packets_dropped: self.packets_dropped.get(),
            packets_retransmitted: self.packets_retransmitted.get(),
            datagrams_refused: self.datagrams_refused.get(),
            peers: self.peers.get(),
            tcp_connections: self.tcp_connections.get(),
            tcp_refused: self.tcp_refused.get(),
            tcp_dropped: self.tcp_dropped.get(),
        }
    }

    /// How many TCP connections there are.
    pub(super) fn tcp_connections(&self, count: usize) {
        self.tcp_connections.set(count as u64);
    }

    /// Takes over what the sockets have counted.
    pub(super) fn sent(&self, counters: SendCounters, tcp: TcpCounters) {
        self.tcp_refused.set(tcp.refused);
        self.tcp_dropped.set(tcp.dropped);
        self.datagrams_sent.set(counters.datagrams + tcp.sent);
        self.send_calls.set(counters.calls);
        self.datagrams_lost.set(counters.lost);
        self.sends_blocked.set(counters.blocked);
    }
}

/// RTP packets that have arrived and for which not everything was handed to the socket yet.
#[derive(Debug)]
pub(super) struct InHand {
    /// When each batch arrived, and how many it had.
    batches: [(Option<Instant>, u64); 32],
    used: usize,
}

impl InHand {
    pub(super) const fn new() -> Self {
        Self {
            batches: [(None, 0); 32],
            used: 0,
        }
    }

    /// A batch arrived. With too many in hand, those behind count as old as the last that has a place.
    pub(super) fn arrived(&mut self, at: Instant, packets: u64) {
        if packets == 0 {
            return;
        }
        let place = self.used.min(self.batches.len() - 1);
        if let Some((since, count)) = self.batches.get_mut(place) {
            since.get_or_insert(at);
            *count += packets;
        }
        self.used = place + 1;
    }

    /// Everything was handed to the socket. Reads the clock when there was something.
    pub(super) fn handed_over(&mut self, clock: impl FnOnce() -> Instant, into: &Buckets) {
        if self.used == 0 {
            return;
        }
        let now = clock();
        for (since, count) in self.batches.iter_mut().take(self.used) {
            if let Some(since) = since.take() {
                into.add(now.saturating_duration_since(since), *count);
            }
            *count = 0;
        }
        self.used = 0;
    }
}

/// What a thread knows of its peers to count by.
#[derive(Debug)]
pub(super) struct PeerWatch {
    metrics: Arc<ThreadMetrics>,
    peers: BTreeMap<PeerId, Watched>,
    /// The peer looked at last.
    looked_at: Option<PeerId>,
    next_look: Option<Instant>,
}

#[derive(Debug)]
struct Watched {
    added: Instant,
    connected: Option<Instant>,
    /// Tracks of which nothing has come yet.
    awaited: Vec<(TrackId, MediaKind)>,
    has_come: Vec<MediaKind>,
    /// Whether its first packets of sound and of a keyframe were counted.
    is_audio_counted: bool,
    is_keyframe_counted: bool,
    dropped: u64,
    retransmitted: u64,
    refused: u64,
}

impl PeerWatch {
    pub(super) const fn new(metrics: Arc<ThreadMetrics>) -> Self {
        Self {
            metrics,
            peers: BTreeMap::new(),
            looked_at: None,
            next_look: None,
        }
    }

    /// A command was obeyed.
    pub(super) fn obeyed(&mut self, now: Instant, command: &Obeyed) {
        match command {
            Obeyed::Added(peer) => {
                let watched = Watched {
                    added: now,
                    connected: None,
                    awaited: Vec::new(),
                    has_come: Vec::new(),
                    is_audio_counted: false,
                    is_keyframe_counted: false,
                    dropped: 0,
                    retransmitted: 0,
                    refused: 0,
                };
                self.peers.insert(*peer, watched);
            }
            Obeyed::Publishes(peer, tracks) => {
                if let Some(watched) = self.peers.get_mut(peer) {
                    let came = &watched.has_come;
                    let awaited = tracks.iter().filter(|(_, kind)| !came.contains(kind));
                    watched.awaited = awaited.copied().collect();
                }
            }
            Obeyed::Removed(peer) => drop(self.peers.remove(peer)),
            Obeyed::Other => {}
        }
        self.metrics.peers.set(self.peers.len() as u64);
    }

    /// The router said something.
    pub(super) fn said(&mut self, now: Instant, event: &Event) {
        match event {
            Event::PeerConnected { peer, .. } => {
                if let Some(watched) = self.peers.get_mut(peer) {
                    watched.connected = Some(now);
                    let took = now.saturating_duration_since(watched.added);
                    self.metrics.connecting.add(took, 1);
                }
            }
            Event::FirstPacket { peer, track } => self.first_packet(now, *peer, *track),
            Event::PeerClosed { peer, .. } => {
                self.peers.remove(peer);
                self.metrics.peers.set(self.peers.len() as u64);
            }
            _ => {}
        }
    }

    fn first_packet(&mut self, now: Instant, peer: PeerId, track: TrackId) {
        let Some(watched) = self.peers.get_mut(&peer) else {
            return;
        };
        let awaited = watched.awaited.iter().find(|(awaited, _)| *awaited == track);
        let (Some((_, kind)), Some(connected)) = (awaited.copied(), watched.connected) else {
            return;
        };
        // One of each kind: a second camera comes when somebody likes.
        watched.awaited.retain(|(_, awaited)| *awaited != kind);
        watched.has_come.push(kind);
        let into = match kind {
            MediaKind::Audio => &self.metrics.first_audio,
            MediaKind::Video => &self.metrics.first_video,
        };
        into.add(now.saturating_duration_since(connected), 1);
    }

    /// Peers whose figures are wanted now; the next ones in turn, a few at a time.
    pub(super) fn due(&mut self, now: Instant) -> [Option<PeerId>; LOOKS] {
        let mut due = [None; LOOKS];
        if self.peers.is_empty() || self.next_look.is_some_and(|at| now < at) {
            return due;
        }
        self.next_look = Some(now + LOOK_INTERVAL);
        let after = self.looked_at.map_or(0, |PeerId(last)| last.wrapping_add(1));
        let turn = self.peers.range(PeerId(after)..).chain(&self.peers);
        for (slot, (peer, _)) in due.iter_mut().zip(turn.take(self.peers.len())) {
            *slot = Some(*peer);
            self.looked_at = Some(*peer);
        }
        due
    }

    /// A peer's figures: what is more than last time is added.
    pub(super) fn figures(&mut self, peer: PeerId, stats: &PeerStats) {
        let Some(watched) = self.peers.get_mut(&peer) else {
            return;
        };
        let metrics = &self.metrics;
        for (into, is_counted, waited) in [
            (
                &metrics.first_audio_sent,
                &mut watched.is_audio_counted,
                stats.first_audio,
            ),
            (
                &metrics.first_keyframe_sent,
                &mut watched.is_keyframe_counted,
                stats.first_video,
            ),
        ] {
            if let Some(waited) = waited
                && !std::mem::replace(is_counted, true)
            {
                into.add(waited, 1);
            }
        }
        for (total, seen, now) in [
            (
                &metrics.packets_dropped,
                &mut watched.dropped,
                stats.packets_dropped,
            ),
            (
                &metrics.packets_retransmitted,
                &mut watched.retransmitted,
                stats.packets_retransmitted,
            ),
            (
                &metrics.datagrams_refused,
                &mut watched.refused,
                stats.datagrams_refused,
            ),
        ] {
            total.add(now.saturating_sub(*seen));
            *seen = now;
        }
    }
}

/// What there is to remember of a command that the router takes.
#[derive(Debug)]
pub(super) enum Obeyed {
    Added(PeerId),
    Publishes(PeerId, Vec<(TrackId, MediaKind)>),
    Removed(PeerId),
    Other,
}

impl Obeyed {
    pub(super) fn of(command: &Command) -> Self {
        match command {
            Command::AddPeer { peer, .. } => Self::Added(*peer),
            Command::SetPublications { peer, publications } => {
                let tracks = publications
                    .iter()
                    .map(|publication| (publication.track, publication.kind));
                Self::Publishes(*peer, tracks.collect())
            }
            Command::RemovePeer { peer } => Self::Removed(*peer),
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SrtpProfile;
    use crate::test_clock::start;

    #[test]
    fn durations_fall_into_their_buckets() {
        let buckets = Buckets::new(&FORWARDING_BOUNDS);
        buckets.add(Duration::from_nanos(25_000), 1);
        buckets.add(Duration::from_nanos(25_001), 2);
        buckets.add(Duration::from_secs(1), 3);
        let mut read = buckets.read();
        assert_eq!((read.counts[0], read.counts[1], read.counts[12]), (1, 2, 3));
        assert_eq!(read.counts.iter().sum::<u64>(), 6);
        assert_eq!(read.sum, Duration::from_nanos(25_000 + 50_002 + 3_000_000_000));
        read.merge(&buckets.read());
        assert_eq!(read.counts[12], 6);
    }

    #[test]
    fn packets_are_in_hand_until_they_are_handed_over() {
        let begin = start();
        let (mut in_hand, buckets) = (InHand::new(), Buckets::new(&FORWARDING_BOUNDS));
        in_hand.handed_over(|| panic!("nothing to time"), &buckets);
        in_hand.arrived(begin, 0);
        in_hand.handed_over(|| panic!("nothing to time"), &buckets);
        in_hand.arrived(begin, 2);
        in_hand.arrived(begin + Duration::from_micros(60), 1);
        in_hand.handed_over(|| begin + Duration::from_micros(80), &buckets);
        let read = buckets.read();
        assert_eq!((read.counts[0], read.counts[2]), (1, 2), "20 µs, and twice 80 µs");
        in_hand.handed_over(|| panic!("nothing to time"), &buckets);
        // More than there are places for are counted all the same.
        for _ in 0..100 {
            in_hand.arrived(begin, 1);
        }
        in_hand.handed_over(|| begin, &buckets);
        assert_eq!(buckets.read().counts.iter().sum::<u64>(), 103);
    }

    #[test]
    fn what_clients_wait_for_is_counted_once_of_each_kind() {
        let metrics = Arc::new(ThreadMetrics::default());
        let mut watch = PeerWatch::new(Arc::clone(&metrics));
        let (peer, at) = (PeerId(1), |millis| start() + Duration::from_millis(millis));
        let tracks = vec![(TrackId(1), MediaKind::Audio), (TrackId(2), MediaKind::Video)];
        watch.obeyed(at(0), &Obeyed::Added(peer));
        watch.obeyed(at(0), &Obeyed::Publishes(peer, tracks.clone()));
        let connected = Event::PeerConnected {
            peer,
            profile: SrtpProfile::PREFERENCE[0],
        };
        watch.said(at(8), &connected);
        let first = |track| Event::FirstPacket {
            peer,
            track: TrackId(track),
        };
        watch.said(at(10), &first(1));
        watch.said(at(508), &first(2));
        watch.said(at(900), &first(2));
        watch.said(at(900), &first(3));
        watch.obeyed(at(900), &Obeyed::Publishes(peer, tracks));
        watch.said(at(901), &first(1));
        let read = metrics.snapshot();
        let total = |histogram: &Histogram| histogram.counts.iter().sum::<u64>();
        assert_eq!((read.connecting.counts[1], total(&read.connecting)), (1, 1));
        assert_eq!((read.first_audio.counts[0], total(&read.first_audio)), (1, 1));
        assert_eq!((read.first_video.counts[7], total(&read.first_video)), (1, 1));
        assert_eq!(read.peers, 1);
        watch.obeyed(at(902), &Obeyed::Removed(peer));
        assert_eq!(metrics.snapshot().peers, 0);
    }

    #[test]
    fn peers_are_looked_at_in_turn_and_only_more_is_added() {
        let metrics = Arc::new(ThreadMetrics::default());
        let mut watch = PeerWatch::new(Arc::clone(&metrics));
        for peer in 0..20 {
            watch.obeyed(start(), &Obeyed::Added(PeerId(peer)));
        }
        let looks = |watch: &mut PeerWatch, now| -> Vec<u64> {
            watch
                .due(now)
                .into_iter()
                .flatten()
                .map(|PeerId(id)| id)
                .collect()
        };
        assert_eq!(looks(&mut watch, start()), (0..16).collect::<Vec<_>>());
        assert!(looks(&mut watch, start()).is_empty(), "not so soon");
        let later = start() + LOOK_INTERVAL;
        assert_eq!(
            looks(&mut watch, later),
            (16..20).chain(0..12).collect::<Vec<_>>()
        );
        let stats = |packets_dropped| PeerStats {
            packets_dropped,
            ..PeerStats::default()
        };
        watch.figures(PeerId(3), &stats(5));
        watch.figures(PeerId(3), &stats(7));
        watch.figures(PeerId(4), &stats(1));
        watch.figures(PeerId(99), &stats(1));
        assert_eq!(metrics.snapshot().packets_dropped, 8);
        let first = PeerStats {
            first_audio: Some(Duration::from_millis(20)),
            ..PeerStats::default()
        };
        watch.figures(PeerId(3), &first);
        watch.figures(PeerId(3), &first);
        let both = PeerStats {
            first_video: Some(Duration::from_millis(300)),
            ..first
        };
        watch.figures(PeerId(3), &both);
        watch.figures(PeerId(3), &both);
        let read = metrics.snapshot();
        let total = |histogram: &Histogram| histogram.counts.iter().sum::<u64>();
        assert_eq!(
            (read.first_audio_sent.counts[2], total(&read.first_audio_sent)),
            (1, 1)
        );
        assert_eq!(
            (
                read.first_keyframe_sent.counts[6],
                total(&read.first_keyframe_sent)
            ),
            (1, 1)
        );
    }
}
