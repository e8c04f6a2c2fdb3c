//! Entra tokens: applications, exchanges, assignments, keys.

use anteroom_service::config::OidcConfig;
use anteroom_service::http::auth::{Caller, authenticate_bearer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::common::{CHAT, Host, IDENTITY, expect, refusal};

const ACS: &str = "https://communication.azure.com//.default";
const TEAMS: &str = "https://auth.msft.communication.azure.com/.default";

async fn client_credentials(host: &Host, change: &[(&str, &str)]) -> Response {
    let app = &host.dev().app;
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", &*app.client_id),
        ("client_secret", &*app.client_secret),
        ("scope", ACS),
    ];
    for (name, value) in change {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    let target = format!("/{}/oauth2/v2.0/token", host.dev().tenant_id);
    host.post(&target).form(&form).send().await.unwrap()
}

async fn user_token(host: &Host, upn: &str, scope: &str) -> String {
    let user = host.dev().users.iter().find(|user| user.upn == upn).unwrap();
    let form = [
        ("grant_type", "password"),
        ("client_id", &*host.dev().app.client_id),
        ("client_secret", &*host.dev().app.client_secret),
        ("scope", scope),
        ("username", upn),
        ("password", &*user.password),
    ];
    let response = host
        .post("/contoso/oauth2/v2.0/token")
        .form(&form)
        .send()
        .await
        .unwrap();
    text(&expect(response, 200).await["access_token"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn an_application_uses_its_resource_with_its_secret() {
    let host = Host::start().await;
    let answer = expect(client_credentials(&host, &[]).await, 200).await;
    let token = text(&answer["access_token"]);
    assert_eq!(claims(&token)["aud"], "https://communication.azure.com/");
    let create = |token: String| {
        host.post(&format!("/identities?{IDENTITY}"))
            .bearer_auth(token)
            .json(&json!({ "createTokenWithScopes": ["chat"] }))
            .send()
    };
    let made = expect(create(token.clone()).await.unwrap(), 201).await;
    assert!(text(&made["identity"]["id"]).contains(&host.dev().resource_id));
    let rule = json!({ "fault": { "kind": "expiredToken" }, "count": 1 }).to_string();
    let added = host
        .signed(Method::POST, "/emulator/rules", &rule)
        .send()
        .await
        .unwrap();
    assert_eq!(added.status(), 201);
    assert_eq!(refusal(create(token.clone()).await.unwrap(), 401).await, "Denied");
    expect(create(token.clone()).await.unwrap(), 201).await;

    // Nothing else is such a token: no user's, none that was changed, and an application's is good for nothing else.
    let user = text(&made["accessToken"]["token"]);
    let delegated = user_token(&host, "alice@contoso.example", ACS).await;
    // The last character of 256 bytes in base64url is one of these four.
    let last = if token.ends_with('A') { 'Q' } else { 'A' };
    let changed = format!("{}{last}", &token[..token.len() - 1]);
    for refused in [user, delegated, changed, String::new()] {
        assert_eq!(refusal(create(refused).await.unwrap(), 401).await, "Denied");
    }
    let target = format!("{}?{CHAT}", host.thread_path());
    let chat = host.get(&target).bearer_auth(token).send().await.unwrap();
    assert_eq!(refusal(chat, 401).await, "Unauthorized");

    for (change, status, error) in [
        (("client_secret", "wrong"), 401, "invalid_client"),
        (("client_id", "nobody"), 401, "invalid_client"),
        (("scope", "openid"), 400, "invalid_scope"),
        (("scope", "https://evil.example/.default"), 400, "invalid_scope"),
        (("grant_type", "implicit"), 400, "unsupported_grant_type"),
    ] {
        let answer = expect(client_credentials(&host, &[change]).await, status).await;
        assert_eq!(answer["error"], error, "{change:?}");
    }
    let app = &host.dev().app;
    let basic = host
        .post("/contoso/oauth2/v2.0/token")
        .basic_auth(&app.client_id, Some(&app.client_secret))
        .form(&[("grant_type", "client_credentials"), ("scope", ACS)])
        .send()
        .await
        .unwrap();
    expect(basic, 200).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_issuer_says_where_its_keys_are_and_rotates_them() {
    let host = Host::start().await;
    let tenant = host.dev().tenant_id.clone();
    let get = async |target: String| expect(host.get(&target).send().await.unwrap(), 200).await;
    let found = get(format!("/{tenant}/v2.0/.well-known/openid-configuration")).await;
    let answer = expect(client_credentials(&host, &[]).await, 200).await;
    let token = text(&answer["access_token"]);
    assert_eq!(claims(&token)["iss"], found["issuer"]);
    let jwks = text(&found["jwks_uri"]);
    let keys = async || expect(host.client.get(&jwks).send().await.unwrap(), 200).await;
    let before = keys().await;
    assert_eq!(before["keys"].as_array().unwrap().len(), 1);
    assert!(before["keys"][0].get("d").is_none());

    let (_, guest) = host.guest(&["chat"]).await;
    let app = host.service.app();
    app.key_ring().rotate(OffsetDateTime::now_utc()).await.unwrap();
    let after = keys().await;
    assert_eq!(after["keys"].as_array().unwrap().len(), 2);
    assert_eq!(after["keys"][1], before["keys"][0]);
    assert!(authenticate_bearer(app, &guest).await.is_ok());
    let (_, newer) = host.guest(&["chat"]).await;
    assert_ne!(newer.split('.').next(), guest.split('.').next());
    assert!(authenticate_bearer(app, &newer).await.is_ok());

    let nobody = host
        .get("/nobody/v2.0/.well-known/openid-configuration")
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status(), 400);
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_teams_users_token_is_exchanged_after_it_was_looked_at() {
    let host = Host::start().await;
    let token = user_token(&host, "alice@contoso.example", TEAMS).await;
    let app_id = host.dev().app.client_id.clone();
    let user_id = host.dev().users[0].object_id.clone();
    let exchange = async |token: &str, app_id: &str, user_id: &str| {
        let body = json!({ "token": token, "appId": app_id, "userId": user_id }).to_string();
        let target = format!("/teamsUser/:exchangeAccessToken?{IDENTITY}");
        host.signed(Method::POST, &target, &body).send().await.unwrap()
    };
    let answer = expect(exchange(&token, &app_id, &user_id).await, 200).await;
    let exchanged = text(&answer["token"]);
    assert_eq!(claims(&exchanged)["skypeid"], format!("orgid:{user_id}"));
    assert_eq!(claims(&exchanged)["exp"], claims(&token)["exp"]);
    let Ok(Caller::Directory(caller)) = authenticate_bearer(host.service.app(), &exchanged).await else {
        panic!("the token stands for Alice");
    };
    assert_eq!(caller.object.to_string(), user_id);
    // It is a token for ACS, and not for Graph.
    let graph = host.get("/v1.0/me").bearer_auth(&exchanged).send().await.unwrap();
    refusal(graph, 401).await;

    let (_, guest) = host.guest(&["chat"]).await;
    let for_meetings = host.sign_in("alice@contoso.example").await;
    for bad in ["", "nonsense", &guest, &for_meetings] {
        let refused = exchange(bad, &app_id, "").await;
        assert_eq!(refusal(refused, 401).await, "InvalidAccessToken");
    }
    let other = &host.dev().users[1].object_id;
    for (app_id, user_id) in [
        ("", &*user_id),
        ("nonsense", &user_id),
        (&app_id, ""),
        (&app_id, "nonsense"),
        (&app_id, other),
    ] {
        let refused = exchange(&token, app_id, user_id).await;
        assert_eq!(
            refusal(refused, 400).await,
            "ValidationError",
            "{app_id} {user_id}"
        );
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_entra_user_has_one_identity() {
    let host = Host::start().await;
    let scope = "https://communication.azure.com/clients/Chat.Join";
    let token = user_token(&host, "bob@contoso.example", scope).await;
    let exchange = async |token: &str| {
        let target = "/access/entra/:exchangeAccessToken?api-version=2025-03-02-preview";
        host.post(target)
            .bearer_auth(token)
            .json(&json!({}))
            .send()
            .await
            .unwrap()
    };
    let first = expect(exchange(&token).await, 200).await;
    let second = expect(exchange(&token).await, 200).await;
    assert_eq!(first["identity"], second["identity"]);
    let Ok(Caller::Guest(caller)) = authenticate_bearer(
        host.service.app(),
        first["accessToken"]["token"].as_str().unwrap(),
    )
    .await
    else {
        panic!("a user of the resource");
    };
    assert_eq!(caller.scopes.to_string(), "chat.join");
    let for_meetings = host.sign_in("bob@contoso.example").await;
    assert_eq!(refusal(exchange(&for_meetings).await, 401).await, "Denied");
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_assigned_user_acts_through_the_resource() {
    let host = Host::start().await;
    let (tenant, object) = (&host.dev().tenant_id, &host.dev().users[1].object_id);
    let version = "api-version=2025-06-30";
    let path = format!("/access/teamsExtension/tenants/{tenant}/assignments/{object}?{version}");
    let send =
        async |method: Method, path: &str, body: &str| host.signed(method, path, body).send().await.unwrap();
    let scope = "https://auth.msft.communication.azure.com/TeamsExtension.ManageCalls";
    let token = user_token(&host, "bob@contoso.example", scope).await;
    let exchange = async || {
        let target = format!("/access/teamsExtension/:exchangeAccessToken?{version}");
        host.post(&target)
            .bearer_auth(&token)
            .json(&json!({}))
            .send()
            .await
            .unwrap()
    };
    assert_eq!(refusal(send(Method::GET, &path, "").await, 404).await, "NotFound");
    assert_eq!(refusal(exchange().await, 403).await, "Forbidden");

    let other = uuid::Uuid::new_v4();
    let body = json!({ "principalType": "user", "clientIds": [other] }).to_string();
    let made = expect(send(Method::PUT, &path, &body).await, 201).await;
    assert_eq!(made["clientIds"], json!([other]));
    assert_eq!(refusal(exchange().await, 403).await, "Forbidden");
    let body = json!({ "principalType": "user", "clientIds": [host.dev().app.client_id] }).to_string();
    let put = expect(send(Method::PUT, &path, &body).await, 200).await;
    assert_eq!(expect(send(Method::GET, &path, "").await, 200).await, put);
    let answer = expect(exchange().await, 200).await;
    let id = text(&answer["identity"]["id"]);
    assert_eq!(id, format!("8:acs:{}_{tenant}_{object}", host.dev().resource_id));
    let token = text(&answer["accessToken"]["token"]);
    let caller = authenticate_bearer(host.service.app(), &token).await.unwrap();
    assert_eq!(caller.identifier().to_string(), id);

    for body in [
        "{}",
        r#"{"principalType":"group"}"#,
        r#"{"principalType":"user","clientIds":["x"]}"#,
    ] {
        assert_eq!(
            refusal(send(Method::PUT, &path, body).await, 400).await,
            "ValidationError"
        );
    }
    for _ in 0..2 {
        assert_eq!(send(Method::DELETE, &path, "").await.status(), 204);
    }
    assert_eq!(refusal(exchange().await, 403).await, "Forbidden");
    host.service.shutdown().await;
}

/// One service is the issuer of another: discovery, keys and tokens go over TLS between them.
#[tokio::test]
async fn another_issuers_applications_use_acs_when_they_are_named() {
    let issuer = Host::start().await;
    let tenant = &issuer.dev().tenant_id;
    let client = issuer.dev().app.client_id.clone();
    let configured = |clients: Vec<String>| {
        let mut oidc = OidcConfig::new(format!("{}/{tenant}/v2.0", issuer.dev().endpoint), clients);
        oidc.ca.clone_from(&issuer.dev().ca_file);
        oidc
    };
    let token = text(&expect(client_credentials(&issuer, &[]).await, 200).await["access_token"]);
    let create = async |host: &Host, token: &str| {
        let target = format!("/identities?{IDENTITY}");
        let request = host.post(&target).bearer_auth(token).body("{}");
        request.send().await.unwrap()
    };

    let host = Host::start_with(|config| config.oidc = Some(configured(vec![client.clone()]))).await;
    let created = expect(create(&host, &token).await, 201).await;
    let id = created["identity"]["id"].as_str().unwrap();
    assert!(
        id.starts_with(&format!("8:acs:{}_", host.dev().resource_id)),
        "{id}"
    );
    // Its own applications still come in, a user's token and a forged one do not.
    let own = text(&expect(client_credentials(&host, &[]).await, 200).await["access_token"]);
    expect(create(&host, &own).await, 201).await;
    let user = user_token(&issuer, "alice@contoso.example", TEAMS).await;
    assert_eq!(create(&host, &user).await.status(), 401);
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    assert_eq!(create(&host, &forged).await.status(), 401);

    let strict = Host::start_with(|config| config.oidc = Some(configured(vec!["another".to_owned()]))).await;
    assert_eq!(create(&strict, &token).await.status(), 401);
    let without = Host::start().await;
    assert_eq!(create(&without, &token).await.status(), 401);
}
