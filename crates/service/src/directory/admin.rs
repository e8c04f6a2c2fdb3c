//! What an operator does with tenants, users, groups and applications.
//!
//! One request and one answer each, the same whether the service runs (`POST /operator/directory`) or not.

mod applications;
mod error;
mod groups;
mod info;
mod people;
mod sign_in;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::store::{Connection, Store, StoreError};

pub use self::error::AdminError;
pub use self::info::{ApplicationInfo, ExternalInfo, GroupInfo, NewSecret, SecretInfo, UserInfo};
pub(crate) use self::people::is_user_name;

/// One thing to do. Users are named by sign-in name or object id, groups by name or object id, applications by client id
/// or (if only one has it) name, tenants by name or id.
#[derive(Clone, Serialize, Deserialize)]
#[serde(
    tag = "operation",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[expect(
    missing_docs,
    reason = "the names say it all, and the answer's type stands at each"
)]
#[non_exhaustive]
pub enum Request {
    /// Answer: [`TenantName`](crate::tenants::TenantName).
    CreateTenant { name: String },
    /// Answer: a list of [`UserInfo`].
    ListUsers { tenant: String },
    /// Answer: [`UserInfo`].
    CreateUser {
        tenant: String,
        upn: String,
        display_name: String,
        password: String,
        /// Whether the user may change what is set for the tenant.
        #[serde(default)]
        admin: bool,
    },
    /// Whether a user may change what is set for the tenant. Answer: [`UserInfo`].
    SetAdmin { user: String, admin: bool },
    /// Whether a user may sign in; who may not is signed out everywhere. Answer: [`UserInfo`].
    SetEnabled { user: String, enabled: bool },
    /// Takes the password away, for who signs in at a provider only. Answer: [`UserInfo`].
    RemovePassword { user: String },
    /// Says who the user is at an external provider. Answer: [`UserInfo`].
    Link {
        user: String,
        issuer: String,
        subject: String,
    },
    /// Takes the user's links to a provider away, and ends all sign-ins. Answer: [`UserInfo`].
    Unlink { user: String, issuer: String },
    /// Answer: [`UserInfo`], of the user as it was.
    DeleteUser { user: String },
    /// Ends all sign-ins. Answer: [`UserInfo`].
    SetPassword { user: String, password: String },
    /// Answer: a list of [`GroupInfo`].
    ListGroups { tenant: String },
    /// Answer: [`GroupInfo`].
    CreateGroup { tenant: String, name: String },
    /// Answer: [`GroupInfo`], of the group as it was.
    DeleteGroup { tenant: String, group: String },
    /// Answer: [`GroupInfo`].
    AddMember {
        tenant: String,
        group: String,
        user: String,
    },
    /// Answer: [`GroupInfo`].
    RemoveMember {
        tenant: String,
        group: String,
        user: String,
    },
    /// Answer: a list of [`ApplicationInfo`].
    ListApplications,
    /// Answer: [`ApplicationInfo`].
    GetApplication { application: String },
    /// Answer: [`ApplicationInfo`].
    CreateApplication {
        tenant: String,
        name: String,
        /// Whether it can keep no secret.
        public: bool,
        redirect_uris: Vec<String>,
        /// The ACS resource it may use, by name or id.
        resource: Option<String>,
    },
    /// Answer: [`ApplicationInfo`], of the application as it was.
    DeleteApplication { application: String },
    /// `days`: 1 to 3650. Answer: [`NewSecret`].
    AddSecret {
        application: String,
        name: String,
        days: Option<u32>,
    },
    /// Answer: [`ApplicationInfo`].
    DeleteSecret { application: String, secret: String },
    /// Answer: [`ApplicationInfo`].
    AddRedirectUri { application: String, uri: String },
    /// Answer: [`ApplicationInfo`].
    Grant {
        application: String,
        delegated: bool,
        permissions: Vec<String>,
    },
    /// Answer: [`ApplicationInfo`].
    Revoke {
        application: String,
        delegated: bool,
        permissions: Vec<String>,
    },
    /// `user`: a user, or `Global` for everybody of the tenant. Answer: [`ApplicationInfo`].
    GrantAccessPolicy { application: String, user: String },
    /// Answer: [`ApplicationInfo`].
    RevokeAccessPolicy { application: String, user: String },
}

impl std::fmt::Debug for Request {
    /// No names and no passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Request")
    }
}

/// Does it: all of it or nothing.
///
/// # Errors
/// [`AdminError`].
pub async fn perform(store: &Store, now: OffsetDateTime, mut request: Request) -> Result<Value, AdminError> {
    if let Request::CreateUser { password, .. } | Request::SetPassword { password, .. } = &mut request {
        // Hashing takes a while: before the transaction.
        let plain = std::mem::take(password);
        *password = tokio::task::spawn_blocking(move || people::hashed(&plain))
            .await
            .map_err(|_| StoreError::Closed)??;
    }
    store
        .write(move |connection| perform_in(connection, now, request))
        .await
}

fn perform_in(connection: &Connection, now: OffsetDateTime, request: Request) -> Result<Value, AdminError> {
    let request = match people::perform(connection, request)? {
        Ok(answer) => return Ok(answer),
        Err(request) => request,
    };
    let request = match sign_in::perform(connection, now, request)? {
        Ok(answer) => return Ok(answer),
        Err(request) => request,
    };
    match groups::perform(connection, now, request)? {
        Ok(answer) => Ok(answer),
        Err(request) => applications::perform(connection, now, request),
    }
}

fn answer(value: &impl Serialize) -> Result<Value, AdminError> {
    serde_json::to_value(value).map_err(|_| AdminError::Store(StoreError::Corrupt("directory")))
}
