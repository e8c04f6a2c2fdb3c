//! Decoded sound on its way out, and where it came from.

use std::collections::VecDeque;

use super::Pulled;
use crate::{AudioFrame, FRAME_SAMPLES};

/// How much of what is gone is remembered: 20 ms.
pub(super) const HISTORY: usize = 960;

/// How much is moved out before the rest is moved to the front.
const SLACK: usize = 4800;

/// A queue of samples, at most two packets and what stretching adds longer than a frame.
#[derive(Debug)]
pub(super) struct Sound {
    /// Up to `start` what was heard, at least the last [`HISTORY`] samples; from there on what waits.
    samples: Vec<i16>,
    start: usize,
    /// Origin and length of the stretches that wait, in order; the lengths sum to [`len`](Self::len).
    origins: VecDeque<(Pulled, usize)>,
}

impl Sound {
    pub(super) fn new() -> Self {
        Self {
            samples: vec![0; HISTORY],
            start: HISTORY,
            origins: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.samples.len() - self.start
    }

    pub(super) fn push(&mut self, origin: Pulled, samples: &[i16]) {
        self.samples.extend_from_slice(samples);
        match self.origins.back_mut() {
            Some((last, length)) if *last == origin => *length += samples.len(),
            _ => self.origins.push_back((origin, samples.len())),
        }
    }

    pub(super) fn push_silence(&mut self) {
        self.push(Pulled::Silence, &crate::SILENCE);
    }

    /// The last samples that were pushed, [`HISTORY`] at least.
    pub(super) fn tail(&self) -> &[i16] {
        &self.samples
    }

    /// Moves a frame out; what is missing is silence.
    pub(super) fn pop(&mut self, out: &mut AudioFrame) -> Pulled {
        let length = self.len().min(FRAME_SAMPLES);
        let (sound, rest) = out.split_at_mut(length);
        sound.copy_from_slice(&self.samples[self.start..self.start + length]);
        rest.fill(0);
        self.start += length;
        if self.start >= HISTORY + SLACK {
            self.samples.drain(..self.start - HISTORY);
            self.start = HISTORY;
        }
        self.origin(length)
    }

    fn origin(&mut self, mut left: usize) -> Pulled {
        let mut origin = Pulled::Silence;
        while let Some((from, length)) = self.origins.front_mut() {
            if left == 0 {
                break;
            }
            let part = left.min(*length);
            if part > 0 {
                origin = origin.max(*from);
            }
            left -= part;
            *length -= part;
            if *length == 0 {
                self.origins.pop_front();
            }
        }
        origin
    }
}

/// Tells pauses from speech, by how loud the speech is.
#[derive(Debug, Default)]
pub(super) struct Loudness {
    /// The power of speech: the most there was, forgotten slowly.
    speech: f32,
    /// The power of the last sound.
    last: f32,
}

/// What is this much less powerful than speech is none: 25 dB.
const PAUSE: f32 = 1.0 / 316.0;

/// What is left of the power of speech when the next packet comes: half of it after seven seconds of packets of 20 ms.
const MEMORY: f32 = 0.998;

/// Mean square below which nothing is speech: about −57 dB.
const SILENT: f32 = 50.0 * 50.0;

impl Loudness {
    pub(super) fn hear(&mut self, sound: &[i16]) {
        self.last = power(sound);
        self.speech = (self.speech * MEMORY).max(self.last);
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.last < SILENT.max(self.speech * PAUSE)
    }
}

/// Mean square.
fn power(sound: &[i16]) -> f32 {
    let squares: i64 = sound
        .iter()
        .map(|&sample| i64::from(i32::from(sample) * i32::from(sample)))
        .sum();
    squares as f32 / sound.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SILENCE;

    #[test]
    fn gives_back_what_it_was_given_and_remembers_the_last() {
        let mut sound = Sound::new();
        let mut number = 0i16;
        let (mut pushed, mut popped) = (Vec::new(), Vec::new());
        for length in [960, 120, 1920, 480].into_iter().cycle().take(40) {
            let samples: Vec<i16> = (0..length)
                .map(|_| {
                    number = number.wrapping_add(1);
                    number
                })
                .collect();
            sound.push(Pulled::Decoded, &samples);
            pushed.extend(samples);
            while sound.len() >= FRAME_SAMPLES {
                let mut frame = SILENCE;
                assert_eq!(sound.pop(&mut frame), Pulled::Decoded);
                popped.extend(frame);
            }
            let tail = sound.tail();
            let known = HISTORY.min(pushed.len());
            assert_eq!(tail[tail.len() - known..], pushed[pushed.len() - known..]);
        }
        assert_eq!(popped, pushed[..popped.len()]);
    }

    #[test]
    fn tells_pauses_from_speech_by_its_loudness() {
        let mut loudness = Loudness::default();
        assert!(loudness.is_quiet());
        loudness.hear(&[3000; 960]);
        assert!(!loudness.is_quiet());
        loudness.hear(&[160; 960]);
        assert!(loudness.is_quiet(), "25.5 dB less");
        loudness.hear(&[180; 960]);
        assert!(!loudness.is_quiet(), "24.4 dB less");
        // Who always speaks so softly is not silent.
        for _ in 0..500 {
            loudness.hear(&[160; 960]);
        }
        assert!(!loudness.is_quiet());
        loudness.hear(&[40; 960]);
        assert!(loudness.is_quiet());
    }

    #[test]
    fn names_the_last_kind_in_a_frame_and_fills_up_with_silence() {
        let mut sound = Sound::new();
        let mut frame = SILENCE;
        sound.push(Pulled::Concealed, &[1; 480]);
        sound.push(Pulled::Decoded, &[2; 240]);
        assert_eq!(sound.pop(&mut frame), Pulled::Concealed);
        assert_eq!(sound.pop(&mut frame), Pulled::Decoded);
        assert_eq!((frame[239], frame[240]), (2, 0));
        assert_eq!(sound.pop(&mut frame), Pulled::Silence);
    }
}
