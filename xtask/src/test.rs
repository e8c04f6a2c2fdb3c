//! `cargo xtask test`: what CI runs.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::conformance::{self, Suite};
use crate::{deny, lint, prerequisites, run, tidy, web};

struct Stage {
    name: &'static str,
    about: &'static str,
    /// Left out by `--quick`: needs browsers or outside SDKs.
    outside: bool,
    run: fn() -> Result<()>,
}

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
        run: lint::format,
    },
    Stage {
        name: "tidy",
        about: "house rules",
        outside: false,
        run: tidy::tidy,
    },
    Stage {
        name: "clippy",
        about: "clippy, all targets, warnings are errors",
        outside: false,
        run: lint::clippy,
    },
    Stage {
        name: "features",
        about: "each feature set builds on its own",
        outside: false,
        run: lint::features,
    },
    Stage {
        name: "docs",
        about: "documentation builds without warnings",
        outside: false,
        run: lint::docs,
    },
    Stage {
        name: RUST,
        about: "unit, property, doc and whole-loop tests; fuzz corpora",
        outside: false,
        run: rust,
    },
    Stage {
        name: "web",
        about: "the packages for browsers: types, unit tests, what is committed of their builds",
        outside: true,
        run: web::test,
    },
    Stage {
        name: "azure-python",
        about: "official Azure SDKs for Python",
        outside: true,
        run: || conformance::conformance(Some(Suite::AzurePython)),
    },
    Stage {
        name: "azure-js",
        about: "official Azure SDKs for JavaScript, in Node and Chromium",
        outside: true,
        run: || conformance::conformance(Some(Suite::AzureJs)),
    },
    Stage {
        name: "msal",
        about: "MSAL and azure-identity, with the issuer",
        outside: true,
        run: || conformance::conformance(Some(Suite::Msal)),
    },
    Stage {
        name: "graph-python",
        about: "Microsoft Graph's official SDK for Python",
        outside: true,
        run: || conformance::conformance(Some(Suite::GraphPython)),
    },
    Stage {
        name: "graph-js",
        about: "Microsoft Graph's official client for JavaScript",
        outside: true,
        run: || conformance::conformance(Some(Suite::GraphJs)),
    },
    Stage {
        name: "swagger",
        about: "requests made up from Microsoft's OpenAPI files",
        outside: true,
        run: || conformance::conformance(Some(Suite::Swagger)),
    },
    Stage {
        name: "browsers",
        about: "Chromium and Firefox on the pages",
        outside: true,
        run: || conformance::conformance(Some(Suite::Browsers)),
    },
    Stage {
        name: "webrtc",
        about: "WebRTC stacks of other projects, by WHIP and WHEP",
        outside: true,
        run: || conformance::conformance(Some(Suite::Webrtc)),
    },
    Stage {
        name: "table",
        about: "docs/conformance.md, and what no outside SDK has covered",
        outside: true,
        run: || conformance::conformance(Some(Suite::Table)),
    },
    Stage {
        name: "deny",
        about: "licences, sources, advisories",
        outside: true,
        run: deny::deny,
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

    let mut results: Vec<(&Stage, Result<()>, Duration)> = Vec::new();
    for stage in STAGES.iter().filter(|stage| !(quick && stage.outside)) {
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
        results.push((stage, result, start.elapsed()));
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
