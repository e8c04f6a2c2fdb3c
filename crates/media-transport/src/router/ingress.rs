//! From a datagram to its subscribers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::peer::Peer;
use super::publisher::Link;
use super::{Event, Router, mark_queued};
use crate::demux::{PacketClass, classify};
use crate::rtp::Packet;
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
                self.handle_rtcp(now, slot, compound);
                self.mark_queued(slot);
            }
            Received::Consumed => {
                peer.last_heard = now;
                if is_check {
                    self.learn_address(now, slot, (source, destination));
                }
                self.drain_session(now, slot);
                self.reschedule(now, slot);
            }
            Received::Dropped(_) => {
                peer.counters.refused += 1;
                // A refused check may still be owed an answer.
                self.drain_session(now, slot);
            }
        }
    }

    fn handle_rtp(&mut self, now: Instant, slot: u32, bytes: &[u8]) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let Ok(packet) = Packet::parse(bytes) else {
            peer.counters.refused += 1;
            return;
        };
        peer.counters.packets_received += 1;
        peer.counters.bytes_received += bytes.len() as u64;
        if !peer.is_forwarding {
            return;
        }
        let ssrc = packet.ssrc();
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
        let Some(arrival) = track.handle_packet(now, &packet, bytes, self.config.max_sources_per_publication)
        else {
            return;
        };
        let kind = track.publication.kind;
        let track_id = track.publication.track;
        let subscribers = std::mem::take(&mut track.subscribers);
        for Link { peer, index } in &subscribers {
            let Some(subscriber) = self.peers.get_mut(*peer) else {
                continue;
            };
            let Some((mut outlet, subscriptions)) = subscriber.outlet(self.config.max_queued_bytes) else {
                continue;
            };
            let Some(subscription) = subscriptions.get_mut(*index) else {
                continue;
            };
            subscription.forward(now, kind, &arrival, &packet, &mut outlet);
            mark_queued(subscriber, *peer, &mut self.queued);
        }
        if let Some(track) = self.tracks.get_mut(track_slot) {
            track.subscribers = subscribers;
        }
        if arrival.is_first
            && let Some(peer) = self.peers.get(slot)
        {
            self.events.push_back(Event::FirstPacket {
                peer: peer.id,
                track: track_id,
            });
        }
        if arrival.wants_timer {
            self.update_feedback(now, slot);
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
        let mut says_mid = false;
        let by_mid = published().find(|(_, publication)| {
            let mid = publication.extensions.mid.and_then(|id| packet.extension(id));
            says_mid |= mid.is_some();
            mid == Some(publication.mid.as_bytes())
        });
        let track = match by_mid {
            Some((track, _)) => track,
            None if says_mid => return None,
            None => {
                let payload_type = packet.payload_type();
                let mut by_type = published().filter(|(_, publication)| {
                    publication
                        .codecs
                        .iter()
                        .any(|codec| codec.payload_type == payload_type)
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
