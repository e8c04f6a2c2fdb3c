//! Devices that show a code (RFC 8628), and the page where it is typed.

use anteroom_service::clock::Motion;
use anteroom_service::directory::admin::{Request, perform};
use serde_json::{Value, json};
use time::Duration;

use crate::common::{Host, expect};
use crate::oauth::browser::{Answer, Browser, SCOPE, claims, error, refresh, text, token, userinfo};

async fn begin(host: &Host, change: &[(&str, &str)]) -> reqwest::Response {
    let client = host.dev().public_app.client_id.clone();
    let mut form = vec![("client_id", &*client), ("scope", SCOPE)];
    for (name, value) in change {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    host.post("/contoso/oauth2/v2.0/devicecode")
        .form(&form)
        .send()
        .await
        .unwrap()
}

async fn ask(host: &Host, device_code: &str, grant: &str) -> reqwest::Response {
    let client = &*host.dev().public_app.client_id;
    let form = [
        ("grant_type", grant),
        ("client_id", client),
        ("device_code", device_code),
    ];
    token(host, &form).await
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn asked(host: &Host, codes: &Value) -> String {
    error(ask(host, &text(&codes["device_code"]), GRANT).await, 400).await
}

/// Types a code on the page.
async fn type_code(browser: &mut Browser<'_>, code: &str) -> Answer {
    let page = browser.get("/contoso/device").await;
    assert_eq!(page.status, 200);
    let guard = page.field("guard");
    browser
        .post("/contoso/device", &[("guard", &guard), ("user_code", code)])
        .await
}

fn later(host: &Host, by: Duration) {
    let clock = host.service.app().clock();
    clock.set(clock.now() + by, Motion::Stopped).unwrap();
}

#[tokio::test]
async fn a_person_signs_in_elsewhere_for_a_device() {
    let host = Host::start().await;
    let codes = expect(begin(&host, &[]).await, 200).await;
    assert_eq!(codes["interval"], 5);
    assert_eq!(codes["expires_in"], 900);
    assert_eq!(
        codes["verification_uri"],
        format!("{}/contoso/device", host.dev().endpoint)
    );
    let user_code = text(&codes["user_code"]);
    assert!(text(&codes["message"]).contains(&user_code));
    assert_eq!(asked(&host, &codes).await, "authorization_pending");

    let mut browser = Browser::new(&host);
    let page = type_code(&mut browser, &user_code.to_lowercase()).await;
    assert_eq!(page.status, 200);
    assert!(page.html.contains("Demo on your device"), "{}", page.html);
    assert!(page.html.contains(&user_code), "{}", page.html);
    assert!(page.html.contains("only if you started this yourself"));
    let done = browser.sign_in(&page, "alice@contoso.example").await;
    assert_eq!((done.status, &done.location), (200, &None));
    assert!(done.html.contains("You are signed in"), "{}", done.html);

    // As MSAL for JavaScript writes it.
    let given = ask(&host, &text(&codes["device_code"]), "device_code").await;
    let given = expect(given, 200).await;
    let said = claims(&text(&given["id_token"]));
    assert_eq!(said["preferred_username"], "alice@contoso.example");
    expect(userinfo(&host, &text(&given["access_token"])).await, 200).await;
    expect(refresh(&host, &text(&given["refresh_token"])).await, 200).await;
    // Both codes are good once.
    assert_eq!(asked(&host, &codes).await, "invalid_grant");
    let again = type_code(&mut browser, &user_code).await;
    assert!(again.html.contains("That code is unknown"), "{}", again.html);

    // Who is signed in already is asked all the same, and may say no.
    let codes = expect(begin(&host, &[]).await, 200).await;
    let page = type_code(&mut browser, &text(&codes["user_code"])).await;
    assert!(page.html.contains("Alice Meyer"), "{}", page.html);
    let no = browser.submit(&page, &[("step", "cancel")]).await;
    assert!(no.html.contains("Nobody was signed in"), "{}", no.html);
    assert_eq!(asked(&host, &codes).await, "access_denied");
    let late = browser.submit(&page, &[("step", "continue")]).await;
    assert_eq!((late.status, late.location), (400, None));
    host.service.shutdown().await;
}

#[tokio::test]
async fn devices_wait_as_long_as_they_are_told() {
    let host = Host::start().await;
    later(&host, Duration::ZERO);
    let codes = expect(begin(&host, &[]).await, 200).await;
    assert_eq!(asked(&host, &codes).await, "authorization_pending");
    assert_eq!(asked(&host, &codes).await, "slow_down");
    // Ten seconds from now on.
    later(&host, Duration::seconds(6));
    assert_eq!(asked(&host, &codes).await, "slow_down");
    later(&host, Duration::seconds(15));
    assert_eq!(asked(&host, &codes).await, "authorization_pending");
    later(&host, Duration::minutes(15));
    assert_eq!(asked(&host, &codes).await, "expired_token");
    let page = type_code(&mut Browser::new(&host), &text(&codes["user_code"])).await;
    assert!(page.html.contains("That code is unknown"), "{}", page.html);
    host.service.shutdown().await;
}

#[tokio::test]
async fn codes_are_not_guessed_nor_used_by_others() {
    let host = Host::start_with(|config| config.limits.sign_in_failures = 3).await;
    let codes = expect(begin(&host, &[]).await, 200).await;
    let device_code = text(&codes["device_code"]);
    // Another client of the tenant.
    let app = host.dev().app.clone();
    let form = [
        ("grant_type", GRANT),
        ("client_id", &*app.client_id),
        ("client_secret", &*app.client_secret),
        ("device_code", &*device_code),
    ];
    assert_eq!(error(token(&host, &form).await, 400).await, "invalid_grant");
    assert_eq!(error(ask(&host, "x", GRANT).await, 400).await, "invalid_grant");
    for (change, expected) in [
        (("scope", ""), "invalid_request"),
        (("scope", "Mail.ReadWrite"), "invalid_scope"),
        (("scope", "https://evil.example/.default"), "invalid_scope"),
    ] {
        assert_eq!(error(begin(&host, &[change]).await, 400).await, expected);
    }
    let unknown = begin(&host, &[("client_id", "nobody")]).await;
    assert_eq!(error(unknown, 401).await, "invalid_client");

    let mut browser = Browser::new(&host);
    // A form from elsewhere, and one of another browser.
    let refused = browser
        .post("/contoso/device", &[("guard", "x"), ("user_code", "BCDF-GHJK")])
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.html.contains("This page is too old"), "{}", refused.html);
    for code in ["BCDF-GHJK", "<script>alert(1)</script>", ""] {
        let page = type_code(&mut browser, code).await;
        assert_eq!(page.status, 400, "{code}");
        assert!(page.html.contains("That code is unknown"), "{}", page.html);
        assert!(!page.html.contains("<script"), "{}", page.html);
    }
    // Now a right one is not looked at either, here and where a page would come from it.
    let page = type_code(&mut browser, &text(&codes["user_code"])).await;
    assert!(page.html.contains("Too many failed"), "{}", page.html);
    let direct = format!(
        "/contoso/oauth2/v2.0/authorize?device_user_code={}",
        text(&codes["user_code"])
    );
    let page = browser.get(&direct).await;
    assert_eq!((page.status, page.location), (429, None));
    assert_eq!(asked(&host, &codes).await, "authorization_pending");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_device_gets_nothing_for_who_may_not_sign_in() {
    let host = Host::start().await;
    let codes = expect(begin(&host, &[]).await, 200).await;
    let mut browser = Browser::new(&host);
    let page = type_code(&mut browser, &text(&codes["user_code"])).await;
    browser.sign_in(&page, "alice@contoso.example").await;
    let disable = Request::SetEnabled {
        user: "alice@contoso.example".to_owned(),
        enabled: false,
    };
    let app = host.service.app();
    let disabled = perform(app.store(), app.clock().now(), disable).await.unwrap();
    assert_eq!(disabled["accountEnabled"], json!(false));
    assert_eq!(asked(&host, &codes).await, "invalid_grant");
    // Nor does the password open anything.
    let codes = expect(begin(&host, &[]).await, 200).await;
    let page = type_code(&mut browser, &text(&codes["user_code"])).await;
    let refused = browser.sign_in(&page, "alice@contoso.example").await;
    assert_eq!(refused.status, 401);
    assert!(
        refused.html.contains("The user name or the password is wrong."),
        "{}",
        refused.html
    );
    host.service.shutdown().await;
}
