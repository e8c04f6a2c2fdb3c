//! Several resources in one service, and their access keys.

use anteroom_identity::signing::{AccessKey, KeySlot};
use anteroom_service::operator::OperatorInfo;
use anteroom_service::resources::{CreateError, MAX_RESOURCES, Resource};
use reqwest::{Method, StatusCode};
use time::OffsetDateTime;

use super::encoded;
use crate::common::{CHAT, Host, IDENTITY, expect, refusal};

async fn second(host: &Host) -> Resource {
    let resources = host.service.app().resources();
    resources
        .create("second", OffsetDateTime::now_utc())
        .await
        .unwrap()
}

async fn create(host: &Host, key: &AccessKey) -> reqwest::Response {
    let body = r#"{"createTokenWithScopes":["chat"]}"#;
    host.signed_with(key, Method::POST, &format!("/identities?{IDENTITY}"), body)
        .send()
        .await
        .unwrap()
}

/// 401 for a token that is refused; 403 for one that is good, since its holder is not in the demo meeting's chat.
async fn read_chat(host: &Host, token: &str) -> StatusCode {
    let target = format!("{}?{CHAT}", host.thread_path());
    host.get(&target)
        .bearer_auth(token)
        .send()
        .await
        .unwrap()
        .status()
}

#[tokio::test]
async fn each_resource_has_its_own_users() {
    let host = Host::start().await;
    let second = second(&host).await;
    let made = expect(create(&host, second.key(KeySlot::Primary)).await, 201).await;
    let id = made["identity"]["id"].as_str().unwrap();
    assert!(id.starts_with(&format!("8:acs:{}_", second.id())), "{id}");
    assert_eq!(
        read_chat(&host, made["accessToken"]["token"].as_str().unwrap()).await,
        403
    );

    // The first resource's key knows nothing of it, and the other way round.
    let (ours, _) = host.guest(&["chat"]).await;
    for (key, id) in [
        (None, id.to_owned()),
        (Some(second.key(KeySlot::Secondary)), ours.clone()),
    ] {
        for (method, action, body) in [
            (Method::POST, "/:issueAccessToken", r#"{"scopes":["chat"]}"#),
            (Method::POST, "/:revokeAccessTokens", ""),
            (Method::DELETE, "", ""),
        ] {
            let target = format!("/identities/{}{action}?{IDENTITY}", encoded(&id));
            let request = match key {
                Some(key) => host.signed_with(key, method, &target, body),
                None => host.signed(method, &target, body),
            };
            assert_eq!(refusal(request.send().await.unwrap(), 404).await, "NotFound");
        }
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_rotated_key_is_refused_at_once_with_its_tokens_and_the_other_one_goes_on() {
    let host = Host::start().await;
    let resource = second(&host).await;
    let (primary, secondary) = (resource.key(KeySlot::Primary), resource.key(KeySlot::Secondary));
    let token = |body: serde_json::Value| body["accessToken"]["token"].as_str().unwrap().to_owned();
    let by_primary = token(expect(create(&host, primary).await, 201).await);
    let by_secondary = token(expect(create(&host, secondary).await, 201).await);

    let resources = host.service.app().resources();
    let rotated = resources.rotate(resource.id(), KeySlot::Primary).await.unwrap();
    let rotated = rotated.unwrap();
    assert_eq!(refusal(create(&host, primary).await, 401).await, "Denied");
    expect(create(&host, secondary).await, 201).await;
    expect(create(&host, rotated.key(KeySlot::Primary)).await, 201).await;
    assert_eq!(read_chat(&host, &by_primary).await, 401);
    assert_eq!(read_chat(&host, &by_secondary).await, 403);
    let unknown = anteroom_identity::id::ResourceId::random();
    assert!(
        resources
            .rotate(unknown, KeySlot::Primary)
            .await
            .unwrap()
            .is_none()
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn names_are_checked_and_resources_bounded() {
    let host = Host::start().await;
    let second = second(&host).await;
    let resources = host.service.app().resources();
    let now = OffsetDateTime::now_utc();
    for (name, error) in [
        ("", CreateError::BadName),
        ("a b", CreateError::BadName),
        (&*second.id().to_string(), CreateError::BadName),
        (&*"x".repeat(65), CreateError::BadName),
        ("second", CreateError::NameTaken),
    ] {
        assert_eq!(resources.create(name, now).await.unwrap_err(), error, "{name}");
    }
    assert_eq!(
        resources.find("second").map(|found| found.id()),
        Some(second.id())
    );
    assert!(resources.find("").is_none());
    for number in resources.all().len()..MAX_RESOURCES {
        resources.create(&format!("r{number}"), now).await.unwrap();
    }
    assert_eq!(
        resources.create("one-more", now).await.unwrap_err(),
        CreateError::TooMany
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_operators_interface_wants_its_secret() {
    let host = Host::start().await;
    let operator = OperatorInfo::read(host.dir.path()).unwrap();
    let address = format!("{}/operator/resources", operator.address);
    for token in [None, Some(""), Some("x"), Some(&*operator.secret.to_uppercase())] {
        let mut request = host.client.get(&address);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        assert_eq!(refusal(request.send().await.unwrap(), 401).await, "Denied");
    }
    let listed = host.client.get(&address).bearer_auth(&operator.secret);
    let listed = expect(listed.send().await.unwrap(), 200).await;
    assert_eq!(listed[0]["id"], host.dev().resource_id.as_str());
    // It is on no other listener.
    let elsewhere = host.get("/operator/resources").bearer_auth(&operator.secret);
    assert_eq!(refusal(elsewhere.send().await.unwrap(), 404).await, "NotFound");
    let file = host.dir.path().join("operator.json");
    host.service.shutdown().await;
    assert!(!file.exists());
}
