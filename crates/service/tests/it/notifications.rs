//! Real-time notifications over real sockets, with the client's side of the protocol from `anteroom-chat`.

pub(crate) mod listener;

use std::time::Duration;

use anteroom_chat::client::{ChatClient, ClientOptions, CommunicationTokenCredential, RealtimeEvent};
use anteroom_chat::trouter::{ClientEnd, ClientEvent};
use anteroom_chat::wire::notification::ChatNotification;
use anteroom_chat::{Member, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use anteroom_service::emulator::Cut;
use futures_util::{SinkExt as _, StreamExt as _};
use listener::{Listener, User};
use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::common::{CHAT, Host, expect, refusal};

const CONFIG: &str = "/chat/config/realTimeNotifications?api-version=2024-09-01";

/// A thread of Alice's with these members.
async fn thread(host: &Host, alice: &User, members: &[&User]) -> String {
    let id = ThreadId::random();
    let members = members
        .iter()
        .map(|user| Member::with_history(user.id.parse().unwrap(), user.name))
        .collect();
    let chat = host.service.app().chat();
    chat.ensure_thread(&id, "100% — 🐎", alice.id.parse().unwrap(), members)
        .await
        .unwrap();
    id.to_string()
}

fn path(thread: &str, rest: &str) -> String {
    let thread = thread.replace(':', "%3A").replace('@', "%40");
    format!("/chat/threads/{thread}{rest}?{CHAT}")
}

async fn say(host: &Host, user: &User, thread: &str, text: &str) -> String {
    let body = json!({"content": text, "senderDisplayName": user.name, "type": "text"});
    let response = host
        .post(&path(thread, "/messages"))
        .bearer_auth(&user.token)
        .json(&body)
        .send()
        .await
        .unwrap();
    expect(response, 201).await["id"].as_str().unwrap().to_owned()
}

fn content(notification: ChatNotification) -> String {
    match notification {
        ChatNotification::MessageReceived(message) => message.content,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn everybody_in_the_thread_hears_of_everything_in_order() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let bob = User::new(&host, "Bob").await;
    let mut of_alice = Listener::connect(&host, &alice, "a1").await;
    let mut of_bob = Listener::connect(&host, &bob, "b1").await;
    let mut bobs_other = Listener::connect(&host, &bob, "b2").await;

    let thread = thread(&host, &alice, &[&alice, &bob]).await;
    for listener in [&mut of_alice, &mut of_bob, &mut bobs_other] {
        let ChatNotification::ThreadCreated {
            thread: created,
            created_by,
            participants,
            ..
        } = listener.next().await
        else {
            panic!()
        };
        assert_eq!(
            (created.id.as_str(), created.topic.as_str()),
            (thread.as_str(), "100% — 🐎")
        );
        assert_eq!(created_by.id, alice.id);
        assert_eq!(participants.len(), 2);
    }
    for number in 0..20 {
        say(&host, &alice, &thread, &format!("{number} % 🐎 \"")).await;
    }
    for listener in [&mut of_alice, &mut of_bob, &mut bobs_other] {
        for number in 0..20 {
            let ChatNotification::MessageReceived(message) = listener.next().await else {
                panic!()
            };
            assert_eq!(message.content, format!("{number} % 🐎 \""));
            assert_eq!(
                (message.kind.as_str(), message.thread_id.as_str()),
                ("Text", thread.as_str())
            );
            assert_eq!(
                (message.sender.as_str(), message.sender_display_name.as_str()),
                (alice.id.as_str(), "Alice")
            );
            assert_eq!(message.recipient, listener.user);
        }
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_dropped_socket_loses_nothing_and_repeats_nothing() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let mut listener = Listener::connect(&host, &alice, "a1").await;
    let thread = thread(&host, &alice, &[&alice]).await;
    listener.next().await;
    say(&host, &alice, &thread, "one").await;
    assert_eq!(content(listener.next().await), "one");
    listener.settle().await;
    let figures = host.get("/metrics").send().await.unwrap().text().await.unwrap();
    for line in [
        "anteroom_notification_sockets 1",
        "anteroom_notification_endpoints 1",
        "anteroom_notifications_delivered_total 2",
        "anteroom_notifications_refused_total 0",
    ] {
        assert!(figures.lines().any(|one| one == line), "{line} in {figures}");
    }
    // Without a word to the service.
    listener.drop_socket();
    for text in ["two", "three"] {
        say(&host, &alice, &thread, text).await;
    }
    listener.reconnect(&host, &alice).await;
    assert_eq!(content(listener.next().await), "two");
    assert_eq!(content(listener.next().await), "three");
    say(&host, &alice, &thread, "four").await;
    assert_eq!(content(listener.next().await), "four");
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_was_sent_and_not_answered_comes_again() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let mut listener = Listener::connect(&host, &alice, "a1").await;
    let thread = thread(&host, &alice, &[&alice]).await;
    listener.next().await;
    listener.settle().await;
    // The client reads it and goes before it answers.
    say(&host, &alice, &thread, "unanswered").await;
    let packet = listener.read_packet().await;
    assert!(
        packet.starts_with("3:::") && packet.contains("unanswered"),
        "{packet}"
    );
    listener.drop_socket();
    listener.reconnect(&host, &alice).await;
    assert_eq!(content(listener.next().await), "unanswered");
    host.service.shutdown().await;
}

#[tokio::test]
async fn long_polling_carries_the_same() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let mut listener = Listener::poll(&host, &alice, "a1").await;
    let thread = thread(&host, &alice, &[&alice]).await;
    assert!(matches!(
        listener.next().await,
        ChatNotification::ThreadCreated { .. }
    ));
    for text in ["one 🐎", "two"] {
        say(&host, &alice, &thread, text).await;
    }
    assert_eq!(content(listener.next().await), "one 🐎");
    assert_eq!(content(listener.next().await), "two");

    // The next poll is answered and the answer is lost; the client comes back while its old socket seems alive.
    say(&host, &alice, &thread, "three").await;
    let lost = listener.lose_a_poll().await;
    assert!(lost.contains("three"), "{lost}");
    say(&host, &alice, &thread, "four").await;
    listener.poll_again(&host, &alice).await;
    assert_eq!(content(listener.next().await), "three");
    assert_eq!(content(listener.next().await), "four");

    // It stops, and takes back the request with its last answer; then it starts again.
    say(&host, &alice, &thread, "five").await;
    assert!(listener.lose_a_poll().await.contains("five"));
    listener.unregister(&host, &alice).await;
    listener.poll_again(&host, &alice).await;
    say(&host, &alice, &thread, "six").await;
    assert_eq!(content(listener.next().await), "six");

    let gone = host.get("/socket.io/1/xhr-polling/0000").send().await.unwrap();
    assert_eq!(gone.text().await.unwrap(), "7:::1+0");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_and_others_do_not_notice() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let bob = User::new(&host, "Bob").await;
    let mut of_alice = Listener::connect(&host, &alice, "a1").await;
    let mut slow = Listener::connect(&host, &bob, "b1").await;
    let thread = thread(&host, &alice, &[&alice, &bob]).await;
    of_alice.next().await;
    let long = "x".repeat(20_000);
    let mut cut = false;
    for _ in 0..1500 {
        say(&host, &alice, &thread, &long).await;
        assert_eq!(content(of_alice.next().await).len(), 20_000);
        if host.service.app().notifications().stats().sockets == 1 {
            cut = true;
            break;
        }
    }
    assert!(cut, "{:?}", host.service.app().notifications().stats());
    slow.drain_until_closed().await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_token_that_ends_moves_the_client_and_then_cuts() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let mut listener = Listener::connect(&host, &alice, "a1").await;
    listener.settle().await;
    host.service
        .app()
        .clock()
        .step(time::Duration::hours(25))
        .unwrap();
    let reconnect = listener.next_event().await;
    assert!(matches!(reconnect, ClientEvent::Reconnect(_)), "{reconnect:?}");
    // The old token is no longer good for anything.
    let response = host
        .post("/v4/a?epid=a1")
        .header("x-skypetoken", &alice.token)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(response, 401).await, "Unauthorized");
    host.service.shutdown().await;
}

#[tokio::test]
async fn revoking_tokens_closes_sockets_at_once() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let mut listener = Listener::connect(&host, &alice, "a1").await;
    listener.settle().await;
    let target = format!(
        "/identities/{}/:revokeAccessTokens?{}",
        alice.id.replace(':', "%3A"),
        crate::common::IDENTITY
    );
    let response = host.signed(Method::POST, &target, "").send().await.unwrap();
    assert_eq!(response.status(), 204);
    let ClientEvent::Ended(ClientEnd::Disconnected(reason)) = listener.next_event().await else {
        panic!()
    };
    assert_eq!(reason.as_deref(), Some(r#"{"reason":"unauthorized"}"#));
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_rust_client_hears_and_comes_back_when_it_is_cut() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let options = ClientOptions::new()
        .with_ca_file(host.dir.path().join("tls/ca.pem"))
        .unwrap();
    let credential = CommunicationTokenCredential::new(&alice.token).unwrap();
    let client = ChatClient::new(&host.dev().endpoint, credential, options).unwrap();
    let mut events = client.start_realtime_notifications().await.unwrap();
    let mut next = async || {
        tokio::time::timeout(Duration::from_secs(20), events.next())
            .await
            .unwrap()
            .unwrap()
    };
    assert!(matches!(next().await, RealtimeEvent::Connected));
    let thread = thread(&host, &alice, &[&alice]).await;
    let RealtimeEvent::Notification(created) = next().await else {
        panic!()
    };
    assert!(matches!(*created, ChatNotification::ThreadCreated { .. }));
    let user: CommunicationIdentifier = alice.id.parse().unwrap();
    host.service.app().emulator().cut(Cut {
        resource: host.service.app().resource(),
        user: Some(user),
    });
    assert!(matches!(next().await, RealtimeEvent::Disconnected));
    say(&host, &alice, &thread, "while away").await;
    assert!(matches!(next().await, RealtimeEvent::Connected));
    let RealtimeEvent::Notification(notification) = next().await else {
        panic!()
    };
    assert_eq!(content(*notification), "while away");
    assert_eq!(host.service.app().notifications().stats().endpoints, 1);
    events.stop().await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn only_the_newest_registered_socket_delivers() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let mut first = Listener::connect(&host, &alice, "a1").await;
    let thread = thread(&host, &alice, &[&alice]).await;
    first.next().await;
    first.settle().await;
    let mut second = Listener::connect_unregistered(&host, &alice, "a1").await;
    say(&host, &alice, &thread, "still the first").await;
    assert_eq!(content(first.next().await), "still the first");
    first.settle().await;
    second.register(&host, &alice).await;
    say(&host, &alice, &thread, "now the second").await;
    assert_eq!(content(second.next().await), "now the second");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_sid_opens_one_socket() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let sid = listener::handshake(&host, &alice, "a1").await;
    let mut first = listener::open_socket(&host, &sid).await;
    assert_eq!(first.next().await.unwrap().unwrap(), Message::text("1::"));
    for sid in [sid.as_str(), "00000000000000000000000000000000"] {
        let mut second = listener::open_socket(&host, sid).await;
        assert_eq!(second.next().await.unwrap().unwrap(), Message::text("7:::1+0"));
    }
    first.send(Message::text("5:1+::{\"name\":\"x\"}")).await.unwrap();
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_configuration_and_the_allocation_suit_the_sdk() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    for target in [CONFIG.to_owned(), format!("/{CONFIG}")] {
        let response = host.get(&target).bearer_auth(&alice.token).send().await.unwrap();
        let config = expect(response, 200).await;
        assert_eq!(config["trouterServiceUrl"], host.dev().endpoint, "{target}");
        assert_eq!(config["registrarServiceUrl"], host.dev().endpoint);
        assert_eq!(config["cloudType"], "Public");
    }
    let preflight = host
        .client
        .request(Method::OPTIONS, host.url("/v4/a"))
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-skypetoken")
        .send()
        .await
        .unwrap();
    let allowed = preflight.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(allowed.to_lowercase().contains("x-skypetoken"), "{allowed}");

    // Parameters of a reconnect are hints, and may be anything.
    let target = "/v4/a?cor_id=x&con_num=1_2&epid=e&sr=foreign&se=1&&v=v4";
    let response = host
        .post(target)
        .header("x-skypetoken", &alice.token)
        .header("content-type", "text/plain")
        .send()
        .await
        .unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/json;"), "{kind}");
    let allocation = expect(response, 200).await;
    assert_eq!(allocation["socketio"], format!("{}/", host.dev().endpoint));
    let surl = allocation["surl"].as_str().unwrap();
    assert!(surl.starts_with(&format!("{}/v4/f/", host.dev().endpoint)) && surl.ends_with('/'));
    for (_, value) in allocation["connectparams"].as_object().unwrap() {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        assert!(value.as_str().unwrap().chars().all(plain), "{value}");
    }
}

#[tokio::test]
async fn refuses_what_it_must() {
    let host = Host::start().await;
    let alice = User::new(&host, "Alice").await;
    let (_, voip) = host.guest(&["voip"]).await;
    let ask = |target: &str, token: &str| {
        let request = host.post(target);
        request.header("x-skypetoken", token).send()
    };
    assert_eq!(
        refusal(ask("/v4/a?epid=e", &voip).await.unwrap(), 403).await,
        "Forbidden"
    );
    assert_eq!(
        refusal(ask("/v4/a?epid=e", "x").await.unwrap(), 401).await,
        "Unauthorized"
    );
    assert_eq!(
        refusal(host.post("/v4/a?epid=e").send().await.unwrap(), 401).await,
        "Unauthorized"
    );
    for query in ["", "?epid=", "?epid=%00", &format!("?epid={}", "x".repeat(65))] {
        let response = ask(&format!("/v4/a{query}"), &alice.token).await.unwrap();
        assert_eq!(refusal(response, 400).await, "BadRequest", "{query}");
    }
    for body in [
        "",
        "{}",
        "[]",
        "{\"registrationId\":\"\",\"transports\":{\"TROUTER\":[]}}",
    ] {
        let response = host
            .post("/v3/registrations")
            .header("x-skypetoken", &alice.token)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(response, 400).await, "BadRequest", "{body}");
    }
    // An endpoint that never connects is slowed down, and only that one.
    for _ in 0..5 {
        expect(ask("/v4/a?epid=loop", &alice.token).await.unwrap(), 200).await;
    }
    assert_eq!(
        refusal(ask("/v4/a?epid=loop", &alice.token).await.unwrap(), 503).await,
        "ServiceUnavailable"
    );
    expect(ask("/v4/a?epid=other", &alice.token).await.unwrap(), 200).await;
    for number in 0..40 {
        let response = ask(&format!("/v4/a?epid=tab{number}"), &alice.token)
            .await
            .unwrap();
        expect(response, 200).await;
    }
    assert!(host.service.app().notifications().stats().endpoints <= 32);
    tokio::time::timeout(Duration::from_secs(20), host.service.shutdown())
        .await
        .unwrap();
}
