//! Receives a stream over a bad network and writes what a listener hears to a WAV file.
//!
//! ```text
//! cargo run -p anteroom-codec --example lossy_stream -- speech.wav heard.wav 10
//! ```
//!
//! The network here loses the given part of the packets (in percent) and delays each by up to 60 ms. Packets carry in-band
//! redundancy and a copy of the packet before (RFC 2198). A program with real packets does what this one does: `insert_red`
//! (or `insert`) when a packet comes, `pull` every 10 ms.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]
#![expect(clippy::disallowed_methods, reason = "who runs it has a clock")]

use std::{
    env,
    time::{Duration, Instant},
};

use anteroom_codec::{
    Error, FRAME_DURATION, SILENCE,
    container::{
        ReadLimits,
        wav::{self, WavWriter},
    },
    jitter::{JitterBuffer, JitterConfig},
    opus::{Encoder, EncoderConfig, MAX_PACKET_BYTES},
    red::{Packer, PackerConfig},
};

/// The payload type that was agreed on for Opus.
const OPUS: u8 = 111;

struct Packet {
    arrival: Duration,
    sequence: u16,
    timestamp: u32,
    payload: Vec<u8>,
}

fn main() -> Result<(), Error> {
    let mut arguments = env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err(Error::Setting(
            "give a WAV file, the file to write, and percent of loss if not 10",
        ));
    };
    let loss = match arguments.next().map(|loss| loss.parse::<u8>()) {
        Some(Ok(loss @ 0..=100)) => loss,
        Some(_) => return Err(Error::Setting("percent are a number from 0 to 100")),
        None => 10,
    };
    let sound = wav::open(from, ReadLimits::default())?;
    let packets = send(&sound, loss)?;

    let mut buffer = JitterBuffer::new(JitterConfig::default())?;
    let mut file = WavWriter::create(to)?;
    let mut packets = packets.into_iter().peekable();
    let start = Instant::now();
    for tick in 0..u32::try_from(sound.len() / 480 + 10).unwrap_or(u32::MAX) {
        let now = FRAME_DURATION * tick;
        while let Some(packet) = packets.next_if(|packet| packet.arrival <= now) {
            buffer.insert_red(
                start + packet.arrival,
                packet.sequence,
                packet.timestamp,
                &packet.payload,
            );
        }
        let mut frame = SILENCE;
        buffer.pull(start + now, &mut frame);
        file.write(&frame)?;
    }
    file.finish()?;
    let stats = buffer.stats();
    println!(
        "{} of {} packets lost; from copies {} ms, from in-band redundancy {} ms, invented {} ms; delay {} ms",
        stats.packets_lost,
        stats.packets_received.cast_signed() + stats.packets_lost,
        stats.red_samples / 48,
        stats.fec_samples / 48,
        stats.concealed_samples / 48,
        stats.jitter_buffer_delay.as_millis() / u128::from(stats.jitter_buffer_emitted_count.max(1)),
    );
    Ok(())
}

/// What arrives, in this order.
fn send(sound: &[i16], loss: u8) -> Result<Vec<Packet>, Error> {
    let mut encoder = Encoder::new(EncoderConfig {
        expected_loss_percent: loss,
        ..EncoderConfig::default()
    })?;
    let mut packer = Packer::new(PackerConfig::new(OPUS))?;
    let mut packet = [0; MAX_PACKET_BYTES];
    let mut redundant = [0; MAX_PACKET_BYTES];
    let mut arrivals = Vec::new();
    // A network that is the same each time.
    let mut luck = 1_u32;
    let mut next = |below: u32| {
        luck = luck.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (luck >> 16) % below
    };
    for (number, frame) in (0..).zip(sound.chunks_exact(960)) {
        let length = encoder.encode(frame, &mut packet)?;
        let timestamp = number * 960;
        let payload = packet.get(..length).unwrap_or_default();
        let length = packer
            .pack(timestamp, payload, &mut redundant)
            .map_err(|_| Error::Setting("a packet that does not fit"))?;
        let delay = Duration::from_millis(u64::from(next(60)));
        if next(100) >= u32::from(loss) {
            arrivals.push(Packet {
                arrival: Duration::from_millis(20) * number + delay,
                sequence: u16::try_from(number & 0xffff).unwrap_or_default(),
                timestamp,
                payload: redundant.get(..length).unwrap_or_default().to_vec(),
            });
        }
    }
    arrivals.sort_by_key(|packet| packet.arrival);
    Ok(arrivals)
}
