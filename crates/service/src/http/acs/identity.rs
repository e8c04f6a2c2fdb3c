//! ACS Identity: users and their tokens.

use crate::store::Connection;
use anteroom_identity::id::AcsUserId;
use anteroom_identity::service::{IdentityError, IdentityService, IssuedToken};
use anteroom_identity::token::ScopeSet;
use anteroom_identity::wire::{AccessToken, CreateRequest, CreateResponse, ErrorData, IssueRequest, scopes};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post};
use time::OffsetDateTime;

use crate::http::auth::Signed;
use crate::http::errors::{ApiError, json};
use crate::http::request::{Segments, parse_json};
use crate::state::App;
use crate::store::StoreError;
use crate::store::sqlite::SqliteIdentityStore;

/// Error code of malformed bodies.
const VALIDATION: &str = "ValidationError";

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
    let request: CreateRequest = parse_json(&body, VALIDATION)?.unwrap_or_default();
    let scopes = scopes(&request.create_token_with_scopes.unwrap_or_default())?;
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
    let request: IssueRequest = parse_json(&body, VALIDATION)?.unwrap_or_default();
    let scopes = scopes(&request.scopes.unwrap_or_default())?;
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
async fn exchange_teams_token(Signed(_): Signed) -> Response {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "InvalidAccessToken",
        "Provided access token is not valid.",
    )
    .into_response()
}

type Identities<'k, 'c> = IdentityService<'k, SqliteIdentityStore<&'c mut Connection>>;

async fn with<T, F>(app: &App, f: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: FnOnce(&mut Identities<'_, '_>, OffsetDateTime) -> Result<T, IdentityError> + Send + 'static,
{
    let shared = app.clone();
    let outcome = app.store().call(move |connection| {
        let store = SqliteIdentityStore::new(connection);
        let mut identities = IdentityService::new(shared.resource(), shared.keys(), store);
        Ok::<_, StoreError>(f(&mut identities, shared.clock().now()))
    });
    outcome.await?.map_err(|error| {
        if let IdentityError::Keys(_) | IdentityError::Store(_) = &error {
            tracing::error!(%error, "identity failed");
        }
        ApiError::from(ErrorData::from(&error))
    })
}

/// What is no id of an ACS user is as unknown as one that nobody has.
fn user(id: &str) -> Result<AcsUserId, ApiError> {
    id.parse()
        .map_err(|_| ApiError::from(ErrorData::from(&IdentityError::NotFound)))
}

/// A lifetime without a token is checked all the same.
fn check_minutes(minutes: Option<i64>) -> Result<(), IdentityError> {
    use anteroom_identity::service::{MAX_MINUTES, MIN_MINUTES};

    match minutes {
        Some(minutes) if !(MIN_MINUTES..=MAX_MINUTES).contains(&minutes) => {
            Err(IdentityError::Lifetime(minutes))
        }
        _ => Ok(()),
    }
}

impl From<ErrorData> for ApiError {
    fn from(data: ErrorData) -> Self {
        let ErrorData {
            status,
            code,
            message,
            target,
        } = data;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error = Self::new(status, code, message);
        match target {
            Some(target) => error.with_target(target),
            None => error,
        }
    }
}
