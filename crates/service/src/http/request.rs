//! Reading requests: bodies with a limit, paths, the authority a caller used.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::DeserializeOwned;

use super::errors::ApiError;
use crate::errors::{Entry, any};

/// The header by which a client recognises its request; echoed.
pub const CLIENT_REQUEST_ID: &str = "x-ms-client-request-id";

/// How long a client may take to send a body.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// The whole body, or 413 when it is over the limit.
#[derive(Debug)]
pub struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Ok(read) = tokio::time::timeout(BODY_WITHIN, Bytes::from_request(request, state)).await else {
            return Err(ApiError::new(&any::REQUEST_TIMEOUT));
        };
        match read {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(ApiError::new(&any::TOO_LARGE))
            }
            Err(_) => Err(ApiError::new(&any::BODY_UNREADABLE)),
        }
    }
}

/// Path segments, percent-decoded after routing.
#[derive(Debug)]
pub struct Segments<T>(pub T);

impl<T, S> FromRequestParts<S> for Segments<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(segments) = Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::new(&any::PATH_MALFORMED))?;
        Ok(Self(segments))
    }
}

/// Parses a JSON body; an empty one is `None`, whatever its content type says.
///
/// # Errors
/// The error of `malformed`, which names the position: not JSON, or not of the expected form.
pub fn parse_json<T: DeserializeOwned>(
    body: &[u8],
    malformed: &'static Entry,
) -> Result<Option<T>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    let refusal = |line: usize, column: usize| {
        // The position helps, the library's text may quote what was sent.
        let message = format!("The request body could not be understood (line {line}, column {column}).");
        ApiError::new(malformed).with_message(message)
    };
    // serde would take a list for the fields of an object, in their order.
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        return Err(refusal(1, 1));
    }
    serde_json::from_slice(body).map_err(|error| refusal(error.line(), error.column()))
}

/// `host[:port]` the client called: `:authority` in HTTP/2, the Host header in HTTP/1.1.
#[must_use]
pub fn authority(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let text = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers.get(header::HOST)?.to_str().ok()?,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    (!text.is_empty() && text.len() <= 260 && text.bytes().all(plain)).then(|| text.to_ascii_lowercase())
}

/// The request target as the client sent it: path and query, not re-built.
#[must_use]
pub fn raw_target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}

/// The values of one query parameter, decoded.
pub fn query_values<'a>(uri: &'a Uri, name: &'a str) -> impl Iterator<Item = String> + 'a {
    url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(move |(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// A fresh correlation vector: `<22 base64 characters>.0`.
#[must_use]
pub fn correlation_vector() -> String {
    format!("{}.0", STANDARD_NO_PAD.encode(rand::random::<[u8; 16]>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_raw_target() {
        let uri: Uri = "/identities/8%3Aacs%3Ax/:issueAccessToken?api-version=2023-10-01&a=%20"
            .parse()
            .unwrap();
        assert_eq!(
            raw_target(&uri),
            "/identities/8%3Aacs%3Ax/:issueAccessToken?api-version=2023-10-01&a=%20"
        );
        assert_eq!(
            query_values(&uri, "api-version").collect::<Vec<_>>(),
            ["2023-10-01"]
        );
    }

    #[test]
    fn refuses_authorities_that_are_none() {
        let mut headers = HeaderMap::new();
        let uri = Uri::from_static("/");
        assert_eq!(authority(&uri, &headers), None);
        headers.insert(header::HOST, "LocalHost:8443".parse().unwrap());
        assert_eq!(authority(&uri, &headers).as_deref(), Some("localhost:8443"));
        headers.insert(header::HOST, "a b\"".parse().unwrap());
        assert_eq!(authority(&uri, &headers), None);
    }

    #[test]
    fn a_list_is_no_object() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Form {
            name: Option<String>,
        }
        let parse = |body: &[u8]| parse_json::<Form>(body, &any::BODY_MALFORMED);
        assert_eq!(parse(b"").unwrap(), None);
        assert_eq!(parse(b" {}").unwrap(), Some(Form { name: None }));
        parse(b"[null]").unwrap_err();
        parse(b" []").unwrap_err();
        parse(b"{").unwrap_err();
    }

    #[test]
    fn a_correlation_vector_has_22_characters() {
        assert_eq!(correlation_vector().len(), 24);
    }
}
