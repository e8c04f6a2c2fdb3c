//! Opus: our checked wrapper next to the `opus` crate it stands on, in the same run; the budget is 2 % over it.
//!
//! The `opus` crate is the rawest caller of libopus there is without `unsafe`, which this workspace forbids. It adds
//! a length check and an error conversion to each C call, and measures the same as calling through `opusic-sys`
//! directly, so it stands for the raw library here.

use std::{hint::black_box, time::Duration};

use anteroom_codec::{
    container::{ReadLimits, wav},
    opus::{Channels, Decoder, Encoder, EncoderConfig, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES, packet},
};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const FRAME: usize = 960;

fn speech() -> Vec<i16> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/anteroom/assets/speech.wav"
    );
    let mut sound = wav::open(path, ReadLimits::default()).expect("the bundled clip");
    sound.truncate(sound.len() / FRAME * FRAME);
    sound
}

fn raw_encoder(config: &EncoderConfig) -> opus::Encoder {
    let make = || -> opus::Result<opus::Encoder> {
        let mut raw = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip)?;
        raw.set_complexity(i32::from(config.complexity))?;
        raw.set_inband_fec(config.in_band_fec)?;
        raw.set_packet_loss_perc(i32::from(config.expected_loss_percent))?;
        raw.set_bitrate(opus::Bitrate::Bits(
            i32::try_from(config.bitrate_bps).unwrap_or(32_000),
        ))?;
        raw.set_signal(opus::Signal::Voice)?;
        Ok(raw)
    };
    make().expect("a plain encoder")
}

/// Whole clip per iteration, fresh codecs each time, so that both sides do exactly the same work.
fn encode(c: &mut Criterion) {
    let sound = speech();
    let mut group = c.benchmark_group("opus_encode_clip");
    group.throughput(Throughput::Elements((sound.len() / FRAME) as u64));
    for in_band_fec in [false, true] {
        let config = EncoderConfig {
            in_band_fec,
            ..EncoderConfig::default()
        };
        let name = if in_band_fec { "fec" } else { "plain" };
        group.bench_function(BenchmarkId::new("anteroom", name), |b| {
            b.iter_batched(
                || Encoder::new(config.clone()).expect("a plain encoder"),
                |mut encoder| {
                    let mut bytes = [0; MAX_PACKET_BYTES];
                    for frame in sound.chunks_exact(FRAME) {
                        black_box(encoder.encode(black_box(frame), &mut bytes)).expect("an encoded frame");
                    }
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("opus-crate", name), |b| {
            b.iter_batched(
                || raw_encoder(&config),
                |mut encoder| {
                    let mut bytes = [0; MAX_PACKET_BYTES];
                    for frame in sound.chunks_exact(FRAME) {
                        black_box(encoder.encode(black_box(frame), &mut bytes)).expect("an encoded frame");
                    }
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn packets() -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(EncoderConfig::default()).expect("a plain encoder");
    let mut bytes = [0; MAX_PACKET_BYTES];
    speech()
        .chunks_exact(FRAME)
        .map(|frame| {
            let length = encoder.encode(frame, &mut bytes).expect("an encoded frame");
            bytes[..length].to_vec()
        })
        .collect()
}

fn decode(c: &mut Criterion) {
    let packets = packets();
    let mut group = c.benchmark_group("opus_decode_clip");
    group.throughput(Throughput::Elements(packets.len() as u64));
    group.bench_function("anteroom", |b| {
        b.iter_batched(
            || Decoder::new(Channels::Mono).expect("a plain decoder"),
            |mut decoder| {
                let mut pcm = [0; MAX_PACKET_SAMPLES];
                for packet in &packets {
                    black_box(decoder.decode(black_box(packet), &mut pcm)).expect("a decoded packet");
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("opus-crate", |b| {
        b.iter_batched(
            || opus::Decoder::new(48_000, opus::Channels::Mono).expect("a plain decoder"),
            |mut decoder| {
                let mut pcm = [0; MAX_PACKET_SAMPLES];
                for packet in &packets {
                    black_box(decoder.decode(black_box(packet), &mut pcm, false)).expect("a decoded packet");
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn inspect(c: &mut Criterion) {
    let packets = packets();
    let mut group = c.benchmark_group("opus_inspect_clip");
    group.throughput(Throughput::Elements(packets.len() as u64));
    group.bench_function("anteroom", |b| {
        b.iter(|| {
            packets
                .iter()
                .map(|p| packet::duration_samples(black_box(p)).unwrap_or(0))
                .sum::<usize>()
        });
    });
    group.bench_function("opus-crate", |b| {
        b.iter(|| {
            let samples = |p: &[u8]| opus::packet::get_nb_samples(black_box(p), 48_000).unwrap_or(0);
            packets.iter().map(|p| samples(p)).sum::<usize>()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(4));
    targets = encode, decode, inspect
}
criterion_main!(benches);
