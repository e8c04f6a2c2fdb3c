//! Users of a tenant, and what holds for their meetings.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::Administrator;
use crate::directory::DirectoryUser;
use crate::errors::admin as entry;
use crate::http::errors::{ApiError, json};
use crate::http::request::Segments;
use crate::state::App;
use crate::tenants::OfMeeting;

/// Users in one answer; who looks for somebody else says more of the name.
const MOST: u32 = 50;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/admin/api/users", get(search))
        .route("/admin/api/users/{user}/effective", get(effective))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SearchQuery {
    search: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    upn: String,
    display_name: String,
    is_admin: bool,
    enabled: bool,
}

impl From<DirectoryUser> for Found {
    fn from(user: DirectoryUser) -> Self {
        Self {
            upn: user.upn,
            display_name: user.display_name,
            is_admin: user.is_admin,
            enabled: user.enabled,
        }
    }
}

async fn search(
    State(app): State<App>,
    admin: Administrator,
    Query(query): Query<SearchQuery>,
) -> Result<Response, ApiError> {
    let found = app
        .directory()
        .search(admin.tenant, query.search.trim(), MOST)
        .await?;
    let found: Vec<Found> = found.into_iter().map(Found::from).collect();
    Ok(json(StatusCode::OK, &found))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EffectiveQuery {
    meeting: Option<String>,
    label: Option<String>,
    template: Option<String>,
}

async fn effective(
    State(app): State<App>,
    admin: Administrator,
    Segments(user): Segments<String>,
    Query(query): Query<EffectiveQuery>,
) -> Result<Response, ApiError> {
    let unknown = || ApiError::new(&entry::USER_NOT_FOUND);
    let found = match user.parse() {
        Ok(object) => app.directory().user(object).await?,
        Err(_) => app.directory().user_by_upn(&user).await?,
    };
    let user = found
        .filter(|user| user.tenant == admin.tenant)
        .ok_or_else(unknown)?;
    let said = |value: Option<String>| value.filter(|value| !value.is_empty());
    let of = OfMeeting {
        meeting: said(query.meeting),
        label: said(query.label),
        template: said(query.template),
    };
    let values = app.tenants().effective(admin.tenant, user.oid, of).await?;
    Ok(json(StatusCode::OK, &values.ok_or_else(unknown)?))
}
