use super::bands::{BANDS, Powers, powers};
use crate::{AudioFrame, FRAME_SAMPLES};

/// Tells speech from the noise of a room, 10 ms at a time: the level and the V flag of RFC 6464.
///
/// It knows the noise from the quietest moments of the last three seconds, in each of six octaves, and takes for voice what
/// stands out of it. It would rather take noise for voice than the other way round: babble and music are voice, and so is
/// whatever has more than −31 dBFS in one octave, however steady it is. A softer noise that sets in is voice until it has
/// lasted for three seconds.
///
/// Costs less than a microsecond for 20 ms.
#[derive(Debug, Clone)]
pub struct VoiceDetector {
    /// Smoothed power of each band.
    smooth: [f32; BANDS],
    /// The least smoothed power of each band in a stretch of [`STRETCH_FRAMES`], in a ring.
    minima: [[f32; BANDS]; STRETCHES],
    /// Which stretch is being filled.
    stretch: usize,
    /// How many frames of it there have been.
    filled: usize,
    /// The noise, from all of `minima`.
    floor: [f32; BANDS],
    /// Frames that are still voice after the last that was.
    hangover: u8,
    /// Samples that are no whole frame yet.
    pending: AudioFrame,
    /// 0 <= pending_len < FRAME_SAMPLES
    pending_len: usize,
    last: Activity,
}

/// What a stretch of sound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Activity {
    /// Its level, 0 (full scale) to 127 (silence), in −dBov (RFC 6464 §3).
    pub level: u8,
    /// Whether somebody speaks, short pauses between sounds included.
    pub voice: bool,
}

/// Length of a stretch: 250 ms.
const STRETCH_FRAMES: usize = 25;
/// As many stretches are remembered: 3 s.
const STRETCHES: usize = 12;
/// The minimum of a noise is less than its mean by this factor, band by band: the fewer values a band has in a frame, the
/// more it fluctuates. Measured with white noise.
const BIAS: [f32; BANDS] = [1.25, 1.35, 1.5, 1.8, 2.4, 2.4];
/// A band that stands out of its noise by this factor is voice.
const ONE_BAND: f32 = 4.5;
/// The bands together are, when they stand out by this factor in the mean; one band counts no more than [`ONE_BAND`].
const ALL_BANDS: f32 = 2.0;
/// Power, in squares of 16-bit steps, below which nothing is voice: −78 dBFS, shared by the bands.
const INAUDIBLE: f32 = 1.7e-8 * FULL_SCALE / BANDS as f32;
/// A noise floor is not above −38 dBFS, in any band: louder sound is worth hearing.
const LOUDEST_FLOOR: f32 = 1.6e-4 * FULL_SCALE;
const FULL_SCALE: f32 = 32_767.0 * 32_767.0;
/// Voice ends 60 ms after its last sound.
const HANGOVER_FRAMES: u8 = 6;

impl VoiceDetector {
    /// A detector that knows no noise yet: at first all that can be heard is voice.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            smooth: [0.0; BANDS],
            minima: [[0.0; BANDS]; STRETCHES],
            stretch: 0,
            filled: 0,
            floor: [INAUDIBLE; BANDS],
            hangover: 0,
            pending: crate::SILENCE,
            pending_len: 0,
            last: Activity {
                level: 127,
                voice: false,
            },
        }
    }

    /// Takes sound at 48 kHz, mono, and tells what it is: voice, if any part of it is. Whole frames of 10 ms are looked at;
    /// samples that make none wait for those that follow. Without a whole frame the last answer stands.
    pub fn update(&mut self, samples: &[i16]) -> Activity {
        let mut rest = samples;
        let (mut power, mut frames, mut voice) = (0.0, 0_u16, false);
        let mut look = |this: &mut Self, frame: &AudioFrame| {
            let (frame_power, frame_voice) = this.frame(frame);
            power += frame_power;
            frames = frames.saturating_add(1);
            voice |= frame_voice;
        };
        if self.pending_len > 0 {
            let (head, tail) = rest.split_at(rest.len().min(FRAME_SAMPLES - self.pending_len));
            self.pend(head);
            rest = tail;
            if self.pending_len == FRAME_SAMPLES {
                let frame = self.pending;
                self.pending_len = 0;
                look(self, &frame);
            }
        }
        let (whole, part) = rest.as_chunks::<FRAME_SAMPLES>();
        for frame in whole {
            look(self, frame);
        }
        self.pend(part);
        if frames > 0 {
            self.last = Activity {
                level: super::level_of(power / f32::from(frames) / FULL_SCALE),
                voice,
            };
        }
        self.last
    }

    /// The answer to the last sound.
    #[must_use]
    pub const fn last(&self) -> Activity {
        self.last
    }

    /// The noise between words as it is known now, in dBov; −78 and less is silence.
    #[must_use]
    pub fn noise_dbov(&self) -> f32 {
        10.0 * (self.floor.iter().sum::<f32>() / FULL_SCALE).log10()
    }

    fn pend(&mut self, samples: &[i16]) {
        let end = self.pending_len + samples.len();
        if let Some(room) = self.pending.get_mut(self.pending_len..end) {
            room.copy_from_slice(samples);
            self.pending_len = end;
        }
    }

    /// The mean power of a frame, and whether it is voice.
    fn frame(&mut self, frame: &AudioFrame) -> (f32, bool) {
        let Powers { total, bands } = powers(frame);
        let (mut stands_out, mut together) = (false, 0.0);
        for (power, floor) in bands.iter().zip(&self.floor) {
            let ratio = power / floor;
            stands_out |= ratio > ONE_BAND;
            together += ratio.min(ONE_BAND);
        }
        if stands_out || together > ALL_BANDS * BANDS as f32 {
            self.hangover = HANGOVER_FRAMES;
        } else {
            self.hangover = self.hangover.saturating_sub(1);
        }
        self.learn(&bands);
        (total, self.hangover > 0)
    }

    fn learn(&mut self, powers: &[f32; BANDS]) {
        let new_stretch = self.filled == 0;
        let minima = &mut self.minima[self.stretch];
        for ((smooth, power), minimum) in self.smooth.iter_mut().zip(powers).zip(minima) {
            *smooth += 0.3 * (power - *smooth);
            *minimum = if new_stretch {
                *smooth
            } else {
                minimum.min(*smooth)
            };
        }
        self.filled += 1;
        if self.filled == STRETCH_FRAMES {
            self.filled = 0;
            self.stretch = (self.stretch + 1) % STRETCHES;
        }
        // Less noise is known at once, more only when a whole ring of minima says so.
        if self.filled.is_multiple_of(5) {
            for (band, floor) in self.floor.iter_mut().enumerate() {
                let least = self
                    .minima
                    .iter()
                    .map(|minima| minima[band])
                    .fold(f32::MAX, f32::min);
                *floor = (least * BIAS[band]).clamp(INAUDIBLE, LOUDEST_FLOOR);
            }
        }
    }
}

impl Default for VoiceDetector {
    fn default() -> Self {
        Self::new()
    }
}
