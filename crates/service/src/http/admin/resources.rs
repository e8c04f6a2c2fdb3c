//! ACS resources and their access keys, for operators. Keys are shown only when they are asked for.

use anteroom_identity::signing::KeySlot;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use super::Operator;
use crate::errors::operator as entry;
use crate::http::errors::{ApiError, json};
use crate::http::operator::{create_resource, rotate_key};
use crate::http::request::{Body, Segments};
use crate::operator::ResourceInfo;
use crate::resources::Resource;
use crate::state::App;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/admin/api/resources", get(list).post(create))
        .route("/admin/api/resources/{resource}/keys/reveal", post(reveal))
        .route("/admin/api/resources/{resource}/keys/{slot}/rotate", post(rotate))
}

/// A resource without its keys.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    id: String,
    name: String,
    created_on: String,
    endpoint: String,
    /// It stands for all that name none.
    is_first: bool,
    /// How often the primary and the secondary key were replaced.
    rotations: [u32; 2],
}

impl Line {
    fn new(app: &App, resource: &Resource) -> Self {
        Self {
            id: resource.id().to_string(),
            name: resource.name().to_owned(),
            created_on: resource.created().format(&Rfc3339).unwrap_or_default(),
            endpoint: app.endpoint().to_string(),
            is_first: resource.id() == app.resource(),
            rotations: [KeySlot::Primary, KeySlot::Secondary].map(|slot| resource.rotations(slot)),
        }
    }
}

async fn list(State(app): State<App>, _: Operator) -> Response {
    let resources = app.resources().all();
    let lines: Vec<Line> = resources
        .iter()
        .map(|resource| Line::new(&app, resource))
        .collect();
    json(StatusCode::OK, &lines)
}

async fn create(
    State(app): State<App>,
    Operator(admin): Operator,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let resource = create_resource(&app, &body).await?;
    tracing::info!(resource = %resource.id(), by = %admin.id(), "an operator made a resource");
    Ok(json(StatusCode::CREATED, &Line::new(&app, &resource)))
}

/// The keys and connection strings. Not with `GET`, so that nothing fetches them unasked.
async fn reveal(
    State(app): State<App>,
    Operator(admin): Operator,
    Segments(resource): Segments<String>,
) -> Result<Response, ApiError> {
    let found = app.resources().find(&resource);
    let found = found.ok_or_else(|| ApiError::new(&entry::RESOURCE_NOT_FOUND))?;
    tracing::info!(resource = %found.id(), by = %admin.id(), "an operator was shown the access keys");
    Ok(json(
        StatusCode::OK,
        &ResourceInfo::new(&found, Some(app.endpoint())),
    ))
}

async fn rotate(
    State(app): State<App>,
    Operator(admin): Operator,
    Segments((resource, slot)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let rotated = rotate_key(&app, &resource, &slot).await?;
    tracing::info!(resource = %rotated.id(), slot, by = %admin.id(), "an operator replaced an access key");
    Ok(json(StatusCode::OK, &Line::new(&app, &rotated)))
}
