use crate::{AudioFrame, FRAME_SAMPLES, format::saturate};

/// Keeps a sum of voices inside 16 bits: a gain that goes down within a millisecond or two and comes back within
/// a quarter of a second, then a soft knee for what is louder still while the gain is on its way.
///
/// Below the ceiling it changes no sample.
#[derive(Debug, Clone)]
pub(super) struct Limiter {
    /// 0 < gain <= 1, in force at the end of the last frame.
    gain: f32,
}

/// Where limiting starts: 1 dB below full scale.
const CEILING: f32 = 29_204.0;

/// Largest value that comes out.
const FULL_SCALE: f32 = 32_767.0;

/// Gain follows peaks in steps of 2.5 ms.
const STEP: usize = 120;

/// Part of the way back to 1 that the gain goes per step: a time constant of 250 ms.
const RELEASE_PER_STEP: f32 = 0.01;

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    pub(super) fn process(&mut self, sum: &[i32; FRAME_SAMPLES], out: &mut AudioFrame) {
        for (sum, out) in sum.chunks(STEP).zip(out.chunks_mut(STEP)) {
            let peak = sum.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0) as f32;
            let wanted = if peak > CEILING { CEILING / peak } else { 1.0 };
            let end = if wanted < self.gain {
                wanted
            } else {
                let risen = self.gain + (1.0 - self.gain) * RELEASE_PER_STEP;
                if risen > 0.9999 {
                    wanted.min(1.0)
                } else {
                    risen.min(wanted)
                }
            };
            let start = self.gain;
            let slope = (end - start) / STEP as f32;
            for (i, (&sum, out)) in sum.iter().zip(out).enumerate() {
                *out = saturate(knee(sum as f32 * (start + slope * (i + 1) as f32)));
            }
            self.gain = end;
        }
    }
}

/// Identity up to the ceiling, then bends towards full scale without a corner and without reaching it.
fn knee(value: f32) -> f32 {
    let over = value.abs() - CEILING;
    if over <= 0.0 {
        return value;
    }
    let room = FULL_SCALE - CEILING;
    (CEILING + room * (over / room).tanh()).copysign(value)
}
