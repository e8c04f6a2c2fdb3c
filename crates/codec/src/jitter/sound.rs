//! Decoded sound on its way out, and where it came from.

use std::collections::VecDeque;

use super::Pulled;
use crate::{AudioFrame, FRAME_SAMPLES};

/// A queue of samples, at most one packet and what stretching adds longer than a frame.
#[derive(Debug, Default)]
pub(super) struct Sound {
    samples: VecDeque<i16>,
    /// Origin and length of the stretches in `samples`, in order; the lengths sum to `samples.len()`.
    origins: VecDeque<(Pulled, usize)>,
}

impl Sound {
    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    pub(super) fn push(&mut self, origin: Pulled, samples: &[i16]) {
        self.samples.extend(samples);
        match self.origins.back_mut() {
            Some((last, length)) if *last == origin => *length += samples.len(),
            _ => self.origins.push_back((origin, samples.len())),
        }
    }

    pub(super) fn push_silence(&mut self) {
        self.push(Pulled::Silence, &crate::SILENCE);
    }

    /// Moves a frame out; what is missing is silence.
    pub(super) fn pop(&mut self, out: &mut AudioFrame) -> Pulled {
        for out in out.iter_mut() {
            *out = self.samples.pop_front().unwrap_or(0);
        }
        let mut origin = Pulled::Silence;
        let mut left = FRAME_SAMPLES;
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
