//! The jitter buffer: what a packet in and two frames out cost beyond decoding it. The budget is 2 µs.
//!
//! One operation is the whole bundled clip, with a buffer that starts afresh: each of its packets comes every 20 ms, with jitter
//! or without, and a frame is taken every 10 ms. The peer is the decoder alone, with the same packets.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anteroom_benches::Comparison;
use anteroom_codec::container::{ReadLimits, wav};
use anteroom_codec::jitter::{JitterBuffer, JitterConfig};
use anteroom_codec::opus::{Channels, Decoder, Encoder, EncoderConfig, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES};
use anteroom_codec::red::{Packer, PackerConfig};
use anteroom_codec::{FRAME_DURATION, SILENCE};

const PACKET: usize = 960;

/// Payloads as they are sent: plain and redundant.
struct Sent {
    plain: Vec<Vec<u8>>,
    red: Vec<Vec<u8>>,
}

fn send() -> Sent {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/anteroom/assets/speech.wav"
    );
    let sound = wav::open(path, ReadLimits::default()).expect("the bundled clip");
    let mut encoder = Encoder::new(EncoderConfig::default()).expect("a plain encoder");
    let mut packer = Packer::new(PackerConfig::new(111)).expect("plain settings");
    let mut bytes = [0; MAX_PACKET_BYTES];
    let mut redundant = bytes;
    let mut sent = Sent {
        plain: Vec::new(),
        red: Vec::new(),
    };
    for (number, frame) in (0..).zip(sound.chunks_exact(PACKET)) {
        let length = encoder.encode(frame, &mut bytes).expect("an encoded frame");
        sent.plain.push(bytes[..length].to_vec());
        let length = packer
            .pack(number * 960, &bytes[..length], &mut redundant)
            .expect("a buffer that is large enough");
        sent.red.push(redundant[..length].to_vec());
    }
    sent
}

/// When packet `number` arrives: on time, or up to three packets late, in order.
fn arrival(number: u32, jitter: bool) -> Duration {
    let late = if jitter {
        [0, 7, 31, 55, 43, 24, 12, 3][number as usize % 8]
    } else {
        0
    };
    Duration::from_millis(u64::from(number) * 20 + late)
}

/// The clip for the `round`th time.
fn listen(
    buffer: &mut JitterBuffer,
    start: Instant,
    round: u32,
    payloads: &[Vec<u8>],
    red: bool,
    jitter: bool,
) {
    let mut frame = SILENCE;
    let length = u32::try_from(payloads.len()).unwrap_or(0);
    let mut packets = (round * length..).zip(payloads).peekable();
    for tick in round * length * 2..(round + 1) * length * 2 {
        let now = FRAME_DURATION * tick;
        while let Some((number, payload)) = packets.next_if(|(number, _)| arrival(*number, jitter) <= now) {
            #[expect(clippy::cast_possible_truncation, reason = "sequence numbers wrap")]
            let (at, sequence) = (start + arrival(number, jitter), number as u16);
            if red {
                buffer.insert_red(at, sequence, number * 960, payload);
            } else {
                buffer.insert(at, sequence, number * 960, payload);
            }
        }
        buffer.pull(start + now, black_box(&mut frame));
    }
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn main() {
    let sent = send();
    let start = Instant::now();
    let packets = sent.plain.len() as f64;
    for (name, payloads, red, jitter) in [
        ("jitter/in-order", &sent.plain, false, false),
        ("jitter/jitter", &sent.plain, false, true),
        ("jitter/red", &sent.red, true, false),
    ] {
        let mut ours = |operations: u64| {
            let mut total = Duration::ZERO;
            for _ in 0..operations {
                let mut buffer = JitterBuffer::new(JitterConfig::default()).expect("plain settings");
                let begin = Instant::now();
                listen(&mut buffer, start, 0, payloads, red, jitter);
                total += begin.elapsed();
            }
            total
        };
        let mut peer = |operations: u64| {
            let mut total = Duration::ZERO;
            let mut pcm = vec![0; MAX_PACKET_SAMPLES];
            for _ in 0..operations {
                let mut decoder = Decoder::new(Channels::Mono).expect("a plain decoder");
                let begin = Instant::now();
                for packet in &sent.plain {
                    black_box(decoder.decode(black_box(packet), &mut pcm)).expect("a decoded packet");
                }
                total += begin.elapsed();
            }
            total
        };
        let comparison = Comparison::measure(21, 1, &mut ours, &mut peer);
        let beyond = (comparison.ours_ns - comparison.peer_ns) / packets;
        let mut buffer = JitterBuffer::new(JitterConfig::default()).expect("plain settings");
        listen(&mut buffer, start, 0, payloads, red, jitter);
        let again = allocation_counter::measure(|| listen(&mut buffer, start, 1, payloads, red, jitter));
        let allocations = again.count_total;
        println!(
            "{name}: {comparison}; beyond decoding, per packet and two frames: {beyond:.0} ns; {allocations} allocations in {packets} packets"
        );
    }
}
