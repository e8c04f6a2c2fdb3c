//! What the server says itself of the time packets take in it.

use anteroom_service::DevInfo;
use serde::Serialize;

use super::meetings;

/// The histogram of `/metrics`.
const NAME: &str = "anteroom_media_forwarding_seconds";

/// Where a service in development mode tells what it has counted.
pub(super) struct Metrics {
    http: reqwest::Client,
    url: String,
}

impl Metrics {
    pub(super) fn new(dev: &DevInfo) -> anyhow::Result<Self> {
        Ok(Self {
            http: meetings::http(dev.ca_file.as_deref())?,
            url: format!("{}/metrics", dev.endpoint),
        })
    }

    /// `None` when it does not tell: it need not.
    pub(super) async fn read(&self) -> Option<Served> {
        let answer = self.http.get(&self.url).send().await.ok()?;
        let metrics = answer.error_for_status().ok()?.text().await.ok()?;
        Some(Served::read(&metrics))
    }
}

/// Counts of a histogram since its start: upper bounds in seconds with how many values are not above them, and the sum.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Served {
    bounds: Vec<(f64, f64)>,
    sum: f64,
    count: f64,
}

/// From a packet's arrival at the server's socket until it was handed over for all subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Within {
    pub(super) packets: f64,
    pub(super) mean_micros: f64,
    /// Parts of the packets.
    pub(super) micros150: f64,
    pub(super) millis1: f64,
    pub(super) millis5: f64,
}

impl Served {
    /// Reads an answer of `/metrics`; what is not there is zero.
    pub(super) fn read(metrics: &str) -> Self {
        let mut served = Self::default();
        for line in metrics.lines() {
            let Some((name, value)) = line.strip_prefix(NAME).and_then(|rest| rest.rsplit_once(' ')) else {
                continue;
            };
            let Ok(value) = value.parse::<f64>() else { continue };
            let bound = name.strip_prefix("_bucket{le=\"");
            let bound = bound.and_then(|rest| rest.strip_suffix("\"}")?.parse::<f64>().ok());
            match (name, bound) {
                ("_sum", _) => served.sum = value,
                ("_count", _) => served.count = value,
                (_, Some(bound)) => served.bounds.push((bound, value)),
                _ => {}
            }
        }
        served
    }

    /// What came since then; `None` when nothing did.
    pub(super) fn since(&self, before: &Self) -> Option<Within> {
        let packets = self.count - before.count;
        let within = |bound: f64| {
            let at = |all: &Self| {
                let found = all.bounds.iter().find(|(at, _)| *at >= bound * 0.999);
                found.map_or(0.0, |(_, count)| *count)
            };
            (at(self) - at(before)) / packets
        };
        (packets > 0.0).then(|| Within {
            packets,
            mean_micros: (self.sum - before.sum) / packets * 1e6,
            micros150: within(150e-6),
            millis1: within(1e-3),
            millis5: within(5e-3),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_meanwhile_is_told_by_bounds() {
        let metrics = |small: u32, more: u32, all: u32| {
            format!(
                "# TYPE {NAME} histogram\n{NAME}_bucket{{le=\"0.00015\"}} {small}\n{NAME}_bucket{{le=\"0.001\"}} {more}\n\
                 {NAME}_bucket{{le=\"0.005\"}} {all}\n{NAME}_bucket{{le=\"+Inf\"}} {all}\n{NAME}_sum 0.{all:04}\n\
                 {NAME}_count {all}\nanother_count 7\n"
            )
        };
        let (before, after) = (
            Served::read(&metrics(10, 20, 100)),
            Served::read(&metrics(60, 110, 200)),
        );
        let within = after.since(&before).unwrap();
        assert_eq!(
            (within.packets, within.micros150, within.millis1, within.millis5),
            (100.0, 0.5, 0.9, 1.0)
        );
        assert!((within.mean_micros - 100.0).abs() < 1e-6, "{within:?}");
        assert_eq!(after.since(&after), None);
        assert_eq!(Served::read("nonsense"), Served::default());
    }
}
