//! Entra ID tokens: which audiences there are, and for which resource an application's token is good.

use anteroom_identity::id::ResourceId;
use anteroom_identity::token::{DirectoryClaims, Expected, Scope, ScopeSet, VerifiedToken};
use aws_lc_rs::digest;
use uuid::Uuid;

use crate::http::auth::AuthError;
use crate::state::App;
use crate::store::StoreError;
use crate::store::sqlite::applications::{self as sql, ApplicationRow};
use crate::store::sqlite::sign_ins;

/// Audience of tokens for ACS: `https://communication.azure.com//.default` and its like.
pub const ACS_AUDIENCE: &str = "https://communication.azure.com/";

/// Audience of tokens of Teams users for ACS: `https://auth.msft.communication.azure.com/Teams.ManageCalls`.
pub const TEAMS_AUDIENCE: &str = "https://auth.msft.communication.azure.com/";

/// Audiences of tokens for Microsoft Graph: its address and its application id.
pub const GRAPH_AUDIENCES: [&str; 2] = [
    "https://graph.microsoft.com",
    "00000003-0000-0000-c000-000000000000",
];

/// SHA-256 of an application's secret, the form in which it is stored: secrets are long and random, so that nobody can
/// try them all.
#[must_use]
pub fn secret_digest(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes())
        .as_ref()
        .to_vec()
}

/// The resource that the application with this token may use.
///
/// # Errors
/// [`AuthError::Refused`] for every other token, or the database failed.
pub async fn authenticate_app(app: &App, token: &str) -> Result<ResourceId, AuthError> {
    let expected = Expected {
        resource: None,
        audiences: &[ACS_AUDIENCE],
    };
    let verified = app.keys().verify(token, app.clock().now(), &expected);
    let claims = match (verified, app.oidc()) {
        (Ok(VerifiedToken::App(claims)), _) => claims,
        (Ok(_), _) | (Err(_), None) => return Err(AuthError::Refused),
        // Its clock is its own, whatever a test has set for ours.
        (Err(_), Some(issuer)) => {
            return issuer
                .authenticate(token, app.clock().system_now(), app.resource())
                .await;
        }
    };
    // The registration decides, not the token: who is registered no more is refused at once.
    let registered = registration(app, claims.client_id).await?;
    registered
        .filter(|registered| registered.tenant == claims.tenant)
        .and_then(|registered| registered.resource)
        .ok_or(AuthError::Refused)
}

/// The application with this client id.
///
/// # Errors
/// The database failed.
pub(crate) async fn registration(app: &App, client_id: String) -> Result<Option<ApplicationRow>, StoreError> {
    app.store()
        .read(move |connection| sql::get(connection, &client_id))
        .await
}

/// Whether the sign-in that a token came of has not been revoked; tokens that came of none hold.
///
/// # Errors
/// The database failed.
pub(crate) async fn sign_in_holds(app: &App, sign_in: Option<Uuid>) -> Result<bool, StoreError> {
    let Some(id) = sign_in else {
        return Ok(true);
    };
    app.store()
        .read(move |connection| sign_ins::holds(connection, id))
        .await
}

/// The user whose Entra token for one of these audiences this is.
///
/// # Errors
/// [`AuthError::Refused`], or the database failed.
pub(crate) async fn authenticate_user(
    app: &App,
    token: &str,
    audiences: &[&str],
) -> Result<DirectoryClaims, AuthError> {
    let expected = Expected {
        resource: None,
        audiences,
    };
    let verified = app.keys().verify(token, app.clock().now(), &expected);
    let Ok(VerifiedToken::Directory(claims)) = verified else {
        return Err(AuthError::Refused);
    };
    if !sign_in_holds(app, claims.sign_in).await? {
        return Err(AuthError::Refused);
    }
    let user = app.directory().enabled_user(claims.object).await?;
    if user.is_some_and(|user| user.tenant == claims.tenant) {
        Ok(claims)
    } else {
        Err(AuthError::Refused)
    }
}

/// What Entra permissions come to in ACS: `Teams.ManageCalls`, `VoIP`, `Chat.Join` and the like.
pub(crate) fn scopes(permissions: &str) -> ScopeSet {
    permissions
        .split_whitespace()
        .filter_map(|permission| match permission {
            "Teams.ManageCalls" | "TeamsExtension.ManageCalls" => Some(Scope::Voip),
            "Teams.ManageChats" => Some(Scope::Chat),
            other => other.to_ascii_lowercase().parse().ok(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_become_scopes() {
        assert_eq!(
            scopes("Teams.ManageCalls Chat.Join nonsense VoIP.Join").to_string(),
            "chat.join,voip,voip.join"
        );
        assert!(scopes("openid").is_empty());
    }
}
