//! ACS Identity: users and their tokens.

use crate::store::Connection;
use anteroom_identity::id::AcsUserId;
use anteroom_identity::service::{IdentityError, IdentityService, IssuedToken, MAX_MINUTES, MIN_MINUTES};
use anteroom_identity::token::ScopeSet;
use anteroom_identity::wire::{AccessToken, CreateRequest, CreateResponse, IssueRequest, scopes};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{delete, post};
use time::OffsetDateTime;

use crate::errors::{any, identity as entry};
use crate::http::auth::Signed;
use crate::http::errors::{ApiError, json};
use crate::http::request::{Segments, parse_json};
use crate::state::App;
use crate::store::StoreError;
use crate::store::sqlite::SqliteIdentityStore;

/// The routes of this module.
pub fn router() -> Router<App> {
    // Segments with a leading colon are literal here.
    Router::new()
        .without_v07_checks()
        .route("/identities", post(create))
        .route("/identities/{id}", delete(remove))
        .route("/identities/{id}/:issueAccessToken", post(issue))
        .route("/identities/{id}/:revokeAccessTokens", post(revoke))
        .route("/teamsUser/:exchangeAccessToken", post(exchange_teams_token))
}

/// Makes a user with a token, as a signed request would.
///
/// # Errors
/// The database failed.
pub async fn create_with_token(
    app: &App,
    scopes: ScopeSet,
    minutes: i64,
) -> Result<(AcsUserId, AccessToken), ApiError> {
    let made = with(app, move |identities, now| {
        identities.create_user_with_token(scopes, Some(minutes), now)
    });
    let (user, token) = made.await?;
    Ok((user, AccessToken::from(token)))
}

async fn create(State(app): State<App>, Signed(body): Signed) -> Result<Response, ApiError> {
    let request: CreateRequest = parse_json(&body, &entry::BODY_MALFORMED)?.unwrap_or_default();
    let scopes = scope_set(request.create_token_with_scopes)?;
    let minutes = request.expires_in_minutes;
    let (user, token): (AcsUserId, Option<IssuedToken>) = with(&app, move |identities, now| {
        if scopes.is_empty() {
            check_minutes(minutes)?;
            return Ok((identities.create_user(now)?, None));
        }
        let (user, token) = identities.create_user_with_token(scopes, minutes, now)?;
        Ok((user, Some(token)))
    })
    .await?;
    Ok(json(StatusCode::CREATED, &CreateResponse::new(&user, token)))
}

async fn issue(
    State(app): State<App>,
    Segments(id): Segments<String>,
    Signed(body): Signed,
) -> Result<Response, ApiError> {
    let request: IssueRequest = parse_json(&body, &entry::BODY_MALFORMED)?.unwrap_or_default();
    let scopes = scope_set(request.scopes)?;
    let user = user(&id)?;
    let minutes = request.expires_in_minutes;
    let token = with(&app, move |identities, now| {
        identities.issue_token(&user, scopes, minutes, now)
    })
    .await?;
    Ok(json(StatusCode::OK, &AccessToken::from(token)))
}

async fn revoke(
    State(app): State<App>,
    Segments(id): Segments<String>,
    Signed(_): Signed,
) -> Result<StatusCode, ApiError> {
    let user = user(&id)?;
    with(&app, move |identities, _| identities.revoke(&user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(
    State(app): State<App>,
    Segments(id): Segments<String>,
    Signed(_): Signed,
) -> Result<StatusCode, ApiError> {
    let user = user(&id)?;
    with(&app, move |identities, _| identities.delete(&user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// There is no Microsoft directory behind this service whose tokens could be exchanged.
async fn exchange_teams_token(Signed(_): Signed) -> ApiError {
    ApiError::new(&entry::INVALID_ACCESS_TOKEN)
}

type Identities<'k, 'c> = IdentityService<'k, SqliteIdentityStore<&'c mut Connection>>;

async fn with<T, F>(app: &App, f: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: FnOnce(&mut Identities<'_, '_>, OffsetDateTime) -> Result<T, IdentityError> + Send + 'static,
{
    let shared = app.clone();
    let outcome = app.store().write(move |connection| {
        let store = SqliteIdentityStore::new(connection);
        let mut identities = IdentityService::new(shared.resource(), shared.keys(), store);
        Ok::<_, StoreError>(f(&mut identities, shared.clock().now()))
    });
    outcome.await?.map_err(ApiError::from)
}

/// What is no id of an ACS user is as unknown as one that nobody has.
fn user(id: &str) -> Result<AcsUserId, ApiError> {
    id.parse().map_err(|_| ApiError::new(&entry::NOT_FOUND))
}

/// A lifetime without a token is checked all the same.
fn check_minutes(minutes: Option<i64>) -> Result<(), IdentityError> {
    match minutes {
        Some(minutes) if !(MIN_MINUTES..=MAX_MINUTES).contains(&minutes) => {
            Err(IdentityError::Lifetime(minutes))
        }
        _ => Ok(()),
    }
}

/// Scopes by name; none when they are not given.
fn scope_set(names: Option<Vec<String>>) -> Result<ScopeSet, ApiError> {
    scopes(&names.unwrap_or_default()).map_err(|_| ApiError::new(&entry::SCOPE_UNKNOWN).with_target("Scopes"))
}

impl From<IdentityError> for ApiError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::NotFound => Self::new(&entry::NOT_FOUND),
            IdentityError::Lifetime(minutes) => Self::new(&entry::LIFETIME_INVALID)
                .with_message(format!(
                    "ExpiresInMinutes value {minutes} is invalid. Value must be within the [{MIN_MINUTES}, \
                     {MAX_MINUTES}] interval."
                ))
                .with_target("ExpiresInMinutes"),
            IdentityError::NoScope => Self::new(&entry::SCOPES_REQUIRED).with_target("Scopes"),
            IdentityError::Token(_) => Self::new(&any::UNAUTHORIZED),
            error => {
                tracing::error!(%error, "identity failed");
                Self::unavailable()
            }
        }
    }
}
