use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::{FRAME_SAMPLES, similarity::rms_dbfs};

fn speech() -> Vec<i16> {
    crate::container::wav::open(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../anteroom/assets/speech.wav"),
        crate::container::ReadLimits::default(),
    )
    .unwrap()
}

/// Noise of the given mean level; `colour` 0 is white, and the closer to 1 the more it rumbles.
pub(crate) fn noise(seed: u64, length: usize, dbfs: f64, colour: f64) -> Vec<i16> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut state = 0.0;
    let raw: Vec<f64> = (0..length)
        .map(|_| {
            let white: f64 = (0..6).map(|_| random.random_range(-1.0..1.0)).sum();
            state = colour * state + white;
            state
        })
        .collect();
    let rms = (raw.iter().map(|s| s * s).sum::<f64>() / length as f64).sqrt();
    let scale = 10_f64.powf(dbfs / 20.0) * 32_768.0 / rms;
    #[expect(clippy::cast_possible_truncation, reason = "saturating is meant")]
    raw.iter().map(|s| (s * scale).round() as i16).collect()
}

/// The speech with its mean level (pauses included) at `dbfs`.
pub(crate) fn at_level(samples: &[i16], dbfs: f64) -> Vec<i16> {
    let factor = 10_f64.powf((dbfs - rms_dbfs(samples)) / 20.0);
    #[expect(clippy::cast_possible_truncation, reason = "saturating is meant")]
    samples
        .iter()
        .map(|&s| (f64::from(s) * factor).round() as i16)
        .collect()
}

pub(crate) fn sum(a: &[i16], b: &[i16]) -> Vec<i16> {
    a.iter().zip(b).map(|(a, b)| a.saturating_add(*b)).collect()
}

#[test]
fn full_scale_square_is_zero_and_silence_is_127() {
    assert_eq!(audio_level_dbov(&[32_767, -32_767, 32_767, -32_767]), 0);
    assert_eq!(audio_level_dbov(&[i16::MIN; 480]), 0);
    assert_eq!(audio_level_dbov(&[0; 480]), 127);
    assert_eq!(audio_level_dbov(&[]), 127);
    assert_eq!(audio_level_dbov(&[1; 480]), 90);
}

#[test]
fn full_scale_sine_is_three_decibels_down() {
    let sine: Vec<i16> = (0..48_000)
        .map(|i| crate::format::saturate((i as f32 * 0.05).sin() * 32_767.0))
        .collect();
    assert_eq!(audio_level_dbov(&sine), 3);
}

#[test]
fn meter_rises_at_once_and_falls_at_its_rate() {
    let mut meter = LevelMeter::new();
    assert_eq!(meter.level(), 127);
    meter.update_level(10, Duration::from_millis(20));
    assert_eq!(meter.level(), 10);
    for _ in 0..50 {
        meter.update(&[0; 480]);
    }
    assert!((meter.dbov() + 30.0).abs() < 0.1, "{}", meter.dbov());
    assert!((meter.fraction() - 0.5).abs() < 0.01);
}

fn voice_frames(detector: &mut VoiceDetector, samples: &[i16]) -> Vec<bool> {
    samples
        .chunks_exact(FRAME_SAMPLES)
        .map(|frame| detector.update(frame).voice)
        .collect()
}

fn share(flags: &[bool]) -> f64 {
    flags.iter().filter(|flag| **flag).count() as f64 / flags.len() as f64
}

#[test]
fn the_noise_of_a_room_is_no_voice() {
    for (seed, (level, colour)) in [
        (-70.0, 0.0),
        (-60.0, 0.0),
        (-60.0, 0.95),
        (-45.0, 0.5),
        (-45.0, 0.99),
    ]
    .into_iter()
    .enumerate()
    {
        let mut detector = VoiceDetector::new();
        let flags = voice_frames(&mut detector, &noise(seed as u64, 48_000 * 20, level, colour));
        let after = share(&flags[400..]);
        assert!(after < 0.02, "{level} dBFS, colour {colour}: {after}");
        assert!(
            (f64::from(detector.noise_dbov()) - level).abs() < 3.0,
            "{level} {}",
            detector.noise_dbov()
        );
    }
}

#[test]
fn silence_is_no_voice() {
    let mut detector = VoiceDetector::new();
    assert_eq!(
        detector.update(&[0; 960]),
        Activity {
            level: 127,
            voice: false
        }
    );
    assert!(share(&voice_frames(&mut detector, &noise(1, 48_000, -85.0, 0.0))) < 0.01);
}

/// Every 10 ms in which the clean speech is less than 35 dB below its mean.
#[test]
fn quiet_speech_is_voice() {
    let speech = speech();
    for (level, floor) in [
        (-20.0, -60.0),
        (-32.0, -60.0),
        (-45.0, -75.0),
        (-45.0, -60.0),
        (-30.0, -45.0),
    ] {
        let clean = at_level(&speech, level);
        let lead = 48_000 * 4;
        let mut sound = noise(3, lead + clean.len(), floor, 0.5);
        let mixed = sum(&clean, &sound[lead..]);
        sound[lead..].copy_from_slice(&mixed);
        let mut detector = VoiceDetector::new();
        let flags = &voice_frames(&mut detector, &sound)[lead / FRAME_SAMPLES..];
        let audible = (floor + 3.0).max(level - 35.0);
        let spoken: Vec<bool> = clean
            .chunks_exact(FRAME_SAMPLES)
            .map(|f| rms_dbfs(f) > audible)
            .collect();
        let missed = spoken
            .iter()
            .zip(flags)
            .filter(|(spoken, flag)| **spoken && !**flag)
            .count();
        let total = spoken.iter().filter(|spoken| **spoken).count();
        println!(
            "{level} over {floor}: missed {missed} of {total}, voice {:.2}",
            share(flags)
        );
        assert!(missed * 100 <= total, "{level} over {floor}: {missed} of {total}");
    }
}

#[test]
fn what_is_loud_is_voice_however_long_it_lasts() {
    let mut detector = VoiceDetector::new();
    let flags = voice_frames(&mut detector, &noise(5, 48_000 * 10, -25.0, 0.3));
    assert!(share(&flags) > 0.999);
}

#[test]
fn the_level_is_that_of_the_rfc() {
    let mut detector = VoiceDetector::new();
    for frame in speech().chunks_exact(960) {
        let exact = dbov(frame);
        let found = detector.update(frame).level;
        assert!(
            (f32::from(found) + exact.max(-127.0)).abs() < 0.501,
            "{found} {exact}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn any_cut_gives_the_same(lengths in proptest::collection::vec(0usize..1500, 1..60)) {
        let sound = sum(&speech()[48_000..], &noise(9, 96_000, -50.0, 0.5));
        let (mut whole, mut cut) = (VoiceDetector::new(), VoiceDetector::new());
        let mut at = 0;
        for length in lengths {
            cut.update(&sound[at..at + length]);
            at += length;
        }
        for frame in sound[..at].chunks_exact(FRAME_SAMPLES) {
            whole.update(frame);
        }
        prop_assert_eq!(whole.noise_dbov(), cut.noise_dbov());
        let next = &sound[at..at + FRAME_SAMPLES - at % FRAME_SAMPLES];
        prop_assert_eq!(
            whole.update(&sound[at - at % FRAME_SAMPLES..][..FRAME_SAMPLES]),
            cut.update(next)
        );
    }
}
