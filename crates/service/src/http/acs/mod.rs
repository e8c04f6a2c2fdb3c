//! The ACS data plane.

pub mod chat;
pub mod identity;
mod identity_access;
mod identity_exchange;
pub mod rooms;
pub mod trouter;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use super::errors::ApiError;
use super::request::{authority, query_values};
use crate::errors::any;
use crate::state::App;

/// Versions of the Identity API that released SDKs send, and their previews.
const IDENTITY_VERSIONS: &[&str] = &[
    "2020-07-20-preview2",
    "2021-02-22-preview1",
    "2021-03-07",
    "2021-03-31-preview1",
    "2021-10-31-preview",
    "2021-11-01",
    "2022-06-01",
    "2022-10-01",
    "2023-08-01",
    "2023-10-01",
    "2025-03-02-preview",
    "2025-06-30",
];

/// Versions of the Chat API that released SDKs send, and their previews.
const CHAT_VERSIONS: &[&str] = &[
    "2021-03-07",
    "2021-04-05-preview6",
    "2021-09-07",
    "2023-04-01-preview",
    "2023-07-01-preview",
    "2023-11-07",
    "2023-11-15-preview",
    "2024-03-07",
    "2025-03-15",
];

/// Versions of the Rooms API that released SDKs send, and their previews.
const ROOMS_VERSIONS: &[&str] = &[
    "2023-03-31-preview",
    "2023-06-14",
    "2023-10-30-preview",
    "2024-04-15",
    "2025-03-13",
];

/// The version that the chat SDK asks for its real-time configuration, whatever its own.
const REALTIME_VERSIONS: &[&str] = &["2024-09-01"];

/// The routes of the Identity, Chat and Rooms APIs and of real-time notifications.
pub fn router() -> Router<App> {
    let identity = identity::router().layer(middleware::from_fn(|request, next| {
        versioned(IDENTITY_VERSIONS, request, next)
    }));
    let chat = chat::router().layer(middleware::from_fn(|request, next| {
        versioned(CHAT_VERSIONS, request, next)
    }));
    let rooms = rooms::router().layer(middleware::from_fn(|request, next| {
        versioned(ROOMS_VERSIONS, request, next)
    }));
    let realtime = trouter::config_router().layer(middleware::from_fn(|request, next| {
        versioned(REALTIME_VERSIONS, request, next)
    }));
    // Set here, so that what is layered around this router also surrounds it: a preflight request must get that far.
    identity
        .without_v07_checks()
        .merge(chat.without_v07_checks())
        .merge(rooms.without_v07_checks())
        .merge(realtime.without_v07_checks())
        .merge(trouter::router().without_v07_checks())
        .method_not_allowed_fallback(super::method_not_allowed)
}

/// Refuses requests without an API version or with one we do not know.
async fn versioned(known: &'static [&'static str], request: Request, next: Next) -> Response {
    let mut response = match check_version(known, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    if let Ok(list) = HeaderValue::from_str(&known.join(", ")) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("api-supported-versions"), list);
    }
    response
}

fn check_version(known: &[&str], request: &Request) -> Result<(), ApiError> {
    let mut given = query_values(request.uri(), "api-version");
    let (Some(version), None) = (given.next(), given.next()) else {
        return Err(ApiError::new(&any::API_VERSION_UNSPECIFIED));
    };
    let version = plain_version(&version);
    if known.contains(&version.as_str()) {
        return Ok(());
    }
    let host = authority(request.uri(), request.headers()).unwrap_or_default();
    let message = format!(
        "The HTTP resource that matches the request URI 'https://{host}{}' does not support the API version '{}'.",
        request.uri().path(),
        version
            .chars()
            .filter(|c| c.is_ascii_graphic())
            .take(64)
            .collect::<String>(),
    );
    Err(ApiError::new(&any::UNSUPPORTED_API_VERSION).with_message(message))
}

/// `2025-03-13` of `ApiVersion.V2025_03_13`, which a Python SDK sends when it formats its enumeration.
fn plain_version(text: &str) -> String {
    text.strip_prefix("ApiVersion.V")
        .map_or_else(|| text.to_owned(), |name| name.replace('_', "-").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str) -> Result<(), &'static str> {
        let request = Request::builder()
            .uri(format!("/identities{query}"))
            .header("host", "localhost:8443")
            .body(axum::body::Body::empty())
            .unwrap();
        check_version(IDENTITY_VERSIONS, &request).map_err(|error| error.entry().code())
    }

    #[test]
    fn knows_versions_in_both_spellings() {
        for version in IDENTITY_VERSIONS {
            check(&format!("?api-version={version}")).unwrap();
        }
        check("?api-version=ApiVersion.V2023_10_01").unwrap();
        assert_eq!(check(""), Err("ApiVersionUnspecified"));
        assert_eq!(check("?api-version="), Err("UnsupportedApiVersion"));
        assert_eq!(check("?api-version=2019-01-01"), Err("UnsupportedApiVersion"));
        assert!(check("?api-version=2023-10-01&api-version=2022-10-01").is_err());
    }
}
