//! What each subscriber gets of which track, and what publishers need not send.

use std::time::{Duration, Instant};

use super::publisher::{Link, Track};
use super::selection::Target;
use super::{Content, Event, MediaKind, Router, TrackId, Voice};
use crate::allocator::{AllocatorConfig, Choice, Layer, Source, SourceKind, View};
use crate::bwe::Bitrate;

/// How often it is looked whether a subscriber can get more, or has to get less.
const INTERVAL: Duration = Duration::from_millis(200);

/// How long a layer must go unwatched before its publisher is told.
const UNWATCHED: Duration = Duration::from_secs(2);

/// Sound that was not heard for so long takes nothing.
const SILENT: Duration = Duration::from_secs(1);

/// Simulcast layers are so many spatial layers apart, whatever they have within them.
const SPATIAL_STEP: u8 = 4;

/// A subscription that takes part.
struct Candidate {
    index: usize,
    id: u64,
    kind: SourceKind,
    priority: u8,
    view: View,
    layers: Vec<Layer>,
    targets: Vec<Target>,
}

impl Router {
    /// Decides what one peer gets of which track.
    pub(super) fn allocate(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        peer.timers.allocation = None;
        let mut candidates = Vec::with_capacity(peer.subscriptions.len());
        for (index, subscriber) in peer.subscriptions.iter().enumerate() {
            let Some(track) = subscriber.track.and_then(|track| self.tracks.get(track)) else {
                continue;
            };
            let view = peer.views.get(&track.publication.track);
            if track.is_unheard && subscriber.subscription.voice == Voice::AmongLoudest {
                continue;
            }
            candidates.extend(candidate(
                now,
                index,
                track,
                view.map(|view| (view.view, view.priority)),
            ));
        }
        let has_choice = candidates.iter().any(|candidate| {
            candidate.kind != SourceKind::Audio
                && (candidate.targets.len() > 1 || matches!(candidate.view, View::Hidden))
        });
        let budget = peer.pace.as_ref().map_or(Bitrate::MAX, |pace| pace.estimate());
        let sources: Vec<Source<'_>> = candidates
            .iter()
            .map(|candidate| Source {
                id: candidate.id,
                kind: candidate.kind,
                priority: candidate.priority,
                view: candidate.view,
                layers: &candidate.layers,
            })
            .collect();
        let sustained = peer.pace.as_ref().map(|pace| pace.estimator.sustained());
        peer.allocator.set_sustained(sustained.unwrap_or(budget));
        let allocations = peer.allocator.allocate(now, budget, &sources);
        let mut wanted = Vec::new();
        for (candidate, allocation) in candidates.iter().zip(allocations) {
            let target = match allocation.choice {
                _ if candidate.kind == SourceKind::Audio => continue,
                Choice::Paused if matches!(candidate.view, View::Hidden) => None,
                // What is looked at is never taken away altogether: the pacer leaves frames out where there is no room.
                Choice::Paused => candidate.targets.first().copied(),
                Choice::Layer(layer) => candidate.targets.get(layer).copied(),
            };
            let Some(subscriber) = peer.subscriptions.get_mut(candidate.index) else {
                continue;
            };
            let Some(track) = subscriber.track else { continue };
            let needs_keyframe = subscriber.selection.set_target(target);
            wanted.push((track, target.filter(|_| needs_keyframe)));
        }
        let due = peer.allocator.poll_timeout();
        if let Some(pace) = &mut peer.pace {
            // A better layer is taken when there is something to spare.
            let config = AllocatorConfig::default();
            let wanted = peer.allocator.wanted().percent(100 + 2 * config.headroom_percent);
            pace.estimator.set_wanted(wanted);
            pace.estimator.set_needed(peer.allocator.needed());
        }
        let again = (peer.pace.is_some() || has_choice).then_some(now + INTERVAL);
        peer.timers.allocation = again
            .into_iter()
            .chain(due.map(|due| due.max(now + INTERVAL / 4)))
            .min();
        for (track_slot, target) in wanted {
            self.update_demand(now, track_slot);
            if let Some(target) = target
                && let Some(track) = self.tracks.get_mut(track_slot)
            {
                track.want_keyframe(now, target.layer);
                let publisher = track.publisher;
                self.update_feedback(now, publisher);
            }
        }
        self.reschedule(now, slot);
    }

    /// Decides anew for all subscribers of a track.
    pub(super) fn allocate_for(&mut self, now: Instant, track: u32) {
        let Some(track) = self.tracks.get(track) else {
            return;
        };
        let mut peers: Vec<u32> = track.subscribers.iter().map(|link| link.peer).collect();
        peers.dedup();
        for peer in peers {
            self.allocate(now, peer);
        }
    }

    /// Tells a publisher what of its track is watched, if that is news: more at once, less after a while.
    pub(super) fn update_demand(&mut self, now: Instant, slot: u32) {
        let Some(track) = self.tracks.get_mut(slot) else {
            return;
        };
        if !track.is_video() || !track.layers.iter().any(super::layer::TrackLayer::was_heard) {
            return;
        }
        let mut watched = vec![false; track.layers.len()];
        for Link { peer, index, .. } in &track.subscribers {
            let peer = self.peers.get(*peer);
            let Some(peer) = peer.filter(|peer| peer.is_forwarding && peer.path.is_some()) else {
                continue;
            };
            let Some(subscriber) = peer.subscriptions.get(*index) else {
                continue;
            };
            let Some(target) = subscriber.selection.target() else {
                continue;
            };
            for layer in [Some(target.layer), subscriber.selection.current()]
                .into_iter()
                .flatten()
            {
                if let Some(is_watched) = watched.get_mut(layer) {
                    *is_watched = true;
                }
            }
        }
        if let Some(tap) = &track.tap {
            for layer in [tap.layer, track.best_layer(now)].into_iter().flatten() {
                if let Some(is_watched) = watched.get_mut(layer) {
                    *is_watched = true;
                }
            }
        }
        let told = track.told.get_or_insert_with(|| vec![true; track.layers.len()]);
        if *told == watched {
            track.less_since = None;
            return;
        }
        let is_more = watched
            .iter()
            .zip(told.iter())
            .any(|(now, before)| *now && !before);
        let since = *track.less_since.get_or_insert(now);
        if !is_more && now.saturating_duration_since(since) < UNWATCHED {
            return;
        }
        if is_more {
            // What is less has time.
            for (watched, told) in watched.iter_mut().zip(told.iter()) {
                *watched |= told;
            }
        }
        track.less_since = None;
        told.clone_from(&watched);
        for (layer, is_watched) in track.layers.iter_mut().zip(&watched) {
            layer.demand(now, *is_watched);
        }
        let mut order: Vec<usize> = (0..track.layers.len()).collect();
        order.sort_by_key(|layer| track.layers.get(*layer).map(super::layer::TrackLayer::rank));
        let rids = order
            .into_iter()
            .filter(|layer| watched.get(*layer).copied().unwrap_or(false))
            .filter_map(|layer| track.publication.rids.get(layer).cloned())
            .collect();
        let Some(peer) = self.peers.get(track.publisher) else {
            return;
        };
        let event = Event::Demand {
            peer: peer.id,
            track: track.publication.track,
            is_watched: watched.contains(&true),
            rids,
        };
        tell_demand(&mut self.events, track.publication.track, event);
    }

    /// What of a publisher's tracks is watched.
    pub(super) fn update_demands(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self.peers.get(slot) else { return };
        for track in peer.tracks.clone() {
            self.update_demand(now, track);
        }
    }
}

fn candidate(now: Instant, index: usize, track: &Track, said: Option<(View, u8)>) -> Option<Candidate> {
    let publication = &track.publication;
    let kind = match (publication.kind, publication.content) {
        (MediaKind::Audio, _) => SourceKind::Audio,
        (MediaKind::Video, Content::Screen) => SourceKind::Screen,
        (MediaKind::Video, Content::Camera) => SourceKind::Camera,
    };
    let unsaid = match kind {
        SourceKind::Screen => View::Pinned { width: 0, height: 0 },
        SourceKind::Audio | SourceKind::Camera => View::Tile { width: 0, height: 0 },
    };
    let (view, priority) = said.unwrap_or((unsaid, 0));
    let mut order: Vec<usize> = (0..track.layers.len()).collect();
    order.sort_by_key(|layer| track.layers.get(*layer).map(super::layer::TrackLayer::rank));
    let (mut layers, mut targets) = (Vec::new(), Vec::new());
    let mut place: u8 = 0;
    for index in order {
        let Some(layer) = track.layers.get(index) else {
            continue;
        };
        let is_there = match kind {
            SourceKind::Audio => layer.was_heard_since(now, SILENT),
            SourceKind::Screen | SourceKind::Camera => layer.is_available(now),
        };
        if !is_there {
            continue;
        }
        for part in layer.parts(layers.is_empty()) {
            layers.push(Layer {
                spatial: place.saturating_add(part.layer.spatial_id),
                temporal: part.layer.temporal_id,
                width: part.width,
                height: part.height,
                bitrate: part.bitrate,
            });
            targets.push(Target {
                layer: index,
                limit: part.limit,
            });
        }
        place = place.saturating_add(SPATIAL_STEP);
    }
    // Of what was never seen, or is gone for the moment, nothing can be decided.
    if layers.is_empty() && !matches!(view, View::Hidden) {
        return None;
    }
    Some(Candidate {
        index,
        id: publication.track.0,
        kind,
        priority,
        view,
        layers,
        targets,
    })
}

/// Replaces what was said of the track and nobody has heard yet, so that a control plane that does not listen costs no
/// memory.
fn tell_demand(events: &mut std::collections::VecDeque<Event>, id: TrackId, news: Event) {
    let unheard = events
        .iter_mut()
        .find(|event| matches!(event, Event::Demand { track, .. } if *track == id));
    match unheard {
        Some(event) => *event = news,
        None => events.push_back(news),
    }
}
