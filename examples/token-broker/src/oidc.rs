//! Logging in by OpenID Connect: authorization code with PKCE, state and nonce.
//!
//! What the callback must match stands in a signed cookie of ten minutes, so a login that began in another browser goes
//! nowhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, SignedCookieJar};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreTokenResponse};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    SignatureVerificationError, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use url::Url;

use crate::session::{Customer, cookie};
use crate::{Broker, pages};

/// How long the identity provider's description and keys are kept.
const METADATA_LIFE: Duration = Duration::from_secs(600);

/// How long a login may take.
const LOGIN_LIFE: time::Duration = time::Duration::minutes(10);

/// Longest answer of the identity provider that is read.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Longest name that is shown.
const MAX_NAME_CHARS: usize = 80;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The clinic's identity provider. Clones share it.
#[derive(Clone)]
pub struct Oidc {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    http: reqwest::Client,
    metadata: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

/// What a login's end must match.
#[derive(Serialize, Deserialize)]
struct Pending {
    state: String,
    nonce: String,
    verifier: String,
    expires: i64,
}

impl Oidc {
    /// The provider at this issuer. Its description is fetched when somebody logs in.
    ///
    /// # Errors
    /// An address is malformed.
    pub fn new(
        issuer: &str,
        client_id: &str,
        client_secret: Option<String>,
        public_url: &Url,
        http: reqwest::Client,
    ) -> Result<Self> {
        let redirect = public_url.join("/login/oidc/callback")?;
        Ok(Self {
            inner: Arc::new(Inner {
                issuer: IssuerUrl::new(issuer.to_owned()).context("the issuer is no address")?,
                client_id: ClientId::new(client_id.to_owned()),
                client_secret: client_secret.map(ClientSecret::new),
                redirect: RedirectUrl::from_url(redirect),
                http,
                metadata: Mutex::new(None),
            }),
        })
    }

    async fn client(&self, newer_than: Option<Instant>) -> Result<Client> {
        let Inner {
            issuer,
            client_id,
            client_secret,
            redirect,
            ..
        } = &*self.inner;
        let mut cached = self.inner.metadata.lock().await;
        let fresh = cached
            .take()
            .filter(|(at, _)| at.elapsed() < METADATA_LIFE && newer_than.is_none_or(|instant| *at > instant));
        let metadata = match fresh {
            Some((at, metadata)) => cached.insert((at, metadata)).1.clone(),
            None => {
                let http = self.http();
                let metadata = CoreProviderMetadata::discover_async(issuer.clone(), &http)
                    .await
                    .context("the identity provider's description cannot be had")?;
                cached.insert((Instant::now(), metadata)).1.clone()
            }
        };
        let client = CoreClient::from_provider_metadata(metadata, client_id.clone(), client_secret.clone());
        Ok(client.set_redirect_uri(redirect.clone()))
    }

    /// Where to send the browser, and what must come back.
    async fn begin(&self) -> Result<(Url, Pending)> {
        let client = self.client(None).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let pending = Pending {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            expires: (OffsetDateTime::now_utc() + LOGIN_LIFE).unix_timestamp(),
        };
        Ok((address, pending))
    }

    /// Exchanges the code and checks the ID token.
    async fn finish(&self, code: String, pending: Pending) -> Result<Customer> {
        let started = Instant::now();
        let mut client = self.client(None).await?;
        let http = self.http();
        let answer = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier))
            .request_async(&http)
            .await
            .context("the identity provider did not take the code")?;
        let nonce = Nonce::new(pending.nonce);
        match self.customer(&client, &answer, &nonce) {
            // The provider may have changed its keys since they were fetched.
            Err(error) if is_unknown_key(&error) => {
                client = self.client(Some(started)).await?;
                self.customer(&client, &answer, &nonce)
            }
            other => other,
        }
    }

    fn customer(&self, client: &Client, answer: &CoreTokenResponse, nonce: &Nonce) -> Result<Customer> {
        let token = answer
            .id_token()
            .context("the identity provider sent no ID token")?;
        let verifier = client.id_token_verifier();
        let claims = token.claims(&verifier, nonce)?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg()?;
            let found =
                AccessTokenHash::from_token(answer.access_token(), algorithm, token.signing_key(&verifier)?)?;
            ensure!(found == *expected, "the access token is not the ID token's");
        }
        let name = claims
            .name()
            .and_then(|name| name.get(None))
            .map(|name| name.as_str())
            .or_else(|| claims.preferred_username().map(|name| name.as_str()))
            .unwrap_or("Customer");
        Ok(Customer {
            // A subject is unique within its issuer only.
            id: format!(
                "oidc:{}#{}",
                self.inner.issuer.as_str(),
                claims.subject().as_str()
            ),
            name: name
                .chars()
                .filter(|c| !c.is_control())
                .take(MAX_NAME_CHARS)
                .collect(),
        })
    }

    /// What the library sends its requests with.
    fn http(
        &self,
    ) -> impl Fn(HttpRequest) -> BoxFuture<Result<HttpResponse, std::io::Error>> + Send + Sync + use<> {
        let client = self.inner.http.clone();
        move |request| Box::pin(call(client.clone(), request))
    }
}

type BoxFuture<T> = std::pin::Pin<Box<dyn Future<Output = T> + Send>>;

async fn call(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, std::io::Error> {
    let request = reqwest::Request::try_from(request).map_err(std::io::Error::other)?;
    let mut answer = http.execute(request).await.map_err(std::io::Error::other)?;
    let mut builder = openidconnect::http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        builder = builder.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(std::io::Error::other)? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(std::io::Error::other("the answer is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    builder.body(body).map_err(std::io::Error::other)
}

fn is_unknown_key(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey
        ))
    )
}

/// `GET /login/oidc`: to the identity provider.
///
/// # Errors
/// 404 when there is none, 502 when it does not answer.
pub async fn begin(State(broker): State<Broker>, jar: SignedCookieJar) -> Result<Response, Response> {
    let parts = broker.parts();
    let oidc = parts
        .oidc
        .as_ref()
        .ok_or_else(|| StatusCode::NOT_FOUND.into_response())?;
    let (address, pending) = oidc.begin().await.map_err(|error| provider_fault(&error))?;
    let value = serde_json::to_string(&pending).unwrap_or_default();
    let jar = jar.add(cookie(&parts.public_url, LOGIN_COOKIE, value, LOGIN_LIFE));
    Ok((jar, Redirect::to(address.as_str())).into_response())
}

/// Holds a login that has begun.
const LOGIN_COOKIE: &str = "clinic-login";

/// What the identity provider sends the browser back with.
#[derive(Debug, Deserialize)]
pub struct Callback {
    state: String,
    code: Option<String>,
    error: Option<String>,
}

/// `GET /login/oidc/callback`: back from the identity provider.
///
/// # Errors
/// 400 for what did not begin in this browser, 502 when the provider's answer is not in order.
pub async fn finish(
    State(broker): State<Broker>,
    jar: SignedCookieJar,
    Query(callback): Query<Callback>,
) -> Result<Response, Response> {
    let oidc = broker.parts().oidc.as_ref();
    let oidc = oidc.ok_or_else(|| StatusCode::NOT_FOUND.into_response())?;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let pending = jar
        .get(LOGIN_COOKIE)
        .and_then(|cookie| serde_json::from_str::<Pending>(cookie.value()).ok())
        .filter(|pending| pending.state == callback.state && pending.expires > now)
        .ok_or_else(|| {
            let sentence = "This login did not begin here, or took too long. Please log in again.";
            (StatusCode::BAD_REQUEST, sentence).into_response()
        })?;
    // Each login ends once.
    let jar = jar.remove(Cookie::build(LOGIN_COOKIE).path("/"));
    let outcome = match (callback.code, callback.error) {
        (Some(code), None) => oidc.finish(code, pending).await,
        (_, error) => refused(error.as_deref().unwrap_or("no code")),
    };
    match outcome {
        Ok(customer) => Ok(pages::logged_in(&broker, jar, customer)),
        Err(error) => Err((jar, provider_fault(&error)).into_response()),
    }
}

fn refused(error: &str) -> Result<Customer> {
    bail!("the identity provider refused: {error:?}")
}

fn provider_fault(error: &anyhow::Error) -> Response {
    tracing::warn!(error = format!("{error:#}"), "OpenID Connect login failed");
    let sentence = "Logging in did not work. Please try again.";
    (StatusCode::BAD_GATEWAY, sentence).into_response()
}

impl std::fmt::Debug for Oidc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Oidc")
            .field("issuer", &self.inner.issuer.as_str())
            .finish_non_exhaustive()
    }
}
