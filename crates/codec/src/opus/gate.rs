use std::time::Duration;

use super::{Channels, Encoder, EncoderConfig, packet};
use crate::{
    Error,
    level::{Activity, VoiceDetector},
};

/// Decides which packets of sound are worth encoding.
///
/// In a meeting a person is silent three quarters of the time, and libopus decides on silence only after it has encoded it
/// in full. The gate decides before, from [`VoiceDetector`]'s view of the sound. A packet in which any voice begins is
/// encoded whole, so nothing of a word is lost; after the last voice comes a hangover, in which the encoder and the
/// decoder's comfort noise learn the noise of the room; then one packet in 400 ms keeps the comfort noise up to date, as
/// RFC 6716 §2.1.9 and libopus have it.
#[derive(Debug, Clone)]
pub struct SilenceGate {
    config: GateConfig,
    detector: VoiceDetector,
    /// Sound since the last voice.
    quiet: Duration,
    /// Sound since something was encoded.
    closed: Duration,
    /// Stereo sound mixed down.
    middle: Vec<i16>,
}

/// Settings of a [`SilenceGate`]. The defaults are those of libopus's DTX, but for a longer hangover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateConfig {
    /// How long to go on after the last voice.
    pub hangover: Duration,
    /// How often to send the noise of the room while nobody speaks.
    pub refresh: Duration,
}

impl Default for GateConfig {
    fn default() -> Self {
        Self {
            hangover: Duration::from_millis(300),
            refresh: Duration::from_millis(400),
        }
    }
}

/// What to do with a packet's worth of sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gate {
    /// Encode it: somebody speaks, or did just now.
    Open,
    /// Encode it, for the comfort noise.
    Refresh,
    /// Leave it.
    Closed,
}

impl SilenceGate {
    /// A gate that is open until it knows silence.
    #[must_use]
    pub const fn new(config: GateConfig) -> Self {
        Self {
            config,
            detector: VoiceDetector::new(),
            quiet: Duration::ZERO,
            closed: Duration::ZERO,
            middle: Vec::new(),
        }
    }

    /// Decides on the next packet: all of its samples at 48 kHz, interleaved when stereo.
    pub fn decide(&mut self, pcm: &[i16], channels: Channels) -> Gate {
        let samples = match channels {
            Channels::Mono => pcm,
            Channels::Stereo => {
                self.middle.clear();
                let pairs = pcm.as_chunks::<2>().0.iter();
                self.middle
                    .extend(pairs.map(|&[left, right]| left.midpoint(right)));
                &self.middle
            }
        };
        let activity = self.detector.update(samples);
        let length = crate::samples_to_duration(samples.len() as u64);
        if activity.voice {
            self.quiet = Duration::ZERO;
        } else {
            self.quiet = self.quiet.saturating_add(length);
        }
        self.closed += length;
        let decision = if self.quiet <= self.config.hangover {
            Gate::Open
        } else if self.closed >= self.config.refresh {
            Gate::Refresh
        } else {
            Gate::Closed
        };
        if decision != Gate::Closed {
            self.closed = Duration::ZERO;
        }
        decision
    }

    /// The level and the voice flag of the last packet, for the RTP header extension (RFC 6464).
    #[must_use]
    pub const fn activity(&self) -> Activity {
        self.detector.last()
    }
}

/// An [`Encoder`] behind a [`SilenceGate`].
///
/// What it sends is what libopus sends with DTX, so any decoder plays its comfort noise in the pauses; libopus's own DTX
/// stays off. For speech: music that is soft and steady may be taken for the noise of a room. What FEC and DRED repeat in the
/// first packets after a pause is what was encoded before it, not the pause.
#[derive(Debug)]
pub struct GatedEncoder {
    encoder: Encoder,
    gate: SilenceGate,
    /// The last packet's table of contents; `None` before the first.
    toc: Option<packet::Toc>,
}

/// What [`GatedEncoder::encode`] wrote, and how many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gated {
    /// Speech, to be sent.
    Speech(usize),
    /// The noise of the room, to be sent.
    Noise(usize),
    /// One or two bytes that say that there is nothing to hear (a DTX packet). Sending it is optional: the first of a pause
    /// tells receivers at once, and to leave out the others, as browsers do, saves their headers. Timestamps go on either
    /// way, sequence numbers only with what is sent.
    Silence(usize),
}

impl Gated {
    /// Bytes written.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always at least one byte")]
    pub const fn len(self) -> usize {
        match self {
            Self::Speech(length) | Self::Noise(length) | Self::Silence(length) => length,
        }
    }
}

impl GatedEncoder {
    /// An encoder behind a gate. [`EncoderConfig::dtx`] is switched off: the gate is in its place.
    ///
    /// # Errors
    /// As [`Encoder::new`].
    pub fn new(config: EncoderConfig, gate: GateConfig) -> Result<Self, Error> {
        Ok(Self {
            encoder: Encoder::new(EncoderConfig { dtx: false, ..config })?,
            gate: SilenceGate::new(gate),
            toc: None,
        })
    }

    /// Encodes one packet, or tells that it is not worth it; see [`Encoder::encode`] for the buffers.
    ///
    /// # Errors
    /// As [`Encoder::encode`]; `out` needs at least two bytes.
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<Gated, Error> {
        if pcm.len() != self.encoder.config().frame_len() {
            return Err(Error::Buffer {
                expected: "one whole packet was expected",
                got: pcm.len(),
            });
        }
        let decision = self.gate.decide(pcm, self.encoder.config().channels);
        let samples = self.encoder.config().frame.samples();
        if decision == Gate::Closed
            && let Some(dtx) = self.toc.and_then(|toc| Dtx::of(toc, samples))
        {
            let room = out.get_mut(..dtx.length).ok_or(Error::Opus("buffer too small"))?;
            room.copy_from_slice(dtx.bytes.get(..dtx.length).unwrap_or_default());
            return Ok(Gated::Silence(dtx.length));
        }
        let length = self.encoder.encode(pcm, out)?;
        self.toc = out.first().map(|&first| packet::Toc(first));
        Ok(match decision {
            Gate::Open => Gated::Speech(length),
            _ => Gated::Noise(length),
        })
    }

    /// Changes settings of the encoder; DTX stays off.
    ///
    /// # Errors
    /// As [`Encoder::set_config`].
    pub fn set_config(&mut self, config: EncoderConfig) -> Result<(), Error> {
        self.encoder.set_config(EncoderConfig { dtx: false, ..config })
    }

    /// The encoder, to read from.
    #[must_use]
    pub const fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The level and the voice flag of the last packet, for the RTP header extension (RFC 6464).
    #[must_use]
    pub const fn activity(&self) -> Activity {
        self.gate.activity()
    }
}

/// A packet of frames without data (RFC 6716 §3.2.1).
struct Dtx {
    bytes: [u8; 2],
    length: usize,
}

impl Dtx {
    /// One that lasts `samples` in the mode of `toc`; `None` when it has no frames of such a length.
    fn of(toc: packet::Toc, samples: usize) -> Option<Self> {
        if !samples.is_multiple_of(toc.frame_samples()) {
            return None;
        }
        let configuration = toc.0 & !3;
        Some(match u8::try_from(samples / toc.frame_samples()).ok()? {
            1 => Self {
                bytes: [configuration, 0],
                length: 1,
            },
            2 => Self {
                bytes: [configuration | 1, 0],
                length: 1,
            },
            frames => Self {
                bytes: [configuration | 3, frames],
                length: 2,
            },
        })
    }
}
