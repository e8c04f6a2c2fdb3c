//! Entra tokens for ACS tokens.

use anteroom_identity::id::{ObjectId, TeamsExtensionUserId};
use anteroom_identity::service::{IssuedToken, MIN_MINUTES, TokenRequest};
use anteroom_identity::token::{DirectoryClaims, ScopeSet, TeamsUserClaims, TeamsUserKind};
use anteroom_identity::wire::{AccessToken, CreateResponse};
use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use crate::emulator::Credential;
use crate::entra::{self, ACS_AUDIENCE, TEAMS_AUDIENCE};
use crate::errors::identity as entry;
use crate::http::auth::{AuthError, Signed, bearer_token};
use crate::http::errors::{ApiError, json};
use crate::http::rate::Op;
use crate::http::request::parse_json;
use crate::state::App;
use crate::store::StoreError;
use crate::store::sqlite::identity_access as sql;

/// The routes of this module.
pub(super) fn router() -> Router<App> {
    Router::new()
        .without_v07_checks()
        .route("/teamsUser/:exchangeAccessToken", post(teams_user))
        .route("/access/entra/:exchangeAccessToken", post(entra_user))
        .route(
            "/access/teamsExtension/:exchangeAccessToken",
            post(extension_user),
        )
}

/// Absent members and `null` are as good as empty ones.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ExchangeRequest {
    token: Option<String>,
    app_id: Option<String>,
    user_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityAndToken {
    identity: Identity,
    access_token: AccessToken,
}

#[derive(Serialize)]
struct Identity {
    id: String,
}

/// The token of a Teams user. The Entra token is looked at first: a bad one is 401, whatever else is wrong.
async fn teams_user(State(app): State<App>, signed: Signed) -> Result<Response, ApiError> {
    app.rates()
        .check(Op::ExchangeToken, signed.resource, None, None)?;
    let request: ExchangeRequest = parse_json(&signed.body, &entry::BODY_MALFORMED)?.unwrap_or_default();
    let token = request.token.unwrap_or_default();
    let user = match entra::authenticate_user(&app, &token, &[TEAMS_AUDIENCE]).await {
        Ok(user) => user,
        Err(AuthError::Refused) => return Err(ApiError::new(&entry::INVALID_ACCESS_TOKEN)),
        Err(AuthError::Store(error)) => return Err(error.into()),
    };
    let scopes = entra::scopes(&user.permissions);
    if scopes.is_empty() {
        return Err(ApiError::new(&entry::INVALID_ACCESS_TOKEN));
    }
    let app_id = request.app_id.unwrap_or_default();
    if app_id.is_empty() || !app_id.eq_ignore_ascii_case(&user.app) {
        return Err(ApiError::new(&entry::TEAMS_APP_ID_INVALID).with_target("AppId"));
    }
    let user_id: Option<ObjectId> = request.user_id.unwrap_or_default().parse().ok();
    if user_id != Some(user.object) {
        return Err(ApiError::new(&entry::TEAMS_USER_ID_INVALID).with_target("UserId"));
    }
    let claims = TeamsUserClaims {
        resource: signed.resource,
        tenant: user.tenant,
        object: user.object,
        kind: TeamsUserKind::User,
        scopes,
        issued_at: app.clock().now(),
        // Equal to the Entra token's.
        expires_at: user.expires_at,
        server: app.origin(),
    };
    Ok(json(StatusCode::OK, &sign(&app, &claims)?))
}

/// The ACS identity of a directory's user, always the same one, with a token.
async fn entra_user(
    State(app): State<App>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (user, scopes) = caller(&app, &method, uri.path(), &headers, ACS_AUDIENCE).await?;
    let resource = app.resource();
    let (tenant, object) = (user.tenant, user.object);
    let known = app
        .store()
        .read(move |connection| sql::entra_identity(connection, resource, tenant, object))
        .await?;
    let identity = match known {
        Some(identity) => identity,
        None => {
            app.identities()
                .of_entra_user(resource, tenant, object, app.clock().now())
                .await?
        }
    };
    let generation = app.identities().generation(identity).await?;
    let generation = generation.ok_or_else(|| ApiError::new(&entry::NOT_FOUND))?;
    let request = TokenRequest {
        scopes,
        minutes: Some(MIN_MINUTES),
        access_key: None,
        server: app.origin(),
    };
    let token = request.sign(&app.keys(), identity, generation, app.clock().now())?;
    Ok(json(StatusCode::OK, &CreateResponse::new(&identity, Some(token))))
}

/// A directory's user who is assigned to the resource, as its Teams Phone user.
async fn extension_user(
    State(app): State<App>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (user, scopes) = caller(&app, &method, uri.path(), &headers, TEAMS_AUDIENCE).await?;
    let resource = app.resource();
    let (tenant, object) = (user.tenant, user.object);
    let assigned = app
        .store()
        .read(move |connection| sql::assignment(connection, resource, tenant, object))
        .await?
        .is_some_and(|assignment| {
            assignment.client_ids.is_empty()
                || assignment
                    .client_ids
                    .iter()
                    .any(|id| id.eq_ignore_ascii_case(&user.app))
        });
    if !assigned {
        return Err(ApiError::new(&entry::EXCHANGE_FORBIDDEN));
    }
    let claims = TeamsUserClaims {
        resource,
        tenant,
        object,
        kind: TeamsUserKind::Extension,
        scopes,
        issued_at: app.clock().now(),
        expires_at: user.expires_at,
        server: app.origin(),
    };
    let body = IdentityAndToken {
        identity: Identity {
            id: TeamsExtensionUserId::new(resource, tenant, object).to_string(),
        },
        access_token: sign(&app, &claims)?,
    };
    Ok(json(StatusCode::OK, &body))
}

/// Whose Entra token came with the request, and what it allows in ACS. These requests name no resource: it is the first.
async fn caller(
    app: &App,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    audience: &str,
) -> Result<(DirectoryClaims, ScopeSet), ApiError> {
    let token = bearer_token(headers).ok_or_else(ApiError::denied)?;
    let user = match entra::authenticate_user(app, token, &[audience]).await {
        Ok(user) => user,
        Err(AuthError::Refused) => return Err(ApiError::denied()),
        Err(AuthError::Store(error)) => return Err(error.into()),
    };
    app.emulator()
        .intercept(app.resource(), Credential::EntraToken, method, path)
        .await?;
    app.rates().check(Op::ExchangeToken, app.resource(), None, None)?;
    let scopes = entra::scopes(&user.permissions);
    if scopes.is_empty() {
        return Err(ApiError::new(&entry::EXCHANGE_FORBIDDEN));
    }
    Ok((user, scopes))
}

fn sign(app: &App, claims: &TeamsUserClaims) -> Result<AccessToken, ApiError> {
    let token = app.keys().sign_teams_user(claims).map_err(|error| {
        tracing::error!(%error, "identity failed");
        ApiError::from(StoreError::Closed)
    })?;
    Ok(AccessToken::from(IssuedToken {
        token,
        expires_on: claims.expires_at,
    }))
}
