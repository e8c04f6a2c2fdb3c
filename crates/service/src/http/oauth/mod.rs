//! `POST /{tenant}/oauth2/v2.0/token`: directory users and applications sign in.
//!
//! The grants are `password` (RFC 6749 §4.3), the one for users that needs no browser redirect, and
//! `client_credentials` (§4.4) for applications.

mod discovery;
mod scope;

use std::net::SocketAddr;

use anteroom_identity::id::TenantId;
use anteroom_identity::token::{AppClaims, DirectoryClaims};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use time::Duration;

use self::scope::{Api, Scopes};
use super::errors::{ApiError, json};
use super::request::{Body, Segments};
use crate::entra;
use crate::errors::oauth as entry;
use crate::state::{App, DIRECTORY_AUDIENCE};
use crate::store::sqlite::applications::{self as sql, ApplicationRow, PermissionKind};

/// Life of a directory token, in seconds.
const EXPIRES_IN_SECONDS: u32 = 3600;

/// Longest user name or client id looked at, in bytes.
const MAX_NAME: usize = 256;

/// Longest client secret looked at, in bytes.
const MAX_SECRET: usize = 1024;

/// Tenant names that stand for whichever tenant the user is of.
const ANY_TENANT: [&str; 2] = ["organizations", "common"];

/// The routes of this module.
pub fn router() -> Router<App> {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .merge(discovery::router())
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
    client_secret: Option<String>,
    username: Option<String>,
    password: Option<String>,
    scope: Option<String>,
}

async fn token(
    app: State<App>,
    peer: ConnectInfo<SocketAddr>,
    tenant: Segments<String>,
    headers: HeaderMap,
    body: Result<Body, ApiError>,
) -> Response {
    no_store(grant(app, peer, tenant, &headers, body).await.into_response())
}

async fn grant(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Segments(tenant): Segments<String>,
    headers: &HeaderMap,
    body: Result<Body, ApiError>,
) -> Result<Response, ApiError> {
    let mut form = Form::parse(&body?.0)?;
    form.take_basic(headers)?;
    let grant = form
        .grant_type
        .take()
        .ok_or_else(|| invalid_request("grant_type is missing"))?;
    if !matches!(grant.as_str(), "password" | "client_credentials") {
        return Err(ApiError::new(&entry::UNSUPPORTED_GRANT_TYPE)
            .with_message("The grant types are password and client_credentials."));
    }
    if form.client_id.as_deref().unwrap_or_default().is_empty() {
        return Err(ApiError::new(&entry::INVALID_CLIENT).with_message("client_id is missing"));
    }
    let tenant = if ANY_TENANT.iter().any(|any| tenant.eq_ignore_ascii_case(any)) {
        None
    } else {
        let known = app.directory().tenant(&tenant).await?;
        Some(known.ok_or_else(|| invalid_request("the tenant does not exist"))?)
    };
    if grant == "password" {
        password(&app, peer, tenant, form).await
    } else {
        client_credentials(&app, peer, tenant, form).await
    }
}

/// A user, by name and password.
async fn password(
    app: &App,
    peer: SocketAddr,
    tenant: Option<TenantId>,
    form: Form,
) -> Result<Response, ApiError> {
    let upn = form
        .username
        .ok_or_else(|| invalid_request("username is missing"))?;
    let password = form
        .password
        .ok_or_else(|| invalid_request("password is missing"))?;
    if upn.len() > MAX_NAME {
        return Err(ApiError::new(&entry::INVALID_GRANT));
    }
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

    let client = form.client_id.unwrap_or_default();
    let granted = delegated(app, &client, &form.scope.unwrap_or_default()).await?;
    let now = app.clock().now();
    let claims = DirectoryClaims {
        tenant: user.tenant,
        object: user.oid,
        upn: user.upn,
        name: user.display_name,
        app: client,
        permissions: granted.permissions.join(" "),
        sign_in: None,
        acs_scopes: None,
        extension_of: None,
        issued_at: now,
        expires_at: now + Duration::seconds(i64::from(EXPIRES_IN_SECONDS)),
    };
    let token = app
        .keys()
        .sign_directory(&claims, app.issuer(), &granted.audience);
    answer(token.map_err(|_| ApiError::internal())?, granted.scope)
}

/// What a program gets for its user.
struct Granted {
    audience: String,
    permissions: Vec<String>,
    scope: String,
}

async fn delegated(app: &App, client_id: &str, scope: &str) -> Result<Granted, ApiError> {
    let scopes = Scopes::parse(scope, app.issuer()).ok_or(&entry::INVALID_SCOPE)?;
    let registered = entra::registration(app, client_id.to_owned()).await?;
    let (audience, permissions) = match (scopes.api.free(), registered) {
        (Some(all), _) if scopes.default => (
            scopes.api.audience(app.issuer()),
            all.split(' ').map(str::to_owned).collect(),
        ),
        (Some(_), _) => {
            let named = scopes.named.iter().map(|(name, _)| name.clone()).collect();
            (scopes.api.audience(app.issuer()), named)
        }
        (None, Some(client)) => {
            let granted = permissions(app, &client, PermissionKind::Delegated).await?;
            (scopes.api.audience(app.issuer()), granted)
        }
        // A program of this service itself.
        (None, None) => {
            return Ok(Granted {
                audience: DIRECTORY_AUDIENCE.to_owned(),
                permissions: Vec::new(),
                scope: scope.to_owned(),
            });
        }
    };
    if scopes.refused(&permissions).next().is_some() {
        return Err(ApiError::new(&entry::INVALID_SCOPE));
    }
    Ok(Granted {
        audience: audience.to_owned(),
        scope: scopes.answer(&permissions),
        permissions: scopes.permissions(&permissions),
    })
}

/// What an application was granted.
async fn permissions(
    app: &App,
    client: &ApplicationRow,
    kind: PermissionKind,
) -> Result<Vec<String>, ApiError> {
    let client_id = client.client_id.clone();
    let granted = app
        .store()
        .read(move |connection| sql::permissions(connection, &client_id, kind))
        .await?;
    Ok(granted)
}

/// A registered application, by its secret.
async fn client_credentials(
    app: &App,
    peer: SocketAddr,
    tenant: Option<TenantId>,
    form: Form,
) -> Result<Response, ApiError> {
    let scope = form.scope.unwrap_or_default();
    // An application acts with what it was granted, it does not choose (RFC 6749 §4.4).
    let scopes = Scopes::parse(&scope, app.issuer())
        .filter(|scopes| scopes.default && scopes.named.is_empty() && scopes.api != Api::Teams)
        .ok_or(&entry::INVALID_SCOPE)?;
    let client_id = form.client_id.unwrap_or_default();
    let secret = form
        .client_secret
        .ok_or_else(|| ApiError::new(&entry::INVALID_CLIENT).with_message("client_secret is missing"))?;
    if client_id.len() > MAX_NAME || secret.len() > MAX_SECRET {
        return Err(ApiError::new(&entry::INVALID_CLIENT));
    }
    let attempt = app
        .sign_in_limits()
        .attempt(&client_id, peer.ip())
        .await
        .map_err(|wait| ApiError::new(&entry::TRY_LATER).with_retry_after(wait.seconds()))?;
    let registered = entra::registration(app, client_id)
        .await?
        .filter(|registered| tenant.is_none_or(|tenant| tenant == registered.tenant));
    let registered = match registered {
        Some(registered) if has_secret(app, &registered, &secret).await? => Some(registered),
        _ => None,
    };
    let Some(registered) = registered else {
        attempt.failed();
        return Err(ApiError::new(&entry::INVALID_CLIENT));
    };
    attempt.succeeded();

    let roles = match scopes.api {
        Api::Acs | Api::Teams => Vec::new(),
        Api::Graph | Api::Own => permissions(app, &registered, PermissionKind::Application).await?,
    };
    let now = app.clock().now();
    let claims = AppClaims {
        tenant: registered.tenant,
        object: registered.object,
        client_id: registered.client_id,
        roles,
        issued_at: now,
        expires_at: now + Duration::seconds(i64::from(EXPIRES_IN_SECONDS)),
    };
    let audience = scopes.api.audience(app.issuer());
    let token = app.keys().sign_app(&claims, app.issuer(), audience);
    answer(token.map_err(|_| ApiError::internal())?, scope)
}

/// Whether this is one of an application's secrets that have not ended.
async fn has_secret(app: &App, client: &ApplicationRow, secret: &str) -> Result<bool, ApiError> {
    let client_id = client.client_id.clone();
    let secrets = app
        .store()
        .read(move |connection| sql::secrets(connection, &client_id))
        .await?;
    let (digest, now) = (entra::secret_digest(secret), app.clock().now());
    Ok(secrets.iter().any(|secret| {
        verify_slices_are_equal(&secret.sha256, &digest).is_ok()
            && secret.expires.is_none_or(|expires| now < expires)
    }))
}

fn answer(access_token: String, scope: String) -> Result<Response, ApiError> {
    let answer = TokenAnswer {
        token_type: "Bearer",
        expires_in: EXPIRES_IN_SECONDS,
        ext_expires_in: EXPIRES_IN_SECONDS,
        scope,
        access_token,
    };
    Ok(json(StatusCode::OK, &answer))
}

impl Form {
    /// Client id and secret from the `Authorization` header (RFC 6749 §2.3.1), where they are form-encoded first.
    fn take_basic(&mut self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Ok(());
        };
        let malformed =
            || ApiError::new(&entry::INVALID_CLIENT).with_message("the Authorization header is malformed");
        let text = value.to_str().map_err(|_| malformed())?;
        let (kind, credentials) = text.split_once(' ').ok_or_else(malformed)?;
        if !kind.eq_ignore_ascii_case("basic") {
            return Err(malformed());
        }
        let credentials = STANDARD.decode(credentials.trim()).map_err(|_| malformed())?;
        let credentials = String::from_utf8(credentials).map_err(|_| malformed())?;
        let (id, secret) = credentials.split_once(':').ok_or_else(malformed)?;
        let decoded = |text: &str| {
            let spaced = text.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .map_err(|_| malformed())
        };
        let (id, secret) = (decoded(id)?, decoded(secret)?);
        if self.client_secret.is_some() || self.client_id.as_ref().is_some_and(|given| *given != id) {
            return Err(invalid_request("the client authenticates in two ways"));
        }
        self.client_id = Some(id);
        self.client_secret = Some(secret);
        Ok(())
    }

    /// Each parameter at most once (RFC 6749 §3.2).
    fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let mut form = Self::default();
        for (key, value) in url::form_urlencoded::parse(body) {
            let field = match &*key {
                "grant_type" => &mut form.grant_type,
                "client_id" => &mut form.client_id,
                "client_secret" => &mut form.client_secret,
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
