//! The operator's interface over HTTP: resources, their access keys, the keys that sign tokens, the directory.

use anteroom_identity::signing::KeySlot;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::auth::bearer_token;
use super::errors::{ApiError, json};
use super::request::{Body, Segments, parse_json};
use crate::demo;
use crate::directory::admin::{self, AdminError};
use crate::errors::operator as entry;
use crate::keys::KeyRingError;
use crate::operator::{OperatorInfo, ResourceInfo, SigningKeysInfo};
use crate::resources::{CreateError, Resource};
use crate::state::App;

/// The routes, behind the operator's secret.
pub(super) fn router(operator: OperatorInfo) -> Router<App> {
    Router::new()
        .route("/operator/resources", get(list).post(create))
        .route("/operator/resources/{resource}/keys/{slot}/rotate", post(rotate))
        .route("/operator/signing-keys", get(signing_keys))
        .route("/operator/signing-keys/rotate", post(rotate_signing_key))
        .merge(super::tenants::operator_router())
        .merge(super::operator_webhooks::router())
        .route("/operator/directory", post(directory))
        .layer(middleware::from_fn_with_state(operator, allowed))
}

async fn allowed(State(operator): State<OperatorInfo>, request: Request, next: Next) -> Response {
    let token = bearer_token(request.headers());
    if token.is_some_and(|token| operator.accepts(token)) {
        next.run(request).await
    } else {
        ApiError::new(&entry::DENIED).into_response()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CreateRequest {
    name: String,
}

async fn list(State(app): State<App>) -> Response {
    let resources = app.resources().all();
    let infos: Vec<ResourceInfo> = resources
        .iter()
        .map(|resource| ResourceInfo::new(resource, Some(app.endpoint())))
        .collect();
    json(StatusCode::OK, &infos)
}

async fn create(State(app): State<App>, Body(body): Body) -> Result<Response, ApiError> {
    let resource = create_resource(&app, &body).await?;
    Ok(json(
        StatusCode::CREATED,
        &ResourceInfo::new(&resource, Some(app.endpoint())),
    ))
}

/// Makes a resource of the name that a request's body gives.
pub(super) async fn create_resource(app: &App, body: &[u8]) -> Result<Resource, ApiError> {
    let request: CreateRequest = parse_json(body, &entry::INVALID)?.unwrap_or_default();
    let made = app.resources().create(&request.name, app.clock().now()).await;
    made.map_err(|error| match error {
        CreateError::NameTaken => ApiError::new(&entry::RESOURCE_EXISTS),
        CreateError::Store(error) => error.into(),
        error => ApiError::new(&entry::INVALID)
            .with_message(error.to_string())
            .with_target("name"),
    })
}

async fn rotate(
    State(app): State<App>,
    Segments((resource, slot)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let rotated = rotate_key(&app, &resource, &slot).await?;
    Ok(json(
        StatusCode::OK,
        &ResourceInfo::new(&rotated, Some(app.endpoint())),
    ))
}

/// Replaces an access key of a resource named by id or name.
pub(super) async fn rotate_key(app: &App, resource: &str, slot: &str) -> Result<Resource, ApiError> {
    let missing = || ApiError::new(&entry::RESOURCE_NOT_FOUND);
    let slot: KeySlot = slot
        .parse()
        .map_err(|_| ApiError::new(&entry::INVALID).with_target("key"))?;
    let id = app.resources().find(resource).ok_or_else(missing)?.id();
    let rotated = app.resources().rotate(id, slot).await?.ok_or_else(missing)?;
    // Tokens that the old key had made are void; whoever listens with one is to get another.
    app.notifications().recheck(id);
    app.registry().recheck_resource(id);
    if id == app.resource() {
        // The key is rotated whether or not the file can be written; the answer holds it.
        if let Err(error) = demo::publish_again(app) {
            tracing::error!(%error, "the file with the connection string is out of date");
        }
    }
    Ok(rotated)
}

async fn signing_keys(State(app): State<App>) -> Response {
    json(
        StatusCode::OK,
        &SigningKeysInfo::new(app.key_ring(), app.clock().now()),
    )
}

async fn rotate_signing_key(State(app): State<App>) -> Result<Response, ApiError> {
    let now = app.clock().now();
    app.key_ring().rotate(now).await.map_err(|error| match error {
        KeyRingError::Store(error) => ApiError::from(error),
        error => {
            tracing::error!(%error, "a new key to sign tokens could not be made");
            ApiError::unavailable()
        }
    })?;
    Ok(json(StatusCode::OK, &SigningKeysInfo::new(app.key_ring(), now)))
}

async fn directory(State(app): State<App>, Body(body): Body) -> Result<Response, ApiError> {
    let request = parse_json(&body, &entry::INVALID)?.ok_or(&entry::INVALID)?;
    let done = admin::perform(app.store(), app.clock().now(), request).await;
    let answer = done.map_err(|error| match error {
        AdminError::Store(error) => error.into(),
        AdminError::NotFound(_) => ApiError::new(&entry::DIRECTORY_NOT_FOUND).with_message(error.to_string()),
        AdminError::Exists(_) => ApiError::new(&entry::DIRECTORY_EXISTS).with_message(error.to_string()),
        AdminError::Invalid { argument, .. } => ApiError::new(&entry::INVALID)
            .with_message(error.to_string())
            .with_target(argument),
        AdminError::Ambiguous => ApiError::new(&entry::INVALID).with_message(error.to_string()),
    })?;
    // Policies are granted to users and groups.
    if let Some(tenant) = answer["tenantId"].as_str().and_then(|id| id.parse().ok()) {
        app.tenants().announce(tenant);
    }
    Ok(json(StatusCode::OK, &answer))
}
