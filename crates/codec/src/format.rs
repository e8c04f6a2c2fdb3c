//! The one sound format this crate works in: 48 kHz, 16-bit, in frames of 10 ms.

use std::time::Duration;

/// Sample rate of every PCM interface of this crate, in hertz; also the RTP clock of Opus (RFC 7587 §4.1).
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// Samples in one frame of 10 ms, one channel.
pub const FRAME_SAMPLES: usize = 480;

/// How long one [`AudioFrame`] lasts.
pub const FRAME_DURATION: Duration = Duration::from_millis(10);

/// 10 ms of mono sound at 48 kHz: what the jitter buffer gives and the mixer takes.
pub type AudioFrame = [i16; FRAME_SAMPLES];

/// A frame of digital silence.
pub const SILENCE: AudioFrame = [0; FRAME_SAMPLES];

/// The time that `samples` samples per channel last at 48 kHz, rounded down to a nanosecond.
#[must_use]
pub fn samples_to_duration(samples: u64) -> Duration {
    let rate = u64::from(SAMPLE_RATE_HZ);
    Duration::from_secs(samples / rate) + Duration::from_nanos(samples % rate * 1_000_000_000 / rate)
}

/// Rounds and saturates a value in units of one 16-bit step; not-a-number becomes silence.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and saturating is what is wanted here"
)]
pub(crate) fn saturate(value: f32) -> i16 {
    value.round() as i16
}
