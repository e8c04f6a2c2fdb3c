//! `cargo xtask conformance`: the running program against parties we did not write.
//!
//! Each suite leaves what it saw in `target/conformance/SUITE.jsonl`, one test a line. When all suites have run, the
//! requests they saw are matched with the operations in `conformance/contract.toml`, and `docs/conformance.md` is
//! written. A test that fails must stand in `conformance/exceptions.toml` with its reason; one that stands there and
//! passes fails the run, and so does an operation no client has been seen to use.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use crate::{prerequisites, run, web};

mod contract;
mod exceptions;
mod results;
mod table;

use exceptions::Exceptions;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// The official Azure SDKs for Python, newest and older ones.
    AzurePython,
    /// The official Azure SDKs for JavaScript, in Node and in Chromium.
    AzureJs,
    /// MSAL and azure-identity, for Python and JavaScript, with the issuer.
    Msal,
    /// Requests made up from Microsoft's OpenAPI files.
    Swagger,
    /// Microsoft Graph's official SDK for Python.
    GraphPython,
    /// Microsoft Graph's official client for JavaScript, in Node.
    GraphJs,
    /// Chromium and Firefox on the pages the service ships.
    Browsers,
    /// WebRTC stacks of other projects, by WHIP and WHEP.
    Webrtc,
    /// Writes docs/conformance.md from what the other suites saw when they ran last.
    Table,
}

/// What runs before the table can be made.
const SUITES: [Suite; 8] = [
    Suite::AzurePython,
    Suite::AzureJs,
    Suite::Msal,
    Suite::Swagger,
    Suite::GraphPython,
    Suite::GraphJs,
    Suite::Browsers,
    Suite::Webrtc,
];

/// Suites whose requests the table is made from.
const RECORDING: [Suite; 7] = [
    Suite::AzurePython,
    Suite::AzureJs,
    Suite::Msal,
    Suite::Swagger,
    Suite::GraphPython,
    Suite::GraphJs,
    Suite::Webrtc,
];

impl Suite {
    const fn name(self) -> &'static str {
        match self {
            Self::AzurePython => "azure-python",
            Self::AzureJs => "azure-js",
            Self::Msal => "msal",
            Self::Swagger => "swagger",
            Self::GraphPython => "graph-python",
            Self::GraphJs => "graph-js",
            Self::Browsers => "browsers",
            Self::Webrtc => "webrtc",
            Self::Table => "table",
        }
    }

    /// Where its tests are.
    fn directory(self) -> PathBuf {
        run::root().join("conformance").join(self.name())
    }

    /// Where it leaves what it saw.
    fn results(self) -> PathBuf {
        run::target_dir()
            .join("conformance")
            .join(format!("{}.jsonl", self.name()))
    }
}

pub(crate) fn conformance(suite: Option<Suite>) -> Result<()> {
    match suite {
        Some(Suite::Table) => write_table(),
        Some(suite) => one(suite, &build()?),
        None => {
            let program = build()?;
            let mut failed = None;
            for suite in SUITES {
                println!("\n=== {}", suite.name());
                // The others are worth seeing too.
                if let Err(error) = one(suite, &program) {
                    println!("{}: {error:#}", suite.name());
                    failed = failed.or(Some(error));
                }
            }
            failed.map_or_else(write_table, Err)
        }
    }
}

fn one(suite: Suite, program: &Path) -> Result<()> {
    let known = Exceptions::read(&run::root().join("conformance").join("exceptions.toml"))?;
    let results = suite.results();
    if let Some(directory) = results.parent() {
        fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    }
    if results.exists() {
        fs::remove_file(&results).with_context(|| format!("removing {}", results.display()))?;
    }
    let setting = Setting {
        program,
        results: &results,
        exceptions: known.as_json(suite.name()),
    };
    match suite {
        Suite::AzurePython => azure_python(&setting)?,
        Suite::AzureJs => azure_js(&setting)?,
        Suite::Msal => msal(&setting)?,
        Suite::Swagger => swagger(&setting)?,
        Suite::GraphPython => graph_python(&setting)?,
        Suite::GraphJs => node(Suite::GraphJs, &setting)?,
        Suite::Browsers => return browsers(&setting),
        Suite::Webrtc => webrtc(&setting)?,
        Suite::Table => return write_table(),
    }
    known.check(suite.name(), &results::read(&results)?)
}

/// What every suite is told through its environment.
struct Setting<'a> {
    /// ANTEROOM_BIN
    program: &'a Path,
    /// ANTEROOM_RESULTS
    results: &'a Path,
    /// ANTEROOM_EXCEPTIONS, `{"test": "reason"}`
    exceptions: String,
}

impl Setting<'_> {
    fn tell(&self, command: &mut std::process::Command) {
        command
            .env("ANTEROOM_BIN", self.program)
            .env("ANTEROOM_RESULTS", self.results)
            .env("ANTEROOM_EXCEPTIONS", &self.exceptions);
    }
}

/// Builds the program as `cargo test --workspace` does, so that after the tests there is nothing left to build, and
/// returns its path. (`--package anteroom` alone would build half of all dependencies again, with fewer features.)
fn build() -> Result<PathBuf> {
    prerequisites::ensure(&[prerequisites::BUILD])?;
    // The peers in Rust, for the suite `webrtc`, cost a link here and a workspace of their own if they stood outside.
    run::check(run::cargo().args([
        "build",
        "--locked",
        "--workspace",
        "--bin",
        "anteroom",
        "--bin",
        "webrtc-peers",
        "--tests",
    ]))?;
    Ok(run::target_dir().join("debug").join("anteroom"))
}

fn azure_python(setting: &Setting<'_>) -> Result<()> {
    let suite = Suite::AzurePython.directory();
    for packages in ["current", "older"] {
        let python = python(packages, &suite.join(format!("{packages}.txt")))?;
        let mut pytest = run::command(&python);
        pytest
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .arg(&suite)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("ANTEROOM_PACKAGES", packages);
        setting.tell(&mut pytest);
        run::check(&mut pytest)?;
    }
    Ok(())
}

fn msal(setting: &Setting<'_>) -> Result<()> {
    let suite = Suite::Msal.directory();
    let python = python("msal", &suite.join("requirements.txt"))?;
    let mut pytest = run::command(&python);
    pytest
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(&suite)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    setting.tell(&mut pytest);
    run::check(&mut pytest)?;
    node(Suite::Msal, setting)
}

fn graph_python(setting: &Setting<'_>) -> Result<()> {
    let suite = Suite::GraphPython.directory();
    let python = python("graph-python", &suite.join("requirements.txt"))?;
    let mut pytest = run::command(&python);
    pytest
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        // The SDK's own modules warn of each other.
        .args(["-W", "ignore::DeprecationWarning"])
        .arg(&suite)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    setting.tell(&mut pytest);
    run::check(&mut pytest)
}

fn webrtc(setting: &Setting<'_>) -> Result<()> {
    prerequisites::ensure(&[prerequisites::NODE, prerequisites::GSTREAMER])?;
    let suite = Suite::Webrtc.directory();
    web::npm_ci(&suite)?;
    let python = python("webrtc", &suite.join("requirements.txt"))?;
    let mut pytest = run::command(&python);
    pytest
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(&suite)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    setting.tell(&mut pytest);
    run::check(&mut pytest)
}

fn swagger(setting: &Setting<'_>) -> Result<()> {
    let suite = Suite::Swagger.directory();
    let python = python("swagger", &suite.join("requirements.txt"))?;
    let mut pytest = run::command(&python);
    pytest
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(&suite)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Sets and dictionaries in one order, so that one run is like the other.
        .env("PYTHONHASHSEED", "0");
    setting.tell(&mut pytest);
    run::check(&mut pytest)
}

/// A virtual environment with these packages; returns its interpreter.
pub(crate) fn python(environment: &str, packages: &Path) -> Result<PathBuf> {
    prerequisites::ensure(&[prerequisites::PYTHON])?;
    let environment = run::target_dir().join("python").join(environment);
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
            .arg(packages),
    )?;
    Ok(python)
}

fn azure_js(setting: &Setting<'_>) -> Result<()> {
    prerequisites::ensure(&[prerequisites::NODE, prerequisites::BROWSERS])?;
    node(Suite::AzureJs, setting)
}

fn browsers(setting: &Setting<'_>) -> Result<()> {
    prerequisites::ensure(&[prerequisites::NODE, prerequisites::BROWSERS])?;
    // What is installed and built already is left as it is.
    let prepare = Suite::Browsers.directory().join("prepare.mjs");
    run::check(run::command("node").arg(prepare))?;
    node(Suite::Browsers, setting)
}

fn node(suite: Suite, setting: &Setting<'_>) -> Result<()> {
    let directory = suite.directory();
    web::npm_ci(&directory)?;
    let mut tests: Vec<PathBuf> = fs::read_dir(&directory)
        .with_context(|| format!("reading {}", directory.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    tests.sort();
    let mut node = run::command("node");
    node
        // One browser at a time: two cores encode and decode video in software here.
        .args(["--test", "--test-concurrency=1"])
        .args(&tests)
        .current_dir(&directory);
    setting.tell(&mut node);
    run::check(&mut node)
}

fn write_table() -> Result<()> {
    let conformance = run::root().join("conformance");
    let contract = contract::Contract::read(&conformance.join("contract.toml"))?;
    let known = Exceptions::read(&conformance.join("exceptions.toml"))?;
    let mut tests = Vec::new();
    for suite in RECORDING {
        let file = suite.results();
        tests.extend(results::read(&file).with_context(|| {
            format!(
                "no results of {0}; `cargo xtask conformance {0}` first",
                suite.name()
            )
        })?);
    }
    let coverage = table::Coverage::new(&contract, &tests);
    let file = run::root().join("docs").join("conformance.md");
    fs::write(&file, coverage.markdown(&known)).with_context(|| format!("writing {}", file.display()))?;
    println!("wrote docs/conformance.md from {} tests", tests.len());
    coverage.check()
}
