//! The ways in which a tenant's people sign in: pages, hints, no passwords, a provider that is down.

use anteroom_service::external::{ProviderConfig, UnknownPeople};
use anteroom_service::{Config, Service, StartError};
use serde_json::json;
use url::Url;

use super::provider::Provider;
use crate::common::{Host, expect};
use crate::oauth::browser::{Browser, error, query};

/// A provider whose people are created.
pub(crate) fn creating(provider: &Provider) -> ProviderConfig {
    let mut config = provider.config();
    config.unknown_people = UnknownPeople::Create;
    config.domains = vec!["contoso.example".to_owned()];
    config
}

fn value(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).unwrap();
    let found = url.query_pairs().find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn without_passwords_people_go_to_the_provider_at_once() {
    let provider = Provider::start().await;
    let config = creating(&provider);
    let host = Host::start_with(|all| {
        all.sign_in.providers = vec![config];
        all.sign_in.passwords_off = vec!["contoso".to_owned()];
    })
    .await;
    let mut browser = Browser::new(&host);
    let left = browser
        .authorize(&query(&host, &[("login_hint", "dora@contoso.example")]))
        .await;
    assert_eq!(left.status, 303);
    let location = left.location.unwrap();
    assert_eq!(
        value(&location, "login_hint").as_deref(),
        Some("dora@contoso.example")
    );
    let page = browser.get(&provider.visited(&host, &location)).await;
    assert!(page.html.contains("Dora Schmidt"), "{}", page.html);
    // Somebody else: the page has the provider, and no password.
    let other = browser.submit(&page, &[("step", "other")]).await;
    assert!(other.html.contains("Sign in with Partner &lt;&amp;&gt; Co"));
    assert!(!other.html.contains("name=\"password\""), "{}", other.html);
    // And none is taken, on the page or by a program.
    let form = [("username", "alice@contoso.example"), ("step", "password")];
    let refused = browser.submit(&other, &form).await;
    assert_eq!((refused.status, refused.location.as_deref()), (401, None));
    assert!(
        refused.html.contains("Passwords are switched off"),
        "{}",
        refused.html
    );
    let alice = host.dev().users[0].clone();
    for tenant in ["contoso", "organizations"] {
        let refused = host.password_grant(tenant, &alice.upn, &alice.password).await;
        assert_eq!(error(refused, 400).await, "invalid_grant", "{tenant}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_hint_leads_to_its_provider_and_prompts_are_passed_on() {
    let provider = Provider::start().await;
    let config = creating(&provider);
    let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
    let mut browser = Browser::new(&host);
    for hint in ["partner", "Contoso.Example"] {
        let left = browser.authorize(&query(&host, &[("domain_hint", hint)])).await;
        assert_eq!(left.status, 303, "{hint}");
        assert!(left.location.unwrap().starts_with(&provider.issuer), "{hint}");
    }
    let page = browser
        .authorize(&query(&host, &[("domain_hint", "organizations")]))
        .await;
    assert!(page.html.contains("name=\"password\""), "{}", page.html);
    for (prompt, passed) in [
        ("login", Some("login")),
        ("select_account", Some("select_account")),
        ("", None),
    ] {
        let target = format!("/contoso/login/partner?{}", query(&host, &[("prompt", prompt)]));
        let location = browser.get(&target).await.location.unwrap();
        assert_eq!(value(&location, "prompt").as_deref(), passed);
    }
    // Who was to sign in anew did not.
    provider.claims(json!({ "auth_time": 1_000_000 }));
    let refused = provider
        .sign_in(&host, &mut browser, &[("prompt", "login")])
        .await;
    assert!(refused.html.contains("not in order"), "{}", refused.html);
    let refused = provider.sign_in(&host, &mut browser, &[("max_age", "600")]).await;
    assert!(refused.html.contains("not in order"), "{}", refused.html);
    provider.claims(json!({ "auth_time": time::OffsetDateTime::now_utc().unix_timestamp() }));
    let back = provider
        .sign_in(&host, &mut browser, &[("prompt", "login")])
        .await;
    assert!(back.parameters().contains_key("code"));
    // Nobody is asked anything with prompt=none, at the provider neither.
    let mut nobody = Browser::new(&host);
    let none = nobody
        .authorize(&query(&host, &[("prompt", "none"), ("domain_hint", "partner")]))
        .await;
    assert_eq!(none.parameters()["error"], "login_required");
    // Nothing that is not registered leads to a provider, either.
    let target = format!(
        "/contoso/login/partner?{}",
        query(&host, &[("redirect_uri", "https://evil.example/")])
    );
    let refused = browser.get(&target).await;
    assert_eq!((refused.status, refused.location), (400, None));
    let target = format!("/contoso/login/nobody?{}", query(&host, &[]));
    assert_eq!(browser.get(&target).await.status, 400);
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_pages_of_the_service_are_opened_from_a_provider_too() {
    let provider = Provider::start().await;
    let config = creating(&provider);
    let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
    let ways = expect(host.get("/login/ways").send().await.unwrap(), 200).await;
    assert_eq!(ways["tenant"], "contoso");
    assert_eq!(ways["providers"][0]["id"], "partner");
    let mut browser = Browser::new(&host);
    let nobody = browser.post("/login/token", &[]).await;
    assert_eq!(nobody.status, 400);
    let left = browser
        .get("/contoso/login/partner?own_page=teams&link=https%3A%2F%2Fx%2F%3Fa%26b")
        .await;
    let target = provider.visited(&host, &left.location.unwrap());
    let back = browser.get(&target).await;
    assert_eq!(
        back.location.as_deref(),
        Some("/teams?link=https%3A%2F%2Fx%2F%3Fa%26b#signed-in")
    );
    let given = browser.post("/login/token", &[]).await;
    assert_eq!(given.status, 200, "{}", given.html);
    let given: serde_json::Value = serde_json::from_str(&given.html).unwrap();
    let me = host
        .get("/v1.0/me")
        .bearer_auth(given["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(expect(me, 200).await["userPrincipalName"], "dora@contoso.example");
    // Another site's page gets none, and nobody is sent to a page that is not ours.
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let refused = browser
            .post_with("/login/token", &[], |request| request.header(header, value))
            .await;
        assert_eq!(refused.status, 400, "{header}");
    }
    for target in [
        "/contoso/login/partner?own_page=%2F%2Fevil.example",
        "/contoso/login/partner?own_page=join",
        "/organizations/login/partner?own_page=teams",
    ] {
        let refused = browser.get(target).await;
        assert_eq!((refused.status, refused.location), (400, None), "{target}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn who_signs_in_on_a_page_gets_further_tokens_without_the_password() {
    let host = Host::start().await;
    let mut browser = Browser::new(&host);
    let alice = &host.dev().users[0];
    let credentials = [
        ("username", alice.upn.as_str()),
        ("password", alice.password.as_str()),
    ];
    let wrong = [credentials[0], ("password", "wrong")];
    let refused = browser.post("/login/token", &wrong).await;
    assert!(
        refused.status == 400 && refused.html.contains("invalid_grant"),
        "{}",
        refused.html
    );
    assert_eq!(
        browser.post("/login/token", &[]).await.status,
        400,
        "nobody is signed in"
    );
    let first = browser.post("/login/token", &credentials).await;
    assert_eq!(first.status, 200, "{}", first.html);

    let clock = host.service.app().clock();
    clock.step(time::Duration::minutes(61)).unwrap();
    let token = |answer: &str| {
        let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let me = async |token: String| host.get("/v1.0/me").bearer_auth(token).send().await.unwrap();
    assert_eq!(me(token(&first.html)).await.status(), 401);
    let next = browser.post("/login/token", &[]).await;
    let answer = expect(me(token(&next.html)).await, 200).await;
    assert_eq!(answer["userPrincipalName"], alice.upn);

    // Another site cannot sign anybody in, and a browser stays signed in for twelve hours.
    let foreign = browser
        .post_with("/login/token", &credentials, |request| {
            request.header("origin", "https://evil.example")
        })
        .await;
    assert_eq!(foreign.status, 400);
    clock.step(time::Duration::hours(12)).unwrap();
    assert_eq!(browser.post("/login/token", &[]).await.status, 400);
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_provider_that_is_down_takes_only_its_button_along() {
    let provider = Provider::start().await;
    let config = creating(&provider);
    provider.stop();
    // It starts without.
    let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
    let mut browser = Browser::new(&host);
    let page = browser.authorize(&query(&host, &[])).await;
    assert!(page.html.contains("Sign in with Partner"));
    let target = format!("/contoso/login/partner?{}", query(&host, &[]));
    let down = browser.get(&target).await;
    assert_eq!((down.status, &down.location), (401, &None));
    assert!(down.html.contains("role=\"alert\">The provider"), "{}", down.html);
    let back = browser.sign_in(&down, "alice@contoso.example").await;
    assert!(back.parameters().contains_key("code"));
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_is_told_at_the_start() {
    async fn fault(change: impl FnOnce(&mut Config)) -> String {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::dev(dir.path());
        change(&mut config);
        let error: StartError = Service::start(config).await.unwrap_err();
        error.to_string()
    }
    let new = |id: &str| ProviderConfig::new(id, "contoso", "https://sso.example", "client");
    let twice = fault(|all| all.sign_in.providers = vec![new("a"), new("a")]).await;
    assert!(twice.contains("two of this id"), "{twice}");
    let nobody = fault(|all| all.sign_in.passwords_off = vec!["contoso".to_owned()]).await;
    assert!(nobody.contains("passwords are off"), "{nobody}");
    let missing = fault(|all| {
        let mut one = new("a");
        one.client_secret_file = Some("/nonexistent/secret".into());
        all.sign_in.providers = vec![one];
    })
    .await;
    assert!(missing.contains("/nonexistent/secret"), "{missing}");
}
