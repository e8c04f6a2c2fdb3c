//! What a listener hears: speech through the encoder, a network in virtual time, the jitter buffer and the decoder, at many
//! cells of loss, jitter and clock drift; and the report on it. `cargo xtask bench audio-quality` calls both parts, with a
//! browser's receiver and the scores (PESQ, STOI) in between.

mod call;
mod grid;
mod network;
mod plot;
mod report;
mod schedule;
mod scores;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
struct Program {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Plays every cell through our receiver, and writes the packets down for others.
    Simulate(Simulate),
    /// Turns the scores into tables and plots.
    Report(Report),
}

#[derive(Debug, clap::Args)]
struct Simulate {
    /// Directory of WAV files of speech.
    #[arg(long)]
    speech: PathBuf,

    /// Directory for what comes out.
    #[arg(long)]
    out: PathBuf,

    /// Only cells whose name contains this.
    #[arg(long, default_value = "")]
    only: String,

    /// Calls of each cell, with different luck, 1 to 4.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=4))]
    seeds: u64,
}

#[derive(Debug, clap::Args)]
struct Report {
    /// What `simulate` wrote, with the scores.
    #[arg(long)]
    calls: PathBuf,

    /// Directory for the plots.
    #[arg(long, requires = "page")]
    plots: Option<PathBuf>,

    /// The page to write; without it, the tables are printed.
    #[arg(long, requires = "plots")]
    page: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    match Program::parse().verb {
        Verb::Simulate(simulate) => {
            call::simulate(&simulate.speech, &simulate.out, &simulate.only, simulate.seeds)
        }
        Verb::Report(Report {
            calls,
            plots: Some(plots),
            page: Some(page),
        }) => report::write(&calls, &plots, &page),
        Verb::Report(report) => report::print(&report.calls),
    }
}
