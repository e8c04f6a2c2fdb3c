//! The authorization code flow: codes, refresh tokens, and what a second use does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::common::{Host, expect};
use crate::oauth::browser::{
    Browser, REDIRECT, SCOPE, VERIFIER, claims, error, query, redeem, refresh, text, token, userinfo,
};

#[tokio::test]
async fn a_person_signs_in_and_the_program_gets_tokens() {
    let host = Host::start().await;
    let dev = host.dev();
    let alice = &dev.users[0];
    let mut browser = Browser::new(&host);
    let page = browser.authorize(&query(&host, &[])).await;
    let back = browser.sign_in(&page, &alice.upn).await;
    assert_eq!(back.status, 303);
    assert_eq!(back.headers["cache-control"], "no-store");
    let parameters = back.parameters();
    assert_eq!(parameters["state"], "a&b=c");
    assert_eq!(
        parameters["iss"],
        format!("{}/{}/v2.0", dev.endpoint, dev.tenant_id)
    );

    let answer = expect(redeem(&host, &parameters["code"], &[]).await, 200).await;
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3600);
    let id = claims(&text(&answer["id_token"]));
    assert_eq!(id["aud"], dev.public_app.client_id);
    assert_eq!(id["iss"], parameters["iss"]);
    assert_eq!(id["nonce"], "n-1");
    assert_eq!(id["tid"], dev.tenant_id);
    assert_eq!(id["oid"], alice.object_id);
    assert_eq!(id["preferred_username"], alice.upn);
    assert_eq!(id["name"], alice.display_name);
    let info = URL_SAFE_NO_PAD.decode(text(&answer["client_info"])).unwrap();
    let info: Value = serde_json::from_slice(&info).unwrap();
    assert_eq!(info, json!({ "uid": alice.object_id, "utid": dev.tenant_id }));

    let access = text(&answer["access_token"]);
    assert_eq!(claims(&access)["aud"], "https://graph.microsoft.com");
    assert_eq!(claims(&access)["scp"], "User.Read openid profile");
    let who = expect(userinfo(&host, &access).await, 200).await;
    assert_eq!(who["sub"], id["sub"]);
    assert_eq!(who["name"], alice.display_name);
    // An ID token says who somebody is, and opens nothing.
    let refused = userinfo(&host, &text(&answer["id_token"])).await;
    assert_eq!(error(refused, 401).await, "invalid_token");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_code_is_good_once_and_its_second_use_ends_what_it_gave() {
    let host = Host::start().await;
    let code = Browser::code(&host, &[]).await;
    let given = expect(redeem(&host, &code, &[]).await, 200).await;
    let (access, renewal) = (text(&given["access_token"]), text(&given["refresh_token"]));
    expect(userinfo(&host, &access).await, 200).await;
    assert_eq!(error(redeem(&host, &code, &[]).await, 400).await, "invalid_grant");
    assert_eq!(error(userinfo(&host, &access).await, 401).await, "invalid_token");
    assert_eq!(error(refresh(&host, &renewal).await, 400).await, "invalid_grant");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_code_is_bound_to_its_request() {
    let host = Host::start().await;
    let app = &host.dev().app;
    for (change, expected) in [
        (
            vec![("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx")],
            "invalid_grant",
        ),
        (vec![("code_verifier", "")], "invalid_grant"),
        (vec![("redirect_uri", "http://localhost:53212")], "invalid_grant"),
        (vec![("redirect_uri", "http://localhost:53211/")], "invalid_grant"),
        (vec![("redirect_uri", "")], "invalid_request"),
        (vec![("code", "x")], "invalid_grant"),
        (
            vec![
                ("client_id", &*app.client_id),
                ("client_secret", &*app.client_secret),
            ],
            "invalid_grant",
        ),
    ] {
        let code = Browser::code(&host, &[]).await;
        assert_eq!(
            error(redeem(&host, &code, &change).await, 400).await,
            expected,
            "{change:?}"
        );
    }
    // A program that has no secret cannot have sent one.
    let code = Browser::code(&host, &[]).await;
    let refused = redeem(&host, &code, &[("client_secret", "x")]).await;
    assert_eq!(error(refused, 401).await, "invalid_client");
    // Whoever guesses at the verifier has one guess.
    let wrong = [("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx")];
    assert_eq!(
        error(redeem(&host, &code, &wrong).await, 400).await,
        "invalid_grant"
    );
    assert_eq!(error(redeem(&host, &code, &[]).await, 400).await, "invalid_grant");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_confidential_program_may_do_without_pkce_and_not_without_its_secret() {
    let host = Host::start().await;
    let app = &host.dev().app;
    let plain = [
        ("client_id", &*app.client_id),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let own = |secret| {
        vec![
            ("client_id", &*app.client_id),
            ("client_secret", secret),
            ("code_verifier", ""),
        ]
    };
    let code = Browser::code(&host, &plain).await;
    assert_eq!(
        error(redeem(&host, &code, &own("")).await, 401).await,
        "invalid_client"
    );
    assert_eq!(
        error(redeem(&host, &code, &own("wrong")).await, 401).await,
        "invalid_client"
    );
    expect(redeem(&host, &code, &own(&app.client_secret)).await, 200).await;
    // A verifier where there was no challenge is of somebody else's request.
    let code = Browser::code(&host, &plain).await;
    let mut form = own(&app.client_secret);
    form.retain(|(name, _)| *name != "code_verifier");
    form.push(("code_verifier", VERIFIER));
    assert_eq!(
        error(redeem(&host, &code, &form).await, 400).await,
        "invalid_grant"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_sign_in() {
    let host = Host::start().await;
    let code = Browser::code(&host, &[]).await;
    let first = expect(redeem(&host, &code, &[]).await, 200).await;
    let second = expect(refresh(&host, &text(&first["refresh_token"])).await, 200).await;
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(second["scope"], SCOPE.replace("User.Read ", "") + " User.Read");
    assert!(claims(&text(&second["id_token"])).get("nonce").is_none());
    // Not another program's.
    let app = &host.dev().app;
    let foreign = [
        ("grant_type", "refresh_token"),
        ("client_id", &*app.client_id),
        ("client_secret", &*app.client_secret),
        ("refresh_token", second["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(error(token(&host, &foreign).await, 400).await, "invalid_grant");
    // A scope that was not granted costs nothing.
    let greedy = [
        ("grant_type", "refresh_token"),
        ("client_id", &*host.dev().public_app.client_id),
        ("refresh_token", second["refresh_token"].as_str().unwrap()),
        ("scope", "Mail.ReadWrite"),
    ];
    assert_eq!(error(token(&host, &greedy).await, 400).await, "invalid_scope");
    let third = expect(refresh(&host, &text(&second["refresh_token"])).await, 200).await;
    // Somebody has a copy of the first.
    assert_eq!(
        error(refresh(&host, &text(&first["refresh_token"])).await, 400).await,
        "invalid_grant"
    );
    assert_eq!(
        error(refresh(&host, &text(&third["refresh_token"])).await, 400).await,
        "invalid_grant"
    );
    assert_eq!(
        error(userinfo(&host, &text(&third["access_token"])).await, 401).await,
        "invalid_token"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn without_the_scopes_there_is_no_refresh_token_and_no_id_token() {
    let host = Host::start().await;
    let code = Browser::code(&host, &[("scope", "User.Read")]).await;
    let answer = expect(redeem(&host, &code, &[("client_info", "")]).await, 200).await;
    for absent in ["refresh_token", "id_token", "client_info"] {
        assert!(answer.get(absent).is_none(), "{absent}");
    }
    let refused = userinfo(&host, &text(&answer["access_token"])).await;
    assert_eq!(error(refused, 403).await, "insufficient_scope");
    host.service.shutdown().await;
}

#[tokio::test]
async fn those_who_guess_codes_are_slowed_down() {
    let host = Host::start_with(|config| config.limits.sign_in_failures_per_source = 3).await;
    for guess in ["1", "2", "3"] {
        assert_eq!(error(redeem(&host, guess, &[]).await, 400).await, "invalid_grant");
    }
    let slowed = redeem(&host, "4", &[]).await;
    assert!(slowed.headers().contains_key("retry-after"));
    assert_eq!(error(slowed, 429).await, "temporarily_unavailable");
    assert_eq!(
        error(refresh(&host, "5").await, 429).await,
        "temporarily_unavailable"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn every_way_to_answer_carries_the_same() {
    let host = Host::start().await;
    let mut browser = Browser::new(&host);
    let page = browser
        .authorize(&query(&host, &[("response_mode", "fragment")]))
        .await;
    let back = browser.sign_in(&page, "alice@contoso.example").await;
    assert!(
        back.location
            .as_ref()
            .unwrap()
            .starts_with(&format!("{REDIRECT}#code="))
    );
    assert_eq!(back.parameters()["state"], "a&b=c");
    expect(redeem(&host, &back.code(), &[]).await, 200).await;

    let mut browser = Browser::new(&host);
    let page = browser
        .authorize(&query(&host, &[("response_mode", "form_post")]))
        .await;
    let back = browser.sign_in(&page, "alice@contoso.example").await;
    assert_eq!(back.status, 200);
    assert!(
        back.html.contains(&format!("action=\"{REDIRECT}\"")),
        "{}",
        back.html
    );
    let policy = back.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains(&format!("form-action 'self' {REDIRECT};")),
        "{policy}"
    );
    assert_eq!(back.field("state"), "a&b=c");
    expect(redeem(&host, &back.field("code"), &[]).await, 200).await;
    host.service.shutdown().await;
}
