//! Making a stretch of speech one pitch period shorter or longer without a click.
//!
//! Two neighbouring periods of a voiced sound are nearly the same, so fading from one into the other removes or
//! repeats one of them inaudibly. Where no lag fits (a consonant, two voices), the sound is left alone.

/// Shortest period that is cut or repeated: 2.5 ms.
const MIN_LAG: usize = 120;

/// Longest: 10 ms, a voice of 100 Hz.
const MAX_LAG: usize = 480;

/// Likeness of the two periods, −1 to 1, from which the fade is not heard.
const MIN_CORRELATION: f64 = 0.85;

/// Mean square below which anything may be cut: about −57 dB.
const QUIET_POWER: f64 = 50.0 * 50.0;

/// Most samples one call adds.
pub(super) const MAX_STRETCH: usize = MAX_LAG;

/// Removes one period of at most `most` samples from the front of `pcm[..length]`; returns how many are gone.
pub(super) fn accelerate(pcm: &mut [i16], length: usize, most: usize) -> usize {
    let Some(lag) = pcm.get(..length).and_then(|pcm| best_lag(pcm, most)) else {
        return 0;
    };
    for i in 0..lag {
        pcm[i] = fade(pcm[i], pcm[i + lag], i, lag);
    }
    pcm.copy_within(2 * lag..length, lag);
    lag
}

/// Repeats one period of at most `most` samples at the front of `pcm[..length]`; returns how many were added.
/// `pcm` has room for `length + MAX_STRETCH`.
pub(super) fn decelerate(pcm: &mut [i16], length: usize, most: usize) -> usize {
    let Some(lag) = pcm.get(..length).and_then(|pcm| best_lag(pcm, most)) else {
        return 0;
    };
    if length + lag > pcm.len() {
        return 0;
    }
    // First period, a fade from the second back into the first, then everything from the second on.
    pcm.copy_within(lag..length, 2 * lag);
    for i in 0..lag {
        pcm[i + lag] = fade(pcm[i + 2 * lag], pcm[i], i, lag);
    }
    lag
}

/// `from` at position 0 of `length`, `to` behind the last position.
fn fade(from: i16, to: i16, position: usize, length: usize) -> i16 {
    let part = position as f32 / length as f32;
    crate::format::saturate(f32::from(from) + (f32::from(to) - f32::from(from)) * part)
}

fn best_lag(pcm: &[i16], most: usize) -> Option<usize> {
    let longest = most.min(MAX_LAG).min(pcm.len() / 2);
    if longest < MIN_LAG {
        return None;
    }
    if power(pcm) < QUIET_POWER {
        return Some(longest);
    }
    let coarse = best_of(pcm, (MIN_LAG..=longest).step_by(4), 3)?;
    let near = coarse.0.saturating_sub(3).max(MIN_LAG)..=(coarse.0 + 3).min(longest);
    let (lag, correlation) = best_of(pcm, near, 1)?;
    (correlation >= MIN_CORRELATION).then_some(lag)
}

fn best_of(pcm: &[i16], lags: impl Iterator<Item = usize>, stride: usize) -> Option<(usize, f64)> {
    lags.map(|lag| (lag, correlation(pcm, lag, stride)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Normalised correlation of the start of `pcm` with itself `lag` later.
fn correlation(pcm: &[i16], lag: usize, stride: usize) -> f64 {
    let length = (pcm.len() - lag).min(MAX_LAG.max(lag));
    let (mut cross, mut early, mut late) = (0.0, 0.0, 0.0);
    for i in (0..length).step_by(stride) {
        let (a, b) = (f64::from(pcm[i]), f64::from(pcm[i + lag]));
        cross += a * b;
        early += a * a;
        late += b * b;
    }
    if early == 0.0 || late == 0.0 {
        0.0
    } else {
        cross / (early * late).sqrt()
    }
}

fn power(pcm: &[i16]) -> f64 {
    pcm.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / pcm.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(period: f32, length: usize) -> Vec<i16> {
        (0..length)
            .map(|i| crate::format::saturate((i as f32 / period * std::f32::consts::TAU).sin() * 8000.0))
            .collect()
    }

    fn largest_step(pcm: &[i16]) -> i32 {
        pcm.windows(2)
            .map(|w| (i32::from(w[1]) - i32::from(w[0])).abs())
            .max()
            .unwrap()
    }

    #[test]
    fn removes_and_repeats_whole_periods_of_a_tone() {
        let mut pcm = tone(200.0, 960);
        let smooth = largest_step(&pcm) + 20;
        let removed = accelerate(&mut pcm, 960, 480);
        assert!(removed.is_multiple_of(200) && removed > 0, "{removed}");
        assert!(largest_step(&pcm[..960 - removed]) <= smooth);

        let mut pcm = tone(200.0, 960);
        pcm.resize(960 + MAX_STRETCH, 0);
        let added = decelerate(&mut pcm, 960, 480);
        assert!(added.is_multiple_of(200) && added > 0, "{added}");
        assert!(largest_step(&pcm[..960 + added]) <= smooth);
    }

    #[test]
    fn leaves_noise_alone_and_cuts_silence() {
        let mut state = 1u32;
        let mut noise: Vec<i16> = (0..960)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                i16::from_ne_bytes([(state >> 16).to_le_bytes()[0], (state >> 24).to_le_bytes()[0]])
            })
            .collect();
        assert_eq!(accelerate(&mut noise, 960, 480), 0);
        assert_eq!(accelerate(&mut [0; 960], 960, 480), 480);
        assert_eq!(accelerate(&mut [0; 960], 960, 100), 0);
        assert_eq!(decelerate(&mut [0; 960], 960, 480), 0, "no room");
        assert_eq!(accelerate(&mut [0; 10], 960, 480), 0, "wrong length");
    }
}
