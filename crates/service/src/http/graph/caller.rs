//! Who calls Microsoft Graph: a program for its user, or an application for itself.

use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_identity::token::{AppClaims, DirectoryClaims, Expected, TokenError, VerifiedToken};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::directory::DirectoryUser;
use crate::entra::{self, GRAPH_AUDIENCES};
use crate::errors::graph as entry;
use crate::http::auth::bearer_token;
use crate::http::errors::ApiError;
use crate::state::{App, DIRECTORY_AUDIENCE};
use crate::store::StoreError;
use crate::store::sqlite::applications::{self as sql, PermissionKind};

/// Who calls.
#[derive(Debug, Clone)]
pub enum GraphCaller {
    /// A program for the user who signed in with it: delegated permissions, the claim `scp`.
    User {
        /// The user.
        user: DirectoryUser,
        /// The client id of the program; the user's object id for a program of this service itself.
        client_id: String,
        /// What the program may do for the user.
        permissions: Permissions,
    },
    /// An application for itself: application permissions, the claim `roles`.
    App {
        /// The tenant it is registered in.
        tenant: TenantId,
        /// Its client id.
        client_id: String,
        /// Its object in the directory.
        object: ObjectId,
        /// What it may do.
        permissions: Permissions,
    },
}

/// Names of permissions that were granted; compared without regard to case, as Microsoft does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions(Granted);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Granted {
    /// A program of this service itself: whatever its user may do.
    Everything,
    Named(Vec<String>),
}

impl Permissions {
    /// Whatever the user may do: a program of this service itself.
    #[must_use]
    pub const fn everything() -> Self {
        Self(Granted::Everything)
    }

    /// These.
    #[must_use]
    pub const fn named(names: Vec<String>) -> Self {
        Self(Granted::Named(names))
    }

    /// Whether this one was granted.
    #[must_use]
    pub fn contains(&self, permission: &str) -> bool {
        match &self.0 {
            Granted::Everything => true,
            Granted::Named(names) => names.iter().any(|name| name.eq_ignore_ascii_case(permission)),
        }
    }
}

impl GraphCaller {
    /// Refuses a caller that was granted none of the names for its kind.
    ///
    /// # Errors
    /// 403 `Forbidden`.
    pub fn require(&self, delegated: &[&str], application: &[&str]) -> Result<(), ApiError> {
        let (permissions, names) = match self {
            Self::User { permissions, .. } => (permissions, delegated),
            Self::App { permissions, .. } => (permissions, application),
        };
        // An empty list: not for this kind of caller at all, however much it was granted.
        if names.iter().any(|name| permissions.contains(name)) {
            Ok(())
        } else {
            Err(ApiError::new(&entry::FORBIDDEN))
        }
    }

    /// The application that calls, whoever is signed in.
    #[must_use]
    pub fn client_id(&self) -> &str {
        match self {
            Self::User { client_id, .. } | Self::App { client_id, .. } => client_id,
        }
    }

    /// The tenant whose directory the caller sees.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        match self {
            Self::User { user, .. } => user.tenant,
            Self::App { tenant, .. } => *tenant,
        }
    }
}

impl FromRequestParts<App> for GraphCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let invalid = || ApiError::new(&entry::INVALID_AUTHENTICATION_TOKEN);
        let token = bearer_token(&parts.headers).ok_or_else(invalid)?;
        authenticate(app, token).await?.ok_or_else(invalid)
    }
}

/// Whose token this is; `None` for every token that is not good here.
async fn authenticate(app: &App, token: &str) -> Result<Option<GraphCaller>, StoreError> {
    let verify = |audiences: &[&str]| {
        let expected = Expected {
            resource: None,
            audiences,
        };
        app.keys().verify(token, app.clock().now(), &expected)
    };
    let [a, b] = GRAPH_AUDIENCES;
    match verify(&[a, b, app.issuer()]) {
        Ok(VerifiedToken::Directory(claims)) => for_user(app, claims).await,
        Ok(VerifiedToken::App(claims)) => for_itself(app, claims).await,
        // The service's own programs have tokens of their own kind.
        Err(TokenError::WrongAudience) => match verify(&[DIRECTORY_AUDIENCE]) {
            Ok(VerifiedToken::Directory(claims)) => Ok(user_of(app, &claims).await?.map(|user| {
                let permissions = Permissions::everything();
                let client_id = user.oid.to_string();
                GraphCaller::User {
                    user,
                    client_id,
                    permissions,
                }
            })),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// The user of a token, unless the user or the sign-in it came of is no more.
async fn user_of(app: &App, claims: &DirectoryClaims) -> Result<Option<DirectoryUser>, StoreError> {
    if !entra::sign_in_holds(app, claims.sign_in).await? {
        return Ok(None);
    }
    let user = app.directory().enabled_user(claims.object).await?;
    Ok(user.filter(|user| user.tenant == claims.tenant))
}

async fn for_user(app: &App, claims: DirectoryClaims) -> Result<Option<GraphCaller>, StoreError> {
    let Some(user) = user_of(app, &claims).await? else {
        return Ok(None);
    };
    let named = claims.permissions.split_whitespace().map(str::to_owned).collect();
    let granted = still_granted(app, &claims.app, PermissionKind::Delegated, named).await?;
    let client_id = claims.app;
    Ok(granted.map(|permissions| GraphCaller::User {
        user,
        client_id,
        permissions,
    }))
}

async fn for_itself(app: &App, claims: AppClaims) -> Result<Option<GraphCaller>, StoreError> {
    let registered = entra::registration(app, claims.client_id.clone()).await?;
    if registered.is_none_or(|registered| registered.tenant != claims.tenant) {
        return Ok(None);
    }
    let kind = PermissionKind::Application;
    let granted = still_granted(app, &claims.client_id, kind, claims.roles).await?;
    Ok(granted.map(|permissions| GraphCaller::App {
        tenant: claims.tenant,
        client_id: claims.client_id,
        object: claims.object,
        permissions,
    }))
}

/// What of a token's permissions the registration still grants; `None` when there is no registration any more.
async fn still_granted(
    app: &App,
    client_id: &str,
    kind: PermissionKind,
    named: Vec<String>,
) -> Result<Option<Permissions>, StoreError> {
    let client_id = client_id.to_owned();
    app.store()
        .read(move |connection| {
            if sql::get(connection, &client_id)?.is_none() {
                return Ok(None);
            }
            let granted = Permissions::named(sql::permissions(connection, &client_id, kind)?);
            // Those of OpenID Connect are everybody's.
            let free = |name: &str| matches!(name, "openid" | "profile" | "email");
            let kept = named
                .into_iter()
                .filter(|name| free(name) || granted.contains(name));
            let kept = kept.collect();
            Ok(Some(Permissions::named(kept)))
        })
        .await
}

/// Whether an application access policy lets this application act for this user's meetings: one granted to the user,
/// or to everybody of the tenant (`Global`).
///
/// # Errors
/// The database failed.
pub async fn access_policy_allows(app: &App, client_id: &str, user: ObjectId) -> Result<bool, StoreError> {
    let client_id = client_id.to_owned();
    app.store()
        .read(move |connection| sql::access_policy_allows(connection, &client_id, user))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(names: &[&str]) -> GraphCaller {
        GraphCaller::App {
            tenant: TenantId::random(),
            client_id: "x".to_owned(),
            object: ObjectId::random(),
            permissions: Permissions::named(names.iter().map(|name| (*name).to_owned()).collect()),
        }
    }

    fn user(permissions: Permissions) -> GraphCaller {
        let user = DirectoryUser {
            oid: ObjectId::random(),
            tenant: TenantId::random(),
            upn: "alice@contoso.example".to_owned(),
            display_name: "Alice".to_owned(),
            is_admin: false,
            enabled: true,
        };
        GraphCaller::User {
            user,
            client_id: "x".to_owned(),
            permissions,
        }
    }

    #[test]
    fn each_kind_of_caller_needs_a_permission_of_its_kind() {
        let caller = app(&["user.read.all"]);
        caller
            .require(&[], &["Directory.Read.All", "User.Read.All"])
            .unwrap();
        for application in [&["User.Read"][..], &[]] {
            let refused = caller.require(&["User.Read.All"], application).unwrap_err();
            assert_eq!(refused.entry(), &entry::FORBIDDEN);
        }
        let caller = user(Permissions::named(vec!["User.Read".to_owned()]));
        caller.require(&["User.Read"], &[]).unwrap();
        caller.require(&["User.ReadWrite"], &["User.Read"]).unwrap_err();
    }

    #[test]
    fn our_own_programs_may_what_their_user_may() {
        let caller = user(Permissions::everything());
        caller.require(&["OnlineMeetings.ReadWrite"], &[]).unwrap();
        // What only applications may do stays theirs.
        caller
            .require(&[], &["OnlineMeetings.ReadWrite.All"])
            .unwrap_err();
    }
}
