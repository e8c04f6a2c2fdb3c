//! `POST /{tenant}/oauth2/v2.0/token`: directory users sign in.
//!
//! The grant is `password` (RFC 6749 §4.3), the one that needs no browser redirect.

use std::net::SocketAddr;

use anteroom_identity::token::DirectoryClaims;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;
use time::Duration;

use super::errors::{ApiError, json};
use super::request::{Body, Segments};
use crate::errors::oauth as entry;
use crate::state::{App, DIRECTORY_AUDIENCE};

/// Life of a directory token, in seconds.
const EXPIRES_IN_SECONDS: u32 = 3600;

/// Tenant names that stand for whichever tenant the user is of.
const ANY_TENANT: [&str; 2] = ["organizations", "common"];

/// The routes of this module.
pub fn router() -> Router<App> {
    Router::new().route("/{tenant}/oauth2/v2.0/token", post(token))
}

#[derive(Serialize)]
struct TokenAnswer {
    token_type: &'static str,
    expires_in: u32,
    ext_expires_in: u32,
    scope: String,
    access_token: String,
}

#[derive(Default)]
struct Form {
    grant_type: Option<String>,
    client_id: Option<String>,
    username: Option<String>,
    password: Option<String>,
    scope: Option<String>,
}

async fn token(
    app: State<App>,
    peer: ConnectInfo<SocketAddr>,
    tenant: Segments<String>,
    body: Result<Body, ApiError>,
) -> Response {
    no_store(grant(app, peer, tenant, body).await.into_response())
}

async fn grant(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Segments(tenant): Segments<String>,
    body: Result<Body, ApiError>,
) -> Result<Response, ApiError> {
    let form = Form::parse(&body?.0)?;
    let grant = form
        .grant_type
        .ok_or_else(|| invalid_request("grant_type is missing"))?;
    if grant != "password" {
        return Err(ApiError::new(&entry::UNSUPPORTED_GRANT_TYPE)
            .with_message("Only the grant type password is supported."));
    }
    if form.client_id.as_deref().unwrap_or_default().is_empty() {
        return Err(ApiError::new(&entry::INVALID_CLIENT).with_message("client_id is missing"));
    }
    let upn = form
        .username
        .ok_or_else(|| invalid_request("username is missing"))?;
    let password = form
        .password
        .ok_or_else(|| invalid_request("password is missing"))?;
    if upn.len() > 256 {
        return Err(ApiError::new(&entry::INVALID_GRANT));
    }
    let tenant = if ANY_TENANT.iter().any(|any| tenant.eq_ignore_ascii_case(any)) {
        None
    } else {
        let known = app.directory().tenant(&tenant).await?;
        Some(known.ok_or_else(|| invalid_request("the tenant does not exist"))?)
    };

    let attempt = app
        .sign_in_limits()
        .attempt(&upn, peer.ip())
        .await
        .map_err(|wait| ApiError::new(&entry::TRY_LATER).with_retry_after(wait.seconds()))?;
    let user = app.directory().sign_in(&upn, &password).await?;
    let Some(user) = user.filter(|user| tenant.is_none_or(|tenant| tenant == user.tenant)) else {
        attempt.failed();
        return Err(ApiError::new(&entry::INVALID_GRANT));
    };
    attempt.succeeded();

    let now = app.clock().now();
    let claims = DirectoryClaims {
        tenant: user.tenant,
        object: user.oid,
        upn: user.upn,
        name: user.display_name,
        issued_at: now,
        expires_at: now + Duration::seconds(i64::from(EXPIRES_IN_SECONDS)),
    };
    let access_token = app
        .keys()
        .sign_directory(&claims, app.issuer(), DIRECTORY_AUDIENCE)
        .map_err(|_| ApiError::internal())?;
    let answer = TokenAnswer {
        token_type: "Bearer",
        expires_in: EXPIRES_IN_SECONDS,
        ext_expires_in: EXPIRES_IN_SECONDS,
        scope: form.scope.unwrap_or_default(),
        access_token,
    };
    Ok(json(StatusCode::OK, &answer))
}

impl Form {
    /// Each parameter at most once (RFC 6749 §3.2).
    fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Self::default();
        for (key, value) in url::form_urlencoded::parse(body) {
            let field = match &*key {
                "grant_type" => &mut form.grant_type,
                "client_id" => &mut form.client_id,
                "username" => &mut form.username,
                "password" => &mut form.password,
                "scope" => &mut form.scope,
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return Err(invalid_request("a parameter is given twice"));
            }
        }
        Ok(form)
    }
}

/// What is wrong with a request, in the words of `error_description`.
fn invalid_request(description: &'static str) -> ApiError {
    ApiError::new(&entry::INVALID_REQUEST).with_message(description)
}

fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
