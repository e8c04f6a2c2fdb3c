use proptest::prelude::*;

use super::*;
use crate::level::dbov;

fn noise(level: u8, reflections: &[f32], seconds: usize) -> Vec<i16> {
    let mut generator = NoiseGenerator::new(1);
    generator.set(&ComfortNoise::new(level, reflections));
    let mut sound = vec![0; 8000 * seconds];
    generator.fill(&mut sound);
    sound
}

#[test]
fn payloads_are_a_level_and_coefficients() {
    let noise = ComfortNoise::parse(&[40, 127, 0, 254, 128]).unwrap();
    assert_eq!(noise.level(), 40);
    let reflections: Vec<f32> = noise.reflections().collect();
    let edge = 32_766.0 / 32_768.0;
    assert_eq!(reflections, [0.0, -edge, edge, 258.0 / 32_768.0]);
    assert_eq!(noise.to_bytes().as_ref(), [40, 127, 0, 254, 128]);
    assert_eq!(ComfortNoise::parse(&[127]).unwrap().to_bytes().as_ref(), [127]);
    // What is beyond our order is ignored.
    let long = ComfortNoise::parse(&[5; 200]).unwrap();
    assert_eq!(long.reflections().count(), MAX_ORDER);
    assert_eq!(ComfortNoise::parse(&[]), Err(ParseError::Empty));
    assert_eq!(ComfortNoise::parse(&[128]), Err(ParseError::NoiseLevel));
    assert_eq!(
        ComfortNoise::parse(&[7, 1, 255]),
        Err(ParseError::ReflectionCoefficient)
    );
    assert_eq!(
        ComfortNoise::new(200, &[f32::NAN, 5.0, -5.0]).to_bytes().as_ref(),
        [127, 127, 254, 0]
    );
    assert!(NoiseEstimator::new(MAX_ORDER + 1).is_err());
}

#[test]
fn noise_is_as_loud_as_said_whatever_its_colour() {
    for reflections in [&[][..], &[-0.9], &[0.7], &[-0.8, 0.6, 0.1, -0.3], &[0.3; 16]] {
        for level in [20, 40, 60] {
            let sound = noise(level, reflections, 4);
            let found = dbov(&sound[4000..]);
            assert!(
                (found + f32::from(level)).abs() < 1.0,
                "{reflections:?} {level}: {found}"
            );
        }
    }
    assert!(noise(127, &[-0.9], 1).iter().all(|&s| s == 0));
}

#[test]
fn an_estimate_finds_what_a_generator_was_told() {
    for reflections in [&[-0.9, 0.0][..], &[0.5, -0.4], &[-0.8, 0.6, 0.1, -0.3]] {
        let mut estimator = NoiseEstimator::new(8).unwrap();
        estimator.update(&noise(35, reflections, 3));
        let found = estimator.estimate();
        assert!((34..=36).contains(&found.level()), "{found:?}");
        let padded = reflections.iter().copied().chain(std::iter::repeat(0.0));
        for (found, told) in found.reflections().zip(padded) {
            assert!((found - told).abs() < 0.1, "{found} {told}");
        }
    }
}

#[test]
fn the_colour_is_a_matter_of_sign() {
    // Low noise (each sample like the one before) has a negative first coefficient.
    let low = noise(30, &[-0.9], 1);
    let turns = low.windows(2).filter(|p| (p[0] < 0) != (p[1] < 0)).count();
    let high = noise(30, &[0.9], 1);
    let more = high.windows(2).filter(|p| (p[0] < 0) != (p[1] < 0)).count();
    assert!(turns < 1600 && more > 6400, "{turns} {more}");
}

#[test]
fn loudness_glides() {
    let mut generator = NoiseGenerator::new(3);
    generator.set(&ComfortNoise::new(20, &[]));
    let mut sound = vec![0; 1600];
    generator.fill(&mut sound);
    // Not there at once, all there after a tenth of a second.
    assert!(dbov(&sound[..16]) < -38.0 && dbov(&sound[800..]) > -21.0);
}

#[test]
fn silence_and_tones_have_an_estimate() {
    let estimator = NoiseEstimator::new(10).unwrap();
    assert_eq!(estimator.estimate().to_bytes().as_ref(), [127; 11]);
    let mut estimator = NoiseEstimator::new(10).unwrap();
    estimator.update(&[0; 500]);
    assert_eq!(estimator.estimate().level(), 127);
    estimator.update(&[i16::MIN; 5000]);
    let found = estimator.estimate();
    assert!(found.level() <= 1 && found.reflections().all(|k| k.abs() < 1.0));
}

proptest! {
    #[test]
    fn any_payload_makes_bounded_noise(payload in proptest::collection::vec(0u8..255, 1..40)) {
        if let Ok(noise) = ComfortNoise::parse(&payload) {
            let again = ComfortNoise::parse(noise.to_bytes().as_ref()).unwrap();
            prop_assert_eq!(noise, again);
            let requantised = ComfortNoise::new(noise.level(), &noise.reflections().collect::<Vec<_>>());
            prop_assert_eq!(noise, requantised);
            let mut generator = NoiseGenerator::new(9);
            generator.set(&noise);
            generator.fill(&mut [0; 400]);
            prop_assert!(generator.backward.iter().all(|b| b.is_finite()));
        }
    }
}
