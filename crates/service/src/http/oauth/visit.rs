//! A browser at one of the issuer's pages: where it is, what it asks for, and whether a form is one it was given.

use std::net::{IpAddr, SocketAddr};

use axum::Extension;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::page;
use super::parameters::Parameters;
use super::session::FormGuard;
use crate::errors::oauth as entry;
use crate::http::Surface;
use crate::http::errors::ApiError;
use crate::http::request::{Body, Segments, authority};
use crate::state::App;

/// A browser's request, as far as all of them are alike.
pub(super) struct Visit {
    pub(super) app: App,
    pub(super) surface: Surface,
    /// As the path names it; empty where the path names none.
    pub(super) tenant: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    /// Where the browser is.
    pub(super) source: IpAddr,
    /// `host[:port]` that the browser knows us by.
    pub(super) host: Option<String>,
}

/// What a path may name. Others of its segments are the handler's.
#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    tenant: String,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Segments(Names { tenant }) = Segments::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let Extension(surface) = Extension::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self {
            host: authority(&parts.uri, &parts.headers),
            source: peer.ip(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers.clone(),
            app: app.clone(),
            surface,
            tenant,
        })
    }
}

impl Visit {
    /// One of our forms that comes back.
    ///
    /// # Errors
    /// It cannot be read, this browser was not given it, or it was sent from elsewhere.
    pub(super) fn own_form(&self, body: Result<Body, ApiError>) -> Result<Parameters, ApiError> {
        let form = Parameters::parse(&body?.0)?;
        if self.is_own_form() && FormGuard::accepts(self.surface, &self.headers, form.get("guard")) {
            Ok(form)
        } else {
            Err(ApiError::new(&entry::FORM_EXPIRED))
        }
    }

    /// Nothing says that the form was sent from another origin. Browsers say where one comes from.
    pub(super) fn is_own_form(&self) -> bool {
        let Some(host) = &self.host else {
            return false;
        };
        let own = format!("{}://{host}", self.surface.scheme());
        let origin = self.headers.get(header::ORIGIN);
        let site = self.headers.get("sec-fetch-site");
        origin.is_none_or(|origin| origin.as_bytes() == own.as_bytes())
            && site.is_none_or(|site| site.as_bytes() == b"same-origin")
    }

    /// A page with a form, which only this browser can send back.
    pub(super) fn with_form(&self, page: impl FnOnce(&str) -> Response) -> Response {
        let guard = FormGuard::of(self.surface, &self.headers);
        let mut response = page(&guard.field());
        set_cookie(&mut response, guard.set_cookie(self.surface));
        response
    }
}

/// A refusal that the person is told, on a page.
pub(super) fn refusal(error: &ApiError) -> Response {
    page::message(error.status(), "That did not work", error.sentence())
}

pub(super) fn set_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
