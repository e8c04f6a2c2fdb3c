//! What the control plane asks for. A command is checked as a whole before anything changes.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use rand::RngExt as _;

use super::munger::Munger;
use super::pace::Pace;
use super::peer::{MAX_RETIRED, Peer};
use super::publisher::{Link, MAX_LAYERS, Track};
use super::subscriber::Subscriber;
use super::tap::TrackTap;
use super::{
    Command, Event, MediaKind, PeerId, Publication, RoomId, Router, Subscription, TrackView, TransmitBuffer,
    speakers,
};
use crate::demux::{PacketClass, classify};
use crate::rtcp::CompoundWriter;
use crate::session::{PeerConfig, PeerSession, RemoteParameters};
use crate::{Error, IceCredentials};

/// The most user fragments of one peer: the first and those of later ICE restarts, whose oldest give way.
const MAX_UFRAGS: usize = 4;

/// The most sources a farewell names.
const MAX_FAREWELL: usize = crate::rtcp::MAX_COUNT;

/// Last words that may wait for the socket, in bytes; peers that do not get theirs notice by the silence.
const MAX_FAREWELL_BYTES: usize = 256 * 1024;

impl Router {
    /// Obeys the control plane.
    ///
    /// # Errors
    /// [`Error::Unknown`], [`Error::Duplicate`], [`Error::TooMany`], [`Error::InvalidCredentials`]; nothing has changed
    /// then.
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<(), Error> {
        self.distribute();
        self.now = now;
        match command {
            Command::AddPeer {
                peer,
                room,
                config,
                remote,
            } => self.add_peer(now, peer, room, config, remote),
            Command::SetPublications { peer, publications } => self.set_publications(now, peer, publications),
            Command::SetSubscriptions { peer, subscriptions } => {
                self.set_subscriptions(now, peer, subscriptions)
            }
            Command::SetViews { peer, views } => self.set_views(now, peer, views),
            Command::SetForwarding { peer, enabled } => self.set_forwarding(now, peer, enabled),
            Command::RestartIce { peer, local, remote } => self.restart_ice(now, peer, local, remote),
            Command::AddTap { peer, room, sink } => self.add_tap(now, peer, room, &sink),
            Command::WantKeyframe { peer, track } => self.want_keyframe_for_tap(now, peer, track),
            Command::RemovePeer { peer } => {
                if self.remove_tap(now, peer) {
                    return Ok(());
                }
                if let Ok(slot) = self.slot(peer) {
                    self.say_goodbye(now, slot);
                    self.forget_peer(slot);
                }
                Ok(())
            }
            Command::RequestStats { peer } => self.request_stats(peer),
        }
    }

    /// Says goodbye to all peers and forgets them. No [`Event::PeerClosed`] follows.
    pub fn close(&mut self, now: Instant) {
        self.distribute();
        self.now = now;
        let slots: Vec<u32> = self.peers_by_id.values().copied().collect();
        for slot in slots {
            self.say_goodbye(now, slot);
            self.forget_peer(slot);
        }
        self.close_taps();
    }

    fn slot(&self, peer: PeerId) -> Result<u32, Error> {
        self.peers_by_id.get(&peer).copied().ok_or(Error::Unknown("peer"))
    }

    fn add_peer(
        &mut self,
        now: Instant,
        id: PeerId,
        room: RoomId,
        config: PeerConfig,
        remote: RemoteParameters,
    ) -> Result<(), Error> {
        if self.peers.len() >= self.config.max_peers {
            return Err(Error::TooMany("peers"));
        }
        if self.peers_by_id.contains_key(&id) || self.is_tap(id) {
            return Err(Error::Duplicate("peer"));
        }
        if self.peers_by_ufrag.contains_key(&config.local.ufrag) {
            return Err(Error::Duplicate("ICE user fragment"));
        }
        config.local.validate()?;
        let ufrag = config.local.ufrag.clone();
        let mut session = PeerSession::new(config, now).with_dtls_backend(self.config.dtls);
        session.set_remote(now, remote)?;
        let mut peer = Peer::new(now, id, room, session, self.rng.random());
        peer.ufrags.push(ufrag.clone());
        let slot = self.peers.insert(peer).ok_or(Error::TooMany("peers"))?;
        self.peers_by_id.insert(id, slot);
        self.peers_by_ufrag.insert(ufrag, slot);
        self.rooms.entry(room).or_default().peers.push(slot);
        self.drain_session(now, slot);
        self.reschedule(now, slot);
        Ok(())
    }

    fn restart_ice(
        &mut self,
        now: Instant,
        id: PeerId,
        local: IceCredentials,
        remote: IceCredentials,
    ) -> Result<(), Error> {
        let slot = self.slot(id)?;
        match self.peers_by_ufrag.get(&local.ufrag) {
            Some(other) if *other != slot => return Err(Error::Duplicate("ICE user fragment")),
            _ => {}
        }
        let peer = self.peers.get_mut(slot).ok_or(Error::Unknown("peer"))?;
        let ufrag = local.ufrag.clone();
        peer.session.restart_ice(now, local, remote, &[])?;
        if !peer.ufrags.contains(&ufrag) {
            if peer.ufrags.len() >= MAX_UFRAGS {
                self.peers_by_ufrag.remove(&peer.ufrags.remove(0));
            }
            peer.ufrags.push(ufrag.clone());
            self.peers_by_ufrag.insert(ufrag, slot);
        }
        self.drain_session(now, slot);
        self.reschedule(now, slot);
        Ok(())
    }

    fn set_publications(
        &mut self,
        now: Instant,
        id: PeerId,
        publications: Vec<Publication>,
    ) -> Result<(), Error> {
        let slot = self.slot(id)?;
        self.check_publications(slot, &publications)?;
        let room_id = self.peers.get(slot).ok_or(Error::Unknown("peer"))?.room;

        let old = self
            .peers
            .get_mut(slot)
            .map(|peer| std::mem::take(&mut peer.tracks))
            .unwrap_or_default();
        for track in old {
            let Some(known) = self.tracks.get(track).map(|track| &track.publication) else {
                continue;
            };
            if !publications
                .iter()
                .any(|new| new.track == known.track && new.kind == known.kind)
            {
                self.forget_track(track);
            }
        }
        let mut slots = Vec::with_capacity(publications.len());
        let mut switched = Vec::new();
        let mut incoming = Vec::new();
        let mut has_levels = false;
        let mut transport_sequence = None;
        for publication in publications {
            has_levels |=
                publication.kind == MediaKind::Audio && publication.extensions.audio_level.is_some();
            transport_sequence = transport_sequence.or(publication.extensions.transport_sequence);
            let (id, mut announced) = (publication.track, publication.ssrcs.clone());
            announced.extend(publication.repairs.iter().map(|repair| repair.ssrc));
            let track = match self.tracks_by_id.get(&id) {
                Some(track) => {
                    let track = *track;
                    if let Some(known) = self.tracks.get_mut(track) {
                        if known.publication.paused != publication.paused {
                            switched.push(track);
                        }
                        known.update(now, publication, &self.config);
                    }
                    self.relink(track);
                    track
                }
                None => {
                    let mut new = Track::new(now, publication, room_id, slot, &self.config);
                    new.tap = self.taps.contains_key(&room_id).then(TrackTap::default);
                    let Some(track) = self.tracks.insert(new) else {
                        continue;
                    };
                    self.tracks_by_id.insert(id, track);
                    self.link_waiting(room_id, track);
                    track
                }
            };
            incoming.extend(announced.into_iter().map(|ssrc| (ssrc, track)));
            slots.push(track);
        }
        if let Some(peer) = self.peers.get_mut(slot) {
            // SSRCs learnt before stay with tracks that stay, unless they are another's now.
            let learnt = peer.incoming.iter().filter(|(ssrc, track)| {
                slots.contains(track) && !incoming.iter().any(|(announced, _)| announced == ssrc)
            });
            let learnt: Vec<_> = learnt.copied().collect();
            incoming.extend(learnt);
            peer.incoming = incoming;
            peer.transport_sequence = transport_sequence;
            peer.tracks.clone_from(&slots);
        }
        for track in switched {
            self.start_anew(track);
        }
        for track in slots {
            self.want_entries_of(now, track);
            self.allocate_for(now, track);
        }
        self.update_feedback(now, slot);
        if let Some(room) = self
            .rooms
            .get_mut(&room_id)
            .filter(|room| has_levels && !room.is_scheduled)
        {
            room.is_scheduled = true;
            self.speaker_schedule.insert((now + speakers::INTERVAL, room_id));
        }
        Ok(())
    }

    /// A track was paused, or is no longer: nothing from before is sent any more, and the pause is no loss.
    fn start_anew(&mut self, slot: u32) {
        let Some(track) = self.tracks.get_mut(slot) else {
            return;
        };
        track.reset();
        if let Some(room) = self.rooms.get_mut(&track.room) {
            room.voices.leave(slot);
        }
        for Link { peer, index, .. } in &track.subscribers {
            let subscriber = self
                .peers
                .get_mut(*peer)
                .and_then(|peer| peer.subscriptions.get_mut(*index));
            if let Some(subscriber) = subscriber {
                subscriber.pause();
            }
        }
    }

    fn check_publications(&self, slot: u32, publications: &[Publication]) -> Result<(), Error> {
        if publications.len() > self.config.max_publications_per_peer {
            return Err(Error::TooMany("publications"));
        }
        let (mut tracks, mut mids, mut ssrcs) = (HashSet::new(), HashSet::new(), HashSet::new());
        for publication in publications {
            let owner = self
                .tracks_by_id
                .get(&publication.track)
                .and_then(|track| self.tracks.get(*track));
            if !tracks.insert(publication.track) || owner.is_some_and(|owner| owner.publisher != slot) {
                return Err(Error::Duplicate("track"));
            }
            if !mids.insert(publication.mid.as_str()) {
                return Err(Error::Duplicate("mid"));
            }
            let most = self.config.max_sources_per_publication;
            if publication.ssrcs.len() > most || publication.repairs.len() > most {
                return Err(Error::TooMany("SSRCs"));
            }
            let repairs = publication.repairs.iter().map(|repair| &repair.ssrc);
            if !publication
                .ssrcs
                .iter()
                .chain(repairs)
                .all(|ssrc| ssrcs.insert(*ssrc))
            {
                return Err(Error::Duplicate("SSRC"));
            }
            let mut rids = HashSet::new();
            if publication.rids.len() > MAX_LAYERS {
                return Err(Error::TooMany("simulcast layers"));
            }
            if !publication.rids.iter().all(|rid| rids.insert(rid.as_str())) {
                return Err(Error::Duplicate("rid"));
            }
        }
        Ok(())
    }

    fn set_subscriptions(
        &mut self,
        now: Instant,
        id: PeerId,
        subscriptions: Vec<Subscription>,
    ) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let peer = self.peers.get_mut(slot).ok_or(Error::Unknown("peer"))?;
        if peer.queue.len_bytes() < self.config.max_queued_bytes {
            peer.settle(now, &self.tracks, &mut self.plan);
        } else {
            // The socket takes nothing, and as much as may wait has been written already.
            peer.pending.clear();
            peer.subscriptions.iter_mut().for_each(Subscriber::pause);
        }
        if subscriptions.len() > self.config.max_subscriptions_per_peer {
            return Err(Error::TooMany("subscriptions"));
        }
        let mut ssrcs = HashSet::new();
        if !subscriptions
            .iter()
            .flat_map(|subscription| [Some(subscription.ssrc), subscription.rtx_ssrc])
            .flatten()
            .all(|ssrc| ssrcs.insert(ssrc))
        {
            return Err(Error::Duplicate("SSRC"));
        }
        let gone = peer.subscriptions.iter().flat_map(Subscriber::numberings);
        let gone = gone.filter(|(ssrc, numbers)| numbers.is_used() && !ssrcs.contains(ssrc));
        if peer.retired.len() + gone.count() > MAX_RETIRED {
            return Err(Error::TooMany("retired SSRCs"));
        }

        let room = peer.room;
        let old = std::mem::take(&mut peer.subscriptions);
        let linked: HashSet<u32> = old.iter().filter_map(|subscriber| subscriber.track).collect();
        for track in linked {
            if let Some(track) = self.tracks.get_mut(track) {
                track.subscribers.retain(|link| link.peer != slot);
            }
        }
        let before: Vec<u32> = old.iter().map(|old| old.subscription.ssrc).collect();
        let mut kept = HashSet::new();
        let mut old: HashMap<u32, Subscriber> =
            old.into_iter().map(|old| (old.subscription.ssrc, old)).collect();
        let mut new = Vec::with_capacity(subscriptions.len());
        // What goes on does so with all its state; of the others the numbering stays, in case the SSRC comes again.
        let mut goes_on = Vec::with_capacity(subscriptions.len());
        for subscription in &subscriptions {
            let same = |known: &&Subscriber| {
                known.subscription.track == subscription.track
                    && known.subscription.rtx_ssrc == subscription.rtx_ssrc
            };
            let is_same = old.get(&subscription.ssrc).filter(same).is_some();
            goes_on.push(is_same.then(|| old.remove(&subscription.ssrc)).flatten());
        }
        for gone in old.into_values() {
            for (ssrc, numbers) in gone.into_numberings() {
                if numbers.is_used() {
                    peer.retired.insert(ssrc, numbers);
                }
            }
        }
        for (subscription, known) in subscriptions.into_iter().zip(goes_on) {
            if let Some(mut known) = known {
                kept.insert(subscription.ssrc);
                known.update(subscription);
                new.push(known);
                continue;
            }
            let mut numbering = |ssrc: Option<u32>| {
                let known = ssrc.and_then(|ssrc| peer.retired.remove(&ssrc));
                let mut numbers = known.unwrap_or_else(|| Munger::new(self.rng.random::<u16>() >> 1));
                numbers.forget_source();
                numbers
            };
            let (munger, rtx) = (
                numbering(Some(subscription.ssrc)),
                numbering(subscription.rtx_ssrc),
            );
            new.push(Subscriber::new(now, subscription, munger, rtx));
        }
        peer.outgoing = new
            .iter()
            .enumerate()
            .map(|(index, s)| (s.subscription.ssrc, index))
            .collect();
        let is_numbered = |s: &Subscriber| s.subscription.extensions.transport_sequence.is_some();
        if new.iter().any(is_numbered) && peer.pace.is_none() {
            peer.pace = Some(Box::new(Pace::new(now, &self.config)));
        }
        if let Some(pace) = &mut peer.pace {
            let outgoing = &peer.outgoing;
            let place = |ssrc| outgoing.get(&ssrc).copied().filter(|_| kept.contains(&ssrc));
            pace.replace(&before, place);
        }
        for (index, subscriber) in new.iter_mut().enumerate() {
            let track = self.tracks_by_id.get(&subscriber.subscription.track);
            let track = track.and_then(|slot| Some((*slot, self.tracks.get_mut(*slot)?)));
            // Nothing crosses from one room to another, and nobody hears themselves.
            match track.filter(|(_, track)| track.room == room && track.publisher != slot) {
                Some((track_slot, track)) => {
                    subscriber.link(track_slot, track);
                    let voice = subscriber.subscription.voice;
                    track.subscribers.push(Link {
                        peer: slot,
                        index,
                        voice,
                    });
                }
                None => subscriber.unlink(),
            }
        }
        peer.subscriptions = new;
        self.allocate(now, slot);
        self.want_entries(now, slot);
        Ok(())
    }

    fn set_views(&mut self, now: Instant, id: PeerId, views: Vec<TrackView>) -> Result<(), Error> {
        if views.len() > self.config.max_subscriptions_per_peer {
            return Err(Error::TooMany("views"));
        }
        let slot = self.slot(id)?;
        let peer = self.peers.get_mut(slot).ok_or(Error::Unknown("peer"))?;
        peer.views = views.into_iter().map(|view| (view.track, view)).collect();
        self.allocate(now, slot);
        Ok(())
    }

    fn set_forwarding(&mut self, now: Instant, id: PeerId, enabled: bool) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let peer = self.peers.get_mut(slot).ok_or(Error::Unknown("peer"))?;
        if peer.is_forwarding == enabled {
            return Ok(());
        }
        peer.is_forwarding = enabled;
        peer.pending.clear();
        drop_media(&mut peer.queue);
        for subscriber in &mut peer.subscriptions {
            subscriber.pause();
        }
        let tracks = peer.tracks.clone();
        for track in &tracks {
            if let Some(known) = self.tracks.get_mut(*track) {
                known.reset();
                if let Some(room) = self.rooms.get_mut(&known.room) {
                    room.voices.leave(*track);
                }
            }
        }
        if enabled {
            self.want_entries(now, slot);
            for track in tracks {
                self.want_entries_of(now, track);
            }
            self.update_feedback(now, slot);
        }
        Ok(())
    }

    fn request_stats(&mut self, id: PeerId) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let peer = self.peers.get(slot).ok_or(Error::Unknown("peer"))?;
        let mut stats = peer.stats();
        let tracks = peer.tracks.iter().filter_map(|track| self.tracks.get(*track));
        stats.publications = tracks.map(Track::stats).collect();
        self.events.push_back(Event::Stats { peer: id, stats });
        Ok(())
    }

    /// A publication has changed: its subscriptions learn of it.
    fn relink(&mut self, slot: u32) {
        let Some(track) = self.tracks.get(slot) else {
            return;
        };
        for Link { peer, index, .. } in &track.subscribers {
            let subscriber = self
                .peers
                .get_mut(*peer)
                .and_then(|peer| peer.subscriptions.get_mut(*index));
            if let Some(subscriber) = subscriber {
                subscriber.link(slot, track);
            }
        }
    }

    /// A new track: subscriptions of its room that wait for it start.
    fn link_waiting(&mut self, room: RoomId, slot: u32) {
        let (Some(room), Some(track)) = (self.rooms.get(&room), self.tracks.get_mut(slot)) else {
            return;
        };
        for peer_slot in room.peers.iter().filter(|peer| **peer != track.publisher) {
            let Some(peer) = self.peers.get_mut(*peer_slot) else {
                continue;
            };
            for (index, subscriber) in peer.subscriptions.iter_mut().enumerate() {
                if subscriber.subscription.track == track.publication.track {
                    subscriber.link(slot, track);
                    track.subscribers.push(Link {
                        peer: *peer_slot,
                        index,
                        voice: subscriber.subscription.voice,
                    });
                }
            }
        }
    }

    fn forget_track(&mut self, slot: u32) {
        let Some(track) = self.tracks.remove(slot) else {
            return;
        };
        self.tracks_by_id.remove(&track.publication.track);
        if let Some(room) = self.rooms.get_mut(&track.room) {
            room.voices.leave(slot);
        }
        for Link { peer, index, .. } in track.subscribers {
            let subscriber = self
                .peers
                .get_mut(peer)
                .and_then(|peer| peer.subscriptions.get_mut(index));
            if let Some(subscriber) = subscriber {
                subscriber.unlink();
            }
        }
    }

    /// BYE and `close_notify`, as far as the transport has come.
    fn say_goodbye(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let mut ssrcs = vec![peer.local_ssrc];
        let used = peer
            .subscriptions
            .iter()
            .filter(|subscriber| subscriber.munger.is_used());
        ssrcs.extend(
            used.map(|subscriber| subscriber.subscription.ssrc)
                .take(MAX_FAREWELL - 1),
        );
        let local_ssrc = peer.local_ssrc;
        peer.send_rtcp(8 + 4 + 4 * MAX_FAREWELL, |buffer| {
            let mut writer = CompoundWriter::new(buffer);
            let written = writer
                .receiver_report(local_ssrc, &[])
                .and_then(|()| writer.goodbye(&ssrcs));
            if written.is_ok() { writer.len() } else { 0 }
        });
        peer.session.close(now);
        peer.drain_session(&mut self.scratch);
        drop_media(&mut peer.queue);
        // While the socket takes nothing, all peers may leave.
        if self.farewells.len_bytes() < MAX_FAREWELL_BYTES {
            self.farewells.append(&peer.queue);
        }
    }

    pub(super) fn forget_peer(&mut self, slot: u32) {
        let Some(peer) = self.peers.remove(slot) else {
            return;
        };
        self.peers_by_id.remove(&peer.id);
        for ufrag in &peer.ufrags {
            self.peers_by_ufrag.remove(ufrag);
        }
        for address in &peer.addresses {
            self.peers_by_address.remove(address);
        }
        for track in peer.tracks {
            self.forget_track(track);
        }
        for track in peer
            .subscriptions
            .iter()
            .filter_map(|subscriber| subscriber.track)
        {
            if let Some(track) = self.tracks.get_mut(track) {
                track.subscribers.retain(|link| link.peer != slot);
            }
        }
        self.schedule.remove(slot);
        if let Some(room) = self.rooms.get_mut(&peer.room) {
            room.peers.retain(|other| *other != slot);
            if room.peers.is_empty() {
                self.rooms.remove(&peer.room);
                self.speaker_schedule.retain(|(_, room)| *room != peer.room);
            }
        }
    }
}

/// Drops what was written ahead when subscriptions changed, and is not wanted any more.
fn drop_media(queue: &mut TransmitBuffer) {
    queue.retain(|datagram| classify(datagram) != PacketClass::Rtp);
}
