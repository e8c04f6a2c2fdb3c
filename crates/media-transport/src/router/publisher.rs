//! One published track: its sources, what is kept of it, and who receives it.

use std::time::{Duration, Instant};

use super::layer::TrackLayer;
use super::nack::{Found, Gaps};
use super::picture::Picture;
use super::source::{Numbered, Source};
use super::speakers::Loudness;
use super::stats::PublicationStats;
use super::tap::TrackTap;
use super::{MediaKind, Publication, RoomId, RouterConfig, Voice};
use crate::rtp::Packet;
use crate::rtp::dependency::DependencyStructure;

/// How long the current source must be silent before one that was there before takes over again.
const SOURCE_SILENCE: Duration = Duration::from_millis(500);

/// Packets are forwarded out of the buffer, so there is always one.
const LEAST_PACKETS: usize = 32;
const LEAST_BYTES: usize = 16 * 1024;

/// More simulcast layers than these are not forwarded.
pub(super) const MAX_LAYERS: usize = 4;

#[derive(Debug)]
pub(super) struct Track {
    pub(super) publication: Publication,
    pub(super) room: RoomId,
    /// Slot of the publisher.
    pub(super) publisher: u32,
    pub(super) subscribers: Vec<Link>,
    /// Whether somebody listens to its room, and to which layer.
    pub(super) tap: Option<TrackTap>,
    pub(super) loudness: Loudness,
    /// Whether it is a microphone that is not loud enough to be forwarded.
    pub(super) is_unheard: bool,
    /// Counts how often it was forwarded again after it had not been.
    pub(super) spurt: u32,
    /// Since when there has been something to forward; `None` while there is nothing.
    pub(super) began: Option<Instant>,
    pub(super) counters: Counters,
    /// By index among the publication's `rids`; one without simulcast.
    pub(super) layers: Vec<TrackLayer>,
    /// At most `max_sources_per_publication`.
    sources: Vec<Source>,
    next_generation: u32,
    /// What the publisher was told last of what is watched.
    pub(super) told: Option<Vec<bool>>,
    /// Since when less is watched than it was told.
    pub(super) less_since: Option<Instant>,
}

/// A subscription: slot of the peer, index among its subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) peer: u32,
    pub(super) index: usize,
    pub(super) voice: Voice,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) nacks: u64,
    pub(super) plis: u64,
    pub(super) keyframes: u64,
    pub(super) repaired: u64,
}

/// A packet to forward.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) generation: u32,
    pub(super) sequence: u64,
    pub(super) clock_rate: u32,
    /// Index of its simulcast layer.
    pub(super) layer: usize,
    pub(super) picture: Picture,
    /// The first packet of the track.
    pub(super) is_first: bool,
    /// The first packet of a layer.
    pub(super) is_new_layer: bool,
    /// The publisher's feedback timer has to be looked at.
    pub(super) wants_timer: bool,
}

impl Track {
    pub(super) fn new(
        now: Instant,
        publication: Publication,
        room: RoomId,
        publisher: u32,
        config: &RouterConfig,
    ) -> Self {
        let mut track = Self {
            publication,
            room,
            publisher,
            subscribers: Vec::new(),
            tap: None,
            loudness: Loudness::default(),
            is_unheard: false,
            spurt: 0,
            began: None,
            counters: Counters::default(),
            layers: Vec::new(),
            sources: Vec::new(),
            next_generation: 1,
            told: None,
            less_since: None,
        };
        track.make_layers(now, config);
        track
    }

    /// Takes another description of the same track.
    pub(super) fn update(&mut self, now: Instant, publication: Publication, config: &RouterConfig) {
        let same_layers = publication.rids == self.publication.rids;
        self.publication = publication;
        if !same_layers {
            self.sources.clear();
            self.layers.clear();
            self.leave_tap();
            self.told = None;
            self.make_layers(now, config);
        }
    }

    fn make_layers(&mut self, now: Instant, config: &RouterConfig) {
        let (packets, bytes) = match self.publication.kind {
            MediaKind::Audio => (config.audio_buffer_packets, config.audio_buffer_bytes),
            MediaKind::Video => (config.video_buffer_packets, config.video_buffer_bytes),
        };
        let count = self.publication.rids.len().clamp(1, MAX_LAYERS);
        let (packets, bytes) = (packets.max(LEAST_PACKETS), bytes.max(LEAST_BYTES));
        self.layers
            .resize_with(count, || TrackLayer::new(now, packets, bytes, config));
    }

    pub(super) fn is_video(&self) -> bool {
        self.publication.kind == MediaKind::Video
    }

    /// Whether it has had packets of this stream.
    #[inline]
    pub(super) fn knows(&self, ssrc: u32) -> bool {
        self.sources.iter().any(|source| source.ssrc == ssrc)
    }

    /// The stream whose packet a retransmission repeats. `rid` is what the stream of retransmissions said earlier.
    pub(super) fn repaired_by(&self, packet: &Packet<'_>, rid: Option<&[u8]>) -> Option<u32> {
        let announced = self
            .publication
            .repairs
            .iter()
            .find(|repair| repair.ssrc == packet.ssrc());
        if let Some(repair) = announced {
            return Some(repair.of);
        }
        if self.publication.rids.is_empty() {
            return self.layers.first()?.active_ssrc;
        }
        // It says so until it knows that we know; then its SSRC does.
        let said = self
            .publication
            .extensions
            .repaired_rid
            .and_then(|id| packet.extension(id));
        self.layers.get(self.layer_named(said.or(rid)?)?)?.active_ssrc
    }

    fn layer_named(&self, rid: &[u8]) -> Option<usize> {
        let rids = self.publication.rids.iter().take(MAX_LAYERS);
        rids.map(String::as_bytes).position(|known| known == rid)
    }

    /// The layer of a source that is not known yet.
    fn layer_of(&self, packet: &Packet<'_>, rid: Option<&[u8]>) -> Option<usize> {
        if self.publication.rids.is_empty() {
            return Some(0);
        }
        let said = self
            .publication
            .extensions
            .rid
            .and_then(|id| packet.extension(id));
        self.layer_named(said.or(rid)?)
    }

    /// Takes a packet in, which was decrypted to `bytes`; `None` when it is not to be forwarded. A repaired one is what a
    /// stream of retransmissions had in it. `rid` is what a stream that is new here said of itself earlier.
    pub(super) fn handle_packet(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        bytes: &[u8],
        rid: Option<&[u8]>,
        is_repaired: bool,
        max_sources: usize,
    ) -> Option<Arrival> {
        let codec = self
            .publication
            .codecs
            .iter()
            .find(|codec| [Some(codec.payload_type), codec.red].contains(&Some(packet.payload_type())));
        let clock_rate = codec.or_else(|| self.publication.codecs.first())?.clock_rate;
        let codec = codec.copied();
        let known = self
            .sources
            .iter()
            .position(|source| source.ssrc == packet.ssrc());
        let index = match known {
            Some(index) => index,
            None if is_repaired => return None,
            None => {
                let layer = self.layer_of(packet, rid)?;
                self.add_source(now, packet, layer, clock_rate, max_sources)
            }
        };
        let source = self.sources.get_mut(index)?;
        // Numbers are followed before anything is dropped: they must agree with what SRTP makes of them.
        let numbered = if is_repaired {
            let sequence = source.peek(packet)?;
            let layer = self.layers.get(source.layer)?;
            // Retransmissions of what is there are padding.
            if layer.buffer.get(source.generation, sequence).is_some() {
                return None;
            }
            source.handle_repaired(packet);
            self.counters.repaired += 1;
            Numbered {
                sequence,
                is_restart: false,
            }
        } else {
            source.handle_packet(now, packet)
        };
        if numbered.is_restart {
            source.generation = self.next_generation;
            self.next_generation += 1;
        }
        let (ssrc, generation, layer_index) = (source.ssrc, source.generation, source.layer);
        let codec = codec?;
        let layer = self.layers.get_mut(layer_index)?;
        let mut is_change = numbered.is_restart;
        if layer.active_ssrc != Some(ssrc) {
            let current = layer
                .active_ssrc
                .and_then(|active| self.sources.iter().find(|s| s.ssrc == active));
            let may_take_over = known.is_none()
                || current
                    .is_none_or(|current| now.saturating_duration_since(current.last_heard) > SOURCE_SILENCE);
            if !may_take_over {
                return None;
            }
            layer.active_ssrc = Some(ssrc);
            is_change = true;
        }
        let source = self.sources.get_mut(index)?;
        let picture = Picture::read(
            codec.name,
            &self.publication.extensions,
            &mut source.dependencies,
            numbered.sequence,
            packet,
        );
        let is_new_layer = !layer.was_heard();
        let is_wanted = !self.subscribers.is_empty() || self.tap.is_some();
        let kind = self.publication.kind;
        layer.handle_packet(now, kind, &picture, packet.timestamp(), bytes.len());
        layer.buffer.insert(generation, numbered.sequence, bytes);
        let mut wants_timer = false;
        if self.publication.kind == MediaKind::Video {
            if picture.is_entry {
                layer.keyframes.receive(now);
                self.counters.keyframes += 1;
            } else if is_change && is_wanted && layer.is_demanded() {
                layer.keyframes.want(now);
                wants_timer = true;
            }
            wants_timer |= self.look_for_gaps(now, index, numbered.sequence);
        } else if let Some(id) = self.publication.extensions.audio_level
            && let Some([level]) = packet.extension(id)
        {
            self.loudness.handle_level(now, level & 0x7f);
        }
        self.began.get_or_insert(now);
        let is_first = self.counters.packets == 0;
        self.counters.packets += 1;
        self.counters.bytes += packet.payload().len() as u64;
        Some(Arrival {
            generation,
            sequence: numbered.sequence,
            clock_rate,
            layer: layer_index,
            picture,
            is_first,
            is_new_layer,
            wants_timer,
        })
    }

    /// A packet that is still there.
    #[inline]
    pub(super) fn packet(&self, generation: u32, sequence: u64) -> Option<&[u8]> {
        self.layers
            .iter()
            .find_map(|layer| layer.buffer.get(generation, sequence))
    }

    /// The source of a generation.
    pub(super) fn source(&self, generation: u32) -> Option<&Source> {
        self.sources.iter().find(|source| source.generation == generation)
    }

    /// How dependency descriptors of a source are to be read.
    pub(super) fn structure(&self, generation: u32) -> Option<&DependencyStructure> {
        self.source(generation)?.dependencies.structure()
    }

    /// By how much the timestamps of one source are behind those of another, as the publisher's reports tell it.
    pub(super) fn behind(&self, generation: u32, other: u32) -> Option<u32> {
        let (source, other) = (self.source(generation)?, self.source(other)?);
        Some(
            other
                .timestamp_at(source.report?.0.ntp)?
                .wrapping_sub(source.report?.0.rtp_timestamp),
        )
    }

    /// Whether the generation is that of a layer's current source.
    pub(super) fn generation(&self, layer: usize) -> Option<u32> {
        let active = self.layers.get(layer)?.active_ssrc?;
        let source = self.sources.iter().find(|source| source.ssrc == active)?;
        Some(source.generation)
    }

    /// Asks the publisher for a keyframe of a layer, unless it would reach nobody.
    pub(super) fn want_keyframe(&mut self, now: Instant, layer: usize) {
        let layer = self.layers.get_mut(layer);
        if let Some(layer) = layer.filter(|_| !self.publication.paused) {
            layer.keyframes.want(now);
        }
    }

    /// The same, for a subscriber that has not been sent anything yet.
    pub(super) fn want_first_keyframe(&mut self, now: Instant, layer: usize) {
        let layer = self.layers.get_mut(layer);
        if let Some(layer) = layer.filter(|_| !self.publication.paused) {
            layer.keyframes.want_first(now);
        }
    }

    /// The SSRC of a layer to ask for keyframes.
    pub(super) fn feedback_ssrc(&self, layer: usize) -> Option<u32> {
        let announced = || match self.publication.rids.is_empty() {
            true => self.publication.ssrcs.first().copied(),
            false => None,
        };
        self.layers.get(layer)?.active_ssrc.or_else(announced)
    }

    /// The source of a layer that is being forwarded.
    pub(super) fn active_mut(&mut self, layer: usize) -> Option<&mut Source> {
        let active = self.layers.get(layer)?.active_ssrc?;
        self.sources.iter_mut().find(|source| source.ssrc == active)
    }

    pub(super) fn source_mut(&mut self, ssrc: u32) -> Option<&mut Source> {
        self.sources.iter_mut().find(|source| source.ssrc == ssrc)
    }

    pub(super) fn sources_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        self.sources.iter_mut()
    }

    /// Forgets the sources: what comes after a pause is a new start.
    pub(super) fn reset(&mut self) {
        self.sources.clear();
        self.layers.iter_mut().for_each(TrackLayer::reset);
        self.leave_tap();
        self.loudness = Loudness::default();
        self.is_unheard = false;
        self.began = None;
    }

    /// Whoever listens to the room has to begin anew with a keyframe.
    fn leave_tap(&mut self) {
        if let Some(tap) = &mut self.tap {
            tap.layer = None;
        }
    }

    /// Whether anybody receives it.
    pub(super) fn is_wanted(&self) -> bool {
        !self.subscribers.is_empty() || self.tap.is_some()
    }

    /// The best simulcast layer of a video that its publisher sends, or would if it were asked to.
    pub(super) fn best_layer(&self, now: Instant) -> Option<usize> {
        if !self.is_video() {
            return None;
        }
        let there = (0..self.layers.len()).filter_map(|at| Some((self.layers.get(at)?, at)));
        there
            .filter(|(layer, _)| layer.is_available(now))
            .max_by_key(|(layer, _)| layer.rank())
            .map(|(_, at)| at)
    }

    /// When the publisher has to be asked for something.
    pub(super) fn feedback_due(&self) -> Option<Instant> {
        let gaps = self.sources.iter().filter_map(|source| source.gaps.due());
        let keyframes = self.layers.iter().filter_map(|layer| layer.keyframes.due());
        keyframes.chain(gaps).min()
    }

    pub(super) fn stats(&self) -> PublicationStats {
        let Counters {
            packets,
            bytes,
            nacks,
            plis,
            keyframes,
            repaired,
        } = self.counters;
        PublicationStats {
            track: self.publication.track,
            packets,
            bytes,
            packets_lost: self.sources.iter().map(Source::lost).sum(),
            packets_repaired: repaired,
            jitter: self.sources.iter().map(Source::jitter).max().unwrap_or_default(),
            nacks_sent: nacks,
            plis_sent: plis,
            keyframes,
        }
    }

    fn look_for_gaps(&mut self, now: Instant, index: usize, sequence: u64) -> bool {
        let is_watched = !self.subscribers.is_empty();
        let Some(source) = self.sources.get_mut(index) else {
            return false;
        };
        match source.gaps.handle_packet(now, sequence) {
            Found::Nothing => false,
            Found::Gap if is_watched => true,
            Found::Gap => {
                // Nobody misses it.
                source.gaps = Gaps::default();
                false
            }
            Found::Hopeless => {
                let layer = source.layer;
                if is_watched && let Some(layer) = self.layers.get_mut(layer) {
                    layer.keyframes.want(now);
                }
                is_watched
            }
        }
    }

    /// Adds a source, at the cost of the one heard longest ago; returns its index.
    fn add_source(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        layer: usize,
        clock_rate: u32,
        max_sources: usize,
    ) -> usize {
        while self.sources.len() >= max_sources.max(1) {
            let oldest = self
                .sources
                .iter()
                .enumerate()
                .min_by_key(|(_, source)| source.last_heard);
            let Some((oldest, _)) = oldest else { break };
            self.sources.swap_remove(oldest);
        }
        self.sources
            .push(Source::new(now, self.next_generation, packet, layer, clock_rate));
        self.next_generation += 1;
        self.sources.len() - 1
    }
}
