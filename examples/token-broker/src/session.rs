//! Who is logged in: a signed cookie, and proof that a request comes from a page of ours.
//!
//! The cookie is signed and not encrypted: its owner may read it, nobody may change it. Everything that changes
//! something is a POST that carries the session's CSRF token, in a form field or in the header `x-csrf-token`.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::{Cookie, SameSite, SignedCookieJar};
use openidconnect::CsrfToken;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::Broker;

/// Life of a session.
const SESSION: Duration = Duration::hours(8);

/// Header with the CSRF token, for scripts.
const CSRF_HEADER: &str = "x-csrf-token";

/// A visitor, logged in or not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who; nobody before the login.
    pub customer: Option<Customer>,
    csrf: String,
    /// Unix seconds; the cookie's own end is only the browser's promise.
    expires: i64,
}

/// A customer of the clinic.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Unique among all ways to log in: `demo:…`, `oidc:<issuer>#<subject>`.
    pub id: String,
    /// Name to show.
    pub name: String,
}

/// Why a request is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// There is no session, or it is nobody's.
    NotLoggedIn,
    /// It does not come from a page of ours.
    Forged,
}

impl Session {
    /// A new session, under a new CSRF token.
    #[must_use]
    pub fn new(customer: Option<Customer>, now: OffsetDateTime) -> Self {
        Self {
            customer,
            csrf: CsrfToken::new_random_len(32).into_secret(),
            expires: (now + SESSION).unix_timestamp(),
        }
    }

    /// What the pages' forms and scripts send back.
    #[must_use]
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Compares a form's token.
    ///
    /// # Errors
    /// [`Refused::Forged`]
    pub fn check_csrf(&self, given: &str) -> Result<(), Refused> {
        // Not secret from its owner, and new with each session: what a comparison's duration could tell is of no use.
        if given == self.csrf {
            Ok(())
        } else {
            Err(Refused::Forged)
        }
    }

    /// Puts the session into the jar.
    pub fn store(&self, jar: SignedCookieJar, public_url: &Url) -> SignedCookieJar {
        let value = serde_json::to_string(self).unwrap_or_default();
        jar.add(cookie(public_url, name(public_url), value, SESSION))
    }

    /// The session in the jar, if it has not ended.
    #[must_use]
    pub fn load(jar: &SignedCookieJar, public_url: &Url, now: OffsetDateTime) -> Option<Self> {
        let cookie = jar.get(name(public_url))?;
        let session: Self = serde_json::from_str(cookie.value()).ok()?;
        (session.expires > now.unix_timestamp()).then_some(session)
    }
}

/// A cookie that scripts cannot read, that other sites' POSTs do not carry, and that leaves by https only if we do.
#[must_use]
pub fn cookie(public_url: &Url, name: &'static str, value: String, life: Duration) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https(public_url))
        .max_age(life)
        .build()
}

/// With `__Host-` browsers see to it that no other host of the domain has set the cookie.
fn name(public_url: &Url) -> &'static str {
    if is_https(public_url) {
        "__Host-clinic"
    } else {
        "clinic"
    }
}

fn is_https(url: &Url) -> bool {
    url.scheme() == "https"
}

async fn load(parts: &mut Parts, broker: &Broker) -> Option<Session> {
    let jar = SignedCookieJar::from_request_parts(parts, broker).await.ok()?;
    Session::load(&jar, &broker.parts().public_url, OffsetDateTime::now_utc())
}

impl OptionalFromRequestParts<Broker> for Session {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, broker: &Broker) -> Result<Option<Self>, Self::Rejection> {
        Ok(load(parts, broker).await)
    }
}

/// A script's request of a customer who is logged in.
#[derive(Clone)]
pub struct ScriptRequest(pub Customer);

impl FromRequestParts<Broker> for ScriptRequest {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, broker: &Broker) -> Result<Self, Refused> {
        let session = load(parts, broker).await.ok_or(Refused::NotLoggedIn)?;
        let given = parts
            .headers
            .get(CSRF_HEADER)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        session.check_csrf(given)?;
        session.customer.map(Self).ok_or(Refused::NotLoggedIn)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::NotLoggedIn => (StatusCode::UNAUTHORIZED, "Log in first."),
            Self::Forged => (StatusCode::FORBIDDEN, "This request does not come from our page."),
        }
        .into_response()
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Customer(…)")
    }
}

impl std::fmt::Debug for ScriptRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScriptRequest(…)")
    }
}
