//! The ACS Identity API over real sockets.

mod entra;
mod resources;

use reqwest::Method;

use crate::common::{CHAT, Host, IDENTITY, expect, refusal};

fn encoded(id: &str) -> String {
    id.replace(':', "%3A")
}

#[tokio::test]
async fn creates_issues_revokes_and_deletes() {
    let host = Host::start().await;
    let created = host
        .signed(Method::POST, &format!("/identities?{IDENTITY}"), "")
        .send()
        .await
        .unwrap();
    let created = expect(created, 201).await;
    assert!(created.get("accessToken").is_none());
    let id = created["identity"]["id"].as_str().unwrap().to_owned();
    assert!(
        id.starts_with(&format!("8:acs:{}_", host.dev().resource_id)),
        "{id}"
    );

    // Encoded as Python's synchronous client and JavaScript do, and literally as Python's asynchronous one does.
    for path in [encoded(&id), id.clone()] {
        let target = format!("/identities/{path}/:issueAccessToken?{IDENTITY}");
        let body = r#"{"scopes":["chat","voip.join"],"expiresInMinutes":null}"#;
        let issued = expect(
            host.signed(Method::POST, &target, body).send().await.unwrap(),
            200,
        )
        .await;
        let token = issued["token"].as_str().unwrap();
        assert_eq!(token.split('.').count(), 3);
        assert!(issued["expiresOn"].as_str().unwrap().ends_with("+00:00"));
    }

    let target = format!("/identities/{}/:revokeAccessTokens?{IDENTITY}", encoded(&id));
    assert_eq!(
        host.signed(Method::POST, &target, "")
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    let target = format!("/identities/{}?{IDENTITY}", encoded(&id));
    for _ in 0..2 {
        assert_eq!(
            host.signed(Method::DELETE, &target, "")
                .send()
                .await
                .unwrap()
                .status(),
            204
        );
    }
    let target = format!("/identities/{}/:issueAccessToken?{IDENTITY}", encoded(&id));
    let gone = host
        .signed(Method::POST, &target, r#"{"scopes":["chat"]}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(gone, 404).await, "NotFound");
    host.service.shutdown().await;
}

#[tokio::test]
async fn revocation_is_immediate_and_spares_later_tokens() {
    let host = Host::start().await;
    let (id, token) = host.guest(&["chat"]).await;
    let read = |token: String| {
        host.get(&format!("{}?{CHAT}", host.thread_path()))
            .bearer_auth(token)
            .send()
    };
    // Not a member, but known.
    assert_eq!(
        refusal(read(token.clone()).await.unwrap(), 403).await,
        "Forbidden"
    );
    let target = format!("/identities/{}/:revokeAccessTokens?{IDENTITY}", encoded(&id));
    assert_eq!(
        host.signed(Method::POST, &target, "")
            .send()
            .await
            .unwrap()
            .status(),
        204
    );
    assert_eq!(refusal(read(token).await.unwrap(), 401).await, "Unauthorized");
    let target = format!("/identities/{}/:issueAccessToken?{IDENTITY}", encoded(&id));
    let again = host
        .signed(Method::POST, &target, r#"{"scopes":["chat"]}"#)
        .send()
        .await
        .unwrap();
    let again = expect(again, 200).await["token"].as_str().unwrap().to_owned();
    assert_eq!(refusal(read(again).await.unwrap(), 403).await, "Forbidden");
    host.service.shutdown().await;
}

#[tokio::test]
async fn refuses_bad_requests_with_the_codes_of_the_service() {
    let host = Host::start().await;
    let target = format!("/identities?{IDENTITY}");
    for (body, code) in [
        ("{", "ValidationError"),
        ("[]", "ValidationError"),
        (r#"{"createTokenWithScopes":"chat"}"#, "ValidationError"),
        (r#"{"createTokenWithScopes":["calls"]}"#, "ValidationError"),
        (
            r#"{"createTokenWithScopes":["chat"],"expiresInMinutes":59}"#,
            "ValidationError",
        ),
        (r#"{"expiresInMinutes":1441}"#, "ValidationError"),
    ] {
        let response = host.signed(Method::POST, &target, body).send().await.unwrap();
        assert_eq!(refusal(response, 400).await, code, "{body}");
    }
    let (id, _) = host.guest(&["voip"]).await;
    let issue = format!("/identities/{}/:issueAccessToken?{IDENTITY}", encoded(&id));
    for body in ["", "{}", r#"{"scopes":null}"#, r#"{"scopes":[]}"#] {
        let response = host.signed(Method::POST, &issue, body).send().await.unwrap();
        assert_eq!(refusal(response, 400).await, "ValidationError", "{body}");
    }
    for id in [
        "nobody",
        "8%3Aacs%3Ax_y",
        "%FF",
        "8%3Aorgid%3A00000000-0000-0000-0000-000000000000",
    ] {
        let target = format!("/identities/{id}/:issueAccessToken?{IDENTITY}");
        let response = host
            .signed(Method::POST, &target, r#"{"scopes":["chat"]}"#)
            .send()
            .await
            .unwrap();
        assert!(
            matches!(response.status().as_u16(), 400 | 404),
            "{id}: {}",
            response.status()
        );
        expect_json(response).await;
    }
    let exchange = format!("/teamsUser/:exchangeAccessToken?{IDENTITY}");
    let response = host.signed(Method::POST, &exchange, "{}").send().await.unwrap();
    assert_eq!(refusal(response, 401).await, "InvalidAccessToken");
    host.service.shutdown().await;
}

async fn expect_json(response: reqwest::Response) {
    let status = response.status().as_u16();
    expect(response, status).await;
}

#[tokio::test]
async fn checks_versions_and_signatures() {
    let host = Host::start().await;
    for (query, code) in [
        ("", "ApiVersionUnspecified"),
        ("?api-version=2010-01-01", "UnsupportedApiVersion"),
        ("?api-version=", "UnsupportedApiVersion"),
    ] {
        let response = host
            .signed(Method::POST, &format!("/identities{query}"), "{}")
            .send()
            .await
            .unwrap();
        assert!(response.headers().contains_key("api-supported-versions"));
        assert_eq!(refusal(response, 400).await, code);
    }
    for version in ["2021-03-07", "ApiVersion.V2023_10_01"] {
        let target = format!("/identities?api-version={version}");
        assert_eq!(
            host.signed(Method::POST, &target, "{}")
                .send()
                .await
                .unwrap()
                .status(),
            201
        );
    }

    let target = format!("/identities?{IDENTITY}");
    assert_eq!(
        refusal(host.post(&target).send().await.unwrap(), 401).await,
        "Denied"
    );
    let changed = host
        .signed(Method::POST, &target, "{}")
        .body("{ }")
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(changed, 401).await, "Denied");
    let (_, token) = host.guest(&["chat"]).await;
    let bearer = host.post(&target).bearer_auth(token).send().await.unwrap();
    assert_eq!(refusal(bearer, 401).await, "Denied");
    let mut stale = host.signed(Method::POST, &target, "{}").build().unwrap();
    stale
        .headers_mut()
        .insert("x-ms-date", "Fri, 20 Nov 2020 21:38:59 GMT".parse().unwrap());
    let stale = host.client.execute(stale).await.unwrap();
    assert_eq!(refusal(stale, 401).await, "Denied");
    host.service.shutdown().await;
}

#[tokio::test]
async fn refuses_large_bodies() {
    let host = Host::start_with(|config| config.limits.body_bytes = 1024).await;
    let body = format!("{{\"a\":\"{}\"}}", "x".repeat(2000));
    let target = format!("/identities?{IDENTITY}");
    let response = host.signed(Method::POST, &target, &body).send().await.unwrap();
    assert_eq!(refusal(response, 413).await, "RequestEntityTooLarge");
    host.service.shutdown().await;
}
