//! The chat at every boundary of a stay in the call.

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{Admit, Leave, SendChat};
use anteroom_signaling::wire::Encoding;
use anteroom_teams_link::policy::{LobbyScope, MeetingChat, MeetingOptions};
use serde_json::{Value, json};

use crate::common::{CHAT, Host, expect, refusal};
use crate::signaling::client::Client;

async fn rest_send(host: &Host, token: &str, text: &str) -> reqwest::Response {
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let body = json!({ "content": text, "senderDisplayName": "Dana", "type": "text" });
    host.post(&target)
        .bearer_auth(token)
        .json(&body)
        .send()
        .await
        .unwrap()
}

async fn rest_texts(host: &Host, token: &str) -> Vec<String> {
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let page = expect(host.get(&target).bearer_auth(token).send().await.unwrap(), 200).await;
    let text = |item: &Value| item["content"]["message"].as_str().map(str::to_owned);
    page["value"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(text)
        .collect()
}

fn say(text: &str, id: &str) -> Said {
    Said::SendChat(SendChat {
        text: text.to_owned(),
        client_message_id: id.to_owned(),
    })
}

async fn done(client: &mut Client, id: u32) -> String {
    match client.answer(id).await {
        Body::Done(done) => done.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_guest_chats_exactly_while_in_the_call() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    let id = alice.send(say("before", "")).await;
    done(&mut alice, id).await;

    let (_, token) = host.guest(&["voip", "chat"]).await;
    assert_eq!(
        refusal(rest_send(&host, &token, "too early").await, 403).await,
        "Forbidden"
    );
    let (mut dana, _) = Client::hello(&host, Encoding::Json, &token).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.lobby().await;
    assert_eq!(
        refusal(rest_send(&host, &token, "in the lobby").await, 403).await,
        "Forbidden"
    );
    let id = dana.send(say("in the lobby", "")).await;
    assert_eq!(dana.error(id).await, "not_in_call");

    alice
        .send(Said::Admit(Admit {
            participant_ids: vec![],
            all: true,
        }))
        .await;
    dana.connected().await;
    expect(rest_send(&host, &token, "by REST").await, 201).await;
    assert_eq!(alice.chat().await, ("by REST".to_owned(), false));
    assert_eq!(
        dana.chat().await,
        ("by REST".to_owned(), false),
        "nothing from before the stay"
    );
    let id = alice.send(say("by signaling", "one")).await;
    let first = done(&mut alice, id).await;
    assert_eq!(dana.chat().await, ("by signaling".to_owned(), false));
    assert_eq!(rest_texts(&host, &token).await, ["by signaling", "by REST"]);

    // Sent again, it is the same message.
    let id = alice.send(say("by signaling", "one")).await;
    assert_eq!(done(&mut alice, id).await, first);
    assert_eq!(rest_texts(&host, &token).await.len(), 2);

    let id = dana.send(Said::Leave(Leave {})).await;
    dana.answer(id).await;
    assert_eq!(
        refusal(rest_send(&host, &token, "after").await, 403).await,
        "Forbidden"
    );
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let refused = host.get(&target).bearer_auth(&token).send().await.unwrap();
    assert_eq!(refusal(refused, 403).await, "Forbidden");
    host.service.shutdown().await;
}

#[tokio::test]
async fn colleagues_get_the_history_and_keep_the_chat() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    for text in ["one", "two"] {
        let id = alice.send(say(text, "")).await;
        done(&mut alice, id).await;
    }
    let (mut bob, _) = Client::employee(&host, "bob@contoso.example").await;
    assert_eq!(bob.chat().await, ("one".to_owned(), true));
    assert_eq!(bob.chat().await, ("two".to_owned(), true));
    let id = bob.send(Said::Leave(Leave {})).await;
    bob.answer(id).await;
    let token = host.sign_in("bob@contoso.example").await;
    expect(rest_send(&host, &token, "from afar").await, 201).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_meeting_without_chat_has_none() {
    let host = Host::start().await;
    let tenant = host.dev().tenant_id.parse().unwrap();
    let meetings = host.service.app().meetings();
    let meeting = meetings.of_tenant(tenant).await.unwrap().remove(0);
    let options = MeetingOptions {
        lobby: LobbyScope::Everyone.into(),
        allow_meeting_chat: MeetingChat::Disabled,
        ..meeting.options
    };
    meetings.set_options(&meeting.id, options).await.unwrap();
    let (_alice, _) = Client::alice(&host).await;
    let (_, token) = host.guest(&["voip", "chat"]).await;
    let (mut dana, _) = Client::hello(&host, Encoding::Json, &token).await;
    dana.join(&meeting.join_url, "Dana").await;
    let allowed = dana
        .expect(|body| match body {
            Body::ChatAccess(access) => Some(access.allowed),
            _ => None,
        })
        .await;
    assert!(!allowed);
    let id = dana.send(say("hello", "")).await;
    assert_eq!(dana.error(id).await, "not_allowed");
    assert_eq!(
        refusal(rest_send(&host, &token, "hello").await, 403).await,
        "Forbidden"
    );
    host.service.shutdown().await;
}
