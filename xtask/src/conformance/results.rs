//! What a suite saw: one JSON object a line, one test each.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    pub(crate) test: String,
    pub(crate) outcome: Outcome,
    pub(crate) seen: Vec<Exchange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// It failed, and its suite knew that it would.
    Excepted,
}

/// A request and its answer, as `[client, method, target, status, error code]`.
#[derive(Debug, Deserialize)]
pub(crate) struct Exchange(
    pub(crate) String,
    pub(crate) String,
    pub(crate) String,
    pub(crate) u16,
    pub(crate) Option<String>,
);

pub(crate) fn read(file: &Path) -> Result<Vec<Test>> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    parse(&text).with_context(|| format!("in {}", file.display()))
}

pub(crate) fn parse(text: &str) -> Result<Vec<Test>> {
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect()
}
