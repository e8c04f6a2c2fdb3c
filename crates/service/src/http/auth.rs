//! Who calls: bearer tokens and signed requests.

use std::time::Duration;

use anteroom_identity::id::{CommunicationIdentifier, ResourceId, TeamsExtensionUserId, TeamsUserId};
use anteroom_identity::signing::{RequestToVerify, host_forms};
use anteroom_identity::token::{
    DirectoryClaims, KeyStamp, Scope, TeamsUserKind, UserTokenClaims, VerifiedToken,
};
use axum::Extension;
use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use time::OffsetDateTime;

use super::Surface;
use super::errors::ApiError;
use super::request::{Body, authority, raw_target};
use crate::emulator::Credential;
use crate::entra;
use crate::state::App;
use crate::store::StoreError;

/// Longest token looked at, in bytes.
const TOKEN_BYTES: usize = 16 * 1024;

/// Who holds a bearer token that was accepted.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A guest with an ACS user token.
    Guest(UserTokenClaims),
    /// A directory user, the Teams side.
    Directory(DirectoryClaims),
}

/// Why a bearer token is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The token is malformed, not ours, expired, revoked, or of a deleted identity.
    #[error("the token is refused")]
    Refused,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Caller {
    /// The caller's identifier in chat and rosters.
    #[must_use]
    pub fn identifier(&self) -> CommunicationIdentifier {
        match self {
            Self::Guest(claims) => CommunicationIdentifier::CommunicationUser(claims.user),
            Self::Directory(claims) => match claims.extension_of {
                None => CommunicationIdentifier::MicrosoftTeamsUser(TeamsUserId::new(claims.object)),
                Some(resource) => CommunicationIdentifier::TeamsExtensionUser(TeamsExtensionUserId::new(
                    resource,
                    claims.tenant,
                    claims.object,
                )),
            },
        }
    }

    /// When the token expires.
    #[must_use]
    pub const fn expires_at(&self) -> OffsetDateTime {
        match self {
            Self::Guest(claims) => claims.expires_at,
            Self::Directory(claims) => claims.expires_at,
        }
    }

    /// Whether the token carries one of these scopes. A directory user's own tokens are not limited by ACS scopes.
    #[must_use]
    pub fn has_any_scope(&self, scopes: &[Scope]) -> bool {
        match self {
            Self::Guest(claims) => scopes.iter().any(|scope| claims.scopes.contains(*scope)),
            Self::Directory(claims) => claims
                .acs_scopes
                .is_none_or(|granted| scopes.iter().any(|scope| granted.contains(*scope))),
        }
    }
}

/// Checks a bearer token: signature, expiry, resource or tenant, and that it has not been revoked.
///
/// # Errors
/// [`AuthError::Refused`], whatever the reason, or the database failed.
pub async fn authenticate_bearer(app: &App, token: &str) -> Result<Caller, AuthError> {
    if token.len() > TOKEN_BYTES {
        return Err(AuthError::Refused);
    }
    let verified = app
        .keys()
        .verify(token, app.clock().now(), &app.expected())
        .map_err(|_| AuthError::Refused)?;
    match verified {
        VerifiedToken::User(claims) => {
            if still_holds(app, &claims).await? {
                Ok(Caller::Guest(claims))
            } else {
                Err(AuthError::Refused)
            }
        }
        VerifiedToken::Directory(claims) => {
            if !entra::sign_in_holds(app, claims.sign_in).await? {
                return Err(AuthError::Refused);
            }
            let user = app.directory().enabled_user(claims.object).await?;
            if user.is_some_and(|user| user.tenant == claims.tenant) {
                Ok(Caller::Directory(claims))
            } else {
                Err(AuthError::Refused)
            }
        }
        VerifiedToken::TeamsUser(claims) => {
            let user = app.directory().enabled_user(claims.object).await?;
            let user = user
                .filter(|user| user.tenant == claims.tenant)
                .filter(|_| app.resources().has_key(claims.resource, None))
                .ok_or(AuthError::Refused)?;
            Ok(Caller::Directory(DirectoryClaims {
                tenant: claims.tenant,
                object: claims.object,
                upn: user.upn,
                name: user.display_name,
                app: String::new(),
                permissions: String::new(),
                sign_in: None,
                acs_scopes: Some(claims.scopes),
                extension_of: (claims.kind == TeamsUserKind::Extension).then_some(claims.resource),
                issued_at: claims.issued_at,
                expires_at: claims.expires_at,
            }))
        }
        VerifiedToken::App(_) => Err(AuthError::Refused),
    }
}

/// Whether a token of ours is not void yet: neither its access key nor its identity has been changed.
pub(crate) async fn still_holds(app: &App, claims: &UserTokenClaims) -> Result<bool, StoreError> {
    let key_is_current = app.resources().has_key(claims.user.resource(), claims.access_key);
    let generation = app.identities().generation(claims.user).await?;
    Ok(key_is_current && generation == Some(claims.generation))
}

/// The caller of a request with a bearer token; 401 `Unauthorized` without a good one.
#[derive(Debug)]
pub struct Bearer(pub Caller);

impl FromRequestParts<App> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = bearer_token(&parts.headers).ok_or_else(ApiError::unauthorized)?;
        let caller = match authenticate_bearer(app, token).await {
            Ok(caller) => caller,
            Err(AuthError::Refused) => return Err(ApiError::unauthorized()),
            Err(AuthError::Store(error)) => return Err(error.into()),
        };
        if let Caller::Guest(claims) = &caller {
            let (resource, path) = (claims.user.resource(), parts.uri.path());
            app.emulator()
                .intercept(resource, Credential::Token, &parts.method, path)
                .await?;
        }
        Ok(Self(caller))
    }
}

/// A request signed with an access key, or with the Entra token of a registered application; 401 `Denied` without.
#[derive(Debug)]
pub struct Signed {
    /// The resource whose key it is, or that the application may use.
    pub resource: ResourceId,
    /// The request's body.
    pub body: Bytes,
}

/// As [`Signed`], and which key it was; `None` for a token.
#[derive(Debug)]
pub(crate) struct SignedBy {
    pub(crate) resource: ResourceId,
    pub(crate) access_key: Option<KeyStamp>,
    pub(crate) body: Bytes,
}

impl FromRequest<App> for Signed {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let SignedBy { resource, body, .. } = SignedBy::from_request(request, app).await?;
        Ok(Self { resource, body })
    }
}

impl FromRequest<App> for SignedBy {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, ApiError> {
        let uri = request
            .extract_parts::<OriginalUri>()
            .await
            .map_or_else(|_| request.uri().clone(), |OriginalUri(uri)| uri);
        let surface = request
            .extract_parts::<Extension<Surface>>()
            .await
            .map_or(Surface::Https, |Extension(surface)| surface);
        let method = request.method().clone();
        let headers = request.headers().clone();
        // Without the header there is no reason to read the body.
        if !headers.contains_key(AUTHORIZATION) {
            return Err(ApiError::denied());
        }
        if let Some(token) = bearer_token(&headers) {
            let resource = match entra::authenticate_app(app, token).await {
                Ok(resource) => resource,
                Err(AuthError::Refused) => return Err(ApiError::denied()),
                Err(AuthError::Store(error)) => return Err(error.into()),
            };
            app.emulator()
                .intercept(resource, Credential::EntraToken, &method, uri.path())
                .await?;
            let Body(body) = Body::from_request(request, app).await?;
            return Ok(Self {
                resource,
                access_key: None,
                body,
            });
        }
        let Body(body) = Body::from_request(request, app).await?;
        let host = authority(&uri, &headers).ok_or_else(ApiError::denied)?;
        let text = |name: &str| one(&headers, name);
        let hosts = host_candidates(app, surface, &headers, &host);
        let to_verify = RequestToVerify {
            method: method.as_str(),
            raw_target: raw_target(&uri),
            hosts: &hosts,
            date: text("date"),
            x_ms_date: text("x-ms-date"),
            content_sha256: text("x-ms-content-sha256"),
            authorization: text("authorization"),
            body: &body,
        };
        let skew = Duration::from_secs(app.config().limits.clock_skew_seconds);
        // Clients sign the time that is, whatever clock a test has set for the service.
        let (resource, access_key) = app
            .resources()
            .verify(&to_verify, app.clock().system_now(), skew)
            .map_err(|_| ApiError::denied())?;
        app.emulator()
            .intercept(resource, Credential::AccessKey, &method, uri.path())
            .await?;
        Ok(Self {
            resource,
            access_key: Some(access_key),
            body,
        })
    }
}

pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The host names a client may have signed.
fn host_candidates(app: &App, surface: Surface, headers: &HeaderMap, host: &str) -> Vec<String> {
    let public: Vec<String> = std::iter::once(app.endpoint().authority().to_owned())
        .chain(app.config().hosts.iter().map(|host| host.to_ascii_lowercase()))
        .collect();
    let mut forms = host_forms(host, surface.default_port(), &public);
    // `host` is in lower case; who writes his endpoint otherwise signs it so.
    if let Some(sent) = one(headers, HOST.as_str()).filter(|sent| *sent != host) {
        forms.insert(0, sent.to_owned());
    }
    forms
}

/// The value of a header that is there once; what is there twice is read by each party as it likes.
fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok()).flatten()
}

/// `host` of `host[:port]`, brackets of an IPv6 address kept.
pub(crate) fn without_port(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => &authority[..colon],
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_host_of_an_authority() {
        for (authority, host) in [
            ("a.example:1", "a.example"),
            ("a.example", "a.example"),
            ("[::1]:8", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(without_port(authority), host);
        }
    }

    #[test]
    fn reads_bearer_tokens() {
        let mut headers = HeaderMap::new();
        assert_eq!(bearer_token(&headers), None);
        headers.insert(AUTHORIZATION, "bearer abc".parse().unwrap());
        assert_eq!(bearer_token(&headers), Some("abc"));
        headers.insert(AUTHORIZATION, "Basic abc".parse().unwrap());
        assert_eq!(bearer_token(&headers), None);
    }
}
