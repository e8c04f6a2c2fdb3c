//! `anteroom backup` and `anteroom restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use anteroom_service::Config;
use anteroom_service::backup::{self, Manifest, Progress};
use clap::Args;
use indicatif::ProgressBar;
use time::OffsetDateTime;

use super::output;

const TEMPLATE: &str = "{msg} {bar:30} {bytes}/{total_bytes}";

/// Options of `anteroom backup`.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// A new or empty directory.
    #[arg(value_name = "DIR")]
    into: PathBuf,

    /// The data directory [default: ~/.local/share/anteroom].
    #[arg(long, value_name = "DIR", env = "ANTEROOM_DATA")]
    data: Option<PathBuf>,

    /// Print the list of what was copied as JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `anteroom restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// A directory that `anteroom backup` wrote.
    #[arg(value_name = "DIR")]
    from: PathBuf,

    /// The data directory [default: ~/.local/share/anteroom]. No service may be using it.
    #[arg(long, value_name = "DIR", env = "ANTEROOM_DATA")]
    data: Option<PathBuf>,

    /// Replace the data that is there.
    #[arg(long)]
    force: bool,

    /// Print the list of what was put back as JSON.
    #[arg(long)]
    json: bool,
}

/// The data directory that was named, or the default one.
pub(crate) fn data_directory(named: Option<PathBuf>) -> PathBuf {
    named.unwrap_or_else(|| Config::default().data)
}

pub(crate) fn backup(args: Backup) -> anyhow::Result<ExitCode> {
    let bar = output::progress("Copying", TEMPLATE);
    let data = data_directory(args.data);
    let manifest = backup::backup(&data, &args.into, OffsetDateTime::now_utc(), |now| {
        show(&bar, now)
    });
    bar.finish_and_clear();
    report(args.json, &manifest?, &format!("to {}", args.into.display()))
}

pub(crate) fn restore(args: Restore) -> anyhow::Result<ExitCode> {
    let bar = output::progress("Restoring", TEMPLATE);
    let data = data_directory(args.data);
    let manifest = backup::restore(&args.from, &data, args.force, |now| show(&bar, now));
    bar.finish_and_clear();
    report(args.json, &manifest?, &format!("into {}", data.display()))
}

fn show(bar: &ProgressBar, now: Progress) {
    bar.set_length(now.total);
    bar.set_position(now.done);
}

fn report(json: bool, manifest: &Manifest, place: &str) -> anyhow::Result<ExitCode> {
    output::print(json, manifest, |manifest| {
        let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
        format!(
            "{} files, {} {place} (state of {}).",
            manifest.files.len(),
            indicatif::HumanBytes(bytes),
            manifest.created_on
        )
    })?;
    Ok(ExitCode::SUCCESS)
}
