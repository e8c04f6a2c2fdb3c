//! A browser without a screen: it keeps cookies, follows nothing by itself, and fills in our form.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder};
use serde_json::Value;
use url::Url;

use crate::common::{Host, expect};

/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Where the demo programs are sent back to: any port.
pub(crate) const REDIRECT: &str = "http://localhost:53211";

pub(crate) const SCOPE: &str = "User.Read openid profile offline_access";

pub(crate) type Fields<'a> = Vec<(&'a str, &'a str)>;

pub(crate) struct Browser<'h> {
    pub(crate) host: &'h Host,
    client: Client,
    cookies: BTreeMap<String, String>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) html: String,
}

impl Answer {
    /// The value of a hidden field.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let rest = self.html.split(&start).nth(1).unwrap();
        let value = rest.split('"').next().unwrap();
        value
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    }

    /// The parameters of the redirect.
    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        let location = self.location.as_ref().unwrap();
        assert!(location.starts_with(REDIRECT), "{location}");
        let url = Url::parse(&location.replacen('#', "?", 1)).unwrap();
        url.query_pairs().into_owned().collect()
    }

    pub(crate) fn code(&self) -> String {
        self.parameters()["code"].clone()
    }
}

/// The query of a request of the public demo program, with changes; `""` leaves a parameter out.
pub(crate) fn query(host: &Host, change: &[(&str, &str)]) -> String {
    let client = host.dev().public_app.client_id.clone();
    let mut fields: Fields<'_> = vec![
        ("client_id", &client),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", SCOPE),
        ("state", "a&b=c"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in change {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl<'h> Browser<'h> {
    pub(crate) fn new(host: &'h Host) -> Self {
        let ca = std::fs::read(host.dir.path().join("tls/ca.pem")).unwrap();
        let client = Client::builder()
            .tls_certs_only([Certificate::from_pem(&ca).unwrap()])
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self {
            host,
            client,
            cookies: BTreeMap::new(),
        }
    }

    async fn send(&mut self, request: RequestBuilder) -> Answer {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = if pairs.is_empty() {
            request
        } else {
            request.header("cookie", pairs.join("; "))
        };
        let response = request.send().await.unwrap();
        for set in response.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap();
            assert!(set.contains("; HttpOnly; SameSite=Lax; Secure"), "{set}");
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer {
            status: response.status().as_u16(),
            location: response
                .headers()
                .get("location")
                .map(|value| value.to_str().unwrap().to_owned()),
            headers: response.headers().clone(),
            html: response.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&mut self, target: &str) -> Answer {
        let request = self.client.get(self.host.url(target));
        self.send(request).await
    }

    pub(crate) async fn post(&mut self, target: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(target, form, |request| request).await
    }

    pub(crate) async fn post_with(
        &mut self,
        target: &str,
        form: &[(&str, &str)],
        change: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Answer {
        let request = self.client.post(self.host.url(target)).form(form);
        self.send(change(request)).await
    }

    /// An authorization request, to the tenant of the demo.
    pub(crate) async fn authorize(&mut self, query: &str) -> Answer {
        self.get(&format!("/contoso/oauth2/v2.0/authorize?{query}")).await
    }

    /// Sends a page's form back.
    pub(crate) async fn submit(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        self.submit_with(page, fields, |request| request).await
    }

    pub(crate) async fn submit_with(
        &mut self,
        page: &Answer,
        fields: &[(&str, &str)],
        change: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Answer {
        let (request, guard) = (page.field("request"), page.field("guard"));
        let mut form: Fields<'_> = vec![("request", &request), ("guard", &guard)];
        form.extend(fields);
        let request = self.client.post(self.host.url("/contoso/login")).form(&form);
        self.send(change(request)).await
    }

    /// Signs a demo user in.
    pub(crate) async fn sign_in(&mut self, page: &Answer, upn: &str) -> Answer {
        let password = self
            .host
            .dev()
            .users
            .iter()
            .find(|user| user.upn == upn)
            .unwrap()
            .password
            .clone();
        self.submit(
            page,
            &[("username", upn), ("password", &password), ("step", "password")],
        )
        .await
    }

    /// A code for Alice, in a new browser.
    pub(crate) async fn code(host: &'h Host, change: &[(&str, &str)]) -> String {
        let mut browser = Self::new(host);
        let page = browser.authorize(&query(host, change)).await;
        browser.sign_in(&page, "alice@contoso.example").await.code()
    }
}

/// Asks the token endpoint.
pub(crate) async fn token(host: &Host, form: &[(&str, &str)]) -> reqwest::Response {
    host.post("/contoso/oauth2/v2.0/token")
        .form(form)
        .send()
        .await
        .unwrap()
}

/// Exchanges a code of the public demo program, with changes.
pub(crate) async fn redeem(host: &Host, code: &str, change: &[(&str, &str)]) -> reqwest::Response {
    let mut form: Fields<'_> = vec![
        ("grant_type", "authorization_code"),
        ("client_id", &host.dev().public_app.client_id),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
        ("client_info", "1"),
    ];
    for (name, value) in change {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    token(host, &form).await
}

pub(crate) async fn refresh(host: &Host, refresh_token: &str) -> reqwest::Response {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &*host.dev().public_app.client_id),
        ("refresh_token", refresh_token),
    ];
    token(host, &form).await
}

/// `error` of a refusal.
pub(crate) async fn error(response: reqwest::Response, status: u16) -> String {
    text(&expect(response, status).await["error"])
}

/// The status of the userinfo endpoint for this token.
pub(crate) async fn userinfo(host: &Host, token: &str) -> reqwest::Response {
    host.get("/oidc/userinfo")
        .bearer_auth(token)
        .send()
        .await
        .unwrap()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
