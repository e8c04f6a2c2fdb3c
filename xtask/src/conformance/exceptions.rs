//! `conformance/exceptions.toml`: tests that are known to fail, each with its reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::results::{Outcome, Test};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exceptions {
    #[serde(default, rename = "exception")]
    pub(crate) list: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    /// `suite/module::test`, as the suite writes it in its results.
    pub(crate) test: String,
    /// Why the test cannot pass.
    pub(crate) reason: String,
}

impl Exceptions {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", file.display()))
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let exceptions: Self = toml::from_str(text)?;
        for exception in &exceptions.list {
            if exception.reason.trim().is_empty() {
                bail!("{}: an exception needs a reason", exception.test);
            }
        }
        Ok(exceptions)
    }

    /// Those of one suite as `{"test": "reason"}`.
    pub(crate) fn as_json(&self, suite: &str) -> String {
        let known: BTreeMap<&str, &str> = self
            .of(suite)
            .map(|exception| (exception.test.as_str(), exception.reason.as_str()))
            .collect();
        serde_json::json!(known).to_string()
    }

    /// Fails when a test failed that is no exception, or an exception passed or does not exist.
    pub(crate) fn check(&self, suite: &str, tests: &[Test]) -> Result<()> {
        let mut faults = Vec::new();
        for test in tests {
            let known = self.of(suite).any(|exception| exception.test == test.test);
            match (test.outcome, known) {
                (Outcome::Passed, true) => {
                    faults.push(format!("{} passes; it is no exception any more", test.test))
                }
                (Outcome::Failed | Outcome::Excepted, false) => faults.push(format!("{} failed", test.test)),
                (Outcome::Passed, false) | (Outcome::Failed | Outcome::Excepted, true) => {}
            }
        }
        for exception in self.of(suite) {
            if !tests.iter().any(|test| test.test == exception.test) {
                faults.push(format!("{} is an exception, but no test", exception.test));
            }
        }
        if tests.is_empty() {
            faults.push(format!("{suite} has not run any test"));
        }
        if faults.is_empty() {
            return Ok(());
        }
        bail!("{}", faults.join("\n"))
    }

    fn of<'a>(&'a self, suite: &'a str) -> impl Iterator<Item = &'a Exception> {
        self.list.iter().filter(move |exception| {
            exception
                .test
                .strip_prefix(suite)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(name: &str, outcome: Outcome) -> Test {
        Test {
            test: name.to_owned(),
            outcome,
            seen: Vec::new(),
        }
    }

    #[test]
    fn an_exception_that_passes_fails_the_run() {
        let known = Exceptions::parse("[[exception]]\ntest = \"a/x\"\nreason = \"because\"").unwrap();
        known.check("a", &[test("a/x", Outcome::Excepted)]).unwrap();
        known.check("b", &[test("b/x", Outcome::Passed)]).unwrap();
        let said = known.check("a", &[test("a/x", Outcome::Passed)]).unwrap_err();
        assert!(said.to_string().contains("no exception any more"));
        let said = known
            .check(
                "a",
                &[test("a/x", Outcome::Excepted), test("a/y", Outcome::Failed)],
            )
            .unwrap_err();
        assert_eq!(said.to_string(), "a/y failed");
        let said = known.check("a", &[test("a/z", Outcome::Passed)]).unwrap_err();
        assert_eq!(said.to_string(), "a/x is an exception, but no test");
        assert!(
            known.check("b", &[]).is_err(),
            "a suite that ran nothing has not passed"
        );
    }

    #[test]
    fn refuses_an_exception_without_a_reason() {
        assert!(Exceptions::parse("[[exception]]\ntest = \"a/x\"\nreason = \" \"").is_err());
        assert!(Exceptions::parse("[[exception]]\ntest = \"a/x\"").is_err());
        assert!(Exceptions::parse("").unwrap().list.is_empty());
    }
}
