//! RTCP: reports of each second, requests to publishers, and what peers say.

use std::time::{Duration, Instant};

use super::peer::Peer;
use super::publisher::Track;
use super::slots::Slots;
use super::{PeerId, Router};
use crate::bwe::Bitrate;
use crate::rtcp::transport_cc::TransportFeedback;
use crate::rtcp::{Compound, CompoundWriter, MAX_COUNT, Packet, ReportBlock};

/// How often reports are sent.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// The longest compound, in bytes, so that it fits every path.
const MAX_COMPOUND: usize = 1200;

/// The most retransmissions one compound of a subscriber can ask for; the rest may be asked for again.
const MAX_RETRANSMISSIONS: usize = 512;

/// Taken for the round-trip time before it is known.
const DEFAULT_RTT: Duration = Duration::from_millis(100);

impl Router {
    /// Makes sure that what a publisher is asked for goes out in time.
    pub(super) fn update_feedback(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if peer.path.is_none() {
            // It is asked as soon as it is connected.
            return;
        }
        let tracks = peer.tracks.iter().filter_map(|track| self.tracks.get(*track));
        peer.timers.feedback = tracks.filter_map(Track::feedback_due).min();
        if peer.timers.feedback.is_some_and(|at| at <= now) {
            self.send_feedback(now, slot);
            self.mark_queued(slot);
        }
        self.reschedule(now, slot);
    }

    /// Keyframes for this peer's subscriptions that cannot start without one.
    pub(super) fn want_entries(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self
            .peers
            .get(slot)
            .filter(|peer| peer.is_forwarding && peer.path.is_some())
        else {
            return;
        };
        let mut publishers = Vec::new();
        for subscriber in &peer.subscriptions {
            let Some(track) = subscriber.track.and_then(|slot| self.tracks.get_mut(slot)) else {
                continue;
            };
            if track.is_video()
                && let Some(layer) = subscriber.needs_entry(track)
            {
                if subscriber.selection.admission() == 0 {
                    track.want_first_keyframe(now, layer);
                } else {
                    track.want_keyframe(now, layer);
                }
                publishers.push(track.publisher);
            }
        }
        publishers.dedup();
        for publisher in publishers {
            self.update_feedback(now, publisher);
        }
    }

    /// Keyframes for those of a track's subscriptions that cannot start without one.
    pub(super) fn want_entries_of(&mut self, now: Instant, slot: u32) {
        let Some(track) = self.tracks.get_mut(slot).filter(|track| track.is_video()) else {
            return;
        };
        let peers = &self.peers;
        let needed = track.subscribers.iter().filter_map(|link| {
            let peer = peers
                .get(link.peer)
                .filter(|peer| peer.is_forwarding && peer.path.is_some())?;
            peer.subscriptions.get(link.index)?.needs_entry(track)
        });
        let mut layers: Vec<usize> = needed.collect();
        layers.sort_unstable();
        layers.dedup();
        for layer in layers {
            track.want_keyframe(now, layer);
        }
    }

    /// Asks a publisher for packets and keyframes.
    pub(super) fn send_feedback(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let rtt = peer.rtt.unwrap_or(DEFAULT_RTT);
        let slots = std::mem::take(&mut peer.tracks);
        for track_slot in &slots {
            let Some(track) = self.tracks.get_mut(*track_slot) else {
                continue;
            };
            ask(now, rtt, track, peer, &mut self.asked);
        }
        let due = slots
            .iter()
            .filter_map(|track| self.tracks.get(*track))
            .filter_map(Track::feedback_due)
            .min();
        peer.tracks = slots;
        peer.timers.feedback = due;
    }

    /// What is said each second: to the peer as a publisher how it arrives, to the peer as a subscriber what it gets.
    pub(super) fn send_reports(&mut self, now: Instant, slot: u32) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        peer.timers.report = Some(now + INTERVAL);
        if !peer.is_forwarding {
            return;
        }
        report_reception(
            now,
            peer,
            &mut self.tracks,
            self.config.video_ceiling_bits_per_second,
        );
        report_sending(now, slot, &mut self.peers, &self.tracks);
        self.update_demands(now, slot);
    }

    pub(super) fn handle_rtcp(&mut self, now: Instant, slot: u32, compound: &[u8]) {
        let mut repetitions = 0;
        for packet in Compound::new(compound) {
            let Ok(packet) = packet else {
                if let Some(peer) = self.peers.get_mut(slot) {
                    peer.counters.refused += 1;
                }
                return;
            };
            match packet {
                Packet::SenderReport(report) => {
                    let Some(peer) = self.peers.get(slot) else { return };
                    let track = peer.incoming.iter().find(|(ssrc, _)| *ssrc == report.ssrc);
                    let track = track.and_then(|(_, track)| self.tracks.get_mut(*track));
                    if let Some(source) = track.and_then(|track| track.source_mut(report.ssrc)) {
                        source.report = Some((report.info, now));
                    }
                    report
                        .blocks()
                        .for_each(|block| self.handle_block(now, slot, &block));
                }
                Packet::ReceiverReport(report) => {
                    report
                        .blocks()
                        .for_each(|block| self.handle_block(now, slot, &block));
                }
                Packet::Nack(nack) => {
                    let lost = nack.sequence_numbers().take(MAX_RETRANSMISSIONS - repetitions);
                    repetitions += self.retransmit(now, slot, nack.media_ssrc, lost);
                }
                Packet::PictureLossIndication(pli) => self.handle_keyframe_request(now, slot, pli.media_ssrc),
                Packet::FullIntraRequest(fir) => {
                    for (ssrc, _) in fir.entries() {
                        self.handle_keyframe_request(now, slot, ssrc);
                    }
                }
                Packet::TransportFeedback(feedback) => self.handle_transport_feedback(now, slot, &feedback),
                Packet::Remb(remb) => {
                    let pace = self.peers.get_mut(slot).and_then(|peer| peer.pace.as_mut());
                    if let Some(pace) = pace {
                        pace.estimator
                            .remote_limit(Bitrate::from_bps(remb.bits_per_second));
                    }
                }
                _ => {}
            }
        }
    }

    fn handle_transport_feedback(&mut self, now: Instant, slot: u32, feedback: &TransportFeedback<'_>) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let Some(pace) = &mut peer.pace else { return };
        pace.handle_feedback(now, feedback);
        // Less is obeyed at once; for more there is time.
        if pace.estimate() < peer.allocator.spent() {
            self.allocate(now, slot);
        } else {
            self.reschedule(now, slot);
        }
    }

    fn handle_block(&mut self, now: Instant, slot: u32, block: &ReportBlock) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let subscriber = peer
            .outgoing
            .get(&block.ssrc)
            .and_then(|index| peer.subscriptions.get_mut(*index));
        if let Some(rtt) = subscriber.and_then(|subscriber| subscriber.handle_report(now, block)) {
            // Smoothed as TCP does it.
            peer.rtt = Some(peer.rtt.map_or(rtt, |old| (old * 7 + rtt) / 8));
        }
    }

    /// Returns how many were asked for.
    fn retransmit(&mut self, now: Instant, slot: u32, ssrc: u32, lost: impl Iterator<Item = u16>) -> usize {
        let Some(peer) = self.peers.get_mut(slot) else {
            return 0;
        };
        let rtt = peer.rtt;
        let Some(index) = peer.outgoing.get(&ssrc).copied() else {
            return 0;
        };
        let Some((mut outlet, subscriber)) = peer.outlet(index, self.config.max_queued_bytes, None) else {
            return 0;
        };
        let Some(track) = subscriber.track.and_then(|track| self.tracks.get(track)) else {
            return 0;
        };
        let mut count = 0;
        for sequence in lost {
            subscriber.retransmit(now, sequence, rtt, track, &mut outlet);
            count += 1;
        }
        count
    }

    fn handle_keyframe_request(&mut self, now: Instant, slot: u32, ssrc: u32) {
        let Some(peer) = self.peers.get_mut(slot).filter(|peer| peer.is_forwarding) else {
            return;
        };
        let Some(subscriber) = peer
            .outgoing
            .get(&ssrc)
            .and_then(|index| peer.subscriptions.get_mut(*index))
        else {
            return;
        };
        subscriber.count_keyframe_request();
        let target = subscriber.selection.target().map(|target| target.layer);
        let Some(layer) = subscriber.selection.current().or(target) else {
            return;
        };
        let Some(track) = subscriber.track.and_then(|track| self.tracks.get_mut(track)) else {
            return;
        };
        if track.is_video() {
            track.want_keyframe(now, layer);
            let publisher = track.publisher;
            self.update_feedback(now, publisher);
        }
    }
}

/// Asks for what is due of one track.
fn ask(now: Instant, rtt: Duration, track: &mut Track, peer: &mut Peer, asked: &mut Vec<u16>) {
    let is_watched = track.is_wanted() && peer.is_forwarding;
    for layer in 0..track.layers.len() {
        ask_layer(now, rtt, track, layer, is_watched, peer, asked);
    }
}

fn ask_layer(
    now: Instant,
    rtt: Duration,
    track: &mut Track,
    layer: usize,
    is_watched: bool,
    peer: &mut Peer,
    asked: &mut Vec<u16>,
) {
    asked.clear();
    let mut gave_up = false;
    if let Some(source) = track.active_mut(layer) {
        gave_up = source.gaps.handle_timeout(now, rtt, asked);
    }
    let media_ssrc = track.feedback_ssrc(layer);
    if gave_up && is_watched {
        track.want_keyframe(now, layer);
    }
    let Some(keyframes) = track.layers.get_mut(layer).map(|layer| &mut layer.keyframes) else {
        return;
    };
    if !is_watched {
        keyframes.satisfied();
        return;
    }
    let wants_keyframe = keyframes.poll(now);
    let Some(media_ssrc) = media_ssrc else {
        // Nothing is known to ask for, and the wait goes on.
        return;
    };
    if asked.is_empty() && !wants_keyframe {
        return;
    }
    track.counters.nacks += asked.len() as u64;
    track.counters.plis += u64::from(wants_keyframe);
    let local_ssrc = peer.local_ssrc;
    peer.send_rtcp(MAX_COMPOUND, |buffer| {
        let mut writer = CompoundWriter::new(buffer);
        let _ = writer.receiver_report(local_ssrc, &[]);
        if wants_keyframe {
            let _ = writer.picture_loss_indication(local_ssrc, media_ssrc);
        }
        if !asked.is_empty() {
            let _ = writer.nack(local_ssrc, media_ssrc, asked.iter().copied());
        }
        writer.len()
    });
}

fn report_reception(now: Instant, peer: &mut Peer, tracks: &mut Slots<Track>, ceiling: Option<u64>) {
    let mut blocks = Vec::new();
    let mut video = Vec::new();
    let mut tracks_of_video = 0;
    for track in &peer.tracks {
        let Some(track) = tracks.get_mut(*track) else {
            continue;
        };
        blocks.extend(track.sources_mut().filter_map(|source| source.report_block(now)));
        if track.is_video() {
            video.extend((0..track.layers.len()).filter_map(|layer| track.feedback_ssrc(layer)));
            tracks_of_video += 1;
        }
    }
    blocks.truncate(MAX_COUNT);
    let local_ssrc = peer.local_ssrc;
    let name = cname(peer.id);
    peer.send_rtcp(MAX_COMPOUND, |buffer| {
        let mut writer = CompoundWriter::new(buffer);
        let _ = writer.receiver_report(local_ssrc, &blocks);
        let _ = writer.source_description(&[(local_ssrc, &name)]);
        if let Some(ceiling) = ceiling.filter(|_| !video.is_empty()) {
            // One figure for all streams together.
            let _ = writer.remb(local_ssrc, ceiling.saturating_mul(tracks_of_video), &video);
        }
        writer.len()
    });
}

fn report_sending(now: Instant, slot: u32, peers: &mut Slots<Peer>, tracks: &Slots<Track>) {
    let Some(peer) = peers.get_mut(slot) else { return };
    let mut subscriptions = std::mem::take(&mut peer.subscriptions);
    let mut reports = Vec::new();
    for subscriber in &mut subscriptions {
        let Some(track) = subscriber.track.and_then(|track| tracks.get(track)) else {
            continue;
        };
        if let Some(info) = subscriber.sender_info(now, track) {
            reports.push((subscriber.subscription.ssrc, info, track.publisher));
        }
    }
    // Names of the publishers, so that sound and picture of one are played in step.
    let reports: Vec<_> = reports
        .into_iter()
        .filter_map(|(ssrc, info, publisher)| Some((ssrc, info, cname(peers.get(publisher)?.id))))
        .collect();
    let Some(peer) = peers.get_mut(slot) else { return };
    peer.subscriptions = subscriptions;
    // A sender report and a chunk with a 17-byte name are 60 bytes.
    for reports in reports.chunks(MAX_COMPOUND / 64) {
        peer.send_rtcp(MAX_COMPOUND, |buffer| {
            let mut writer = CompoundWriter::new(buffer);
            for (ssrc, info, name) in reports {
                let _ = writer.sender_report(*ssrc, info, &[]);
                let _ = writer.source_description(&[(*ssrc, name)]);
            }
            writer.len()
        });
    }
}

/// The canonical name of everything one peer sends.
fn cname(peer: PeerId) -> String {
    format!("p{:016x}", peer.0)
}
