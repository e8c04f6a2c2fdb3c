//! A service in a temporary directory and a client that trusts it.
use std::path::{Path, PathBuf};

use anteroom_identity::client::{ClientOptions, RetryOptions};
use anteroom_identity::signing::{AccessKey, ConnectionString, sign_request};
use anteroom_service::{Config, DevInfo, RunningService, Service};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;

pub(crate) const IDENTITY: &str = "api-version=2023-10-01";
pub(crate) const CHAT: &str = "api-version=2024-03-07";
pub(crate) const ROOMS: &str = "api-version=2025-03-13";

pub(crate) struct Host {
    pub(crate) service: RunningService,
    pub(crate) client: Client,
    pub(crate) dir: tempfile::TempDir,
}

impl Host {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::dev(dir.path());
        change(&mut config);
        let service = Service::start(config).await.unwrap();
        let client = client(dir.path());
        Self { service, client, dir }
    }

    pub(crate) fn dev(&self) -> &DevInfo {
        self.service.dev().unwrap()
    }

    pub(crate) fn dev_json(&self) -> PathBuf {
        self.dir.path().join("dev.json")
    }

    pub(crate) fn url(&self, target: &str) -> String {
        format!("{}{target}", self.dev().endpoint)
    }

    /// Options of our own clients: its authority, and refusals at once.
    pub(crate) fn client_options(&self) -> ClientOptions {
        ClientOptions::new()
            .with_ca_file(self.dir.path().join("tls/ca.pem"))
            .unwrap()
            .with_retry(RetryOptions {
                max_retries: 0,
                ..RetryOptions::default()
            })
    }

    pub(crate) fn get(&self, target: &str) -> RequestBuilder {
        self.client.get(self.url(target))
    }

    pub(crate) fn post(&self, target: &str) -> RequestBuilder {
        self.client.post(self.url(target))
    }

    /// A request signed as an SDK signs it.
    pub(crate) fn signed(&self, method: Method, target: &str, body: &str) -> RequestBuilder {
        let connection: ConnectionString = self.dev().connection_string.parse().unwrap();
        self.signed_with(&connection.access_key, method, target, body)
    }

    /// A request signed with this key.
    pub(crate) fn signed_with(
        &self,
        key: &AccessKey,
        method: Method,
        target: &str,
        body: &str,
    ) -> RequestBuilder {
        let url = reqwest::Url::parse(&self.url(target)).unwrap();
        let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let signed = sign_request(
            method.as_str(),
            target,
            &host,
            OffsetDateTime::now_utc(),
            body.as_bytes(),
            key,
        );
        self.client
            .request(method, url)
            .header("x-ms-date", signed.date)
            .header("x-ms-content-sha256", signed.content_sha256)
            .header("authorization", signed.authorization)
            .header("content-type", "application/json")
            .body(body.to_owned())
    }

    /// A new guest: raw id and token.
    pub(crate) async fn guest(&self, scopes: &[&str]) -> (String, String) {
        let body = json!({ "createTokenWithScopes": scopes }).to_string();
        let response = self
            .signed(Method::POST, &format!("/identities?{IDENTITY}"), &body)
            .send()
            .await
            .unwrap();
        let answer = expect(response, 201).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&answer["identity"]["id"]),
            text(&answer["accessToken"]["token"]),
        )
    }

    /// The directory token of a demo user.
    pub(crate) async fn sign_in(&self, upn: &str) -> String {
        let user = self.dev().users.iter().find(|user| user.upn == upn).unwrap();
        let response = self.password_grant("contoso", upn, &user.password).await;
        expect(response, 200).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn password_grant(&self, tenant: &str, upn: &str, password: &str) -> Response {
        let form = [
            ("grant_type", "password"),
            ("client_id", "anteroom-web"),
            ("scope", "openid"),
            ("username", upn),
            ("password", password),
        ];
        self.post(&format!("/{tenant}/oauth2/v2.0/token"))
            .form(&form)
            .send()
            .await
            .unwrap()
    }

    pub(crate) fn thread_path(&self) -> String {
        format!(
            "/chat/threads/{}",
            self.dev()
                .meeting
                .thread_id
                .replace(':', "%3A")
                .replace('@', "%40")
        )
    }
}

/// A client that trusts the authority in this data directory.
pub(crate) fn client(data: &Path) -> Client {
    let pem = std::fs::read(data.join("tls/ca.pem")).unwrap();
    // Another test may have installed it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .build()
        .unwrap()
}

/// The JSON body of an answer with this status.
pub(crate) async fn expect(response: Response, status: u16) -> Value {
    let found = response.status().as_u16();
    let kind = response
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    if text.is_empty() {
        return Value::Null;
    }
    assert_eq!(kind.as_deref(), Some("application/json; charset=utf-8"), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The error code of an answer with this status; errors are JSON everywhere.
pub(crate) async fn refusal(response: Response, status: u16) -> String {
    let body = expect(response, status).await;
    assert!(body["error"]["message"].is_string(), "{body}");
    body["error"]["code"].as_str().unwrap().to_owned()
}
