//! The operator's interface.

use anteroom_service::operator::OperatorInfo;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use crate::common::{Host, expect, refusal};

async fn ask(host: &Host, method: Method, path: &str, body: Option<Value>) -> Response {
    let operator = OperatorInfo::read(host.dir.path()).unwrap();
    let mut request = host
        .client
        .request(method, format!("{}{path}", operator.address))
        .bearer_auth(&operator.secret);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn an_operator_makes_looks_at_and_deletes_webhooks() {
    let mut receiver = Receiver::start().await;
    let host = Host::start_with(super::local).await;
    let wanted = json!({ "url": receiver.url(), "events": ["meeting.ended", "meeting.ended"] });
    let made = expect(
        ask(&host, Method::POST, "/operator/webhooks", Some(wanted)).await,
        201,
    )
    .await;
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(made["events"], json!(["meeting.ended"]));
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");

    let listed = expect(ask(&host, Method::GET, "/operator/webhooks", None).await, 200).await;
    assert_eq!(listed[0]["id"], id);
    assert_eq!(listed[0]["state"], "enabled");
    assert!(listed[0].get("secret").is_none(), "it is told once: {listed}");

    let path = format!("/operator/webhooks/{id}");
    receiver.reply([Reply::Status(204), Reply::Status(404)]);
    let test = format!("{path}/test");
    let tested = expect(ask(&host, Method::POST, &test, None).await, 200).await;
    assert_eq!(tested, json!({ "delivered": true, "outcome": "204" }));
    let tested = expect(ask(&host, Method::POST, &test, None).await, 200).await;
    assert_eq!(tested, json!({ "delivered": false, "outcome": "404" }));
    assert_eq!(receiver.kinds(2).await, ["webhook.test", "webhook.test"]);
    let sent = ask(&host, Method::GET, &format!("{path}/deliveries?limit=5"), None).await;
    assert_eq!(expect(sent, 200).await, json!([]));

    let rotate = format!("{path}/rotate-secret");
    let rotated = expect(ask(&host, Method::POST, &rotate, None).await, 200).await;
    assert_ne!(rotated["secret"], made["secret"]);
    let too_long = ask(&host, Method::POST, &rotate, Some(json!({ "overlapHours": 721 }))).await;
    assert_eq!(refusal(too_long, 400).await, "BadRequest");
    expect(
        ask(&host, Method::POST, &format!("{path}/enable"), None).await,
        200,
    )
    .await;

    expect(ask(&host, Method::DELETE, &path, None).await, 200).await;
    for (method, path) in [
        (Method::DELETE, path.clone()),
        (Method::GET, path.clone()),
        (Method::POST, test),
        (Method::POST, rotate),
        (Method::POST, format!("{path}/enable")),
        (Method::GET, format!("{path}/deliveries")),
    ] {
        let answer = ask(&host, method.clone(), &path, None).await;
        assert_eq!(refusal(answer, 404).await, "NotFound", "{method} {path}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_a_webhook_is_refused() {
    let host = Host::start_with(super::local).await;
    let target = "https://hooks.invalid/";
    for (body, status, code) in [
        (json!({}), 400, "BadRequest"),
        (json!({ "url": 5 }), 400, "BadRequest"),
        (json!({ "url": "hooks" }), 400, "BadRequest"),
        (json!({ "url": target, "events": ["nothing"] }), 400, "BadRequest"),
        (json!({ "url": target, "tenantId": "contoso" }), 400, "BadRequest"),
        (json!({ "url": target, "secret": "x" }), 400, "BadRequest"),
        (json!({ "url": "https://192.168.0.1/" }), 400, "AddressRefused"),
    ] {
        let answer = ask(&host, Method::POST, "/operator/webhooks", Some(body.clone())).await;
        assert_eq!(refusal(answer, status).await, code, "{body}");
    }
    // An address: nobody looks names up 64 times.
    let target = "http://127.0.0.1:9/";
    for _ in 0..64 {
        let body = json!({ "url": target });
        expect(
            ask(&host, Method::POST, "/operator/webhooks", Some(body)).await,
            201,
        )
        .await;
    }
    let answer = ask(
        &host,
        Method::POST,
        "/operator/webhooks",
        Some(json!({ "url": target })),
    )
    .await;
    assert_eq!(refusal(answer, 409).await, "Conflict");

    let operator = OperatorInfo::read(host.dir.path()).unwrap();
    let stranger = host.client.get(format!("{}/operator/webhooks", operator.address));
    assert_eq!(refusal(stranger.send().await.unwrap(), 401).await, "Denied");
    let outside = host.get("/operator/webhooks").send().await.unwrap();
    assert_eq!(outside.status(), 404);
    host.service.shutdown().await;
}
