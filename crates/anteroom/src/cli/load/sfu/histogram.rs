//! Durations, counted to three digits, that can be sent from process to process.

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest duration told apart, in nanoseconds: ten minutes.
const LONGEST: u64 = 600_000_000_000;

/// How often which duration was measured, in nanoseconds, to three significant digits.
#[derive(Debug, Clone)]
pub(super) struct Counts(Histogram<u64>);

/// What there is to say about durations; microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Percentiles {
    pub(super) count: u64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) max: f64,
}

impl Default for Counts {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds that are right"))
    }
}

impl Counts {
    pub(super) fn add(&mut self, nanos: u64) {
        self.0.saturating_record(nanos.max(1));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("the same bounds");
    }

    /// `None` when nothing was counted.
    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        #[expect(clippy::cast_precision_loss, reason = "three digits are right")]
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1000.0;
        (!self.0.is_empty()).then(|| Percentiles {
            count: self.0.len(),
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        })
    }
}

/// As pairs of duration and count.
impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.0
                .iter_recorded()
                .map(|step| (step.value_iterated_to(), step.count_at_value())),
        )
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Self::default();
        for (nanos, count) in Vec::<(u64, u64)>::deserialize(deserializer)? {
            counts.0.saturating_record_n(nanos, count);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_to_another_process_stays_the_same() {
        let mut counts = Counts::default();
        assert_eq!(counts.percentiles(), None);
        for nanos in (1..=1000).map(|micros| micros * 1000) {
            counts.add(nanos);
        }
        counts.add(0);
        counts.add(u64::MAX);
        let there: Counts = serde_json::from_str(&serde_json::to_string(&counts).unwrap()).unwrap();
        assert_eq!(there.percentiles(), counts.percentiles());
        let Percentiles {
            count, p50, p99, max, ..
        } = there.percentiles().unwrap();
        assert_eq!(count, 1002);
        assert!((500.0..=501.0).contains(&p50), "{p50}");
        assert!((990.0..=992.0).contains(&p99), "{p99}");
        assert!((6e8..6.01e8).contains(&max), "{max}");
        let mut both = Counts::default();
        both.merge(&counts);
        both.merge(&there);
        assert_eq!(both.percentiles().unwrap().count, 2004);
    }
}
