use std::time::{Duration, Instant};

use super::{EncoderConfig, FrameDuration};
use crate::red::PackerConfig;

/// How the sender protects its sound against the loss that receivers report, within the bitrate there is.
///
/// Feed it reports ([`report`](Self::report)) and bitrate estimates ([`set_available_bps`](Self::set_available_bps)) as they
/// come; each returns the [`Protection`] to use from then on. It knows no encoder and reads no clock:
/// [`Protection::apply`] writes the outcome into settings.
///
/// - The loss is smoothed: up at half a second, so that protection comes at once, down at eight, so that it does not go
///   between two bursts. A report more than [`STALE`] after the last one counts alone.
/// - Each step of protection is taken at one loss and left at half of it, and left no sooner than
///   [`HOLD`] after it was taken: a loss that hovers about a threshold changes nothing.
/// - What the bitrate cannot carry is not taken: in-band FEC needs 16 kbit/s for the sound, a redundant block as much again as
///   the sound itself; and packets become longer where their headers would take a third of the rate.
#[derive(Debug, Clone)]
pub struct LossAdaptation {
    limits: AdaptationLimits,
    /// Smoothed loss, 0 to 1; `None` before the first report.
    loss: Option<f64>,
    /// When the last report came.
    reported: Option<Instant>,
    available_bps: Option<u32>,
    step: Step,
    /// When `step` was taken.
    since: Option<Instant>,
}

/// What [`LossAdaptation`] may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdaptationLimits {
    /// The sound's bitrate when nothing is in the way, in bit/s.
    pub target_bps: u32,
    /// The sound's bitrate below which it is not lowered, in bit/s.
    pub least_bps: u32,
    /// Most redundant blocks (RFC 2198), 0 when the peer did not agree to RED, at most 2 here.
    pub most_blocks: u8,
    /// The most deep redundancy, zero when the peer or this build has none.
    pub most_dred: Duration,
    /// The longest packets.
    pub longest_frame: FrameDuration,
}

impl Default for AdaptationLimits {
    fn default() -> Self {
        Self {
            target_bps: 32_000,
            least_bps: 8000,
            most_blocks: 0,
            most_dred: Duration::ZERO,
            longest_frame: FrameDuration::Ms60,
        }
    }
}

/// How to protect the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protection {
    /// For [`EncoderConfig::expected_loss_percent`].
    pub expected_loss_percent: u8,
    /// For [`EncoderConfig::in_band_fec`].
    pub in_band_fec: bool,
    /// For [`EncoderConfig::bitrate_bps`]: what is left for the sound.
    pub bitrate_bps: u32,
    /// For [`EncoderConfig::frame`].
    pub frame: FrameDuration,
    /// For [`PackerConfig::blocks`]: redundant blocks per packet, 0 to 2.
    pub red_blocks: u8,
    /// For [`EncoderConfig::dred`]; needs an encoder that was made with it.
    pub dred: Duration,
}

/// How much more is done against loss from step to step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    None,
    InBandFec,
    OneBlock,
    TwoBlocks,
}

/// A report this long after the last says nothing about the time between.
pub const STALE: Duration = Duration::from_secs(10);

/// How long a step of protection is kept at least.
pub const HOLD: Duration = Duration::from_secs(5);

/// Steps, and the loss from which they are taken; each is left at half of that.
const STEPS: [(Step, f64); 3] = [
    (Step::InBandFec, 0.01),
    (Step::OneBlock, 0.05),
    (Step::TwoBlocks, 0.15),
];
const RISE: Duration = Duration::from_millis(500);
const FALL: Duration = Duration::from_secs(8);
/// The least bitrate with which in-band FEC leaves enough for the sound.
const FEC_BPS: u32 = 16_000;
/// IPv4, UDP, RTP with two extensions, and SRTP's tag, in bits.
const OVERHEAD_BITS: u32 = 8 * (20 + 8 + 20 + 16);

impl LossAdaptation {
    /// Without loss, and with all the bitrate it wants.
    #[must_use]
    pub const fn new(limits: AdaptationLimits) -> Self {
        Self {
            limits,
            loss: None,
            reported: None,
            available_bps: None,
            step: Step::None,
            since: None,
        }
    }

    /// Takes the fraction of packets lost since the last report, 0 to 1, as receiver reports have it (RFC 3550 §6.4.1: its
    /// eight bits divided by 256). What is no such number is ignored.
    pub fn report(&mut self, now: Instant, lost: f64) -> Protection {
        if (0.0..=1.0).contains(&lost) {
            let elapsed = self.reported.map(|then| now.saturating_duration_since(then));
            let smoothed = match (self.loss, elapsed) {
                (Some(old), Some(elapsed)) if elapsed < STALE => {
                    let pace = if lost > old { RISE } else { FALL };
                    let weight = (-elapsed.as_secs_f64() / pace.as_secs_f64()).exp();
                    old * weight + lost * (1.0 - weight)
                }
                _ => lost,
            };
            self.loss = Some(smoothed);
            self.reported = Some(now);
            self.walk(now, smoothed);
        }
        self.protection()
    }

    /// Takes an estimate of what the path to the receiver carries, in bit/s, headers and redundancy included.
    pub fn set_available_bps(&mut self, available_bps: u32) -> Protection {
        self.available_bps = Some(available_bps);
        self.protection()
    }

    /// The smoothed loss, 0 to 1.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.loss.unwrap_or(0.0)
    }

    /// What to do now.
    #[must_use]
    pub fn protection(&self) -> Protection {
        let limits = &self.limits;
        let available = self.available_bps.unwrap_or(u32::MAX);
        let least = limits.least_bps.min(limits.target_bps);
        let frame = self.frame(available);
        let overhead = overhead_bps(frame);
        let wanted = match self.step {
            Step::None | Step::InBandFec => 0,
            Step::OneBlock => 1,
            Step::TwoBlocks => 2,
        };
        let for_sound = available.saturating_sub(overhead);
        // As many blocks as leave the sound at least half of its bitrate.
        let fits = |blocks: &u8| for_sound / (u32::from(*blocks) + 1) >= (limits.target_bps / 2).max(least);
        let red_blocks = (0..=wanted.min(limits.most_blocks).min(2))
            .rev()
            .find(fits)
            .unwrap_or(0);
        let bitrate_bps =
            (for_sound / (u32::from(red_blocks) + 1)).clamp(least, limits.target_bps.max(least));
        let in_band_fec = self.step >= Step::InBandFec && bitrate_bps >= FEC_BPS;
        // Deep redundancy costs a tenth of the bitrate and takes the place of blocks that cannot be sent.
        let dred = if wanted > red_blocks {
            limits.most_dred
        } else {
            Duration::ZERO
        };
        Protection {
            expected_loss_percent: percent(self.loss(), self.step),
            in_band_fec,
            bitrate_bps,
            frame,
            red_blocks,
            dred,
        }
    }

    fn walk(&mut self, now: Instant, loss: f64) {
        let up = STEPS.iter().rev().find(|(_, from)| loss >= *from);
        let up = up.map_or(Step::None, |(step, _)| *step);
        let kept = STEPS.iter().rev().find(|(_, from)| loss >= *from / 2.0);
        let kept = kept.map_or(Step::None, |(step, _)| *step);
        let held = self
            .since
            .is_some_and(|since| now.saturating_duration_since(since) < HOLD);
        let next = if up > self.step {
            up
        } else if kept < self.step && !held {
            kept
        } else {
            return;
        };
        self.step = next;
        self.since = Some(now);
    }

    /// 20 ms, or longer when headers would take more than a third of the rate.
    fn frame(&self, available_bps: u32) -> FrameDuration {
        let lengths = [FrameDuration::Ms20, FrameDuration::Ms40, FrameDuration::Ms60];
        let allowed = lengths
            .into_iter()
            .filter(|frame| frame.samples() <= self.limits.longest_frame.samples());
        let fits = |frame: &FrameDuration| overhead_bps(*frame) <= available_bps / 3;
        let longest = allowed.clone().next_back();
        allowed
            .clone()
            .find(fits)
            .or(longest)
            .unwrap_or(self.limits.longest_frame)
    }
}

impl Protection {
    /// Writes the settings into those of an encoder. Deep redundancy is left to encoders that have it.
    pub fn apply(&self, config: &mut EncoderConfig) {
        config.expected_loss_percent = self.expected_loss_percent;
        config.in_band_fec = self.in_band_fec;
        config.bitrate_bps = self.bitrate_bps;
        config.frame = self.frame;
        if !config.dred.is_zero() && !self.dred.is_zero() {
            config.dred = self.dred;
        }
    }

    /// Writes the settings into those of a packer of redundant packets.
    pub fn apply_red(&self, config: &mut PackerConfig) {
        config.blocks = self.red_blocks.into();
    }
}

/// What headers take.
fn overhead_bps(frame: FrameDuration) -> u32 {
    let samples = u32::try_from(frame.samples()).unwrap_or(u32::MAX);
    OVERHEAD_BITS * (crate::SAMPLE_RATE_HZ / samples)
}

/// The loss in steps of 5 %, rounded up, at most 40: libopus gives the more to redundancy the higher it is, and every change
/// is heard. Without protection it is 0.
fn percent(loss: f64, step: Step) -> u8 {
    if step == Step::None {
        return 0;
    }
    (5..=40)
        .step_by(5)
        .find(|percent| loss * 100.0 <= f64::from(*percent))
        .unwrap_or(40)
}
