//! `cargo xtask bench sfu`: what forwarding costs this program, Janus and a server on str0m, one after the other on the same
//! machine, with the clients of `anteroom load sfu` coming by WHIP and WHEP to each.

use std::io::{BufRead as _, BufReader};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{prerequisites, run};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Clients that receive; one sends.
    #[arg(long, default_value = "100")]
    subscribers: NonZeroU16,

    /// Seconds that count of each run.
    #[arg(long, default_value = "10")]
    seconds: NonZeroU16,

    /// Runs of each server with each load, in turns; the median counts.
    #[arg(long, default_value = "1")]
    rounds: NonZeroU16,

    /// How the packets of a frame of video leave the publisher; a row of the table for each.
    #[arg(long, value_enum, value_name = "HOW", value_delimiter = ',', default_values_t = FRAMES)]
    frames: Vec<Frames>,

    /// Subscribers give no transport-wide feedback.
    #[arg(long)]
    no_transport_feedback: bool,

    /// Only these servers.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Server>,

    /// Directory of programs that have been built [default: builds them in release mode].
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Server {
    /// This program.
    Anteroom,
    /// The least that forwards with str0m.
    Str0m,
    /// Janus' videoroom, with an event loop for each core.
    Janus,
}

const SERVERS: [Server; 3] = [Server::Anteroom, Server::Str0m, Server::Janus];

/// As `anteroom load sfu` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Frames {
    /// Back to back, as browsers send them.
    Together,
    /// Evenly over the frame's time.
    Spread,
}

const FRAMES: [Frames; 2] = [Frames::Together, Frames::Spread];

/// What the publisher sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Load {
    Video(Frames),
    Audio,
}

/// A server of others that ends with this.
struct Running {
    child: Child,
    announcement: Value,
}

/// What came of one server with one load.
struct Row {
    load: Load,
    server: Server,
    reports: Vec<Value>,
}

pub(crate) fn sfu(options: &Options) -> Result<()> {
    let servers: Vec<Server> = SERVERS
        .into_iter()
        .filter(|server| options.only.is_empty() || options.only.contains(server))
        .collect();
    if servers.contains(&Server::Janus) {
        prerequisites::ensure(&[prerequisites::JANUS])?;
    }
    let programs = match &options.programs {
        Some(programs) => programs.canonicalize()?,
        None => build()?,
    };
    let videos = options.frames.iter().copied().map(Load::Video);
    let loads = videos.chain([Load::Audio]);
    let mut rows: Vec<Row> = loads
        .flat_map(|load| {
            servers.iter().map(move |server| Row {
                load,
                server: *server,
                reports: Vec::new(),
            })
        })
        .collect();
    for round in 1..=options.rounds.get() {
        for row in &mut rows {
            eprintln!(
                "{}, {}, {round} of {}",
                row.server.name(),
                row.load.name(),
                options.rounds
            );
            row.reports.push(measure(options, &programs, row)?);
        }
    }
    if options.json {
        println!("{:#}", as_json(&rows));
    } else {
        print!("{}", as_text(&rows));
    }
    Ok(())
}

fn build() -> Result<PathBuf> {
    let mut cargo = run::cargo();
    cargo.args(["build", "--locked", "--release", "--bins"]);
    cargo.args(["--package", "anteroom", "--package", "anteroom-sfu-peers"]);
    // What is printed is the result.
    cargo.stdout(Stdio::null());
    eprintln!("building");
    let status = cargo.status().context("cargo build")?;
    anyhow::ensure!(status.success(), "the build failed ({status})");
    Ok(run::target_dir().join("release"))
}

fn measure(options: &Options, programs: &Path, row: &Row) -> Result<Value> {
    let running = row.server.start(programs)?;
    let mut load = run::command(programs.join("anteroom"));
    load.args(["load", "sfu", "--json", "--publishers", "1"])
        .args(["--subscribers", &options.subscribers.to_string()])
        .args(["--seconds", &options.seconds.to_string()])
        .args(row.load.arguments());
    if options.no_transport_feedback {
        load.arg("--no-transport-feedback");
    }
    match &running {
        None => load.args(["--signaling", "whip"]),
        Some(Running { announcement, .. }) => {
            let text = |name: &str| announcement[name].as_str().unwrap_or_default().to_owned();
            load.args(["--whip", &text("whip"), "--whep", &text("whep")])
                .args(["--pid", &announcement["pid"].to_string()])
        }
    };
    let report = run::output(&mut load).with_context(|| format!("{} did not bear it", row.server.name()))?;
    serde_json::from_str(&report).context("the report is no JSON")
}

impl Load {
    const fn name(self) -> &'static str {
        match self {
            Self::Video(Frames::Together) => "video, 1.5 Mbit/s, frames together",
            Self::Video(Frames::Spread) => "video, 1.5 Mbit/s, frames spread",
            Self::Audio => "audio, 50 packets per second",
        }
    }

    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Video(Frames::Together) => &["--video", "1.5M", "--audio", "0", "--frames", "together"],
            Self::Video(Frames::Spread) => &["--video", "1.5M", "--audio", "0", "--frames", "spread"],
            Self::Audio => &["--video", "0", "--audio", "64k"],
        }
    }
}

impl Server {
    const fn name(self) -> &'static str {
        match self {
            Self::Anteroom => "Anteroom",
            Self::Str0m => "str0m",
            Self::Janus => "Janus",
        }
    }

    /// Starts it, unless the load does.
    fn start(self, programs: &Path) -> Result<Option<Running>> {
        let mut command = match self {
            Self::Anteroom => return Ok(None),
            Self::Str0m => run::command(programs.join("str0m-sfu")),
            Self::Janus => {
                let cores = std::thread::available_parallelism().map_or(1, usize::from);
                let mut command = run::command(programs.join("janus-whip"));
                command.args(["--event-loops", &cores.to_string()]);
                command
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", run::display(&command)))?;
        let output = child.stdout.take();
        let mut running = Running {
            child,
            announcement: Value::Null,
        };
        let mut line = String::new();
        BufReader::new(output.context("it has no output")?).read_line(&mut line)?;
        running.announcement = serde_json::from_str(&line)
            .with_context(|| format!("{} says where it is in no line of JSON", self.name()))?;
        Ok(Some(running))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The end of its input is its end, too.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Row {
    /// The median of a figure; `None` where a run has none.
    fn median(&self, pointer: &str) -> Option<f64> {
        let figures = self
            .reports
            .iter()
            .map(|report| report.pointer(pointer)?.as_f64());
        let mut figures: Vec<f64> = figures.collect::<Option<_>>()?;
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    }

    fn cpu(&self) -> Option<f64> {
        self.median("/server/cpuMicrosPerForwardedPacket")
    }

    /// How many times ours it costs.
    fn ratio(&self, rows: &[Self]) -> Option<f64> {
        let ours = rows
            .iter()
            .find(|row| row.load == self.load && row.server == Server::Anteroom)?;
        Some(self.cpu()? / ours.cpu()?)
    }
}

fn as_json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "load": row.load.name(),
            "server": row.server.name(),
            "cpuMicrosPerForwardedPacket": row.cpu(),
            "timesOurs": row.ratio(rows),
            "feedbacks": row.median("/transport/feedbacks"),
            "runs": row.reports,
        })
    };
    rows.iter().map(row).collect()
}

fn as_text(rows: &[Row]) -> String {
    let mut text = String::from(
        "| load | server | CPU per forwarded packet | times ours | lost | delay p50, p99 | memory per session | transport feedback |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let cell = |value: Option<f64>, scale: f64, digits: usize, unit: &str| {
            value.map_or_else(
                || "–".to_owned(),
                |value| format!("{:.digits$}{unit}", value / scale),
            )
        };
        let delay = |quantile: &str| {
            let figure = row.median(&format!("/forwardingDelayMicros/all/{quantile}"));
            cell(figure, 1.0, 0, " µs")
        };
        let cells = [
            row.load.name().to_owned(),
            row.server.name().to_owned(),
            cell(row.cpu(), 1.0, 2, " µs"),
            cell(row.ratio(rows), 1.0, 2, ""),
            cell(row.median("/packets/loss"), 0.01, 3, " %"),
            format!("{}, {}", delay("p50"), delay("p99")),
            cell(row.median("/server/memoryBytesPerSession"), 1024.0, 0, " KiB"),
            cell(row.median("/transport/feedbacks"), 1.0, 0, " messages"),
        ];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(server: Server, figures: &[f64]) -> Row {
        let report = |figure: &f64| json!({ "server": { "cpuMicrosPerForwardedPacket": figure } });
        Row {
            load: Load::Video(Frames::Together),
            server,
            reports: figures.iter().map(report).collect(),
        }
    }

    #[test]
    fn the_median_counts_beside_ours() {
        let rows = [
            row(Server::Anteroom, &[3.0, 2.0, 90.0]),
            row(Server::Janus, &[12.0, 1.0, 15.0]),
        ];
        assert_eq!(rows[0].cpu(), Some(3.0));
        assert_eq!(rows[1].ratio(&rows), Some(4.0));
        let text = as_text(&rows);
        let line = "| video, 1.5 Mbit/s, frames together | Janus | 12.00 µs | 4.00 | – |";
        assert!(text.contains(line), "{text}");
        assert_eq!(as_json(&rows)[1]["timesOurs"], 4.0);
    }

    #[test]
    fn each_way_of_sending_frames_has_rows_of_its_own() {
        let spread = Row {
            load: Load::Video(Frames::Spread),
            ..row(Server::Anteroom, &[6.0])
        };
        let rows = [row(Server::Anteroom, &[3.0]), spread, row(Server::Janus, &[12.0])];
        assert_eq!(rows[1].ratio(&rows), Some(1.0), "beside itself");
        assert_eq!(rows[2].ratio(&rows), Some(4.0), "beside the same load");
        for row in &rows {
            let Load::Video(frames) = row.load else { panic!() };
            let name = frames.to_possible_value().unwrap();
            assert_eq!(row.load.arguments().last(), Some(&name.get_name()));
        }
    }

    #[test]
    fn a_run_without_a_figure_has_no_median() {
        let mut janus = row(Server::Janus, &[12.0]);
        janus.reports.push(json!({}));
        assert_eq!(janus.cpu(), None);
        assert_eq!(janus.ratio(&[row(Server::Anteroom, &[1.0])]), None);
    }
}
