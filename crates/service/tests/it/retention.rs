//! Threads go when their retention policy says so, by the service's clock.

use std::time::Duration;

use anteroom_chat::Event;
use anteroom_service::clock::Clock;
use anteroom_service::{Config, Service};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::common::{Host, IDENTITY, client, expect, refusal};

/// The version that knows retention policies.
const CHAT: &str = "api-version=2025-03-15";

const PATIENCE: Duration = Duration::from_secs(30);

async fn create_thread(host: &Host, token: &str, policy: Value) -> String {
    let body = json!({ "topic": "kept?", "retentionPolicy": policy });
    let request = host
        .post(&format!("/chat/threads?{CHAT}"))
        .bearer_auth(token)
        .json(&body);
    let made = expect(request.send().await.unwrap(), 201).await;
    made["chatThread"]["id"].as_str().unwrap().to_owned()
}

fn days(days: u16) -> Value {
    json!({ "kind": "threadCreationDate", "deleteThreadAfterDays": days })
}

async fn token(host: &Host, user: &str) -> String {
    let target = format!("/identities/{user}/:issueAccessToken?{IDENTITY}");
    let issued = host.signed(Method::POST, &target, r#"{"scopes":["chat"]}"#);
    expect(issued.send().await.unwrap(), 200).await["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn get(host: &Host, token: &str, thread: &str) -> reqwest::Response {
    let thread = thread.replace(':', "%3A").replace('@', "%40");
    let target = format!("/chat/threads/{thread}?{CHAT}");
    host.get(&target).bearer_auth(token).send().await.unwrap()
}

#[tokio::test]
async fn threads_go_when_their_time_has_come() {
    let host = Host::start().await;
    let (user, first) = host.guest(&["chat"]).await;
    let short = create_thread(&host, &first, days(30)).await;
    let long = create_thread(&host, &first, days(60)).await;
    let kept = create_thread(&host, &first, json!({ "kind": "none" })).await;
    let app = host.service.app();
    let mut notices = app.chat().subscribe(&short.parse().unwrap());

    app.clock().step(time::Duration::days(29)).unwrap();
    app.clock().step(time::Duration::days(2)).unwrap();
    let notice = timeout(PATIENCE, notices.recv()).await.unwrap().unwrap();
    let Event::ThreadDeleted { by, .. } = &notice.event else {
        panic!("{notice:?}");
    };
    assert!(by.is_none(), "by the policy, not by a person");
    let members: Vec<String> = notice.recipients.iter().map(ToString::to_string).collect();
    assert_eq!(members, std::slice::from_ref(&user));
    let token_then = token(&host, &user).await;
    assert_eq!(
        refusal(get(&host, &token_then, &short).await, 404).await,
        "NotFound"
    );
    expect(get(&host, &token_then, &long).await, 200).await;
    expect(get(&host, &token_then, &kept).await, 200).await;

    // What became due while nobody ran is deleted at the next start.
    host.service.shutdown().await;
    let later = Clock::system();
    later.step(time::Duration::days(61)).unwrap();
    let service = Service::start_with_clock(Config::dev(host.dir.path()), later)
        .await
        .unwrap();
    let client = client(host.dir.path());
    let host = Host {
        service,
        client,
        dir: host.dir,
    };
    let token_then = token(&host, &user).await;
    let gone = async { while get(&host, &token_then, &long).await.status() != 404 {} };
    timeout(PATIENCE, gone).await.unwrap();
    expect(get(&host, &token_then, &kept).await, 200).await;
}
