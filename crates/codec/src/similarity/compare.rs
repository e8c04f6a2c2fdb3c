//! The comparison itself.

use super::{
    band::{DECIMATION, band},
    fft::cross_correlation,
};

/// The least [`Similarity::score`] of a recording that contains the original.
pub const SAME_SPEECH: f64 = 0.6;

/// Compared at a time: 400 ms at 8 kHz.
const WINDOW: usize = 3200;

/// From one window to the next: half a window.
const HOP: usize = WINDOW / 2;

/// How far a window may have moved from the global lag: 200 ms.
const MOVE: usize = 1600;

/// Windows this much quieter than the loudest are pauses and not compared: 20 dB, as a ratio of energies.
const PAUSE: f64 = 0.01;

/// Energies are compared in slots of 10 ms.
const SLOT: usize = 80;

/// The result of [`similarity`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    /// Where the original starts in the recording, in samples at 48 kHz, to about 6; negative when the beginning is
    /// cut off.
    pub lag_samples: i64,
    /// 0 (nothing in common) to 1 (identical up to volume). The part of the energy that the original explains,
    /// weighted with energy and lowered by holes and clipping. Compare with [`SAME_SPEECH`].
    pub score: f64,
    /// Windows with speech in them that were compared.
    pub windows: usize,
    /// Part of those windows that score more than half, 0 to 1.
    pub matched_fraction: f64,
    /// How much louder the recording is, in decibels; negative infinity when it is silent.
    pub level_difference_db: f64,
}

impl Similarity {
    const NOTHING: Self = Self {
        lag_samples: 0,
        score: 0.0,
        windows: 0,
        matched_fraction: 0.0,
        level_difference_db: f64::NEG_INFINITY,
    };

    /// Whether the recording contains the original: score above [`SAME_SPEECH`] and four windows of five match.
    #[must_use]
    pub fn is_same_speech(&self) -> bool {
        self.score > SAME_SPEECH && self.matched_fraction > 0.8
    }
}

/// Compares a recording with the original it should contain; both 48 kHz mono.
///
/// The original should have a second of speech at least. Takes well under a second for a recording of a minute.
#[must_use]
pub fn similarity(original: &[i16], recorded: &[i16]) -> Similarity {
    let (original, recorded) = (band(original), band(recorded));
    let correlation = cross_correlation(&recorded, &original);
    let Some((peak, _)) = correlation.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)) else {
        return Similarity::NOTHING;
    };
    let lag = peak as i64 - (original.len() as i64 - 1);
    let starts = (0..=original.len().saturating_sub(WINDOW)).step_by(HOP);
    let windows: Vec<&[f64]> = starts
        .clone()
        .filter_map(|start| original.get(start..start + WINDOW))
        .collect();
    let loudest = windows.iter().map(|window| energy(window)).fold(0.0, f64::max);
    let (mut weights, mut score, mut matched, mut compared) = (0.0, 0.0, 0, 0);
    let (mut energy_original, mut energy_recorded) = (0.0, 0.0);
    for (start, window) in starts.zip(windows) {
        let weight = energy(window);
        if weight <= 0.0 || weight < loudest * PAUSE {
            continue;
        }
        let found = best_match(window, &recorded, start as i64 + lag);
        weights += weight;
        score += weight * found.score;
        compared += 1;
        matched += usize::from(found.score > 0.5);
        energy_original += weight;
        energy_recorded += found.energy;
    }
    if compared == 0 {
        return Similarity::NOTHING;
    }
    Similarity {
        lag_samples: lag * DECIMATION as i64,
        score: score / weights,
        windows: compared,
        matched_fraction: f64::from(u32::try_from(matched).unwrap_or(u32::MAX)) / compared as f64,
        level_difference_db: 10.0 * (energy_recorded / energy_original).log10(),
    }
}

struct Match {
    score: f64,
    /// Energy of the recording where the window was found.
    energy: f64,
}

/// Finds the window near `position` in the recording.
fn best_match(window: &[f64], recorded: &[f64], position: i64) -> Match {
    // What lies outside of the recording is silence.
    let at = |index: i64| {
        usize::try_from(index)
            .ok()
            .and_then(|i| recorded.get(i))
            .copied()
            .unwrap_or(0.0)
    };
    let from = position - MOVE as i64;
    let area: Vec<f64> = (from..from + (WINDOW + 2 * MOVE) as i64).map(at).collect();
    let own = energy(window);
    // Entry (WINDOW - 1) + s is the shift s.
    let products = cross_correlation(&area, window);
    let mut sliding = energy(&area[..WINDOW]);
    let mut best = (0.0, 0, 0.0);
    for shift in 0..=2 * MOVE {
        if shift > 0 {
            sliding += area[shift + WINDOW - 1].powi(2) - area[shift - 1].powi(2);
        }
        let product = products[WINDOW - 1 + shift].max(0.0);
        // The tiny term keeps the rounding of a sliding sum over digital silence from looking like a match.
        let explained = product * product / (own * sliding.max(0.0) + own * own * 1e-9);
        if explained > best.0 {
            best = (explained, shift, sliding.max(0.0));
        }
    }
    let (mut explained, shift, energy) = best;
    if explained > 0.0 {
        explained *= between(&products, WINDOW - 1 + shift).powi(2);
    }
    let gain = if energy > 0.0 { (energy / own).sqrt() } else { 0.0 };
    let found = &area[shift..shift + WINDOW];
    let holes = holes(window, found, gain);
    let flattened = (peakedness(found) / peakedness(window)).clamp(0.0, 1.0);
    Match {
        score: explained.min(1.0) * (1.0 - holes) * flattened.sqrt(),
        energy,
    }
}

/// How much higher than at `peak` the curve is at its true top between the samples: that of the parabola through
/// the three points, 1 or little more. A recording starts between two of our samples as a rule.
fn between(curve: &[f64], peak: usize) -> f64 {
    let Some(&[before, top, after]) = peak
        .checked_sub(1)
        .and_then(|i| curve.get(i..)?.first_chunk::<3>())
    else {
        return 1.0;
    };
    let bend = before - 2.0 * top + after;
    if before > top || after > top || bend >= 0.0 {
        return 1.0;
    }
    1.0 - (before - after).powi(2) / (8.0 * bend * top)
}

/// Fourth moment over the square of the second: 5 to 10 for speech, 1 for what is clipped to a square wave.
fn peakedness(samples: &[f64]) -> f64 {
    let square = energy(samples);
    let fourth: f64 = samples.iter().map(|s| s.powi(4)).sum();
    if square > 0.0 {
        fourth * samples.len() as f64 / (square * square)
    } else {
        0.0
    }
}

/// Part of the slots that speak in the original and are at least 15 dB too quiet in the recording.
fn holes(window: &[f64], found: &[f64], gain: f64) -> f64 {
    let loudest = window.chunks_exact(SLOT).map(energy).fold(0.0, f64::max);
    let (mut speaking, mut missing) = (0.0, 0.0);
    for (original, found) in window.chunks_exact(SLOT).zip(found.chunks_exact(SLOT)) {
        let expected = energy(original);
        if expected > loudest * PAUSE {
            speaking += 1.0;
            if energy(found) < expected * gain * gain * 0.03 {
                missing += 1.0;
            }
        }
    }
    if speaking > 0.0 { missing / speaking } else { 0.0 }
}

fn energy(samples: &[f64]) -> f64 {
    samples.iter().map(|s| s * s).sum()
}
