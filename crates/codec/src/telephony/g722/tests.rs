use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;

/// One second that reaches every corner: noise loud and soft, silence, square waves, a sweep, a stuck sample.
fn signal() -> Vec<i16> {
    let (mut state, mut phase) = (1u32, 0i32);
    (0..16_000)
        .map(|i: i32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [high, low, _, _] = state.to_be_bytes();
            let noise = i32::from(i16::from_be_bytes([high, low]));
            let k = i % 2000;
            phase = (phase + 40 + 4 * k) & 0xFFFF;
            let triangle = if phase < 32_768 {
                phase * 2 - 32_768
            } else {
                98_303 - phase * 2
            };
            let value = match i / 2000 {
                0 => noise,
                1 => noise >> 6,
                2 => 0,
                3 if (i / (1 + k / 100)) & 1 == 1 => 32_767,
                4 => triangle,
                5 => (noise >> 3) + (triangle >> 1),
                7 => noise >> 10,
                _ => -32_768,
            };
            i16::try_from(value).unwrap()
        })
        .collect()
}

/// Bytes no encoder made.
fn hostile() -> Vec<u8> {
    let mut state = 7u32;
    (0..8000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect()
}

/// FNV-1a, 64 bits.
fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

fn hash_sound(samples: &[i16]) -> u64 {
    hash(samples.iter().flat_map(|s| s.to_le_bytes()))
}

fn encode(samples: &[i16]) -> Vec<u8> {
    let mut out = vec![0; samples.len() / 2];
    Encoder::new().encode(samples, &mut out).unwrap();
    out
}

fn decode(codes: &[u8]) -> Vec<i16> {
    let mut out = vec![0; codes.len() * 2];
    Decoder::new().decode(codes, &mut out).unwrap();
    out
}

#[test]
fn encodes_what_the_reference_encodes() {
    let signal = signal();
    assert_eq!(hash_sound(&signal), 0x83c7_14b1_4833_52f7, "the signal itself");
    let reference = include_bytes!("../../../tests/data/reference.g722");
    let ours = encode(&signal);
    let first = ours.iter().zip(reference).position(|(a, b)| a != b);
    assert_eq!((first, ours.len()), (None, reference.len()));
}

/// The sums are of what ffmpeg's decoder makes of the same bytes.
#[test]
fn decodes_what_the_reference_decodes() {
    let reference = include_bytes!("../../../tests/data/reference.g722");
    assert_eq!(hash_sound(&decode(reference)), 0xe682_e2e2_d820_e80a);
    let hostile = hostile();
    assert_eq!(
        hash(hostile.iter().copied()),
        0x1fdd_234c_bd5b_f7ea,
        "the bytes themselves"
    );
    assert_eq!(hash_sound(&decode(&hostile)), 0x432d_5171_353b_4c3a);
}

/// Signal to noise over both codecs, with the delay that fits best, which is given too.
fn quality(hz: f64, amplitude: f64) -> (f64, usize) {
    #[expect(clippy::cast_possible_truncation, reason = "within 16 bits")]
    let tone: Vec<i16> = (0..16_000)
        .map(|i| ((f64::from(i) * hz * std::f64::consts::TAU / 16_000.0).sin() * amplitude).round() as i16)
        .collect();
    let out = decode(&encode(&tone));
    let snr = |delay: usize| {
        let pairs = tone[2000..15_000].iter().zip(&out[2000 + delay..]);
        let (signal, noise) = pairs.fold((0.0, 0.0), |(signal, noise), (&a, &b)| {
            let (a, b) = (f64::from(a), f64::from(b));
            (signal + a * a, noise + (a - b).powi(2))
        });
        10.0 * f64::log10(signal / noise)
    };
    // Around the delay, and not as far as the next place where the slowest tone looks the same.
    (15..30)
        .map(|delay| (snr(delay), delay))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap()
}

#[test]
fn sound_survives_and_lags_by_the_delay_it_names() {
    for (hz, least, most) in [
        (300.0, 35.0, 70.0),
        (1000.0, 35.0, 70.0),
        (3000.0, 25.0, 55.0),
        (6000.0, 8.0, 30.0),
    ] {
        for amplitude in [1000.0, 10_000.0, 30_000.0] {
            let (snr, delay) = quality(hz, amplitude);
            assert!(
                (least..most).contains(&snr),
                "{hz} {amplitude}: {snr} dB at {delay}"
            );
            assert_eq!(delay, DELAY_SAMPLES, "{hz}");
        }
    }
}

#[test]
fn pieces_make_what_the_whole_makes() {
    let signal = signal();
    let mut rng = StdRng::seed_from_u64(3);
    let (mut encoder, mut decoder) = (Encoder::new(), Decoder::default());
    let (mut codes, mut sound) = (Vec::new(), Vec::new());
    let mut rest = signal.as_slice();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((2 * rng.random_range(0..200)).min(rest.len()));
        let mut bytes = vec![0; piece.len() / 2];
        encoder.encode(piece, &mut bytes).unwrap();
        let mut samples = vec![0; piece.len()];
        decoder.decode(&bytes, &mut samples).unwrap();
        codes.extend(bytes);
        sound.extend(samples);
        rest = after;
    }
    assert_eq!(codes, encode(&signal));
    assert_eq!(sound, decode(&codes));
}

#[test]
fn refuses_lengths_that_do_not_fit() {
    for (samples, bytes) in [(3, 1), (2, 2), (320, 159), (321, 160)] {
        let refused = Encoder::new().encode(&vec![0; samples], &mut vec![0; bytes]);
        assert!(matches!(refused, Err(Error::Buffer { .. })), "{samples} {bytes}");
        let refused = Decoder::new().decode(&vec![0; bytes], &mut vec![0; samples]);
        assert!(matches!(refused, Err(Error::Buffer { .. })), "{samples} {bytes}");
    }
}
