//! The HTTP surfaces.

pub mod acs;
mod admin;
pub mod auth;
mod compression;
pub mod emulator;
pub mod errors;
pub(crate) mod failures;
pub mod graph;
pub mod limits;
pub mod linger;
mod metrics;
pub mod oauth;
mod operator;
mod operator_webhooks;
pub mod ops;
pub mod pages;
pub(crate) mod prompt;
pub mod rate;
pub mod request;
mod tenants;
pub(crate) mod whip;

use std::any::Any;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any as Anything, CorsLayer};

use crate::errors::any;
use crate::operator::OperatorInfo;
use crate::state::App;
use crate::ws;
use errors::ApiError;

/// Which listener a request came in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// The HTTPS listener.
    Https,
    /// Plain HTTP on loopback, development mode only.
    DevHttp,
    /// The operator's interface, plain HTTP on loopback.
    Operator,
}

impl Surface {
    /// The scheme of links that lead back to this listener.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::DevHttp | Self::Operator => "http",
        }
    }

    /// The port left out of a URL.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::DevHttp | Self::Operator => 80,
        }
    }
}

/// Everything a listener serves.
pub fn router(app: App, surface: Surface) -> Router {
    let mut router = Router::new().without_v07_checks();
    for part in [
        acs::router().layer(cors()),
        graph::router(),
        admin::router(),
        oauth::router(),
        whip::router(),
        ws::router(),
        ops::router(),
        pages::router(),
    ] {
        router = merge(router, part);
    }
    if app.config().dev {
        router = merge(router, pages::demo_router());
        router = merge(router, emulator::router());
    }
    finish(app, surface, router)
}

/// What the operator's listener serves.
pub(crate) fn operator_router(app: App, operator: OperatorInfo) -> Router {
    finish(app, Surface::Operator, operator::router(operator))
}

/// What surrounds every handler.
fn finish(app: App, surface: Surface, router: Router<App>) -> Router {
    let outer = ServiceBuilder::new()
        .layer(Extension(surface))
        .layer(DefaultBodyLimit::max(app.config().limits.body_bytes))
        .layer(middleware::from_fn(common_headers))
        .layer(middleware::from_fn(linger::linger))
        .layer(CatchPanicLayer::custom(panicked));
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
        .layer(outer)
}

/// Merges routers without axum's checks for its old syntax: literal segments with a leading colon are part of the ACS
/// surface, and one checking router would make the merged one check.
fn merge(router: Router<App>, part: Router<App>) -> Router<App> {
    router.merge(part.without_v07_checks())
}

/// Browsers use the chat SDK from any origin; nothing here relies on cookies.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Anything)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("x-ms-client-request-id"),
            HeaderName::from_static("x-ms-return-client-request-id"),
            HeaderName::from_static("x-ms-useragent"),
            HeaderName::from_static("x-skypetoken"),
            HeaderName::from_static("x-ms-date"),
            HeaderName::from_static("x-ms-content-sha256"),
            HeaderName::from_static("repeatability-request-id"),
            HeaderName::from_static("traceparent"),
        ])
        .expose_headers(Anything)
        .max_age(Duration::from_secs(3600))
}

/// Headers that every answer carries.
async fn common_headers(request: Request, next: Next) -> Response {
    let request_id = request.headers().get(request::CLIENT_REQUEST_ID).cloned();
    let mut response = errors::catalogued(next.run(request).await);
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Ok(vector) = HeaderValue::from_str(&request::correlation_vector()) {
        headers.insert(HeaderName::from_static("ms-cv"), vector);
    }
    if let Some(id) = request_id.filter(|id| id.len() <= 128) {
        headers.insert(HeaderName::from_static(request::CLIENT_REQUEST_ID), id);
    }
    response
}

async fn not_found() -> ApiError {
    ApiError::not_found()
}

async fn method_not_allowed() -> ApiError {
    ApiError::new(&any::METHOD_NOT_ALLOWED)
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request handler panicked");
    ApiError::internal().into_response()
}
