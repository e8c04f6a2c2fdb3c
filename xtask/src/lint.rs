//! `cargo xtask lint`: everything that needs no test run.

use anyhow::Result;

use crate::{deny, prerequisites, run, tidy};

/// Crates with the feature sets that must build on their own, besides the default one.
const FEATURE_SETS: &[(&str, &[&str])] = &[
    ("anteroom-media-transport", &["--no-default-features"]),
    ("anteroom-chat", &["--no-default-features"]),
    ("anteroom-chat", &["--features", "client", "--all-targets"]),
    ("anteroom-codec", &["--features", "dred", "--all-targets"]),
    ("anteroom-identity", &["--no-default-features"]),
    ("anteroom-identity", &["--features", "client", "--all-targets"]),
    (
        "anteroom",
        &["--no-default-features", "--features", "client", "--lib"],
    ),
    (
        "anteroom",
        &["--no-default-features", "--features", "service", "--lib"],
    ),
    ("anteroom", &["--no-default-features", "--lib"]),
];

pub(crate) fn lint() -> Result<()> {
    format()?;
    clippy()?;
    features()?;
    docs()?;
    tidy::tidy()?;
    deny::deny()
}

pub(crate) fn format() -> Result<()> {
    run::check(run::cargo().args(["fmt", "--all", "--check"]))
}

pub(crate) fn clippy() -> Result<()> {
    prerequisites::ensure(&[prerequisites::BUILD])?;
    run::check(run::cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}

pub(crate) fn features() -> Result<()> {
    for (package, features) in FEATURE_SETS {
        run::check(
            run::cargo()
                .args(["clippy", "--locked", "--quiet", "--package", package])
                .args(*features)
                .args(["--", "-D", "warnings"]),
        )?;
    }
    Ok(())
}

pub(crate) fn docs() -> Result<()> {
    run::check(
        run::cargo()
            .args([
                "doc",
                "--locked",
                "--workspace",
                "--no-deps",
                "--quiet",
                "--exclude",
                "xtask",
            ])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
