//! The packages under `web/`: installed by their lock files, checked, built, tested.

use std::path::PathBuf;

use anyhow::Result;

use crate::{prerequisites, run};

/// In the order in which they need each other.
const PACKAGES: &[&str] = &["calling", "calling-effects", "pages-build"];

/// Checks and tests the packages: what is committed of what they build, types, unit tests.
pub(crate) fn test() -> Result<()> {
    prerequisites::ensure(&[prerequisites::NODE])?;
    for package in PACKAGES {
        install(package)?;
        // Before the build, which writes it anew: what is committed is what the sources make.
        for script in ["verify", "check", "build", "test"] {
            run_script(package, script)?;
        }
    }
    Ok(())
}

fn directory(package: &str) -> PathBuf {
    run::root().join("web").join(package)
}

fn install(package: &str) -> Result<()> {
    npm_ci(&directory(package))
}

fn run_script(package: &str, script: &str) -> Result<()> {
    run::check(
        run::command("npm")
            .args(["run", "--if-present", "--loglevel=error", script])
            .current_dir(directory(package)),
    )
}

/// Installs the packages of the lock file in `directory`.
pub(crate) fn npm_ci(directory: &std::path::Path) -> Result<()> {
    run::check(
        run::command("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(directory),
    )
}
