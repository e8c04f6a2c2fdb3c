//! Everything a contributor runs, one file per verb. CI calls the same verbs, so what passes at home passes there.
//!
//! ```text
//! cargo xtask serve [-- ARGS]     set up, build, run the service
//! cargo xtask test [--quick] [--long]  set up, run every check and test
//! ```
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod conformance;
mod deny;
mod docs;
mod fuzz;
mod lint;
mod prerequisites;
mod run;
mod serve;
mod test;
mod tidy;
mod web;

/// Build, run, test and check Anteroom.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Install what the build needs, build in release mode and run `anteroom serve`.
    Serve {
        /// Arguments for `anteroom serve`, after `--`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Install what the tests need and run them all: checks, Rust tests, outside SDKs, browsers.
    Test {
        /// Leave out the browsers and the outside SDKs.
        #[arg(long)]
        quick: bool,
        /// Explore and play through far more: sets `ANTEROOM_TEST_LONG=1` for the Rust tests. Takes an hour or more.
        #[arg(long)]
        long: bool,
    },
    /// Run one stage of `test`, or list the stages.
    Ci {
        /// Name of the stage; without it, the stages are listed.
        stage: Option<String>,
    },
    /// Format, clippy per crate and feature set, documentation, dependency policy, house rules.
    Lint,
    /// House rules that no lint knows: dependency arrows, doors, module docs, fuzz corpora, budgets of dependencies.
    Tidy {
        /// Also build the crates that have a budget from nothing, and print how long that takes.
        #[arg(long)]
        timings: bool,
    },
    /// Licences, sources and advisories of all dependencies (`cargo deny`).
    Deny,
    /// Run the service against parties we did not write.
    Conformance {
        /// Which suite; all of them and the table when absent.
        suite: Option<conformance::Suite>,
    },
    /// Write the pages that come from the source.
    Docs {
        /// Which page; all when absent.
        page: Option<docs::Page>,
    },
    /// Run the fuzz targets with libFuzzer.
    Fuzz {
        /// One target; all when absent.
        target: Option<String>,
        /// Seconds for each target.
        #[arg(long, default_value_t = 60)]
        time: u32,
    },
    /// Run the benches, each beside its peers.
    #[command(args_conflicts_with_subcommands = true)]
    Bench {
        /// Only benches whose name contains this.
        filter: Option<String>,
        #[command(subcommand)]
        whole: Option<bench::Whole>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().verb {
        Verb::Serve { arguments } => serve::serve(&arguments),
        Verb::Test { quick, long } => test::test(quick, long),
        Verb::Ci { stage } => test::stage(stage.as_deref()),
        Verb::Lint => lint::lint(),
        Verb::Tidy { timings: false } => tidy::tidy(),
        Verb::Tidy { timings: true } => tidy::tidy().and_then(|()| tidy::timings()),
        Verb::Deny => deny::deny(),
        Verb::Conformance { suite } => conformance::conformance(suite),
        Verb::Docs { page } => docs::docs(page),
        Verb::Fuzz { target, time } => fuzz::fuzz(target.as_deref(), time),
        Verb::Bench { filter, whole } => bench::bench(filter.as_deref(), whole),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
