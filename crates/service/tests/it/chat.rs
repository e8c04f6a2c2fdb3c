//! The ACS Chat API over real sockets.

use anteroom_chat::ThreadId;
use anteroom_chat::thread::SystemMessages;
use anteroom_identity::id::CommunicationIdentifier;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{CHAT, Host, expect, refusal};

/// What a meeting does when it admits somebody.
async fn admit(host: &Host, id: &str) {
    let id: CommunicationIdentifier = id.parse().unwrap();
    let thread: ThreadId = host.dev().meeting.thread_id.parse().unwrap();
    let chat = host.service.app().chat();
    chat.add_member(&thread, &id, "Dana", None, SystemMessages::Silent)
        .await
        .unwrap();
}

async fn remove(host: &Host, id: &str) {
    let id: CommunicationIdentifier = id.parse().unwrap();
    let thread: ThreadId = host.dev().meeting.thread_id.parse().unwrap();
    assert!(
        host.service
            .app()
            .chat()
            .remove_member(&thread, &id, SystemMessages::Silent)
            .await
            .unwrap()
    );
}

async fn say(host: &Host, token: &str, text: &str) -> reqwest::Response {
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let body = json!({ "content": text, "senderDisplayName": "Dana", "type": "text" });
    host.post(&target)
        .bearer_auth(token)
        .json(&body)
        .send()
        .await
        .unwrap()
}

fn texts(page: &Value) -> Vec<&str> {
    page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["content"]["message"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_guest_chats_while_in_the_call_and_sees_what_was_said_since() {
    let host = Host::start().await;
    let alice = host.sign_in("alice@contoso.example").await;
    expect(say(&host, &alice, "before").await, 201).await;
    let (id, guest) = host.guest(&["chat"]).await;
    assert_eq!(
        refusal(say(&host, &guest, "too early").await, 403).await,
        "Forbidden"
    );

    admit(&host, &id).await;
    let response = say(&host, &guest, "hello <all>").await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let sent = expect(response, 201).await;
    let message_id = sent["id"].as_str().unwrap();
    assert!(
        location.starts_with(&host.dev().endpoint) && location.ends_with(message_id),
        "{location}"
    );
    expect(say(&host, &alice, "welcome").await, 201).await;

    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let page = expect(host.get(&target).bearer_auth(&guest).send().await.unwrap(), 200).await;
    assert_eq!(texts(&page), ["welcome", "hello <all>"]);
    assert!(page.get("nextLink").is_none());
    let whole = expect(host.get(&target).bearer_auth(&alice).send().await.unwrap(), 200).await;
    assert_eq!(texts(&whole), ["welcome", "hello <all>", "before"]);
    let newest = &page["value"][1];
    assert_eq!(newest["senderCommunicationIdentifier"]["rawId"], id);
    assert_eq!(newest["senderDisplayName"], "Dana");
    assert_eq!(newest["type"], "text");

    let target = format!("{}/messages/{message_id}?{CHAT}", host.thread_path());
    let one = expect(host.get(&target).bearer_auth(&guest).send().await.unwrap(), 200).await;
    assert_eq!(one["content"]["message"], "hello <all>");
    let properties = format!("{}?{CHAT}", host.thread_path());
    let properties = expect(
        host.get(&properties).bearer_auth(&guest).send().await.unwrap(),
        200,
    )
    .await;
    assert_eq!(properties["id"], host.dev().meeting.thread_id);
    assert_eq!(properties["topic"], host.dev().meeting.subject);
    let members = format!("{}/participants?{CHAT}", host.thread_path());
    let members = expect(host.get(&members).bearer_auth(&guest).send().await.unwrap(), 200).await;
    assert_eq!(members["value"].as_array().unwrap().len(), 2);

    remove(&host, &id).await;
    assert_eq!(
        refusal(say(&host, &guest, "too late").await, 403).await,
        "Forbidden"
    );
    assert_eq!(
        refusal(host.get(&target).bearer_auth(&guest).send().await.unwrap(), 403).await,
        "Forbidden"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_a_guest_said_is_erased_with_its_identity_also_after_the_call() {
    let host = Host::start().await;
    let alice = host.sign_in("alice@contoso.example").await;
    let (id, guest) = host.guest(&["chat"]).await;
    admit(&host, &id).await;
    expect(say(&host, &guest, "secret").await, 201).await;
    remove(&host, &id).await;
    let target = format!("/identities/{id}?{}", crate::common::IDENTITY);
    let deleted = host.signed(Method::DELETE, &target, "").send().await.unwrap();
    expect(deleted, 204).await;
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let page = expect(host.get(&target).bearer_auth(&alice).send().await.unwrap(), 200).await;
    assert_eq!(page["value"][0]["senderCommunicationIdentifier"]["rawId"], id);
    assert!(page["value"][0]["deletedOn"].is_string() && !page.to_string().contains("secret"));
    host.service.shutdown().await;
}

#[tokio::test]
async fn pages_lead_on_with_absolute_links_of_the_called_authority() {
    let host = Host::start().await;
    let alice = host.sign_in("alice@contoso.example").await;
    for number in 0..5 {
        expect(say(&host, &alice, &number.to_string()).await, 201).await;
    }
    let base = host.dev().endpoint.replace("127.0.0.1", "localhost");
    let mut link = Some(format!(
        "{base}{}/messages?maxPageSize=2&startTime=2020-01-01T00:00:00Z&{CHAT}",
        host.thread_path()
    ));
    let mut seen = Vec::new();
    while let Some(url) = link {
        let page = expect(
            host.client.get(&url).bearer_auth(&alice).send().await.unwrap(),
            200,
        )
        .await;
        let found = texts(&page);
        assert!((1..=2).contains(&found.len()));
        seen.extend(found.into_iter().map(str::to_owned));
        link = page["nextLink"].as_str().map(str::to_owned);
        if let Some(link) = &link {
            assert!(link.starts_with(&format!("{base}/chat/threads/")), "{link}");
            assert!(link.contains("maxPageSize=2") && link.contains("startTime=2020") && link.contains(CHAT));
        }
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_repeated_request_makes_one_message() {
    let host = Host::start().await;
    let alice = host.sign_in("alice@contoso.example").await;
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = host
            .post(&target)
            .bearer_auth(&alice)
            .header("Repeatability-Request-ID", "one");
        let sent = expect(
            request.json(&json!({ "content": "once" })).send().await.unwrap(),
            201,
        )
        .await;
        ids.push(sent["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    host.service.shutdown().await;
}

#[tokio::test]
async fn refuses_what_is_not_allowed_or_not_understood() {
    let host = Host::start().await;
    let alice = host.sign_in("alice@contoso.example").await;
    let messages = format!("{}/messages?{CHAT}", host.thread_path());
    let send = |body: String| {
        let request = host
            .post(&messages)
            .bearer_auth(&alice)
            .header("content-type", "application/json");
        request.body(body).send()
    };
    for body in [
        "",
        "{",
        "{}",
        r#"{"content":null}"#,
        r#"{"content":""}"#,
        r#"{"content":"x","type":"topicUpdated"}"#,
    ] {
        assert_eq!(
            refusal(send(body.to_owned()).await.unwrap(), 400).await,
            "BadRequest",
            "{body}"
        );
    }
    let long = json!({ "content": "x".repeat(28 * 1024 + 1) }).to_string();
    assert_eq!(
        refusal(send(long).await.unwrap(), 413).await,
        "RequestEntityTooLarge"
    );
    expect(
        send(json!({ "content": "x".repeat(28 * 1024) }).to_string())
            .await
            .unwrap(),
        201,
    )
    .await;

    for query in [
        "maxPageSize=0",
        "maxPageSize=x",
        "maxPageSize=-1",
        "startTime=now",
        "syncState=x'",
    ] {
        let target = format!("{}/messages?{query}&{CHAT}", host.thread_path());
        let response = host.get(&target).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(refusal(response, 400).await, "BadRequest", "{query}");
    }
    for (path, code) in [
        ("/chat/threads/19%3Anone@thread.v2", "NotFound"),
        ("/chat/threads/none", "NotFound"),
        ("/chat/threads/19%3A%00@thread.v2/messages", "NotFound"),
    ] {
        let response = host
            .get(&format!("{path}?{CHAT}"))
            .bearer_auth(&alice)
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(response, 404).await, code, "{path}");
    }
    for id in ["1", "x", "-1", "18446744073709551615", "99999999999999999999"] {
        let target = format!("{}/messages/{id}?{CHAT}", host.thread_path());
        let response = host.get(&target).bearer_auth(&alice).send().await.unwrap();
        assert_eq!(refusal(response, 404).await, "NotFound", "{id}");
    }

    let (id, voip) = host.guest(&["voip"]).await;
    admit(&host, &id).await;
    assert_eq!(
        refusal(say(&host, &voip, "no scope").await, 403).await,
        "Forbidden"
    );
    for token in ["", "x", "a.b.c"] {
        assert_eq!(refusal(say(&host, token, "x").await, 401).await, "Unauthorized");
    }
    let unsigned = host.signed(Method::GET, &messages, "").send().await.unwrap();
    assert_eq!(refusal(unsigned, 401).await, "Unauthorized");
    host.service.shutdown().await;
}

#[tokio::test]
async fn events_arrive_in_the_order_of_the_commits() {
    let host = Host::start().await;
    let alice = host.sign_in("alice@contoso.example").await;
    let thread: ThreadId = host.dev().meeting.thread_id.parse().unwrap();
    let mut events = host.service.app().chat().subscribe(&thread);
    for number in 0..3 {
        expect(say(&host, &alice, &number.to_string()).await, 201).await;
    }
    for number in 0..3 {
        let notice = events.recv().await.unwrap();
        let anteroom_chat::Event::MessageReceived { message, .. } = &notice.event else {
            panic!()
        };
        assert_eq!(message.content, number.to_string());
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn browsers_may_call_from_any_origin() {
    let host = Host::start().await;
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let preflight = host
        .client
        .request(Method::OPTIONS, host.url(&target))
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,x-ms-useragent",
        )
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let allowed = preflight.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(allowed.contains("x-ms-useragent"), "{allowed}");
    let refused = host
        .get(&target)
        .header("origin", "https://app.example")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.headers()["access-control-allow-origin"], "*");
    assert_eq!(refusal(refused, 401).await, "Unauthorized");
    host.service.shutdown().await;
}
