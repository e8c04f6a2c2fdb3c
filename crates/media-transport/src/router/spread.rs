//! From packets that have arrived to their subscribers.
//!
//! What arrives waits until the router is asked what to send, or told anything but further packets. Then all that came of
//! one track is given to one subscriber after the other, so that a frame's packets touch a subscriber's state once; and
//! where packets of one track only wait, each subscriber's are written at once, too, while that state is near.
//!
//! Whether a microphone is heard is decided when its packet arrives. All else of the track is as it is when packets are
//! forwarded, a few milliseconds later at most: those just before a keyframe that brings another dependency structure may be
//! read with the new one, which costs what that keyframe replaces.

use std::time::Instant;

use super::peer::Peer;
use super::publisher::{Arrival, Link, Track};
use super::slots::Slots;
use super::{Router, Voice, mark_queued, queue, schedule_by};
use crate::rtp::Packet;

/// So many packets wait at most: no more than every track's buffer holds.
const MAX_WAITING: usize = 32;

/// How many subscribers ahead how many pointers are followed; see [`Peer::warm`].
const AHEAD: [(usize, u32); 3] = [(0, 2), (1, 1), (2, 0)];

/// A packet on its way to the subscribers of its track.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    /// Slot of the track.
    track: u32,
    at: Instant,
    /// Whether it came from a microphone that was not loud enough then.
    is_unheard: bool,
    arrival: Arrival,
}

/// Packets that have arrived and were not forwarded yet, in their order.
#[derive(Debug, Default)]
pub(super) struct Spread {
    waiting: Vec<Waiting>,
    /// How many of the first ones, all of one track, are being forwarded.
    run: usize,
    /// How many of the track's subscribers have them.
    served: usize,
    /// The simulcast layer of which a subscriber needs a keyframe.
    wanted: Option<usize>,
}

impl Spread {
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_WAITING
    }

    pub(super) fn push(&mut self, now: Instant, slot: u32, track: &Track, arrival: Arrival) {
        self.waiting.push(Waiting {
            track: slot,
            at: now,
            is_unheard: track.is_unheard,
            arrival,
        });
    }

    /// Whether all are of one track.
    fn is_one_run(&self) -> bool {
        match self.waiting.split_first() {
            Some((first, others)) => others.iter().all(|other| other.track == first.track),
            None => true,
        }
    }
}

impl Router {
    /// Forwards what waits to the queues of its subscribers.
    pub(super) fn distribute(&mut self) {
        while let Some(slot) = self.serve_next(false) {
            let now = self.now;
            if let Some(peer) = self.peers.get_mut(slot) {
                match peer.pace.as_ref().map(|pace| pace.ready_at(now)) {
                    None => mark_queued(now, peer, slot, &mut self.queued),
                    Some(Some(at)) if at <= now => queue(peer, slot, &mut self.queued),
                    Some(Some(at)) => schedule_by(now, slot, at, &mut self.schedule),
                    // Its path is full. The report that opens it wakes it, its next sound, or what has waited too long.
                    Some(None) => {}
                }
            }
        }
    }

    /// The next peer that has something to send: of those in the queue, else of those for which something has arrived.
    pub(super) fn next_to_send(&mut self) -> Option<u32> {
        if !self.spread.is_one_run() || self.spread.served == 0 && !self.queued.is_empty() {
            // What came from several goes out together, and so does what waits already.
            self.distribute();
        }
        while let Some(slot) = self.queued.pop_front() {
            warm(&self.peers, AHEAD, |ahead| Some((*self.queued.get(ahead)?, 0)));
            // The peer may be gone, and the slot somebody else's, who then stands in the list twice.
            if self.peers.get(slot).is_some_and(|peer| peer.is_queued) {
                return Some(slot);
            }
        }
        let now = self.now;
        while let Some(slot) = self.serve_next(true) {
            let Some(peer) = self.peers.get_mut(slot) else {
                continue;
            };
            if !peer.pending.is_empty() {
                return Some(slot);
            }
            match peer.pace.as_ref().map(|pace| pace.ready_at(now)) {
                None if peer.has_work(now) => return Some(slot),
                Some(Some(at)) if at <= now => return Some(slot),
                Some(Some(at)) => schedule_by(now, slot, at, &mut self.schedule),
                None | Some(None) => {}
            }
        }
        None
    }

    /// Forwards what has arrived to the queue of one subscriber more, and says whose; `None` when nothing waits any longer.
    fn serve_next(&mut self, is_sent_at_once: bool) -> Option<u32> {
        loop {
            let first = self.spread.waiting.first()?;
            let slot = first.track;
            if self.spread.run == 0 {
                let others = self.spread.waiting.iter();
                self.spread.run = others.take_while(|other| other.track == slot).count();
            }
            let track = self.tracks.get(slot);
            let link = track.and_then(|track| track.subscribers.get(self.spread.served));
            let Some((track, link)) = track.zip(link) else {
                self.end_run(slot);
                continue;
            };
            self.spread.served += 1;
            warm(&self.peers, AHEAD, |ahead| {
                let link = track.subscribers.get(self.spread.served + ahead)?;
                Some((link.peer, link.index))
            });
            let Some(peer) = self.peers.get_mut(link.peer) else {
                continue;
            };
            let passes_at = is_sent_at_once.then_some(self.now);
            if is_sent_at_once {
                self.plan.lend(&mut peer.pending);
            }
            let arrived = self.spread.waiting.get(..self.spread.run).unwrap_or_default();
            let max_bytes = self.config.max_queued_bytes;
            let wanted = serve(peer, *link, track, arrived, max_bytes, passes_at);
            if is_sent_at_once {
                self.plan.take_back(&mut peer.pending);
                if let Some(pace) = &mut peer.pace {
                    pace.end_train();
                }
            }
            self.spread.wanted = wanted.or(self.spread.wanted);
            return Some(link.peer);
        }
    }

    /// All subscribers have the first packets.
    fn end_run(&mut self, slot: u32) {
        let run = std::mem::take(&mut self.spread.run);
        self.spread.waiting.drain(..run);
        self.spread.served = 0;
        if let Some(layer) = self.spread.wanted.take()
            && let Some(track) = self.tracks.get_mut(slot)
        {
            let (now, publisher) = (self.now, track.publisher);
            track.want_keyframe(now, layer);
            self.update_feedback(now, publisher);
        }
    }
}

/// Forwards packets of a track to a subscriber. Returns the layer of which it needs a keyframe, if it does.
fn serve(
    peer: &mut Peer,
    link: Link,
    track: &Track,
    arrived: &[Waiting],
    max_bytes: usize,
    passes_at: Option<Instant>,
) -> Option<usize> {
    let (mut outlet, subscription) = peer.outlet(link.index, max_bytes, passes_at)?;
    let mut wants = false;
    for Waiting {
        at,
        is_unheard,
        arrival,
        ..
    } in arrived
    {
        if *is_unheard && link.voice == Voice::AmongLoudest {
            continue;
        }
        let bytes = track.packet(arrival.generation, arrival.sequence);
        let Some(packet) = bytes.and_then(|bytes| Packet::parse(bytes).ok()) else {
            // It was overwritten by what came behind it.
            subscription.lose(track.publication.kind);
            wants = true;
            continue;
        };
        wants |= subscription.forward(*at, track, arrival, &packet, &mut outlet);
    }
    let target = subscription.selection.target().filter(|_| wants);
    target.map(|target| target.layer)
}

/// Brings nearer what those who come next need.
fn warm(peers: &Slots<Peer>, ahead: [(usize, u32); 3], next: impl Fn(usize) -> Option<(u32, usize)>) {
    for (place, steps) in ahead {
        if let Some((slot, index)) = next(place)
            && let Some(peer) = peers.get(slot)
        {
            peer.warm(index, steps);
        }
    }
}
