//! What every client of an ACS REST API does with a request: sign it, send it, repeat it, read the answer.
//!
//! Retries are those of azure-core. Repeated are
//!
//! - 408, 429 and every 5xx except 501 and 505;
//! - connections that could not be made, for any request, since nothing was sent;
//! - broken connections and time-outs after that, for requests that may be carried out twice ([`Repeat::Safe`]).
//!
//! The wait is what `retry-after-ms`, `x-ms-retry-after-ms` or `Retry-After` (seconds or a date) say, otherwise a back-off
//! that doubles, with jitter between half of it and all. Each attempt is signed anew. Other refusals are final.
//!
//! | module item | |
//! |---|---|
//! | [`Pipeline`] | endpoint, credential and options of one client |
//! | [`Request`], [`Response`] | HTTP in our own words |
//! | [`Transport`] | who really sends; [`ScriptedTransport`] does not, for tests |
//! | [`Pager`] | a paged list as a stream |
//! | [`Error`] | what goes wrong |

mod authentication;
mod error;
mod http;
mod message;
mod paging;
mod retry;
mod scripted;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use url::Url;
use uuid::Uuid;

pub use self::authentication::{Authentication, CachedToken};
pub use self::error::{Error, ErrorDetail, Refusal};
pub use self::message::{Headers, Method, Repeat, Request, Response, segment};
pub use self::paging::{Page, Pager};
use self::retry::Verdict;
pub use self::scripted::ScriptedTransport;
use super::options::ClientOptions;

/// Who carries requests.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request, once, and reads the whole answer, whatever its status.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// There was no connection: name, address, TLS. Nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The time for one attempt is over.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke; the request may have been carried out.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The answer is longer than the 16 MiB that are read.
    #[error("the answer is too long")]
    TooLong,
}

/// What time it is.
pub trait TimeSource: Send + Sync + 'static {
    /// Now, by the wall clock.
    fn now(&self) -> OffsetDateTime;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemTime;

impl TimeSource for SystemTime {
    #[expect(clippy::disallowed_methods, reason = "a client is the edge")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// Endpoint, credential and options of one client. Clones share connections.
#[derive(Clone)]
pub struct Pipeline {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Url,
    api_version: &'static str,
    authentication: Authentication,
    options: ClientOptions,
    transport: Arc<dyn Transport>,
    user_agent: String,
}

impl Pipeline {
    /// A pipeline to `endpoint` (`https://host[:port]`) that sends `api_version` with every request.
    ///
    /// # Errors
    /// [`Error::Endpoint`] for anything that is not a bare https address, and [`Error::Setup`] when the HTTP client
    /// cannot be made.
    pub fn new(
        endpoint: &str,
        api_version: &'static str,
        authentication: Authentication,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        let endpoint = parse_endpoint(endpoint, options.insecure_http)?;
        let transport = match &options.transport {
            Some(transport) => Arc::clone(transport),
            None => Arc::new(http::HttpTransport::new(&options)?),
        };
        let own = concat!("anteroom-rust/", env!("CARGO_PKG_VERSION"));
        let user_agent = match &options.application_id {
            Some(id) => format!("{id} {own}"),
            None => own.to_owned(),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                endpoint,
                api_version,
                authentication,
                options,
                transport,
                user_agent,
            }),
        })
    }

    /// The service's address.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        &self.inner.endpoint
    }

    /// The options it was made with.
    pub fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    /// A request to this path, which begins with `/` and is percent-encoded already (see [`segment`]).
    #[must_use]
    pub fn request(&self, method: Method, path: &str) -> Request {
        let mut url = self.inner.endpoint.clone();
        url.set_path(path);
        url.query_pairs_mut()
            .append_pair("api-version", self.inner.api_version);
        Request::new(method, url)
    }

    /// The request for a further page.
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] when the link leads to another host: the credential would leave with it.
    pub fn request_link(&self, link: &str) -> Result<Request, Error> {
        let url = Url::parse(link).map_err(|_| Error::UnexpectedAnswer("nextLink is no address"))?;
        if url.origin() != self.inner.endpoint.origin() {
            return Err(Error::UnexpectedAnswer("nextLink leads to another host"));
        }
        Ok(Request::new(Method::Get, url))
    }

    /// Sends a request and repeats it as the module says, until the answer has one of these statuses.
    ///
    /// # Errors
    /// [`Error`]; with retries, what the last attempt gave.
    pub async fn send(&self, mut request: Request, success: &[u16]) -> Result<Response, Error> {
        let id = Uuid::new_v4().to_string();
        request.headers.set("x-ms-client-request-id", &id);
        request.headers.set("user-agent", &self.inner.user_agent);
        request.headers.set("accept", "application/json");
        let options = &self.inner.options;
        let mut retries = 0;
        loop {
            let mut attempt = request.clone();
            self.inner
                .authentication
                .authorize(&mut attempt, &*options.time)
                .await?;
            let outcome = self.inner.transport.send(attempt).await;
            if let Ok(response) = &outcome
                && success.contains(&response.status)
            {
                tracing::debug!(
                    method = request.method.as_str(),
                    status = response.status,
                    id,
                    "answered"
                );
                return outcome.map_err(Error::from);
            }
            let verdict = match &outcome {
                Ok(response) => retry::after_answer(response, &options.retry, retries, options.time.now()),
                Err(error) => retry::after_failure(error, request.repeat, &options.retry, retries),
            };
            let Verdict::Again(delay) = verdict else {
                return Err(match outcome {
                    Ok(response) => Error::from_answer(&response, &id),
                    Err(error) => error.into(),
                });
            };
            tracing::debug!(
                method = request.method.as_str(),
                status = outcome.as_ref().map_or(0, |response| response.status),
                ?delay,
                id,
                "trying again"
            );
            tokio::time::sleep(delay).await;
            retries += 1;
        }
    }

    /// The same, reading JSON.
    ///
    /// # Errors
    /// [`Error::UnexpectedAnswer`] when the body is not the JSON it should be.
    pub async fn json<T: DeserializeOwned>(&self, request: Request, success: &[u16]) -> Result<T, Error> {
        let response = self.send(request, success).await?;
        serde_json::from_slice(&response.body)
            .map_err(|_| Error::UnexpectedAnswer("the body is not the JSON it should be"))
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("endpoint", &self.inner.endpoint.as_str())
            .field("api_version", &self.inner.api_version)
            .finish_non_exhaustive()
    }
}

/// `https://host[:port]`, `host[:port]` for the same, and `http://` only when asked for.
fn parse_endpoint(text: &str, insecure_http: bool) -> Result<Url, Error> {
    let text = text.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("https://{text}"))
    };
    let url = url.map_err(|_| Error::Endpoint("it is no address"))?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.host_str().is_some();
    match url.scheme() {
        "https" if bare => Ok(url),
        "http" if bare && insecure_http => Ok(url),
        "http" if bare => Err(Error::Endpoint("credentials are sent over https only")),
        _ => Err(Error::Endpoint("it must be https://host[:port]")),
    }
}
