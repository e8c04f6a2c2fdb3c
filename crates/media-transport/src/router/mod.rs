//! A selective forwarding unit: media of each peer goes to the others of its room, rewritten and never decoded.
//!
//! ```text
//!  datagram ─▶ peer (by address, else by ICE ufrag) ─▶ session: decrypt in place
//!           ─▶ track (by SSRC, else by mid) ─▶ numbering, loss, level, keyframe; kept for retransmission
//!           ─▶ for each subscription: sequence number and timestamp given, queued as a reference
//!  poll     ─▶ for each subscriber: what waits is put into trains; SSRC, numbers, payload type and extensions written,
//!              padded to equal size where that saves a call, encrypted where it is sent from ─▶ bursts for the socket
//! ```
//! The packet path takes no lock and, once buffers have grown to their working size, allocates nothing.
//!
//! A [`Router`] is told the time and the datagrams, and says what to send: [`Router::handle_command`],
//! [`handle_datagram`](Router::handle_datagram) or [`handle_timeout`](Router::handle_timeout); then drain
//! [`poll_transmit`](Router::poll_transmit) and [`poll_event`](Router::poll_event), and ask
//! [`poll_timeout`](Router::poll_timeout). It trusts the control plane with rooms and capabilities, and nobody else.
//!
//! | file | role |
//! |---|---|
//! | `control` | what the control plane asks for |
//! | `ingress`, `spread` | from a datagram to its track, from there to its subscribers |
//! | `reports` | RTCP, both ways |
//! | `publisher`, `layer`, `source`, `picture`, `nack`, `keyframe`, `send_buffer` | a published track |
//! | `subscriber`, `selection`, `munger`, `forwarder` | a subscription |
//! | `allocation`, `pace` | what a subscriber gets of which track, and when |
//! | `queue`, `train`, `transmit` | what waits for a subscriber, and what goes together |
//! | `tap` | everything of a room, for somebody in the same program |
//! | `speakers`, `voices` | who speaks, and who of them is forwarded |

mod allocation;
mod config;
mod control;
mod forwarder;
mod ingress;
mod keyframe;
mod layer;
mod munger;
mod nack;
mod pace;
mod peer;
mod picture;
mod publisher;
mod queue;
mod reports;
mod schedule;
mod selection;
mod send_buffer;
mod slots;
mod source;
mod speakers;
mod spread;
mod stats;
mod subscriber;
mod tap;
#[cfg(test)]
mod tests;
mod train;
mod transmit;
mod types;
mod voices;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

pub use config::RouterConfig;
pub use stats::{PeerStats, PublicationStats, SubscriptionStats};
pub use tap::{TapBatch, TapEmpty, TapPacket, TapReader, TapSink, tap};
pub use transmit::{Burst, TransmitBuffer};
pub use types::{
    CodecName, Command, Content, Event, ExtensionIds, MediaKind, PeerId, Publication, Repair, RoomId,
    RtpCodec, Subscription, TrackId, TrackView, Voice,
};

use self::peer::{Peer, Trains};
use self::publisher::Track;
use self::queue::Plan;
use self::schedule::Schedule;
use self::slots::Slots;
use self::speakers::Detector;
use self::spread::Spread;
use self::tap::Tap;
use self::train::MAX_PADDING;
use self::voices::Voices;
use crate::session::PeerEvent;

/// A timer that is due now fires this much later, so that a session that never has enough cannot stop the router.
const LEAST_DELAY: Duration = Duration::from_millis(1);

/// Forwards media between the peers of each room.
#[derive(Debug)]
pub struct Router {
    config: RouterConfig,
    rng: StdRng,
    peers: Slots<Peer>,
    peers_by_id: HashMap<PeerId, u32>,
    /// By (remote, local) address; only addresses that passed an authenticated connectivity check.
    peers_by_address: HashMap<(SocketAddr, SocketAddr), u32>,
    /// By our ICE user fragment.
    peers_by_ufrag: HashMap<String, u32>,
    tracks: Slots<Track>,
    tracks_by_id: HashMap<TrackId, u32>,
    rooms: HashMap<RoomId, Room>,
    /// Who listens to which room.
    taps: HashMap<RoomId, Tap>,
    schedule: Schedule,
    /// When rooms look who speaks.
    speaker_schedule: BTreeSet<(Instant, RoomId)>,
    /// What has arrived and was not forwarded yet.
    spread: Spread,
    /// Peers whose queue has something.
    queued: VecDeque<u32>,
    plan: Plan,
    /// The last words to peers that are gone.
    farewells: TransmitBuffer,
    events: VecDeque<Event>,
    scratch: Vec<u8>,
    asked: Vec<u16>,
    starved: Vec<usize>,
    /// The latest time it was told.
    now: Instant,
}

/// Peers that may hear each other.
#[derive(Debug, Default)]
struct Room {
    peers: Vec<u32>,
    speakers: Detector,
    voices: Voices,
    /// Whether the schedule has an entry for its speakers.
    is_scheduled: bool,
}

impl Router {
    /// A router without peers. `seed` decides SSRCs and first sequence numbers; keys do not depend on it.
    #[must_use]
    pub fn new(config: RouterConfig, seed: u64, now: Instant) -> Self {
        Self {
            config,
            rng: StdRng::seed_from_u64(seed),
            peers: Slots::new(),
            peers_by_id: HashMap::new(),
            peers_by_address: HashMap::new(),
            peers_by_ufrag: HashMap::new(),
            tracks: Slots::new(),
            tracks_by_id: HashMap::new(),
            rooms: HashMap::new(),
            taps: HashMap::new(),
            schedule: Schedule::default(),
            speaker_schedule: BTreeSet::new(),
            spread: Spread::default(),
            queued: VecDeque::new(),
            plan: Plan::default(),
            farewells: TransmitBuffer::new(),
            events: VecDeque::new(),
            scratch: Vec::new(),
            asked: Vec::new(),
            starved: Vec::new(),
            now,
        }
    }

    /// Lets due timers fire. Early and late calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.distribute();
        self.now = now;
        while let Some(slot) = self.schedule.pop(now) {
            self.handle_peer_timeout(now, slot);
        }
        while self.speaker_schedule.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, room)) = self.speaker_schedule.pop_first() {
                self.look_for_speakers(now, room);
            }
        }
        self.handle_tap_timeout(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; `None` when nothing is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let speakers = self.speaker_schedule.first().map(|(at, _)| *at);
        let taps = self.taps_due();
        self.schedule
            .first()
            .into_iter()
            .chain(speakers)
            .chain(taps)
            .min()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Replaces the content of `out` by everything that waits for one peer; `false` when nothing waits.
    ///
    /// Media is written and encrypted now, for trains of any length; see [`poll_trains`](Self::poll_trains).
    pub fn poll_transmit(&mut self, out: &mut TransmitBuffer) -> bool {
        self.poll_trains(out, |_| TransmitBuffer::MAX_SEGMENTS)
    }

    /// The same for a socket that takes so many segments at a time to a destination. Where it takes one only, packets are
    /// not made equal by padding.
    pub fn poll_trains(
        &mut self,
        out: &mut TransmitBuffer,
        max_segments: impl Fn(SocketAddr) -> NonZeroUsize,
    ) -> bool {
        out.clear();
        if !self.farewells.is_empty() {
            std::mem::swap(&mut self.farewells, out);
            return true;
        }
        while let Some(slot) = self.next_to_send() {
            let Some(peer) = self.peers.get_mut(slot) else {
                continue;
            };
            let max_segments = peer
                .path
                .map_or(NonZeroUsize::MIN, |path| max_segments(path.destination));
            let trains = Trains {
                max_segments,
                max_padding: self.config.max_train_padding.min(MAX_PADDING),
            };
            let (now, starved) = (self.now, &mut self.starved);
            peer.take_queue(now, &self.tracks, &mut self.plan, trains, out, starved);
            if let Some(pace) = &peer.pace {
                // None of the peer's other timers has become an earlier one.
                if let Some(at) = pace.poll_timeout() {
                    schedule_by(now, slot, at, &mut self.schedule);
                }
                self.feed_starved(slot);
            }
            if !out.is_empty() {
                return true;
            }
        }
        false
    }

    fn handle_peer_timeout(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if peer.session.poll_timeout().is_some_and(|at| at <= now) {
            peer.session.handle_timeout(now);
            self.drain_session(now, slot);
        }
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let timers = peer.timers;
        if let Some(pace) = &mut peer.pace {
            pace.handle_timeout(now);
        }
        if peer
            .recorder
            .as_ref()
            .and_then(|recorder| recorder.poll_timeout())
            .is_some_and(|at| at <= now)
        {
            peer.send_transport_feedback(now);
        }
        if timers.allocation.is_some_and(|at| at <= now) {
            self.allocate(now, slot);
        }
        if timers.report.is_some_and(|at| at <= now) {
            self.send_reports(now, slot);
        }
        if timers.feedback.is_some_and(|at| at <= now) {
            self.send_feedback(now, slot);
        }
        self.mark_queued(slot);
        self.reschedule(now, slot);
    }

    /// Takes everything a session has to say after a mutation.
    fn drain_session(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        peer.drain_session(&mut self.scratch);
        while let Some(event) = self
            .peers
            .get_mut(slot)
            .and_then(|peer| peer.session.poll_event())
        {
            match event {
                PeerEvent::Connected { profile } => {
                    let Some(peer) = self.peers.get_mut(slot) else {
                        return;
                    };
                    peer.timers.report = Some(now + reports::INTERVAL);
                    peer.connected = Some(now);
                    let peer_id = peer.id;
                    self.events.push_back(Event::PeerConnected {
                        peer: peer_id,
                        profile,
                    });
                    let tracks = peer.tracks.clone();
                    self.update_path(slot);
                    self.want_entries(now, slot);
                    // What was asked of it before did not reach it.
                    for track in tracks {
                        self.want_entries_of(now, track);
                    }
                    self.update_feedback(now, slot);
                }
                PeerEvent::RemoteAddress(_) | PeerEvent::Interrupted => self.update_path(slot),
                PeerEvent::Resumed => {
                    self.update_path(slot);
                    // Its pictures have to begin anew, and what it was asked for meanwhile did not reach it.
                    self.want_entries(now, slot);
                    self.update_feedback(now, slot);
                }
                PeerEvent::Closed(reason) => {
                    let Some(peer) = self.peers.get(slot) else { return };
                    self.events.push_back(Event::PeerClosed {
                        peer: peer.id,
                        reason,
                    });
                    self.forget_peer(slot);
                    return;
                }
            }
        }
        self.mark_queued(slot);
    }

    fn update_path(&mut self, slot: u32) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let path = peer
            .session
            .selected_path()
            .filter(|_| peer.session.is_connected());
        peer.path = path.map(|(source, destination)| crate::Transmit { source, destination });
    }

    fn mark_queued(&mut self, slot: u32) {
        if let Some(peer) = self.peers.get_mut(slot) {
            mark_queued(self.now, peer, slot, &mut self.queued);
        }
    }

    /// Asks for keyframes for the subscriptions of a peer that are in `starved`.
    fn feed_starved(&mut self, slot: u32) {
        let now = self.now;
        while let Some(index) = self.starved.pop() {
            let Some(subscriber) = self
                .peers
                .get(slot)
                .and_then(|peer| peer.subscriptions.get(index))
            else {
                continue;
            };
            let (track, target) = (subscriber.track, subscriber.selection.target());
            let Some((track, target)) = track.and_then(|track| self.tracks.get_mut(track)).zip(target) else {
                continue;
            };
            track.want_keyframe(now, target.layer);
            let publisher = track.publisher;
            self.update_feedback(now, publisher);
        }
    }

    fn reschedule(&mut self, now: Instant, slot: u32) {
        if let Some(peer) = self.peers.get(slot) {
            reschedule(now, slot, peer, &mut self.schedule);
        }
    }

    fn look_for_speakers(&mut self, now: Instant, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        let (peers, tracks) = (&self.peers, &mut self.tracks);
        let audio: Vec<u32> = room
            .peers
            .iter()
            .filter_map(|slot| peers.get(*slot))
            .filter(|peer| peer.is_forwarding)
            .flat_map(|peer| peer.tracks.iter().copied())
            .collect();
        let mut levels = Vec::with_capacity(audio.len());
        for slot in audio {
            let Some(track) = tracks.get_mut(slot) else {
                continue;
            };
            let Some(peer) = peers.get(track.publisher) else {
                continue;
            };
            if track.publication.extensions.audio_level.is_some() && !track.is_video() {
                levels.push((peer.id, track.publication.track, track.loudness, slot));
            }
        }
        let look = levels
            .iter_mut()
            .map(|(peer, track, loudness, _)| (*peer, *track, loudness));
        if let Some(speakers) = room.speakers.look(now, look, self.config.max_speakers) {
            tell_speakers(&mut self.events, id, speakers);
        }
        room.is_scheduled = !levels.is_empty();
        for (_, _, loudness, slot) in levels {
            if let Some(track) = self.tracks.get_mut(slot) {
                track.loudness = loudness;
            }
        }
        if room.is_scheduled {
            self.speaker_schedule.insert((now + speakers::INTERVAL, id));
        }
    }
}

/// Replaces what was said of the room and nobody has heard yet, so that a control plane that does not listen costs no
/// memory: everything else is said once per command, peer or track.
fn tell_speakers(events: &mut VecDeque<Event>, id: RoomId, list: Vec<(PeerId, TrackId, u8)>) {
    let unheard = events.iter_mut().find_map(|event| match event {
        Event::ActiveSpeakers { room, speakers } if *room == id => Some(speakers),
        _ => None,
    });
    match unheard {
        Some(speakers) => *speakers = list,
        None => events.push_back(Event::ActiveSpeakers {
            room: id,
            speakers: list,
        }),
    }
}

fn mark_queued(now: Instant, peer: &mut Peer, slot: u32, queued: &mut VecDeque<u32>) {
    if !peer.is_queued && peer.has_work(now) {
        queue(peer, slot, queued);
    }
}

fn queue(peer: &mut Peer, slot: u32, queued: &mut VecDeque<u32>) {
    if !peer.is_queued {
        peer.is_queued = true;
        queued.push_back(slot);
    }
}

/// Puts the earliest of a peer's timers into the schedule. An entry that comes too early is left: it is harmless.
fn reschedule(now: Instant, slot: u32, peer: &Peer, schedule: &mut Schedule) {
    if let Some(at) = peer.next_timeout() {
        schedule_by(now, slot, at, schedule);
    }
}

/// Makes sure that a peer is looked at by then.
fn schedule_by(now: Instant, slot: u32, at: Instant, schedule: &mut Schedule) {
    let at = at.max(now + LEAST_DELAY);
    if schedule.get(slot).is_none_or(|scheduled| at < scheduled) {
        schedule.set(slot, at);
    }
}

/// A span in units of a clock; wraps as RTP time does.
#[expect(clippy::cast_possible_truncation, reason = "RTP time wraps")]
fn ticks(span: Duration, clock_rate: u32) -> u32 {
    let whole = span.as_secs().wrapping_mul(u64::from(clock_rate));
    let part = u64::from(span.subsec_nanos()) * u64::from(clock_rate) / 1_000_000_000;
    whole.wrapping_add(part) as u32
}
