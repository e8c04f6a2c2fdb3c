//! What goes wrong, and what the service said about it.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::message::Response;
use super::{TransportError, retry};
use crate::client::credential::BoxError;

/// Most characters kept of a sentence of the service.
const MAX_MESSAGE: usize = 1000;

/// Why a call of a client failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service refused.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// No answer came.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// What came is not what the API says.
    #[error("unexpected answer: {0}")]
    UnexpectedAnswer(&'static str),
    /// No token could be had, or it is of no use.
    #[error("no credential: {0}")]
    Credential(BoxError),
    /// The endpoint cannot be used.
    #[error("the endpoint cannot be used: {0}")]
    Endpoint(&'static str),
    /// An argument can never be right.
    #[error("{0}")]
    Misuse(&'static str),
    /// The HTTP client cannot be made.
    #[error("cannot set up HTTP: {0}")]
    Setup(String),
}

/// A refusal: status and ACS error body.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// What `error` says. Without a JSON body the code is that of header `x-ms-error-code`, or empty.
    pub error: ErrorDetail,
    /// The `x-ms-client-request-id` it was sent under; name it when you ask the operator.
    pub client_request_id: String,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
}

/// `error` in an ACS body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ErrorDetail {
    /// A word for programs: `ValidationError`.
    #[serde(deserialize_with = "text")]
    pub code: String,
    /// A sentence for people, at most 1000 characters, without control characters.
    #[serde(deserialize_with = "text")]
    pub message: String,
    /// The argument at fault.
    pub target: Option<String>,
    /// Faults in detail.
    #[serde(deserialize_with = "list")]
    pub details: Vec<Self>,
    /// The error behind this one.
    #[serde(rename = "innererror")]
    pub inner_error: Option<Box<Self>>,
}

impl Error {
    /// The HTTP status, when the service answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|refusal| refusal.status)
    }

    /// The service's error code, when it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.refusal()
            .map(|refusal| refusal.error.code.as_str())
            .filter(|code| !code.is_empty())
    }

    /// The argument that the service found at fault.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.refusal().and_then(|refusal| refusal.error.target.as_deref())
    }

    /// What the service answered, when it answered.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    pub(super) fn from_answer(response: &Response, client_request_id: &str) -> Self {
        if (200..300).contains(&response.status) {
            return Self::UnexpectedAnswer("another status than the API has for success");
        }
        let body: Option<Body> = serde_json::from_slice(&response.body).ok();
        let error = body.map_or_else(
            || ErrorDetail {
                code: printable(response.headers.get("x-ms-error-code").unwrap_or_default()),
                message: "no reason was given".to_owned(),
                ..ErrorDetail::default()
            },
            |body| body.error,
        );
        Self::Refused(Box::new(Refusal {
            status: response.status,
            error,
            client_request_id: client_request_id.to_owned(),
            // Without a clock: a date tells nothing that the caller could not read itself.
            retry_after: retry::asked_for(response, None),
        }))
    }
}

#[derive(Deserialize)]
struct Body {
    error: ErrorDetail,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorDetail { code, message, .. } = &self.error;
        if code.is_empty() {
            write!(f, "refused with {}: {message}", self.status)
        } else {
            write!(f, "refused with {} {code}: {message}", self.status)
        }
    }
}

impl std::error::Error for Refusal {}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(printable(&text.unwrap_or_default()))
}

/// For a line of a log.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_MESSAGE)
        .collect()
}

fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ErrorDetail>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::pipeline::Headers;

    fn answer(status: u16, body: &str) -> Error {
        let response = Response {
            status,
            headers: Headers::default(),
            body: body.to_owned().into(),
        };
        Error::from_answer(&response, "id")
    }

    #[test]
    fn reads_the_whole_body() {
        let error = answer(
            400,
            r#"{"error":{"code":"BadRequest","message":"a\nb","target":"f","details":[{"code":"BadArgument","message":null}],
               "innererror":{"code":"x"}}}"#,
        );
        assert_eq!(
            (error.status(), error.code(), error.target()),
            (Some(400), Some("BadRequest"), Some("f"))
        );
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.error.details[0].code, "BadArgument");
        assert_eq!(refusal.error.inner_error.as_ref().unwrap().code, "x");
        assert_eq!(error.to_string(), "refused with 400 BadRequest: ab");
    }

    #[test]
    fn other_bodies_are_refusals_too() {
        for body in ["", "<html>", "{}", r#"{"error":"x"}"#, "[]"] {
            let error = answer(502, body);
            assert_eq!((error.status(), error.code()), (Some(502), None), "{body}");
        }
        for body in [
            r#"{"error":{}}"#,
            r#"{"error":{"code":null,"message":null,"details":null}}"#,
        ] {
            assert_eq!(answer(502, body).status(), Some(502));
        }
        assert!(matches!(answer(200, "{}"), Error::UnexpectedAnswer(_)));
        let mut headers = Headers::default();
        headers.set("x-ms-error-code", "Not\tFound");
        let response = Response {
            status: 404,
            headers,
            body: Default::default(),
        };
        assert_eq!(Error::from_answer(&response, "id").code(), Some("NotFound"));
    }
}
