//! Meetings that run.

use std::collections::HashMap;

use anteroom_identity::id::{ObjectId, TenantId};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;

use super::{Administrator, Operator};
use crate::errors::admin as entry;
use crate::http::errors::{ApiError, json};
use crate::http::request::Segments;
use crate::meeting::live::LiveCall;
use crate::state::App;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/admin/api/meetings", get(list))
        .route("/admin/api/meetings/{id}/end", post(end))
        .route("/admin/api/rooms", get(list_rooms))
        .route("/admin/api/rooms/{id}/end", post(end_room))
}

/// A running meeting with its organizer.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    call: LiveCall,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizer: Option<Organizer>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Organizer {
    upn: String,
    display_name: String,
}

async fn list(State(app): State<App>, admin: Administrator) -> Result<Response, ApiError> {
    let calls = app.registry().live(Some(admin.tenant)).await;
    let mut organizers: HashMap<ObjectId, Option<Organizer>> = HashMap::new();
    let mut lines = Vec::with_capacity(calls.len());
    for call in calls {
        // A meeting that was deleted a moment ago has no organizer any more.
        let record = app.meetings().get(&call.id).await?;
        let organizer = match record.map(|record| record.organizer) {
            Some(object) => match organizers.get(&object) {
                Some(known) => known.clone(),
                None => {
                    let found = organizer(&app, object).await?;
                    organizers.insert(object, found.clone());
                    found
                }
            },
            None => None,
        };
        lines.push(Line { call, organizer });
    }
    Ok(json(StatusCode::OK, &lines))
}

async fn organizer(app: &App, object: ObjectId) -> Result<Option<Organizer>, ApiError> {
    let user = app.directory().user(object).await?;
    Ok(user.map(|user| Organizer {
        upn: user.upn,
        display_name: user.display_name,
    }))
}

/// Rooms are no tenant's.
async fn list_rooms(State(app): State<App>, _: Operator) -> Response {
    let calls = app.registry().live(None).await.into_iter();
    let rooms: Vec<Line> = calls
        .filter(|call| call.kind != "meeting")
        .map(|call| Line {
            call,
            organizer: None,
        })
        .collect();
    json(StatusCode::OK, &rooms)
}

async fn end(
    State(app): State<App>,
    admin: Administrator,
    Segments(id): Segments<String>,
) -> Result<StatusCode, ApiError> {
    finish(&app, &admin, &id, Some(admin.tenant)).await
}

async fn end_room(
    State(app): State<App>,
    Operator(admin): Operator,
    Segments(id): Segments<String>,
) -> Result<StatusCode, ApiError> {
    finish(&app, &admin, &id, None).await
}

/// For everybody, as the organizer can.
async fn finish(
    app: &App,
    admin: &Administrator,
    id: &str,
    tenant: Option<TenantId>,
) -> Result<StatusCode, ApiError> {
    if !app.registry().end(id, tenant).await {
        return Err(ApiError::new(&entry::MEETING_NOT_RUNNING));
    }
    tracing::info!(meeting = %id, by = %admin.id(), "an administrator ended a meeting");
    Ok(StatusCode::NO_CONTENT)
}
