//! `cargo xtask bench`: criterion benches, each beside its peers in the same run; `bench sfu`: whole servers.

use anyhow::Result;
use clap::Subcommand;

use crate::{prerequisites, run};

mod audio;
mod sfu;

/// What is measured as a whole.
#[derive(Debug, Subcommand)]
pub(crate) enum Whole {
    /// Forwarding, beside Janus and a server on str0m, with the same clients.
    Sfu(sfu::Options),
    /// What a listener hears under loss and jitter, beside libwebrtc's receiver; writes docs/audio-quality.md.
    AudioQuality(audio::Options),
}

pub(crate) fn bench(filter: Option<&str>, whole: Option<Whole>) -> Result<()> {
    prerequisites::ensure(&[prerequisites::BUILD])?;
    match whole {
        Some(Whole::Sfu(options)) => sfu::sfu(&options),
        Some(Whole::AudioQuality(options)) => audio::audio(&options),
        None => pieces(filter),
    }
}

fn pieces(filter: Option<&str>) -> Result<()> {
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
