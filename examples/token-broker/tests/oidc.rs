//! Logging in at the clinic's identity provider.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use self::common::issuer::Issuer;
use self::common::{Browser, Clinic, Setup, text};

async fn open() -> (Clinic, Issuer) {
    let issuer = Issuer::start().await;
    let clinic = Clinic::open(Setup {
        demo_login: false,
        issuer: Some(issuer.url.to_string()),
    })
    .await;
    (clinic, issuer)
}

fn location(answer: &reqwest::Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// To the provider and back, up to the address that brings the code.
async fn begin(browser: &mut Browser) -> String {
    let answer = browser.get("/login/oidc").await;
    assert_eq!(answer.status(), 303);
    let answer = browser.get(&location(&answer)).await;
    assert_eq!(answer.status(), 303);
    location(&answer)
}

#[tokio::test]
async fn a_person_logs_in_and_is_the_same_user_next_time() {
    let (clinic, issuer) = open().await;
    let mut dana = clinic.browser();
    let (page, _) = dana.home().await;
    assert!(page.contains("/login/oidc") && !page.contains("/login/demo"));
    let callback = begin(&mut dana).await;
    let answer = dana.get(&callback).await;
    assert_eq!((answer.status().as_u16(), location(&answer).as_str()), (303, "/"));
    assert!(!dana.cookies.contains_key("clinic-login"));
    let (page, _) = dana.home().await;
    assert!(page.contains("Dana &lt;b&gt;Novak&lt;/b&gt;") && !page.contains("<b>"));
    let first = dana.token().await;
    assert!(clinic.accepts(text(&first, "token")).await);

    let mut again = clinic.browser();
    let callback = begin(&mut again).await;
    again.get(&callback).await;
    assert_eq!(again.token().await["userId"], first["userId"]);

    issuer.person("1002", "Lee Park");
    let mut lee = clinic.browser();
    let callback = begin(&mut lee).await;
    lee.get(&callback).await;
    let other = lee.token().await;
    assert_eq!(text(&other, "displayName"), "Lee Park");
    assert_ne!(other["userId"], first["userId"]);
    clinic.service.shutdown().await;
}

#[tokio::test]
async fn a_login_that_did_not_begin_here_goes_nowhere() {
    let (clinic, _issuer) = open().await;
    let mut mallory = clinic.browser();
    let callback = begin(&mut mallory).await;
    // Mallory's code in Dana's browser, which has begun no login, and then one of its own.
    let mut dana = clinic.browser();
    assert_eq!(dana.get(&callback).await.status(), 400);
    begin(&mut dana).await;
    assert_eq!(dana.get(&callback).await.status(), 400);
    let (_, csrf) = dana.home().await;
    assert_eq!(dana.ask_token(&csrf).await.status(), 401);

    assert_eq!(mallory.get(&callback).await.status(), 303);
    // Once only.
    assert_eq!(mallory.get(&callback).await.status(), 400);
    for bad in ["/login/oidc/callback", "/login/oidc/callback?code=x"] {
        assert_eq!(mallory.get(bad).await.status(), 400, "{bad}");
    }
    clinic.service.shutdown().await;
}

#[tokio::test]
async fn answers_of_the_provider_that_are_not_in_order_are_refused() {
    let (clinic, issuer) = open().await;
    let mut dana = clinic.browser();
    let failed = async |dana: &mut Browser, change: &dyn Fn(String) -> String| {
        let callback = begin(dana).await;
        let status = dana.get(&change(callback)).await.status();
        let (_, csrf) = dana.home().await;
        (status.as_u16(), dana.ask_token(&csrf).await.status().as_u16())
    };
    let same = |callback: String| callback;

    let denied = |callback: String| callback.replace("code=code-", "error=access_denied&x=");
    assert_eq!(failed(&mut dana, &denied).await, (502, 401));
    let other = |callback: String| callback.replace("code=code-", "code=stolen-");
    assert_eq!(failed(&mut dana, &other).await, (502, 401));

    issuer.nonce(Some("replayed"));
    assert_eq!(failed(&mut dana, &same).await, (502, 401));
    issuer.nonce(None);
    issuer.audience("another client");
    assert_eq!(failed(&mut dana, &same).await, (502, 401));
    issuer.audience(common::issuer::CLIENT);

    // Same key id, another key.
    issuer.forge();
    assert_eq!(failed(&mut dana, &same).await, (502, 401));
    // A new key under a new id is looked up.
    issuer.rotate();
    assert_eq!(failed(&mut dana, &same).await, (303, 200));
    clinic.service.shutdown().await;
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_so() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let clinic = Clinic::open(Setup {
        demo_login: false,
        issuer: Some(format!("http://{address}/")),
    })
    .await;
    let mut dana = clinic.browser();
    assert_eq!(dana.get("/login/oidc").await.status(), 502);
    clinic.service.shutdown().await;
}
