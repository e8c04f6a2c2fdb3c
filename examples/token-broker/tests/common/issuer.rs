//! An identity provider as small as can be: discovery, authorization code with PKCE, ID tokens signed with Ed25519.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreIdToken, CoreIdTokenClaims, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, Audience, EmptyAdditionalClaims, EndUserName, IssuerUrl, JsonWebKeyId, LocalizedClaim,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, PrivateSigningKey as _, StandardClaims, SubjectIdentifier,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::{local_url, spawn};

pub(crate) const CLIENT: &str = "clinic";
pub(crate) const SECRET: &str = "a client's secret";

/// Clones share it.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: Url,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    subject: String,
    name: String,
    audience: String,
    nonce: Option<String>,
    key: CoreEdDsaPrivateSigningKey,
    keys: u32,
    codes: HashMap<String, (String, String)>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = local_url(listener.local_addr().unwrap());
        let issuer = Self {
            url,
            inner: Arc::new(Mutex::new(Inner {
                subject: "1001".to_owned(),
                name: "Dana <b>Novak</b>".to_owned(),
                audience: CLIENT.to_owned(),
                nonce: None,
                key: new_key(1),
                keys: 1,
                codes: HashMap::new(),
            })),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(issuer.clone());
        spawn(listener, router);
        issuer
    }

    /// Who logs in from now on.
    pub(crate) fn person(&self, subject: &str, name: &str) {
        let mut inner = self.inner.lock().unwrap();
        inner.subject = subject.to_owned();
        inner.name = name.to_owned();
    }

    /// Whom ID tokens are for from now on.
    pub(crate) fn audience(&self, audience: &str) {
        self.inner.lock().unwrap().audience = audience.to_owned();
    }

    /// A nonce to put in the place of the one asked for.
    pub(crate) fn nonce(&self, nonce: Option<&str>) {
        self.inner.lock().unwrap().nonce = nonce.map(str::to_owned);
    }

    /// Signs with a new key from now on; publishes that one alone.
    pub(crate) fn rotate(&self) {
        let mut inner = self.inner.lock().unwrap();
        inner.keys += 1;
        inner.key = new_key(inner.keys);
    }

    /// Signs with a key that nobody is told of.
    pub(crate) fn forge(&self) {
        let mut inner = self.inner.lock().unwrap();
        inner.key = new_key(inner.keys);
    }

    fn address(&self, path: &str) -> String {
        self.url.join(path).unwrap().into()
    }

    fn name(&self) -> IssuerUrl {
        IssuerUrl::new(self.url.as_str().to_owned()).unwrap()
    }
}

fn new_key(number: u32) -> CoreEdDsaPrivateSigningKey {
    let pem = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519)
        .unwrap()
        .serialize_pem();
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(number.to_string()))).unwrap()
}

async fn describe(State(issuer): State<Issuer>) -> Json<Value> {
    Json(json!({
        "issuer": issuer.url.as_str(),
        "authorization_endpoint": issuer.address("authorize"),
        "token_endpoint": issuer.address("token"),
        "jwks_uri": issuer.address("jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    }))
}

async fn jwks(State(issuer): State<Issuer>) -> Json<CoreJsonWebKeySet> {
    let key = issuer.inner.lock().unwrap().key.as_verification_key();
    Json(CoreJsonWebKeySet::new(vec![key]))
}

/// The person has logged in here already, and agrees to everything.
async fn authorize(State(issuer): State<Issuer>, Query(query): Query<HashMap<String, String>>) -> Response {
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["client_id"], CLIENT);
    assert_eq!(query["code_challenge_method"], "S256");
    assert!(query["scope"].split(' ').any(|scope| scope == "openid"));
    let mut inner = issuer.inner.lock().unwrap();
    let code = format!("code-{}", inner.codes.len());
    let kept = (query["nonce"].clone(), query["code_challenge"].clone());
    inner.codes.insert(code.clone(), kept);
    let mut back: Url = query["redirect_uri"].parse().unwrap();
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &query["state"]);
    Redirect::to(back.as_str()).into_response()
}

async fn token(
    State(issuer): State<Issuer>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let invalid = |status: StatusCode, error: &str| (status, Json(json!({ "error": error }))).into_response();
    if !headers["authorization"].to_str().unwrap().starts_with("Basic ") {
        return invalid(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let mut inner = issuer.inner.lock().unwrap();
    let Some((nonce, challenge)) = inner.codes.remove(&form["code"]) else {
        return invalid(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let verifier = PkceCodeVerifier::new(form["code_verifier"].clone());
    if PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str() != challenge {
        return invalid(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let access = AccessToken::new("opaque".to_owned());
    let now = std::time::SystemTime::now();
    let mut name = LocalizedClaim::new();
    name.insert(None, EndUserName::new(inner.name.clone()));
    let claims = CoreIdTokenClaims::new(
        issuer.name(),
        vec![Audience::new(inner.audience.clone())],
        (now + std::time::Duration::from_secs(300)).into(),
        now.into(),
        StandardClaims::new(SubjectIdentifier::new(inner.subject.clone())).set_name(Some(name)),
        EmptyAdditionalClaims {},
    )
    .set_nonce(Some(Nonce::new(inner.nonce.clone().unwrap_or(nonce))));
    let token = CoreIdToken::new(
        claims,
        &inner.key,
        CoreJwsSigningAlgorithm::EdDsa,
        Some(&access),
        None,
    )
    .unwrap();
    Json(json!({
        "access_token": access.secret(),
        "token_type": "Bearer",
        "expires_in": 300,
        "id_token": token.to_string(),
    }))
    .into_response()
}
