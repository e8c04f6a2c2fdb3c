//! Encodes a WAV file as Ogg Opus, as `opusenc` would.
//!
//! ```text
//! cargo run -p anteroom-codec --example wav_to_ogg -- speech.wav speech.opus 24000
//! ```

use std::{env, fs::File, io::BufWriter};

use anteroom_codec::{
    Error,
    container::{
        ReadLimits,
        ogg_opus::{OpusHead, OpusTags, Writer},
        wav,
    },
    opus::{Application, Encoder, EncoderConfig, MAX_PACKET_BYTES},
};

fn main() -> Result<(), Error> {
    let mut arguments = env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err(Error::Setting(
            "give a WAV file, the file to write, and bits per second if not 32000",
        ));
    };
    let bitrate_bps = match arguments.next().map(|bits| bits.parse()) {
        Some(Ok(bits)) => bits,
        Some(Err(_)) => return Err(Error::Setting("bits per second are a number")),
        None => 32_000,
    };
    // 48 kHz mono, whatever the file has.
    let sound = wav::open(from, ReadLimits::default())?;

    let mut encoder = Encoder::new(EncoderConfig {
        // Nobody waits for the sound and no packet gets lost, so all bits go into how it sounds.
        application: Application::Audio,
        bitrate_bps,
        ..EncoderConfig::default()
    })?;
    let head = OpusHead::for_encoder(&encoder);
    let mut file = Writer::new(BufWriter::new(File::create(to)?), 1, &head, &OpusTags::default())?;

    // The encoder is late by the pre-skip, so silence has to push the last of the sound out of it; the exact end
    // is given to `finish`, and players neither hear the silence nor the delay.
    let end = sound.len() + usize::from(head.pre_skip);
    let mut padded = sound;
    padded.resize(end.next_multiple_of(encoder.config().frame_len()), 0);
    let mut packet = [0; MAX_PACKET_BYTES];
    for frame in padded.chunks_exact(encoder.config().frame_len()) {
        let length = encoder.encode(frame, &mut packet)?;
        file.write_packet(packet.get(..length).unwrap_or_default())?;
    }
    file.finish(Some(end as u64))?;
    Ok(())
}
