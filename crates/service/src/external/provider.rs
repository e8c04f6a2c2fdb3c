//! One provider: where people are sent, and what its answer is worth.
//!
//! The protocol (OpenID Connect Core, Discovery, PKCE) is the `openidconnect` crate's. Added here: `iss` of the answer
//! (RFC 9207), `azp`, `nbf` and `auth_time`, asymmetric signatures only, keys that change, bounds.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreJsonWebKeySet,
    CoreJwsSigningAlgorithm as Algorithm, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LoginHint, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    TokenResponse as _,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use url::Url;

use super::config::{ProviderConfig, Secret};
use super::http::{self, FetchError};
use super::pending::Pending;
use crate::config::ConfigError;

/// How long a provider's description and keys are kept.
const DESCRIPTION_LIFE: Duration = Duration::from_secs(3600);

/// A provider that gave none is not asked again before.
const NOT_BEFORE: Duration = Duration::from_secs(5);

/// Allowed difference between the provider's clock and ours, in seconds.
const LEEWAY: i64 = 300;

/// Longest subject, in bytes (OpenID Connect Core §2).
const MAX_SUBJECT: usize = 255;

/// Longest code, in bytes.
const MAX_CODE: usize = 8 * 1024;

/// Signatures that a public key verifies. A secret that both sides have proves nothing to a third.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EdDsa,
];

/// A configured provider.
pub(crate) struct Provider {
    config: ProviderConfig,
    issuer: IssuerUrl,
    secret: Option<Secret>,
    http: reqwest::Client,
    described: Mutex<Described>,
}

/// What the provider says about itself.
#[derive(Default)]
struct Described {
    known: Option<Known>,
    failed: Option<Instant>,
}

#[derive(Clone)]
struct Known {
    metadata: CoreProviderMetadata,
    /// Whether every answer names its issuer (RFC 9207 §3).
    names_itself: bool,
    at: Instant,
}

/// What the person is to see at the provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// To sign in anew, and from when on that counts.
    pub(crate) fresh_since: Option<OffsetDateTime>,
    /// To choose an account.
    pub(crate) account: bool,
    /// Who it probably is.
    pub(crate) login_hint: Option<String>,
    /// Seconds since the last sign-in at the provider that are enough.
    pub(crate) max_age: Option<i64>,
}

/// Who somebody is, as the provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Unique within the issuer, and never given anew.
    pub(crate) subject: String,
    /// When the person signed in there, in Unix seconds, if it says so.
    pub(crate) auth_time: Option<i64>,
    /// All claims, of the ID token and of userinfo.
    pub(crate) claims: Map<String, Value>,
}

/// Why somebody's sign-in at a provider came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It does not answer.
    #[error("the provider does not answer: {0}")]
    Unreachable(#[from] FetchError),
    /// Its description is none, or another issuer's.
    #[error("the provider's description: {0}")]
    Description(&'static str),
    /// It does not take the code or does not take us for its client.
    #[error("the provider refuses: {0}")]
    Refused(String),
    /// Its answer is not in order.
    #[error("the provider's answer: {0}")]
    Invalid(&'static str),
    /// Its ID token is not in order.
    #[error("the ID token: {0}")]
    IdToken(ClaimsVerificationError),
}

/// What is read of a description besides what the library reads.
#[derive(Default, Deserialize)]
#[serde(default)]
struct More {
    authorization_response_iss_parameter_supported: bool,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    /// A provider whose description is fetched when somebody wants to sign in there.
    ///
    /// # Errors
    /// [`ConfigError::SignIn`].
    pub(crate) fn new(config: ProviderConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: config.check()?,
            secret: config.secret()?,
            http: http::client(&config)?,
            described: Mutex::default(),
            config,
        })
    }

    /// What is set.
    pub(crate) fn config(&self) -> &ProviderConfig {
        &self.config
    }

    /// Whether a `domain_hint` means it: by its id, or by a domain of its people.
    pub(crate) fn is_hinted(&self, hint: &str) -> bool {
        let names = self.config.domains.iter().chain([&self.config.id]);
        names.into_iter().any(|name| name.eq_ignore_ascii_case(hint))
    }

    /// Where to send somebody, and under which `state` the answer comes; `pending` is filled in.
    ///
    /// # Errors
    /// [`ProviderError`]: it does not answer, or not as it should.
    pub(crate) async fn begin(
        &self,
        pending: &mut Pending,
        asked: Asked,
    ) -> Result<(Url, String), ProviderError> {
        let client = self.client(&self.known(None).await?, &pending.redirect_uri)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.config.scopes.iter().filter(|scope| *scope != "openid");
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes.cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        if asked.fresh_since.is_some() {
            request = request.add_prompt(CoreAuthPrompt::Login);
        } else if asked.account {
            request = request.add_prompt(CoreAuthPrompt::SelectAccount);
        }
        if let Some(hint) = asked.login_hint {
            request = request.set_login_hint(LoginHint::new(hint));
        }
        let max_age = asked.max_age.and_then(|age| u64::try_from(age).ok());
        if let Some(seconds) = max_age {
            request = request.set_max_age(Duration::from_secs(seconds));
        }
        let (address, state, nonce) = request.url();
        nonce.secret().clone_into(&mut pending.nonce);
        pending.verifier = verifier.into_secret();
        pending.fresh_since = asked.fresh_since.map(OffsetDateTime::unix_timestamp);
        Ok((address, state.into_secret()))
    }

    /// Exchanges the code that somebody came back with, and checks what is said about the person.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub(crate) async fn finish(
        &self,
        code: String,
        iss: Option<&str>,
        pending: Pending,
    ) -> Result<Answer, ProviderError> {
        let known = self.known(None).await?;
        match iss {
            Some(iss) if iss != self.issuer.as_str() => {
                return Err(ProviderError::Invalid("iss names another issuer"));
            }
            None if known.names_itself => return Err(ProviderError::Invalid("iss is missing")),
            _ => {}
        }
        if code.len() > MAX_CODE {
            return Err(ProviderError::Invalid("the code is too long"));
        }
        let asked = Instant::now();
        let client = self.client(&known, &pending.redirect_uri)?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| ProviderError::Description("there is no token endpoint"))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier))
            .request_async(&http::for_library(&self.http))
            .await
            .map_err(refused)?;
        let nonce = Nonce::new(pending.nonce);
        let claims = match self.verify(&client, &answer, &nonce) {
            // The provider may have other keys by now.
            Err(ProviderError::IdToken(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            ))) => {
                let client = self.client(&self.known(Some(asked)).await?, &pending.redirect_uri)?;
                self.verify(&client, &answer, &nonce)
            }
            other => other,
        }?;
        let auth_time = claims.get("auth_time").and_then(Value::as_i64);
        if let (Some(since), Some(at)) = (pending.fresh_since, auth_time)
            && at.saturating_add(LEEWAY) < since
        {
            return Err(ProviderError::Invalid("the person did not sign in anew"));
        }
        let subject = self.subject(&claims)?;
        let claims = self.with_userinfo(&known, &answer, claims).await?;
        Ok(Answer {
            subject,
            auth_time,
            claims,
        })
    }

    /// The claims of the ID token, once it is known whose they are.
    fn verify(
        &self,
        client: &Client,
        answer: &CoreTokenResponse,
        nonce: &Nonce,
    ) -> Result<Map<String, Value>, ProviderError> {
        let token = answer
            .id_token()
            .ok_or(ProviderError::Invalid("there is no ID token"))?;
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        token.claims(&verifier, nonce).map_err(ProviderError::IdToken)?;
        let claims = payload(&token.to_string()).ok_or(ProviderError::Invalid("the claims are no object"))?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        for from in ["nbf", "iat"] {
            let at = claims.get(from).and_then(Value::as_f64);
            #[expect(clippy::cast_precision_loss, reason = "seconds of this age are exact")]
            if at.is_some_and(|at| at > (now + LEEWAY) as f64) {
                return Err(ProviderError::Invalid("the ID token is of the future"));
            }
        }
        // The library leaves it to us (OpenID Connect Core §3.1.3.7, 5).
        let azp = claims.get("azp");
        if azp.is_some_and(|azp| azp.as_str() != Some(&self.config.client_id)) {
            return Err(ProviderError::Invalid("azp names another client"));
        }
        Ok(claims)
    }

    fn subject(&self, claims: &Map<String, Value>) -> Result<String, ProviderError> {
        let subject = claims.get(&self.config.subject_claim).and_then(Value::as_str);
        subject
            .filter(|text| {
                !text.is_empty() && text.len() <= MAX_SUBJECT && !text.chars().any(char::is_control)
            })
            .map(str::to_owned)
            .ok_or(ProviderError::Invalid("there is no subject"))
    }

    /// Many providers put only what they must into the ID token (OpenID Connect Core §5.4).
    async fn with_userinfo(
        &self,
        known: &Known,
        answer: &CoreTokenResponse,
        mut claims: Map<String, Value>,
    ) -> Result<Map<String, Value>, ProviderError> {
        let config = &self.config;
        let wanted = [
            Some(&config.user_claim),
            Some(&config.email_claim),
            Some(&config.name_claim),
            config.groups_claim.as_ref(),
        ];
        let complete = wanted
            .into_iter()
            .flatten()
            .all(|claim| claims.contains_key(claim));
        let Some(endpoint) = known.metadata.userinfo_endpoint().filter(|_| !complete) else {
            return Ok(claims);
        };
        let bearer = answer.access_token().secret();
        let document = http::get(&self.http, endpoint.url().clone(), Some(bearer)).await?;
        let more: Map<String, Value> = serde_json::from_slice(&document)
            .map_err(|_| ProviderError::Invalid("userinfo is no JSON object"))?;
        // Of whom else it could be (OpenID Connect Core §5.3.2).
        if more.get("sub") != claims.get("sub") {
            return Err(ProviderError::Invalid("userinfo is about somebody else"));
        }
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
        Ok(claims)
    }

    fn client(&self, known: &Known, redirect_uri: &str) -> Result<Client, ProviderError> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|_| ProviderError::Invalid("the redirect URI is none"))?;
        let secret = self
            .secret
            .as_ref()
            .map(|secret| ClientSecret::new(secret.reveal().to_owned()));
        let methods = known.metadata.token_endpoint_auth_methods_supported();
        let basic = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let kind = if basic {
            AuthType::BasicAuth
        } else {
            AuthType::RequestBody
        };
        let id = ClientId::new(self.config.client_id.clone());
        Ok(
            CoreClient::from_provider_metadata(known.metadata.clone(), id, secret)
                .set_redirect_uri(redirect)
                .set_auth_type(kind),
        )
    }

    /// The provider's description and keys; fetched unless those known are fresh, and `newer_than` that moment.
    async fn known(&self, newer_than: Option<Instant>) -> Result<Known, ProviderError> {
        let mut described = self.described.lock().await;
        if let Some(known) = &described.known
            && known.at.elapsed() < DESCRIPTION_LIFE
            && newer_than.is_none_or(|instant| known.at > instant)
        {
            return Ok(known.clone());
        }
        if described.failed.is_some_and(|at| at.elapsed() < NOT_BEFORE) {
            return Err(ProviderError::Description("it gave none a moment ago"));
        }
        match self.describe().await {
            Ok(known) => {
                described.failed = None;
                Ok(described.known.insert(known).clone())
            }
            Err(error) => {
                described.failed = Some(Instant::now());
                Err(error)
            }
        }
    }

    /// OpenID Connect Discovery 1.0 §4, RFC 7517 §5.
    async fn describe(&self) -> Result<Known, ProviderError> {
        let at = Instant::now();
        let base = self.issuer.as_str().trim_end_matches('/');
        let address = Url::parse(&format!("{base}/.well-known/openid-configuration"))
            .map_err(|_| ProviderError::Description("the issuer is no address"))?;
        let document = http::get(&self.http, address, None).await?;
        let metadata: CoreProviderMetadata = serde_json::from_slice(&document)
            .map_err(|_| ProviderError::Description("it has not the form of one"))?;
        let more: More = serde_json::from_slice(&document).unwrap_or_default();
        if *metadata.issuer() != self.issuer {
            return Err(ProviderError::Description("it is of another issuer"));
        }
        if metadata.authorization_endpoint().url().scheme() != "https" {
            return Err(ProviderError::Description(
                "people would be sent to an address without TLS",
            ));
        }
        let document = http::get(&self.http, metadata.jwks_uri().url().clone(), None).await?;
        let keys: CoreJsonWebKeySet =
            serde_json::from_slice(&document).map_err(|_| ProviderError::Description("its keys are none"))?;
        Ok(Known {
            metadata: metadata.set_jwks(keys),
            names_itself: more.authorization_response_iss_parameter_supported,
            at,
        })
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("issuer", &self.issuer.as_str())
            .finish_non_exhaustive()
    }
}

/// Why a code was not exchanged.
fn refused<T>(error: RequestTokenError<FetchError, T>) -> ProviderError
where
    T: openidconnect::ErrorResponse + std::fmt::Display,
{
    match error {
        // Words of the other side: cut, and printable.
        RequestTokenError::ServerResponse(answer) => {
            let text = answer.to_string();
            ProviderError::Refused(text.chars().filter(char::is_ascii_graphic).take(80).collect())
        }
        RequestTokenError::Request(error) => ProviderError::Unreachable(error),
        _ => ProviderError::Invalid("it is no token answer"),
    }
}

/// The claims of a token that was verified, all of them.
fn payload(token: &str) -> Option<Map<String, Value>> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}
