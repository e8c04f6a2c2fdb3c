//! Errors as answers: an entry of the [catalogue](crate::errors) with what is particular to the request.
//!
//! ACS and Microsoft Graph share the shape of an error body; OAuth has its own.

use std::borrow::Cow;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::limits::Wait;
use crate::errors::{Entry, Surface, any};
use crate::store::StoreError;

/// The header that repeats the code of an error's body.
const ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");

/// An error answer with a JSON body. Made from an entry of the catalogue, there is no other way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    entry: &'static Entry,
    message: Option<Cow<'static, str>>,
    target: Option<Cow<'static, str>>,
    details: Vec<Detail>,
    inner: Option<Box<Detail>>,
    retry_after_seconds: Option<u64>,
}

/// One of several faults, or the error behind an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// A word for programs: `BadArgument`.
    pub code: Cow<'static, str>,
    /// A sentence for people.
    pub message: Cow<'static, str>,
    /// The argument at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Cow<'static, str>>,
}

/// Mark of an answer that came from the catalogue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Catalogued;

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Detail]>::is_empty")]
    details: &'a [Detail],
    #[serde(rename = "innererror", skip_serializing_if = "Option::is_none")]
    inner: Option<&'a Detail>,
}

/// RFC 6749 §5.2.
#[derive(Serialize)]
struct OauthBody<'a> {
    error: &'a str,
    error_description: &'a str,
}

impl ApiError {
    /// The error of this entry, with its own sentence.
    #[must_use]
    pub const fn new(entry: &'static Entry) -> Self {
        Self {
            entry,
            message: None,
            target: None,
            details: Vec::new(),
            inner: None,
            retry_after_seconds: None,
        }
    }

    /// The entry's sentence, filled in.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Names what the error is about.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<Cow<'static, str>>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Adds faults, each with its own code and target.
    #[must_use]
    pub fn with_details(mut self, details: impl IntoIterator<Item = Detail>) -> Self {
        self.details.extend(details);
        self
    }

    /// Names the error behind this one; `innererror` on the wire.
    #[must_use]
    pub fn with_inner_error(mut self, inner: Detail) -> Self {
        self.inner = Some(Box::new(inner));
        self
    }

    /// Says when the client may come back: header `Retry-After`.
    #[must_use]
    pub const fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// 400 `BadRequest` with a sentence of its own.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(&any::BAD_REQUEST).with_message(message)
    }

    /// 401 `Denied`: the signature of a request was refused.
    #[must_use]
    pub const fn denied() -> Self {
        Self::new(&any::DENIED)
    }

    /// 401 `Unauthorized`: the token of a request was refused.
    #[must_use]
    pub const fn unauthorized() -> Self {
        Self::new(&any::UNAUTHORIZED)
    }

    /// 403 `Forbidden`.
    #[must_use]
    pub const fn forbidden() -> Self {
        Self::new(&any::FORBIDDEN)
    }

    /// 404 `NotFound`.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(&any::NOT_FOUND)
    }

    /// 429 `TooManyRequests`; the client may come back after so many seconds.
    #[must_use]
    pub const fn too_many_requests(retry_after_seconds: u64) -> Self {
        Self::new(&any::TOO_MANY_REQUESTS).with_retry_after(retry_after_seconds)
    }

    /// 429 `TooManyRequests` for too many wrong meeting ids and passcodes.
    #[must_use]
    pub fn too_many_passcodes(wait: Wait) -> Self {
        Self::new(&any::TOO_MANY_PASSCODES).with_retry_after(wait.seconds())
    }

    /// 500 `InternalServerError`.
    #[must_use]
    pub const fn internal() -> Self {
        Self::new(&any::INTERNAL)
    }

    /// 503 `ServiceUnavailable`.
    #[must_use]
    pub const fn unavailable() -> Self {
        Self::new(&any::UNAVAILABLE)
    }

    /// The error of the catalogue that says what a bare status says.
    #[must_use]
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(match status.as_u16() {
            401 => &any::UNAUTHORIZED,
            403 => &any::FORBIDDEN,
            404 => &any::NOT_FOUND,
            405 => &any::METHOD_NOT_ALLOWED,
            408 => &any::REQUEST_TIMEOUT,
            413 => &any::TOO_LARGE,
            415 => &any::UNSUPPORTED_MEDIA_TYPE,
            426 => &any::UPGRADE_REQUIRED,
            429 => &any::TOO_MANY_REQUESTS,
            503 => &any::UNAVAILABLE,
            400..500 => &any::BAD_REQUEST,
            _ => &any::INTERNAL,
        })
    }

    /// The entry this error was made from.
    #[must_use]
    pub const fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.entry.http_status()
    }

    /// The sentence for people: the entry's own, or the one it was filled in with.
    #[must_use]
    pub fn sentence(&self) -> &str {
        self.message.as_deref().unwrap_or_else(|| self.entry.sentence())
    }
}

impl From<&'static Entry> for ApiError {
    fn from(entry: &'static Entry) -> Self {
        Self::new(entry)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error != StoreError::Closed {
            tracing::error!(%error, "storage failed");
        }
        Self::unavailable()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = if self.entry.surface() == Surface::Oauth {
            let body = OauthBody {
                error: self.entry.code(),
                error_description: self.sentence(),
            };
            json(self.status(), &body)
        } else {
            let body = Body {
                code: self.entry.code(),
                message: self.sentence(),
                target: self.target.as_deref(),
                details: &self.details,
                inner: self.inner.as_deref(),
            };
            json(self.status(), &Envelope { error: body })
        };
        response.extensions_mut().insert(Catalogued);
        let headers = response.headers_mut();
        if let Ok(code) = HeaderValue::from_str(self.entry.code()) {
            headers.insert(ERROR_CODE, code);
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Lets no error out that is not of the catalogue: what a library refused by itself, in its own words, becomes the
/// catalogue's error of that status.
pub(crate) fn catalogued(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error())
        || response.extensions().get::<Catalogued>().is_some()
    {
        return response;
    }
    let mut ours = ApiError::of_status(status).into_response();
    // What else the library had to say: `Allow`, `Sec-WebSocket-Version`.
    for (name, value) in response.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            ours.headers_mut().insert(name, value.clone());
        }
    }
    ours
}

/// A JSON answer with the content type that ACS sends.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let kind = (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json; charset=utf-8"),
            );
            (status, [kind], bytes).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::errors::{entries, oauth, rooms};

    async fn body(response: Response) -> Value {
        let bytes = to_bytes(response.into_body(), 65_536).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn has_the_shape_of_acs() {
        let error = ApiError::new(&rooms::INVALID)
            .with_target("ValidUntil")
            .with_details([Detail {
                code: "BadArgument".into(),
                message: "The time range end is in the past.".into(),
                target: Some("ValidUntil".into()),
            }])
            .with_inner_error(Detail {
                code: "x".into(),
                message: "y".into(),
                target: None,
            });
        let response = error.into_response();
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["x-ms-error-code"], "BadRequest");
        assert_eq!(
            body(response).await,
            json!({ "error": {
                "code": "BadRequest",
                "message": "The request could not be understood by the server due to malformed syntax.",
                "target": "ValidUntil",
                "details": [{
                    "code": "BadArgument",
                    "message": "The time range end is in the past.",
                    "target": "ValidUntil",
                }],
                "innererror": { "code": "x", "message": "y" },
            } })
        );
        let plain = body(ApiError::denied().into_response()).await;
        assert_eq!(
            plain,
            json!({ "error": { "code": "Denied", "message": "Denied by the resource provider." } })
        );
    }

    #[tokio::test]
    async fn has_the_shape_of_oauth() {
        let response = ApiError::new(&oauth::TRY_LATER)
            .with_retry_after(7)
            .into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "7");
        assert_eq!(
            body(response).await,
            json!({
                "error": "temporarily_unavailable",
                "error_description": "Too many failed sign-ins. Try again later.",
            })
        );
    }

    #[tokio::test]
    async fn what_a_library_refuses_becomes_an_entry() {
        let allow = [(header::ALLOW, "GET"), (header::CONTENT_TYPE, "text/plain")];
        let foreign = (StatusCode::METHOD_NOT_ALLOWED, allow, "no").into_response();
        let ours = catalogued(foreign);
        assert_eq!(ours.status(), 405);
        assert_eq!(ours.headers()["allow"], "GET");
        assert_eq!(body(ours).await["error"]["code"], "MethodNotAllowed");

        let untouched = catalogued((StatusCode::OK, "fine").into_response());
        assert_eq!(to_bytes(untouched.into_body(), 100).await.unwrap(), "fine");

        for status in (400..600).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let error = ApiError::of_status(status);
            assert!(entries().any(|entry| entry == error.entry()));
            assert_eq!(status.is_client_error(), error.status().is_client_error());
        }
    }
}
