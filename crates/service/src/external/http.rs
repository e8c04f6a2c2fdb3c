//! How providers are asked: over TLS, without redirections, in bounded time and size.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};
use reqwest::{Certificate, Client, redirect};
use url::Url;

use super::config::ProviderConfig;
use crate::config::{ConfigError, io_reason};

/// Largest answer taken from a provider, in bytes.
const ANSWER_BYTES: usize = 256 * 1024;

/// How long a provider may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Why a provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// No connection, no TLS, or no answer in time.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// The answer is larger than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// An answer that HTTP does not have.
    #[error("the answer is malformed")]
    Malformed,
}

/// A client for one provider.
///
/// # Errors
/// [`ConfigError::SignIn`]: its certificate authority cannot be read.
pub(super) fn client(config: &ProviderConfig) -> Result<Client, ConfigError> {
    // The client takes the process's provider of cryptography. One that was chosen before stays.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = Client::builder()
        .timeout(ANSWER_WITHIN)
        .https_only(true)
        .redirect(redirect::Policy::none());
    if let Some(file) = &config.ca {
        let pem = std::fs::read(file)
            .map_err(|error| config.fault(&format!("{}: {}", file.display(), io_reason(&error))))?;
        let authority = Certificate::from_pem(&pem).map_err(|error| config.fault(&error.to_string()))?;
        builder = builder.tls_certs_only([authority]);
    }
    builder.build().map_err(|error| config.fault(&error.to_string()))
}

/// A document at an address.
pub(super) async fn get(client: &Client, url: Url, bearer: Option<&str>) -> Result<Vec<u8>, FetchError> {
    let mut request = client.get(url);
    if let Some(token) = bearer {
        request = request.bearer_auth(token);
    }
    let mut response = request.send().await?.error_for_status()?;
    read(&mut response).await
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the OpenID Connect library sends its requests with.
pub(super) fn for_library(
    client: &Client,
) -> impl Fn(HttpRequest) -> BoxFuture<Result<HttpResponse, FetchError>> + Send + Sync + use<> {
    let client = client.clone();
    move |request| Box::pin(call(client.clone(), request))
}

async fn call(client: Client, request: HttpRequest) -> Result<HttpResponse, FetchError> {
    let mut response = client.execute(reqwest::Request::try_from(request)?).await?;
    let mut answer = openidconnect::http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    let body = read(&mut response).await?;
    answer.body(body).map_err(|_| FetchError::Malformed)
}

async fn read(response: &mut reqwest::Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
