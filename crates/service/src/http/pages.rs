//! The pages for people, built into the program, and the demo token endpoint.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Instant;

use anteroom_identity::token::{Scope, ScopeSet};
use anteroom_teams_link::link::{self, OwnHost};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Serialize;

use super::Surface;
use super::acs::identity as acs_identity;
use super::compression::{self, Coding};
use super::errors::{ApiError, json};
use super::request::{Segments, authority};
use crate::errors::any;
use crate::state::App;

/// What is escaped in a query's value: all but the unreserved characters (RFC 3986 §2.3).
pub(crate) const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Life of a demo guest's token, in minutes.
const GUEST_TOKEN_MINUTES: i64 = 1440;

#[derive(RustEmbed)]
#[folder = "../../web/pages"]
struct Web;

/// `/`, `/join`, `/teams`, `/admin`, `/assets/*`, and meeting links opened in a browser.
pub fn router() -> Router<App> {
    Router::new()
        .route(
            "/",
            get(|headers: HeaderMap| async move { page("index.html", &headers).await }),
        )
        .route(
            "/join",
            get(|headers: HeaderMap| async move { page("join.html", &headers).await }),
        )
        .route(
            "/teams",
            get(|headers: HeaderMap| async move { page("teams.html", &headers).await }),
        )
        .route(
            "/admin",
            get(|headers: HeaderMap| async move { page("admin.html", &headers).await }),
        )
        .route("/assets/{*path}", get(asset))
        .route("/meet/{id}", get(open_link))
        .route("/l/meetup-join/{*rest}", get(open_link))
        .route("/meetingOptions/", get(meeting_options))
        .layer(middleware::from_fn(security_headers))
}

/// The endpoint that stands for a company's back end; only in development mode.
pub fn demo_router() -> Router<App> {
    Router::new().route("/demo/guest-token", post(guest_token))
}

async fn page(name: &str, headers: &HeaderMap) -> Response {
    match Web::get(name) {
        Some(file) => embedded(name, file, headers).await,
        None => ApiError::not_found().into_response(),
    }
}

async fn asset(Segments(path): Segments<String>, headers: HeaderMap) -> Response {
    page(&format!("assets/{path}"), &headers).await
}

/// A file with its entity tag; browsers ask again each time, and get 304. Every coding of a file is an entity of its own
/// (RFC 9110 §8.8.3.3).
async fn embedded(name: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let kind = content_type(name);
    let is_compressible = is_text(kind) && file.data.len() >= compression::WORTH_IT;
    let coding = if is_compressible {
        Coding::of(headers)
    } else {
        Coding::Identity
    };
    let hash = file.metadata.sha256_hash();
    let tag: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}{}\"", coding.suffix());
    let mut response = if is_known(&tag, headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let file = match file.data {
            Cow::Borrowed(built_in) => Bytes::from_static(built_in),
            Cow::Owned(read) => read.into(),
        };
        let body = match coding.encode(hash, file).await {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, "a page could not be compressed");
                return ApiError::internal().into_response();
            }
        };
        let mut response = body.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(coding) = coding.header() {
            headers.insert(header::CONTENT_ENCODING, coding);
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if is_compressible {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether the client has the entity of this tag (RFC 9110 §13.1.2, the weak comparison).
fn is_known(tag: &str, headers: &HeaderMap) -> bool {
    let listed = headers.get_all(header::IF_NONE_MATCH).iter();
    listed
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Whether compressing makes a file of this kind smaller.
fn is_text(kind: &str) -> bool {
    kind.ends_with("charset=utf-8") || matches!(kind, "image/svg+xml" | "application/wasm")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json") => "application/json; charset=utf-8",
        // Catalogues of Fluent.
        Some("ftl") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("wasm") => "application/wasm",
        Some("woff2") => "font/woff2",
        Some("wav") => "audio/wav",
        _ => "application/octet-stream",
    }
}

/// A meeting link of ours opened in a browser leads to the guest's page.
///
/// Whether there is such a meeting, and whether the passcode is right, shows only when joining: here all links that are
/// well-formed are answered alike. Who has to wait there need not go there.
async fn open_link(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Extension(surface): Extension<Surface>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Redirect, ApiError> {
    let host = authority(&uri, &headers).ok_or_else(|| ApiError::new(&any::HOST_MISSING))?;
    let base = format!("{}://{host}", surface.scheme());
    let link = format!("{base}{}", super::request::raw_target(&uri));
    let meeting = OwnHost::parse(&base)
        .ok()
        .and_then(|own| link::parse(&link, &[own]).ok())
        .ok_or_else(ApiError::not_found)?;
    app.passcode_limits()
        .check(&meeting, peer.ip(), Instant::now())
        .map_err(ApiError::too_many_passcodes)?;
    Ok(Redirect::to(&format!(
        "/join?link={}",
        utf8_percent_encode(&link, QUERY_VALUE)
    )))
}

/// Where `meetingOptionsWebUrl` leads: options are changed on the Teams side's page.
async fn meeting_options() -> Redirect {
    Redirect::to("/teams")
}

/// Our pages load nothing from elsewhere and are not framed. A link's passcode must not leave in a Referer.
async fn security_headers(request: Request, next: Next) -> Response {
    let host = authority(request.uri(), request.headers());
    let mut response = next.run(request).await;
    // Older Safari does not count WebSockets to the same host as 'self'.
    let sockets = host
        .map(|host| format!(" ws://{host} wss://{host}"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         media-src 'self' blob:; font-src 'self'; worker-src 'self' blob:; manifest-src 'self'; \
         connect-src 'self'{sockets}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), geolocation=()",
        ),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GuestToken {
    token: String,
    expires_on: String,
    user_id: String,
    endpoint: String,
}

/// What a company's back end would do with its connection string: a new ACS user with a token.
async fn guest_token(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let host = authority(&uri, &headers).ok_or_else(ApiError::forbidden)?;
    if !is_own_authority(&app, &host) || !is_same_origin(surface, &host, &headers) {
        return Err(ApiError::forbidden());
    }
    let scopes = ScopeSet::from_iter([Scope::Chat, Scope::Voip]);
    let endpoint = format!("{}://{host}", surface.scheme());
    // Where the page is: its security policy lets it reach nothing else.
    let server = endpoint.parse().ok();
    let (user, issued) = acs_identity::create_with_token(&app, scopes, GUEST_TOKEN_MINUTES, server).await?;
    let answer = GuestToken {
        token: issued.token,
        expires_on: issued.expires_on,
        user_id: user.to_string(),
        endpoint,
    };
    let mut response = json(StatusCode::OK, &answer);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A name of ours, so that a page of somebody else's whose name was pointed at this address stays outside.
fn is_own_authority(app: &App, host: &str) -> bool {
    app.own_authorities().iter().any(|own| own == host)
}

/// Sent by a page of this very origin. Browsers add `Origin` to every POST, and `Sec-Fetch-Site` besides.
fn is_same_origin(surface: Surface, host: &str, headers: &HeaderMap) -> bool {
    let own = format!("{}://{host}", surface.scheme());
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    match (origin, site) {
        (Some(origin), None) => origin == own.as_bytes(),
        (Some(origin), Some(site)) => origin == own.as_bytes() && site == b"same-origin",
        (None, Some(site)) => site == b"same-origin",
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_entities_by_their_tags() {
        let check = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            is_known("\"a-gzip\"", &headers)
        };
        assert!(check("\"a-gzip\""));
        assert!(check("W/\"a-gzip\""));
        assert!(check("\"b\", \"a-gzip\""));
        assert!(check("*"));
        assert!(!check("\"a\""));
        assert!(!check("a-gzip"));
        assert!(!is_known("\"a\"", &HeaderMap::new()));
    }

    #[test]
    fn tells_origins_apart() {
        let check = |origin: Option<&'static str>, site: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            is_same_origin(Surface::DevHttp, "localhost:8080", &headers)
        };
        assert!(check(Some("http://localhost:8080"), None));
        assert!(check(Some("http://localhost:8080"), Some("same-origin")));
        assert!(check(None, Some("same-origin")));
        assert!(!check(None, None));
        assert!(!check(Some("https://localhost:8080"), None));
        assert!(!check(Some("http://localhost:8081"), None));
        assert!(!check(Some("http://localhost:8080"), Some("cross-site")));
        assert!(!check(Some("null"), None));
    }
}
