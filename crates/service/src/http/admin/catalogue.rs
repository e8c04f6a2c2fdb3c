//! The catalogue of errors, for people who look one up.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::Administrator;
use crate::errors::entries;
use crate::http::errors::json;
use crate::state::App;

pub(super) fn router() -> Router<App> {
    Router::new().route("/admin/api/errors", get(list))
}

/// One error. What stands in braces in its sentence is filled in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    surface: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_code: Option<u32>,
    key: &'static str,
    sentence: &'static str,
    cause: &'static str,
    remedy: &'static str,
}

async fn list(_: Administrator) -> Response {
    let lines = entries().map(|entry| Line {
        surface: entry.surface().name(),
        status: entry.status(),
        code: entry.code(),
        sub_code: entry.sub_code(),
        key: entry.key(),
        sentence: entry.sentence(),
        cause: entry.cause(),
        remedy: entry.remedy(),
    });
    json(StatusCode::OK, &lines.collect::<Vec<_>>())
}
