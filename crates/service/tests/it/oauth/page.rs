//! The sign-in page: who may be sent back where, forged forms, sessions.

use crate::common::{Host, expect};
use crate::oauth::browser::{Browser, CHALLENGE, REDIRECT, error, query, redeem, refresh, text, token};

#[tokio::test]
async fn nobody_is_sent_where_nothing_is_registered() {
    let host = Host::start().await;
    let mut browser = Browser::new(&host);
    let other = "00000000-0000-4000-8000-000000000000";
    for change in [
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "http://localhost.evil.example:53211"),
        ("redirect_uri", "http://localhost:53211@evil.example"),
        ("redirect_uri", "http://localhost:53211/elsewhere"),
        ("redirect_uri", "http://localhost:53211#@evil.example"),
        ("redirect_uri", "https://localhost:53211"),
        ("redirect_uri", "javascript:alert(1)"),
        ("redirect_uri", "//evil.example"),
        ("redirect_uri", ""),
        ("client_id", other),
        ("client_id", ""),
        ("client_id", "'; DROP TABLE applications; --"),
        ("state", &*"s".repeat(5000)),
    ] {
        let page = browser.authorize(&query(&host, &[change])).await;
        assert_eq!(page.status, 400, "{change:?}");
        assert_eq!(page.location, None, "{change:?}");
        assert!(!page.html.contains("<form"), "{change:?}");
    }
    // Twice is once too many, wherever.
    for twice in ["&client_id=x", "&state=x", "&redirect_uri=https://evil.example"] {
        let page = browser.authorize(&(query(&host, &[]) + twice)).await;
        assert_eq!((page.status, page.location), (400, None), "{twice}");
    }
    // The application is not of that tenant.
    let target = format!("/fabrikam/oauth2/v2.0/authorize?{}", query(&host, &[]));
    assert_eq!(browser.get(&target).await.status, 400);
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_the_program_did_wrong_it_is_told() {
    let host = Host::start().await;
    let mut browser = Browser::new(&host);
    for (change, expected) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "code id_token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("response_mode", "web_message"), "invalid_request"),
        (("scope", ""), "invalid_request"),
        (("scope", "Mail.ReadWrite"), "invalid_scope"),
        (("scope", "https://evil.example/.default"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("prompt", "create"), "invalid_request"),
        (("prompt", "none"), "login_required"),
        (("max_age", "-1"), "invalid_request"),
        (("nonce", &*"n".repeat(2000)), "invalid_request"),
        (("request_uri", "https://evil.example/"), "invalid_request"),
    ] {
        let back = browser.authorize(&query(&host, &[change])).await;
        assert_eq!(back.status, 303, "{change:?}");
        let parameters = back.parameters();
        assert_eq!(parameters["error"], expected, "{change:?}");
        assert_eq!(parameters["state"], "a&b=c", "{change:?}");
        assert!(!parameters.contains_key("code"), "{change:?}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_page_says_what_is_wrong_and_keeps_to_itself() {
    let host = Host::start().await;
    let mut browser = Browser::new(&host);
    let hint = [("login_hint", "\"><script>alert(1)</script>")];
    let page = browser.authorize(&query(&host, &hint)).await;
    assert_eq!(page.status, 200);
    assert!(!page.html.contains("<script"), "{}", page.html);
    assert!(page.html.contains("Demo on your device"));
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-frame-options"), "DENY");
    assert_eq!(header("cache-control"), "no-store");
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(
        policy.contains(&format!("form-action 'self' {REDIRECT};")),
        "{policy}"
    );
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    for (upn, password) in [
        ("alice@contoso.example", "wrong"),
        ("nobody@contoso.example", "wrong"),
        ("", ""),
    ] {
        let again = browser
            .submit(
                &page,
                &[("username", upn), ("password", password), ("step", "password")],
            )
            .await;
        assert_eq!(again.status, 401, "{upn}");
        assert!(
            again
                .html
                .contains("role=\"alert\">The user name or the password is wrong."),
            "{upn}"
        );
    }
    let cancelled = browser.submit(&page, &[("step", "cancel")]).await;
    assert_eq!(cancelled.parameters()["error"], "access_denied");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_forged_form_is_refused() {
    let host = Host::start().await;
    let alice = host.dev().users[0].clone();
    let form = [
        ("username", &*alice.upn),
        ("password", &*alice.password),
        ("step", "password"),
    ];
    let mut browser = Browser::new(&host);
    let page = browser.authorize(&query(&host, &[])).await;
    // From a browser that never had the page, and from one that had another.
    let mut victim = Browser::new(&host);
    assert_eq!(victim.submit(&page, &form).await.status, 400);
    victim.authorize(&query(&host, &[])).await;
    assert_eq!(victim.submit(&page, &form).await.status, 400);
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let refused = browser
            .submit_with(&page, &form, |request| request.header(header, value))
            .await;
        assert_eq!(
            (refused.status, refused.location),
            (400, None),
            "{header}: {value}"
        );
    }
    // What the form brings back is checked as if it came anew.
    let mut changed = browser.authorize(&query(&host, &[])).await;
    changed.html = changed.html.replace("localhost%3A53211", "evil.example");
    let refused = browser.submit(&changed, &form).await;
    assert_eq!((refused.status, refused.location), (400, None));
    let origin = host.dev().endpoint.clone();
    let accepted = browser
        .submit_with(&page, &form, |request| {
            request
                .header("origin", origin)
                .header("sec-fetch-site", "same-origin")
        })
        .await;
    assert_eq!(accepted.status, 303);
    host.service.shutdown().await;
}

#[tokio::test]
async fn guessing_on_the_page_is_slowed_down() {
    let host = Host::start_with(|config| config.limits.sign_in_failures = 2).await;
    let mut browser = Browser::new(&host);
    let page = browser.authorize(&query(&host, &[])).await;
    let wrong = [("username", "alice@contoso.example"), ("password", "wrong")];
    for _ in 0..2 {
        assert_eq!(browser.submit(&page, &wrong).await.status, 401);
    }
    let slowed = browser.sign_in(&page, "alice@contoso.example").await;
    assert_eq!((slowed.status, slowed.location.as_deref()), (401, None));
    assert!(
        slowed.html.contains("Too many failed sign-ins."),
        "{}",
        slowed.html
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn who_is_signed_in_goes_on_without_a_password() {
    let host = Host::start().await;
    let mut browser = Browser::new(&host);
    let page = browser.authorize(&query(&host, &[])).await;
    browser.sign_in(&page, "alice@contoso.example").await;
    // Another program may listen on this machine's ports: the person is asked.
    let page = browser.authorize(&query(&host, &[])).await;
    assert!(page.html.contains("Alice Meyer") && !page.html.contains("name=\"password\""));
    let none = browser.authorize(&query(&host, &[("prompt", "none")])).await;
    assert_eq!(none.parameters()["error"], "interaction_required");
    let back = browser.submit(&page, &[("step", "continue")]).await;
    expect(redeem(&host, &back.code(), &[]).await, 200).await;
    let other = browser.submit(&page, &[("step", "other")]).await;
    assert!(other.html.contains("name=\"password\""));
    for change in [("prompt", "login"), ("login_hint", "bob@contoso.example")] {
        let page = browser.authorize(&query(&host, &[change])).await;
        assert!(page.html.contains("name=\"password\""), "{change:?}");
    }
    // Nobody gets around the password that was asked for.
    let page = browser.authorize(&query(&host, &[("prompt", "login")])).await;
    let refused = browser.submit(&page, &[("step", "continue")]).await;
    assert!(refused.location.is_none() && refused.html.contains("name=\"password\""));

    let target = format!(
        "/contoso/oauth2/v2.0/logout?client_id={}&post_logout_redirect_uri=",
        host.dev().public_app.client_id
    );
    let away = browser.get(&format!("{target}https://evil.example/")).await;
    assert_eq!((away.status, away.location), (200, None));
    let away = browser.get(&format!("{target}{REDIRECT}&state=s")).await;
    assert_eq!(away.location.unwrap(), format!("{REDIRECT}?state=s"));
    let page = browser.authorize(&query(&host, &[])).await;
    assert!(page.html.contains("name=\"password\""));
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_web_application_gets_its_code_at_once() {
    use anteroom_service::directory::admin::{Request, perform};

    let host = Host::start().await;
    let store = host.service.app().store().clone();
    let now = host.service.app().clock().now();
    let web = "https://portal.example/cb?x=1";
    let add = Request::AddRedirectUri {
        application: host.dev().app.client_id.clone(),
        uri: web.to_owned(),
    };
    perform(&store, now, add).await.unwrap();
    let client = host.dev().app.client_id.clone();
    let change = [("client_id", &*client), ("redirect_uri", web)];
    let mut browser = Browser::new(&host);
    let page = browser.authorize(&query(&host, &change)).await;
    let back = browser.sign_in(&page, "alice@contoso.example").await;
    assert!(
        back.location
            .unwrap()
            .starts_with("https://portal.example/cb?x=1&code=")
    );
    let mut silent = change.to_vec();
    silent.push(("prompt", "none"));
    let back = browser.authorize(&query(&host, &silent)).await;
    let location = back.location.unwrap();
    assert!(
        location.starts_with("https://portal.example/cb?x=1&code="),
        "{location}"
    );
    assert!(!location.contains(CHALLENGE));

    // A new password ends sessions and all that came of them.
    let code = Browser::code(&host, &[]).await;
    let given = expect(redeem(&host, &code, &[]).await, 200).await;
    let set = Request::SetPassword {
        user: "alice@contoso.example".to_owned(),
        password: "a new password".to_owned(),
    };
    perform(&store, now, set).await.unwrap();
    let back = browser.authorize(&query(&host, &silent)).await;
    assert!(back.location.unwrap().contains("error=login_required"));
    let renewal = refresh(&host, &text(&given["refresh_token"])).await;
    assert_eq!(error(renewal, 400).await, "invalid_grant");
    let ropc = |password: &'static str| {
        let form = [
            ("grant_type", "password"),
            ("client_id", "anteroom-web"),
            ("username", "alice@contoso.example"),
            ("password", password),
        ];
        let host = &host;
        async move { token(host, &form).await }
    };
    assert_eq!(error(ropc("an old password").await, 400).await, "invalid_grant");
    expect(ropc("a new password").await, 200).await;
    host.service.shutdown().await;
}
