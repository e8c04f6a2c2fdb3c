//! One published track: its sources, what is kept of it, and who receives it.

use std::time::Instant;

use super::keyframe::KeyframeRequests;
use super::nack::Found;
use super::send_buffer::SendBuffer;
use super::source::Source;
use super::speakers::Loudness;
use super::stats::PublicationStats;
use super::{CodecName, MediaKind, Publication, RoomId, RouterConfig};
use crate::payload::{h264_starts_keyframe, vp8_starts_keyframe};
use crate::rtp::Packet;

/// How long the current source must be silent before one that was there before takes over again.
const SOURCE_SILENCE: std::time::Duration = std::time::Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Track {
    pub(super) publication: Publication,
    pub(super) room: RoomId,
    /// Slot of the publisher.
    pub(super) publisher: u32,
    pub(super) subscribers: Vec<Link>,
    pub(super) keyframes: KeyframeRequests,
    pub(super) buffer: SendBuffer,
    pub(super) loudness: Loudness,
    pub(super) counters: Counters,
    /// At most `max_sources_per_publication`.
    sources: Vec<Source>,
    /// The source being forwarded.
    active_ssrc: Option<u32>,
    next_generation: u32,
}

/// A subscription: slot of the peer, index among its subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) peer: u32,
    pub(super) index: usize,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) nacks: u64,
    pub(super) plis: u64,
    pub(super) keyframes: u64,
}

/// A packet to forward.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) generation: u32,
    pub(super) sequence: u64,
    pub(super) clock_rate: u32,
    /// A decoder that has seen nothing before can start here.
    pub(super) is_entry: bool,
    /// The first packet of the track.
    pub(super) is_first: bool,
    /// The publisher's feedback timer has to be looked at.
    pub(super) wants_timer: bool,
}

impl Track {
    pub(super) fn new(publication: Publication, room: RoomId, publisher: u32, config: &RouterConfig) -> Self {
        let (packets, bytes) = match publication.kind {
            MediaKind::Audio => (config.audio_buffer_packets, config.audio_buffer_bytes),
            MediaKind::Video => (config.video_buffer_packets, config.video_buffer_bytes),
        };
        Self {
            publication,
            room,
            publisher,
            subscribers: Vec::new(),
            keyframes: KeyframeRequests::new(config.keyframe_interval),
            buffer: SendBuffer::new(packets, bytes),
            loudness: Loudness::default(),
            counters: Counters::default(),
            sources: Vec::new(),
            active_ssrc: None,
            next_generation: 1,
        }
    }

    pub(super) fn is_video(&self) -> bool {
        self.publication.kind == MediaKind::Video
    }

    /// Takes a packet in, which was decrypted to `bytes`; `None` when it is not to be forwarded.
    pub(super) fn handle_packet(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        bytes: &[u8],
        max_sources: usize,
    ) -> Option<Arrival> {
        let codec = self
            .publication
            .codecs
            .iter()
            .find(|codec| codec.payload_type == packet.payload_type());
        let clock_rate = codec.or_else(|| self.publication.codecs.first())?.clock_rate;
        let codec = codec.copied();
        let known = self
            .sources
            .iter()
            .position(|source| source.ssrc == packet.ssrc());
        let index = known.unwrap_or_else(|| self.add_source(now, packet, clock_rate, max_sources));
        let source = self.sources.get_mut(index)?;
        // Numbers are followed before anything is dropped: they must agree with what SRTP makes of them.
        let numbered = source.handle_packet(now, packet);
        if numbered.is_restart {
            source.generation = self.next_generation;
            self.next_generation += 1;
        }
        let (ssrc, generation) = (source.ssrc, source.generation);
        let codec = codec?;
        let mut is_change = numbered.is_restart;
        if self.active_ssrc != Some(ssrc) {
            let current = self
                .active_ssrc
                .and_then(|active| self.sources.iter().find(|s| s.ssrc == active));
            let may_take_over = known.is_none()
                || current
                    .is_none_or(|current| now.saturating_duration_since(current.last_heard) > SOURCE_SILENCE);
            if !may_take_over {
                return None;
            }
            self.active_ssrc = Some(ssrc);
            is_change = true;
        }
        let is_entry = match codec.name {
            CodecName::Opus => true,
            CodecName::Vp8 => vp8_starts_keyframe(packet.payload()),
            CodecName::H264 { .. } => h264_starts_keyframe(packet.payload()),
        };
        let mut wants_timer = false;
        if self.is_video() {
            if is_entry {
                self.keyframes.satisfied();
                self.counters.keyframes += 1;
            } else if is_change && !self.subscribers.is_empty() {
                self.keyframes.want(now);
                wants_timer = true;
            }
            wants_timer |= self.look_for_gaps(now, index, numbered.sequence);
        } else if let Some(id) = self.publication.extensions.audio_level
            && let Some([level]) = packet.extension(id)
        {
            self.loudness.handle_level(now, level & 0x7f);
        }
        self.buffer.insert(generation, numbered.sequence, bytes);
        let is_first = self.counters.packets == 0;
        self.counters.packets += 1;
        self.counters.bytes += packet.payload().len() as u64;
        Some(Arrival {
            generation,
            sequence: numbered.sequence,
            clock_rate,
            is_entry,
            is_first,
            wants_timer,
        })
    }

    /// Asks the publisher for a keyframe, unless it would reach nobody.
    pub(super) fn want_keyframe(&mut self, now: Instant) {
        if !self.publication.paused {
            self.keyframes.want(now);
        }
    }

    /// The SSRC to ask for keyframes.
    pub(super) fn feedback_ssrc(&self) -> Option<u32> {
        self.active_ssrc
            .or_else(|| self.publication.ssrcs.first().copied())
    }

    pub(super) fn active(&self) -> Option<&Source> {
        let active = self.active_ssrc?;
        self.sources.iter().find(|source| source.ssrc == active)
    }

    pub(super) fn active_mut(&mut self) -> Option<&mut Source> {
        let active = self.active_ssrc?;
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
        self.active_ssrc = None;
        self.keyframes.satisfied();
        self.loudness = Loudness::default();
        self.buffer.clear();
    }

    /// When the publisher has to be asked for something.
    pub(super) fn feedback_due(&self) -> Option<Instant> {
        let gaps = self.active().and_then(|source| source.gaps.due());
        self.keyframes.due().into_iter().chain(gaps).min()
    }

    pub(super) fn stats(&self) -> PublicationStats {
        let Counters {
            packets,
            bytes,
            nacks,
            plis,
            keyframes,
        } = self.counters;
        PublicationStats {
            track: self.publication.track,
            packets,
            bytes,
            packets_lost: self.active().map_or(0, Source::lost),
            jitter: self.active().map(Source::jitter).unwrap_or_default(),
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
                source.gaps = super::nack::Gaps::default();
                false
            }
            Found::Hopeless => {
                if is_watched {
                    self.keyframes.want(now);
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
            .push(Source::new(now, self.next_generation, packet, clock_rate));
        self.next_generation += 1;
        self.sources.len() - 1
    }
}
