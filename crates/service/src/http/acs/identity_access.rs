//! Who of a directory is assigned to the resource for Teams Phone, api-version 2025-06-30.

use anteroom_identity::id::{ObjectId, TenantId};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::errors::identity as entry;
use crate::http::auth::Signed;
use crate::http::errors::{ApiError, json};
use crate::http::request::{Segments, parse_json};
use crate::state::App;
use crate::store::sqlite::identity_access::{self as sql, AssignmentRow};

/// Most programs of one assignment.
const MAX_CLIENTS: usize = 100;

/// The routes of this module.
pub(super) fn router() -> Router<App> {
    Router::new().route(
        "/access/teamsExtension/tenants/{tenant}/assignments/{object}",
        get(read).put(put).delete(remove),
    )
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PutRequest {
    principal_type: Option<String>,
    client_ids: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Assignment {
    object_id: String,
    tenant_id: String,
    principal_type: String,
    client_ids: Vec<String>,
}

impl Assignment {
    fn new(tenant: TenantId, object: ObjectId, row: AssignmentRow) -> Self {
        Self {
            object_id: object.to_string(),
            tenant_id: tenant.to_string(),
            principal_type: row.principal_type,
            client_ids: row.client_ids,
        }
    }
}

async fn read(
    State(app): State<App>,
    Segments(path): Segments<(String, String)>,
    signed: Signed,
) -> Result<Response, ApiError> {
    let (tenant, object) = ids(&path)?;
    let row = app
        .store()
        .read(move |connection| sql::assignment(connection, signed.resource, tenant, object))
        .await?;
    let row = row.ok_or_else(|| ApiError::new(&entry::ASSIGNMENT_NOT_FOUND))?;
    Ok(json(StatusCode::OK, &Assignment::new(tenant, object, row)))
}

async fn put(
    State(app): State<App>,
    Segments(path): Segments<(String, String)>,
    signed: Signed,
) -> Result<Response, ApiError> {
    let (tenant, object) = ids(&path)?;
    let request: PutRequest = parse_json(&signed.body, &entry::BODY_MALFORMED)?.unwrap_or_default();
    let invalid = |target: &'static str| ApiError::new(&entry::ASSIGNMENT_INVALID).with_target(target);
    let principal_type = request.principal_type.unwrap_or_default();
    if !matches!(principal_type.as_str(), "user" | "resourceAccount") {
        return Err(invalid("PrincipalType"));
    }
    let client_ids = request.client_ids.unwrap_or_default();
    if client_ids.len() > MAX_CLIENTS || client_ids.iter().any(|id| Uuid::try_parse(id).is_err()) {
        return Err(invalid("ClientIds"));
    }
    let row = AssignmentRow {
        principal_type,
        client_ids,
    };
    let stored = row.clone();
    let new = app
        .store()
        .write(move |connection| sql::put_assignment(connection, signed.resource, tenant, object, &stored))
        .await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json(status, &Assignment::new(tenant, object, row)))
}

async fn remove(
    State(app): State<App>,
    Segments(path): Segments<(String, String)>,
    signed: Signed,
) -> Result<StatusCode, ApiError> {
    let (tenant, object) = ids(&path)?;
    app.store()
        .write(move |connection| sql::delete_assignment(connection, signed.resource, tenant, object))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn ids((tenant, object): &(String, String)) -> Result<(TenantId, ObjectId), ApiError> {
    let invalid = |target: &'static str| ApiError::new(&entry::ASSIGNMENT_INVALID).with_target(target);
    Ok((
        tenant.parse().map_err(|_| invalid("TenantId"))?,
        object.parse().map_err(|_| invalid("ObjectId"))?,
    ))
}
