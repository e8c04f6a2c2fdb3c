//! `cargo xtask conformance`: the running program against parties we did not write.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::{prerequisites, run};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// The official Azure SDKs for Python.
    Python,
    /// Chromium and Firefox on the pages the service ships.
    Browsers,
}

pub(crate) fn conformance(suite: Option<Suite>) -> Result<()> {
    let program = build()?;
    if suite != Some(Suite::Browsers) {
        python(&program)?;
    }
    if suite != Some(Suite::Python) {
        browsers(&program)?;
    }
    Ok(())
}

/// Builds the program with the profile of the tests and returns its path.
fn build() -> Result<PathBuf> {
    prerequisites::ensure(&[prerequisites::BUILD])?;
    run::check(run::cargo().args(["build", "--locked", "--package", "anteroom"]))?;
    Ok(run::target_dir().join("debug").join("anteroom"))
}

fn python(program: &Path) -> Result<()> {
    prerequisites::ensure(&[prerequisites::PYTHON])?;
    let suite = run::root().join("conformance").join("python");
    let environment = run::target_dir().join("python");
    let python = environment.join("bin").join("python");
    if !python.is_file() {
        run::check(run::command("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    run::check(
        run::command(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(suite.join("requirements.txt")),
    )?;
    run::check(
        run::command(&python)
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .arg(&suite)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("ANTEROOM_BIN", program),
    )
}

fn browsers(program: &Path) -> Result<()> {
    prerequisites::ensure(&[prerequisites::BROWSERS])?;
    let suite = run::root().join("conformance").join("browsers");
    run::check(
        run::command("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(&suite),
    )?;
    let mut tests: Vec<PathBuf> = std::fs::read_dir(&suite)
        .with_context(|| format!("reading {}", suite.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    tests.sort();
    run::check(
        run::command("node")
            // One browser at a time: two cores encode and decode video in software here.
            .args(["--test", "--test-concurrency=1"])
            .args(&tests)
            .current_dir(&suite)
            .env("ANTEROOM_BIN", program),
    )
}
