//! A running service, a broker in front of it, and browsers.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod issuer;

use std::collections::HashMap;
use std::net::SocketAddr;

use anteroom_identity::client::{ClientOptions, CommunicationIdentityClient, RetryOptions};
use anteroom_service::{Config, DevInfo, RunningService, Service};
use axum::Router;
use axum_extra::extract::cookie::Key;
use reqwest::{Method, Response, header};
use serde_json::Value;
use token_broker::customers::Customers;
use token_broker::oidc::Oidc;
use token_broker::{Broker, Parts};
use tokio::net::TcpListener;
use url::Url;

pub(crate) const CHAT: &str = "api-version=2024-03-07";

pub(crate) struct Clinic {
    pub(crate) service: RunningService,
    pub(crate) identity: CommunicationIdentityClient,
    pub(crate) url: Url,
    http: reqwest::Client,
    _dir: tempfile::TempDir,
}

/// What to leave out or add.
pub(crate) struct Setup {
    pub(crate) demo_login: bool,
    pub(crate) issuer: Option<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            demo_login: true,
            issuer: None,
        }
    }
}

impl Clinic {
    pub(crate) async fn open(setup: Setup) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let service = Service::start(Config::dev(dir.path())).await.unwrap();
        let dev = service.dev().unwrap();
        let ca = dir.path().join("tls/ca.pem");
        let options = ClientOptions::new()
            .with_ca_file(&ca)
            .unwrap()
            .with_retry(RetryOptions {
                max_retries: 0,
                ..RetryOptions::default()
            });
        let identity =
            CommunicationIdentityClient::from_connection_string(&dev.connection_string, options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = local_url(listener.local_addr().unwrap());
        let plain = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let oidc = setup.issuer.map(|issuer| {
            let secret = Some(issuer::SECRET.to_owned());
            Oidc::new(&issuer, issuer::CLIENT, secret, &url, plain).unwrap()
        });
        let broker = Broker::new(Parts {
            public_url: url.clone(),
            service: identity.clone(),
            customers: Customers::in_memory(),
            join_page: dev.guest_page.parse().unwrap(),
            cookie_key: Key::generate(),
            demo_login: setup.demo_login,
            oidc,
        });
        spawn(listener, broker.router());
        let pem = std::fs::read(ca).unwrap();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
            .build()
            .unwrap();
        Self {
            service,
            identity,
            url,
            http,
            _dir: dir,
        }
    }

    pub(crate) fn dev(&self) -> &DevInfo {
        self.service.dev().unwrap()
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser {
            http: self.http.clone(),
            home: self.url.clone(),
            cookies: HashMap::new(),
        }
    }

    /// Whether the communication service takes this token for a chat request.
    pub(crate) async fn accepts(&self, token: &str) -> bool {
        let thread = &self.dev().meeting.thread_id;
        let thread = thread.replace(':', "%3A").replace('@', "%40");
        let address = format!("{}/chat/threads/{thread}?{CHAT}", self.dev().endpoint);
        let answer = self.http.get(address).bearer_auth(token).send().await.unwrap();
        match answer.status().as_u16() {
            // Known, but not a member of that thread.
            403 => true,
            401 => false,
            other => panic!("{other}"),
        }
    }
}

pub(crate) fn local_url(address: SocketAddr) -> Url {
    format!("http://{address}/").parse().unwrap()
}

pub(crate) fn spawn(listener: TcpListener, router: Router) {
    tokio::spawn(async move { axum::serve(listener, router).await });
}

/// Keeps cookies, follows no redirects.
pub(crate) struct Browser {
    http: reqwest::Client,
    home: Url,
    pub(crate) cookies: HashMap<String, String>,
}

impl Browser {
    pub(crate) async fn send(
        &mut self,
        method: Method,
        address: &str,
        headers: &[(&str, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Response {
        let url = self.home.join(address).unwrap();
        let own = url.origin() == self.home.origin();
        let mut request = self.http.request(method, url);
        if own {
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(form) = form {
            request = request.form(form);
        }
        let answer = request.send().await.unwrap();
        if own {
            for set in answer.headers().get_all(header::SET_COOKIE) {
                let set = set.to_str().unwrap();
                assert!(set.contains("HttpOnly") || set.contains("Max-Age=0"), "{set}");
                let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
                if set.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        answer
    }

    pub(crate) async fn get(&mut self, address: &str) -> Response {
        self.send(Method::GET, address, &[], None).await
    }

    pub(crate) async fn post(&mut self, address: &str, form: &[(&str, &str)]) -> Response {
        self.send(Method::POST, address, &[], Some(form)).await
    }

    /// The start page and its CSRF token.
    pub(crate) async fn home(&mut self) -> (String, String) {
        let answer = self.get("/").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert!(
            answer.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
        let page = answer.text().await.unwrap();
        let (_, rest) = page.split_once("<meta name=\"csrf\" content=\"").unwrap();
        let csrf = rest.split('"').next().unwrap().to_owned();
        (page, csrf)
    }

    pub(crate) async fn demo_login(&mut self, customer: &str) {
        let (_, csrf) = self.home().await;
        let answer = self
            .post("/login/demo", &[("csrf", &csrf), ("customer", customer)])
            .await;
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], "/");
    }

    /// What the page's script does.
    pub(crate) async fn ask_token(&mut self, csrf: &str) -> Response {
        self.send(Method::POST, "/api/token", &[("x-csrf-token", csrf)], None)
            .await
    }

    pub(crate) async fn token(&mut self) -> Value {
        let (_, csrf) = self.home().await;
        let answer = self.ask_token(&csrf).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}
