use super::*;

fn sine(rate: u32, hz: f64, seconds: f64) -> Vec<i16> {
    let step = hz * std::f64::consts::TAU / f64::from(rate);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small test numbers"
    )]
    let n = (f64::from(rate) * seconds) as u32;
    #[expect(clippy::cast_possible_truncation, reason = "small test numbers")]
    (0..n)
        .map(|i| saturate(((f64::from(i) * step).sin() * 10_000.0) as f32))
        .collect()
}

#[test]
fn keeps_a_tone_in_place_at_every_common_and_odd_rate() {
    for rate in [
        8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 44_099, 48_000, 96_000, 192_000,
    ] {
        let input = sine(rate, 440.0, 0.5);
        let out = Resampler::convert(rate, &input).unwrap();
        let expected = sine(48_000, 440.0, 0.5);
        let length = (input.len() as u64 * 48_000).div_ceil(u64::from(rate));
        assert_eq!(out.len() as u64, length, "{rate}");
        // The edges ring; between them the tone must be where it was, to half a sample.
        let worst = (2_000..20_000)
            .map(|i| i32::from(out[i]) - i32::from(expected[i]))
            .map(i32::abs)
            .max();
        assert!(worst.unwrap() < 300, "{rate}: {worst:?}");
    }
}

#[test]
fn chunking_does_not_matter() {
    let input = sine(44_100, 700.0, 0.3);
    let whole = Resampler::convert(44_100, &input).unwrap();
    let mut resampler = Resampler::new(44_100).unwrap();
    let mut pieces = Vec::new();
    for piece in input.chunks(97) {
        resampler.process(piece, &mut pieces).unwrap();
    }
    resampler.finish(&mut pieces).unwrap();
    assert_eq!(whole, pieces);
}

#[test]
fn refuses_rates_out_of_range_and_takes_nothing() {
    for rate in [0, 1, 7_999, 192_001, u32::MAX] {
        assert!(matches!(Resampler::new(rate), Err(Error::Setting(_))), "{rate}");
    }
    assert_eq!(Resampler::convert(8_000, &[]).unwrap(), []);
    assert_eq!(Resampler::convert(16_000, &[0]).unwrap().len(), 3);
}

/// Gain in decibels, and the power of everything else relative to the tone's, of a tone that went through; computed by
/// fitting sine and cosine over whole seconds.
fn response(input_hz: u32, output_hz: u32, tone_hz: f64) -> (f64, f64) {
    let mut resampler = BlockResampler::new(input_hz, output_hz).unwrap();
    let input = sine(input_hz, tone_hz, 1.5);
    let mut out = vec![0; input.len() / resampler.input_block() * resampler.output_block()];
    resampler.process(&input, &mut out).unwrap();
    analyse(
        &out[output_hz as usize / 4..output_hz as usize * 5 / 4],
        output_hz,
        tone_hz,
    )
}

fn analyse(samples: &[i16], rate: u32, tone_hz: f64) -> (f64, f64) {
    let step = tone_hz * std::f64::consts::TAU / f64::from(rate);
    let n = samples.len() as f64;
    let (mut re, mut im, mut total) = (0.0, 0.0, 0.0);
    for (i, &s) in samples.iter().enumerate() {
        let s = f64::from(s);
        re += s * (i as f64 * step).cos();
        im += s * (i as f64 * step).sin();
        total += s * s;
    }
    let tone = 2.0 * (re * re + im * im) / (n * n) * n;
    let reference = 10_000.0f64 * 10_000.0 / 2.0 * n;
    (
        10.0 * (tone / reference).log10(),
        10.0 * ((total - tone).max(1e-9) / reference).log10(),
    )
}

/// (lower rate, highest tone that passes whole, lowest of the tones that must not pass)
const BANDS: [(u32, f64, f64); 4] = [
    (8_000, 3_400.0, 4_000.0),
    (16_000, 7_400.0, 8_000.0),
    (24_000, 11_200.0, 12_000.0),
    (44_100, 20_900.0, 22_100.0),
];

#[test]
fn blocks_pass_the_band_and_nothing_else() {
    for (rate, passes, stops) in BANDS {
        for (from, to) in [(rate, 48_000), (48_000, rate)] {
            for part in [0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] {
                let hz = (passes * part).round();
                let (gain, rest) = response(from, to, hz);
                assert!(gain.abs() < 0.3, "{from} to {to}, {hz} Hz: {gain} dB");
                // The rounding to 16 bits of a tone 10 dB down is at −88 dB of it, twice: in and out.
                assert!(
                    (-215.0..-80.0).contains(&rest),
                    "{from} to {to}, {hz} Hz: noise at {rest} dB"
                );
            }
        }
        // Down: what the lower rate cannot hold is gone, wherever it would come back to as an alias.
        for part in [0.0, 0.05, 0.3, 0.6, 0.9] {
            let hz = (stops + (24_000.0 - stops) * part).round();
            let (_, rest) = response(48_000, rate, hz);
            assert!(rest < -80.0, "{hz} Hz comes through at {rest} dB");
        }
    }
}

#[test]
fn blocks_lag_by_exactly_the_delay_they_name() {
    for (from, to) in [
        (8_000, 48_000),
        (48_000, 8_000),
        (16_000, 48_000),
        (48_000, 44_100),
        (44_100, 48_000),
    ] {
        let mut resampler = BlockResampler::new(from, to).unwrap();
        assert!((39..=240).contains(&resampler.delay_samples()));
        let input = sine(from, 440.0, 1.0);
        let mut out = vec![0; input.len() / resampler.input_block() * resampler.output_block()];
        resampler.process(&input, &mut out).unwrap();
        let expected = sine(to, 440.0, 1.0);
        // Where half a block is no whole sample, the delay is named rounded: a quarter of a sample may remain.
        let worst = (out.len() / 4..out.len())
            .map(|i| (i32::from(out[i]) - i32::from(expected[i - resampler.delay_samples()])).abs())
            .max();
        let half_sample = 10_000.0 * 440.0 * std::f64::consts::TAU / f64::from(to) / 2.0;
        assert!(
            f64::from(worst.unwrap()) < half_sample * 1.1 + 3.0,
            "{from} {to}: {worst:?}"
        );
    }
}

#[test]
fn blocks_never_drift() {
    // A tone that repeats in every block comes out the same in every block, once the filter is full: from then on each
    // block meets the state that the one before met, and no hour changes that.
    for (from, to) in [
        (8_000, 48_000),
        (48_000, 8_000),
        (48_000, 16_000),
        (44_100, 48_000),
        (48_000, 44_100),
    ] {
        let mut resampler = BlockResampler::new(from, to).unwrap();
        let block = sine(from, 300.0, 0.01);
        assert_eq!(block.len(), resampler.input_block());
        let mut first = vec![0; resampler.output_block()];
        for _ in 0..3 {
            resampler.process(&block, &mut first).unwrap();
        }
        assert!(first.iter().any(|&s| s > 9_900));
        let mut later = first.clone();
        for _ in 0..3_000 {
            resampler.process(&block, &mut later).unwrap();
            assert_eq!(first, later, "{from} {to}");
        }
        resampler.reset();
        let mut fresh = vec![0; first.len()];
        BlockResampler::new(from, to)
            .unwrap()
            .process(&block, &mut fresh)
            .unwrap();
        resampler.process(&block, &mut later).unwrap();
        assert_eq!(fresh, later, "a reset forgets everything");
    }
}

#[test]
fn blocks_refuse_what_is_no_block() {
    let mut resampler = BlockResampler::new(48_000, 8_000).unwrap();
    assert_eq!((resampler.input_block(), resampler.output_block()), (480, 80));
    for (input, out) in [(479, 80), (480, 79), (480, 160), (960, 80), (0, 80), (481, 81)] {
        let result = resampler.process(&vec![0; input], &mut vec![0; out]);
        assert!(matches!(result, Err(Error::Buffer { .. })), "{input} {out}");
    }
    assert!(resampler.process(&[], &mut []).is_ok());
    assert!(resampler.process(&[5; 960], &mut [0; 160]).is_ok());
    for (from, to) in [(48_000, 11_025), (7_900, 48_000), (48_000, 192_100), (0, 0)] {
        assert!(
            matches!(BlockResampler::new(from, to), Err(Error::Setting(_))),
            "{from} {to}"
        );
    }
    let mut same = BlockResampler::new(8_000, 8_000).unwrap();
    let (block, mut out) = (sine(8_000, 300.0, 0.01), [0; 80]);
    same.process(&block, &mut out).unwrap();
    assert_eq!((block.as_slice(), same.delay_samples()), (out.as_slice(), 0));
}

#[test]
fn clips_go_down_as_well_as_up() {
    for (rate, passes, stops) in BANDS {
        for (from, to) in [(rate, 48_000), (48_000, rate)] {
            // The last seconds are where they were to be as well as the first ones.
            let seconds = if rate == 44_100 { 20.0 } else { 3.0 };
            let out = Resampler::convert_between(from, to, &sine(from, 1_000.0, seconds)).unwrap();
            let expected = sine(to, 1_000.0, seconds);
            assert_eq!(out.len(), expected.len(), "{from} {to}");
            let inner = to as usize / 10..out.len() - to as usize / 10;
            let error: f64 = inner
                .clone()
                .map(|i| (f64::from(out[i]) - f64::from(expected[i])).powi(2))
                .sum();
            // Place and shape: a twentieth of a sample off the place is 45 dB at 48 kHz.
            let snr = 10.0 * (0.5e8 * inner.len() as f64 / error).log10();
            assert!((49.0..80.0).contains(&snr), "{from} {to}: {snr} dB");
            // Shape alone, near the top of the band.
            let high = (passes * 0.9).round();
            let out = Resampler::convert_between(from, to, &sine(from, high, 1.5)).unwrap();
            let (gain, rest) = analyse(&out[to as usize / 4..to as usize * 5 / 4], to, high);
            assert!((-2.0..0.1).contains(&gain), "{from} {to}: {gain} dB");
            assert!((-215.0..-80.0).contains(&rest), "{from} {to}: noise at {rest} dB");
        }
        let stopped = (stops * 1.08).round();
        let out = Resampler::convert_between(48_000, rate, &sine(48_000, stopped, 1.5)).unwrap();
        let (_, rest) = analyse(&out[rate as usize / 4..rate as usize * 5 / 4], rate, stopped);
        assert!(rest < -80.0, "{rate}: an alias at {rest} dB");
    }
}
