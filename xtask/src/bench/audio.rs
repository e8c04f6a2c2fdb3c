//! `cargo xtask bench audio-quality`: what a listener hears under loss, jitter and drift, beside libwebrtc's receiver with the
//! same packets, scored by PESQ and STOI.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{conformance, prerequisites, run};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Calls in each cell, each with other luck and another phase of the listener's clock.
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u64).range(1..=4))]
    seeds: u64,

    /// Of so many clips of a call, one is scored; scoring takes longer than all the rest.
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u8).range(1..))]
    every: u8,

    /// Only cells whose name contains this, such as `loss-5.` or `.fec.`; the page is left as it is then.
    #[arg(long, default_value = "")]
    only: String,

    /// Directory of WAV files of speech, 48 kHz [default: makes and fetches some].
    #[arg(long, value_name = "DIR")]
    speech: Option<PathBuf>,
}

pub(crate) fn audio(options: &Options) -> Result<()> {
    prerequisites::ensure(&[prerequisites::SPEECH, prerequisites::FUZZ])?;
    let home = run::target_dir().join("audio-quality");
    let calls = home.join("calls");
    if calls.exists() {
        fs::remove_dir_all(&calls).context("removing the calls of the last time")?;
    }
    fs::create_dir_all(&home)?;
    let python = conformance::python("audio-quality", Path::new("benches/audio/requirements.txt"))?;
    let speech = match &options.speech {
        Some(speech) => speech.clone(),
        None => made_speech(&home)?,
    };
    run::check(run::cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        "anteroom-audio-quality",
        "--features",
        "dred",
    ]))?;
    let program = run::target_dir().join("release").join("anteroom-audio-quality");
    run::check(
        run::command(&program)
            .arg("simulate")
            .arg("--speech")
            .arg(&speech)
            .arg("--out")
            .arg(&calls)
            .args(["--only", &options.only, "--seeds", &options.seeds.to_string()]),
    )?;
    peer(&home.join("neteq"), &calls)?;
    run::check(
        run::command(&python)
            .arg("benches/audio/score.py")
            .arg(&calls)
            .args(["--every", &options.every.to_string()])
            .arg("--jobs")
            .arg(std::thread::available_parallelism()?.to_string()),
    )?;
    let mut report = run::command(&program);
    report.arg("report").arg("--calls").arg(&calls);
    if options.only.is_empty() {
        report.args([
            "--plots",
            "docs/images/audio-quality",
            "--page",
            "docs/audio-quality.md",
        ]);
    }
    run::check(&mut report)
}

/// Fetched and made once.
fn made_speech(home: &Path) -> Result<PathBuf> {
    let speech = home.join("speech");
    if !speech.join("README.md").is_file() {
        let python = conformance::python("audio-speech", Path::new("conformance/audio/requirements.txt"))?;
        run::check(
            run::command(&python)
                .arg("conformance/audio/speech.py")
                .arg(&speech),
        )?;
    }
    Ok(speech)
}

/// The same packets into NetEQ: a directory of schedules for each phase of the clock, which is its name.
fn peer(neteq: &Path, calls: &Path) -> Result<()> {
    if !neteq.join("neteq").is_file() {
        run::check(run::command("conformance/audio/neteq/build.sh").arg(neteq))?;
    }
    let mut phases: Vec<_> = fs::read_dir(calls.join("schedules"))?.collect::<Result<_, _>>()?;
    phases.sort_by_key(fs::DirEntry::file_name);
    for phase in phases {
        run::check(
            run::command(neteq.join("neteq"))
                .arg(phase.path())
                .arg(calls.join("peer"))
                .arg(phase.file_name()),
        )?;
    }
    Ok(())
}
