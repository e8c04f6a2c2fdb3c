//! Everybody together: each voice through a jitter buffer, mixed, encoded and written in Ogg pages of a second.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use anteroom_codec::container::ogg_opus::{OpusHead, OpusTags, Writer};
use anteroom_codec::jitter::{JitterBuffer, JitterConfig};
use anteroom_codec::mix::{Bus, Mixer};
use anteroom_codec::opus::{Encoder, EncoderConfig, MAX_PACKET_BYTES};
use anteroom_codec::{Error, FRAME_DURATION, FRAME_SAMPLES, SILENCE};
use anteroom_media_transport::router::TrackId;

use super::manifest::create;

/// Name of the file.
pub(super) const FILE: &str = "mixed.ogg";

/// Enough for speech of several at once, and for music that somebody shares.
const BITRATE_BPS: u32 = 48_000;

/// A voice that sends nothing for so long needs no buffer.
const SILENT: Duration = Duration::from_secs(30);

/// The sound of everybody.
pub(super) struct Mixed {
    writer: Writer<File>,
    encoder: Encoder,
    mixer: Mixer,
    voices: HashMap<TrackId, Voice>,
    /// The beginning of the next 10 ms.
    next: Instant,
    /// The first half of a packet, when it is there.
    half: Vec<i16>,
    packet: Box<[u8]>,
    bytes: u64,
}

struct Voice {
    generation: u32,
    buffer: JitterBuffer,
    heard: Instant,
}

impl Mixed {
    pub(super) fn create(directory: &Path, start: Instant) -> Result<Self, Error> {
        let encoder = Encoder::new(EncoderConfig {
            bitrate_bps: BITRATE_BPS,
            // Files lose nothing.
            in_band_fec: false,
            expected_loss_percent: 0,
            ..EncoderConfig::default()
        })?;
        let file = create(&directory.join(FILE))?;
        let head = OpusHead::for_encoder(&encoder);
        let writer = Writer::new(file, 1, &head, &OpusTags::default())?;
        Ok(Self {
            writer,
            encoder,
            mixer: Mixer::new(),
            voices: HashMap::new(),
            next: start,
            half: Vec::with_capacity(2 * FRAME_SAMPLES),
            packet: vec![0; MAX_PACKET_BYTES].into(),
            bytes: 0,
        })
    }

    /// Takes a packet of Opus. What belongs in front of it is mixed first.
    #[expect(clippy::cast_possible_truncation, reason = "RTP numbers wrap")]
    pub(super) fn insert(
        &mut self,
        at: Instant,
        track: TrackId,
        generation: u32,
        sequence: u64,
        timestamp: u32,
        payload: &[u8],
    ) -> Result<(), Error> {
        self.mix_until(at)?;
        let known = self
            .voices
            .get(&track)
            .is_some_and(|voice| voice.generation == generation);
        if !known {
            let buffer = JitterBuffer::new(JitterConfig::default())?;
            let voice = Voice {
                generation,
                buffer,
                heard: at,
            };
            self.voices.insert(track, voice);
        }
        if let Some(voice) = self.voices.get_mut(&track) {
            voice.heard = at;
            voice.buffer.insert(at, sequence as u16, timestamp, payload);
        }
        Ok(())
    }

    /// Mixes what was heard up to then.
    pub(super) fn mix_until(&mut self, until: Instant) -> Result<(), Error> {
        while self.next + FRAME_DURATION <= until {
            let now = self.next;
            self.next += FRAME_DURATION;
            self.mix(now)?;
        }
        Ok(())
    }

    /// Ends the file. The last packet may have silence at its end.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let heard = self.writer.position() + self.half.len() as u64;
        if !self.half.is_empty() {
            self.half.resize(2 * FRAME_SAMPLES, 0);
            self.encode()?;
        }
        // The encoder is behind by its look-ahead, which players skip.
        let skipped = u64::from(self.encoder.lookahead());
        self.half.resize(2 * FRAME_SAMPLES, 0);
        self.encode()?;
        self.writer.finish(Some(heard + skipped))?;
        Ok(())
    }

    /// About what the file has.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn mix(&mut self, now: Instant) -> Result<(), Error> {
        let (mut bus, mut frame) = (Bus::new(), SILENCE);
        for voice in self.voices.values_mut() {
            voice.buffer.pull(now, &mut frame);
            bus.add(&frame);
        }
        self.voices
            .retain(|_, voice| now.saturating_duration_since(voice.heard) < SILENT);
        self.mixer.render(&bus, &mut frame);
        self.half.extend_from_slice(&frame);
        if self.half.len() >= 2 * FRAME_SAMPLES {
            self.encode()?;
        }
        Ok(())
    }

    fn encode(&mut self) -> Result<(), Error> {
        let length = self.encoder.encode(&self.half, &mut self.packet)?;
        self.half.clear();
        self.bytes += length as u64 + 1;
        self.writer
            .write_packet(self.packet.get(..length).unwrap_or_default())
    }
}
