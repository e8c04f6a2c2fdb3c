//! What is sent: an encoder that follows the target, and a voice.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::bwe::Bitrate;
use crate::pacer::{Class, Frame, FrameKind, PacketInfo};

pub(super) const FRAME_INTERVAL: Duration = Duration::from_nanos(33_333_333);
pub(super) const AUDIO_INTERVAL: Duration = Duration::from_millis(20);
const AUDIO_BYTES: usize = 80;
const PACKET_BYTES: usize = 1200;
const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);

/// How much the encoder makes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Demand {
    /// What the target allows, but not more than this.
    UpTo(Bitrate),
    /// Nothing but sound.
    AudioOnly,
}

/// 30 frames per second of uneven sizes, and keyframes five times as large that the following frames pay for.
#[derive(Debug)]
pub(super) struct Encoder {
    rng: StdRng,
    number: u64,
    /// Bytes sent too many so far.
    debt: f64,
    wants_keyframe: bool,
    last_keyframe: Option<Instant>,
    pub(super) keyframes: u32,
    steps: VecDeque<(Instant, Demand)>,
    demand: Demand,
}

impl Encoder {
    pub(super) fn new(seed: u64, demand: Demand, steps: Vec<(Instant, Demand)>) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            number: 0,
            debt: 0.0,
            wants_keyframe: true,
            last_keyframe: None,
            keyframes: 0,
            steps: steps.into(),
            demand,
        }
    }

    pub(super) fn request_keyframe(&mut self) {
        self.wants_keyframe = true;
    }

    /// The packets of the frame of this moment.
    pub(super) fn encode(&mut self, now: Instant, target: Bitrate) -> Vec<PacketInfo> {
        while let Some((_, demand)) = self.steps.pop_front_if(|(at, _)| *at <= now) {
            self.demand = demand;
        }
        let Demand::UpTo(most) = self.demand else {
            self.wants_keyframe = true;
            return Vec::new();
        };
        let per_frame = target.min(most).bytes_in(FRAME_INTERVAL) as f64;
        let uneven = per_frame * self.rng.random_range(0.8..1.2);
        let is_due = self
            .last_keyframe
            .is_none_or(|last| now - last >= KEYFRAME_INTERVAL);
        let is_key = self.wants_keyframe && is_due;
        let size = if is_key {
            (self.wants_keyframe, self.last_keyframe) = (false, Some(now));
            self.keyframes += 1;
            5.0 * per_frame
        } else {
            (uneven - self.debt / 15.0).max(per_frame / 4.0)
        };
        // No encoder goes below some hundred bytes.
        let size = size.max(150.0);
        self.debt = (self.debt + size - per_frame).clamp(-5.0 * per_frame, 10.0 * per_frame);
        self.number += 1;
        #[expect(clippy::cast_possible_truncation, reason = "a frame is small")]
        let size = size as usize;
        let packets = size.div_ceil(PACKET_BYTES);
        let bytes = size.div_ceil(packets);
        (1..=packets)
            .map(|index| PacketInfo {
                class: Class::Video,
                stream: 1,
                bytes,
                frame: Frame {
                    number: self.number,
                    kind: if is_key { FrameKind::Key } else { FrameKind::Delta },
                    is_last: index == packets,
                },
            })
            .collect()
    }
}

/// A packet of speech.
pub(super) fn audio() -> PacketInfo {
    PacketInfo {
        class: Class::Audio,
        stream: 0,
        bytes: AUDIO_BYTES,
        frame: Frame {
            number: 0,
            kind: FrameKind::Delta,
            is_last: true,
        },
    }
}
