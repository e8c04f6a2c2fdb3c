//! Digits as tones in the sound (ITU-T Q.23): two at once, one for the row of the key and one for its column.
//!
//! Where both ends speak RFC 4733, digits go as [events](super::event); this is for lines that do not.
//!
//! ```
//! use anteroom_codec::telephony::{dtmf::{Detector, Heard, ToneGenerator}, event::Event};
//! let key = Event::from_digit('#').expect("a key of a telephone");
//! let mut sound = [0; 800];
//! ToneGenerator::new(key, 8_000)?.fill(&mut sound);
//! let mut detector = Detector::new(8_000)?;
//! detector.feed(&sound);
//! assert!(matches!(detector.poll(), Some(Heard::Pressed { event, .. }) if event == key));
//! # Ok::<(), anteroom_codec::Error>(())
//! ```

#[cfg(test)]
mod tests;

use std::{collections::VecDeque, f64::consts::TAU};

use super::event::Event;
use crate::{Error, format::saturate};

/// Frequencies of the rows, in hertz.
const ROWS_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];

/// Frequencies of the columns, in hertz.
const COLUMNS_HZ: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];

/// The keys as they stand on a telephone.
const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

/// Lowest and highest sample rate, in hertz.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=48_000;

/// Amplitude of each of the two tones: together they peak 6 dB below full scale.
const AMPLITUDE: f64 = 8_200.0;

fn check_rate(rate_hz: u32) -> Result<f64, Error> {
    if RATES_HZ.contains(&rate_hz) {
        return Ok(f64::from(rate_hz));
    }
    Err(Error::Setting(
        "tones of digits are made and found at 8000 to 48000 Hz",
    ))
}

/// Makes the tones of one key for as long as wanted.
#[derive(Debug, Clone)]
pub struct ToneGenerator {
    /// Turns per sample of the row's and the column's tone, and where they are, 0 to 1.
    steps: [f64; 2],
    phases: [f64; 2],
    /// 0 to 1: the tones come and go within 2 ms.
    gain: f64,
    gain_step: f64,
}

impl ToneGenerator {
    /// The tones of `key` at a sample rate of 8 to 48 kHz.
    ///
    /// # Errors
    /// [`Error::Setting`] for other rates, or an event that is no key.
    pub fn new(key: Event, rate_hz: u32) -> Result<Self, Error> {
        let rate = check_rate(rate_hz)?;
        let place = key.digit().and_then(|digit| {
            let row = KEYS.iter().position(|row| row.contains(&digit))?;
            let column = KEYS.get(row)?.iter().position(|&key| key == digit)?;
            Some([*ROWS_HZ.get(row)?, *COLUMNS_HZ.get(column)?])
        });
        let frequencies = place.ok_or(Error::Setting("only keys have tones"))?;
        Ok(Self {
            steps: frequencies.map(|hz| hz / rate),
            phases: [0.0; 2],
            gain: 0.0,
            gain_step: 1.0 / (0.002 * rate),
        })
    }

    /// Fills `out` with the tones, from where they were.
    pub fn fill(&mut self, out: &mut [i16]) {
        self.make(out, 1.0);
    }

    /// Fills `out` with their end: they fade within 2 ms, and the rest is silence.
    pub fn finish(mut self, out: &mut [i16]) {
        self.make(out, 0.0);
    }

    fn make(&mut self, out: &mut [i16], toward: f64) {
        for out in out {
            let change = (toward - self.gain).clamp(-self.gain_step, self.gain_step);
            self.gain = (self.gain + change).clamp(0.0, 1.0);
            let mut sum = 0.0;
            for (phase, step) in self.phases.iter_mut().zip(self.steps) {
                sum += (*phase * TAU).sin();
                *phase = (*phase + step).fract();
            }
            #[expect(clippy::cast_possible_truncation, reason = "a sample")]
            {
                *out = saturate((sum * AMPLITUDE * self.gain) as f32);
            }
        }
    }
}

/// What a [`Detector`] hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The tones of a key began.
    Pressed {
        /// Which.
        event: Event,
        /// Sample, counted from the first one fed, at which that was, to a block of 13 ms.
        at_sample: u64,
    },
    /// They are over. Follows each `Pressed`.
    Released {
        /// Which.
        event: Event,
        /// How long they were there, in samples, to a block.
        samples: u64,
    },
}

/// Finds the tones of keys in sound.
///
/// Blocks of 13 ms are measured at the eight frequencies. A key is pressed when two blocks in a row have its two tones
/// and little else, and released when two in a row have not; so a tone of 40 ms is heard, one of 12 ms is not, and a drop
/// of 10 ms in a tone does not make two keys of it (ITU-T Q.24). It tells how the sound is, not who made it: tones that
/// sit in speech for that long are heard, which real speech hardly ever does.
#[derive(Debug, Clone)]
pub struct Detector {
    /// Samples in a block.
    block: u32,
    filled: u32,
    /// Of the block so far.
    energy: f64,
    /// 2·cos of each frequency's angle per sample, rows first.
    coefficients: [f64; 8],
    /// The two memories of each frequency's resonator (Goertzel).
    resonators: [[f64; 2]; 8],
    /// Blocks seen.
    blocks: u64,
    /// What the last block had.
    last: Option<Event>,
    /// The key that is down and the block in which it began.
    down: Option<(Event, u64)>,
    waiting: VecDeque<Heard>,
}

/// Most changes kept for [`Detector::poll`].
const MAX_WAITING: usize = 256;

/// A block is 1/78 of a second: the rows' tones, 73 Hz apart, are told apart.
const BLOCKS_HZ: f64 = 78.4;

/// Both tones together must have this part of a block's energy. A block that has the tones for part of its time has that
/// part: so a drop of 10 ms spoils one block, never two, and a pause of 40 ms two at least.
const PURITY: f64 = 0.55;

/// A block below this mean square is silence: −45 dBov.
const SILENCE: f64 = 32_767.0 * 32_767.0 / 31_623.0;

/// A tone must be this much stronger than the others of its group: 6 dB.
const LEAD: f64 = 4.0;

/// The two tones may differ by this much: 9 dB.
const TWIST: f64 = 8.0;

impl Detector {
    /// A detector for sound of a sample rate of 8 to 48 kHz.
    ///
    /// # Errors
    /// [`Error::Setting`] for other rates.
    pub fn new(rate_hz: u32) -> Result<Self, Error> {
        let rate = check_rate(rate_hz)?;
        let mut coefficients = [0.0; 8];
        for (slot, hz) in coefficients.iter_mut().zip(ROWS_HZ.iter().chain(&COLUMNS_HZ)) {
            *slot = 2.0 * (hz / rate * TAU).cos();
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "102 to 612"
        )]
        let block = (rate / BLOCKS_HZ).round() as u32;
        Ok(Self {
            block,
            filled: 0,
            energy: 0.0,
            coefficients,
            resonators: [[0.0; 2]; 8],
            blocks: 0,
            last: None,
            down: None,
            waiting: VecDeque::new(),
        })
    }

    /// Takes sound; then [`poll`](Self::poll) until it gives `None`. Changes are dropped when hundreds wait.
    pub fn feed(&mut self, samples: &[i16]) {
        for &sample in samples {
            let sample = f64::from(sample);
            self.energy += sample * sample;
            for ([last, before], coefficient) in self.resonators.iter_mut().zip(self.coefficients) {
                let next = sample + coefficient * *last - *before;
                (*before, *last) = (*last, next);
            }
            self.filled += 1;
            if self.filled == self.block {
                self.finish_block();
            }
        }
    }

    /// What was heard since.
    pub fn poll(&mut self) -> Option<Heard> {
        self.waiting.pop_front()
    }

    /// The key whose tones are there.
    #[must_use]
    pub fn pressed(&self) -> Option<Event> {
        self.down.map(|(event, _)| event)
    }

    fn finish_block(&mut self) {
        let found = self.judge();
        let this = self.blocks;
        if let Some((event, since)) = self.down
            && found != Some(event)
            && self.last != Some(event)
        {
            // Both this block and the one before were without it.
            let blocks = (this - 1).saturating_sub(since);
            let samples = blocks * u64::from(self.block);
            self.say(Heard::Released { event, samples });
            self.down = None;
        }
        if let (None, Some(event), true) = (self.down, found, found == self.last) {
            let since = this - 1;
            let at_sample = since * u64::from(self.block);
            self.say(Heard::Pressed { event, at_sample });
            self.down = Some((event, since));
        }
        self.last = found;
        self.blocks += 1;
        self.filled = 0;
        self.energy = 0.0;
        self.resonators = [[0.0; 2]; 8];
    }

    /// The key whose tones this block consists of.
    fn judge(&self) -> Option<Event> {
        let length = f64::from(self.block);
        if self.energy < SILENCE * length {
            return None;
        }
        let mut powers = [0.0; 8];
        for ((power, [last, before]), coefficient) in
            powers.iter_mut().zip(self.resonators).zip(self.coefficients)
        {
            *power = last * last + before * before - coefficient * last * before;
        }
        let (rows, columns) = powers.split_at(4);
        let ((row, low), (column, high)) = (leader(rows)?, leader(columns)?);
        // A sine of amplitude a has a resonator power of (a·n/2)², and an energy of n·a²/2.
        let pure = (low + high) * 2.0 / length >= PURITY * self.energy;
        if !pure || low > high * TWIST || high > low * TWIST {
            return None;
        }
        KEYS.get(row)?.get(column).and_then(|&key| Event::from_digit(key))
    }

    fn say(&mut self, heard: Heard) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(heard);
        }
    }
}

/// The strongest, if it is far ahead of the others.
fn leader(powers: &[f64]) -> Option<(usize, f64)> {
    let (index, &most) = powers.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let mut others = powers.iter().enumerate().filter(|&(other, _)| other != index);
    others
        .all(|(_, &power)| power * LEAD <= most)
        .then_some((index, most))
}
