//! `cargo xtask fuzz`: libFuzzer on the toolchain that builds everything else.
//!
//! Coverage instrumentation is asked of LLVM directly, with options that the stable compiler takes.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::{prerequisites, run};

/// What `-fsanitize=fuzzer` means to LLVM.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module \
     -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares \
     -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks --cfg fuzzing";

pub(crate) fn fuzz(only: Option<&str>, seconds: u32) -> Result<()> {
    prerequisites::ensure(&[prerequisites::BUILD, prerequisites::FUZZ])?;
    let targets = targets()?;
    let chosen: Vec<&String> = targets
        .iter()
        .filter(|target| only.is_none_or(|only| only == *target))
        .collect();
    if chosen.is_empty() {
        bail!("no such target; there are: {}", targets.join(", "));
    }
    let host = host()?;
    let target_dir = run::target_dir().join("fuzz");
    let mut build = run::cargo();
    build
        .args([
            "build",
            "--locked",
            "--release",
            "--package",
            "anteroom-fuzz",
            "--features",
            "libfuzzer",
            "--target",
        ])
        .arg(&host)
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("RUSTFLAGS", INSTRUMENTATION);
    for target in &chosen {
        build.args(["--bin", target]);
    }
    run::check(&mut build)?;

    for target in chosen {
        let seeds = run::root().join("fuzz").join("corpus").join(target);
        let work = target_dir.join("corpus").join(target);
        let artifacts = target_dir.join("artifacts").join(target);
        for directory in [&work, &artifacts] {
            fs::create_dir_all(directory).with_context(|| format!("creating {}", directory.display()))?;
        }
        let program = target_dir.join(&host).join("release").join(target);
        // New inputs go to the first directory; the seeds in the repository stay as they are.
        run::check(
            run::command(program)
                .arg(&work)
                .arg(&seeds)
                .arg(format!("-max_total_time={seconds}"))
                .arg(format!("-artifact_prefix={}/", artifacts.display()))
                .args([
                    "-timeout=10",
                    "-rss_limit_mb=2048",
                    "-print_final_stats=1",
                    "-verbosity=0",
                ]),
        )
        .with_context(|| format!("{target} found something; see {}", artifacts.display()))?;
    }
    Ok(())
}

/// Names of all targets: the files in `fuzz/fuzz_targets`.
pub(crate) fn targets() -> Result<Vec<String>> {
    let directory: PathBuf = run::root().join("fuzz").join("fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).with_context(|| format!("reading {}", directory.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

fn host() -> Result<String> {
    run::output(run::command("rustc").arg("-vV"))?
        .lines()
        .find_map(|line| line.strip_prefix("host: ").map(str::to_owned))
        .context("rustc does not name its host")
}
