//! `cargo xtask deny`: licences, sources, duplicates and advisories of every dependency.

use std::env;
use std::process::Stdio;

use anyhow::Result;

use crate::run;

/// The release of cargo-deny whose configuration format `deny.toml` has.
const VERSION: &str = "0.20.2";

pub(crate) fn deny() -> Result<()> {
    let tools = run::target_dir().join("tools");
    let installed = tools.join("bin").join("cargo-deny");
    let program = if run::on_path("cargo-deny") {
        "cargo-deny".into()
    } else {
        if !installed.is_file() {
            run::check(
                run::cargo()
                    .args([
                        "install",
                        "--locked",
                        "--quiet",
                        "--debug",
                        "--version",
                        VERSION,
                        "--root",
                    ])
                    .arg(&tools)
                    .args(["cargo-deny"])
                    // Its own workspace settings must not reach the tool's build.
                    .env_remove("RUSTFLAGS"),
            )?;
        }
        installed.into_os_string()
    };
    run::check(run::command(&program).args(["check", "licenses", "bans", "sources"]))?;
    advisories(&program)
}

/// Advisories need the RustSec database, which is fetched from the network. Where it cannot be reached, that is said
/// and is not a failure, unless `ANTEROOM_REQUIRE_ADVISORIES` is set.
fn advisories(program: &std::ffi::OsStr) -> Result<()> {
    let fetched = run::command(program)
        .args(["fetch", "db"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if fetched {
        return run::check(run::command(program).args(["check", "advisories"]));
    }
    if env::var_os("ANTEROOM_REQUIRE_ADVISORIES").is_some() {
        anyhow::bail!("the RustSec advisory database cannot be fetched");
    }
    println!("NOT CHECKED: advisories (the RustSec database cannot be fetched from here)");
    Ok(())
}
