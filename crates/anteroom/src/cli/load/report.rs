//! What was measured.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::cli::output;

/// All measurements of one run.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    measurements: Vec<Measurement>,
}

/// One measurement.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Measurement {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<Latency>,
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p99: f64,
    max: f64,
}

/// How long single calls took.
#[derive(Debug)]
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> anyhow::Result<Self> {
        // Microseconds, up to a minute.
        Ok(Self(Histogram::new_with_bounds(1, 60_000_000, 3)?))
    }

    pub(super) fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.max(1));
    }

    pub(super) fn merge(&mut self, other: &Self) -> anyhow::Result<()> {
        self.0.add(&other.0)?;
        Ok(())
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "a minute in microseconds is exact")]
    fn quantile(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1000.0
    }
}

impl Report {
    /// Calls within a time.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(super) fn rate(&mut self, name: &'static str, latencies: &Latencies, within: Duration, note: String) {
        let count = latencies.count();
        self.measurements.push(Measurement {
            name,
            count: Some(count),
            per_second: Some(count as f64 / within.as_secs_f64()),
            milliseconds: Some(Latency {
                p50: latencies.quantile(0.5),
                p99: latencies.quantile(0.99),
                max: latencies.quantile(1.0),
            }),
            note,
        });
    }

    /// Something that is no rate, in words.
    pub(super) fn fact(&mut self, name: &'static str, count: Option<u64>, note: String) {
        self.measurements.push(Measurement {
            name,
            count,
            per_second: None,
            milliseconds: None,
            note,
        });
    }

    pub(super) fn table(&self) -> String {
        let heading = ["", "count", "per second", "p50 ms", "p99 ms", "max ms", ""].map(str::to_owned);
        let rows = self.measurements.iter().map(|measurement| {
            let latency = |pick: fn(&Latency) -> f64| {
                let value = measurement.milliseconds.as_ref().map(pick);
                value.map_or_else(String::new, |value| format!("{value:.1}"))
            };
            vec![
                measurement.name.to_owned(),
                measurement
                    .count
                    .map_or_else(String::new, |count| count.to_string()),
                measurement
                    .per_second
                    .map_or_else(String::new, |rate| format!("{rate:.0}")),
                latency(|latency| latency.p50),
                latency(|latency| latency.p99),
                latency(|latency| latency.max),
                measurement.note.clone(),
            ]
        });
        let rows: Vec<_> = std::iter::once(heading.to_vec()).chain(rows).collect();
        output::table(&rows)
    }
}
