//! `cargo xtask serve`: from a bare machine to a running service.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};

use crate::{prerequisites, run};

pub(crate) fn serve(arguments: &[String]) -> Result<()> {
    prerequisites::ensure(&[prerequisites::BUILD])?;
    run::check(run::cargo().args(["build", "--release", "--locked", "--package", "anteroom"]))?;
    let program = run::target_dir().join("release").join("anteroom");
    // Replaces this process, so that Ctrl-C and SIGTERM reach the service itself.
    let error = std::process::Command::new(&program)
        .arg("serve")
        .args(arguments)
        .exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}
