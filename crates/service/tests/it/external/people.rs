//! Who of the directory somebody is: linked, created, refused; groups; who is disabled.

use anteroom_service::directory::admin::{Request, perform};
use anteroom_service::external::UnknownPeople;
use serde_json::{Value, json};

use super::provider::Provider;
use super::ways::creating;
use crate::common::{Host, expect};
use crate::oauth::browser::{Browser, claims, query, redeem, refresh, text, userinfo};

async fn operate(host: &Host, request: Request) -> Value {
    let app = host.service.app();
    perform(app.store(), app.clock().now(), request).await.unwrap()
}

async fn user(host: &Host, upn: &str) -> Option<Value> {
    let list = Request::ListUsers {
        tenant: "contoso".to_owned(),
    };
    let users = operate(host, list).await;
    let users = users.as_array().unwrap().clone();
    users.into_iter().find(|user| user["userPrincipalName"] == upn)
}

/// What the page says to whoever signs in at the provider with these claims.
async fn page(provider: &Provider, host: &Host, claims: Value) -> (u16, String) {
    provider.claims(claims);
    let answer = provider.sign_in(host, &mut Browser::new(host), &[]).await;
    assert_eq!(answer.location, None);
    (answer.status, answer.html)
}

#[tokio::test]
async fn people_are_created_where_that_is_wanted() {
    let provider = Provider::start().await;
    let mut config = creating(&provider);
    config.groups_claim = Some("groups".to_owned());
    config.groups = [
        ("/staff", "Staff"),
        ("/admins", "Staff"),
        ("/gone", "No such group"),
    ]
    .map(|(value, group)| (value.to_owned(), group.to_owned()))
    .into();
    let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
    let (tenant, name) = ("contoso".to_owned(), "Staff".to_owned());
    operate(&host, Request::CreateGroup { tenant, name }).await;
    assert_eq!(user(&host, "dora@contoso.example").await, None);

    let (status, html) = page(&provider, &host, json!({ "groups": ["/admins", "/gone"] })).await;
    assert_eq!(status, 200, "{html}");
    let dora = user(&host, "dora@contoso.example").await.unwrap();
    assert_eq!(dora["displayName"], "Dora Schmidt");
    assert_eq!(dora["isAdmin"], false);
    assert_eq!(dora["hasPassword"], false);
    assert_eq!(dora["external"][0]["subject"], "subject-1");
    let members = async || {
        let tenant = "contoso".to_owned();
        operate(&host, Request::ListGroups { tenant }).await[0]["members"].clone()
    };
    assert_eq!(members().await, json!([dora["id"]]));
    // The same person, by the subject: whatever the name is by now. And in no group any more.
    let renamed = json!({ "preferred_username": "dora.meyer@contoso.example", "groups": [] });
    let (status, html) = page(&provider, &host, renamed).await;
    assert!(status == 200 && html.contains("dora@contoso.example"), "{html}");
    assert_eq!(members().await, json!([]));

    for (claims, problem) in [
        // Another person with the name of somebody, here or created before.
        (
            json!({ "sub": "2", "preferred_username": "alice@contoso.example" }),
            "Your name is taken",
        ),
        (json!({ "sub": "2" }), "Your name is taken"),
        (
            json!({ "sub": "2", "preferred_username": "x@evil.example" }),
            "People of your domain",
        ),
        (
            json!({ "sub": "2", "email": "x@evil.example" }),
            "People of your domain",
        ),
        (json!({ "sub": "2", "preferred_username": "x" }), "gives no name"),
        // Who was let in before and has left.
        (json!({ "email": "dora@evil.example" }), "People of your domain"),
    ] {
        let mut claims: Value = claims;
        claims["groups"] = json!([]);
        let (status, html) = page(&provider, &host, claims.clone()).await;
        assert_eq!(status, 401, "{claims}");
        assert!(html.contains(problem), "{claims}: {html}");
    }
    // Without a password nobody signs in with one.
    for password in ["", "x"] {
        let refused = host
            .password_grant("contoso", "dora@contoso.example", password)
            .await;
        assert_eq!(refused.status(), 400);
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_address_links_only_when_it_is_verified() {
    let provider = Provider::start().await;
    let mut config = creating(&provider);
    config.unknown_people = UnknownPeople::LinkVerifiedEmail;
    let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
    let alice = |verified: Value| json!({ "email": "ALICE@contoso.example", "email_verified": verified });
    for verified in [json!(false), json!(null)] {
        let (status, html) = page(&provider, &host, alice(verified)).await;
        assert!(status == 401 && html.contains("has not verified"), "{html}");
    }
    assert_eq!(
        user(&host, "alice@contoso.example").await.unwrap()["external"],
        json!([])
    );
    let nobody = json!({ "email": "nobody@contoso.example", "email_verified": true });
    let (status, html) = page(&provider, &host, nobody).await;
    assert!(status == 401 && html.contains("no account here"), "{html}");
    let (status, html) = page(&provider, &host, alice(json!(true))).await;
    assert!(status == 200 && html.contains("Alice Meyer"), "{html}");
    // From now on by the subject, with another address, verified or not.
    let moved = json!({ "email": "bob@contoso.example", "email_verified": false });
    let (status, html) = page(&provider, &host, moved).await;
    assert!(status == 200 && html.contains("Alice Meyer"), "{html}");
    // Userinfo counts like the token.
    provider.says(|says| {
        says.userinfo = json!({ "sub": "3", "email": "bob@contoso.example", "email_verified": true });
    });
    let (status, html) = page(&provider, &host, json!({ "sub": "3", "email": null })).await;
    assert!(status == 200 && html.contains("bob@contoso.example"), "{html}");
    host.service.shutdown().await;
}

#[tokio::test]
async fn who_is_disabled_or_unlinked_is_out_at_once() {
    let provider = Provider::start().await;
    let config = creating(&provider);
    let host = Host::start_with(|all| all.sign_in.providers = vec![config]).await;
    let mut browser = Browser::new(&host);
    let page = provider.sign_in(&host, &mut browser, &[]).await;
    let code = browser.submit(&page, &[("step", "continue")]).await.code();
    let given = expect(redeem(&host, &code, &[]).await, 200).await;
    let token = text(&given["access_token"]);
    assert_eq!(claims(&token)["name"], "Dora Schmidt");
    expect(userinfo(&host, &token).await, 200).await;

    let name = || "dora@contoso.example".to_owned();
    let disable = Request::SetEnabled {
        user: name(),
        enabled: false,
    };
    assert_eq!(operate(&host, disable).await["accountEnabled"], false);
    assert_eq!(userinfo(&host, &token).await.status(), 401);
    let renewal = refresh(&host, &text(&given["refresh_token"])).await;
    assert_eq!(renewal.status(), 400);
    let page = browser.authorize(&query(&host, &[])).await;
    assert!(!page.html.contains("Dora"), "{}", page.html);
    let refused = provider.sign_in(&host, &mut browser, &[]).await;
    assert_eq!((refused.status, &refused.location), (401, &None));
    assert!(
        refused.html.contains("Your account is disabled"),
        "{}",
        refused.html
    );

    let enable = Request::SetEnabled {
        user: name(),
        enabled: true,
    };
    operate(&host, enable).await;
    // What was revoked stays so; a new sign-in is a new one.
    assert_eq!(userinfo(&host, &token).await.status(), 401);
    assert_eq!(provider.sign_in(&host, &mut browser, &[]).await.status, 200);

    let unlink = Request::Unlink {
        user: name(),
        issuer: provider.issuer.clone(),
    };
    assert_eq!(operate(&host, unlink).await["external"], json!([]));
    let refused = provider.sign_in(&host, &mut browser, &[]).await;
    assert!(refused.html.contains("Your name is taken"), "{}", refused.html);
    host.service.shutdown().await;
}
