//! When packets leave: audio at once, everything else at the pace the path allows, in short trains.
//!
//! A [`Pacer`] holds what waits for one subscriber. It is generic over what a packet is: best something small that says
//! where the packet is kept, so that rewriting and encrypting happen when it leaves, and packets that are given up leave
//! no gap in the numbering.
//!
//! - **Order**: audio, retransmissions, then screens and cameras, sharing by stream.
//! - **Pace**: a train starts when the one before has leaked out of the bucket, and is at most a burst long: 5 ms, or 40 ms
//!   on a path that is clear, where frames need not be cut up, which would cost a call for each piece. A packet that finds the bucket empty leaves with the next [`poll`](Pacer::poll), and
//!   [`poll_timeout`](Pacer::poll_timeout) says so at once.
//! - **Bounds**: in bytes and in time. What is given up is whole frames: those before a newer keyframe, else those nothing
//!   depends on, else all of the stream; then [`poll_event`](Pacer::poll_event) asks for a keyframe and nothing but one is
//!   let in.
//! - **Probes**: clusters of an [`Estimator`](crate::bwe::Estimator) leave at their own rate, filled with padding.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use anteroom_media_transport::bwe::{Bitrate, Estimator, EstimatorConfig};
//! use anteroom_media_transport::pacer::{Class, Frame, FrameKind, Outgoing, Pacer, PacerConfig, PacketInfo};
//!
//! let now = Instant::now();
//! let mut estimator = Estimator::new(EstimatorConfig::default(), now);
//! let mut pacer = Pacer::new(PacerConfig::default(), estimator.target());
//! let frame = Frame { number: 1, kind: FrameKind::Key, is_last: true };
//! pacer.push(now, PacketInfo { class: Class::Video, stream: 7, bytes: 1200, frame }, "a packet");
//!
//! // After everything that happens:
//! pacer.set_rate(now, estimator.target());
//! pacer.set_congestion(estimator.congestion());
//! while let Some(probe) = estimator.poll_probe() {
//!     pacer.probe(now, probe);
//! }
//! let mut train = Vec::new();
//! pacer.poll(now, &mut train);
//! for (sequence, outgoing) in train.drain(..).enumerate() {
//!     match outgoing {
//!         Outgoing::Packet { bytes, probe, .. } | Outgoing::Padding { bytes, probe } => {
//!             estimator.sent(now, sequence as u64, bytes, probe);
//!         }
//!     }
//! }
//! while let Some(_event) = pacer.poll_event() {} // asks publishers for keyframes
//! let _wake = pacer.poll_timeout();
//! ```

mod budget;
mod cluster;
mod config;
mod stream;
#[cfg(test)]
mod tests;
mod types;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use config::{Class, Frame, FrameKind, PacerConfig, PacketInfo};
pub use types::{Outgoing, PacerEvent, PacerStats};

use self::budget::Budget;
use self::cluster::Cluster;
use self::stream::{Dropped, StreamQueue, Waiting};
use crate::bwe::{Bitrate, Congestion, ProbeId, ProbeRequest};

/// What a stream may send in a round, in bytes: a packet, and three for a screen.
const QUANTUM: usize = 1_500;
const SCREEN_QUANTUM: usize = 3 * QUANTUM;

/// Clusters that wait; more are ignored.
const MAX_PROBES: usize = 4;

/// A cluster that could not be sent in this time is given up.
const PROBE_EXPIRES: Duration = Duration::from_secs(1);

/// Rounds after which a packet goes though it is larger than all its stream has saved.
const MAX_ROUNDS: usize = 64;

/// The queue of one subscriber. See the [module](self) for its use.
#[derive(Debug)]
pub struct Pacer<T> {
    config: PacerConfig,
    budget: Budget,
    congestion: Congestion,
    audio: VecDeque<Waiting<T>>,
    retransmissions: VecDeque<Waiting<T>>,
    streams: Vec<StreamQueue<T>>,
    /// The stream whose turn it is.
    turn: usize,
    /// How many packets wait, and the sum of their sizes.
    packets: usize,
    bytes: usize,
    /// Whether a packet has passed, and others may follow it.
    is_passing: bool,
    /// Whether something was given up that the owner may not have heard of.
    gave_up: bool,
    probes: VecDeque<Cluster>,
    events: VecDeque<PacerEvent>,
    dropped_packets: u64,
    padding_bytes: u64,
}

impl<T> Pacer<T> {
    /// An empty pacer. `target` is what the estimator allows.
    #[must_use]
    pub fn new(config: PacerConfig, target: Bitrate) -> Self {
        let speed = target.percent(config.speed_percent);
        Self {
            config,
            budget: Budget::new(speed, config.burst),
            congestion: Congestion::None,
            audio: VecDeque::new(),
            retransmissions: VecDeque::new(),
            streams: Vec::new(),
            turn: 0,
            packets: 0,
            bytes: 0,
            is_passing: false,
            gave_up: false,
            probes: VecDeque::new(),
            events: VecDeque::new(),
            dropped_packets: 0,
            padding_bytes: 0,
        }
    }

    /// Takes what the estimator allows.
    pub fn set_rate(&mut self, now: Instant, target: Bitrate) {
        let speed = target.percent(self.config.speed_percent);
        if speed != self.budget.rate() {
            self.budget.set_rate(now, speed);
        }
    }

    /// While the path is full only audio leaves; while it is clear, longer bursts.
    pub fn set_congestion(&mut self, congestion: Congestion) {
        self.congestion = congestion;
        self.budget.set_burst(match congestion {
            Congestion::Clear => self.config.clear_burst,
            Congestion::None | Congestion::Full => self.config.burst,
        });
    }

    /// Lets a packet leave at once; `false` when it has to be [pushed](Self::push), since something waits, or it would have
    /// to. As if it had been pushed and polled, but for the place in the queue that it does not take. To be called after
    /// [`set_rate`](Self::set_rate) and [`set_congestion`](Self::set_congestion); [`end_train`](Self::end_train) says that no
    /// more come that leave together.
    pub fn pass(&mut self, now: Instant, info: PacketInfo) -> bool {
        if self.packets > 0 || !self.probes.is_empty() {
            return false;
        }
        match info.class {
            Class::Audio => {}
            _ if self.congestion == Congestion::Full => return false,
            _ if self.is_passing && self.budget.has_room(now) => {}
            _ if self.budget.is_ready(now) => self.is_passing = true,
            _ => return false,
        }
        let passes = match info.class {
            Class::Audio | Class::Retransmission => true,
            Class::Screen | Class::Video => self
                .stream(info.stream, info.class)
                .is_some_and(|stream| stream.pass(info.frame)),
        };
        if passes {
            self.budget.charge(now, info.bytes);
        }
        passes
    }

    /// Whether something that is not sound could leave now, if it were there.
    #[must_use]
    pub fn is_ready(&self, now: Instant) -> bool {
        self.congestion != Congestion::Full && self.budget.is_ready(now)
    }

    /// What passes from now on is another train.
    pub fn end_train(&mut self) {
        self.is_passing = false;
    }

    /// Whether nothing waits, neither packets nor clusters nor news for the owner.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.packets == 0 && !self.gave_up && self.probes.is_empty() && self.events.is_empty()
    }

    /// Takes a packet; `false` when it is not let in, because its frame was given up.
    pub fn push(&mut self, now: Instant, info: PacketInfo, item: T) -> bool {
        let waiting = Waiting {
            item,
            bytes: info.bytes,
            since: now,
            frame: info.frame,
        };
        match info.class {
            Class::Audio => self.audio.push_back(waiting),
            Class::Retransmission => self.retransmissions.push_back(waiting),
            Class::Screen | Class::Video => {
                let stream = self.stream(info.stream, info.class);
                if !stream.is_some_and(|stream| stream.push(waiting)) {
                    self.dropped_packets += 1;
                    return false;
                }
            }
        }
        self.packets += 1;
        self.bytes += info.bytes;
        self.make_room();
        true
    }

    /// Sends a cluster as soon as may be.
    pub fn probe(&mut self, now: Instant, request: ProbeRequest) {
        if self.probes.len() < MAX_PROBES {
            self.probes.push_back(Cluster::new(request, now));
        }
    }

    /// Forgets a stream and what waits of it.
    pub fn remove_stream(&mut self, stream: u32) {
        let Some(index) = self.streams.iter().position(|one| one.stream == stream) else {
            return;
        };
        let removed = self.streams.remove(index);
        self.packets -= removed.packets();
        self.bytes -= removed.bytes();
        self.turn = 0;
    }

    /// Appends the train that leaves now to `train`.
    pub fn poll(&mut self, now: Instant, train: &mut Vec<Outgoing<T>>) {
        self.expire(now);
        while let Some(waiting) = self.audio.pop_front() {
            self.leave(now, Class::Audio, waiting, None, train);
        }
        if self.congestion == Congestion::Full {
            return;
        }
        self.poll_cluster(now, train);
        // What else left between its packets would make the path look slower than it is.
        if self.cluster_goes_on() || !self.budget.is_ready(now) {
            return;
        }
        while self.budget.has_room(now) {
            let Some((class, waiting)) = self.next() else {
                return;
            };
            self.leave(now, class, waiting, None, train);
        }
    }

    /// What the owner should know.
    pub fn poll_event(&mut self) -> Option<PacerEvent> {
        self.events.pop_front()
    }

    /// When to poll: at once if that is in the past.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.packets == 0 && self.probes.is_empty() {
            return None;
        }
        if let Some(audio) = self.audio.front() {
            return Some(audio.since);
        }
        let retransmission = self.retransmissions.front();
        let frames = self.streams.iter().filter_map(StreamQueue::front);
        let first = retransmission
            .into_iter()
            .chain(frames)
            .map(|waiting| waiting.since)
            .min();
        let is_open = self.congestion != Congestion::Full;
        let train = first
            .filter(|_| is_open && !self.cluster_goes_on())
            .map(|first| self.budget.ready_at().map_or(first, |ready| ready.max(first)));
        let cluster = self.probes.front().filter(|_| is_open);
        let cluster = cluster
            .filter(|cluster| self.has_anything_for(cluster))
            .map(Cluster::next_at);
        let expiry = retransmission.map(|waiting| waiting.since + self.config.max_other_delay);
        let expiries = self
            .streams
            .iter()
            .filter_map(|stream| stream.expires_at(self.config.max_delay));
        [train, cluster, expiry]
            .into_iter()
            .flatten()
            .chain(expiries)
            .min()
    }

    /// The next packet that was given up after it had been let in, but for sound and retransmissions. An owner that
    /// numbers packets closes the gaps; another one need not ask.
    pub fn poll_given_up(&mut self) -> Option<T> {
        if !self.gave_up {
            return None;
        }
        let given_up = self.streams.iter_mut().find_map(StreamQueue::poll_given_up);
        self.gave_up = given_up.is_some();
        given_up
    }

    /// Everything that waits, in no order.
    pub fn items_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let others = self.audio.iter_mut().chain(&mut self.retransmissions);
        let frames = self.streams.iter_mut().flat_map(StreamQueue::items_mut);
        others.map(|waiting| &mut waiting.item).chain(frames)
    }

    /// Sets [`PacerConfig::padding_bytes`].
    pub fn set_padding(&mut self, bytes: usize) {
        self.config.padding_bytes = bytes;
    }

    /// Whether there is a cluster to send.
    #[must_use]
    pub fn is_probing(&self) -> bool {
        !self.probes.is_empty()
    }

    /// The earliest time at which a packet that has just been pushed can leave; `None` when that depends on a report.
    /// Unlike [`poll_timeout`](Self::poll_timeout) it does not look through the streams, and knows nothing of frames that
    /// wait too long.
    #[must_use]
    pub fn ready_at(&self, now: Instant) -> Option<Instant> {
        if !self.audio.is_empty() {
            return Some(now);
        }
        let is_open = self.congestion != Congestion::Full && self.bytes > 0;
        if is_open && self.cluster_goes_on() {
            return self.probes.front().map(Cluster::next_at);
        }
        is_open.then(|| self.budget.ready_at().unwrap_or(now))
    }

    /// Whether nothing of this stream is let in before a keyframe.
    #[must_use]
    pub fn needs_keyframe(&self, stream: u32) -> bool {
        self.streams
            .iter()
            .any(|one| one.stream == stream && one.needs_keyframe())
    }

    /// How long what waits will take.
    #[must_use]
    pub fn queue_time(&self) -> Duration {
        self.budget.rate().time_for(self.bytes as u64)
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> PacerStats {
        let streams: usize = self.streams.iter().map(StreamQueue::packets).sum();
        PacerStats {
            queued_packets: self.audio.len() + self.retransmissions.len() + streams,
            queued_bytes: self.bytes,
            dropped_packets: self.dropped_packets,
            padding_bytes: self.padding_bytes,
        }
    }

    fn stream(&mut self, stream: u32, class: Class) -> Option<&mut StreamQueue<T>> {
        let index = self.streams.iter().position(|one| one.stream == stream);
        let index = index.unwrap_or_else(|| {
            self.streams.push(StreamQueue::new(stream, class));
            self.streams.len() - 1
        });
        let found = self.streams.get_mut(index)?;
        found.class = class;
        Some(found)
    }

    /// The next packet but for audio.
    fn next(&mut self) -> Option<(Class, Waiting<T>)> {
        if let Some(waiting) = self.retransmissions.pop_front() {
            return Some((Class::Retransmission, waiting));
        }
        // Deficit round robin: each stream that waits gets its part by bytes, whatever the sizes of its packets.
        for round in 0..MAX_ROUNDS * self.streams.len() {
            let is_last_round = round + self.streams.len() >= MAX_ROUNDS * self.streams.len();
            if self.turn >= self.streams.len() {
                self.turn = 0;
            }
            let Some(stream) = self.streams.get_mut(self.turn) else {
                break;
            };
            let Some(front) = stream.front() else {
                stream.deficit = 0;
                self.next_turn();
                continue;
            };
            if stream.deficit >= front.bytes || is_last_round {
                stream.deficit = stream.deficit.saturating_sub(front.bytes);
                let class = stream.class;
                return stream.pop().map(|waiting| (class, waiting));
            }
            self.next_turn();
        }
        None
    }

    /// The next stream, and what it may send in this round.
    fn next_turn(&mut self) {
        self.turn += 1;
        if self.turn >= self.streams.len() {
            self.turn = 0;
        }
        if let Some(stream) = self.streams.get_mut(self.turn) {
            stream.deficit += if stream.class == Class::Screen {
                SCREEN_QUANTUM
            } else {
                QUANTUM
            };
        }
    }

    fn leave(
        &mut self,
        now: Instant,
        class: Class,
        waiting: Waiting<T>,
        probe: Option<ProbeId>,
        train: &mut Vec<Outgoing<T>>,
    ) {
        self.packets -= 1;
        self.bytes -= waiting.bytes;
        self.budget.charge(now, waiting.bytes);
        train.push(Outgoing::Packet {
            item: waiting.item,
            class,
            bytes: waiting.bytes,
            waited: now.saturating_duration_since(waiting.since),
            probe,
        });
    }

    /// What a cluster has to send now; with padding when nothing else waits.
    fn poll_cluster(&mut self, now: Instant, train: &mut Vec<Outgoing<T>>) {
        while let Some(mut cluster) = self.probes.pop_front() {
            if now.saturating_duration_since(cluster.asked) > PROBE_EXPIRES {
                continue;
            }
            if !self.has_anything_for(&cluster) {
                self.probes.push_front(cluster);
                return;
            }
            cluster.started.get_or_insert(now);
            while !cluster.is_complete() && cluster.next_at() <= now {
                let probe = Some(cluster.request.id);
                let bytes = if let Some((class, waiting)) = self.next() {
                    let bytes = waiting.bytes;
                    self.leave(now, class, waiting, probe, train);
                    bytes
                } else if self.config.padding_bytes > 0 {
                    let bytes = self.config.padding_bytes;
                    self.budget.charge(now, bytes);
                    self.padding_bytes += bytes as u64;
                    train.push(Outgoing::Padding { bytes, probe });
                    bytes
                } else {
                    break;
                };
                cluster.packets += 1;
                // At least a byte, so that it ends.
                cluster.bytes += (bytes as u64).max(1);
            }
            if !cluster.is_complete() {
                self.probes.push_front(cluster);
                return;
            }
        }
    }

    /// Whether a cluster has begun; what waits is part of it.
    fn cluster_goes_on(&self) -> bool {
        self.probes
            .front()
            .is_some_and(|cluster| cluster.started.is_some() && self.has_anything_for(cluster))
    }

    fn has_anything_for(&self, cluster: &Cluster) -> bool {
        self.config.padding_bytes > 0
            || !self.retransmissions.is_empty()
            || self.streams.iter().any(|stream| !stream.is_empty())
            || cluster.is_complete()
    }

    /// Gives up what has waited too long.
    fn expire(&mut self, now: Instant) {
        let most = self.config.max_other_delay;
        for queue in [&mut self.audio, &mut self.retransmissions] {
            while let Some(waiting) = queue.pop_front_if(|waiting| waiting.since + most <= now) {
                self.packets -= 1;
                self.bytes -= waiting.bytes;
                self.dropped_packets += 1;
            }
        }
        for index in 0..self.streams.len() {
            let Some(stream) = self.streams.get_mut(index) else {
                break;
            };
            let (id, dropped) = (stream.stream, stream.expire(now, self.config.max_delay));
            self.dropped(id, dropped);
        }
    }

    /// Gives up what is too much: of the stream of which most waits, then retransmissions, then audio, oldest first.
    fn make_room(&mut self) {
        while self.bytes > self.config.max_bytes {
            let largest = self.streams.iter_mut().max_by_key(|stream| stream.bytes());
            if let Some(stream) = largest.filter(|stream| !stream.is_empty()) {
                let (id, dropped) = (stream.stream, stream.drop_some());
                self.dropped(id, dropped);
                continue;
            }
            let oldest = self
                .retransmissions
                .pop_front()
                .or_else(|| self.audio.pop_front());
            let Some(waiting) = oldest else { return };
            self.packets -= 1;
            self.bytes -= waiting.bytes;
            self.dropped_packets += 1;
        }
    }

    fn dropped(&mut self, stream: u32, dropped: Dropped) {
        self.packets -= dropped.packets;
        self.bytes -= dropped.bytes;
        self.gave_up |= dropped.packets > 0;
        self.dropped_packets += dropped.packets as u64;
        if dropped.needs_keyframe {
            self.events.push_back(PacerEvent::KeyframeNeeded { stream });
        }
    }
}
