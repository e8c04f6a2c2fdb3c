//! The emulator's controls over real sockets: faults on demand, the clock, and that production has none of it.

use std::time::{Duration, Instant};

use anteroom_service::{Config, Service};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::common::{CHAT, Host, IDENTITY, expect, refusal};

async fn control(host: &Host, method: Method, target: &str, body: Value) -> Response {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    host.signed(method, target, &body).send().await.unwrap()
}

async fn add(host: &Host, rule: Value) -> Value {
    expect(control(host, Method::POST, "/emulator/rules", rule).await, 201).await
}

async fn rules(host: &Host) -> Vec<Value> {
    let list = expect(
        control(host, Method::GET, "/emulator/rules", Value::Null).await,
        200,
    )
    .await;
    list["value"].as_array().unwrap().clone()
}

async fn create_identity(host: &Host) -> Response {
    host.signed(Method::POST, &format!("/identities?{IDENTITY}"), "")
        .send()
        .await
        .unwrap()
}

/// A request that a guest outside the call is refused: 403 when nothing is injected.
async fn read_messages(host: &Host, token: &str) -> Response {
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    host.get(&target).bearer_auth(token).send().await.unwrap()
}

#[tokio::test]
async fn faults_come_as_often_as_asked_for() {
    let host = Host::start().await;
    let rule = add(
        &host,
        json!({
            "operation": "POST /identities",
            "fault": { "kind": "status", "status": 429, "retryAfterSeconds": 3 },
            "count": 2,
        }),
    )
    .await;
    assert_eq!(rule["operation"], "POST /identities");
    assert_eq!(rule["remaining"], 2);
    for _ in 0..2 {
        let refused = create_identity(&host).await;
        assert_eq!(refused.headers()["retry-after"], "3");
        assert_eq!(refusal(refused, 429).await, "TooManyRequests");
    }
    expect(create_identity(&host).await, 201).await;
    assert!(rules(&host).await.is_empty());

    for (status, code) in [
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (500, "InternalServerError"),
        (502, "BadGateway"),
        (503, "ServiceUnavailable"),
        (504, "GatewayTimeout"),
    ] {
        add(
            &host,
            json!({ "fault": { "kind": "status", "status": status }, "count": 1 }),
        )
        .await;
        assert_eq!(refusal(create_identity(&host).await, status).await, code);
    }

    let wait = Duration::from_millis(300);
    add(
        &host,
        json!({ "fault": { "kind": "latency", "milliseconds": 300 }, "seconds": 60 }),
    )
    .await;
    let begun = Instant::now();
    expect(create_identity(&host).await, 201).await;
    assert!(begun.elapsed() >= wait);
    let found = rules(&host).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["hits"], 1);
    assert!((1..=60).contains(&found[0]["secondsLeft"].as_u64().unwrap()));
    let path = format!("/emulator/rules/{}", found[0]["id"].as_str().unwrap());
    assert_eq!(
        expect(control(&host, Method::GET, &path, Value::Null).await, 200).await["id"],
        found[0]["id"]
    );
    expect(control(&host, Method::DELETE, &path, Value::Null).await, 204).await;
    assert_eq!(
        refusal(control(&host, Method::DELETE, &path, Value::Null).await, 404).await,
        "NotFound"
    );
    let begun = Instant::now();
    expect(create_identity(&host).await, 201).await;
    assert!(begun.elapsed() < wait);

    add(
        &host,
        json!({ "fault": { "kind": "status", "status": 500 }, "count": 9 }),
    )
    .await;
    expect(
        control(&host, Method::DELETE, "/emulator/rules", Value::Null).await,
        204,
    )
    .await;
    expect(create_identity(&host).await, 201).await;
}

#[tokio::test]
async fn tokens_expire_on_demand_and_when_the_clock_passes_them() {
    let host = Host::start().await;
    let (_, token) = host.guest(&["chat"]).await;
    refusal(read_messages(&host, &token).await, 403).await;
    add(
        &host,
        json!({ "operation": "/chat/**", "fault": { "kind": "expiredToken" }, "count": 1 }),
    )
    .await;
    assert_eq!(
        refusal(read_messages(&host, &token).await, 401).await,
        "Unauthorized"
    );
    refusal(read_messages(&host, &token).await, 403).await;

    // A token lives a day.
    let step = json!({ "seconds": 86_401 });
    let clock = expect(
        control(&host, Method::POST, "/emulator/clock/:step", step).await,
        200,
    )
    .await;
    assert_eq!(clock["running"], true);
    assert_eq!(
        refusal(read_messages(&host, &token).await, 401).await,
        "Unauthorized"
    );
    // Clients sign with their own clock, so the controls still answer.
    let (_, later) = host.guest(&["chat"]).await;
    refusal(read_messages(&host, &later).await, 403).await;
    let reset = expect(
        control(&host, Method::DELETE, "/emulator/clock", Value::Null).await,
        200,
    )
    .await;
    assert_eq!(reset["running"], true);
    refusal(read_messages(&host, &token).await, 403).await;

    let stopped = json!({ "time": "2030-01-01T00:00:00Z", "running": false });
    let clock = expect(control(&host, Method::PUT, "/emulator/clock", stopped).await, 200).await;
    assert_eq!(clock["time"], "2030-01-01T00:00:00Z");
    assert_eq!(clock["running"], false);
    let shown = expect(
        control(&host, Method::GET, "/emulator/clock", Value::Null).await,
        200,
    )
    .await;
    assert_eq!(shown["time"], "2030-01-01T00:00:00Z");
    assert_ne!(shown["systemTime"], shown["time"]);
    let identity = host
        .signed(
            Method::POST,
            &format!("/identities?{IDENTITY}"),
            r#"{"createTokenWithScopes":["chat"],"expiresInMinutes":60}"#,
        )
        .send()
        .await
        .unwrap();
    let token = expect(identity, 201).await;
    assert_eq!(
        token["accessToken"]["expiresOn"],
        "2030-01-01T01:00:00.0000000+00:00"
    );
}

#[tokio::test]
async fn says_what_is_wrong_with_a_rule() {
    let host = Host::start().await;
    let status = json!({ "kind": "status", "status": 500 });
    for (rule, target) in [
        (json!({ "fault": status }), "count"),
        (json!({ "fault": status, "count": 0 }), "count"),
        (json!({ "fault": status, "seconds": 0 }), "seconds"),
        (
            json!({ "fault": { "kind": "status", "status": 200 }, "count": 1 }),
            "fault.status",
        ),
        (
            json!({ "fault": { "kind": "latency", "milliseconds": 0 }, "count": 1 }),
            "fault.milliseconds",
        ),
        (
            json!({ "fault": status, "count": 1, "operation": "FETCH /x" }),
            "operation",
        ),
    ] {
        let refused = control(&host, Method::POST, "/emulator/rules", rule).await;
        assert_eq!(expect(refused, 400).await["error"]["target"], target);
    }
    for body in [
        json!({ "fault": { "kind": "fire" }, "count": 1 }),
        json!({ "count": 1 }),
        json!({ "fault": status, "count": 1, "more": 1 }),
        json!({ "fault": { "kind": "status", "status": 429, "retryAfter": 1 }, "count": 1 }),
        json!([]),
        Value::Null,
    ] {
        let refused = control(&host, Method::POST, "/emulator/rules", body).await;
        assert_eq!(refusal(refused, 400).await, "BadRequest");
    }
    for body in [
        json!({ "time": "soon" }),
        json!({ "time": "1960-01-01T00:00:00Z" }),
        json!({}),
    ] {
        refusal(control(&host, Method::PUT, "/emulator/clock", body).await, 400).await;
    }
    for seconds in [json!(1e300), json!(-1e300), json!("x"), Value::Null] {
        let step = json!({ "seconds": seconds });
        refusal(
            control(&host, Method::POST, "/emulator/clock/:step", step).await,
            400,
        )
        .await;
    }
    expect(
        control(&host, Method::POST, "/emulator/sockets/:drop", Value::Null).await,
        202,
    )
    .await;
    let nobody = json!({ "user": "" });
    refusal(
        control(&host, Method::POST, "/emulator/sockets/:drop", nobody).await,
        400,
    )
    .await;
}

#[tokio::test]
async fn only_the_holder_of_a_key_controls_and_only_in_development() {
    let host = Host::start().await;
    let (_, token) = host.guest(&["chat"]).await;
    for path in ["/emulator/rules", "/emulator/clock"] {
        assert_eq!(refusal(host.get(path).send().await.unwrap(), 401).await, "Denied");
        let with_token = host.get(path).bearer_auth(&token).send().await.unwrap();
        assert_eq!(refusal(with_token, 401).await, "Denied");
    }

    let certificates = host.dir.path().join("tls");
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::dev(directory.path());
    config.dev = false;
    config.tls.cert = Some(certificates.join("cert.pem"));
    config.tls.key = Some(certificates.join("key.pem"));
    let production = Service::start(config).await.unwrap();
    for (method, path) in [
        (Method::GET, "emulator/rules"),
        (Method::POST, "emulator/rules"),
        (Method::DELETE, "emulator/rules/1"),
        (Method::GET, "emulator/clock"),
        (Method::PUT, "emulator/clock"),
        (Method::POST, "emulator/clock/:step"),
        (Method::POST, "emulator/sockets/:drop"),
    ] {
        let url = production.endpoint().join(path).unwrap();
        let answer = host.client.request(method, url).send().await.unwrap();
        assert_eq!(refusal(answer, 404).await, "NotFound", "{path}");
    }
    production.shutdown().await;
}
