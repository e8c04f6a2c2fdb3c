//! Who may do what, and what is forgotten.

use super::{User, empty, items, path};
use crate::common::{CHAT, Host, IDENTITY, expect, refusal};
use anteroom_chat::{Event, ThreadId};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn scopes_allow_what_they_say() {
    let host = Host::start().await;
    let owner = User::new(&host, &["chat"]).await;
    // Scope: may manage threads, may invite, may talk.
    for (scope, manages, invites, talks) in [
        ("chat", true, true, true),
        ("chat.join", false, true, true),
        ("chat.join.limited", false, false, true),
        ("voip", false, false, false),
    ] {
        let user = User::new(&host, &[scope]).await;
        let other = User::new(&host, &["chat"]).await;
        let thread = owner.thread(&[&user]).await;
        let message = owner.say(&thread, "hi").await;
        let calls = [
            (Method::POST, String::new(), json!({ "topic": "T" }), manages, 201),
            (
                Method::PATCH,
                thread.clone(),
                json!({ "topic": "U" }),
                manages,
                204,
            ),
            (
                Method::POST,
                format!("{thread}/participants/:add"),
                json!({ "participants": [other.participant()] }),
                invites,
                201,
            ),
            (
                Method::POST,
                format!("{thread}/participants/:remove"),
                other.identifier(),
                invites,
                204,
            ),
            (Method::GET, String::new(), Value::Null, talks, 200),
            (Method::GET, thread.clone(), Value::Null, talks, 200),
            (Method::GET, format!("{thread}/messages"), Value::Null, talks, 200),
            (
                Method::GET,
                format!("{thread}/messages/{message}"),
                Value::Null,
                talks,
                200,
            ),
            (
                Method::GET,
                format!("{thread}/participants"),
                Value::Null,
                talks,
                200,
            ),
            (
                Method::GET,
                format!("{thread}/readReceipts"),
                Value::Null,
                talks,
                200,
            ),
            (
                Method::POST,
                format!("{thread}/readReceipts"),
                json!({ "chatMessageId": message }),
                talks,
                200,
            ),
            (Method::POST, format!("{thread}/typing"), Value::Null, talks, 200),
            (
                Method::POST,
                format!("{thread}/messages"),
                json!({ "content": "x" }),
                talks,
                201,
            ),
            (Method::DELETE, thread.clone(), Value::Null, manages, 204),
        ];
        for (method, path, body, allowed, status) in calls {
            let response = user.call(method.clone(), &path, body).await;
            if allowed {
                expect(response, status).await;
            } else {
                assert_eq!(
                    refusal(response, 403).await,
                    "Forbidden",
                    "{scope} {method} {path}"
                );
            }
        }
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_repeated_request_makes_one_thread() {
    let host = Host::start().await;
    let (alice, bob) = (
        User::new(&host, &["chat"]).await,
        User::new(&host, &["chat"]).await,
    );
    let create = async |user: &User<'_>, topic: &str, name: &str| {
        let request = host
            .post(&format!("/chat/threads?{CHAT}"))
            .bearer_auth(&user.token)
            .header("repeatability-request-id", name)
            .json(&json!({ "topic": topic }));
        request.send().await.unwrap()
    };
    let first = expect(create(&alice, "A", "one").await, 201).await;
    assert_eq!(expect(create(&alice, "B", "one").await, 201).await, first);
    let others = expect(create(&bob, "A", "one").await, 201).await;
    assert_ne!(others["chatThread"]["id"], first["chatThread"]["id"]);
    let next = expect(create(&alice, "A", "two").await, 201).await;
    assert_ne!(next["chatThread"]["id"], first["chatThread"]["id"]);
    assert_eq!(
        refusal(create(&alice, "A", &"x".repeat(65)).await, 400).await,
        "BadRequest"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn refuses_what_does_not_fit() {
    let host = Host::start().await;
    let alice = User::new(&host, &["chat"]).await;
    let many: Vec<Value> = (0..201)
        .map(|n| json!({ "communicationIdentifier": { "rawId": format!("8:acs:{n}") } }))
        .collect();
    for body in [
        json!({}),
        json!({ "topic": "" }),
        json!({ "topic": "x".repeat(251) }),
        json!({ "topic": "T", "participants": many }),
        json!({ "topic": "T", "participants": [{}] }),
        json!({ "topic": "T", "participants": [{ "communicationIdentifier": {} }] }),
        json!({ "topic": "T", "metadata": { "k": "v".repeat(1024) } }),
        json!({ "topic": "T", "retentionPolicy": { "kind": "threadCreationDate", "deleteThreadAfterDays": 29 } }),
        json!({ "topic": "T", "retentionPolicy": { "kind": "threadCreationDate", "deleteThreadAfterDays": 91 } }),
        json!([]),
    ] {
        assert_eq!(
            refusal(alice.post("", body.clone()).await, 400).await,
            "BadRequest",
            "{body}"
        );
    }
    assert_eq!(items(&expect(alice.get("").await, 200).await).len(), 0);
    let topic = json!({ "topic": "x".repeat(250), "metadata": { "k": "v".repeat(1023) } });
    expect(alice.post("", topic).await, 201).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn who_is_in_a_meetings_chat_is_not_its_members_to_change() {
    let host = Host::start().await;
    let alice = User {
        host: &host,
        id: String::new(),
        token: host.sign_in("alice@contoso.example").await,
    };
    let guest = User::new(&host, &["chat"]).await;
    let thread = path(&host.dev().meeting.thread_id);
    let added = json!({ "participants": [guest.participant()] });
    for (method, rest, body) in [
        (Method::POST, "/participants/:add", added),
        (Method::POST, "/participants/:remove", guest.identifier()),
        (Method::PATCH, "", json!({ "topic": "Mine" })),
        (Method::DELETE, "", Value::Null),
    ] {
        let response = alice.call(method, &format!("{thread}{rest}"), body).await;
        assert_eq!(refusal(response, 403).await, "Forbidden", "{rest}");
    }
    assert_eq!(refusal(guest.get(&thread).await, 403).await, "Forbidden");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_deleted_identity_leaves_nothing_behind() {
    let host = Host::start().await;
    let (alice, bob) = (
        User::new(&host, &["chat"]).await,
        User::new(&host, &["chat"]).await,
    );
    let thread = alice.thread(&[&bob]).await;
    let said = bob.say(&thread, "secret").await;
    bob.post(
        &format!("{thread}/readReceipts"),
        json!({ "chatMessageId": said }),
    )
    .await;
    let target = format!("/identities/{}?{IDENTITY}", bob.id.replace(':', "%3A"));
    empty(
        host.signed(Method::DELETE, &target, "").send().await.unwrap(),
        204,
    )
    .await;
    let message = expect(alice.get(&format!("{thread}/messages/{said}")).await, 200).await;
    assert!(
        message["content"].get("message").is_none() && message["deletedOn"].is_string(),
        "{message}"
    );
    assert_eq!(message["senderDisplayName"], "");
    let members = expect(alice.get(&format!("{thread}/participants")).await, 200).await;
    assert_eq!(items(&members).len(), 1);
    let receipts = expect(alice.get(&format!("{thread}/readReceipts")).await, 200).await;
    assert_eq!(items(&receipts).len(), 0);
    assert_eq!(refusal(bob.get(&thread).await, 401).await, "Unauthorized");
    let page = expect(alice.get(&format!("{thread}/messages")).await, 200)
        .await
        .to_string();
    assert!(
        !page.contains("secret") && page.matches("\"P\"").count() == 0,
        "{page}"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn notices_name_who_hears_of_them() {
    let host = Host::start().await;
    let (alice, bob) = (
        User::new(&host, &["chat"]).await,
        User::new(&host, &["chat"]).await,
    );
    let thread = alice.thread(&[&bob]).await;
    let id: ThreadId = thread[1..]
        .replace("%3A", ":")
        .replace("%40", "@")
        .parse()
        .unwrap();
    let mut notices = host.service.app().chat().subscribe(&id);
    bob.say(&thread, "hi").await;
    empty(bob.post(&format!("{thread}/typing"), Value::Null).await, 200).await;
    empty(
        alice
            .post(&format!("{thread}/participants/:remove"), bob.identifier())
            .await,
        204,
    )
    .await;
    empty(alice.delete(&thread).await, 204).await;
    let mut heard = Vec::new();
    for _ in 0..5 {
        let notice = notices.recv().await.unwrap();
        let what = match &notice.event {
            Event::MessageReceived { message, .. } if message.is_from_person() => "message",
            Event::MessageReceived { .. } => "recorded",
            Event::Typing { .. } => "typing",
            Event::MembersRemoved { .. } => "removed",
            Event::ThreadDeleted { .. } => "deleted",
            other => panic!("{other:?}"),
        };
        heard.push((what, notice.recipients.len()));
    }
    assert_eq!(
        heard,
        [
            ("message", 2),
            ("typing", 2),
            ("recorded", 1),
            ("removed", 2),
            ("deleted", 1)
        ]
    );
    host.service.shutdown().await;
}
