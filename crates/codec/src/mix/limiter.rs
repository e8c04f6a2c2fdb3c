use crate::{AudioFrame, FRAME_SAMPLES, format::round_in_range};

/// Keeps a sum of voices inside 16 bits without delaying it.
///
/// The gain is a line within each millisecond, so it never steps. It goes down within the millisecond *before* a peak
/// (a frame is seen as a whole, so the look-ahead costs no delay; only a peak in the first millisecond of a frame
/// comes unannounced, and a soft knee holds that), stays down for [`HOLD`], longer than half a period of the lowest
/// voice, so that a steady sound meets a steady gain, and comes back with a time constant of a quarter of a second.
///
/// Below the ceiling, with the gain at rest, it changes no sample.
#[derive(Debug, Clone)]
pub(super) struct Limiter {
    /// 0 < gain <= 1, in force at the end of the last frame; exactly 1 at rest, and then no peak in `recent` is
    /// above the ceiling.
    gain: f32,
    /// Peaks of the last blocks, a ring, and the highest of them.
    recent: [f32; HOLD],
    next: usize,
    loudest: f32,
}

/// Where limiting starts: 1 dB below full scale.
pub(super) const CEILING: f32 = 29_204.0;

/// Largest value that comes out.
const FULL_SCALE: f32 = 32_767.0;

/// The gain is a line over this many samples: 1 ms.
const BLOCK: usize = 48;

/// How far on its line the gain is at each sample of a block.
const LINE: [f32; BLOCK] = {
    let mut line = [0.0; BLOCK];
    let mut i = 0;
    while i < BLOCK {
        line[i] = (i + 1) as f32 / BLOCK as f32;
        i += 1;
    }
    line
};

/// Blocks that the gain stays down after a peak: 25 ms, half a period at 20 Hz.
const HOLD: usize = 25;

/// Part of its way back that the gain goes per block: a time constant of 250 ms.
const RELEASE_PER_BLOCK: f32 = 0.004;

/// The gain is where it should be when it is this close, 0.001 dB.
const ARRIVED: f32 = 1e-4;

impl Default for Limiter {
    fn default() -> Self {
        Self {
            gain: 1.0,
            recent: [0.0; HOLD],
            next: 0,
            loudest: 0.0,
        }
    }
}

impl Limiter {
    /// Limits one frame.
    pub(super) fn process(&mut self, sum: &[i32; FRAME_SAMPLES], out: &mut AudioFrame) {
        let peak = narrow(sum, out);
        if self.is_needed(peak) {
            self.limit(sum, out);
        }
    }

    /// Limits `sum` less `own`.
    pub(super) fn process_difference(
        &mut self,
        sum: &[i32; FRAME_SAMPLES],
        own: &AudioFrame,
        out: &mut AudioFrame,
    ) {
        let mut peak = 0;
        for ((out, &sum), &own) in out.iter_mut().zip(sum).zip(own) {
            let value = sum.wrapping_sub(i32::from(own));
            peak = peak.max(value.unsigned_abs());
            *out = clip(value);
        }
        if self.is_needed(peak) {
            let mut difference = *sum;
            for (sum, &own) in difference.iter_mut().zip(own) {
                *sum = sum.wrapping_sub(i32::from(own));
            }
            self.limit(&difference, out);
        }
    }

    /// Whether the two, given the same sound from now on, make the same of it, to the hundredth of a decibel.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let at_rest = self.gain >= 1.0 && other.gain >= 1.0;
        let close = |a: f32, b: f32| (a - b).abs() < 0.001 * b;
        at_rest || (close(self.gain, other.gain) && close(self.target(), other.target()))
    }

    fn is_needed(&self, peak: u32) -> bool {
        self.gain < 1.0 || peak as f32 > CEILING
    }

    fn limit(&mut self, sum: &[i32; FRAME_SAMPLES], out: &mut AudioFrame) {
        let peaks: [f32; FRAME_SAMPLES / BLOCK] = {
            let mut blocks = sum.chunks_exact(BLOCK);
            std::array::from_fn(|_| blocks.next().map_or(0, peak) as f32)
        };
        let ahead = peaks.iter().skip(1).chain(&[0.0]);
        let blocks = sum.chunks_exact(BLOCK).zip(out.chunks_exact_mut(BLOCK));
        for ((&peak, &ahead), (sum, out)) in peaks.iter().zip(ahead).zip(blocks) {
            self.remember(peak.max(ahead));
            let start = self.gain;
            self.gain = self.step();
            let change = self.gain - start;
            let samples = out.iter_mut().zip(sum).zip(&LINE);
            if start >= 1.0 && self.gain >= 1.0 {
                narrow(sum, out);
            } else if peak * start.max(self.gain) <= CEILING + 1.0 {
                for ((out, &sum), part) in samples {
                    *out = round_in_range(sum as f32 * (start + change * part));
                }
            } else {
                for ((out, &sum), part) in samples {
                    *out = round_in_range(knee(sum as f32 * (start + change * part)));
                }
            }
        }
    }

    fn remember(&mut self, peak: f32) {
        let Some(slot) = self.recent.get_mut(self.next) else {
            return;
        };
        let forgotten = std::mem::replace(slot, peak);
        self.next = (self.next + 1) % HOLD;
        self.loudest = if forgotten < self.loudest {
            self.loudest.max(peak)
        } else {
            self.recent.iter().copied().fold(0.0, f32::max)
        };
    }

    /// The gain at the end of the next block.
    fn step(&self) -> f32 {
        let target = self.target();
        let risen = self.gain + (target - self.gain) * RELEASE_PER_BLOCK;
        if target - risen < ARRIVED { target } else { risen }
    }

    /// The gain that the loudest of the recent peaks asks for.
    fn target(&self) -> f32 {
        if self.loudest > CEILING {
            CEILING / self.loudest
        } else {
            1.0
        }
    }
}

fn peak(samples: &[i32]) -> u32 {
    samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0)
}

/// Copies what fits and clips the rest; gives the peak.
fn narrow(sum: &[i32], out: &mut [i16]) -> u32 {
    let mut peak = 0;
    for (out, &sum) in out.iter_mut().zip(sum) {
        peak = peak.max(sum.unsigned_abs());
        *out = clip(sum);
    }
    peak
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to 16 bits")]
fn clip(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// Identity up to the ceiling, then bends towards full scale without a corner and without passing it.
fn knee(value: f32) -> f32 {
    let over = value.abs() - CEILING;
    if over <= 0.0 {
        return value;
    }
    let room = FULL_SCALE - CEILING;
    (CEILING + room * (over / room).tanh()).copysign(value)
}
