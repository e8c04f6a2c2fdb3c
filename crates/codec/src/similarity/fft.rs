//! Cross-correlation by fast Fourier transform.

use std::f64::consts::TAU;

type Complex = (f64, f64);

/// For every shift *s* from −(b.len() − 1) to a.len() − 1, the sum of a[i + s] · b[i]; entry 0 is the lowest shift.
pub(super) fn cross_correlation(a: &[f64], b: &[f64]) -> Vec<f64> {
    let (Some(longest), true) = ((a.len() + b.len()).checked_sub(1), !a.is_empty() && !b.is_empty()) else {
        return Vec::new();
    };
    let size = longest.next_power_of_two();
    // Two real signals in one transform: a in the real part, b backwards in the imaginary part. The square of the
    // product's spectrum holds 2·a·b in its imaginary part.
    let mut both: Vec<Complex> = vec![(0.0, 0.0); size];
    for (slot, &value) in both.iter_mut().zip(a) {
        slot.0 = value;
    }
    for (slot, &value) in both.iter_mut().zip(b.iter().rev()) {
        slot.1 = value;
    }
    transform(&mut both, -1.0);
    for value in &mut both {
        *value = multiply(*value, *value);
    }
    transform(&mut both, 1.0);
    both.truncate(longest);
    both.into_iter()
        .map(|(_, imaginary)| imaginary / 2.0 / size as f64)
        .collect()
}

/// In place, radix 2; the length is a power of two. `sign` −1 is forward, 1 is inverse without scaling.
fn transform(data: &mut [Complex], sign: f64) {
    let size = data.len();
    if size < 2 {
        return;
    }
    let bits = size.trailing_zeros();
    for i in 0..size {
        let j = i.reverse_bits() >> (usize::BITS - bits);
        if i < j {
            data.swap(i, j);
        }
    }
    let roots: Vec<Complex> = (0..size / 2)
        .map(|i| {
            let (sine, cosine) = (sign * TAU * i as f64 / size as f64).sin_cos();
            (cosine, sine)
        })
        .collect();
    let mut half = 1;
    while half < size {
        let stride = size / 2 / half;
        for block in data.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for ((low, high), root) in low.iter_mut().zip(high).zip(roots.iter().step_by(stride)) {
                let turned = multiply(*high, *root);
                *high = (low.0 - turned.0, low.1 - turned.1);
                *low = (low.0 + turned.0, low.1 + turned.1);
            }
        }
        half *= 2;
    }
}

fn multiply(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_definition() {
        let a: Vec<f64> = (0..37).map(|i| f64::from(i * i % 17) - 8.0).collect();
        let b: Vec<f64> = (0..11).map(|i| f64::from(i * 5 % 7) - 3.0).collect();
        let fast = cross_correlation(&a, &b);
        assert_eq!(fast.len(), 47);
        for (index, fast) in fast.iter().enumerate() {
            let slow: f64 = b
                .iter()
                .enumerate()
                .filter_map(|(i, b)| Some(b * a.get((i + index).checked_sub(10)?)?))
                .sum();
            assert!((fast - slow).abs() < 1e-9, "{index}: {fast} {slow}");
        }
        assert_eq!(cross_correlation(&[], &b), [0.0; 0]);
    }
}
