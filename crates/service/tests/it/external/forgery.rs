//! What a provider or somebody between must not get away with.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::provider::{CLIENT, Provider, Says, Signature};
use super::ways::creating;
use crate::common::Host;
use crate::oauth::browser::{Browser, query};

const INVALID: &str = "answer is not in order";

async fn start() -> (Provider, Host) {
    let provider = Provider::start().await;
    let config = creating(&provider);
    let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
    (provider, host)
}

#[tokio::test]
async fn id_tokens_that_are_not_good_let_nobody_in() {
    let (provider, host) = start().await;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    for claims in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": "another client" }),
        json!({ "aud": [CLIENT, "another client"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "azp": "another client" }),
        json!({ "iss": "https://localhost/realm" }),
        json!({ "iss": format!("{}/", provider.issuer) }),
        json!({ "iss": null }),
        json!({ "exp": now - 1 }),
        json!({ "exp": null }),
        json!({ "exp": "soon" }),
        json!({ "iat": now + 3600 }),
        json!({ "nbf": now + 3600 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "s".repeat(256) }),
        json!({ "sub": "a\u{0}b" }),
    ] {
        provider.claims(claims.clone());
        let mut browser = Browser::new(&host);
        let refused = provider.sign_in(&host, &mut browser, &[]).await;
        assert_eq!((refused.status, refused.location), (401, None), "{claims}");
        assert!(refused.html.contains(INVALID), "{claims}: {}", refused.html);
    }
    // One that is good, so that the rest was refused for its fault.
    provider.claims(json!({ "azp": CLIENT, "aud": [CLIENT], "nbf": now }));
    let page = provider.sign_in(&host, &mut Browser::new(&host), &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.html.contains("Dora Schmidt"), "{}", page.html);
    host.service.shutdown().await;
}

#[tokio::test]
async fn signatures_that_prove_nothing_let_nobody_in() {
    let (provider, host) = start().await;
    for signature in [
        Signature::None,
        Signature::PublicKeyAsSecret,
        Signature::ClientSecret,
        Signature::OtherKey,
        Signature::Moved,
    ] {
        provider.says(|says| says.signature = signature);
        let refused = provider.sign_in(&host, &mut Browser::new(&host), &[]).await;
        assert_eq!((refused.status, refused.location), (401, None), "{signature:?}");
        assert!(refused.html.contains(INVALID), "{signature:?}: {}", refused.html);
    }
    // New keys are asked for as soon as a token names one.
    provider.says(|says| {
        says.signature = Signature::Right;
        says.rotate("second");
    });
    let page = provider.sign_in(&host, &mut Browser::new(&host), &[]).await;
    assert_eq!(page.status, 200, "{}", page.html);
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_answer_is_good_once_and_in_its_browser() {
    let (provider, host) = start().await;
    let mut browser = Browser::new(&host);
    let target = provider.leave(&host, &mut browser, &[]).await;
    let exchanged = || provider.said.lock().unwrap().exchanged;
    // Somebody else's browser, with a page of its own, and one without anything.
    let mut other = Browser::new(&host);
    other.authorize(&query(&host, &[])).await;
    for stranger in [&mut other, &mut Browser::new(&host)] {
        let refused = stranger.get(&target).await;
        assert_eq!((refused.status, refused.location), (400, None));
        assert!(
            refused.html.contains("This sign-in is too old"),
            "{}",
            refused.html
        );
    }
    // Another state, none, and another provider's address.
    for changed in [
        target.replace("state=", "state=x"),
        target.split("&state=").next().unwrap().to_owned(),
        target.replace("/partner/", "/nobody/"),
    ] {
        assert_eq!(browser.get(&changed).await.status, 400, "{changed}");
    }
    assert_eq!(exchanged(), 0);
    assert_eq!(browser.get(&target).await.status, 200);
    assert_eq!(exchanged(), 1);
    let again = browser.get(&target).await;
    assert_eq!((again.status, again.location), (400, None));
    assert_eq!(exchanged(), 1);
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    let (provider, host) = start().await;
    let mut browser = Browser::new(&host);
    let encoded: String = url::form_urlencoded::byte_serialize(provider.issuer.as_bytes()).collect();
    let target = provider.leave(&host, &mut browser, &[]).await;
    let refused = browser.get(&format!("{target}&iss=https://evil.example")).await;
    assert!(refused.html.contains(INVALID), "{}", refused.html);
    let target = provider.leave(&host, &mut browser, &[]).await;
    let accepted = browser.get(&format!("{target}&iss={encoded}")).await;
    assert_eq!(accepted.status, 200, "{}", accepted.html);
    host.service.shutdown().await;

    // Who says that it always names itself has to (RFC 9207 §2.4).
    provider.says(|says| says.discovery = json!({ "authorization_response_iss_parameter_supported": true }));
    let config = creating(&provider);
    let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
    let mut browser = Browser::new(&host);
    let target = provider.leave(&host, &mut browser, &[]).await;
    let refused = browser.get(&target).await;
    assert!(refused.html.contains(INVALID), "{}", refused.html);
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_is_not_as_it_should_be_is_told_on_the_page() {
    let (provider, host) = start().await;
    let mut browser = Browser::new(&host);
    // The provider does not take the code, and its words are not repeated.
    let target = provider.leave(&host, &mut browser, &[]).await;
    let refused = browser.get(&target.replace("code=good", "code=bad")).await;
    assert!(
        refused.html.contains(INVALID) && !refused.html.contains("alert(1)"),
        "{}",
        refused.html
    );
    // The person said no.
    let target = provider.leave(&host, &mut browser, &[]).await;
    let refused = browser
        .get(&target.replace("code=good", "error=access_denied"))
        .await;
    assert_eq!((refused.status, &refused.location), (401, &None));
    assert!(
        refused.html.contains("You were not signed in at the provider"),
        "{}",
        refused.html
    );
    // From there the person can still go back to the application.
    let back = browser.submit(&refused, &[("step", "cancel")]).await;
    assert_eq!(back.parameters()["error"], "access_denied");
    // More than is read.
    provider.says(|says| says.padding = 300 * 1024);
    let refused = provider.sign_in(&host, &mut browser, &[]).await;
    assert!(refused.html.contains("does not answer now"), "{}", refused.html);
    // Userinfo about somebody else.
    provider.says(|says| {
        says.padding = 0;
        says.claims = json!({ "name": null });
        says.userinfo = json!({ "sub": "subject-2", "name": "Mallory" });
    });
    let refused = provider.sign_in(&host, &mut browser, &[]).await;
    assert!(refused.html.contains(INVALID), "{}", refused.html);
    host.service.shutdown().await;
}

#[tokio::test]
async fn descriptions_that_lead_elsewhere_are_not_followed() {
    let elsewhere: [fn(&mut Says); 4] = [
        |says| says.discovery = json!({ "issuer": "https://localhost/realm" }),
        |says| says.discovery = json!({ "authorization_endpoint": "http://evil.example/authorize" }),
        |says| says.discovery = json!({ "jwks_uri": "http://localhost/keys" }),
        |says| says.discovery = json!({ "filling": "x".repeat(300 * 1024) }),
    ];
    let provider = Provider::start().await;
    for change in elsewhere {
        provider.says(|says| says.discovery = Value::Object(serde_json::Map::new()));
        provider.says(change);
        let config = creating(&provider);
        let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
        let mut browser = Browser::new(&host);
        let target = format!("/contoso/login/partner?{}", query(&host, &[]));
        let refused = browser.get(&target).await;
        assert_eq!((refused.status, refused.location), (401, None));
        assert!(refused.html.contains("The provider"), "{}", refused.html);
        host.service.shutdown().await;
    }
}
