//! `users` and `me`.

mod list;

use anteroom_identity::id::ObjectId;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, entity, query_error};
use super::call::Call;
use super::caller::{GraphCaller, access_policy_allows};
use super::resource::Owner;
use super::schema::USER;
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;

pub(super) use self::list::{count, list};

/// Permissions to read one's own profile.
const READ_ME: &[&str] = &[
    "User.Read",
    "User.ReadWrite",
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
];

/// Permissions to read the profiles of others, as a signed-in user and as an application.
const READ_ALL: &[&str] = &[
    "User.ReadBasic.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
];

/// Longest id or sign-in name looked up, in bytes.
const NAME_BYTES: usize = 256;

/// `GET /users/{id}`, `GET /me`
pub(super) async fn get(call: &Call, owner: &Owner) -> Answer {
    let user = match (owner, &call.caller) {
        (Owner::Me, GraphCaller::User { user, .. }) => {
            call.caller.require(READ_ME, &[])?;
            user.clone()
        }
        (Owner::Me, GraphCaller::App { .. }) => return Err(ApiError::new(&graph::SIGNED_IN_ONLY)),
        (Owner::User(id), caller) => {
            let found = find(call, id).await?;
            let own = matches!((caller, &found), (GraphCaller::User { user, .. }, Some(found)) if user.oid == found.oid);
            caller.require(if own { READ_ME } else { READ_ALL }, READ_ALL)?;
            found.ok_or_else(|| unknown(id))?
        }
    };
    no_expand(call)?;
    entity(call, StatusCode::OK, "users/$entity", &USER, view(&user))
}

fn no_expand(call: &Call) -> Result<(), ApiError> {
    match call.options.expand.first() {
        None => Ok(()),
        Some(expand) => Err(query_error(&format!(
            "The property '{}' cannot be expanded on type 'microsoft.graph.user'",
            expand.path
        ))),
    }
}

/// The user whose resources a path names, for a caller who may act for it: the user itself, or an application.
///
/// # Errors
/// 403 when the caller may not, 404 for a user that is not in the caller's tenant.
pub(super) async fn owner(
    call: &Call,
    owner: &Owner,
    delegated: &[&str],
    application: &[&str],
) -> Result<DirectoryUser, ApiError> {
    call.caller.require(delegated, application)?;
    match (owner, &call.caller) {
        (Owner::Me, GraphCaller::User { user, .. }) => Ok(user.clone()),
        (Owner::Me, GraphCaller::App { .. }) => Err(ApiError::new(&graph::SIGNED_IN_ONLY)),
        (Owner::User(id), GraphCaller::User { user, .. }) => {
            let found = find(call, id).await?.ok_or_else(|| unknown(id))?;
            if found.oid == user.oid {
                Ok(found)
            } else {
                Err(ApiError::new(&graph::OTHER_USER))
            }
        }
        (Owner::User(id), GraphCaller::App { .. }) => find(call, id).await?.ok_or_else(|| unknown(id)),
    }
}

/// As [`owner`], for what an application needs an application access policy for besides.
pub(super) async fn owner_by_policy(
    call: &Call,
    path: &Owner,
    delegated: &[&str],
    application: &[&str],
) -> Result<DirectoryUser, ApiError> {
    let user = owner(call, path, delegated, application).await?;
    if let GraphCaller::App { client_id, .. } = &call.caller
        && !access_policy_allows(&call.app, client_id, user.oid).await?
    {
        return Err(ApiError::new(&graph::ACCESS_POLICY));
    }
    Ok(user)
}

/// The user of the caller's tenant with this object id or sign-in name.
pub(super) async fn find(call: &Call, id: &str) -> Result<Option<DirectoryUser>, ApiError> {
    if id.len() > NAME_BYTES {
        return Ok(None);
    }
    let found = match id.parse::<ObjectId>() {
        Ok(oid) => call.app.directory().user(oid).await?,
        Err(_) => call.app.directory().user_by_upn(id).await?,
    };
    Ok(found.filter(|user| user.tenant == call.caller.tenant()))
}

fn unknown(id: &str) -> ApiError {
    let id: String = id.chars().take(100).collect();
    ApiError::new(&graph::USER_NOT_FOUND).with_message(format!(
        "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
    ))
}

/// Graph's default properties of a user, and those that filters are written on.
fn view(user: &DirectoryUser) -> Value {
    let (given, surname) = match user.display_name.rsplit_once(' ') {
        Some((given, surname)) => (json!(given), json!(surname)),
        None => (Value::Null, Value::Null),
    };
    json!({
        "id": user.oid.to_string(),
        "accountEnabled": user.enabled,
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": given,
        "jobTitle": null,
        "mail": user.upn,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": surname,
        "userPrincipalName": user.upn,
        "userType": "Member",
    })
}
