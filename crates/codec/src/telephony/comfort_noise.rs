//! The noise of a line on which nobody speaks (RFC 3389): how loud and of what colour, in a few bytes.
//!
//! Codecs without a pause of their own (G.711, G.722) stop sending sound and send this instead, now and then.
//!
//! ```
//! use anteroom_codec::telephony::comfort_noise::{ComfortNoise, NoiseEstimator, NoiseGenerator};
//! let mut estimator = NoiseEstimator::new(8)?;
//! estimator.update(&[12, -3, 40, -25, 7, 9, -30, 2]);
//! let payload = estimator.estimate().to_bytes();
//! // At the other end:
//! let mut generator = NoiseGenerator::new(42);
//! generator.set(&ComfortNoise::parse(payload.as_ref())?);
//! let mut sound = [0; 160];
//! generator.fill(&mut sound);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(test)]
mod tests;

use super::ParseError;
use crate::{Error, format::saturate};

/// Most reflection coefficients kept; a payload may have more, which say little.
pub const MAX_ORDER: usize = 16;

/// Level that is no noise at all.
const SILENT_LEVEL: u8 = 127;

/// A reflection coefficient of zero, as a byte.
const ZERO: u8 = 127;

/// What a comfort noise packet says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ComfortNoise {
    /// 0 to 127, −dBov.
    level: u8,
    /// Quantised, 0 to 254; the first `order` count.
    reflections: [u8; MAX_ORDER],
    order: usize,
}

/// The bytes of a packet, without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoiseBytes {
    bytes: [u8; MAX_ORDER + 1],
    length: usize,
}

impl AsRef<[u8]> for NoiseBytes {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl ComfortNoise {
    /// Noise of a level (−dBov, 0 to 127; more counts as 127) and a colour: reflection coefficients of an all-pole
    /// model, within ±1, in the sign that makes a first-order A(z) = 1 + k₁z⁻¹. None is white noise; those beyond
    /// [`MAX_ORDER`] are left out.
    #[must_use]
    pub fn new(level: u8, reflections: &[f32]) -> Self {
        let mut noise = Self {
            level: level.min(SILENT_LEVEL),
            reflections: [ZERO; MAX_ORDER],
            order: reflections.len().min(MAX_ORDER),
        };
        for (byte, &reflection) in noise.reflections.iter_mut().zip(reflections) {
            *byte = quantise(reflection);
        }
        noise
    }

    /// Reads a payload (RFC 3389 §3).
    ///
    /// # Errors
    /// [`ParseError::Empty`]; [`ParseError::NoiseLevel`] and [`ParseError::ReflectionCoefficient`] for values that the
    /// RFC reserves.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let (&level, coefficients) = payload.split_first().ok_or(ParseError::Empty)?;
        if level > SILENT_LEVEL {
            return Err(ParseError::NoiseLevel);
        }
        let mut noise = Self::new(level, &[]);
        for (byte, &coefficient) in noise.reflections.iter_mut().zip(coefficients) {
            if coefficient == u8::MAX {
                return Err(ParseError::ReflectionCoefficient);
            }
            *byte = coefficient;
        }
        noise.order = coefficients.len().min(MAX_ORDER);
        Ok(noise)
    }

    /// The payload.
    #[must_use]
    pub fn to_bytes(&self) -> NoiseBytes {
        let mut bytes = [0; MAX_ORDER + 1];
        if let Some((level, rest)) = bytes.split_first_mut() {
            *level = self.level;
            rest.copy_from_slice(&self.reflections);
        }
        NoiseBytes {
            bytes,
            length: self.order + 1,
        }
    }

    /// How loud, −dBov, 0 to 127.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// The colour: reflection coefficients within ±1, at most [`MAX_ORDER`].
    pub fn reflections(&self) -> impl Iterator<Item = f32> + '_ {
        // RFC 3389 §3.2.
        let value = |&byte: &u8| (f32::from(byte) - f32::from(ZERO)) * (258.0 / 32_768.0);
        self.reflections.iter().take(self.order).map(value)
    }
}

/// The nearest of 255 steps; not-a-number is none of a colour.
fn quantise(reflection: f32) -> u8 {
    let steps = (reflection * (32_768.0 / 258.0)).round().clamp(-127.0, 127.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 254")]
    let byte = (if steps.is_nan() { 0.0 } else { steps } + 127.0) as u8;
    byte
}

/// Listens to a line on which nobody speaks, and says what it sounds like.
#[derive(Debug, Clone)]
pub struct NoiseEstimator {
    order: usize,
    /// Autocorrelation per sample, smoothed over [`MEMORY_SAMPLES`].
    correlation: [f64; MAX_ORDER + 1],
    /// Samples heard, at most [`MEMORY_SAMPLES`].
    heard: f64,
    /// The last samples, newest first.
    recent: [f64; MAX_ORDER],
}

/// How far back an estimate reaches: a quarter of a second at 8 kHz.
const MEMORY_SAMPLES: f64 = 2_000.0;

impl NoiseEstimator {
    /// An estimator of that many reflection coefficients, 0 to [`MAX_ORDER`]. Eight tell the noise of a room at 8 kHz.
    ///
    /// # Errors
    /// [`Error::Setting`] beyond [`MAX_ORDER`].
    pub fn new(order: usize) -> Result<Self, Error> {
        if order > MAX_ORDER {
            return Err(Error::Setting("comfort noise has at most 16 coefficients"));
        }
        Ok(Self {
            order,
            correlation: [0.0; MAX_ORDER + 1],
            heard: 0.0,
            recent: [0.0; MAX_ORDER],
        })
    }

    /// Takes sound in which nobody speaks, at the codec's sample rate.
    pub fn update(&mut self, samples: &[i16]) {
        for &sample in samples {
            let sample = f64::from(sample);
            self.heard = (self.heard + 1.0).min(MEMORY_SAMPLES);
            let part = 1.0 / self.heard;
            let before = std::iter::once(&sample).chain(&self.recent);
            for (sum, before) in self.correlation.iter_mut().zip(before) {
                *sum += (sample * before - *sum) * part;
            }
            self.recent.rotate_right(1);
            if let Some(newest) = self.recent.first_mut() {
                *newest = sample;
            }
        }
    }

    /// What it sounds like; silence before anything was heard.
    #[must_use]
    pub fn estimate(&self) -> ComfortNoise {
        let [power, ..] = self.correlation;
        let db = -10.0 * (power / (32_767.0 * 32_767.0)).log10();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 127")]
        let level = db.round().clamp(0.0, 127.0) as u8;
        let mut reflections = [0.0; MAX_ORDER];
        levinson(&self.correlation, &mut reflections);
        ComfortNoise::new(level, reflections.get(..self.order).unwrap_or_default())
    }
}

/// Reflection coefficients from an autocorrelation (Levinson and Durbin). Those after one that would not be stable stay 0.
fn levinson(correlation: &[f64; MAX_ORDER + 1], reflections: &mut [f32; MAX_ORDER]) {
    let mut predictor = [0.0; MAX_ORDER + 1];
    // A little white noise under it all keeps a pure tone from being a filter at the edge of stability.
    let mut error = correlation[0] * 1.000_1 + 1e-9;
    for (i, reflection) in reflections.iter_mut().enumerate() {
        let known = predictor.iter().take(i);
        let past = correlation.iter().take(i + 1).skip(1).rev();
        let sum: f64 = known.zip(past).map(|(a, r)| a * r).sum();
        let k = -(correlation.get(i + 1).copied().unwrap_or_default() + sum) / error;
        if k.is_nan() || k.abs() >= 1.0 {
            return;
        }
        let before = predictor;
        let mirrored = before.iter().take(i).rev();
        for (a, mirrored) in predictor.iter_mut().zip(mirrored) {
            *a += k * mirrored;
        }
        if let Some(new) = predictor.get_mut(i) {
            *new = k;
        }
        error *= 1.0 - k * k;
        #[expect(clippy::cast_possible_truncation, reason = "within 1")]
        {
            *reflection = k as f32;
        }
    }
}

/// Makes noise as a packet describes it, for as long as wanted.
#[derive(Debug, Clone)]
pub struct NoiseGenerator {
    random: u64,
    /// What one sample of the excitation is multiplied with, now and where it goes.
    gain: f32,
    wanted_gain: f32,
    reflections: [f32; MAX_ORDER],
    /// The lattice filter's memory.
    backward: [f32; MAX_ORDER + 1],
}

/// Part of the way to a new loudness that each sample goes: 20 ms at 8 kHz.
const GLIDE: f32 = 1.0 / 160.0;

impl NoiseGenerator {
    /// A silent generator. The noise of two generators with different seeds has nothing to do with each other.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            random: seed ^ 0x9E37_79B9_7F4A_7C15,
            gain: 0.0,
            wanted_gain: 0.0,
            reflections: [0.0; MAX_ORDER],
            backward: [0.0; MAX_ORDER + 1],
        }
    }

    /// Changes the noise, gliding from what it was.
    pub fn set(&mut self, noise: &ComfortNoise) {
        self.reflections = [0.0; MAX_ORDER];
        // What the filter will add in power, the excitation must have less.
        let mut share = 1.0f32;
        for (own, reflection) in self.reflections.iter_mut().zip(noise.reflections()) {
            *own = reflection;
            share *= 1.0 - reflection * reflection;
        }
        let loudness = if noise.level() >= SILENT_LEVEL {
            0.0
        } else {
            32_767.0 * 10f32.powf(-f32::from(noise.level()) / 20.0)
        };
        self.wanted_gain = loudness * share.max(0.0).sqrt();
    }

    /// Fills `out` with noise at the codec's sample rate.
    pub fn fill(&mut self, out: &mut [i16]) {
        for out in out {
            self.gain += (self.wanted_gain - self.gain) * GLIDE;
            *out = saturate(self.filtered());
        }
    }

    fn filtered(&mut self) -> f32 {
        let mut forward = self.uniform() * self.gain;
        // From the highest stage to the lowest; stage i hands its backward value on to stage i + 1 of the next sample.
        for (i, &k) in self.reflections.iter().enumerate().rev() {
            let Some([before, next]) = self.backward.get_mut(i..i + 2) else {
                continue;
            };
            forward -= k * *before;
            *next = k * forward + *before;
        }
        self.backward[0] = forward;
        forward
    }

    /// Of power 1: uniform within ±√3 (SplitMix64).
    fn uniform(&mut self) -> f32 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        // 24 bits, which a float holds.
        let unit = (bits >> 40) as f32 * (2.0 / 16_777_216.0) - 1.0;
        unit * 1.732_050_8
    }
}
