//! Where the path was full: a mean and a spread of the throughput at the moments of overuse
//! (draft-ietf-rmcat-gcc-02 §5.5, "average max bitrate").

use super::Bitrate;

/// Weight of a new measurement.
const WEIGHT: f64 = 0.1;

/// Bounds of the variance, as a part of the mean (in kbit/s).
const MIN_VARIANCE: f64 = 0.4;
const MAX_VARIANCE: f64 = 2.5;

#[derive(Debug, Clone, Copy)]
pub(super) struct LinkCapacity {
    /// In kbit/s.
    mean: Option<f64>,
    /// Normalised by the mean.
    variance: f64,
}

impl LinkCapacity {
    pub(super) const fn new() -> Self {
        Self {
            mean: None,
            variance: MIN_VARIANCE,
        }
    }

    pub(super) fn reset(&mut self) {
        self.mean = None;
    }

    /// The path was full at this throughput.
    pub(super) fn measure(&mut self, throughput: Bitrate) {
        if !self.contains(throughput) {
            self.reset();
        }
        let sample = throughput.as_f64() / 1000.0;
        let mean = self
            .mean
            .map_or(sample, |mean| (1.0 - WEIGHT) * mean + WEIGHT * sample);
        self.mean = Some(mean);
        let error = mean - sample;
        let variance = (1.0 - WEIGHT) * self.variance + WEIGHT * error * error / mean.max(1.0);
        self.variance = variance.clamp(MIN_VARIANCE, MAX_VARIANCE);
    }

    /// The estimate, while there is one.
    pub(super) fn estimate(&self) -> Option<Bitrate> {
        self.mean.map(|mean| Bitrate::from_f64(mean * 1000.0))
    }

    /// Whether this throughput is well above all that is likely.
    pub(super) fn is_exceeded(&self, throughput: Bitrate) -> bool {
        self.mean
            .is_some_and(|mean| throughput.as_f64() / 1000.0 > mean + 3.0 * self.deviation(mean))
    }

    fn contains(&self, throughput: Bitrate) -> bool {
        let below = |mean: f64| throughput.as_f64() / 1000.0 < mean - 3.0 * self.deviation(mean);
        !self.is_exceeded(throughput) && !self.mean.is_some_and(below)
    }

    fn deviation(&self, mean: f64) -> f64 {
        (self.variance * mean).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_small_changes_slowly_and_large_ones_at_once() {
        let mut capacity = LinkCapacity::new();
        assert_eq!(capacity.estimate(), None);
        assert!(!capacity.is_exceeded(Bitrate::MAX));
        capacity.measure(Bitrate::from_kbps(1000));
        capacity.measure(Bitrate::from_kbps(1020));
        let estimate = capacity.estimate().unwrap();
        assert!(estimate > Bitrate::from_kbps(1000) && estimate < Bitrate::from_kbps(1010));
        capacity.measure(Bitrate::from_kbps(300));
        assert_eq!(capacity.estimate(), Some(Bitrate::from_kbps(300)));
        assert!(capacity.is_exceeded(Bitrate::from_kbps(500)));
        capacity.measure(Bitrate::ZERO);
        assert_eq!(capacity.estimate(), Some(Bitrate::ZERO));
    }
}
