//! The scores of all calls, cell by cell.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// What `score.py` writes.
#[derive(Debug, Deserialize)]
struct Scores {
    ours: BTreeMap<String, Vec<Clip>>,
    peer: BTreeMap<String, Vec<Clip>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Clip {
    pesq: f64,
    stoi: f64,
    lag_ms: f64,
}

#[derive(Debug, Deserialize)]
struct Call {
    stats: Stats,
    kbps: Option<f64>,
    peer: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    jitter_buffer_delay: f64,
    jitter_buffer_emitted_count: f64,
}

/// What one receiver made of the calls of a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    /// Medians over calls and clips.
    pub(crate) pesq: f64,
    pub(crate) stoi: f64,
    /// Means over calls: of the buffer's own account, and of how much what is heard lags.
    pub(crate) delay_ms: f64,
    pub(crate) lag_ms: f64,
    /// What was sent; of ours only.
    pub(crate) kbps: f64,
}

/// By network and mechanism.
pub(crate) type Cells = BTreeMap<(String, String), Cell>;

/// Ours, the peer's, and who that is.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) ours: Cells,
    pub(crate) peer: Cells,
    pub(crate) peer_name: String,
    pub(crate) calls: usize,
    pub(crate) clips: usize,
}

pub(crate) fn read(calls: &Path) -> anyhow::Result<Results> {
    let path = calls.join("scores.json");
    let scores: Scores =
        serde_json::from_slice(&fs::read(&path)?).with_context(|| format!("reading {}", path.display()))?;
    let mut peer_name = String::new();
    let ours = cells(&scores.ours, &calls.join("ours"), &mut peer_name)?;
    let peer = cells(&scores.peer, &calls.join("peer"), &mut peer_name)?;
    Ok(Results {
        calls: scores.ours.len(),
        clips: scores.ours.values().next().map_or(0, Vec::len),
        ours,
        peer,
        peer_name,
    })
}

fn cells(
    scores: &BTreeMap<String, Vec<Clip>>,
    directory: &Path,
    peer_name: &mut String,
) -> anyhow::Result<Cells> {
    let mut groups: BTreeMap<_, (Vec<&Clip>, Vec<Call>)> = BTreeMap::new();
    for (name, clips) in scores {
        let mut parts = name.split('.');
        let (Some(network), Some(mechanism)) = (parts.next(), parts.next()) else {
            anyhow::bail!("a call without a cell: {name}");
        };
        let path = directory.join(format!("{name}.json"));
        let call: Call = serde_json::from_slice(&fs::read(&path)?)
            .with_context(|| format!("reading {}", path.display()))?;
        if let Some(name) = &call.peer {
            peer_name.clone_from(name);
        }
        let group = groups
            .entry((network.to_owned(), mechanism.to_owned()))
            .or_default();
        group.0.extend(clips);
        group.1.push(call);
    }
    Ok(groups
        .into_iter()
        .map(|(key, (clips, calls))| {
            let of_clips = |what: fn(&Clip) -> f64| clips.iter().map(|clip| what(clip)).collect::<Vec<_>>();
            let of_calls = |what: &dyn Fn(&Call) -> f64| mean(&calls.iter().map(what).collect::<Vec<_>>());
            let cell = Cell {
                pesq: median(of_clips(|clip| clip.pesq)),
                stoi: median(of_clips(|clip| clip.stoi)),
                lag_ms: mean(&of_clips(|clip| clip.lag_ms)),
                delay_ms: of_calls(&|call| {
                    call.stats.jitter_buffer_delay / call.stats.jitter_buffer_emitted_count.max(1.0) * 1000.0
                }),
                kbps: of_calls(&|call| call.kbps.unwrap_or_default()),
            };
            (key, cell)
        })
        .collect())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The middle one, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        Some(high) if values.len() % 2 == 1 => *high,
        Some(high) => f64::midpoint(values[middle - 1], *high),
        None => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_median() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
