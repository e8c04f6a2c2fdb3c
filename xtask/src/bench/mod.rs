//! `cargo xtask bench`: criterion benches, each beside its peers in the same run.

use anyhow::Result;

use crate::{prerequisites, run};

pub(crate) fn bench(filter: Option<&str>) -> Result<()> {
    prerequisites::ensure(&[prerequisites::BUILD])?;
    let mut cargo = run::cargo();
    cargo
        .args([
            "bench",
            "--locked",
            "--package",
            "anteroom-benches",
            "--benches",
            "--",
        ])
        .args(filter);
    run::check(&mut cargo)
}
