//! The transport that is built in: reqwest on rustls.

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;

use super::message::{Headers, Method, Request, Response};
use super::{Error, Transport, TransportError};
use crate::client::options::{ClientOptions, install_crypto};

/// Longest answer read.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

pub(super) struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    pub(super) fn new(options: &ClientOptions) -> Result<Self, Error> {
        install_crypto();
        let builder = reqwest::Client::builder()
            .timeout(options.timeout)
            // A redirect would carry the credential elsewhere, and no signature fits the new address.
            .redirect(reqwest::redirect::Policy::none())
            // The pipeline repeats, and counts.
            .retry(reqwest::retry::never());
        let builder = match &options.tls {
            Some(config) => builder.tls_backend_preconfigured(config.as_ref().clone()),
            None => builder,
        };
        let client = builder.build().map_err(|error| Error::Setup(words(&error)))?;
        Ok(Self { client })
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self.client.request(method, request.url);
        for (name, value) in request.headers.iter() {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body);
        } else if matches!(request.method, Method::Post | Method::Put | Method::Patch) {
            // hyper leaves it out, and some front ends answer 411 then.
            builder = builder.header("content-length", "0");
        }
        let mut answer = builder.send().await.map_err(fault)?;
        let status = answer.status().as_u16();
        let mut headers = Headers::default();
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                headers.set(name.as_str(), value);
            }
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(fault)? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status,
            headers,
            body: Bytes::from(body),
        })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

fn fault(error: reqwest::Error) -> TransportError {
    if error.is_connect() {
        TransportError::Connect(words(&error))
    } else if error.is_timeout() {
        TransportError::Timeout
    } else {
        TransportError::Broken(words(&error))
    }
}

/// The innermost cause, which says what happened. The outer ones hold the address, whose query may be private.
fn words(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
