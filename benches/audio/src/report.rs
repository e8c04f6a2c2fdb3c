//! The page with its tables, and the plots.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

use crate::grid::{Mechanism, networks};
use crate::plot::{self, Curve};
use crate::scores::{self, Cell, Cells, Results};

/// What is allowed: PESQ less than the peer's …
const PESQ_SLACK: f64 = 0.05;

/// … and milliseconds more.
const DELAY_SLACK_MS: f64 = 10.0;

/// What of the page is written by hand stands before this line.
const GENERATED: &str = "<!-- Below this line: cargo xtask bench audio-quality -->\n";

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
pub(crate) fn print(calls: &Path) -> anyhow::Result<()> {
    println!("{}", tables(&scores::read(calls)?)?);
    Ok(())
}

pub(crate) fn write(calls: &Path, plots: &Path, page: &Path) -> anyhow::Result<()> {
    let results = scores::read(calls)?;
    fs::create_dir_all(plots)?;
    let by_loss = |prefix: &str, name: &str, caption: &str| {
        let curves = pesq_curves(&results, prefix);
        plot::lines(
            &plots.join(name),
            caption,
            "packets lost, %",
            "PESQ",
            1.0..4.6,
            &curves,
        )
    };
    by_loss("loss-", "loss.svg", "Random loss")?;
    by_loss(
        "burst-",
        "burst.svg",
        "Loss in bursts of three packets on average",
    )?;
    let jitter = |what: fn(&Cell) -> f64| {
        [
            ("anteroom", &results.ours, false),
            ("libwebrtc", &results.peer, true),
        ]
        .map(|(label, cells, is_peer)| Curve {
            label: label.to_owned(),
            color: 0,
            is_peer,
            points: points(cells, "jitter-", "none", what),
        })
    };
    let delays = jitter(|cell| cell.delay_ms);
    plot::lines(
        &plots.join("delay.svg"),
        "Delay in the buffer",
        "jitter, ms",
        "mean delay, ms",
        0.0..150.0,
        &delays,
    )?;
    let pesq = jitter(|cell| cell.pesq);
    plot::lines(
        &plots.join("jitter.svg"),
        "Jitter",
        "jitter, ms",
        "PESQ",
        1.0..4.6,
        &pesq,
    )?;

    let before = fs::read_to_string(page).with_context(|| format!("reading {}", page.display()))?;
    let (by_hand, _) = before
        .split_once(GENERATED)
        .context("the page has no line where what is generated begins")?;
    fs::write(page, format!("{by_hand}{GENERATED}\n{}", tables(&results)?))?;
    Ok(())
}

/// A curve for each mechanism, ours and the peer's.
fn pesq_curves(results: &Results, prefix: &str) -> Vec<Curve> {
    let mut curves = Vec::new();
    for (color, mechanism) in Mechanism::ALL.into_iter().enumerate() {
        for (cells, is_peer) in [(&results.ours, false), (&results.peer, true)] {
            let points = points(cells, prefix, mechanism.name(), |cell| cell.pesq);
            if !points.is_empty() {
                let who = if is_peer { ", libwebrtc" } else { "" };
                curves.push(Curve {
                    label: format!("{}{who}", mechanism.name()),
                    color,
                    is_peer,
                    points,
                });
            }
        }
    }
    curves
}

/// The number behind the prefix of a network's name, and what is asked of the cell.
fn points(cells: &Cells, prefix: &str, mechanism: &str, what: fn(&Cell) -> f64) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = cells
        .iter()
        .filter(|((_, other), _)| other == mechanism)
        .filter_map(|((network, _), cell)| Some((network.strip_prefix(prefix)?.parse().ok()?, what(cell))))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn tables(results: &Results) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "{} calls of {} clips each; the peer is {}. Each field: ours, the peer's.\n",
        results.calls, results.clips, results.peer_name
    )?;
    table(&mut out, "PESQ (wide band), median", results, |cell| {
        format!("{:.2}", cell.pesq)
    })?;
    table(&mut out, "STOI, median", results, |cell| {
        format!("{:.3}", cell.stoi)
    })?;
    table(&mut out, "Delay in the buffer, mean, ms", results, |cell| {
        format!("{:.0}", cell.delay_ms)
    })?;
    table(
        &mut out,
        "How much what is heard lags, mean, ms",
        results,
        |cell| format!("{:.0}", cell.lag_ms),
    )?;
    rates(&mut out, results)?;
    failures(&mut out, results)?;
    Ok(out)
}

fn table(
    out: &mut String,
    title: &str,
    results: &Results,
    show: impl Fn(&Cell) -> String,
) -> anyhow::Result<()> {
    writeln!(out, "### {title}\n")?;
    let names = Mechanism::ALL.map(Mechanism::name);
    writeln!(out, "| | {} |", names.join(" | "))?;
    writeln!(out, "|---|{}", "---|".repeat(names.len()))?;
    for network in networks() {
        let fields = names.map(|mechanism| {
            let key = (network.name.clone(), mechanism.to_owned());
            match (results.ours.get(&key), results.peer.get(&key)) {
                (Some(ours), Some(peer)) => format!("{}, {}", show(ours), show(peer)),
                (Some(ours), None) => show(ours),
                _ => String::new(),
            }
        });
        if fields.iter().any(|field| !field.is_empty()) {
            writeln!(out, "| {} | {} |", network.name, fields.join(" | "))?;
        }
    }
    writeln!(out)?;
    Ok(())
}

fn rates(out: &mut String, results: &Results) -> anyhow::Result<()> {
    let rates: Vec<String> = Mechanism::ALL
        .map(Mechanism::name)
        .iter()
        .filter_map(|mechanism| {
            let cell = results
                .ours
                .get(&("loss-10".to_owned(), (*mechanism).to_owned()))?;
            Some(format!("{mechanism} {:.0}", cell.kbps))
        })
        .collect();
    if !rates.is_empty() {
        writeln!(out, "Payload sent at 10 % loss, kbit/s: {}.\n", rates.join(", "))?;
    }
    Ok(())
}

/// Each cell in which the peer is better by more than what is allowed.
fn failures(out: &mut String, results: &Results) -> anyhow::Result<()> {
    let mut count = 0;
    let mut compared = 0;
    let mut list = String::new();
    for ((network, mechanism), ours) in &results.ours {
        let Some(peer) = results.peer.get(&(network.clone(), mechanism.clone())) else {
            continue;
        };
        compared += 1;
        let (pesq, delay) = (ours.pesq - peer.pesq, ours.delay_ms - peer.delay_ms);
        if pesq < -PESQ_SLACK || delay > DELAY_SLACK_MS {
            count += 1;
            writeln!(
                list,
                "- {network}, {mechanism}: PESQ {pesq:+.2}, delay {delay:+.0} ms"
            )?;
        }
    }
    writeln!(
        out,
        "### Cells where the peer is better by more than {PESQ_SLACK} PESQ or {DELAY_SLACK_MS:.0} ms\n\n{count} of {compared}.\n\n{list}"
    )?;
    Ok(())
}
