//! `cargo xtask test`: what CI runs.

use std::env;
use std::fs::{self, File};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::conformance::{self, Suite};
use crate::{deny, lint, prerequisites, run, tidy, web};

struct Stage {
    name: &'static str,
    about: &'static str,
    /// Left out by `--quick`: needs browsers or outside SDKs.
    outside: bool,
    /// Spends its time installing and waiting, and measures nothing: neighbours of this kind run side by side.
    waits: bool,
    run: fn() -> Result<()>,
}

/// A stage that was run, and how long it took.
type Outcome = (&'static Stage, Result<()>, Duration);

/// So many stages run side by side. Of more, each would only be slower: they install at the same time, and test too.
const LANES: usize = 2;

/// The stage that `--long` makes longer.
const RUST: &str = "rust";

/// How much the tests look at that have no natural end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    /// As much as every change can wait for.
    Normal,
    /// As much as a night has room for.
    Long,
}

const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        about: "cargo fmt --check",
        outside: false,
        waits: false,
        run: lint::format,
    },
    Stage {
        name: "tidy",
        about: "house rules",
        outside: false,
        waits: false,
        run: tidy::tidy,
    },
    Stage {
        name: "clippy",
        about: "clippy, all targets, warnings are errors",
        outside: false,
        waits: false,
        run: lint::clippy,
    },
    Stage {
        name: "features",
        about: "each feature set builds on its own",
        outside: false,
        waits: false,
        run: lint::features,
    },
    Stage {
        name: "docs",
        about: "documentation builds without warnings",
        outside: false,
        waits: false,
        run: lint::docs,
    },
    Stage {
        name: RUST,
        about: "unit, property, doc and whole-loop tests; fuzz corpora",
        outside: false,
        waits: false,
        run: rust,
    },
    Stage {
        name: "web",
        about: "the packages for browsers: types, unit tests, what is committed of their builds",
        outside: true,
        waits: false,
        run: web::test,
    },
    Stage {
        name: "azure-python",
        about: "official Azure SDKs for Python",
        outside: true,
        waits: true,
        run: || conformance::conformance(Some(Suite::AzurePython)),
    },
    Stage {
        name: "swagger",
        about: "requests made up from Microsoft's OpenAPI files",
        outside: true,
        waits: true,
        run: || conformance::conformance(Some(Suite::Swagger)),
    },
    Stage {
        name: "deny",
        about: "licences, sources, advisories",
        outside: true,
        waits: true,
        run: deny::deny,
    },
    Stage {
        name: "azure-js",
        about: "official Azure SDKs for JavaScript, in Node and Chromium",
        outside: true,
        waits: true,
        run: || conformance::conformance(Some(Suite::AzureJs)),
    },
    Stage {
        name: "graph-python",
        about: "Microsoft Graph's official SDK for Python",
        outside: true,
        waits: true,
        run: || conformance::conformance(Some(Suite::GraphPython)),
    },
    Stage {
        name: "msal",
        about: "MSAL and azure-identity, with the issuer",
        outside: true,
        waits: true,
        run: || conformance::conformance(Some(Suite::Msal)),
    },
    Stage {
        name: "graph-js",
        about: "Microsoft Graph's official client for JavaScript",
        outside: true,
        waits: true,
        run: || conformance::conformance(Some(Suite::GraphJs)),
    },
    Stage {
        name: "browsers",
        about: "Chromium and Firefox on the pages",
        outside: true,
        waits: false,
        run: || conformance::conformance(Some(Suite::Browsers)),
    },
    Stage {
        name: "webrtc",
        about: "WebRTC stacks of other projects, by WHIP and WHEP",
        outside: true,
        waits: false,
        run: || conformance::conformance(Some(Suite::Webrtc)),
    },
    Stage {
        name: "table",
        about: "docs/conformance.md, and what no outside SDK has covered",
        outside: true,
        waits: false,
        run: || conformance::conformance(Some(Suite::Table)),
    },
];

/// `long` lets the tests that explore and play through look at far more: hours instead of minutes.
pub(crate) fn test(quick: bool, long: bool) -> Result<()> {
    let mut needs = vec![prerequisites::BUILD];
    if !quick {
        needs.extend([
            prerequisites::PYTHON,
            prerequisites::NODE,
            prerequisites::BROWSERS,
            prerequisites::GSTREAMER,
        ]);
    }
    prerequisites::ensure(&needs)?;

    // Before the build puts a new file in its place.
    let program = env::current_exe().context("the path of this program")?;
    let stages: Vec<&'static Stage> = STAGES.iter().filter(|stage| !(quick && stage.outside)).collect();
    let mut results: Vec<Outcome> = Vec::new();
    for neighbours in stages.chunk_by(|one, next| one.waits && next.waits) {
        if let [stage] = neighbours {
            results.push(alone(stage, long));
        } else {
            results.extend(side_by_side(neighbours, &program));
        }
    }

    println!("\n=== summary");
    for (stage, result, took) in &results {
        let verdict = if result.is_ok() { "ok" } else { "FAILED" };
        println!(
            "{:>6}  {:>5} s  {}: {}",
            verdict,
            took.as_secs(),
            stage.name,
            stage.about
        );
    }
    if quick {
        let left_out: Vec<&str> = STAGES
            .iter()
            .filter(|stage| stage.outside)
            .map(|stage| stage.name)
            .collect();
        println!(
            "left out by --quick: {} (run `cargo xtask test` for everything)",
            left_out.join(", ")
        );
    }
    let failed = results.iter().filter(|(_, result, _)| result.is_err()).count();
    println!("stages: {} passed, {failed} failed", results.len() - failed);
    if failed > 0 {
        bail!("{failed} of {} stages failed", results.len());
    }
    Ok(())
}

fn alone(stage: &'static Stage, long: bool) -> Outcome {
    println!("\n=== {}: {}", stage.name, stage.about);
    let start = Instant::now();
    let result = if long && stage.name == RUST {
        rust_tests(Length::Long)
    } else {
        (stage.run)()
    };
    if let Err(error) = &result {
        println!("{}: {error:#}", stage.name);
    }
    (stage, result, start.elapsed())
}

/// Runs each stage as a process of its own, [`LANES`] at a time, and prints what it printed once it has ended.
fn side_by_side(stages: &[&'static Stage], program: &Path) -> Vec<Outcome> {
    let queue = Mutex::new(stages.iter().copied());
    // Not in the condition of a loop, where the lock would be held while the stage runs.
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let lane = || {
        let mut results = Vec::new();
        while let Some(stage) = next() {
            let start = Instant::now();
            let (printed, result) = match captured(stage, program) {
                Ok((printed, true)) => (printed, Ok(())),
                Ok((printed, false)) => (printed, Err(anyhow::anyhow!("it failed"))),
                Err(error) => (format!("{}: {error:#}\n", stage.name), Err(error)),
            };
            print!("\n=== {}: {}\n{printed}", stage.name, stage.about);
            results.push((stage, result, start.elapsed()));
        }
        results
    };
    let mut results: Vec<Outcome> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        lanes
            .into_iter()
            .flat_map(|lane| lane.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    });
    results.sort_by_key(|(ran, ..)| stages.iter().position(|stage| stage.name == ran.name));
    results
}

/// What `cargo xtask ci STAGE` prints, on both streams, and whether it succeeds.
fn captured(stage: &Stage, program: &Path) -> Result<(String, bool)> {
    let directory = run::target_dir().join("stages");
    fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    // A file and no pipe, whose end would wait for whatever process the stage leaves behind.
    let path = directory.join(format!("{}.log", stage.name));
    let log = File::create(&path).with_context(|| format!("making {}", path.display()))?;
    let mut command = run::command(program);
    command
        .args(["ci", stage.name])
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("sharing the log")?)
        .stderr(log);
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", run::display(&command)))?;
    let printed = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok((String::from_utf8_lossy(&printed).into_owned(), status.success()))
}

/// Runs one stage, or lists them.
pub(crate) fn stage(name: Option<&str>) -> Result<()> {
    let Some(name) = name else {
        for stage in STAGES {
            println!("{:<12} {}", stage.name, stage.about);
        }
        return Ok(());
    };
    match STAGES.iter().find(|stage| stage.name == name) {
        Some(stage) => (stage.run)(),
        None => bail!("no stage `{name}`; `cargo xtask ci` lists them"),
    }
}

fn rust() -> Result<()> {
    rust_tests(Length::Normal)
}

fn rust_tests(length: Length) -> Result<()> {
    prerequisites::ensure(&[prerequisites::BUILD, prerequisites::TESTS])?;
    let mut tests = run::cargo();
    tests.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
    if length == Length::Long {
        tests.env("ANTEROOM_TEST_LONG", "1");
    }
    run::check(&mut tests)
}
