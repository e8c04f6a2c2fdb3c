//! `cargo xtask tidy`: house rules that no lint knows.
//!
//! - dependency arrows between our crates point down only;
//! - each outside dependency has one door: one place that names it;
//! - every crate and every module that holds others says what it is for;
//! - every fuzz target has a seed corpus, and every corpus a target;
//! - a crate that others use alone brings no more along than its budget allows.

mod budget;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{fuzz, run};

/// What each crate may use of ours, without its tests. Whoever is not named may use anything.
const ARROWS: &[(&str, &[&str])] = &[
    ("anteroom-identity", &[]),
    ("anteroom-codec", &[]),
    ("anteroom-sha1-multibuffer", &[]),
    ("anteroom-prefetch", &[]),
    (
        "anteroom-media-transport",
        &["anteroom-sha1-multibuffer", "anteroom-prefetch"],
    ),
    ("anteroom-chat", &["anteroom-identity"]),
    ("anteroom-rooms", &["anteroom-identity"]),
    ("anteroom-signaling", &["anteroom-identity"]),
    ("anteroom-teams-link", &["anteroom-identity"]),
    (
        "anteroom-service",
        &[
            "anteroom-identity",
            "anteroom-chat",
            "anteroom-rooms",
            "anteroom-signaling",
            "anteroom-teams-link",
            "anteroom-media-transport",
            "anteroom-codec",
        ],
    ),
    ("anteroom-testkit", &[]),
];

/// Outside crates and the only places, below `crates/`, that may name them.
const DOORS: &[(&str, &[&str])] = &[
    ("rusqlite", &["service/src/store"]),
    ("dimpl", &["media-transport/src/dtls"]),
    ("rtc_dtls", &["media-transport/src/dtls"]),
    ("rtc_shared", &["media-transport/src/dtls"]),
    ("sdp_types", &["signaling/src/sdp"]),
    ("quinn_udp", &["media-transport/src/net"]),
    ("hound", &["codec/src/container"]),
    ("ogg", &["codec/src/container"]),
    ("rubato", &["codec/src/resample"]),
    ("jsonwebtoken", &["identity/src/token"]),
    ("ammonia", &["chat/src"]),
    ("calcard", &["teams-link/src/link/icalendar.rs"]),
    ("html5gum", &["teams-link/src/link/html.rs"]),
    ("rcgen", &["service/src/tls.rs"]),
    ("argon2", &["service/src/directory.rs"]),
    ("figment", &["service/src/config.rs"]),
    ("openidconnect", &["service/src/external"]),
];

pub(crate) fn tidy() -> Result<()> {
    let mut faults = Vec::new();
    arrows(&mut faults)?;
    let crates = run::root().join("crates");
    for file in sources(&crates)? {
        let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let name = file
            .strip_prefix(&crates)
            .unwrap_or(&file)
            .to_string_lossy()
            .into_owned();
        doors(&name, &text, &mut faults);
        module_docs(&name, &text, &mut faults);
    }
    corpora(&mut faults)?;
    budget::budgets(&mut faults)?;
    if faults.is_empty() {
        println!("tidy: dependency arrows, doors, module docs, fuzz corpora and budgets are in order");
        return Ok(());
    }
    for fault in &faults {
        println!("tidy: {fault}");
    }
    bail!("{} house rules broken", faults.len())
}

/// Measures what no rule can bound: how long the crates that have a budget take to build.
pub(crate) fn timings() -> Result<()> {
    budget::timings()
}

fn arrows(faults: &mut Vec<String>) -> Result<()> {
    let text =
        run::output(run::cargo().args(["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata without packages")?;
    for (name, allowed) in ARROWS {
        let package = packages
            .iter()
            .find(|package| package["name"] == *name)
            .with_context(|| format!("no package {name} in the workspace"))?;
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let ours = used == "anteroom" || used.starts_with("anteroom-");
            if ours && dependency["kind"] != "dev" && !allowed.contains(&used) {
                faults.push(format!(
                    "{name} must not depend on {used}: arrows point down only"
                ));
            }
        }
    }
    Ok(())
}

fn doors(name: &str, text: &str, faults: &mut Vec<String>) {
    // Tests and examples may use a library as an oracle.
    if !name.contains("/src/") || name.ends_with("tests.rs") || name.contains("/tests/") {
        return;
    }
    for (library, places) in DOORS {
        if places.iter().any(|place| name.starts_with(place)) {
            continue;
        }
        let named = text.lines().enumerate().find(|(_, line)| {
            let code = line.split("//").next().unwrap_or_default();
            names_crate(code, library)
        });
        if let Some((line, _)) = named {
            faults.push(format!(
                "crates/{name}:{}: only {} may name `{library}`",
                line + 1,
                places.join(", ")
            ));
        }
    }
}

/// Whether a line of code uses a path that starts with this crate.
fn names_crate(code: &str, library: &str) -> bool {
    let path = format!("{library}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    }) || code.trim_start().starts_with(&format!("use {library};"))
}

fn module_docs(name: &str, text: &str, faults: &mut Vec<String>) {
    // A file that holds one type is explained by the type; a module that others live in must say what it is for.
    if !["lib.rs", "main.rs", "mod.rs"]
        .iter()
        .any(|file| name.ends_with(&format!("/{file}")))
    {
        return;
    }
    let documented = text
        .lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with("#!["))
        .is_some_and(|line| line.starts_with("//!"))
        || text.contains("#![doc = include_str!(");
    if !documented {
        faults.push(format!(
            "crates/{name}: the first line must say what the file is for (`//! …`)"
        ));
    }
}

fn corpora(faults: &mut Vec<String>) -> Result<()> {
    let targets = fuzz::targets()?;
    let root = run::root().join("fuzz").join("corpus");
    for target in &targets {
        let seeds = fs::read_dir(root.join(target)).map(Iterator::count).unwrap_or(0);
        if seeds == 0 {
            faults.push(format!(
                "fuzz target {target} has no seed in fuzz/corpus/{target}"
            ));
        }
    }
    for entry in fs::read_dir(&root).with_context(|| format!("reading {}", root.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !targets.contains(&name) {
            faults.push(format!("fuzz/corpus/{name} belongs to no target"));
        }
    }
    Ok(())
}

fn sources(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(&directory).with_context(|| format!("reading {}", directory.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_named_by_a_path_that_starts_with_it() {
        assert!(names_crate("use rusqlite::Connection;", "rusqlite"));
        assert!(names_crate("    let x = ogg::PacketReader::new(r);", "ogg"));
        assert!(!names_crate("use crate::ogg::Reader;", "ogg"));
        assert!(!names_crate("blogg::x()", "ogg"));
    }

    #[test]
    fn a_door_is_closed_to_others_and_open_to_tests() {
        let mut faults = Vec::new();
        doors(
            "service/src/meeting/registry.rs",
            "use rusqlite::Connection;",
            &mut faults,
        );
        assert_eq!(faults.len(), 1);
        doors(
            "service/src/store/sqlite.rs",
            "use rusqlite::Connection;",
            &mut faults,
        );
        doors("media-transport/tests/oracle.rs", "use dimpl::Dtls;", &mut faults);
        doors(
            "service/src/meeting/registry.rs",
            "// rusqlite::Connection is elsewhere",
            &mut faults,
        );
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn a_module_without_docs_is_a_fault() {
        let mut faults = Vec::new();
        module_docs("a/src/mod.rs", "use std::fmt;", &mut faults);
        module_docs(
            "b/src/mod.rs",
            "#![warn(clippy::indexing_slicing)]\n//! Docs.",
            &mut faults,
        );
        assert_eq!(faults.len(), 1);
    }
}
