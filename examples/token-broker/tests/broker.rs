//! The clinic, its customers and a running communication service.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use anteroom_identity::client::CommunicationTokenCredential;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::Value;
use time::OffsetDateTime;

use self::common::{Clinic, Setup, text};

/// What a token says.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_customer_gets_a_token_that_the_service_takes_and_that_allows_little() {
    let clinic = Clinic::open(Setup::default()).await;
    let mut dana = clinic.browser();
    let (page, _) = dana.home().await;
    assert!(page.contains("/login/demo") && !page.contains("/login/oidc"));
    dana.demo_login("dana").await;
    let (page, _) = dana.home().await;
    assert!(page.contains("Dana Novak") && page.contains("/assets/page.js"));

    let answer = dana.token().await;
    let token = text(&answer, "token");
    assert!(clinic.accepts(token).await);
    let claims = claims(token);
    assert_eq!(claims["acsScope"], "chat.join.limited,voip.join");
    assert_eq!(format!("8:{}", text(&claims, "skypeid")), text(&answer, "userId"));
    let left = claims["exp"].as_i64().unwrap() - OffsetDateTime::now_utc().unix_timestamp();
    assert!((3590..=3600).contains(&left), "{left}");
    let refresh_after = answer["refreshAfter"].as_i64().unwrap();
    assert!((2990..=3000).contains(&refresh_after), "{refresh_after}");
    assert_eq!(text(&answer, "displayName"), "Dana Novak");
    assert_eq!(text(&answer, "joinPage"), clinic.dev().guest_page);
    // An SDK's credential reads it.
    let credential = CommunicationTokenCredential::new(token).unwrap();
    assert_eq!(
        credential.token().await.unwrap().expires_on.unix_timestamp(),
        claims["exp"].as_i64().unwrap()
    );
    clinic.service.shutdown().await;
}

#[tokio::test]
async fn refreshing_gives_a_new_token_for_the_same_user() {
    let clinic = Clinic::open(Setup::default()).await;
    let mut dana = clinic.browser();
    dana.demo_login("dana").await;
    let first = dana.token().await;
    let second = dana.token().await;
    assert_eq!(first["userId"], second["userId"]);
    assert!(clinic.accepts(text(&first, "token")).await);
    assert!(clinic.accepts(text(&second, "token")).await);
    // In another browser, too.
    let mut phone = clinic.browser();
    phone.demo_login("dana").await;
    assert_eq!(phone.token().await["userId"], first["userId"]);

    // Somebody deleted the user: the next refresh mends it.
    let user = text(&first, "userId").parse().unwrap();
    clinic.identity.delete_user(&user).await.unwrap();
    assert!(!clinic.accepts(text(&second, "token")).await);
    let third = dana.token().await;
    assert_ne!(third["userId"], first["userId"]);
    assert!(clinic.accepts(text(&third, "token")).await);
    clinic.service.shutdown().await;
}

#[tokio::test]
async fn nobody_gets_the_token_of_another_customer() {
    let clinic = Clinic::open(Setup::default()).await;
    let (mut dana, mut lee) = (clinic.browser(), clinic.browser());
    dana.demo_login("dana").await;
    lee.demo_login("lee").await;
    let danas = dana.token().await;
    assert_ne!(lee.token().await["userId"], danas["userId"]);

    // A user named in the request changes nothing.
    let (_, csrf) = lee.home().await;
    let address = format!("/api/token?userId={}", text(&danas, "userId"));
    let form = [("userId", text(&danas, "userId")), ("customer", "demo:dana")];
    let answer = lee
        .send(Method::POST, &address, &[("x-csrf-token", &csrf)], Some(&form))
        .await;
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_ne!(answer["userId"], danas["userId"]);

    // A cookie that was changed is nobody's.
    let mine = lee.cookies["clinic"].clone();
    for forged in [
        mine.replace("lee", "dana"),
        mine.replacen("%22", "", 1),
        "x".to_owned(),
    ] {
        assert_ne!(forged, mine);
        lee.cookies.insert("clinic".to_owned(), forged);
        assert_eq!(lee.ask_token(&csrf).await.status(), 401);
    }
    lee.cookies.insert("clinic".to_owned(), mine);
    assert_eq!(lee.ask_token(&csrf).await.status(), 200);
    clinic.service.shutdown().await;
}

#[tokio::test]
async fn requests_of_other_sites_do_nothing() {
    let clinic = Clinic::open(Setup::default()).await;
    let mut visitor = clinic.browser();
    // Without a session, and with one that is nobody's.
    assert_eq!(visitor.ask_token("x").await.status(), 401);
    let login = [("csrf", ""), ("customer", "dana")];
    assert_eq!(visitor.post("/login/demo", &login).await.status(), 401);
    let (_, csrf) = visitor.home().await;
    assert_eq!(visitor.ask_token(&csrf).await.status(), 401);
    assert_eq!(visitor.post("/login/demo", &login).await.status(), 403);
    let nobody = [("csrf", csrf.as_str()), ("customer", "mallory")];
    assert_eq!(visitor.post("/login/demo", &nobody).await.status(), 400);

    visitor.demo_login("dana").await;
    // The token from before the login is of no use after it.
    for forged in ["", "x", &csrf] {
        assert_eq!(visitor.ask_token(forged).await.status(), 403);
        assert_eq!(visitor.post("/logout", &[("csrf", forged)]).await.status(), 403);
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = visitor.send(method, "/api/token", &[], None).await;
        assert_eq!(answer.status(), 405);
    }
    visitor.token().await;
    clinic.service.shutdown().await;
}

#[tokio::test]
async fn logging_out_takes_the_tokens_back() {
    let clinic = Clinic::open(Setup::default()).await;
    let mut dana = clinic.browser();
    dana.demo_login("dana").await;
    let token = dana.token().await;
    let (_, csrf) = dana.home().await;
    assert_eq!(dana.post("/logout", &[("csrf", &csrf)]).await.status(), 303);
    assert!(!clinic.accepts(text(&token, "token")).await);
    let (_, csrf) = dana.home().await;
    assert_eq!(dana.ask_token(&csrf).await.status(), 401);
    // The same person, the same user.
    dana.demo_login("dana").await;
    assert_eq!(dana.token().await["userId"], token["userId"]);
    clinic.service.shutdown().await;
}

#[tokio::test]
async fn the_demo_login_can_be_off_and_the_service_away() {
    let setup = Setup {
        demo_login: false,
        issuer: None,
    };
    let clinic = Clinic::open(setup).await;
    let mut dana = clinic.browser();
    let (page, csrf) = dana.home().await;
    assert!(!page.contains("/login/"));
    let login = [("csrf", csrf.as_str()), ("customer", "dana")];
    assert_eq!(dana.post("/login/demo", &login).await.status(), 404);
    for path in ["/login/oidc", "/login/oidc/callback?state=x&code=y"] {
        assert_eq!(dana.get(path).await.status(), 404);
    }
    clinic.service.shutdown().await;

    let clinic = Clinic::open(Setup::default()).await;
    let mut dana = clinic.browser();
    dana.demo_login("dana").await;
    let (_, csrf) = dana.home().await;
    clinic.service.shutdown().await;
    assert_eq!(dana.ask_token(&csrf).await.status(), 503);
}
