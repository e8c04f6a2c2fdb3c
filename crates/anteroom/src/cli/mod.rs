//! The command line.

mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Self-hosted Teams-style meetings for guests.
#[derive(Debug, Parser)]
#[command(name = "anteroom", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Args),
}

/// Runs the program; the exit code is 0 after a normal end, 1 on failure.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Command::Serve(args) => serve::run(args),
    }
}

/// Logs to standard error, `ANTEROOM_LOG` picks what; `default` when it is not set.
fn init_log(default: &str) {
    let filter = EnvFilter::try_from_env("ANTEROOM_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let json = std::env::var_os("ANTEROOM_LOG_JSON").is_some_and(|value| value == "1");
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second subscriber in one process is a test's; the first one stays.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.with_target(false).try_init()
    };
}
