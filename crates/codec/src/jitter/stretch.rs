//! Making a stretch of speech one pitch period shorter or longer without a click.
//!
//! Two neighbouring periods of a voiced sound are nearly the same, so fading from one into the other removes or
//! repeats one of them inaudibly. Where no lag fits (a consonant, two voices), the sound is left alone.

/// Shortest period that is cut or repeated: 2.5 ms.
const MIN_LAG: usize = 120;

/// Longest: 15 ms, a voice of 67 Hz.
const MAX_LAG: usize = 720;

/// At least this much is compared: 10 ms.
const WINDOW: usize = 480;

/// Likeness of the two periods, −1 to 1, from which the fade is not heard. In a pause, anything may be cut.
const MIN_CORRELATION: f32 = 0.85;

/// Most samples one call adds.
pub(super) const MAX_STRETCH: usize = MAX_LAG;

/// Removes one period of at most `most` samples from the front of `pcm[..length]`; returns how many are gone.
pub(super) fn accelerate(pcm: &mut [i16], length: usize, most: usize, quiet: bool) -> usize {
    let Some(lag) = pcm
        .get(..length)
        .and_then(|pcm| best_lag_within(pcm, most, quiet))
    else {
        return 0;
    };
    for i in 0..lag {
        pcm[i] = fade(pcm[i], pcm[i + lag], i, lag);
    }
    pcm.copy_within(2 * lag..length, lag);
    lag
}

/// Puts a period of at most `most` samples before `pcm[..length]`, which is heard right after `before`; returns how many
/// samples were added. `pcm` has room for `length + MAX_STRETCH`.
pub(super) fn decelerate(before: &[i16], pcm: &mut [i16], length: usize, most: usize, quiet: bool) -> usize {
    let Some(lag) = pcm
        .get(..length)
        .and_then(|pcm| best_lag(before, pcm, most, quiet))
    else {
        return 0;
    };
    let Some(last) = before
        .len()
        .checked_sub(lag)
        .filter(|_| length + lag <= pcm.len())
    else {
        return 0;
    };
    // It starts as what was to come, and becomes what was just heard, which leads to what is to come.
    pcm.copy_within(..length, lag);
    for (i, &heard) in before[last..].iter().enumerate() {
        pcm[i] = fade(pcm[lag + i], heard, i, lag);
    }
    lag
}

/// `from` at position 0 of `length`, `to` behind the last position.
fn fade(from: i16, to: i16, position: usize, length: usize) -> i16 {
    let part = position as f32 / length as f32;
    crate::format::saturate(f32::from(from) + (f32::from(to) - f32::from(from)) * part)
}

/// The length of the period by which the first one of `pcm` is most like the second.
fn best_lag_within(pcm: &[i16], most: usize, quiet: bool) -> Option<usize> {
    best_period(pcm, 0, most.min(pcm.len() / 2), quiet)
}

/// The length of the period by which the end of `before` is most like the start of `after`.
fn best_lag(before: &[i16], after: &[i16], most: usize, quiet: bool) -> Option<usize> {
    let mut joined = [0; 3 * MAX_LAG];
    let before = before.last_chunk::<MAX_LAG>()?;
    let after = after.get(..2 * MAX_LAG).unwrap_or(after);
    joined[..MAX_LAG].copy_from_slice(before);
    joined[MAX_LAG..MAX_LAG + after.len()].copy_from_slice(after);
    best_period(
        &joined[..MAX_LAG + after.len()],
        MAX_LAG,
        most.min(after.len()),
        quiet,
    )
}

/// Looks for the lag by which `pcm` is most like itself: around `place`, or from there on, if that is the start.
fn best_period(pcm: &[i16], place: usize, most: usize, quiet: bool) -> Option<usize> {
    let longest = most.min(MAX_LAG);
    if longest < MIN_LAG {
        return None;
    }
    if quiet {
        return Some(longest);
    }
    let start = |lag: usize| place.saturating_sub(lag);
    let likeness = |lag: usize, stride| {
        let first = &pcm[start(lag)..];
        let second = &first[lag..];
        correlation(first, second.get(..lag.max(WINDOW)).unwrap_or(second), stride)
    };
    let coarse = best_of((MIN_LAG..=longest).step_by(4), |lag| likeness(lag, 4))?;
    let near = coarse.0.saturating_sub(3).max(MIN_LAG)..=(coarse.0 + 3).min(longest);
    let (lag, correlation) = best_of(near, |lag| likeness(lag, 1))?;
    (correlation >= MIN_CORRELATION).then_some(lag)
}

fn best_of(lags: impl Iterator<Item = usize>, likeness: impl Fn(usize) -> f32) -> Option<(usize, f32)> {
    lags.map(|lag| (lag, likeness(lag)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Normalised correlation of two pieces, as far as the shorter one goes, −1 to 1.
fn correlation(a: &[i16], b: &[i16], stride: usize) -> f32 {
    let (mut cross, mut early, mut late) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b).step_by(stride) {
        let (a, b) = (f32::from(*a), f32::from(*b));
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
        let removed = accelerate(&mut pcm, 960, 480, false);
        assert!(removed.is_multiple_of(200) && removed > 0, "{removed}");
        assert!(largest_step(&pcm[..960 - removed]) <= smooth);

        let all = tone(200.0, 960 + 730);
        let (before, after) = all.split_at(730);
        let mut pcm = after.to_vec();
        pcm.resize(960 + MAX_STRETCH, 0);
        let added = decelerate(before, &mut pcm, 960, 480, false);
        assert!(added.is_multiple_of(200) && added > 0, "{added}");
        let heard = [before, &pcm[..960 + added]].concat();
        assert!(largest_step(&heard) <= smooth);
        assert_eq!(heard[730 + added..], all[730..], "what was to come comes later");
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
        assert_eq!(accelerate(&mut noise, 960, 480, false), 0);
        assert_eq!(accelerate(&mut [0; 960], 960, 480, true), 480);
        assert_eq!(accelerate(&mut [0; 960], 960, 100, true), 0);
        assert_eq!(decelerate(&[0; 960], &mut [0; 960], 960, 480, true), 0, "no room");
        assert_eq!(
            decelerate(&[0; 50], &mut [0; 1920], 960, 480, true),
            0,
            "nothing before"
        );
        assert_eq!(accelerate(&mut [0; 10], 960, 480, true), 0, "wrong length");
    }
}
