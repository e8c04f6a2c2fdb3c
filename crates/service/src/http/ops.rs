//! For those who run the service: is it alive, can it work.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::errors::{ApiError, json as json_answer};
use crate::state::App;
use crate::store::sqlite::settings;

/// `/healthz` and `/readyz`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
}

async fn alive() -> Response {
    json_answer(StatusCode::OK, &json!({ "status": "ok" }))
}

/// Ready means the database answers.
async fn ready(State(app): State<App>) -> Result<Response, ApiError> {
    app.store()
        .read(|connection| settings::get(connection, "ready"))
        .await?;
    Ok(json_answer(StatusCode::OK, &json!({ "status": "ready" })))
}
