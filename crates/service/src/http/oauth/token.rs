//! `POST /{tenant}/oauth2/v2.0/token`: the grants.
//!
//! `authorization_code` (RFC 6749 §4.1) and `refresh_token` (§6) for people who signed in on our page, `password` (§4.3)
//! for programs that have a password, `client_credentials` (§4.4) for applications that act for themselves.

use std::net::{IpAddr, SocketAddr};

use anteroom_identity::id::TenantId;
use anteroom_identity::token::{AppClaims, DirectoryClaims, IdTokenClaims};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::client::{Client, Credentials, permissions};
use super::device;
use super::parameters::Parameters;
use super::scope::{Api, Scopes};
use super::{MAX_NAME, any_or_known, invalid_request, no_store};
use crate::directory::DirectoryUser;
use crate::entra::secret_digest;
use crate::errors::oauth as entry;
use crate::http::errors::{ApiError, json as json_answer};
use crate::http::limits::Attempt;
use crate::http::request::{Body, Segments};
use crate::state::{App, DIRECTORY_AUDIENCE};
use crate::store::sqlite::applications::{ApplicationRow, ClientKind, PermissionKind};
use crate::store::sqlite::sign_ins::{self, CodeRow, SignInRow};

/// Life of an access or ID token, in seconds.
const EXPIRES_IN_SECONDS: u32 = 3600;

/// Life of a refresh token that nobody uses; each use gives a new one.
const REFRESH_TOKEN_LIFE: Duration = Duration::days(90);

/// Longest code or refresh token looked at, in bytes.
const MAX_OPAQUE: usize = 256;

#[derive(Default, Serialize)]
pub(super) struct TokenAnswer {
    token_type: &'static str,
    scope: String,
    expires_in: u32,
    ext_expires_in: u32,
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<String>,
}

pub(super) async fn token(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Segments(tenant): Segments<String>,
    headers: HeaderMap,
    body: Result<Body, ApiError>,
) -> Response {
    no_store(
        grant(&app, peer.ip(), &tenant, &headers, body)
            .await
            .into_response(),
    )
}

async fn grant(
    app: &App,
    source: IpAddr,
    tenant: &str,
    headers: &HeaderMap,
    body: Result<Body, ApiError>,
) -> Result<Response, ApiError> {
    let mut form = Parameters::parse(&body?.0)?;
    let mut grant = form
        .take("grant_type")
        .ok_or_else(|| invalid_request("grant_type is missing"))?;
    // As MSAL for JavaScript writes it.
    if grant == "device_code" {
        device::GRANT_TYPE.clone_into(&mut grant);
    }
    if !super::GRANT_TYPES.contains(&grant.as_str()) {
        let known = super::GRANT_TYPES.join(", ");
        return Err(ApiError::new(&entry::UNSUPPORTED_GRANT_TYPE)
            .with_message(format!("The grant types are {known}.")));
    }
    let credentials = Credentials::take(&mut form, headers)?;
    let tenant = any_or_known(app, tenant).await?;
    let asked = Asked {
        app,
        source,
        tenant,
        credentials,
    };
    let answer = match grant.as_str() {
        "authorization_code" => asked.code(form).await?,
        "refresh_token" => asked.refresh_token(form).await?,
        "password" => asked.password(form).await?,
        device::GRANT_TYPE => asked.device_code(form).await?,
        _ => asked.client_credentials(form).await?,
    };
    Ok(json_answer(StatusCode::OK, &answer))
}

/// A request for a token, whichever the grant.
struct Asked<'a> {
    app: &'a App,
    source: IpAddr,
    tenant: Option<TenantId>,
    credentials: Credentials,
}

impl Asked<'_> {
    /// What came of a sign-in on our page.
    async fn code(self, mut form: Parameters) -> Result<TokenAnswer, ApiError> {
        let required = |name: Option<String>, sentence| name.ok_or_else(|| invalid_request(sentence));
        let code = required(form.take("code"), "code is missing")?;
        let redirect_uri = required(form.take("redirect_uri"), "redirect_uri is missing")?;
        let verifier = form.take("code_verifier");
        let app = self.app;
        let client = self
            .credentials
            .authenticate(app, self.source, self.tenant)
            .await?;
        let attempt = opaque_attempt(app, self.source, &code).await?;
        let (digest, client_id, now) = (secret_digest(&code), client.client_id.clone(), app.clock().now());
        let found = app
            .store()
            .write(move |connection| sign_ins::redeem_code(connection, &digest, &client_id, now))
            .await?
            .filter(|(_, code)| code.redirect_uri == redirect_uri && proves(code, verifier.as_deref()));
        let Some((sign_in, code)) = found else {
            attempt.failed();
            return Err(ApiError::new(&entry::INVALID_GRANT).with_message(
                "The code is unknown, expired, used before, or for another client, redirect_uri or code_verifier.",
            ));
        };
        drop(attempt);
        // What was asked for on the way to the page counts; of it, a client may ask for a part here.
        let scope = form.take("scope").unwrap_or_else(|| code.scope.clone());
        let asked_before = read_scopes(app, &code.scope)?;
        let mut scopes = read_scopes(app, &scope)?;
        scopes.openid |= asked_before.openid;
        scopes.offline |= asked_before.offline;
        issue(app, &client, sign_in, scopes, code.nonce, client_info(&form)).await
    }

    /// Once more, without the person.
    async fn refresh_token(self, mut form: Parameters) -> Result<TokenAnswer, ApiError> {
        let token = form
            .take("refresh_token")
            .ok_or_else(|| invalid_request("refresh_token is missing"))?;
        let app = self.app;
        let client = self
            .credentials
            .authenticate(app, self.source, self.tenant)
            .await?;
        // Before the token is used up: a scope that cannot be is no reason to lose it.
        let asked = form.take("scope");
        if let Some(scope) = &asked {
            granted(app, &client, &read_scopes(app, scope)?).await?;
        }
        let attempt = opaque_attempt(app, self.source, &token).await?;
        let (digest, client_id, now) = (secret_digest(&token), client.client_id.clone(), app.clock().now());
        let found = app
            .store()
            .write(move |connection| sign_ins::redeem_refresh_token(connection, &digest, &client_id, now))
            .await?;
        let Some((sign_in, scope)) = found else {
            attempt.failed();
            return Err(ApiError::new(&entry::INVALID_GRANT).with_message(
                "The refresh token is unknown, expired, revoked, or used before. Sign in again.",
            ));
        };
        drop(attempt);
        let mut scopes = read_scopes(app, asked.as_deref().unwrap_or(&scope))?;
        scopes.openid |= read_scopes(app, &scope)?.openid;
        scopes.offline = true;
        issue(app, &client, sign_in, scopes, None, client_info(&form)).await
    }

    /// A user, by name and password.
    async fn password(self, mut form: Parameters) -> Result<TokenAnswer, ApiError> {
        let upn = form
            .take("username")
            .ok_or_else(|| invalid_request("username is missing"))?;
        let password = form
            .take("password")
            .ok_or_else(|| invalid_request("password is missing"))?;
        let scope = form.take("scope").unwrap_or_default();
        let (app, tenant) = (self.app, self.tenant);
        let client = match self.credentials.own_program() {
            Some(own) => own,
            None => Client::Registered(self.credentials.authenticate(app, self.source, tenant).await?),
        };
        // The registration's tenant, not the path's, which may stand for any.
        let tenant = match &client {
            Client::Own(_) => tenant,
            Client::Registered(client) => Some(client.tenant),
        };
        let user = sign_in_with_password(app, self.source, tenant, &upn, &password).await?;
        let scopes = read_scopes(app, &scope)?;
        match client {
            Client::Own(name) => own_program_token(app, name, user, &scopes, scope),
            Client::Registered(client) => {
                let now = app.clock().now();
                let sign_in = SignInRow {
                    id: Uuid::new_v4(),
                    client_id: client.client_id.clone(),
                    user: user.oid,
                    auth: now,
                };
                granted(app, &client, &scopes).await?;
                let row = sign_in.clone();
                app.store()
                    .write(move |connection| sign_ins::insert(connection, &row, now, now + sign_in_life()))
                    .await?;
                issue(app, &client, sign_in, scopes, None, client_info(&form)).await
            }
        }
    }

    /// What came of a sign-in in a browser elsewhere.
    async fn device_code(self, mut form: Parameters) -> Result<TokenAnswer, ApiError> {
        let code = form
            .take("device_code")
            .ok_or_else(|| invalid_request("device_code is missing"))?;
        let app = self.app;
        let client = self
            .credentials
            .authenticate(app, self.source, self.tenant)
            .await?;
        let attempt = opaque_attempt(app, self.source, &code).await?;
        let Some(asked) = device::ask(app, &code, &client.client_id).await? else {
            attempt.failed();
            return Err(ApiError::new(&entry::INVALID_GRANT)
                .with_message("The device code is unknown, used before, or of another client."));
        };
        drop(attempt);
        let (sign_in, scope) = asked?;
        let scopes = read_scopes(app, &scope)?;
        issue(app, &client, sign_in, scopes, None, client_info(&form)).await
    }

    /// A registered application, by its secret.
    async fn client_credentials(self, mut form: Parameters) -> Result<TokenAnswer, ApiError> {
        let app = self.app;
        let scope = form.take("scope").unwrap_or_default();
        // An application acts with what it was granted, it does not choose.
        let scopes = read_scopes(app, &scope)?;
        if !scopes.default || !scopes.named.is_empty() || scopes.api == Api::Teams {
            return Err(ApiError::new(&entry::INVALID_SCOPE));
        }
        let client = self
            .credentials
            .authenticate(app, self.source, self.tenant)
            .await?;
        if client.kind == ClientKind::Public {
            return Err(ApiError::new(&entry::UNAUTHORIZED_CLIENT));
        }
        let roles = match scopes.api {
            Api::Acs | Api::Teams => Vec::new(),
            Api::Graph | Api::Own => permissions(app, &client, PermissionKind::Application).await?,
        };
        let now = app.clock().now();
        let claims = AppClaims {
            tenant: client.tenant,
            object: client.object,
            client_id: client.client_id,
            roles,
            issued_at: now,
            expires_at: expiry(now),
        };
        let audience = scopes.api.audience(app.issuer());
        let token = app.keys().sign_app(&claims, app.issuer(), audience);
        Ok(TokenAnswer {
            access_token: token.map_err(|_| ApiError::internal())?,
            ..TokenAnswer::bearer(scope)
        })
    }
}

impl TokenAnswer {
    fn bearer(scope: String) -> Self {
        Self {
            token_type: "Bearer",
            scope,
            expires_in: EXPIRES_IN_SECONDS,
            ext_expires_in: EXPIRES_IN_SECONDS,
            ..Self::default()
        }
    }
}

/// The user with this name and password, of this tenant if one is named.
///
/// # Errors
/// `invalid_grant`, whatever is wrong; `temporarily_unavailable` after too many failures.
pub(super) async fn sign_in_with_password(
    app: &App,
    source: IpAddr,
    tenant: Option<TenantId>,
    upn: &str,
    password: &str,
) -> Result<DirectoryUser, ApiError> {
    if upn.len() > MAX_NAME {
        return Err(ApiError::new(&entry::INVALID_GRANT));
    }
    let external = app.external();
    if let Some(tenant) = tenant
        && !external.has_passwords(app.directory(), tenant).await?
    {
        return Err(ApiError::new(&entry::PASSWORDS_OFF));
    }
    let attempt = app
        .sign_in_limits()
        .attempt(upn, source)
        .await
        .map_err(|wait| ApiError::new(&entry::TRY_LATER).with_retry_after(wait.seconds()))?;
    let user = app.directory().sign_in(upn, password).await?;
    let mut user = user.filter(|user| tenant.is_none_or(|tenant| tenant == user.tenant));
    // Where the path named no tenant, it is not told which of them has none.
    if let Some(found) = &user
        && !external.has_passwords(app.directory(), found.tenant).await?
    {
        user = None;
    }
    let Some(user) = user else {
        attempt.failed();
        return Err(ApiError::new(&entry::INVALID_GRANT));
    };
    attempt.succeeded();
    Ok(user)
}

/// How long a sign-in is kept that gives no refresh token: as long as its tokens live.
pub(super) fn sign_in_life() -> Duration {
    Duration::seconds(i64::from(EXPIRES_IN_SECONDS)) * 2
}

/// What a scope parameter asks for.
pub(super) fn read_scopes(app: &App, scope: &str) -> Result<Scopes, ApiError> {
    Scopes::parse(scope, app.issuer()).ok_or_else(|| ApiError::new(&entry::INVALID_SCOPE))
}

/// What a client may have of what it asks for, for its user.
///
/// # Errors
/// `invalid_scope` when it was not granted all of it.
pub(super) async fn granted(
    app: &App,
    client: &ApplicationRow,
    scopes: &Scopes,
) -> Result<Vec<String>, ApiError> {
    let granted: Vec<String> = match scopes.api.free() {
        Some(all) if scopes.default => all.split(' ').map(str::to_owned).collect(),
        Some(_) => scopes.named.iter().map(|(name, _)| name.clone()).collect(),
        None => permissions(app, client, PermissionKind::Delegated).await?,
    };
    let refused: Vec<&str> = scopes.refused(&granted).collect();
    if refused.is_empty() {
        return Ok(granted);
    }
    let refused = refused.join(" ");
    Err(ApiError::new(&entry::INVALID_SCOPE)
        .with_message(format!("The application was not granted: {refused}.")))
}

/// The tokens of a sign-in that holds.
async fn issue(
    app: &App,
    client: &ApplicationRow,
    sign_in: SignInRow,
    scopes: Scopes,
    nonce: Option<String>,
    with_client_info: bool,
) -> Result<TokenAnswer, ApiError> {
    let user = app.directory().enabled_user(sign_in.user).await?;
    let user = user
        .filter(|user| user.tenant == client.tenant && user.enabled)
        .ok_or_else(|| ApiError::new(&entry::INVALID_GRANT))?;
    let granted = granted(app, client, &scopes).await?;
    let now = app.clock().now();
    let claims = DirectoryClaims {
        tenant: user.tenant,
        object: user.oid,
        upn: user.upn.clone(),
        name: user.display_name.clone(),
        app: client.client_id.clone(),
        permissions: scopes.scp(&granted),
        sign_in: Some(sign_in.id),
        acs_scopes: None,
        extension_of: None,
        issued_at: now,
        expires_at: expiry(now),
    };
    let failed = |_| ApiError::internal();
    let keys = app.keys();
    let audience = scopes.api.audience(app.issuer());
    let access_token = keys
        .sign_directory(&claims, app.issuer(), audience)
        .map_err(failed)?;
    let id_token = scopes.openid.then(|| {
        let claims = IdTokenClaims {
            tenant: user.tenant,
            object: user.oid,
            upn: user.upn.clone(),
            name: user.display_name.clone(),
            client_id: client.client_id.clone(),
            nonce,
            sign_in: sign_in.id,
            authenticated_at: sign_in.auth,
            issued_at: now,
            expires_at: expiry(now),
        };
        keys.sign_id(&claims, app.issuer())
    });
    let refresh_token = if scopes.offline {
        Some(new_refresh_token(app, sign_in.id, scopes.text(), now).await?)
    } else {
        None
    };
    let client_info = json!({ "uid": user.oid, "utid": user.tenant }).to_string();
    Ok(TokenAnswer {
        access_token,
        refresh_token,
        id_token: id_token.transpose().map_err(failed)?,
        client_info: with_client_info.then(|| URL_SAFE_NO_PAD.encode(client_info)),
        ..TokenAnswer::bearer(scopes.answer(&granted))
    })
}

async fn new_refresh_token(
    app: &App,
    sign_in: Uuid,
    scope: String,
    now: OffsetDateTime,
) -> Result<String, ApiError> {
    let token = new_opaque();
    let digest = secret_digest(&token);
    app.store()
        .write(move |connection| {
            sign_ins::insert_refresh_token(connection, &digest, sign_in, &scope, now + REFRESH_TOKEN_LIFE)
        })
        .await?;
    Ok(token)
}

/// 256 random bits, for codes, refresh tokens and cookies.
pub(super) fn new_opaque() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// A program of this service itself: a token of its own kind, for what its user may do here.
pub(super) fn own_program_token(
    app: &App,
    name: &str,
    user: DirectoryUser,
    scopes: &Scopes,
    scope: String,
) -> Result<TokenAnswer, ApiError> {
    let (audience, permissions) = match scopes.api.free() {
        None => (DIRECTORY_AUDIENCE, String::new()),
        Some(all) if scopes.default => (scopes.api.audience(app.issuer()), all.to_owned()),
        Some(_) => {
            let named: Vec<&str> = scopes.named.iter().map(|(name, _)| name.as_str()).collect();
            (scopes.api.audience(app.issuer()), named.join(" "))
        }
    };
    let now = app.clock().now();
    let claims = DirectoryClaims {
        tenant: user.tenant,
        object: user.oid,
        upn: user.upn,
        name: user.display_name,
        app: name.to_owned(),
        permissions,
        sign_in: None,
        acs_scopes: None,
        extension_of: None,
        issued_at: now,
        expires_at: expiry(now),
    };
    let token = app.keys().sign_directory(&claims, app.issuer(), audience);
    Ok(TokenAnswer {
        access_token: token.map_err(|_| ApiError::internal())?,
        ..TokenAnswer::bearer(scope)
    })
}

/// Codes and refresh tokens cannot be guessed, but those who try are slowed down like others: by their address, and
/// whoever repeats the same one by that. People behind one address do not stand in for each other's.
pub(super) async fn opaque_attempt(app: &App, source: IpAddr, opaque: &str) -> Result<Attempt, ApiError> {
    if opaque.len() > MAX_OPAQUE {
        return Err(ApiError::new(&entry::INVALID_GRANT));
    }
    app.sign_in_limits()
        .attempt(&URL_SAFE_NO_PAD.encode(secret_digest(opaque)), source)
        .await
        .map_err(|wait| ApiError::new(&entry::TRY_LATER).with_retry_after(wait.seconds()))
}

/// Whether the client has what the challenge was made of (RFC 7636 §4.6). A verifier where there was no challenge is of
/// another request.
fn proves(code: &CodeRow, verifier: Option<&str>) -> bool {
    match (&code.challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let made = URL_SAFE_NO_PAD.encode(secret_digest(verifier));
            (43..=128).contains(&verifier.len())
                && verifier.bytes().all(unreserved)
                && verify_slices_are_equal(made.as_bytes(), challenge.as_bytes()).is_ok()
        }
        _ => false,
    }
}

fn client_info(form: &Parameters) -> bool {
    form.get("client_info") == Some("1")
}

fn expiry(now: OffsetDateTime) -> OffsetDateTime {
    now + Duration::seconds(i64::from(EXPIRES_IN_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_proves_its_challenge_alone() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let code = |challenge: Option<&str>| CodeRow {
            redirect_uri: String::new(),
            scope: String::new(),
            nonce: None,
            challenge: challenge.map(str::to_owned),
        };
        assert!(proves(&code(Some(challenge)), Some(verifier)));
        assert!(!proves(&code(Some(challenge)), Some(challenge)));
        assert!(!proves(&code(Some(challenge)), None));
        assert!(!proves(&code(Some(verifier)), Some(verifier)));
        assert!(!proves(&code(None), Some(verifier)));
        assert!(proves(&code(None), None));
        // Too short, though it fits.
        let short = URL_SAFE_NO_PAD.encode(secret_digest("short"));
        assert!(!proves(&code(Some(&short)), Some("short")));
    }
}
