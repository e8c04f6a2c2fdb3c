//! What the similarity measure accepts and what it refuses, with real speech through the real codec.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing test shows its figures"
)]

use std::path::Path;

use anteroom_codec::similarity::{SAME_SPEECH, Similarity, similarity};
use anteroom_codec::{
    container::{ReadLimits, wav},
    opus::{Channels, Decoder, Encoder, EncoderConfig, MAX_PACKET_BYTES, packet},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const PACKET: usize = 960;

fn load(path: &str) -> Vec<i16> {
    wav::open(
        Path::new(env!("CARGO_MANIFEST_DIR")).join(path),
        ReadLimits::default(),
    )
    .unwrap()
}

fn speech() -> Vec<i16> {
    load("../anteroom/assets/speech.wav")
}

fn scaled(samples: &[i16], factor: f64) -> Vec<i16> {
    #[expect(clippy::cast_possible_truncation, reason = "saturating is meant")]
    samples.iter().map(|&s| (f64::from(s) * factor) as i16).collect()
}

/// Through Opus, with every packet for which `lost` says so concealed.
fn through_opus(samples: &[i16], bitrate_bps: u32, mut lost: impl FnMut() -> bool) -> Vec<i16> {
    let mut encoder = Encoder::new(EncoderConfig {
        bitrate_bps,
        ..EncoderConfig::default()
    })
    .unwrap();
    let mut decoder = Decoder::new(Channels::Mono).unwrap();
    let (mut packet, mut pcm, mut out) = ([0; MAX_PACKET_BYTES], [0; PACKET], Vec::new());
    for frame in samples.chunks_exact(PACKET) {
        let length = encoder.encode(frame, &mut packet).unwrap();
        assert_eq!(packet::duration_samples(&packet[..length]).unwrap(), PACKET);
        if lost() {
            decoder.conceal(PACKET, &mut pcm).unwrap();
        } else {
            decoder.decode(&packet[..length], &mut pcm).unwrap();
        }
        out.extend(pcm);
    }
    out
}

#[track_caller]
fn accepts(what: &str, recorded: &[i16]) -> Similarity {
    let found = similarity(&speech(), recorded);
    println!("{what}: {found:?}");
    assert!(found.is_same_speech(), "{what}: {found:?}");
    found
}

#[track_caller]
fn refuses(what: &str, recorded: &[i16]) {
    let found = similarity(&speech(), recorded);
    println!("{what}: {found:?}");
    assert!(!found.is_same_speech(), "{what}: {found:?}");
    // Not by a hair: a threshold is worth its name only with room on both sides.
    assert!(found.score < SAME_SPEECH - 0.05, "{what}: {found:?}");
}

#[test]
fn accepts_the_original_at_any_place_and_volume() {
    let speech = speech();
    let found = accepts("itself", &speech);
    assert!(
        found.score > 0.999 && found.lag_samples == 0 && found.level_difference_db.abs() < 0.01,
        "{found:?}"
    );
    for (before, after) in [(7, 0), (12_000, 333), (480_000, 96_000), (96_000, 1_440_000)] {
        let mut recorded = vec![0; before];
        recorded.extend(&speech);
        recorded.resize(recorded.len() + after, 0);
        let found = accepts("silence around", &recorded);
        assert!(
            (found.lag_samples - i64::try_from(before).unwrap()).abs() <= 6,
            "{found:?}"
        );
    }
    let found = accepts("the beginning cut off", &speech[14_400..]);
    assert!((found.lag_samples + 14_400).abs() <= 6, "{found:?}");
    for db in [-3.0, 3.0] {
        let found = accepts("volume", &scaled(&speech, 10f64.powf(db / 20.0)));
        assert!((found.level_difference_db - db).abs() < 0.5, "{found:?}");
    }
}

#[test]
fn accepts_what_opus_makes_of_it() {
    let speech = speech();
    for bitrate in [24_000, 32_000] {
        let found = accepts("opus", &through_opus(&speech, bitrate, || false));
        assert!(found.score > SAME_SPEECH + 0.1, "{found:?}");
        for (percent, seed) in [(1, 1), (3, 2), (3, 3)] {
            let mut rng = StdRng::seed_from_u64(seed);
            accepts(
                "opus with loss",
                &through_opus(&speech, bitrate, || rng.random_ratio(percent, 100)),
            );
        }
        accepts(
            "opus, quieter",
            &scaled(&through_opus(&speech, bitrate, || false), 0.7),
        );
    }
}

#[test]
fn accepts_small_shifts_of_the_jitter_buffer() {
    let decoded = through_opus(&speech(), 32_000, || false);
    let mut recorded = Vec::new();
    for (i, part) in decoded.chunks(48_000).enumerate() {
        match i % 3 {
            // Ten milliseconds less, ten more, as it is.
            0 => recorded.extend(&part[480.min(part.len())..]),
            1 => {
                recorded.extend(&part[..480.min(part.len())]);
                recorded.extend(part);
            }
            _ => recorded.extend(part),
        }
    }
    accepts("shifted", &recorded);
}

#[test]
fn refuses_what_is_not_speech() {
    let speech = speech();
    refuses("nothing", &[]);
    refuses("silence", &vec![0; speech.len()]);
    refuses("a step", &vec![100; speech.len()]);
    let mut rng = StdRng::seed_from_u64(1);
    let noise: Vec<i16> = (0..speech.len() * 3).map(|_| rng.random::<i16>() / 8).collect();
    refuses("white noise", &noise);
    assert!(!similarity(&[0; 480_000], &speech).is_same_speech());
    assert!(!similarity(&[], &speech).is_same_speech());
}

#[test]
fn refuses_other_speech() {
    let speech = speech();
    refuses("other words, same voice", &load("tests/data/other-speech.wav"));
    let backwards: Vec<i16> = speech.iter().rev().copied().collect();
    refuses("backwards", &backwards);
    refuses("only the first third", &speech[..speech.len() / 3]);
}

#[test]
fn refuses_damaged_speech() {
    let speech = speech();
    for phase in [0, 1] {
        let holes: Vec<i16> = speech
            .chunks(PACKET)
            .enumerate()
            .flat_map(|(i, part)| part.iter().map(move |&s| if i % 2 == phase { 0 } else { s }))
            .collect();
        refuses("every other packet missing", &holes);
    }
    for factor in [30.0, 100.0] {
        refuses("heavily clipped", &scaled(&speech, factor));
    }
    let mut rng = StdRng::seed_from_u64(5);
    refuses(
        "half lost",
        &through_opus(&speech, 32_000, || rng.random_ratio(1, 2)),
    );
}
