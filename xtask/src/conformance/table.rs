//! `docs/conformance.md`: operation × client × version, from what the suites saw.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::contract::{Api, Client, Contract};
use super::exceptions::Exceptions;
use super::results::{Outcome, Test};

const HEAD: &str = "\
# Conformance

Written by `cargo xtask conformance`; do not edit. Each column is a client we did not write, unmodified, against the
running program. A cell comes from requests and answers that were seen, not from what a test says about itself:

- **pass**: the client used the operation, was answered with success, and the test around it passed;
- **exception**: it did, in a test that is known to fail; the reasons stand below;
- **refused**: the client only ever got refusals, each of which a test asked for;
- **–**: this client does not offer the operation.

An operation that a client offers and no test covers fails the run, and so does an exception that passes.

Media counts as received when it was decoded and has the pitch and the shade that its sender was given. What reaches a
stack that brings no codecs (werift, str0m, rtc) is decoded by FFmpeg. A restart of ICE counts when the service does not
answer to the old credentials any more. GStreamer uses an ECDSA certificate instead of its own ([limits](limits.md)).
";

/// What was seen of each operation.
pub(crate) struct Coverage<'a> {
    contract: &'a Contract,
    /// By API, operation, client.
    cells: Vec<Vec<Vec<Cell>>>,
    /// By API, operation: `400 BadRequest`.
    refusals: Vec<Vec<BTreeSet<String>>>,
    /// By API, client: versions the client sent and was answered with success.
    versions: Vec<Vec<BTreeSet<String>>>,
    /// What is wrong with the contract or the tests.
    faults: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Unseen,
    Refused,
    Excepted,
    Passed,
}

impl<'a> Coverage<'a> {
    pub(crate) fn new(contract: &'a Contract, tests: &[Test]) -> Self {
        let per_api = |api: &Api| vec![vec![Cell::Unseen; api.clients.len()]; api.operations.len()];
        let mut coverage = Self {
            contract,
            cells: contract.apis.iter().map(per_api).collect(),
            refusals: contract
                .apis
                .iter()
                .map(|api| vec![BTreeSet::new(); api.operations.len()])
                .collect(),
            versions: contract
                .apis
                .iter()
                .map(|api| vec![BTreeSet::new(); api.clients.len()])
                .collect(),
            faults: BTreeSet::new(),
        };
        for test in tests {
            coverage.add(test);
        }
        coverage.look_for_gaps();
        coverage
    }

    /// Fails when something offered was not covered, or something covered is not in the contract.
    pub(crate) fn check(&self) -> Result<()> {
        if self.faults.is_empty() {
            return Ok(());
        }
        let faults: Vec<&str> = self.faults.iter().map(String::as_str).collect();
        bail!("{}", faults.join("\n"))
    }

    pub(crate) fn markdown(&self, exceptions: &Exceptions) -> String {
        let mut text = HEAD.to_owned();
        for (at, api) in self.contract.apis.iter().enumerate() {
            let _ = write!(text, "\n## {}\n\n", api.name);
            self.clients(&mut text, at, api);
            self.operations(&mut text, at, api);
        }
        text.push_str("\n## Exceptions\n\n");
        if exceptions.list.is_empty() {
            text.push_str("None.\n");
        }
        for exception in &exceptions.list {
            let _ = writeln!(text, "- `{}`: {}", exception.test, exception.reason.trim());
        }
        text
    }

    fn clients(&self, text: &mut String, at: usize, api: &Api) {
        text.push_str("| | client | api-version | others tried |\n|---|---|---|---|\n");
        for (number, client) in api.clients.iter().enumerate() {
            let own = client.api_version.as_deref().unwrap_or("");
            let others: Vec<&str> = self.versions[at][number]
                .iter()
                .map(String::as_str)
                .filter(|version| *version != own)
                .collect();
            let _ = writeln!(
                text,
                "| {} | {} | {own} | {} |",
                letter(number),
                client.name,
                others.join(", ")
            );
        }
    }

    fn operations(&self, text: &mut String, at: usize, api: &Api) {
        text.push_str("\n| operation |");
        for number in 0..api.clients.len() {
            let _ = write!(text, " {} |", letter(number));
        }
        text.push_str(" refusals seen |\n|---|");
        text.push_str(&"---|".repeat(api.clients.len() + 1));
        text.push('\n');
        for (row, operation) in api.operations.iter().enumerate() {
            let _ = write!(text, "| {}", operation.name);
            if operation.method != "EVENT" {
                let _ = write!(text, "<br>`{} {}`", operation.method, operation.path);
            }
            text.push_str(" |");
            for (column, client) in api.clients.iter().enumerate() {
                let _ = write!(text, " {} |", self.cell(at, row, column, client));
            }
            let refusals: Vec<&str> = self.refusals[at][row].iter().map(String::as_str).collect();
            let _ = writeln!(text, " {} |", refusals.join("<br>"));
        }
    }

    fn cell(&self, api: usize, row: usize, column: usize, client: &Client) -> &'static str {
        let operation = &self.contract.apis[api].operations[row].name;
        match self.cells[api][row][column] {
            Cell::Passed => "pass",
            Cell::Excepted => "exception",
            Cell::Refused => "refused",
            Cell::Unseen if client.lacks.contains(operation) => "–",
            Cell::Unseen => "**gap**",
        }
    }

    fn add(&mut self, test: &Test) {
        for exchange in &test.seen {
            let (client, method, target, status) = (&exchange.0, &exchange.1, &exchange.2, exchange.3);
            let Some((api, row)) = self.contract.operation(method, target) else {
                let path = target.split('?').next().unwrap_or_default();
                // What clients ask for in vain is no operation.
                if status < 400 {
                    self.faults
                        .insert(format!("{client}: {method} {path} is not in the contract"));
                }
                continue;
            };
            let clients = &self.contract.apis[api].clients;
            let Some(column) = clients.iter().position(|known| known.name == *client) else {
                self.faults.insert(format!(
                    "{client} is no client of {} in the contract",
                    self.contract.apis[api].name
                ));
                continue;
            };
            let seen = match (test.outcome, status) {
                (Outcome::Failed, _) => continue,
                (Outcome::Excepted, _) => Cell::Excepted,
                (Outcome::Passed, ..400) => Cell::Passed,
                (Outcome::Passed, _) => Cell::Refused,
            };
            let cell = &mut self.cells[api][row][column];
            *cell = (*cell).max(seen);
            if seen == Cell::Refused {
                let code = exchange.4.as_deref().unwrap_or_default();
                self.refusals[api][row].insert(format!("{status} {code}").trim_end().to_owned());
            }
            if seen == Cell::Passed
                && let Some(version) = api_version(target)
            {
                self.versions[api][column].insert(version.to_owned());
            }
        }
    }

    fn look_for_gaps(&mut self) {
        for (at, api) in self.contract.apis.iter().enumerate() {
            for (column, client) in api.clients.iter().enumerate() {
                for (row, operation) in api.operations.iter().enumerate() {
                    let (name, seen) = (&operation.name, self.cells[at][row][column]);
                    match (seen, client.lacks.contains(name)) {
                        (Cell::Unseen, false) => {
                            self.faults.insert(format!(
                                "gap: no test has {} use {}: {name}",
                                client.name, api.name
                            ));
                        }
                        (Cell::Refused | Cell::Excepted | Cell::Passed, true) => {
                            self.faults
                                .insert(format!("{} does not lack {}: {name}", client.name, api.name));
                        }
                        (Cell::Unseen, true) | (Cell::Refused | Cell::Excepted | Cell::Passed, false) => {}
                    }
                }
                let own = client.api_version.as_deref();
                if own.is_some_and(|own| !self.versions[at][column].contains(own)) {
                    self.faults.insert(format!(
                        "{} has not sent the api-version of the contract",
                        client.name
                    ));
                }
            }
        }
    }
}

/// Columns are called A, B, C, …: names are too long for them.
fn letter(number: usize) -> char {
    u8::try_from(number)
        .ok()
        .and_then(|number| b'A'.checked_add(number))
        .map_or('?', char::from)
}

fn api_version(target: &str) -> Option<&str> {
    let (_, query) = target.split_once('?')?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("api-version="))
}

#[cfg(test)]
mod tests {
    use super::super::results;
    use super::*;

    const CONTRACT: &str = r#"
        [[api]]
        name = "Rooms"
        operation = [
            { name = "Get", method = "GET", path = "/rooms/{id}" },
            { name = "List", method = "GET", path = "/rooms" },
        ]
        client = [
            { name = "Python", api_version = "2" },
            { name = "JS", lacks = ["List"] },
        ]
    "#;

    const SEEN: &str = r#"
{"test":"a/1","outcome":"passed","seen":[["Python","GET","/rooms/9?api-version=2",200,null],["Python","GET","/rooms/8?api-version=3",404,"NotFound"]]}
{"test":"a/2","outcome":"excepted","seen":[["Python","GET","/rooms?api-version=1",200,null]]}
{"test":"a/3","outcome":"passed","seen":[["JS","GET","/rooms/9",400,"BadRequest"]]}"#;

    fn coverage(contract: &Contract, lines: &str) -> (Vec<String>, String) {
        let tests = results::parse(lines.trim_start()).unwrap();
        let coverage = Coverage::new(contract, &tests);
        let exceptions = Exceptions::parse("[[exception]]\ntest = \"a/2\"\nreason = \"so\"").unwrap();
        (
            coverage.faults.iter().cloned().collect(),
            coverage.markdown(&exceptions),
        )
    }

    #[test]
    fn cells_say_what_was_seen() {
        let contract = Contract::parse(CONTRACT).unwrap();
        let (faults, text) = coverage(&contract, SEEN);
        assert_eq!(faults, Vec::<String>::new());
        assert!(text.contains("| A | Python | 2 |  |"), "{text}");
        assert!(
            text.contains("| Get<br>`GET /rooms/{id}` | pass | refused | 400 BadRequest<br>404 NotFound |")
        );
        assert!(text.contains("| List<br>`GET /rooms` | exception | – |  |"));
        assert!(text.contains("- `a/2`: so"));
    }

    #[test]
    fn what_is_not_covered_and_what_is_not_known_are_faults() {
        let contract = Contract::parse(CONTRACT).unwrap();
        let (faults, text) = coverage(
            &contract,
            r#"{"test":"a/1","outcome":"passed","seen":[["JS","GET","/rooms",200,null],["JS","GET","/x",200,null],["Ruby","GET","/rooms",200,null]]}"#,
        );
        assert_eq!(
            faults,
            [
                "JS does not lack Rooms: List",
                "JS: GET /x is not in the contract",
                "Python has not sent the api-version of the contract",
                "Ruby is no client of Rooms in the contract",
                "gap: no test has JS use Rooms: Get",
                "gap: no test has Python use Rooms: Get",
                "gap: no test has Python use Rooms: List",
            ]
        );
        assert!(text.contains("**gap**"));
    }

    #[test]
    fn a_failed_test_covers_nothing() {
        let contract = Contract::parse(CONTRACT).unwrap();
        let (faults, _) = coverage(&contract, &SEEN.replace("passed", "failed"));
        assert!(faults.contains(&"gap: no test has Python use Rooms: Get".to_owned()));
    }
}
