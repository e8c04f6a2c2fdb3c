//! Three people in a room: everybody hears the other two, and a recorder hears all three.
//!
//! ```text
//! cargo run --release -p anteroom-codec --example mix_three                      # three made-up voices → mixed.wav
//! cargo run --release -p anteroom-codec --example mix_three a.wav b.wav c.wav all.ogg
//! ```
//!
//! The last argument names what is written, a WAV file or, by its end `.ogg` or `.opus`, Ogg Opus. The inputs are WAV
//! files of any rate and number of channels.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    f32::consts::TAU,
    fs::File,
    io::BufWriter,
    path::Path,
    time::{Duration, Instant},
};

use anteroom_codec::{
    Error, FRAME_DURATION, FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE,
    container::{
        ReadLimits,
        ogg_opus::{OpusHead, OpusTags, Writer},
        wav::{self, WavWriter},
    },
    level::dbov,
    mix::{Conference, ConferenceConfig, LegId, select::SelectConfig},
    opus::{Encoder, EncoderConfig, MAX_PACKET_BYTES},
};

/// Ten minutes are enough for an example.
const LIMITS: ReadLimits = ReadLimits {
    max_duration: Duration::from_secs(600),
};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (voices, output) = match arguments.as_slice() {
        [] => ([voice(110.0, 0), voice(165.0, 3), voice(220.0, 5)], "mixed.wav"),
        [a, b, c, output] => (
            [
                wav::open(a, LIMITS)?,
                wav::open(b, LIMITS)?,
                wav::open(c, LIMITS)?,
            ],
            output.as_str(),
        ),
        _ => {
            println!("usage: mix_three [A.wav B.wav C.wav OUTPUT.wav|OUTPUT.ogg]");
            return Ok(());
        }
    };

    // Two of the three at a time: who is quieter than both for long is not mixed in.
    let select = SelectConfig {
        speakers: 2,
        ..SelectConfig::default()
    };
    let mut room = Conference::new(ConferenceConfig { select: Some(select) })?;
    let legs = [room.join()?, room.join()?, room.join()?];
    let mut recorded = Vec::new();
    let mut heard: [Vec<i16>; 3] = Default::default();
    let longest = voices.iter().map(Vec::len).max().unwrap_or(0);
    // The room does not look at the clock; it is told the time of each tick.
    #[expect(clippy::disallowed_methods, reason = "some instant to count from")]
    let mut now = Instant::now();
    for start in (0..longest).step_by(FRAME_SAMPLES) {
        for (leg, voice) in legs.iter().zip(&voices) {
            let mut frame = SILENCE;
            let rest = voice.get(start..).unwrap_or_default();
            for (slot, &sample) in frame.iter_mut().zip(rest) {
                *slot = sample;
            }
            room.push(*leg, &frame);
        }
        room.tick(now);
        now += FRAME_DURATION;
        recorded.extend_from_slice(room.everyone().frame());
        listen(&room, &legs, &mut heard);
    }

    for (name, sound) in ["first", "second", "third"].iter().zip(&heard) {
        println!("the {name} hears the others at {:.1} dBov", dbov(sound));
    }
    write(Path::new(output), &recorded)?;
    let seconds = recorded.len() as f32 / SAMPLE_RATE_HZ as f32;
    println!(
        "{output}: {seconds:.1} s of all three at {:.1} dBov",
        dbov(&recorded)
    );
    Ok(())
}

/// What would be sent to each of the three.
fn listen(room: &Conference, legs: &[LegId; 3], heard: &mut [Vec<i16>; 3]) {
    for (leg, heard) in legs.iter().zip(heard) {
        heard.extend_from_slice(room.heard(*leg).frame());
    }
}

/// Six seconds of something like a voice: a buzz with syllables, silent in some of the seconds.
fn voice(pitch_hz: f32, silent_second: u32) -> Vec<i16> {
    let samples = (0..6 * SAMPLE_RATE_HZ).map(|i| {
        let t = i as f32 / SAMPLE_RATE_HZ as f32;
        let buzz: f32 = (1..12u8)
            .map(|n| (t * pitch_hz * f32::from(n) * TAU).sin() / f32::from(n))
            .sum();
        let syllable = (t * 4.0 * TAU / 2.0).sin().powi(2);
        let speaks = i / SAMPLE_RATE_HZ != silent_second;
        #[expect(clippy::cast_possible_truncation, reason = "far within 16 bits")]
        let sample = (buzz * syllable * 6000.0) as i16;
        if speaks { sample } else { 0 }
    });
    samples.collect()
}

fn write(path: &Path, sound: &[i16]) -> Result<(), Error> {
    let is_ogg = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("ogg") || end.eq_ignore_ascii_case("opus"));
    if !is_ogg {
        let mut file = WavWriter::create(path)?;
        file.write(sound)?;
        return file.finish();
    }
    let mut encoder = Encoder::new(EncoderConfig::default())?;
    let sink = BufWriter::new(File::create(path)?);
    let mut file = Writer::new(sink, 1, &OpusHead::for_encoder(&encoder), &OpusTags::default())?;
    let length = sound.len() as u64 + u64::from(encoder.lookahead());
    let mut bytes = [0; MAX_PACKET_BYTES];
    // Whole packets of 20 ms, and enough silence after the end to push the last sound out of the encoder.
    let mut padded = sound.to_vec();
    padded.resize(sound.len().next_multiple_of(960) + 960, 0);
    for packet in padded.chunks_exact(960) {
        let written = encoder.encode(packet, &mut bytes)?;
        file.write_packet(bytes.get(..written).unwrap_or_default())?;
    }
    file.finish(Some(length))?;
    Ok(())
}
