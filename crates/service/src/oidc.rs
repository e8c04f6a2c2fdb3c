//! Entra tokens of a configured issuer, for back ends that hold no access key.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anteroom_identity::id::ResourceId;
use anteroom_identity::token::{IssuerKeys, TokenError};
use reqwest::{Certificate, Client, redirect};
use serde::Deserialize;
use time::OffsetDateTime;
use url::Url;

use crate::config::{ConfigError, OidcConfig};
use crate::http::auth::AuthError;

/// Largest document taken from the issuer.
const DOCUMENT_BYTES: usize = 256 * 1024;

/// How long the issuer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Keys are not asked for more often, whatever tokens come: strangers can name any key.
const NOT_BEFORE: Duration = Duration::from_secs(60);

/// Keys are asked for again after this time, so that those withdrawn are not trusted for long.
const FRESH: Duration = Duration::from_secs(3600);

/// The configured issuer and its keys.
#[derive(Debug)]
pub struct OidcIssuer {
    config: OidcConfig,
    discovery: Url,
    http: Client,
    keys: RwLock<Option<Arc<IssuerKeys>>>,
    asked: tokio::sync::Mutex<Option<Instant>>,
}

/// What is read of the discovery document (OpenID Connect Discovery 1.0 §3).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("the document is too large")]
    TooLarge,
    #[error("the document is no JSON of the form expected")]
    Malformed,
    #[error("the discovery document is of another issuer, or its keys are not at an https address")]
    NotTheIssuer,
}

impl OidcIssuer {
    /// An issuer whose keys are fetched when they are needed.
    ///
    /// # Errors
    /// [`ConfigError::Oidc`]: the issuer is no https address, no client is named, or the authority cannot be read.
    pub fn new(config: OidcConfig) -> Result<Self, ConfigError> {
        let fault = |reason: String| ConfigError::Oidc { reason };
        let issuer = config.issuer.trim_end_matches('/');
        let discovery = Url::parse(&format!("{issuer}/.well-known/openid-configuration"))
            .ok()
            .filter(|url| url.scheme() == "https" && url.query().is_none())
            .ok_or_else(|| fault("issuer must be an https address".to_owned()))?;
        if config.clients.is_empty() {
            return Err(fault(
                "clients must name the applications that may use ACS".to_owned(),
            ));
        }
        let mut http = Client::builder()
            .timeout(ANSWER_WITHIN)
            .https_only(true)
            .redirect(redirect::Policy::none());
        if let Some(file) = &config.ca {
            let pem = std::fs::read(file).map_err(|error| fault(format!("{}: {error}", file.display())))?;
            let authority = Certificate::from_pem(&pem).map_err(|error| fault(error.to_string()))?;
            http = http.tls_certs_only([authority]);
        }
        Ok(Self {
            http: http.build().map_err(|error| fault(error.to_string()))?,
            config,
            discovery,
            keys: RwLock::default(),
            asked: tokio::sync::Mutex::default(),
        })
    }

    /// The resource that an application with this token may use; `default` when the configuration names none.
    ///
    /// # Errors
    /// [`AuthError::Refused`], also when the issuer does not answer.
    pub async fn authenticate(
        &self,
        token: &str,
        now: OffsetDateTime,
        default: ResourceId,
    ) -> Result<ResourceId, AuthError> {
        let mut outcome = self.verify(token, now);
        if matches!(outcome, Ok(_) | Err(TokenError::UnknownKey)) && self.refresh(outcome.is_ok()).await {
            outcome = self.verify(token, now);
        }
        let claims = outcome.map_err(|_| AuthError::Refused)?;
        if self.config.clients.contains(&claims.client) {
            Ok(self.config.resource.unwrap_or(default))
        } else {
            Err(AuthError::Refused)
        }
    }

    fn verify(
        &self,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<anteroom_identity::token::ExternalClaims, TokenError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        keys.ok_or(TokenError::UnknownKey)?
            .verify(token, now, &self.config.issuer, &self.config.audience)
    }

    /// Fetches the keys, unless that was done a moment ago, or `known` ones are still fresh. One call at a time; others
    /// wait for it, but not those whose key is known. Whether there are other keys than before.
    async fn refresh(&self, known: bool) -> bool {
        let mut asked = match self.asked.try_lock() {
            Ok(asked) => asked,
            Err(_) if known => return false,
            Err(_) => self.asked.lock().await,
        };
        let before = if known { FRESH } else { NOT_BEFORE };
        if let Some(at) = *asked
            && at.elapsed() < before
        {
            // Who waited for another call has its keys now.
            return !known;
        }
        *asked = Some(Instant::now());
        match self.fetch().await {
            Ok(keys) => {
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(keys));
                true
            }
            Err(error) => {
                tracing::warn!(issuer = %self.config.issuer, %error, "the issuer's keys cannot be fetched");
                // An issuer that is down for a while does not take its keys with it.
                false
            }
        }
    }

    async fn fetch(&self) -> Result<IssuerKeys, FetchError> {
        let document = self.get(self.discovery.clone()).await?;
        let discovery: Discovery = serde_json::from_slice(&document).map_err(|_| FetchError::Malformed)?;
        let is_ours = discovery.issuer.trim_end_matches('/') == self.config.issuer.trim_end_matches('/');
        let keys = Url::parse(&discovery.jwks_uri)
            .ok()
            .filter(|url| is_ours && url.scheme() == "https")
            .ok_or(FetchError::NotTheIssuer)?;
        let document = self.get(keys).await?;
        IssuerKeys::from_jwks(&document).map_err(|_| FetchError::Malformed)
    }

    async fn get(&self, url: Url) -> Result<Vec<u8>, FetchError> {
        let mut response = self.http.get(url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > DOCUMENT_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
