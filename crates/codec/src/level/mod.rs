//! Loudness: the level an RTP header extension carries (RFC 6464), whether it is voice, and what a meter shows.

mod bands;
#[cfg(test)]
pub(crate) mod tests;
mod voice;

pub use voice::{Activity, VoiceDetector};

use std::time::Duration;

/// Level of a stretch of sound as RFC 6464 §3 wants it: 0 (full scale) to 127 (silence), in −dBov.
///
/// The root mean square of the samples relative to a full-scale square wave; an empty slice is silence.
#[must_use]
pub fn audio_level_dbov(samples: &[i16]) -> u8 {
    rounded(dbov(samples))
}

/// The same from a mean power relative to full scale.
fn level_of(power: f32) -> u8 {
    rounded(10.0 * power.log10())
}

fn rounded(dbov: f32) -> u8 {
    let db = dbov.round().clamp(-127.0, 0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=127 above"
    )]
    {
        -db as u8
    }
}

/// The same in decibels relative to overload, not rounded: 0 or less, negative infinity for digital silence.
#[must_use]
pub fn dbov(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return f32::NEG_INFINITY;
    }
    let sum: u64 = samples.iter().map(|&s| u64::from(s.unsigned_abs()).pow(2)).sum();
    let mean = sum as f64 / samples.len() as f64;
    let db = 10.0 * (mean / (32_767.0 * 32_767.0)).log10();
    #[expect(clippy::cast_possible_truncation, reason = "a decibel value fits")]
    {
        db.min(0.0) as f32
    }
}

/// A level that moves as a person expects of a meter: up at once, down slowly.
#[derive(Debug, Clone)]
pub struct LevelMeter {
    /// −127 to 0.
    dbov: f32,
}

impl LevelMeter {
    /// How fast the shown level falls, in decibels per second.
    pub const FALL_DB_PER_SECOND: f32 = 40.0;

    /// What [`fraction`](Self::fraction) shows as empty, in dBov.
    pub const FLOOR_DBOV: f32 = -60.0;

    /// A meter at rest.
    #[must_use]
    pub const fn new() -> Self {
        Self { dbov: -127.0 }
    }

    /// Feeds sound at 48 kHz, mono.
    pub fn update(&mut self, samples: &[i16]) {
        let elapsed = crate::samples_to_duration(samples.len() as u64);
        self.step(dbov(samples), elapsed);
    }

    /// Feeds a level from an RTP header extension (0 to 127, −dBov) that stands for `elapsed` of sound.
    pub fn update_level(&mut self, level: u8, elapsed: Duration) {
        self.step(-f32::from(level.min(127)), elapsed);
    }

    /// The shown level in dBov, −127 to 0.
    #[must_use]
    pub const fn dbov(&self) -> f32 {
        self.dbov
    }

    /// The shown level as −dBov in whole decibels, 0 to 127.
    #[must_use]
    pub fn level(&self) -> u8 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "dbov is -127 to 0"
        )]
        {
            -self.dbov.round() as u8
        }
    }

    /// The shown level as a part of a bar, 0 to 1, linear in decibels above [`FLOOR_DBOV`](Self::FLOOR_DBOV).
    #[must_use]
    pub fn fraction(&self) -> f32 {
        (1.0 - self.dbov / Self::FLOOR_DBOV).clamp(0.0, 1.0)
    }

    fn step(&mut self, input: f32, elapsed: Duration) {
        let fallen = self.dbov - Self::FALL_DB_PER_SECOND * elapsed.as_secs_f32();
        self.dbov = input.max(fallen).clamp(-127.0, 0.0);
    }
}

impl Default for LevelMeter {
    fn default() -> Self {
        Self::new()
    }
}
