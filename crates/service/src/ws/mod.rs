//! WebSocket surfaces.

pub mod signaling;

use axum::Router;
use axum::routing::get;

use crate::state::App;

/// The WebSocket endpoints.
pub fn router() -> Router<App> {
    Router::new().route("/signaling", get(signaling::upgrade))
}
