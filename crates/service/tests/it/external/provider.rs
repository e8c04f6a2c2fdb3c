//! A provider that does as it is told: it signs with its own keys, by a cryptography library alone, and says whatever a
//! test wants.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anteroom_service::external::ProviderConfig;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use aws_lc_rs::{digest, hmac, rand};
use axum::Router;
use axum::extract::{RawForm, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, KeyPair as TlsKey};
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::Url;

use crate::common::Host;
use crate::oauth::browser::{Answer, Browser, query};

pub(crate) const CLIENT: &str = "anteroom at the provider";
pub(crate) const SECRET: &str = "a secret: with/all+signs";

/// A running provider. It ends with the test.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) said: Said,
    ca: tempfile::TempDir,
    handle: Handle<SocketAddr>,
}

/// What it says, to be changed by tests.
pub(crate) type Said = Arc<Mutex<Says>>;

pub(crate) struct Says {
    issuer: String,
    /// Changes to the discovery document.
    pub(crate) discovery: Value,
    /// Changes to the claims of ID tokens; `null` leaves a claim out.
    pub(crate) claims: Value,
    /// What userinfo says; `null` for none.
    pub(crate) userinfo: Value,
    /// How ID tokens are signed.
    pub(crate) signature: Signature,
    /// Bytes that the token endpoint adds to its answer.
    pub(crate) padding: usize,
    key: Key,
    /// What the last authorization request said: nonce and challenge.
    asked: Option<(String, String)>,
    /// How often codes were exchanged.
    pub(crate) exchanged: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Right,
    /// `alg: none`, without one.
    None,
    /// With the public key, as its JWK has it, as the secret of an HMAC.
    PublicKeyAsSecret,
    /// With the client's secret, which both sides have.
    ClientSecret,
    /// By a key that the key set does not have, under the name of one that it has.
    OtherKey,
    /// Right, but for other claims.
    Moved,
}

struct Key {
    id: String,
    pair: KeyPair,
}

impl Key {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            pair: KeyPair::generate(KeySize::Rsa2048).unwrap(),
        }
    }

    /// Of `SEQUENCE { INTEGER n, INTEGER e }` (RFC 8017 §A.1.1), whose form is known for 2048 bits and 65537.
    fn modulus(&self) -> Vec<u8> {
        let der = self.pair.public_key().as_ref();
        assert_eq!(der[..9], [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00]);
        assert_eq!(der[265..], [0x02, 0x03, 0x01, 0x00, 0x01]);
        der[9..265].to_vec()
    }

    fn jwk(&self) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "kid": self.id, "n": encode(&self.modulus()), "e": "AQAB",
        })
    }

    fn sign(&self, text: &str) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = rand::SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
            .unwrap();
        signature
    }
}

impl Says {
    fn id_token(&self) -> String {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let nonce = self.asked.as_ref().map(|(nonce, _)| nonce);
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "subject-1", "nonce": nonce, "iat": now, "exp": now + 300,
            "preferred_username": "dora@contoso.example", "name": "Dora Schmidt", "email": "dora@contoso.example",
        });
        merge(&mut claims, &self.claims);
        let algorithm = match self.signature {
            Signature::None => "none",
            Signature::PublicKeyAsSecret | Signature::ClientSecret => "HS256",
            _ => "RS256",
        };
        let header = json!({ "alg": algorithm, "typ": "JWT", "kid": self.key.id });
        let signed = |claims: &Value| {
            let payload = encode(claims.to_string().as_bytes());
            format!("{}.{payload}", encode(header.to_string().as_bytes()))
        };
        let text = signed(&claims);
        let hmac = |secret: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
        };
        let signature = match self.signature {
            Signature::Right => self.key.sign(&text),
            Signature::None => Vec::new(),
            Signature::PublicKeyAsSecret => hmac(&self.key.modulus()),
            Signature::ClientSecret => hmac(SECRET.as_bytes()),
            Signature::OtherKey => Key::new(&self.key.id).sign(&text),
            Signature::Moved => {
                let mut others = claims.clone();
                others["sub"] = json!("somebody else");
                self.key.sign(&signed(&others))
            }
        };
        format!("{text}.{}", encode(&signature))
    }

    /// New keys; the old ones are gone.
    pub(crate) fn rotate(&mut self, id: &str) {
        self.key = Key::new(id);
    }
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let issuer = format!(
            "https://localhost:{}/realm",
            listener.local_addr().unwrap().port()
        );
        let key = TlsKey::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let ca = tempfile::tempdir().unwrap();
        std::fs::write(ca.path().join("ca.pem"), certificate.pem()).unwrap();
        let tls = RustlsConfig::from_pem(certificate.pem().into(), key.serialize_pem().into())
            .await
            .unwrap();
        let said = Arc::new(Mutex::new(Says {
            issuer: issuer.clone(),
            discovery: json!({}),
            claims: json!({}),
            userinfo: Value::Null,
            signature: Signature::Right,
            padding: 0,
            key: Key::new("first"),
            asked: None,
            exchanged: 0,
        }));
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(discovery))
            .route("/realm/keys", get(keys))
            .route("/realm/token", post(token))
            .route("/realm/userinfo", get(userinfo))
            .with_state(Arc::clone(&said));
        let handle = Handle::new();
        let server = axum_server::from_tcp_rustls(listener, tls)
            .unwrap()
            .handle(handle.clone());
        tokio::spawn(server.serve(router.into_make_service()));
        Self {
            issuer,
            said,
            ca,
            handle,
        }
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.ca.path().join("ca.pem")
    }

    /// How a tenant of the demo is told of it.
    pub(crate) fn config(&self) -> ProviderConfig {
        let mut config = ProviderConfig::new("partner", "contoso", &self.issuer, CLIENT);
        config.name = "Partner <&> Co".to_owned();
        config.client_secret = Some(SECRET.to_owned().into());
        config.ca = Some(self.ca());
        config
    }

    pub(crate) fn says(&self, change: impl FnOnce(&mut Says)) {
        change(&mut self.said.lock().unwrap());
    }

    /// Answers the last request with these claims, and with nothing else changed.
    pub(crate) fn claims(&self, claims: Value) {
        self.says(|says| {
            says.claims = claims;
            says.signature = Signature::Right;
        });
    }

    /// No connection comes through any more.
    pub(crate) fn stop(&self) {
        self.handle.shutdown();
    }

    /// The person arrives here, and is sent back: the target at the host. `iss` and the code may be others.
    pub(crate) fn visited(&self, host: &Host, location: &str) -> String {
        let url = Url::parse(location).unwrap();
        assert!(
            location.starts_with(&format!("{}/authorize?", self.issuer)),
            "{location}"
        );
        let value = |name: &str| {
            let found = url.query_pairs().find(|(known, _)| known == name);
            found
                .unwrap_or_else(|| panic!("{name} is missing"))
                .1
                .into_owned()
        };
        assert_eq!(value("client_id"), CLIENT);
        assert_eq!(value("response_type"), "code");
        assert_eq!(value("code_challenge_method"), "S256");
        assert!(
            value("scope").split(' ').any(|scope| scope == "openid"),
            "{location}"
        );
        self.says(|says| says.asked = Some((value("nonce"), value("code_challenge"))));
        let back = value("redirect_uri");
        let target = back.strip_prefix(&host.dev().endpoint).unwrap();
        assert_eq!(target, "/contoso/login/partner/callback");
        let state: String = url::form_urlencoded::byte_serialize(value("state").as_bytes()).collect();
        format!("{target}?code=good&state={state}")
    }

    /// A whole sign-in, up to what the host's page says.
    pub(crate) async fn sign_in(
        &self,
        host: &Host,
        browser: &mut Browser<'_>,
        change: &[(&str, &str)],
    ) -> Answer {
        let target = self.leave(host, browser, change).await;
        browser.get(&target).await
    }

    /// A sign-in up to the way back.
    pub(crate) async fn leave(
        &self,
        host: &Host,
        browser: &mut Browser<'_>,
        change: &[(&str, &str)],
    ) -> String {
        let left = browser
            .get(&format!("/contoso/login/partner?{}", query(host, change)))
            .await;
        assert_eq!(left.status, 303, "{}", left.html);
        self.visited(host, &left.location.unwrap())
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

async fn discovery(State(said): State<Said>) -> Response {
    let says = said.lock().unwrap();
    let issuer = &says.issuer;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // It claims to be able to do what is not to be trusted.
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
    });
    merge(&mut document, &says.discovery);
    axum::Json(document).into_response()
}

async fn keys(State(said): State<Said>) -> Response {
    let says = said.lock().unwrap();
    axum::Json(json!({ "keys": [says.key.jwk()] })).into_response()
}

async fn token(State(said): State<Said>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    let mut says = said.lock().unwrap();
    says.exchanged += 1;
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&form).into_owned().collect();
    let value = |name: &str| form.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let (_, challenge) = says.asked.clone().unwrap();
    let proof = digest::digest(&digest::SHA256, value("code_verifier").as_bytes());
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", encoded(CLIENT), encoded(SECRET)))
    );
    let is_client = headers["authorization"] == *basic;
    if value("code") != "good" || encode(proof.as_ref()) != challenge || !is_client {
        let body = json!({ "error": "invalid_grant", "error_description": "<script>alert(1)</script>" });
        return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
    }
    let body = json!({
        "access_token": "for userinfo", "token_type": "Bearer", "expires_in": 300, "id_token": says.id_token(),
        "padding": "x".repeat(says.padding),
    });
    axum::Json(body).into_response()
}

async fn userinfo(State(said): State<Said>, headers: HeaderMap) -> Response {
    assert_eq!(headers["authorization"], "Bearer for userinfo");
    let says = said.lock().unwrap();
    if says.userinfo.is_null() {
        return StatusCode::FORBIDDEN.into_response();
    }
    axum::Json(says.userinfo.clone()).into_response()
}

fn merge(document: &mut Value, change: &Value) {
    for (name, value) in change.as_object().unwrap() {
        let object = document.as_object_mut().unwrap();
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
