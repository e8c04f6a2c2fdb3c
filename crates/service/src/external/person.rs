//! Who of the directory somebody is that a provider vouches for.

use anteroom_identity::id::{ObjectId, TenantId};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::config::{ProviderConfig, UnknownPeople};
use super::provider::Answer;
use crate::directory::DirectoryUser;
use crate::directory::admin::is_user_name;
use crate::store::sqlite::directory::{self as users, UserRow};
use crate::store::sqlite::external::{self as sql, ExternalIdentity};
use crate::store::sqlite::groups;
use crate::store::{Connection, Store, StoreError};

/// Longest name shown to others, in characters.
const MAX_NAME: usize = 256;

/// Most groups of a person that are looked at.
const MAX_GROUPS: usize = 1000;

/// Why somebody the provider knows is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotLetIn {
    /// Nobody in the directory is linked, and nobody is to be.
    #[error("not linked")]
    NotLinked,
    /// The address by which somebody could be found is not there, or not verified.
    #[error("no verified e-mail address")]
    NotVerified,
    /// The name or the address is of another domain.
    #[error("another domain")]
    Domain,
    /// There is no name that a person could be created with.
    #[error("no sign-in name")]
    NoName,
    /// The name is somebody else's.
    #[error("the name is taken")]
    NameTaken,
    /// The user may not sign in.
    #[error("disabled")]
    Disabled,
}

/// Finds, links or creates who that is, as configured; all of it or nothing. The groups that the claim maps to follow.
///
/// # Errors
/// The database failed.
pub(crate) async fn settle(
    store: &Store,
    tenant: TenantId,
    config: &ProviderConfig,
    answer: &Answer,
    now: OffsetDateTime,
) -> Result<Result<DirectoryUser, NotLetIn>, StoreError> {
    let (config, answer) = (config.clone(), answer.clone());
    store
        .write(move |connection| {
            let found = match find(connection, tenant, &config, &answer, now)? {
                Ok(row) => row,
                Err(refused) => return Ok(Err(refused)),
            };
            if !found.enabled {
                return Ok(Err(NotLetIn::Disabled));
            }
            set_groups(connection, tenant, &config, &answer.claims, found.object)?;
            Ok(Ok(DirectoryUser::from(found)))
        })
        .await
}

fn find(
    connection: &Connection,
    tenant: TenantId,
    config: &ProviderConfig,
    answer: &Answer,
    now: OffsetDateTime,
) -> Result<Result<UserRow, NotLetIn>, StoreError> {
    let identity = ExternalIdentity {
        issuer: config.issuer.clone(),
        subject: answer.subject.clone(),
    };
    let person = Person::read(config, &answer.claims);
    if let Some(user) = sql::user(connection, tenant, &identity)? {
        let row = users::user(connection, user)?.filter(|row| row.tenant == tenant);
        // Who has left the domains is let in no more.
        return Ok(match row {
            Some(_) if person.is_of_another_domain(config) => Err(NotLetIn::Domain),
            Some(row) => Ok(row),
            None => Err(NotLetIn::NotLinked),
        });
    }
    if config.unknown_people == UnknownPeople::Refuse {
        return Ok(Err(NotLetIn::NotLinked));
    }
    if person.is_of_another_domain(config) {
        return Ok(Err(NotLetIn::Domain));
    }
    let row = match known(connection, tenant, config, &person)? {
        Some(row) => row,
        None if config.unknown_people.creates() => match created(connection, tenant, config, &person)? {
            Ok(row) => row,
            Err(refused) => return Ok(Err(refused)),
        },
        None if person.email.is_none() => return Ok(Err(NotLetIn::NotVerified)),
        None => return Ok(Err(NotLetIn::NotLinked)),
    };
    sql::link(connection, tenant, &identity, row.object, now)?;
    Ok(Ok(row))
}

/// What a provider says about a person, as far as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Person {
    /// The name that a user is created with, if it can be one.
    user: Option<String>,
    /// The address, if it is verified.
    email: Option<String>,
    /// The address, verified or not.
    any_email: Option<String>,
    name: Option<String>,
}

impl Person {
    fn read(config: &ProviderConfig, claims: &Map<String, Value>) -> Self {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str).map(str::trim);
        let any_email = text(&config.email_claim).filter(|email| is_user_name(email));
        let is_verified = claims.get(&config.email_verified_claim).is_some_and(says_yes);
        let email = any_email.filter(|_| is_verified);
        // An address as a name has to be verified like one.
        let user = if config.user_claim == config.email_claim {
            email
        } else {
            text(&config.user_claim).filter(|user| is_user_name(user))
        };
        let name = text(&config.name_claim).map(|name| {
            let plain = name.chars().filter(|c| !c.is_control());
            plain.take(MAX_NAME).collect::<String>()
        });
        Self {
            user: user.map(str::to_owned),
            email: email.map(str::to_owned),
            any_email: any_email.map(str::to_owned),
            name: name.filter(|name| !name.trim().is_empty()),
        }
    }

    /// Whether what it goes by is of no domain that is allowed.
    fn is_of_another_domain(&self, config: &ProviderConfig) -> bool {
        let allowed = |name: &str| {
            let domain = name.rsplit_once('@').map_or("", |(_, domain)| domain);
            config
                .domains
                .iter()
                .any(|known| known.eq_ignore_ascii_case(domain))
        };
        let mut names = [&self.user, &self.any_email]
            .into_iter()
            .filter_map(Option::as_deref)
            .peekable();
        !config.domains.is_empty() && (names.peek().is_none() || !names.all(allowed))
    }
}

/// Whom of the tenant a verified address names.
fn known(
    connection: &Connection,
    tenant: TenantId,
    config: &ProviderConfig,
    person: &Person,
) -> Result<Option<UserRow>, StoreError> {
    let Some(email) = person.email.as_ref().filter(|_| config.unknown_people.links()) else {
        return Ok(None);
    };
    let row = users::user_by_upn(connection, email)?;
    Ok(row.filter(|row| row.tenant == tenant))
}

fn created(
    connection: &Connection,
    tenant: TenantId,
    config: &ProviderConfig,
    person: &Person,
) -> Result<Result<UserRow, NotLetIn>, StoreError> {
    let Some(upn) = person.user.clone() else {
        let unverified = config.user_claim == config.email_claim && person.any_email.is_some();
        return Ok(Err(if unverified {
            NotLetIn::NotVerified
        } else {
            NotLetIn::NoName
        }));
    };
    if users::user_by_upn(connection, &upn)?.is_some() {
        return Ok(Err(NotLetIn::NameTaken));
    }
    let row = UserRow {
        object: ObjectId::random(),
        tenant,
        display_name: person.name.clone().unwrap_or_else(|| upn.clone()),
        upn,
        password_hash: String::new(),
        is_admin: false,
        enabled: true,
    };
    users::insert_user(connection, &row)?;
    Ok(Ok(row))
}

/// Makes the person a member of the groups that the claim maps to, and of no other mapped one.
fn set_groups(
    connection: &Connection,
    tenant: TenantId,
    config: &ProviderConfig,
    claims: &Map<String, Value>,
    user: ObjectId,
) -> Result<(), StoreError> {
    let Some(claim) = config.groups_claim.as_ref().filter(|_| !config.groups.is_empty()) else {
        return Ok(());
    };
    // Entra ID leaves the groups out where there are too many, and says where they could be asked for.
    let elsewhere = claims.get("_claim_names").and_then(|names| names.get(claim));
    if elsewhere.is_some() {
        tracing::warn!(provider = %config.id, "a person has more groups than the provider says; they stay as they are");
        return Ok(());
    }
    let said: Vec<&str> = match claims.get(claim) {
        Some(Value::Array(all)) => all.iter().take(MAX_GROUPS).filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    for name in config.groups.values() {
        let Some(group) = groups::find(connection, tenant, name)? else {
            tracing::warn!(provider = %config.id, "a group that a claim maps to is not in the directory");
            continue;
        };
        // Several values may lead to one group.
        let is_member = config
            .groups
            .iter()
            .any(|(value, of)| of == name && said.contains(&value.as_str()));
        if is_member {
            groups::add_member(connection, group.object, user)?;
        } else {
            groups::remove_member(connection, group.object, user)?;
        }
    }
    Ok(())
}

/// Providers write a truth as `true`, `"true"`, `1` or `"1"`.
fn says_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::String(text) => text.eq_ignore_ascii_case("true") || text == "1",
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(unknown_people: UnknownPeople, domains: &[&str]) -> ProviderConfig {
        let mut config = ProviderConfig::new("p", "contoso", "https://sso.example", "anteroom");
        config.unknown_people = unknown_people;
        config.domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
        config
    }

    fn read(config: &ProviderConfig, claims: &Value) -> Person {
        Person::read(config, claims.as_object().unwrap())
    }

    #[test]
    fn an_address_counts_when_it_is_verified() {
        let config = config(UnknownPeople::LinkVerifiedEmail, &[]);
        for (verified, counts) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(1), true),
            (json!("1"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!(null), false),
            (json!([true]), false),
        ] {
            let claims = json!({ "email": "alice@contoso.example", "email_verified": verified });
            assert_eq!(read(&config, &claims).email.is_some(), counts, "{verified}");
        }
        let claims = json!({ "email": "alice", "email_verified": true });
        assert_eq!(read(&config, &claims).email, None);
    }

    #[test]
    fn an_address_as_a_name_has_to_be_verified() {
        let mut config = config(UnknownPeople::Create, &["contoso.example"]);
        let claims = json!({ "preferred_username": "dora@contoso.example", "email": "dora@contoso.example" });
        assert!(read(&config, &claims).user.is_some());
        config.user_claim = "email".to_owned();
        assert_eq!(read(&config, &claims).user, None);
    }

    #[test]
    fn every_name_has_to_be_of_an_allowed_domain() {
        let contoso = config(UnknownPeople::Create, &["Contoso.Example"]);
        let another = |claims: Value| read(&contoso, &claims).is_of_another_domain(&contoso);
        assert!(!another(json!({ "preferred_username": "a@contoso.example" })));
        assert!(!another(json!({ "email": "a@CONTOSO.example" })));
        assert!(another(json!({ "email": "a@evil.example" })));
        assert!(another(json!({ "email": "a@contoso.example.evil.example" })));
        assert!(another(
            json!({ "preferred_username": "a@contoso.example", "email": "a@evil.example" })
        ));
        assert!(another(json!({ "preferred_username": "a" })));
        assert!(another(json!({})));
        let any = config(UnknownPeople::Create, &[]);
        assert!(!read(&any, &json!({})).is_of_another_domain(&any));
    }

    #[test]
    fn names_are_shown_without_what_controls() {
        let config = config(UnknownPeople::Refuse, &[]);
        let name = |name: &str| read(&config, &json!({ "name": name })).name;
        assert_eq!(name("Dora\u{7}\n Meyer").as_deref(), Some("Dora Meyer"));
        assert_eq!(name(" \n"), None);
        assert_eq!(name(&"x".repeat(1000)).unwrap().len(), MAX_NAME);
    }
}
