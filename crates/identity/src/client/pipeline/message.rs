//! HTTP in our own words.

use std::fmt;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use url::Url;

use super::Error;

/// What is escaped in a path segment: all but the unreserved characters (RFC 3986 §2.3), as the JavaScript SDK does.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The methods that ACS uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Create or act.
    Post,
    /// Replace.
    Put,
    /// Change in part.
    Patch,
    /// Delete.
    Delete,
}

impl Method {
    /// Upper case, as on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Whether carrying a request out twice does the same as once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It does: also repeated when nobody knows whether it arrived.
    Safe,
    /// It does not.
    Unsafe,
}

/// Header fields; names in lower case, each once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The value under this name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Sets a value, in the place of the one before.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self.0.push((name.to_ascii_lowercase(), value.to_owned()));
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Names alone: values hold tokens.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// A request. `Debug` prints neither address nor body.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Where to, query included.
    pub url: Url,
    /// Header fields besides those of the connection.
    pub headers: Headers,
    /// Body, empty for none.
    pub body: Bytes,
    /// Whether it may be carried out twice.
    pub repeat: Repeat,
}

impl Request {
    /// A request without a body; POST and PATCH are [`Repeat::Unsafe`], the others safe.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        let repeat = match method {
            Method::Post | Method::Patch => Repeat::Unsafe,
            Method::Get | Method::Put | Method::Delete => Repeat::Safe,
        };
        Self {
            method,
            url,
            headers: Headers::default(),
            body: Bytes::new(),
            repeat,
        }
    }

    /// With a JSON body; `PATCH` as a merge patch (RFC 7396).
    ///
    /// # Errors
    /// [`Error::Misuse`] when the value has no JSON form.
    pub fn with_json<T: Serialize + ?Sized>(mut self, body: &T) -> Result<Self, Error> {
        self.body = serde_json::to_vec(body)
            .map_err(|_| Error::Misuse("the body has no JSON form"))?
            .into();
        let kind = match self.method {
            Method::Patch => "application/merge-patch+json",
            _ => "application/json",
        };
        self.headers.set("content-type", kind);
        Ok(self)
    }

    /// With a further query parameter, if there is a value.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.url.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    /// With a header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.set(name, value);
        self
    }

    /// With a promise that twice does the same as once.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.repeat = Repeat::Safe;
        self
    }

    /// Path and query as they are sent.
    #[must_use]
    pub fn target(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// Host and port as in the `Host` header: without the scheme's own port.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer. `Debug` does not print the body.
#[derive(Clone)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header fields; of those given several times, the last.
    pub headers: Headers,
    /// The whole body.
    pub body: Bytes,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// One segment of a path, percent-encoded.
///
/// # Errors
/// [`Error::Misuse`] for the empty text, `.` and `..`, which would make another path.
pub fn segment(text: &str) -> Result<String, Error> {
    if matches!(text, "" | "." | "..") {
        return Err(Error::Misuse("an id must not be empty or dots"));
    }
    Ok(utf8_percent_encode(text, SEGMENT).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_cannot_leave_their_place() {
        assert_eq!(segment("8:acs:a_b").unwrap(), "8%3Aacs%3Aa_b");
        assert_eq!(segment("a/../b?c#d%2F").unwrap(), "a%2F..%2Fb%3Fc%23d%252F");
        for text in ["", ".", ".."] {
            assert!(matches!(segment(text), Err(Error::Misuse(_))));
        }
    }

    #[test]
    fn target_and_authority_are_what_is_sent() {
        let url = Url::parse("https://a.example:443/x%3Ay?b=c%20d").unwrap();
        let request = Request::new(Method::Get, url).with_query("e", Some(":"));
        assert_eq!(request.target(), "/x%3Ay?b=c%20d&e=%3A");
        assert_eq!(request.authority(), "a.example");
        let url = Url::parse("https://127.0.0.1:8443/").unwrap();
        assert_eq!(Request::new(Method::Get, url).authority(), "127.0.0.1:8443");
    }

    #[test]
    fn secrets_are_not_printed() {
        let url = Url::parse("https://a.example/?token=secret").unwrap();
        let request = Request::new(Method::Post, url)
            .with_header("Authorization", "Bearer secret")
            .with_json("secret")
            .unwrap();
        assert_eq!(request.headers.get("AUTHORIZATION"), Some("Bearer secret"));
        assert!(!format!("{request:?}").contains("secret"));
    }
}
