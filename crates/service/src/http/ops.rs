//! For those who run the service: is it alive, can it work, how much does it do.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::json;

use super::errors::{ApiError, json as json_answer};
use super::metrics::{CONTENT_TYPE, Exposition};
use crate::state::App;
use crate::store::sqlite::settings;

/// `/healthz`, `/readyz` and `/metrics`.
pub fn router() -> Router<App> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
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

/// Figures in the text format of Prometheus, for who has the token; without one configured, in development mode only.
async fn metrics(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    match &app.config().metrics_token {
        Some(token) => {
            let given = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
            let given = given
                .and_then(|value| value.strip_prefix(b"Bearer "))
                .unwrap_or_default();
            verify_slices_are_equal(given, token.as_bytes()).map_err(|_| ApiError::unauthorized())?;
        }
        None if app.config().dev => {}
        None => return Err(ApiError::not_found()),
    }
    let mut text = Exposition::default();
    text.media(&app.registry().media_metrics());
    text.meetings(app.registry().running_meetings());
    text.notifications(&app.notifications().stats());
    text.recordings(&app.recordings().figures());
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text.finish()).into_response())
}
