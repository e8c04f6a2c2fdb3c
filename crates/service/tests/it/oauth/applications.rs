//! Applications for themselves, forged tokens, and what any OpenID Connect client reads first.

use anteroom_service::directory::admin::{Request, perform};
use anteroom_service::http::graph::caller::{GraphCaller, access_policy_allows};
use axum::extract::FromRequestParts as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::common::{Host, expect};
use crate::oauth::browser::{claims, error, text, token, userinfo};

const GRAPH: &str = "https://graph.microsoft.com/.default";

async fn app_token(host: &Host, scope: &str) -> reqwest::Response {
    let app = &host.dev().app;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &*app.client_id),
        ("client_secret", &*app.client_secret),
        ("scope", scope),
    ];
    token(host, &form).await
}

async fn user_token(host: &Host, scope: &str) -> Value {
    let (app, alice) = (&host.dev().public_app, &host.dev().users[0]);
    let form = [
        ("grant_type", "password"),
        ("client_id", &*app.client_id),
        ("username", &*alice.upn),
        ("password", &*alice.password),
        ("scope", scope),
    ];
    expect(token(host, &form).await, 200).await
}

/// What Graph makes of a token.
async fn caller(host: &Host, token: &str) -> Result<GraphCaller, u16> {
    let request = axum::http::Request::get("/v1.0/me").header("authorization", format!("Bearer {token}"));
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    GraphCaller::from_request_parts(&mut parts, host.service.app())
        .await
        .map_err(|error| error.status().as_u16())
}

#[tokio::test]
async fn an_application_acts_with_the_roles_it_was_granted() {
    let host = Host::start().await;
    let dev = host.dev();
    let answer = expect(app_token(&host, GRAPH).await, 200).await;
    let access = text(&answer["access_token"]);
    let said = claims(&access);
    assert_eq!(said["aud"], "https://graph.microsoft.com");
    assert_eq!(said["idtyp"], "app");
    assert_eq!(said["appid"], dev.app.client_id);
    assert!(
        said["roles"]
            .as_array()
            .unwrap()
            .contains(&json!("OnlineMeetings.ReadWrite.All"))
    );
    let caller_now = caller(&host, &access).await.unwrap();
    caller_now
        .require(&[], &["OnlineMeetings.ReadWrite.All"])
        .unwrap();
    caller_now
        .require(&["OnlineMeetings.ReadWrite"], &["Mail.Read"])
        .unwrap_err();
    assert_eq!(caller_now.tenant().to_string(), dev.tenant_id);
    let refused = userinfo(&host, &access).await;
    assert_eq!(error(refused, 403).await, "insufficient_scope");
    let alice = dev.users[0].object_id.parse().unwrap();
    let app = host.service.app();
    assert!(
        access_policy_allows(app, &dev.app.client_id, alice)
            .await
            .unwrap()
    );
    assert!(
        !access_policy_allows(app, &dev.public_app.client_id, alice)
            .await
            .unwrap()
    );

    // What is taken back is gone from tokens that carry it.
    let revoke = Request::Revoke {
        application: dev.app.client_id.clone(),
        delegated: false,
        permissions: vec!["OnlineMeetings.ReadWrite.All".to_owned()],
    };
    perform(app.store(), app.clock().now(), revoke).await.unwrap();
    let caller_now = caller(&host, &access).await.unwrap();
    caller_now
        .require(&[], &["OnlineMeetings.ReadWrite.All"])
        .unwrap_err();
    caller_now.require(&[], &["User.Read.All"]).unwrap();
    let delete = Request::DeleteApplication {
        application: dev.app.client_id.clone(),
    };
    perform(app.store(), app.clock().now(), delete).await.unwrap();
    assert_eq!(caller(&host, &access).await.unwrap_err(), 401);
    assert_eq!(error(app_token(&host, GRAPH).await, 401).await, "invalid_client");
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_application_asks_for_one_api_as_a_whole() {
    let host = Host::start().await;
    for scope in [
        "User.Read.All",
        "openid",
        "https://graph.microsoft.com/.default https://communication.azure.com//.default",
        "https://graph.microsoft.com/User.Read.All",
        "https://auth.msft.communication.azure.com/.default",
    ] {
        assert_eq!(
            error(app_token(&host, scope).await, 400).await,
            "invalid_scope",
            "{scope}"
        );
    }
    let own = format!("{}/.default", host.dev().endpoint);
    for scope in ["00000003-0000-0000-c000-000000000000/.default", &own] {
        let answer = expect(app_token(&host, scope).await, 200).await;
        assert!(
            caller(&host, &text(&answer["access_token"])).await.is_ok(),
            "{scope}"
        );
    }
    let public = [
        ("grant_type", "client_credentials"),
        ("client_id", &*host.dev().public_app.client_id),
        ("scope", GRAPH),
    ];
    assert_eq!(
        error(token(&host, &public).await, 400).await,
        "unauthorized_client"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn several_secrets_are_good_until_they_end() {
    let host = Host::start().await;
    let app = host.service.app();
    let add = |days| Request::AddSecret {
        application: host.dev().app.client_id.clone(),
        name: "second".to_owned(),
        days,
    };
    let now = app.clock().now();
    let secret = perform(app.store(), now, add(Some(1))).await.unwrap();
    let ended = perform(app.store(), now - time::Duration::days(2), add(Some(1)))
        .await
        .unwrap();
    let with = |secret: &Value| {
        let secret = text(&secret["clientSecret"]);
        let host = &host;
        async move {
            let request = host.post("/contoso/oauth2/v2.0/token");
            let request = request.basic_auth(&host.dev().app.client_id, Some(secret));
            let form = [("grant_type", "client_credentials"), ("scope", GRAPH)];
            request.form(&form).send().await.unwrap()
        }
    };
    expect(with(&secret).await, 200).await;
    expect(app_token(&host, GRAPH).await, 200).await;
    assert_eq!(error(with(&ended).await, 401).await, "invalid_client");
    let delete = Request::DeleteSecret {
        application: host.dev().app.client_id.clone(),
        secret: text(&secret["id"]),
    };
    perform(app.store(), now, delete).await.unwrap();
    assert_eq!(error(with(&secret).await, 401).await, "invalid_client");
    host.service.shutdown().await;
}

#[tokio::test]
async fn graph_takes_its_own_tokens_and_no_forged_ones() {
    let host = Host::start().await;
    let answer = user_token(&host, "User.Read openid").await;
    let access = text(&answer["access_token"]);
    let Ok(GraphCaller::User {
        user, permissions, ..
    }) = caller(&host, &access).await
    else {
        panic!("a user's token is one");
    };
    assert_eq!(user.upn, "alice@contoso.example");
    assert!(permissions.contains("user.read") && !permissions.contains("Calendars.ReadWrite"));
    let parts: Vec<&str> = access.split('.').collect();
    let header = |alg: &str| {
        let mut header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        header["alg"] = json!(alg);
        URL_SAFE_NO_PAD.encode(header.to_string())
    };
    // The public key as the secret of an HMAC.
    let keys = expect(host.get("/common/discovery/v2.0/keys").send().await.unwrap(), 200).await;
    let modulus = text(&keys["keys"][0]["n"]);
    let signed = |secret: &[u8]| {
        let text = format!("{}.{}", header("HS256"), parts[1]);
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let mut other = claims(&access);
    other["oid"] = json!(host.dev().users[1].object_id);
    let other = URL_SAFE_NO_PAD.encode(other.to_string());
    let acs = user_token(&host, "https://communication.azure.com//.default").await;
    for forged in [
        format!("{}.{}.", header("none"), parts[1]),
        format!("{}.{}.{}", header("none"), parts[1], parts[2]),
        signed(modulus.as_bytes()),
        signed(&URL_SAFE_NO_PAD.decode(&modulus).unwrap()),
        format!("{}.{other}.{}", parts[0], parts[2]),
        text(&answer["id_token"]),
        text(&acs["access_token"]),
        host.guest(&["chat"]).await.1,
        "x".to_owned(),
        String::new(),
    ] {
        assert_eq!(caller(&host, &forged).await.unwrap_err(), 401, "{forged}");
    }
    // The page's own token: whatever its user may do.
    let own = host.sign_in("bob@contoso.example").await;
    let own = caller(&host, &own).await.unwrap();
    own.require(&["OnlineMeetings.ReadWrite"], &[]).unwrap();
    host.service.shutdown().await;
}

#[tokio::test]
async fn discovery_says_what_there_is() {
    let host = Host::start().await;
    let (endpoint, tenant) = (&host.dev().endpoint, &host.dev().tenant_id);
    assert_eq!(host.dev().authority, format!("{endpoint}/{tenant}"));
    let target = format!("/{tenant}/v2.0/.well-known/openid-configuration");
    let response = host
        .get(&target)
        .header("origin", "https://spa.example")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let document = expect(response, 200).await;
    assert_eq!(document["issuer"], format!("{endpoint}/{tenant}/v2.0"));
    for (name, path) in [
        ("authorization_endpoint", "oauth2/v2.0/authorize"),
        ("token_endpoint", "oauth2/v2.0/token"),
        ("end_session_endpoint", "oauth2/v2.0/logout"),
        ("jwks_uri", "discovery/v2.0/keys"),
    ] {
        assert_eq!(document[name], format!("{endpoint}/{tenant}/{path}"));
    }
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    // A browser's program asks first; the page for people is nobody else's to read.
    let preflight = |target: String| {
        host.client
            .request(reqwest::Method::OPTIONS, host.url(&target))
            .header("origin", "https://spa.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "x-client-sku")
            .send()
    };
    let allowed = preflight(format!("/{tenant}/oauth2/v2.0/token")).await.unwrap();
    assert_eq!(allowed.headers()["access-control-allow-origin"], "*");
    let page = preflight(format!("/{tenant}/oauth2/v2.0/authorize"))
        .await
        .unwrap();
    assert!(!page.headers().contains_key("access-control-allow-origin"));
    let realm = host
        .get("/common/userrealm/alice@contoso.example?api-version=1.0")
        .send()
        .await
        .unwrap();
    assert_eq!(expect(realm, 200).await["account_type"], "Managed");
    host.service.shutdown().await;
}
