//! The catalogue of errors: its page is up to date, and whatever goes wrong is in it.

use std::path::Path;

use anteroom_service::errors::{Surface, entries, markdown};
use reqwest::{Method, Response};
use serde_json::Value;

use crate::common::{CHAT, Host, IDENTITY};

/// Set by `cargo xtask docs errors`: write the page instead of comparing it.
const WRITE: &str = "ANTEROOM_WRITE_DOCS";

#[test]
fn the_page_is_what_the_catalogue_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let page = markdown();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/errors.md is behind the catalogue; run `cargo xtask docs errors`"
    );
    for entry in entries() {
        assert!(page.contains(entry.key()), "{} is missing", entry.key());
    }
}

const ROOMS: &str = "api-version=2025-03-13";

/// Answers with an error of the catalogue, as JSON; gives `status code`.
async fn explained(response: Response) -> String {
    let status = response.status().as_u16();
    let url = response.url().to_string();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    assert!((400..600).contains(&status), "{url}: {status} {text}");
    assert_eq!(kind, "application/json; charset=utf-8", "{url}: {text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    let (oauth, code, message) = match body["error"].as_str() {
        Some(code) => (true, code, &body["error_description"]),
        None => (
            false,
            body["error"]["code"].as_str().unwrap(),
            &body["error"]["message"],
        ),
    };
    assert!(
        message.as_str().is_some_and(|message| !message.is_empty()),
        "{url}: {text}"
    );
    let known = entries().any(|entry| {
        entry.status() == status
            && entry.code() == code
            && (entry.surface() == Surface::Oauth) == oauth
            && entry.surface() != Surface::Join
    });
    assert!(known, "{url}: {status} {code} is not in the catalogue");
    format!("{status} {code}")
}

#[tokio::test]
async fn whatever_goes_wrong_is_in_the_catalogue() {
    let host = Host::start().await;
    let (_, voip) = host.guest(&["voip"]).await;
    let (_, chat) = host.guest(&["chat"]).await;
    let thread = host.thread_path();
    let targets = [
        "/nowhere".to_owned(),
        "/%ff".to_owned(),
        "/assets/none.js".to_owned(),
        "/assets/%ff".to_owned(),
        "/signaling".to_owned(),
        "/healthz".to_owned(),
        "/readyz".to_owned(),
        "/v1.0/me".to_owned(),
        "/v1.0/me/events".to_owned(),
        "/contoso/oauth2/v2.0/token".to_owned(),
        "/demo/guest-token".to_owned(),
        "/admin/api/me".to_owned(),
        "/admin/api/tenant?tenant=contoso".to_owned(),
        "/admin/api/meetings/x/end".to_owned(),
        "/admin/api/resources/%ff/keys/reveal".to_owned(),
        "/admin/api/users/%ff/effective".to_owned(),
        "/emulator/rules".to_owned(),
        "/emulator/rules/7".to_owned(),
        "/emulator/clock/:step".to_owned(),
        format!("/identities?{IDENTITY}"),
        "/identities".to_owned(),
        "/identities?api-version=2001-01-01".to_owned(),
        format!("/identities/x/:issueAccessToken?{IDENTITY}"),
        format!("/identities/%ff/:issueAccessToken?{IDENTITY}"),
        format!("/identities/x/:revokeAccessTokens?{IDENTITY}"),
        format!("/teamsUser/:exchangeAccessToken?{IDENTITY}"),
        format!("/chat/threads?{CHAT}"),
        format!("/chat/threads/19%3Anone@thread.v2?{CHAT}"),
        format!("/chat/threads/%ff?{CHAT}"),
        format!("{thread}?{CHAT}"),
        format!("{thread}/messages?{CHAT}&maxPageSize=x"),
        format!("{thread}/messages/1?{CHAT}"),
        format!("{thread}/participants?{CHAT}&skip=-1"),
        format!("{thread}/participants/:add?{CHAT}"),
        format!("{thread}/participants/:remove?{CHAT}"),
        format!("{thread}/readReceipts?{CHAT}&skip=x"),
        format!("{thread}/typing?{CHAT}"),
        "/chat/config/realTimeNotifications?api-version=2024-09-01".to_owned(),
        format!("/rooms?{ROOMS}"),
        "/rooms?api-version=ApiVersion.V2001_01_01".to_owned(),
        format!("/rooms/123?{ROOMS}"),
        format!("/rooms/99000000000000001?{ROOMS}"),
        format!("/rooms/99000000000000001/participants?{ROOMS}"),
    ];
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ];
    let bodies = ["", "{", "[[[[", "{\"content\":7}", "\u{0}", "grant_type=x"];
    let mut seen = std::collections::BTreeSet::new();
    for target in &targets {
        for method in &methods {
            for body in bodies {
                for token in [None, Some("x"), Some(&voip), Some(&chat)] {
                    let mut request = host
                        .client
                        .request(method.clone(), host.url(target))
                        .header("content-type", "application/json")
                        .body(body);
                    if let Some(token) = token {
                        request = request.bearer_auth(token);
                    }
                    let response = request.send().await.unwrap();
                    if response.status().is_client_error() || response.status().is_server_error() {
                        seen.insert(explained(response).await);
                    }
                }
                let signed = host.signed(method.clone(), target, body).send().await.unwrap();
                if signed.status().is_client_error() || signed.status().is_server_error() {
                    seen.insert(explained(signed).await);
                }
            }
        }
    }
    // The walk came somewhere.
    for wanted in [
        "400 ApiVersionUnspecified",
        "400 BadRequest",
        "400 UnsupportedApiVersion",
        "400 ValidationError",
        "400 invalid_request",
        "401 Denied",
        "401 InvalidAccessToken",
        "401 InvalidAuthenticationToken",
        "401 Unauthorized",
        "403 Forbidden",
        "404 NotFound",
        "405 MethodNotAllowed",
    ] {
        assert!(seen.contains(wanted), "{wanted} was not seen: {seen:?}");
    }
    assert!(!seen.iter().any(|answer| answer.starts_with('5')), "{seen:?}");
}
