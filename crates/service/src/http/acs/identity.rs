//! ACS Identity: users and their tokens.

use anteroom_identity::id::{AcsUserId, CommunicationIdentifier, ResourceId};
use anteroom_identity::service::{
    IdentityError, IssuedToken, MAX_MINUTES, MIN_MINUTES, TokenRequest, lifetime,
};
use anteroom_identity::token::{ScopeSet, ServerOrigin};
use anteroom_identity::wire::{AccessToken, CreateRequest, CreateResponse, IssueRequest, scopes};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{delete, post};

use super::{identity_access, identity_exchange};
use crate::errors::{any, identity as entry};
use crate::http::auth::{Signed, SignedBy};
use crate::http::errors::{ApiError, json};
use crate::http::rate::Op;
use crate::http::request::{Segments, parse_json};
use crate::state::App;

/// The generation of a new user's tokens.
const FIRST_GENERATION: u64 = 0;

/// The routes of this module.
pub fn router() -> Router<App> {
    // Segments with a leading colon are literal here.
    Router::new()
        .without_v07_checks()
        .route("/identities", post(create))
        .route("/identities/{id}", delete(remove))
        .route("/identities/{id}/:issueAccessToken", post(issue))
        .route("/identities/{id}/:revokeAccessTokens", post(revoke))
        .merge(identity_exchange::router())
        .merge(identity_access::router())
}

/// Makes a user of the default resource with a token, as a signed request would. The token says that its server is at
/// `server`.
///
/// # Errors
/// The database failed.
pub async fn create_with_token(
    app: &App,
    scopes: ScopeSet,
    minutes: i64,
    server: Option<ServerOrigin>,
) -> Result<(AcsUserId, AccessToken), ApiError> {
    let request = TokenRequest {
        scopes,
        minutes: Some(minutes),
        access_key: None,
        server,
    };
    let (user, token) = new_user_with_token(app, app.resource(), request).await?;
    Ok((user, AccessToken::from(token)))
}

pub(super) async fn new_user_with_token(
    app: &App,
    resource: ResourceId,
    request: TokenRequest,
) -> Result<(AcsUserId, IssuedToken), ApiError> {
    let (user, now) = (AcsUserId::random(resource), app.clock().now());
    // First the token: a user whose token cannot be made is not made.
    let token = request.sign(&app.keys(), user, FIRST_GENERATION, now)?;
    app.identities().insert(user, now).await?;
    Ok((user, token))
}

async fn create(State(app): State<App>, signed: SignedBy) -> Result<Response, ApiError> {
    let request: CreateRequest = parse_json(&signed.body, &entry::BODY_MALFORMED)?.unwrap_or_default();
    let request = TokenRequest {
        scopes: scope_set(request.create_token_with_scopes)?,
        minutes: request.expires_in_minutes,
        access_key: signed.access_key,
        server: app.origin(),
    };
    let (user, token) = if request.scopes.is_empty() {
        app.rates()
            .check(Op::CreateIdentity, signed.resource, None, None)?;
        // A lifetime without a token is checked all the same.
        lifetime(request.minutes)?;
        let user = app
            .identities()
            .create(signed.resource, app.clock().now())
            .await?;
        (user, None)
    } else {
        app.rates()
            .check(Op::CreateIdentityWithToken, signed.resource, None, None)?;
        let (user, token) = new_user_with_token(&app, signed.resource, request).await?;
        (user, Some(token))
    };
    Ok(json(StatusCode::CREATED, &CreateResponse::new(&user, token)))
}

async fn issue(
    State(app): State<App>,
    Segments(id): Segments<String>,
    signed: SignedBy,
) -> Result<Response, ApiError> {
    app.rates().check(Op::IssueToken, signed.resource, None, None)?;
    let request: IssueRequest = parse_json(&signed.body, &entry::BODY_MALFORMED)?.unwrap_or_default();
    let request = TokenRequest {
        scopes: scope_set(request.scopes)?,
        minutes: request.expires_in_minutes,
        access_key: signed.access_key,
        server: app.origin(),
    };
    request.check()?;
    let user = user(&id, signed.resource)?;
    let generation = app.identities().generation(user).await?;
    let generation = generation.ok_or_else(|| ApiError::new(&entry::NOT_FOUND))?;
    let token = request.sign(&app.keys(), user, generation, app.clock().now())?;
    Ok(json(StatusCode::OK, &AccessToken::from(token)))
}

async fn revoke(
    State(app): State<App>,
    Segments(id): Segments<String>,
    signed: Signed,
) -> Result<StatusCode, ApiError> {
    app.rates().check(Op::RevokeTokens, signed.resource, None, None)?;
    let user = user(&id, signed.resource)?;
    if app.identities().revoke(user).await? {
        app.notifications()
            .revoked(&CommunicationIdentifier::CommunicationUser(user));
        app.registry().recheck_user(user);
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(&entry::NOT_FOUND))
    }
}

async fn remove(
    State(app): State<App>,
    Segments(id): Segments<String>,
    signed: Signed,
) -> Result<StatusCode, ApiError> {
    app.rates()
        .check(Op::DeleteIdentity, signed.resource, None, None)?;
    let user = user(&id, signed.resource)?;
    // Deleting what is not there any more is no error.
    app.identities().delete(user).await?;
    // Before anything else is taken away, so that calls say why they end.
    app.registry().recheck_user(user);
    app.rooms().forget(user).await?;
    app.chat().forget(&user.into()).await?;
    app.notifications()
        .deleted(&CommunicationIdentifier::CommunicationUser(user));
    Ok(StatusCode::NO_CONTENT)
}

/// The user of this id. What is no id of an ACS user, or of one of another resource, is as unknown as one that nobody
/// has.
fn user(id: &str, resource: ResourceId) -> Result<AcsUserId, ApiError> {
    id.parse()
        .ok()
        .filter(|user: &AcsUserId| user.resource() == resource)
        .ok_or_else(|| ApiError::new(&entry::NOT_FOUND))
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
