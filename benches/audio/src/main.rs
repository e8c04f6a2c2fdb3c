//! What a listener hears: speech through the encoder, a network in virtual time, the jitter buffer and the decoder, at many
//! cells of loss, jitter and clock drift; and the report on it. `cargo xtask bench audio-quality` calls both parts, with a
//! browser's receiver and the scores (PESQ, STOI) in between.

mod call;
mod grid;
mod network;
mod report;
mod schedule;

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

    /// Calls of each cell, with different luck.
    #[arg(long, default_value_t = 2)]
    seeds: u64,
}

#[derive(Debug, clap::Args)]
struct Report {
    /// What the scores were written to.
    #[arg(long)]
    scores: PathBuf,

    /// Directory of the plots.
    #[arg(long)]
    plots: PathBuf,

    /// The page to write.
    #[arg(long)]
    page: PathBuf,
}

fn main() -> anyhow::Result<()> {
    match Program::parse().verb {
        Verb::Simulate(simulate) => {
            call::simulate(&simulate.speech, &simulate.out, &simulate.only, simulate.seeds)
        }
        Verb::Report(report) => report::write(&report.scores, &report.plots, &report.page),
    }
}
