//! The band that is compared: 200 to 3600 Hz, at 8 kHz. Below, codecs cut and shift phases; above, at low rates,
//! they invent.

use std::f64::consts::PI;

/// 48 kHz to 8 kHz.
pub(super) const DECIMATION: usize = 6;

/// Filter length is twice this and one, at 48 kHz.
const HALF: usize = 360;

const LOW_HZ: f64 = 200.0;
const HIGH_HZ: f64 = 3600.0;

/// Band-passes and decimates; sample *n* of the result stands at sample 6·*n* of the input.
pub(super) fn band(samples: &[i16]) -> Vec<f64> {
    let taps = taps();
    (0..samples.len().div_ceil(DECIMATION))
        .map(|n| {
            let centre = n * DECIMATION;
            let from = centre.saturating_sub(HALF);
            let to = (centre + HALF + 1).min(samples.len());
            let first_tap = HALF - (centre - from);
            samples[from..to]
                .iter()
                .zip(&taps[first_tap..])
                .map(|(&s, tap)| f64::from(s) / 32_768.0 * tap)
                .sum()
        })
        .collect()
}

/// The difference of two windowed low-passes.
fn taps() -> Vec<f64> {
    let low_pass = |hz: f64, t: f64| {
        let width = 2.0 * hz / 48_000.0;
        if t == 0.0 {
            width
        } else {
            (PI * width * t).sin() / (PI * t)
        }
    };
    (0..=2 * HALF)
        .map(|i| {
            let t = i as f64 - HALF as f64;
            let window = 0.5 + 0.5 * (PI * t / (HALF as f64 + 1.0)).cos();
            (low_pass(HIGH_HZ, t) - low_pass(LOW_HZ, t)) * window
        })
        .collect()
}
