//! Encoded packets per second: libopus as we compile it, and its ports to Rust.

use std::{hint::black_box, time::Duration};

use anteroom_benches::{Comparison, times};
use anteroom_codec::opus::{Encoder, EncoderConfig, MAX_PACKET_BYTES};

use crate::FRAME;

pub(crate) fn report(speech: &[i16]) {
    for complexity in [5, 9] {
        let config = EncoderConfig {
            complexity,
            in_band_fec: false,
            ..EncoderConfig::default()
        };
        against("opus-pure", &config, speech, &mut |_| {
            let mut encoder =
                opus_pure::OpusEncoder::new(48_000, 1, opus_pure::Application::Voip).expect("an encoder");
            encoder.bitrate_bps = 32_000;
            encoder.complexity = i32::from(complexity);
            let mut bytes = [0; MAX_PACKET_BYTES];
            times(1, || {
                for frame in speech.chunks_exact(FRAME) {
                    black_box(encoder.encode_s16(black_box(frame), FRAME, &mut bytes)).expect("a packet");
                }
            })
        });
        let float: Vec<f32> = speech
            .iter()
            .map(|&sample| f32::from(sample) / 32_768.0)
            .collect();
        against("rusty-opus", &config, speech, &mut |_| {
            let mut encoder =
                rusty_opus::OpusEncoder::new(48_000, 1, rusty_opus::Application::Voip).expect("an encoder");
            encoder.bitrate_bps = 32_000;
            encoder.complexity = i32::from(complexity);
            let mut bytes = [0; MAX_PACKET_BYTES];
            times(1, || {
                for frame in float.chunks_exact(FRAME) {
                    black_box(encoder.encode(black_box(frame), FRAME, &mut bytes)).expect("a packet");
                }
            })
        });
    }
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn against(name: &str, config: &EncoderConfig, speech: &[i16], peer: &mut dyn FnMut(u64) -> Duration) {
    let mut bytes = [0; MAX_PACKET_BYTES];
    let comparison = Comparison::measure(
        7,
        1,
        &mut |_| {
            let mut encoder = Encoder::new(config.clone()).expect("a plain encoder");
            times(1, || {
                for frame in speech.chunks_exact(FRAME) {
                    black_box(encoder.encode(black_box(frame), &mut bytes)).expect("a packet");
                }
            })
        },
        peer,
    );
    let packets = (speech.len() / FRAME) as f64;
    println!(
        "opus/port/{name}/complexity {}: ours {:.0} packets/s, theirs {:.0}, ratio of times {:.2}\n",
        config.complexity,
        packets / comparison.ours_ns * 1e9,
        packets / comparison.peer_ns * 1e9,
        comparison.ratio()
    );
}
