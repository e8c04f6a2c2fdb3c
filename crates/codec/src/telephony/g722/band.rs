//! One half of the band: the adaptive quantiser and predictor, in 16-bit fixed point as the recommendation writes it.

use super::tables::{
    DECISION_HIGH, DECISIONS, LEVELS_2, LEVELS_4, LEVELS_6, POWERS, QMF, SCALE_HIGH, SCALE_LOW,
};

/// Which half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// 0 to 4 kHz, 6 bits.
    Low,
    /// 4 to 8 kHz, 2 bits.
    High,
}

/// The state that coder and decoder keep in step. All values are within 16 bits.
#[derive(Debug, Clone)]
pub(super) struct Band {
    half: Half,
    /// The prediction of the next sample, and the part of it that the zeros make.
    predicted: i32,
    predicted_zeros: i32,
    /// Logarithm of the quantiser's step (NB), 0 to 18 432 in the lower half and 22 528 in the upper.
    log_step: i32,
    /// The step (DET).
    step: i32,
    /// Coefficients of the two poles (A).
    poles: [i32; 2],
    /// Coefficients of the six zeros (B).
    zeros: [i32; 6],
    /// The last six quantised differences (D), newest first.
    differences: [i32; 6],
    /// The last two reconstructed samples (R), newest first.
    reconstructed: [i32; 2],
    /// The last two partly reconstructed samples (P), newest first.
    partial: [i32; 2],
}

impl Band {
    pub(super) const fn new(half: Half) -> Self {
        Self {
            half,
            predicted: 0,
            predicted_zeros: 0,
            log_step: 0,
            step: match half {
                Half::Low => 32,
                Half::High => 8,
            },
            poles: [0; 2],
            zeros: [0; 6],
            differences: [0; 6],
            reconstructed: [0; 2],
            partial: [0; 2],
        }
    }

    /// The code of a sample of this half.
    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        let error = clamp(sample - self.predicted);
        let magnitude = if error < 0 { !error } else { error };
        let code = match self.half {
            Half::Low => {
                let is_reached = |level: &i32| magnitude >= (level * self.step) >> 12;
                let below = DECISIONS.partition_point(is_reached);
                low_code(below, error < 0)
            }
            Half::High => {
                let is_small = magnitude < (DECISION_HIGH * self.step) >> 12;
                match (error < 0, is_small) {
                    (true, true) => 1,
                    (true, false) => 0,
                    (false, true) => 3,
                    (false, false) => 2,
                }
            }
        };
        self.adapt(code);
        code
    }

    /// The sample that a code stands for. Only the lowest 6 or 2 bits count.
    pub(super) fn decode(&mut self, code: u8) -> i32 {
        let level = match self.half {
            Half::Low => entry(&LEVELS_6, code),
            Half::High => entry(&LEVELS_2, code),
        };
        let sample = clamp(self.predicted + ((self.step * level) >> 15)).clamp(-16_384, 16_383);
        self.adapt(code);
        sample
    }

    /// Learns from a code, in the same way on both sides.
    fn adapt(&mut self, code: u8) {
        let (level, scale, most, shift) = match self.half {
            Half::Low => {
                let code = (code & 0x3F) >> 2;
                (entry(&LEVELS_4, code), entry(&SCALE_LOW, code), 18_432, 8)
            }
            Half::High => (entry(&LEVELS_2, code), entry(&SCALE_HIGH, code), 22_528, 10),
        };
        let difference = (self.step * level) >> 15;
        self.log_step = (((self.log_step * 127) >> 7) + scale).clamp(0, most);
        let mantissa = POWERS
            .get((self.log_step >> 6) as usize & 31)
            .copied()
            .unwrap_or_default();
        let exponent = shift - (self.log_step >> 11);
        self.step = if exponent < 0 {
            mantissa << -exponent << 2
        } else {
            (mantissa >> exponent) << 2
        };
        self.predict(difference);
    }

    /// Moves the predictor's coefficients by the signs of what happened, and makes the next prediction.
    fn predict(&mut self, difference: i32) {
        let reconstructed = clamp(self.predicted + difference);
        let partial = clamp(self.predicted_zeros + difference);
        let [partial_1, partial_2] = self.partial;
        let [pole_1, pole_2] = self.poles;

        // The second pole, within ±0.75.
        let toward = clamp(pole_1 << 2);
        let toward = if same_sign(partial, partial_1) {
            clamp(-toward)
        } else {
            toward
        };
        let direction = if same_sign(partial, partial_2) { 128 } else { -128 };
        let pole_2 = ((toward >> 7) + direction + ((pole_2 * 32_512) >> 15)).clamp(-12_288, 12_288);
        // The first, which together with it must stay stable.
        let direction = if same_sign(partial, partial_1) { 192 } else { -192 };
        let most = 15_360 - pole_2;
        let pole_1 = clamp(direction + ((pole_1 * 32_640) >> 15)).clamp(-most, most);

        let step = if difference == 0 { 0 } else { 128 };
        for (zero, &before) in self.zeros.iter_mut().zip(&self.differences) {
            let direction = if same_sign(before, difference) {
                step
            } else {
                -step
            };
            *zero = clamp(direction + ((*zero * 32_640) >> 15));
        }

        self.differences.rotate_right(1);
        if let Some(newest) = self.differences.first_mut() {
            *newest = difference;
        }
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.partial = [partial, partial_1];
        self.poles = [pole_1, pole_2];

        let by_poles = self.poles.iter().zip(&self.reconstructed);
        let by_poles = by_poles.fold(0, |sum, (&a, &r)| clamp(sum + ((a * clamp(2 * r)) >> 15)));
        // From the oldest, because each step saturates.
        let by_zeros = self.zeros.iter().zip(&self.differences).rev();
        self.predicted_zeros = by_zeros.fold(0, |sum, (&b, &d)| clamp(sum + ((b * clamp(2 * d)) >> 15)));
        self.predicted = clamp(by_poles + self.predicted_zeros);
    }
}

/// Shifts two values into the filter's memory; gives the sums over its even and its odd coefficients.
pub(super) fn qmf(history: &mut [i32; 24], newest: [i32; 2]) -> (i32, i32) {
    history.copy_within(2.., 0);
    if let Some(end) = history.last_chunk_mut() {
        *end = newest;
    }
    let pairs = history.as_chunks::<2>().0;
    let odd: i32 = pairs.iter().zip(&QMF).map(|([first, _], c)| first * c).sum();
    let even: i32 = pairs
        .iter()
        .zip(QMF.iter().rev())
        .map(|([_, second], c)| second * c)
        .sum();
    (even, odd)
}

/// The nearest 16-bit value.
#[expect(clippy::cast_possible_truncation, reason = "clamped")]
pub(super) fn saturate(value: i32) -> i16 {
    clamp(value) as i16
}

fn clamp(value: i32) -> i32 {
    value.clamp(-32_768, 32_767)
}

fn same_sign(a: i32, b: i32) -> bool {
    (a < 0) == (b < 0)
}

/// The code for the number of decision levels (0 to 29) that the error is not below.
#[expect(clippy::cast_possible_truncation, reason = "at most 63")]
fn low_code(below: usize, negative: bool) -> u8 {
    match (negative, below as u8) {
        // The two smallest negative ones stand where positive codes would go on.
        (true, below @ (0 | 1)) => 63 - below,
        (true, below) => 33 - below,
        (false, below) => 61 - below,
    }
}

/// An entry of a table whose length is a power of two; higher bits of the code do not count.
fn entry<const N: usize>(table: &[i32; N], code: u8) -> i32 {
    table.get(code as usize % N).copied().unwrap_or_default()
}
