//! One request to a target.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Certificate, Client, Method, Response, redirect};
use time::OffsetDateTime;
use url::{Host, Url};

use super::address::AddressPolicy;
use super::answer;
use super::cloud_event::MEDIA_TYPE;
use super::schedule::{Answer, Failure};
use super::settings::WebhookConfig;
use super::signature;
use super::table::Webhook;
use super::target::UrlRules;
use crate::config::ConfigError;
use crate::media::interfaces;

/// How much of an answer is read, so that its connection can be used again; nobody looks at it.
const ANSWER_BYTES: usize = 16 * 1024;

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// The header with which a target agrees.
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";

/// What targets see of us.
const USER_AGENT: &str = concat!("anteroom/", env!("CARGO_PKG_VERSION"));

/// Sends to targets, at permitted addresses only.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client,
    policy: Arc<AddressPolicy>,
    rules: UrlRules,
    /// As in CloudEvents' HTTP webhooks: the host name by which targets know us.
    origin: String,
}

/// Whether a target agrees to be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    Given,
    Missing,
}

impl Sender {
    /// A sender for a service at `endpoint`, also known as `own_authorities`.
    ///
    /// # Errors
    /// [`ConfigError::Webhooks`]: the file of certificate authorities cannot be read.
    pub(crate) fn new(
        config: &WebhookConfig,
        endpoint: &Url,
        own_authorities: Vec<String>,
    ) -> Result<Self, ConfigError> {
        let fault = |error: &dyn fmt::Display| ConfigError::Webhooks {
            reason: error.to_string(),
        };
        let policy = Arc::new(AddressPolicy::new(config.allow_private_targets.clone()));
        // The client takes the process's provider. One that was chosen before stays.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .https_only(!config.allow_http)
            // A redirection, or a proxy that the environment names, would lead past the policy.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .dns_resolver(Permitted(Arc::clone(&policy)))
            .timeout(config.timeout())
            .pool_max_idle_per_host(config.concurrency)
            .pool_idle_timeout(IDLE);
        if let Some(file) = &config.ca {
            let pem = std::fs::read(file).map_err(|error| fault(&format!("{}: {error}", file.display())))?;
            let authorities = Certificate::from_pem_bundle(&pem).map_err(|error| fault(&error))?;
            client = client.tls_certs_merge(authorities);
        }
        Ok(Self {
            client: client.build().map_err(|error| fault(&error))?,
            policy,
            rules: UrlRules {
                allow_http: config.allow_http,
                own_authorities,
            },
            origin: endpoint.host_str().unwrap_or_default().to_owned(),
        })
    }

    pub(super) const fn rules(&self) -> &UrlRules {
        &self.rules
    }

    /// Sends an event.
    pub(super) async fn send(
        &self,
        webhook: &Webhook,
        id: &str,
        body: String,
        now: OffsetDateTime,
    ) -> Answer {
        if !self.literal_is_permitted(webhook.url()) {
            return Answer::Failed(Failure::AddressRefused);
        }
        let request = self
            .client
            .post(webhook.url().clone())
            .header(header::CONTENT_TYPE, MEDIA_TYPE)
            .header(header::ORIGIN, &self.origin)
            .header(signature::ID, id)
            .header(signature::TIMESTAMP, now.unix_timestamp())
            .header(signature::SIGNATURE, webhook.sign(id, now, body.as_bytes()))
            .body(body);
        match request.send().await {
            Ok(response) => {
                let answer = Answer::Status {
                    code: response.status().as_u16(),
                    retry_after: text(response.headers(), &header::RETRY_AFTER)
                        .and_then(|text| answer::retry_after(text, now)),
                };
                read_some(response).await;
                answer
            }
            Err(error) => Answer::Failed(failure(&error)),
        }
    }

    /// Asks a target whether it agrees (CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, section 4).
    pub(super) async fn ask(&self, url: &Url) -> Consent {
        if !self.literal_is_permitted(url) {
            return Consent::Missing;
        }
        let request = self
            .client
            .request(Method::OPTIONS, url.clone())
            .header("webhook-request-origin", &self.origin);
        match request.send().await {
            Ok(response) => {
                let allowed = response.headers().get(ALLOWED_ORIGIN);
                let agreed = response.status().is_success()
                    && allowed.is_some_and(|allowed| answer::consents(allowed.as_bytes(), &self.origin));
                if agreed { Consent::Given } else { Consent::Missing }
            }
            Err(error) => {
                tracing::info!(
                    error = failure(&error).as_str(),
                    "a webhook's target was asked in vain"
                );
                Consent::Missing
            }
        }
    }

    /// Whether a target has an address that may be sent to. One whose name is unknown as yet may get one.
    pub(super) async fn may_reach(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(name)) => match tokio::net::lookup_host((name, 0)).await {
                Ok(addresses) => {
                    let own = interfaces();
                    let mut addresses = addresses.peekable();
                    addresses.peek().is_none()
                        || addresses.any(|address| self.policy.permits(address.ip(), &own))
                }
                Err(_) => true,
            },
            _ => self.literal_is_permitted(url),
        }
    }

    /// Addresses in the place of names are connected to without being looked up.
    fn literal_is_permitted(&self, url: &Url) -> bool {
        self.policy.permits_literal(url, &interfaces())
    }
}

/// Looks names up, and gives the permitted addresses alone: the connection goes to one of these.
#[derive(Debug)]
struct Permitted(Arc<AddressPolicy>);

/// A name has no permitted address.
#[derive(Debug, thiserror::Error)]
#[error("the address is private, or this machine's")]
struct Refused;

impl Resolve for Permitted {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let own = interfaces();
            let permitted: Vec<SocketAddr> = found
                .filter(|address| policy.permits(address.ip(), &own))
                .collect();
            if permitted.is_empty() {
                return Err(Refused.into());
            }
            let permitted: Addrs = Box::new(permitted.into_iter());
            Ok(permitted)
        })
    }
}

fn failure(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<Refused>() {
            return Failure::AddressRefused;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        Failure::TimedOut
    } else if error.is_connect() {
        Failure::Unreachable
    } else {
        Failure::Broken
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

async fn read_some(mut response: Response) {
    let mut read = 0;
    while read < ANSWER_BYTES {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            // The status has been said; what follows changes nothing.
            Ok(None) | Err(_) => return,
        }
    }
}
