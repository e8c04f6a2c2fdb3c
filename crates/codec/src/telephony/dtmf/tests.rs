use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::container::{ReadLimits, wav};

/// A key's tones, made without the generator: frequencies off by a factor, amplitudes of the two, length in ms.
fn tones(key: char, factor: f64, amplitudes: [f64; 2], ms: u32, rate: u32) -> Vec<i16> {
    let row = KEYS.iter().position(|row| row.contains(&key)).unwrap();
    let column = KEYS[row].iter().position(|&k| k == key).unwrap();
    let frequencies = [ROWS_HZ[row], COLUMNS_HZ[column]].map(|hz| hz * factor);
    (0..rate * ms / 1000)
        .map(|i| {
            let t = f64::from(i) / f64::from(rate) * TAU;
            let sum = (t * frequencies[0]).sin() * amplitudes[0] + (t * frequencies[1]).sin() * amplitudes[1];
            #[expect(clippy::cast_possible_truncation, reason = "a sample")]
            saturate(sum as f32)
        })
        .collect()
}

/// The keys heard, each with its length in milliseconds.
fn heard(samples: &[i16], rate: u32) -> Vec<(char, u64)> {
    let mut detector = Detector::new(rate).unwrap();
    let mut keys = Vec::new();
    let mut down = None;
    // In pieces that fit nothing.
    for piece in samples.chunks(77) {
        detector.feed(piece);
        while let Some(heard) = detector.poll() {
            match heard {
                Heard::Pressed { event, .. } => assert_eq!(down.replace(event), None),
                Heard::Released { event, samples } => {
                    assert_eq!(down.take(), Some(event));
                    keys.push((event.digit().unwrap(), samples * 1000 / u64::from(rate)));
                }
            }
        }
    }
    assert_eq!(down, detector.pressed());
    keys
}

fn with_silence(samples: &[i16], rate: u32) -> Vec<i16> {
    let pause = vec![0; rate as usize / 20];
    [&pause, samples, &pause].concat()
}

#[test]
fn all_keys_are_heard_at_all_rates() {
    for rate in [8_000, 11_025, 16_000, 44_100, 48_000] {
        let mut sound = Vec::new();
        let keys = "1234567890*#ABCD";
        for key in keys.chars() {
            let mut generator = ToneGenerator::new(Event::from_digit(key).unwrap(), rate).unwrap();
            let mut tone = vec![0; rate as usize / 10];
            generator.fill(&mut tone);
            sound.extend(tone);
            let mut pause = vec![7; rate as usize / 20];
            generator.finish(&mut pause);
            assert_eq!(pause.last(), Some(&0));
            sound.extend(pause);
        }
        let found = heard(&sound, rate);
        assert_eq!(found.iter().map(|(key, _)| key).collect::<String>(), keys);
        assert!(
            found.iter().all(|(_, ms)| (75..=115).contains(ms)),
            "{rate}: {found:?}"
        );
    }
}

#[test]
fn short_tones_are_heard_and_very_short_ones_are_not() {
    for offset in 0..20 {
        let mut sound = vec![0; offset * 7];
        sound.extend(with_silence(&tones('5', 1.0, [5000.0; 2], 40, 8_000), 8_000));
        assert_eq!(heard(&sound, 8_000).len(), 1, "{offset}");
        let mut sound = vec![0; offset * 7];
        sound.extend(with_silence(&tones('5', 1.0, [5000.0; 2], 12, 8_000), 8_000));
        assert_eq!(heard(&sound, 8_000), [], "{offset}");
    }
}

#[test]
fn a_drop_of_ten_milliseconds_is_no_second_key() {
    for at in 300..450 {
        let mut tone = tones('8', 1.0, [5000.0; 2], 100, 8_000);
        tone[at..at + 80].fill(0);
        let found = heard(&with_silence(&tone, 8_000), 8_000);
        assert_eq!(found.len(), 1, "{at}: {found:?}");
    }
}

#[test]
fn a_pause_of_forty_milliseconds_makes_two_keys() {
    for offset in 0..120 {
        let tone = tones('8', 1.0, [5000.0; 2], 60, 8_000);
        let sound = [&vec![0; offset][..], &tone, &[0; 320], &tone, &[0; 400]].concat();
        assert_eq!(heard(&sound, 8_000).len(), 2, "{offset}");
    }
}

#[test]
fn tones_may_be_a_little_off_and_unequal() {
    for key in "159D".chars() {
        for factor in [0.985, 1.0, 1.015] {
            for amplitudes in [
                [5000.0; 2],
                [3500.0, 7000.0],
                [7000.0, 3500.0],
                [300.0; 2],
                [16_000.0; 2],
            ] {
                let sound = with_silence(&tones(key, factor, amplitudes, 60, 8_000), 8_000);
                let found = heard(&sound, 8_000);
                assert_eq!(
                    found.first().map(|f| f.0),
                    Some(key),
                    "{key} {factor} {amplitudes:?}"
                );
                assert_eq!(found.len(), 1);
            }
        }
    }
    // One tone is no key, nor are two of which one is hardly there, or too soft ones.
    for amplitudes in [[8000.0, 0.0], [0.0, 8000.0], [8000.0, 1500.0], [100.0; 2]] {
        let sound = with_silence(&tones('5', 1.0, amplitudes, 100, 8_000), 8_000);
        assert_eq!(heard(&sound, 8_000), [], "{amplitudes:?}");
    }
    // Far off is none.
    assert_eq!(
        heard(
            &with_silence(&tones('D', 1.05, [5000.0; 2], 100, 8_000), 8_000),
            8_000
        ),
        []
    );
}

#[test]
fn speech_and_noise_are_no_keys_and_noise_does_not_hide_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../anteroom/assets/speech.wav");
    let speech = wav::open(path, ReadLimits::default()).unwrap();
    assert_eq!(heard(&speech, 48_000), []);
    let mut rng = StdRng::seed_from_u64(4);
    let noise: Vec<i16> = (0..80_000).map(|_| rng.random_range(-9000..9000)).collect();
    assert_eq!(heard(&noise, 8_000), []);
    // 15 dB below each tone.
    let noisy: Vec<i16> = with_silence(&tones('6', 1.0, [6000.0; 2], 80, 8_000), 8_000)
        .iter()
        .map(|&s| s + rng.random_range(-1300..1300))
        .collect();
    assert_eq!(heard(&noisy, 8_000).len(), 1);
}

#[test]
fn tones_come_and_go_without_a_click() {
    let mut generator = ToneGenerator::new(Event::STAR, 48_000).unwrap();
    let (mut tone, mut end) = (vec![0; 4800], vec![0; 480]);
    generator.fill(&mut tone);
    generator.finish(&mut end);
    tone.extend(end);
    let peak = tone.iter().map(|s| s.unsigned_abs()).max().unwrap();
    assert!((14_000..=16_400).contains(&peak), "{peak}");
    // No step larger than what the two tones make themselves.
    let step = tone.windows(2).map(|p| p[1].abs_diff(p[0])).max().unwrap();
    assert!(step < 2400, "{step}");
}

#[test]
fn refuses_what_has_no_tones() {
    assert!(ToneGenerator::new(Event::FLASH, 8_000).is_err());
    for rate in [0, 7_999, 48_001] {
        assert!(ToneGenerator::new(Event::STAR, rate).is_err());
        assert!(Detector::new(rate).is_err());
    }
}
