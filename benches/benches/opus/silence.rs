//! Meeting input: a person who speaks a quarter of the time, in the noise of a room.

use std::hint::black_box;

use allocation_counter::measure;
use anteroom_benches::{Comparison, times};
use anteroom_codec::{
    level::{VoiceDetector, audio_level_dbov},
    opus::{
        Channels, Decoder, EncoderConfig, GateConfig, Gated, GatedEncoder, MAX_PACKET_BYTES,
        MAX_PACKET_SAMPLES,
    },
    red::{self, Packer, PackerConfig},
};

use crate::{FRAME, peer_encoder};

/// The clip between pauses of three times its length together, all over noise at -60 dBFS.
fn meeting(speech: &[i16]) -> Vec<i16> {
    let mut state = 1_u32;
    let mut noise = || {
        // Numerical Recipes' generator; its upper bits will do. Uniform within ±56.8 is 32.8 in the mean square.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i16::try_from(i64::from(state >> 16) * 114 / 65_536 - 57).unwrap_or(0)
    };
    let pause = speech.len() * 3 / 2 / FRAME * FRAME;
    let spoken = speech
        .iter()
        .map(|sample| sample.saturating_add(noise()))
        .collect::<Vec<_>>();
    let mut sound: Vec<i16> = (0..pause).map(|_| noise()).collect();
    sound.extend(spoken);
    sound.extend((0..pause).map(|_| noise()));
    sound
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
pub(crate) fn report(speech: &[i16]) {
    let sound = meeting(speech);
    let config = EncoderConfig::default();
    let (mut bytes, mut peer_bytes) = ([0; MAX_PACKET_BYTES], [0; MAX_PACKET_BYTES]);
    let frames = u32::try_from(sound.len() / FRAME).unwrap_or(u32::MAX);
    let gated = || GatedEncoder::new(config.clone(), GateConfig::default()).expect("a plain encoder");
    let comparison = Comparison::measure(
        7,
        1,
        &mut |_| {
            let mut encoder = gated();
            times(1, || {
                for frame in sound.chunks_exact(FRAME) {
                    black_box(encoder.encode(black_box(frame), &mut bytes)).expect("a packet");
                }
            }) / frames
        },
        &mut |_| {
            let mut encoder = peer_encoder(&config).expect("a plain encoder");
            encoder.set_dtx(true).expect("DTX");
            times(1, || {
                for frame in sound.chunks_exact(FRAME) {
                    black_box(encoder.encode(black_box(frame), &mut peer_bytes)).expect("a packet");
                }
            }) / frames
        },
    );
    println!("opus/meeting (per packet; peer: libopus with DTX; budget 0.5): {comparison}\n");

    let mut detector = VoiceDetector::new();
    let comparison = Comparison::measure(
        7,
        1,
        &mut |_| {
            times(1, || {
                for frame in sound.chunks_exact(FRAME) {
                    black_box(detector.update(black_box(frame)));
                }
            }) / frames
        },
        &mut |_| {
            times(1, || {
                for frame in sound.chunks_exact(FRAME) {
                    black_box(audio_level_dbov(black_box(frame)));
                }
            }) / frames
        },
    );
    println!("level and voice of 20 ms (peer: the level alone; budget 1000 ns): {comparison}\n");

    let mut encoder = gated();
    let mut decoder = Decoder::new(Channels::Mono).expect("a plain decoder");
    let mut packer = Packer::new(PackerConfig::new(111)).expect("one block");
    let mut pcm = vec![0; MAX_PACKET_SAMPLES];
    let (mut redundant, mut timestamp) = (vec![0; 1500], 0);
    let mut all = |sound: &[i16]| {
        for frame in sound.chunks_exact(FRAME) {
            let gated = encoder.encode(frame, &mut bytes).expect("a packet");
            timestamp += 960;
            if let Gated::Silence(_) = gated {
                decoder.conceal(FRAME, &mut pcm).expect("a pause");
                continue;
            }
            let packet = &bytes[..gated.len()];
            let length = packer.pack(timestamp, packet, &mut redundant).expect("a packet");
            let read = red::unpack(&redundant[..length]).expect("what was packed");
            decoder.decode(read.primary, &mut pcm).expect("a packet");
        }
    };
    all(&sound);
    let allocations = measure(|| all(&sound)).count_total;
    assert_eq!(allocations, 0, "a packet allocates");
    println!("gate, encoder, redundancy and decoder over {frames} packets: {allocations} allocations\n");
}
