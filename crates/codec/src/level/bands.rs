//! The energy of 10 ms of sound in six octaves, by the cheapest filter bank there is: sums and differences of neighbours,
//! again and again (a Haar wavelet tree). Its bands overlap widely, which matters little to whoever compares a band only
//! with itself.

use crate::{AudioFrame, FRAME_SAMPLES};

/// Bands: 12 to 24 kHz, 6 to 12, 3 to 6, 1.5 to 3, 0.75 to 1.5 kHz, and what is below.
pub(super) const BANDS: usize = 6;

/// Powers of a frame, in squares of 16-bit steps.
pub(super) struct Powers {
    /// The mean power of all.
    pub(super) total: f32,
    /// Mean power of each band, the lowest without what is no sound: below 100 Hz it falls off like a first-order high-pass.
    pub(super) bands: [f32; BANDS],
}

pub(super) fn powers(frame: &AudioFrame) -> Powers {
    let (mut first, mut second) = ([0.0; FRAME_SAMPLES / 2], [0.0; FRAME_SAMPLES / 4]);
    let mut powers = [0.0; BANDS];
    powers[0] = split(frame, &mut first);
    powers[1] = split(&first, &mut second);
    powers[2] = split(&second, &mut first[..60]);
    powers[3] = split(&first[..60], &mut second[..30]);
    powers[4] = split(&second[..30], &mut first[..15]);
    let low = &first[..15];
    powers[5] = low.iter().map(|sum| sum * sum).sum();
    let above_rumble: f32 = low.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    // The sums grow by a factor of two per level, energies by four, of which half are the other half of the tree's.
    for (power, level) in powers.iter_mut().zip([1, 2, 3, 4, 5, 5]) {
        *power /= FRAME_SAMPLES as f32 * (1 << level) as f32;
    }
    let total = powers.iter().sum();
    powers[5] = above_rumble / (FRAME_SAMPLES * 32) as f32;
    Powers { total, bands: powers }
}

/// Writes the sums of neighbours and returns the energy of their differences.
fn split<T: Copy + Into<f32>>(from: &[T], sums: &mut [f32]) -> f32 {
    // Floating-point sums have an order, which keeps the compiler from adding several at a time unless it is told to.
    const LANES: usize = 8;
    let mut energy = [0.0; LANES];
    let (blocks, rest) = from.as_chunks::<{ 2 * LANES }>();
    let (sum_blocks, sums_rest) = sums.as_chunks_mut::<LANES>();
    for (block, sums) in blocks.iter().zip(sum_blocks) {
        for ((pair, sum), energy) in block.as_chunks::<2>().0.iter().zip(sums).zip(&mut energy) {
            let (left, right) = (pair[0].into(), pair[1].into());
            *sum = left + right;
            *energy += (left - right) * (left - right);
        }
    }
    for (pair, sum) in rest.as_chunks::<2>().0.iter().zip(sums_rest) {
        let (left, right) = (pair[0].into(), pair[1].into());
        *sum = left + right;
        energy[0] += (left - right) * (left - right);
    }
    energy.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32) -> AudioFrame {
        std::array::from_fn(|i| {
            crate::format::saturate((i as f32 * hertz * std::f32::consts::TAU / 48_000.0).sin() * 10_000.0)
        })
    }

    #[test]
    fn the_bands_together_are_the_power() {
        for hertz in [50.0, 440.0, 1000.0, 5000.0, 17_000.0] {
            let frame = tone(hertz);
            let power = frame.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>() / FRAME_SAMPLES as f32;
            let total = powers(&frame).total;
            assert!((total / power - 1.0).abs() < 1e-4, "{hertz}: {total} {power}");
        }
        let silence = powers(&crate::SILENCE);
        assert_eq!((silence.total, silence.bands), (0.0, [0.0; BANDS]));
        let offset = powers(&[i16::MIN; FRAME_SAMPLES]);
        assert!(offset.total > 1e9 && offset.bands == [0.0; BANDS]);
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        for (hertz, band) in [
            (300.0, 5),
            (1000.0, 4),
            (2200.0, 3),
            (4500.0, 2),
            (9000.0, 1),
            (18_000.0, 0),
        ] {
            let powers = powers(&tone(hertz)).bands;
            let loudest = (0..BANDS).max_by(|a, b| powers[*a].total_cmp(&powers[*b]));
            assert_eq!(loudest, Some(band), "{hertz}: {powers:?}");
        }
    }
}
