//! Is this recording that speech?
//!
//! [`similarity`](similarity()) compares a recording with the original it should contain: it finds where the original starts,
//! then compares window by window in the telephone band, allowing each window to have moved a little (a jitter
//! buffer shortens and lengthens sound). What a codec, a few lost packets, or another volume do to speech passes;
//! silence, noise, other speech, holes and gross distortion do not.
//!
//! ```
//! use anteroom_codec::similarity::{SAME_SPEECH, similarity};
//! # let original: Vec<i16> = (0..96_000u32).map(|i| {
//! #     let t = f64::from(i) / 48_000.0;
//! #     ((2.0 * std::f64::consts::PI * (300.0 + 400.0 * t) * t).sin() * 8000.0) as i16 }).collect();
//! let mut recorded = vec![0; 12_345];
//! recorded.extend(&original);
//! let found = similarity(&original, &recorded);
//! assert!(found.score > SAME_SPEECH);
//! assert!((found.lag_samples - 12_345).abs() < 100);
//! ```

mod band;
mod compare;
mod fft;

pub use compare::{SAME_SPEECH, Similarity, similarity};

/// Root mean square of the samples in decibels relative to full scale; negative infinity for silence.
#[must_use]
pub fn rms_dbfs(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|&s| (f64::from(s) / 32_768.0).powi(2)).sum();
    10.0 * (sum / samples.len().max(1) as f64).log10()
}
