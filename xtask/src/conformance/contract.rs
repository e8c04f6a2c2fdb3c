//! `conformance/contract.toml`: the operations of each API, and the clients that are tried on it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contract {
    #[serde(rename = "api")]
    pub(crate) apis: Vec<Api>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Api {
    pub(crate) name: String,
    #[serde(rename = "operation")]
    pub(crate) operations: Vec<Operation>,
    #[serde(rename = "client")]
    pub(crate) clients: Vec<Client>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// An HTTP method; `EVENT` for what the service sends by itself.
    pub(crate) method: String,
    /// With `{parameters}`, each of which stands for one segment.
    pub(crate) path: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// Package and version, as the suites write it.
    pub(crate) name: String,
    /// The api-version it sends by itself; absent where there is none.
    pub(crate) api_version: Option<String>,
    /// Names of operations that this client does not offer.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
}

impl Contract {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", file.display()))
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let contract: Self = toml::from_str(text)?;
        for api in &contract.apis {
            for client in &api.clients {
                for lacked in &client.lacks {
                    if !api.operations.iter().any(|operation| operation.name == *lacked) {
                        bail!(
                            "{}: {} lacks `{lacked}`, which is no operation",
                            api.name,
                            client.name
                        );
                    }
                }
            }
        }
        Ok(contract)
    }

    /// Index of the API and of the operation that a request is for.
    pub(crate) fn operation(&self, method: &str, target: &str) -> Option<(usize, usize)> {
        self.apis.iter().enumerate().find_map(|(at, api)| {
            let operation = api
                .operations
                .iter()
                .position(|operation| operation.method == method && fits(&operation.path, target))?;
            Some((at, operation))
        })
    }
}

/// Whether a request target, query included, is for this path.
fn fits(template: &str, target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    // An endpoint with a trailing slash makes two at the front.
    let mut wanted = template.trim_start_matches('/').split('/');
    let path = path.trim_start_matches('/');
    // In Graph, the signed-in user is one of the users.
    let of_user = path
        .strip_prefix("v1.0/me")
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let path = of_user.map_or_else(|| path.to_owned(), |rest| format!("v1.0/users/me{rest}"));
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) => {
                let parameter = wanted.starts_with('{') && wanted.ends_with('}');
                if !(parameter && !given.is_empty() || wanted == given) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_fits_its_operation_only() {
        let path = "/identities/{id}/:issueAccessToken";
        assert!(fits(
            path,
            "/identities/8%3Aacs%3Ax/:issueAccessToken?api-version=1"
        ));
        assert!(fits(path, "//identities/8:acs:x/:issueAccessToken"));
        assert!(!fits(path, "/identities/8:acs:x/:revokeAccessTokens"));
        assert!(!fits(path, "/identities//:issueAccessToken"));
        assert!(!fits(path, "/identities/8:acs:x"));
        assert!(!fits("/rooms/{id}", "/rooms/1/participants"));
        assert!(fits("/socket.io/1/", "/socket.io/1/?sr=x"));
        assert!(fits("/v1.0/users/{id}/events", "/v1.0/me/events?$top=1"));
        assert!(fits("/v1.0/users/{id}", "/v1.0/me"));
        assert!(!fits("/v1.0/users/{id}", "/v1.0/meetings"));
    }

    #[test]
    fn refuses_a_gap_that_is_no_operation() {
        let text = r#"
            [[api]]
            name = "Rooms"
            operation = [{ name = "List", method = "GET", path = "/rooms" }]
            client = [{ name = "x", lacks = ["Lits"] }]
        "#;
        assert!(Contract::parse(text).unwrap_err().to_string().contains("Lits"));
    }
}
