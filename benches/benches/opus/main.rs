//! Opus: our checked wrapper next to the `opus` crate it stands on, in the same run; the budget is 2 % over it. Then what is
//! not in libopus: a gate that spares silence, next to libopus's own DTX, with a budget of half of that; the level and the
//! voice flag of 20 ms, with a budget of 1 µs; and libopus next to its ports to Rust.
//!
//! The `opus` crate is the rawest caller of libopus there is without `unsafe`, which this workspace forbids. It adds
//! a length check and an error conversion to each C call and measures the same as calling through `opusic-sys`
//! directly, so it stands for the raw library here.
//!
//! One operation is the whole bundled clip (343 packets of 20 ms), with codecs that start afresh each time: both
//! sides then do exactly the same work.

mod ports;
mod silence;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use anteroom_benches::Comparison;
use anteroom_codec::{
    container::{ReadLimits, wav},
    opus::{Channels, Decoder, Encoder, EncoderConfig, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES, packet},
};
use criterion::Criterion;

const FRAME: usize = 960;

fn speech() -> Vec<i16> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/anteroom/assets/speech.wav"
    );
    wav::open(path, ReadLimits::default()).expect("the bundled clip")
}

fn packets(sound: &[i16], config: EncoderConfig) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(config).expect("a plain encoder");
    let mut bytes = [0; MAX_PACKET_BYTES];
    let mut encode = |frame| {
        let length = encoder.encode(frame, &mut bytes).expect("an encoded frame");
        bytes[..length].to_vec()
    };
    sound.chunks_exact(FRAME).map(&mut encode).collect()
}

fn peer_encoder(config: &EncoderConfig) -> opus::Result<opus::Encoder> {
    let mut peer = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip)?;
    peer.set_complexity(i32::from(config.complexity))?;
    peer.set_inband_fec(config.in_band_fec)?;
    peer.set_packet_loss_perc(i32::from(config.expected_loss_percent))?;
    peer.set_bitrate(opus::Bitrate::Bits(
        i32::try_from(config.bitrate_bps).unwrap_or(32_000),
    ))?;
    peer.set_signal(opus::Signal::Voice)?;
    Ok(peer)
}

/// Runs the clip that many times; what `prepare` does is not counted.
fn timed<C>(mut prepare: impl FnMut() -> C, mut clip: impl FnMut(&mut C)) -> impl FnMut(u64) -> Duration {
    move |operations| {
        let mut total = Duration::ZERO;
        for _ in 0..operations {
            let mut codec = prepare();
            let start = Instant::now();
            clip(&mut codec);
            total += start.elapsed();
        }
        total
    }
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn compare(
    criterion: &mut Criterion,
    name: &str,
    ours: &mut dyn FnMut(u64) -> Duration,
    peer: &mut dyn FnMut(u64) -> Duration,
) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("anteroom", |bencher| bencher.iter_custom(&mut *ours));
    group.bench_function("opus-crate", |bencher| bencher.iter_custom(&mut *peer));
    group.finish();
    println!("{name}: {}\n", Comparison::measure(21, 1, ours, peer));
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let sound = speech();
    for in_band_fec in [false, true] {
        let config = EncoderConfig {
            in_band_fec,
            ..EncoderConfig::default()
        };
        let kind = if in_band_fec { "fec" } else { "plain" };
        let mut bytes = [0; MAX_PACKET_BYTES];
        let mut peer_bytes = bytes;
        compare(
            &mut criterion,
            &format!("opus/encode/{kind}"),
            &mut timed(
                || Encoder::new(config.clone()).expect("a plain encoder"),
                |encoder| {
                    for frame in sound.chunks_exact(FRAME) {
                        black_box(encoder.encode(black_box(frame), &mut bytes)).expect("an encoded frame");
                    }
                },
            ),
            &mut timed(
                || peer_encoder(&config).expect("a plain encoder"),
                |encoder| {
                    for frame in sound.chunks_exact(FRAME) {
                        black_box(encoder.encode(black_box(frame), &mut peer_bytes))
                            .expect("an encoded frame");
                    }
                },
            ),
        );
        let packets = packets(&sound, config);
        let mut pcm = vec![0; MAX_PACKET_SAMPLES];
        let mut peer_pcm = pcm.clone();
        compare(
            &mut criterion,
            &format!("opus/decode/{kind}"),
            &mut timed(
                || Decoder::new(Channels::Mono).expect("a plain decoder"),
                |decoder| {
                    for packet in &packets {
                        black_box(decoder.decode(black_box(packet), &mut pcm)).expect("a decoded packet");
                    }
                },
            ),
            &mut timed(
                || opus::Decoder::new(48_000, opus::Channels::Mono).expect("a plain decoder"),
                |decoder| {
                    for packet in &packets {
                        black_box(decoder.decode(black_box(packet), &mut peer_pcm, false))
                            .expect("a decoded packet");
                    }
                },
            ),
        );
        compare(
            &mut criterion,
            &format!("opus/inspect/{kind}"),
            &mut timed(
                || (),
                |()| {
                    for packet in &packets {
                        black_box(packet::duration_samples(black_box(packet))).expect("a packet");
                    }
                },
            ),
            &mut timed(
                || (),
                |()| {
                    for packet in &packets {
                        black_box(opus::packet::get_nb_samples(black_box(packet), 48_000)).expect("a packet");
                    }
                },
            ),
        );
    }
    silence::report(&sound);
    ports::report(&sound);
    criterion.final_summary();
}
