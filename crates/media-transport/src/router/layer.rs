//! One simulcast layer of a published track, or all of it.

use std::time::{Duration, Instant};

use super::keyframe::KeyframeRequests;
use super::pace::OVERHEAD;
use super::picture::Picture;
use super::send_buffer::SendBuffer;
use super::{MediaKind, RouterConfig};
use crate::bwe::Bitrate;
use crate::rtp::dependency::Layer;

/// Spatial and temporal layers that are told apart; higher ones count as these.
const SPATIAL: usize = 3;
const TEMPORAL: usize = 4;

/// Bit rates are measured over so long.
const WINDOW: Duration = Duration::from_millis(500);

/// After this time without a packet, a layer that was asked for is one the publisher does not send.
const SILENCE: Duration = Duration::from_secs(2);

/// How long a publisher may take to begin with a layer that is wanted again.
const GRACE: Duration = Duration::from_secs(5);

/// Taken for the bit rate of a layer before it is measured: about what browsers spend on a pixel in a second, and on the
/// smallest pictures. The smallest layer is always taken for this little, so that it begins at once.
const EXPECTED_PER_PIXEL: u64 = 2;
const EXPECTED_LEAST: Bitrate = Bitrate::from_kbps(150);

#[derive(Debug)]
pub(super) struct TrackLayer {
    pub(super) keyframes: KeyframeRequests,
    pub(super) buffer: SendBuffer,
    /// The source being forwarded.
    pub(super) active_ssrc: Option<u32>,
    /// Width and height in pixels of the largest spatial layer, as far as is known.
    size: Option<(u32, u32)>,
    meter: Meter,
    /// The timestamp of the latest keyframe. It is not measured: one is sent when somebody begins, and would make the
    /// layer look as if it did not fit for the moment.
    keyframe: Option<u32>,
    last_heard: Option<Instant>,
    /// Since when somebody wants it; `None` when nobody does.
    demanded: Option<Instant>,
}

/// Something of the layer that can be sent by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) layer: Layer,
    /// The same, and without a limit where nothing more has been seen: what comes new is sent until it is measured.
    pub(super) limit: Layer,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bitrate: Bitrate,
}

impl TrackLayer {
    pub(super) fn new(now: Instant, packets: usize, bytes: usize, config: &RouterConfig) -> Self {
        Self {
            keyframes: KeyframeRequests::new(config.keyframe_interval),
            buffer: SendBuffer::new(packets, bytes),
            active_ssrc: None,
            size: None,
            meter: Meter::default(),
            keyframe: None,
            last_heard: None,
            demanded: Some(now),
        }
    }

    /// Takes note of a packet of so many bytes.
    pub(super) fn handle_packet(
        &mut self,
        now: Instant,
        kind: MediaKind,
        picture: &Picture,
        timestamp: u32,
        bytes: usize,
    ) {
        self.last_heard = Some(now);
        if picture.size.is_some() {
            self.size = picture.size;
        }
        if picture.is_entry && kind == MediaKind::Video {
            self.keyframe = Some(timestamp);
        }
        let is_measured = self.keyframe != Some(timestamp);
        self.meter
            .add(now, picture.layer, if is_measured { bytes + OVERHEAD } else { 0 });
    }

    /// Forgets what it was: what comes after a pause is a new start.
    pub(super) fn reset(&mut self) {
        self.active_ssrc = None;
        self.keyframes.satisfied();
        self.buffer.clear();
        self.meter = Meter::default();
        self.last_heard = None;
    }

    /// Whether the publisher has ever sent it.
    pub(super) fn was_heard(&self) -> bool {
        self.last_heard.is_some()
    }

    /// Whether the publisher has sent it a little while ago.
    pub(super) fn was_heard_since(&self, now: Instant, span: Duration) -> bool {
        self.last_heard
            .is_some_and(|last_heard| now.saturating_duration_since(last_heard) < span)
    }

    /// Says whether somebody wants it.
    pub(super) fn demand(&mut self, now: Instant, is_wanted: bool) {
        if !is_wanted {
            self.demanded = None;
        } else if self.demanded.is_none() {
            self.demanded = Some(now);
        }
    }

    pub(super) fn is_demanded(&self) -> bool {
        self.demanded.is_some()
    }

    /// Whether the publisher sends it, or would if it were asked to.
    pub(super) fn is_available(&self, now: Instant) -> bool {
        let Some(last_heard) = self.last_heard else {
            return false;
        };
        let Some(since) = self.demanded else { return true };
        now.saturating_duration_since(last_heard) < SILENCE || now.saturating_duration_since(since) < GRACE
    }

    /// Pixels and bits, by which layers of a track are ordered.
    pub(super) fn rank(&self) -> (u64, Bitrate) {
        let (width, height) = self.size.unwrap_or_default();
        (u64::from(width) * u64::from(height), self.meter.total())
    }

    /// What can be sent of it, from little to much. The smallest one is that of the track.
    pub(super) fn parts(&self, is_smallest: bool) -> impl Iterator<Item = Part> + '_ {
        let (width, height) = self.size.unwrap_or_default();
        let spatial_layers = self.meter.spatial_layers();
        let expected = if is_smallest {
            EXPECTED_LEAST
        } else {
            let pixels = u64::from(width).saturating_mul(height.into());
            EXPECTED_LEAST.max(Bitrate::from_bps(pixels.saturating_mul(EXPECTED_PER_PIXEL)))
        };
        (0..spatial_layers).flat_map(move |spatial| {
            let shift = u32::from(spatial_layers - 1 - spatial);
            (0..self.meter.temporal_layers()).filter_map(move |temporal| {
                let layer = Layer {
                    spatial_id: spatial,
                    temporal_id: temporal,
                };
                let measured = self.meter.bitrate(layer);
                let is_known = measured > Bitrate::ZERO;
                // Nothing is known but that it exists: then it is one part.
                if !is_known && temporal + 1 < self.meter.temporal_layers() {
                    return None;
                }
                let unless_top = |id: u8, count: u8| if id + 1 < count { id } else { u8::MAX };
                Some(Part {
                    layer,
                    limit: Layer {
                        spatial_id: unless_top(spatial, spatial_layers),
                        temporal_id: unless_top(temporal, self.meter.temporal_layers()),
                    },
                    width: width >> shift,
                    height: height >> shift,
                    bitrate: if is_known { measured } else { expected },
                })
            })
        })
    }
}

/// Bit rates by layers.
#[derive(Debug, Clone, Copy, Default)]
struct Meter {
    begin: Option<Instant>,
    bytes: [[u64; TEMPORAL]; SPATIAL],
    /// Bits per second, of each layer alone.
    rates: [[u64; TEMPORAL]; SPATIAL],
    /// Those that have been seen: the highest ids.
    top: (u8, u8),
}

impl Meter {
    fn add(&mut self, now: Instant, layer: Layer, bytes: usize) {
        let begin = *self.begin.get_or_insert(now);
        let elapsed = now.saturating_duration_since(begin);
        if elapsed >= WINDOW {
            self.close(elapsed);
            self.begin = Some(now);
        }
        let (spatial, temporal) = (
            usize::from(layer.spatial_id).min(SPATIAL - 1),
            usize::from(layer.temporal_id).min(TEMPORAL - 1),
        );
        self.top.0 = self.top.0.max(u8::try_from(spatial).unwrap_or(0));
        self.top.1 = self.top.1.max(u8::try_from(temporal).unwrap_or(0));
        if let Some(count) = self.bytes.get_mut(spatial).and_then(|row| row.get_mut(temporal)) {
            *count += bytes as u64;
        }
    }

    fn close(&mut self, elapsed: Duration) {
        // After a long silence the old figures say nothing, and the new ones little.
        let is_fresh = elapsed < WINDOW * 4;
        for (rates, bytes) in self.rates.iter_mut().zip(&mut self.bytes) {
            for (rate, bytes) in rates.iter_mut().zip(bytes) {
                let measured = Bitrate::from_bytes(std::mem::take(bytes), elapsed).map_or(0, Bitrate::as_bps);
                if is_fresh {
                    *rate = if *rate == 0 {
                        measured
                    } else {
                        (*rate + measured) / 2
                    };
                }
            }
        }
    }

    fn spatial_layers(&self) -> u8 {
        self.top.0 + 1
    }

    fn temporal_layers(&self) -> u8 {
        self.top.1 + 1
    }

    /// Of a layer and all that it may need.
    fn bitrate(&self, limit: Layer) -> Bitrate {
        let rows = self.rates.iter().take(usize::from(limit.spatial_id) + 1);
        let sum = rows.flat_map(|row| row.iter().take(usize::from(limit.temporal_id) + 1));
        Bitrate::from_bps(sum.sum())
    }

    fn total(&self) -> Bitrate {
        Bitrate::from_bps(self.rates.iter().flatten().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    fn layer(now: Instant) -> TrackLayer {
        TrackLayer::new(now, 32, 16 * 1024, &RouterConfig::default())
    }

    fn picture(spatial_id: u8, temporal_id: u8) -> Picture {
        Picture {
            layer: Layer {
                spatial_id,
                temporal_id,
            },
            size: Some((1280, 720)),
            ..Picture::default()
        }
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn parts_have_the_rate_of_all_they_need() {
        let begin = start();
        let mut layer = layer(begin);
        for step in 0..200 {
            let temporal = u8::try_from(step % 2).unwrap();
            for spatial in 0..2 {
                layer.handle_packet(
                    begin + ms(step * 10),
                    MediaKind::Video,
                    &picture(spatial, temporal),
                    1,
                    125,
                );
            }
        }
        let parts: Vec<_> = layer
            .parts(true)
            .map(|part| {
                let kbps = (part.bitrate.as_bps() + 2500) / 5000 * 5;
                (part.layer.spatial_id, part.layer.temporal_id, part.height, kbps)
            })
            .collect();
        assert_eq!(
            parts,
            [
                (0, 0, 360, 70),
                (0, 1, 360, 135),
                (1, 0, 720, 135),
                (1, 1, 720, 270)
            ]
        );
    }

    #[test]
    fn a_layer_that_stays_away_though_it_is_wanted_is_not_there() {
        let begin = start();
        let mut layer = layer(begin);
        assert!(!layer.is_available(begin), "never seen");
        layer.handle_packet(begin, MediaKind::Video, &picture(0, 0), 1, 100);
        assert!(layer.is_available(begin + GRACE / 2));
        assert!(!layer.is_available(begin + GRACE + SILENCE));
        layer.demand(begin, false);
        assert!(
            layer.is_available(begin + GRACE * 100),
            "it is not sent since nobody wants it"
        );
        let later = begin + GRACE * 100;
        layer.demand(later, true);
        assert!(layer.is_available(later + GRACE / 2));
        assert!(!layer.is_available(later + GRACE));
    }
}
