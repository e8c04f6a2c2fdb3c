//! From a datagram to its track.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::peer::{MAX_TOLD_LEN, Peer, Told};
use super::tap::listen;
use super::voices::Hearing;
use super::{Event, Publication, Router, Track, reschedule};
use crate::demux::{PacketClass, classify};
use crate::rtcp::transport_cc::TwccRecorder;
use crate::rtp::{Packet, rtx};
use crate::session::Received;
use crate::stun::peek_username;

/// Longer datagrams are no media and no handshake of ours: twice what fits an Ethernet frame.
const MAX_DATAGRAM: usize = 3000;

/// The most addresses of one peer that lead to it; the oldest gives way.
const MAX_ADDRESSES: usize = 32;

/// For this long after its last word nobody else takes over a peer's address.
const ADDRESS_HOLD: Duration = Duration::from_secs(3);

impl Router {
    /// Takes a datagram that came from `source` to our address `destination`. Nothing in it can do harm to any peer but
    /// the one it is authentic for.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        datagram: &mut [u8],
    ) {
        self.now = now;
        if datagram.len() > MAX_DATAGRAM {
            return;
        }
        let class = classify(datagram);
        let by_ufrag = match class {
            PacketClass::Stun => peek_username(datagram).and_then(|(ours, _)| self.peers_by_ufrag.get(ours)),
            _ => None,
        };
        let is_check = by_ufrag.is_some();
        let Some(slot) = by_ufrag
            .or_else(|| self.peers_by_address.get(&(source, destination)))
            .copied()
        else {
            return;
        };
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        match peer.session.handle_datagram(now, source, destination, datagram) {
            Received::Rtp(packet) => {
                peer.last_heard = now;
                self.handle_rtp(now, slot, packet);
            }
            Received::Rtcp(compound) => {
                peer.last_heard = now;
                self.distribute();
                self.handle_rtcp(now, slot, compound);
                self.mark_queued(slot);
            }
            Received::Consumed => {
                peer.last_heard = now;
                self.distribute();
                if is_check {
                    self.learn_address(now, slot, (source, destination));
                }
                self.drain_session(now, slot);
                self.reschedule(now, slot);
            }
            Received::Dropped(_) => {
                peer.counters.refused += 1;
                self.distribute();
                // A refused check may still be owed an answer.
                self.drain_session(now, slot);
            }
        }
    }

    fn handle_rtp(&mut self, now: Instant, slot: u32, bytes: &mut [u8]) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let Ok(packet) = Packet::parse(bytes) else {
            peer.counters.refused += 1;
            return;
        };
        peer.counters.packets_received += 1;
        peer.counters.bytes_received += bytes.len() as u64;
        let ssrc = packet.ssrc();
        if let Some(sequence) = peer.transport_sequence.and_then(|id| packet.extension(id)) {
            note_arrival(now, peer, ssrc, sequence);
            reschedule(now, slot, peer, &mut self.schedule);
        }
        if !peer.is_forwarding {
            return;
        }
        let known = peer
            .incoming
            .iter()
            .find(|(known, _)| *known == ssrc)
            .map(|(_, track)| *track);
        let Some(track_slot) = known.or_else(|| self.learn_ssrc(slot, &packet)) else {
            if let Some(peer) = self.peers.get_mut(slot) {
                peer.counters.refused += 1;
            }
            return;
        };
        let Some(track) = self.tracks.get_mut(track_slot) else {
            return;
        };
        if track.publication.paused {
            return;
        }
        // Of streams that are known nothing need be looked up.
        let rid = match self.peers.get(slot).filter(|_| !track.knows(ssrc)) {
            Some(peer) => peer.told(ssrc).and_then(|told| told.rid.as_deref()),
            None => None,
        };
        let Some((bytes, is_repaired)) = repaired(track, bytes, rid) else {
            return;
        };
        let Ok(packet) = Packet::parse(bytes) else { return };
        let max_sources = self.config.max_sources_per_publication;
        let Some(arrival) = track.handle_packet(now, &packet, bytes, rid, is_repaired, max_sources) else {
            return;
        };
        if track.tap.is_some()
            && let Some(tap) = self.taps.get_mut(&track.room)
            && let Some(peer) = self.peers.get(slot)
        {
            listen(now, tap, peer.id, track, &arrival, &packet);
        }
        self.look_for_voice(now, track_slot);
        let Some(track) = self.tracks.get_mut(track_slot) else {
            return;
        };
        let track_id = track.publication.track;
        self.spread.push(now, track_slot, track, arrival);
        if arrival.is_new_layer || self.spread.is_full() {
            self.distribute();
        }
        if arrival.is_first
            && let Some(peer) = self.peers.get(slot)
        {
            self.events.push_back(Event::FirstPacket {
                peer: peer.id,
                track: track_id,
            });
        }
        if arrival.is_new_layer {
            self.allocate_for(now, track_slot);
            if self
                .tracks
                .get(track_slot)
                .is_some_and(|track| track.tap.is_some())
            {
                self.update_demand(now, track_slot);
            }
        }
        if arrival.wants_timer {
            self.update_feedback(now, slot);
        }
    }

    /// Decides whether a microphone that has just sent is loud enough to be forwarded.
    fn look_for_voice(&mut self, now: Instant, slot: u32) {
        let Some(most) = self.config.max_voices else {
            return;
        };
        let Some(track) = self.tracks.get(slot) else {
            return;
        };
        if track.is_video() || !track.loudness.is_known() {
            return;
        }
        let Some(room) = self.rooms.get_mut(&track.room) else {
            return;
        };
        match room.voices.hear(now, slot, most, &self.tracks) {
            Hearing::Seated => {}
            Hearing::Enters { instead_of } => {
                if let Some(track) = self.tracks.get_mut(slot) {
                    track.is_unheard = false;
                    track.spurt = track.spurt.wrapping_add(1);
                    track.began = Some(now);
                }
                if let Some(track) = instead_of.and_then(|slot| self.tracks.get_mut(slot)) {
                    track.is_unheard = true;
                }
            }
            Hearing::Unheard => {
                if let Some(track) = self.tracks.get_mut(slot) {
                    track.is_unheard = true;
                }
            }
        }
    }

    /// Finds the track of an SSRC that was not announced: by the `mid` extension, else by a payload type that only one
    /// publication has (RFC 9143 §9.2). What is learnt is bounded per publication.
    fn learn_ssrc(&mut self, slot: u32, packet: &Packet<'_>) -> Option<u32> {
        let peer = self.peers.get_mut(slot)?;
        let tracks = &self.tracks;
        let published = || {
            peer.tracks
                .iter()
                .filter_map(|slot| Some((*slot, &tracks.get(*slot)?.publication)))
        };
        let said_before = peer.told(packet.ssrc());
        let mut says_mid = false;
        let by_mid = published().find(|(_, publication)| {
            let mid = publication.extensions.mid.and_then(|id| packet.extension(id));
            says_mid |= mid.is_some();
            let mid = mid.or_else(|| said_before.map(|told| told.mid.as_slice()));
            mid == Some(publication.mid.as_bytes())
        });
        let told = by_mid.and_then(|(_, publication)| tells(publication, packet));
        let track = match by_mid {
            Some((track, _)) => track,
            None if says_mid => return None,
            None => {
                let payload_type = packet.payload_type();
                let mut by_type = published().filter(|(_, publication)| {
                    publication.codecs.iter().any(|codec| {
                        [Some(codec.payload_type), codec.rtx, codec.red].contains(&Some(payload_type))
                    })
                });
                let (track, _) = by_type.next()?;
                if by_type.next().is_some() {
                    return None;
                }
                track
            }
        };
        let learnt = peer.incoming.iter().filter(|(_, other)| *other == track).count();
        // Announced ones stay; of the others the oldest gives way.
        let announced = &tracks.get(track)?.publication.ssrcs;
        if learnt >= self.config.max_sources_per_publication.max(1) + announced.len() {
            let is_learnt = |(ssrc, other): &(u32, u32)| *other == track && !announced.contains(ssrc);
            let oldest = peer.incoming.iter().position(is_learnt)?;
            peer.incoming.remove(oldest);
        }
        peer.incoming.push((packet.ssrc(), track));
        if let Some(told) = told {
            peer.remember(told);
        }
        Some(track)
    }

    /// An authenticated check came this way, so media may, too.
    fn learn_address(&mut self, now: Instant, slot: u32, address: (SocketAddr, SocketAddr)) {
        match self.peers_by_address.get(&address) {
            Some(other) if *other == slot => return,
            Some(other) => {
                let other = *other;
                let Some(holder) = self.peers.get_mut(other) else {
                    return;
                };
                // Whoever has credentials of their own could forge a source address to cut another peer off.
                if now.saturating_duration_since(holder.last_heard) < ADDRESS_HOLD {
                    return;
                }
                holder.addresses.retain(|known| *known != address);
            }
            None => {}
        }
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if peer.addresses.len() >= MAX_ADDRESSES {
            let oldest = oldest_unused(peer);
            let oldest = peer.addresses.remove(oldest);
            self.peers_by_address.remove(&oldest);
        }
        peer.addresses.push(address);
        self.peers_by_address.insert(address, slot);
    }
}

/// Index of the address learnt first that media does not go to.
fn oldest_unused(peer: &Peer) -> usize {
    let selected = peer
        .session
        .selected_path()
        .map(|(local, remote)| (remote, local));
    peer.addresses
        .iter()
        .position(|address| Some(*address) != selected)
        .unwrap_or(0)
}

/// Notes for the publisher when a packet with a transport-wide number has arrived.
fn note_arrival(now: Instant, peer: &mut Peer, ssrc: u32, sequence: &[u8]) {
    let Ok(sequence) = <[u8; 2]>::try_from(sequence) else {
        return;
    };
    let local_ssrc = peer.local_ssrc;
    peer.recorder
        .get_or_insert_with(|| Box::new(TwccRecorder::new(local_ssrc)))
        .receive(now, ssrc, u16::from_be_bytes(sequence));
}

/// What a packet says of its stream, if it does.
fn tells(publication: &Publication, packet: &Packet<'_>) -> Option<Told> {
    let ids = &publication.extensions;
    let value = |id: Option<u8>| {
        let value = packet.extension(id?)?;
        (value.len() <= MAX_TOLD_LEN).then(|| value.to_vec())
    };
    Some(Told {
        ssrc: packet.ssrc(),
        mid: value(ids.mid)?,
        rid: value(ids.rid).or_else(|| value(ids.repaired_rid)),
    })
}

/// The packet that a retransmission has in it, or else the packet; and whether it was one. `None` for one that repeats
/// nothing.
fn repaired<'a>(track: &Track, bytes: &'a mut [u8], rid: Option<&[u8]>) -> Option<(&'a mut [u8], bool)> {
    let packet = Packet::parse(bytes).ok()?;
    let payload_type = packet.payload_type();
    let codec = track
        .publication
        .codecs
        .iter()
        .find(|codec| codec.rtx == Some(payload_type));
    let Some(codec) = codec.copied() else {
        return Some((bytes, false));
    };
    let of = track.repaired_by(&packet, rid)?;
    let (original, _) = rtx::unwrap(bytes, of, codec.payload_type).ok()??;
    Some((original, true))
}
