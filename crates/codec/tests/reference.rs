//! Sample for sample what libopus makes of the same packets, called from C: nothing is lost on the way through the bindings.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a failing test shows where")]

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anteroom_codec::{
    container::{ReadLimits, wav},
    opus::{
        Application, Channels, Decoder, Encoder, EncoderConfig, FrameDuration, MAX_PACKET_BYTES,
        MAX_PACKET_SAMPLES, packet,
    },
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

enum Call {
    Decode(Vec<u8>),
    Fec(Vec<u8>, usize),
    Conceal(usize),
}

/// What came of a call: samples, final range, pitch.
type Made = (Vec<i16>, u32, usize);

/// The library that cargo built for this test, beside it. Concealment depends on whether it has the neural networks.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let build = test.parent().unwrap().parent().unwrap().join("build");
    let mut found: Vec<PathBuf> = std::fs::read_dir(&build)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("out"))
        .filter(|out| {
            std::fs::read(out.join("lib/libopus.a")).is_ok_and(|library| {
                let name = b"dred_ec_decode";
                library.windows(name.len()).any(|bytes| bytes == name) == cfg!(feature = "dred")
            })
        })
        .collect();
    found.sort();
    found
        .pop()
        .expect("opusic-sys was built into the folder this test runs from")
}

fn compile(folder: &Path) -> PathBuf {
    let out = library();
    let program = folder.join("decode");
    let status = Command::new("cc")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/decode.c"))
        .arg("-O1")
        .arg("-I")
        .arg(out.join("include/opus"))
        .arg(out.join("lib/libopus.a"))
        .arg("-lm")
        .arg("-o")
        .arg(&program)
        .status()
        .unwrap();
    assert!(status.success());
    program
}

fn theirs(program: &Path, channels: Channels, calls: &[Call]) -> Vec<Made> {
    let mut input = vec![u8::try_from(channels.count()).unwrap()];
    for call in calls {
        let (kind, bytes, room) = match call {
            Call::Decode(bytes) => (0, &bytes[..], MAX_PACKET_SAMPLES),
            Call::Fec(bytes, samples) => (1, &bytes[..], *samples),
            Call::Conceal(samples) => (2, &[][..], *samples),
        };
        input.push(kind);
        input.extend(u32::try_from(room).unwrap().to_le_bytes());
        input.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        input.extend(bytes);
    }
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(&input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(writer.status.success());
    let mut rest = &writer.stdout[..];
    let word = |rest: &mut &[u8]| {
        let (first, others) = rest.split_first_chunk::<4>().unwrap();
        *rest = others;
        u32::from_le_bytes(*first)
    };
    calls
        .iter()
        .map(|_| {
            let [made, range, pitch] = std::array::from_fn(|_| word(&mut rest));
            let made = usize::try_from(made.cast_signed().max(0)).unwrap();
            let (samples, others) = rest.split_at(made * channels.count() * 2);
            rest = others;
            let samples = samples.as_chunks::<2>().0.iter();
            (
                samples.map(|bytes| i16::from_le_bytes(*bytes)).collect(),
                range,
                usize::try_from(pitch).unwrap(),
            )
        })
        .collect()
}

fn ours(channels: Channels, calls: &[Call]) -> Vec<Made> {
    let mut decoder = Decoder::new(channels).unwrap();
    let mut pcm = vec![0; MAX_PACKET_SAMPLES * 2];
    calls
        .iter()
        .map(|call| {
            let made = match call {
                Call::Decode(bytes) => decoder.decode(bytes, &mut pcm),
                Call::Fec(bytes, samples) => decoder.decode_fec(bytes, *samples, &mut pcm),
                Call::Conceal(samples) => decoder.conceal(*samples, &mut pcm),
            };
            (
                pcm[..made.unwrap_or(0) * channels.count()].to_vec(),
                decoder.final_range().unwrap().unwrap(),
                decoder.pitch_samples().unwrap().unwrap_or(0),
            )
        })
        .collect()
}

/// Every mode, length and channel count, with losses, redundancy, pauses and damaged packets between.
#[test]
fn decodes_as_libopus_does() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile(folder.path());
    let speech = wav::open(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../anteroom/assets/speech.wav"),
        ReadLimits::default(),
    )
    .unwrap();
    let mut random = StdRng::seed_from_u64(11);
    let (mut calls, mut heard, mut refused) = (0, 0, 0);
    for (application, bitrate_bps, frame) in [
        (Application::Voip, 12_000, FrameDuration::Ms20),
        (Application::Voip, 32_000, FrameDuration::Ms20),
        (Application::Voip, 24_000, FrameDuration::Ms60),
        (Application::Audio, 96_000, FrameDuration::Ms10),
        (Application::Audio, 48_000, FrameDuration::Ms120),
        (Application::LowDelay, 64_000, FrameDuration::Ms2_5),
        (Application::LowDelay, 64_000, FrameDuration::Ms5),
    ] {
        for channels in [Channels::Mono, Channels::Stereo] {
            let mut encoder = Encoder::new(EncoderConfig {
                application,
                bitrate_bps,
                frame,
                channels,
                expected_loss_percent: 20,
                dtx: true,
                ..EncoderConfig::default()
            })
            .unwrap();
            let sound: Vec<i16> = match channels {
                Channels::Mono => speech.clone(),
                Channels::Stereo => speech
                    .iter()
                    .zip(&speech[900..])
                    .flat_map(|(l, r)| [*l, r / 2])
                    .collect(),
            };
            let mut bytes = [0; MAX_PACKET_BYTES];
            let mut list = Vec::new();
            let mut lost = false;
            for pcm in sound.chunks_exact(encoder.config().frame_len()) {
                let length = encoder.encode(pcm, &mut bytes).unwrap();
                let mut packet = bytes[..length].to_vec();
                if random.random_bool(0.03) {
                    let at = random.random_range(0..packet.len());
                    packet[at] ^= 1 << random.random_range(0..8);
                }
                let samples = frame.samples();
                if lost {
                    list.push(match random.random_bool(0.6) {
                        true if packet::inspect(&packet).is_ok() => Call::Fec(packet.clone(), samples),
                        _ => Call::Conceal(samples),
                    });
                }
                lost = random.random_bool(0.1);
                // What is malformed never reaches libopus through the crate.
                if !lost && packet::inspect(&packet).is_ok() {
                    list.push(Call::Decode(packet));
                }
            }
            // A decoder takes either layout.
            for layout in [Channels::Mono, Channels::Stereo] {
                let (ours, theirs) = (ours(layout, &list), theirs(&program, layout, &list));
                for (at, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                    assert!(
                        ours == theirs,
                        "{application:?} {frame:?} {channels:?} to {layout:?}, call {at}"
                    );
                    heard += usize::from(ours.0.iter().any(|sample| sample.unsigned_abs() > 1000));
                    refused += usize::from(ours.0.is_empty());
                }
                calls += ours.len();
            }
        }
    }
    println!("{calls} calls, {heard} of them loud, {refused} refused by both");
    assert!(calls > 20_000 && heard * 3 > calls && refused * 100 < calls);
}
