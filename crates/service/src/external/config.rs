//! What an operator sets about external providers, and whether it can be.

use std::collections::BTreeMap;
use std::path::PathBuf;

use openidconnect::IssuerUrl;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::{ConfigError, io_reason};

/// How people sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SignInConfig {
    /// OpenID Connect providers where people may sign in instead of here.
    pub providers: Vec<ProviderConfig>,
    /// Tenants, by name or id, whose people sign in at a provider only.
    pub passwords_off: Vec<String>,
}

/// A provider of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProviderConfig {
    /// Its name in addresses: lower-case letters, digits and hyphens, at most 32.
    pub id: String,
    /// The tenant, by name or id.
    pub tenant: String,
    /// Its name on the button.
    pub name: String,
    /// Its issuer, letter by letter as its discovery document has it: an `https` address.
    pub issuer: String,
    /// What it calls us.
    pub client_id: String,
    /// What we show it; left out for a public client. At most one of the three.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// A file with the secret.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// A variable in the environment with the secret.
    #[serde(default)]
    pub client_secret_env: Option<String>,
    /// Scopes asked for; `openid` is always among them.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim that tells people apart for ever.
    #[serde(default = "subject_claim")]
    pub subject_claim: String,
    /// The claim that becomes the sign-in name of people who are created, `name@domain`.
    #[serde(default = "user_claim")]
    pub user_claim: String,
    /// The claim with the e-mail address.
    #[serde(default = "email_claim")]
    pub email_claim: String,
    /// The claim that says that the provider has verified it; Entra ID has `xms_edov`.
    #[serde(default = "email_verified_claim")]
    pub email_verified_claim: String,
    /// The claim with the name shown to others.
    #[serde(default = "name_claim")]
    pub name_claim: String,
    /// What becomes of people who are not linked to anybody here.
    #[serde(default)]
    pub unknown_people: UnknownPeople,
    /// Domains that sign-in names and e-mail addresses must be of; empty: any.
    #[serde(default)]
    pub domains: Vec<String>,
    /// The claim with the groups of a person.
    #[serde(default)]
    pub groups_claim: Option<String>,
    /// Groups of the directory by what the claim calls them: who signs in becomes a member, or is one no more.
    #[serde(default)]
    pub groups: BTreeMap<String, String>,
    /// Certificate authority of the provider, in PEM; the system's when not set.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// What becomes of people who are not linked to anybody in the directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnknownPeople {
    /// They are refused, until an operator links them.
    #[default]
    Refuse,
    /// They are linked to whom a verified e-mail address names, and refused otherwise.
    LinkVerifiedEmail,
    /// They are created; a name that is taken stays with whom it belongs to.
    Create,
    /// They are linked to whom a verified e-mail address names, and created where it names nobody.
    LinkVerifiedEmailOrCreate,
}

impl UnknownPeople {
    /// Whether a verified e-mail address names somebody of the directory.
    #[must_use]
    pub const fn links(self) -> bool {
        matches!(self, Self::LinkVerifiedEmail | Self::LinkVerifiedEmailOrCreate)
    }

    /// Whether people are created.
    #[must_use]
    pub const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::LinkVerifiedEmailOrCreate)
    }
}

/// A secret that is not printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl ProviderConfig {
    /// A provider with everything else as it is when not set.
    #[must_use]
    pub fn new(id: &str, tenant: &str, issuer: &str, client_id: &str) -> Self {
        Self {
            id: id.to_owned(),
            tenant: tenant.to_owned(),
            name: id.to_owned(),
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret: None,
            client_secret_file: None,
            client_secret_env: None,
            scopes: scopes(),
            subject_claim: subject_claim(),
            user_claim: user_claim(),
            email_claim: email_claim(),
            email_verified_claim: email_verified_claim(),
            name_claim: name_claim(),
            unknown_people: UnknownPeople::default(),
            domains: Vec::new(),
            groups_claim: None,
            groups: BTreeMap::new(),
            ca: None,
        }
    }

    /// The issuer.
    ///
    /// # Errors
    /// [`ConfigError::SignIn`]: something cannot be.
    pub(super) fn check(&self) -> Result<IssuerUrl, ConfigError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.is_empty() || self.id.len() > 32 || !self.id.bytes().all(plain) {
            return Err(self.fault("id has 1 to 32 lower-case letters, digits and hyphens"));
        }
        let is_https = Url::parse(&self.issuer)
            .is_ok_and(|url| url.scheme() == "https" && url.query().is_none() && url.fragment().is_none());
        if !is_https {
            return Err(self.fault("issuer must be an https address without a query"));
        }
        if self.client_id.is_empty() || self.name.trim().is_empty() || self.tenant.is_empty() {
            return Err(self.fault("tenant, name and client_id must be set"));
        }
        let words = [
            &self.subject_claim,
            &self.user_claim,
            &self.email_claim,
            &self.email_verified_claim,
            &self.name_claim,
        ];
        if words.iter().any(|claim| claim.is_empty()) {
            return Err(self.fault("a claim has a name"));
        }
        // Names are unique in the whole service: a provider must not give those of another tenant's people away.
        if self.unknown_people.creates() && self.domains.is_empty() {
            return Err(self.fault("domains must be set where people are created"));
        }
        IssuerUrl::new(self.issuer.clone()).map_err(|error| self.fault(&error.to_string()))
    }

    /// The secret, from wherever it is.
    ///
    /// # Errors
    /// [`ConfigError::SignIn`]: it is said twice, or cannot be read.
    pub(super) fn secret(&self) -> Result<Option<Secret>, ConfigError> {
        let found = match (
            &self.client_secret,
            &self.client_secret_file,
            &self.client_secret_env,
        ) {
            (None, None, None) => return Ok(None),
            (Some(secret), None, None) => secret.clone(),
            (None, Some(file), None) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| self.fault(&format!("{}: {}", file.display(), io_reason(&error))))?;
                Secret(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None, Some(name)) => {
                let text = std::env::var(name)
                    .map_err(|_| self.fault(&format!("the environment has no variable {name}")))?;
                Secret(text)
            }
            _ => {
                return Err(
                    self.fault("one of client_secret, client_secret_file and client_secret_env may be set")
                );
            }
        };
        if found.0.is_empty() {
            return Err(self.fault("the client secret is empty"));
        }
        Ok(Some(found))
    }

    /// [`ConfigError::SignIn`] about this provider.
    pub(super) fn fault(&self, reason: &str) -> ConfigError {
        ConfigError::SignIn {
            reason: format!("provider {:?}: {reason}", self.id),
        }
    }
}

fn scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

fn subject_claim() -> String {
    "sub".to_owned()
}

fn user_claim() -> String {
    "preferred_username".to_owned()
}

fn email_claim() -> String {
    "email".to_owned()
}

fn email_verified_claim() -> String {
    "email_verified".to_owned()
}

fn name_claim() -> String {
    "name".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> ProviderConfig {
        ProviderConfig::new(
            "keycloak",
            "contoso",
            "https://sso.example/realms/contoso",
            "anteroom",
        )
    }

    fn refused(change: impl FnOnce(&mut ProviderConfig)) -> String {
        let mut config = provider();
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_reason() {
        provider().check().unwrap();
        assert!(refused(|p| p.id = "Key Cloak".to_owned()).contains("id has"));
        assert!(refused(|p| p.id.clear()).contains("id has"));
        for issuer in ["http://sso.example", "sso.example", "https://sso.example/?a=b"] {
            assert!(
                refused(|p| p.issuer = issuer.to_owned()).contains("issuer"),
                "{issuer}"
            );
        }
        assert!(refused(|p| p.client_id.clear()).contains("client_id"));
        assert!(refused(|p| p.subject_claim.clear()).contains("claim"));
        let creates = |p: &mut ProviderConfig| p.unknown_people = UnknownPeople::Create;
        assert!(refused(creates).contains("domains"));
    }

    #[test]
    fn the_secret_comes_from_one_place_and_is_not_printed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "from a file\n").unwrap();
        let mut config = provider();
        assert_eq!(config.secret(), Ok(None));
        config.client_secret_file = Some(file);
        let secret = config.secret().unwrap().unwrap();
        assert_eq!(secret.reveal(), "from a file");
        config.client_secret = Some(Secret::from("inline".to_owned()));
        assert!(!format!("{config:?}").contains("inline"));
        assert!(config.secret().is_err());
        config.client_secret_file = None;
        assert_eq!(config.secret().unwrap().unwrap().reveal(), "inline");
        config.client_secret = None;
        config.client_secret_env = Some("ANTEROOM_TEST_NO_SUCH_VARIABLE".to_owned());
        assert!(config.secret().is_err());
    }
}
