//! Who types and who has read: the same for signaling sessions, the chat's REST interface and its notifications.

use anteroom_chat::wire::notification::ChatNotification;
use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    Admit, ChatMessage, ReadReceipt, SendChat, SendReadReceipt, SendTyping, Typing,
};
use anteroom_signaling::wire::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{CHAT, Host, expect};
use crate::notifications::listener::{Listener, User};
use crate::signaling::client::Client;

async fn rest(host: &Host, method: Method, token: &str, rest: &str, body: Value) -> Value {
    let target = host.url(&format!("{}{rest}?{CHAT}", host.thread_path()));
    let request = host.client.request(method, target).bearer_auth(token);
    let request = if body.is_null() {
        request
    } else {
        request.json(&body)
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert!(status < 300, "{status}");
    expect(response, status).await
}

async fn done(client: &mut Client, body: Said) -> String {
    let id = client.send(body).await;
    match client.answer(id).await {
        Body::Done(done) => done.id,
        other => panic!("{other:?}"),
    }
}

async fn typing(client: &mut Client) -> Typing {
    let wanted = |body| match body {
        Body::Typing(typing) => Some(typing),
        _ => None,
    };
    client.expect(wanted).await
}

async fn receipt(client: &mut Client) -> ReadReceipt {
    let wanted = |body| match body {
        Body::ReadReceipt(receipt) => Some(receipt),
        _ => None,
    };
    client.expect(wanted).await
}

async fn message(client: &mut Client) -> ChatMessage {
    let wanted = |body| match body {
        Body::Chat(message) => Some(message),
        _ => None,
    };
    client.expect(wanted).await
}

#[tokio::test]
async fn signs_cross_between_the_call_and_the_thread() {
    let host = Host::start().await;
    let (mut alice, alice_connected) = Client::alice(&host).await;
    // Dana is in the call with one client and in its chat with another, as the ACS SDKs are.
    let (id, token) = host.guest(&["voip", "chat"]).await;
    let dana = User {
        id,
        token,
        name: "Dana",
    };
    let (mut dana_in, _) = Client::hello(&host, Encoding::Json, &dana.token).await;
    dana_in.join(&host.dev().meeting.join_url, "Dana").await;
    dana_in.lobby().await;
    let everybody = Admit {
        participant_ids: Vec::new(),
        all: true,
    };
    done(&mut alice, Said::Admit(everybody)).await;
    let dana_connected = dana_in.connected().await;
    let mut dana_chat = Listener::connect(&host, &dana, "d1").await;

    // From the thread to the call.
    rest(
        &host,
        Method::POST,
        &dana.token,
        "/typing",
        json!({"senderDisplayName": "Somebody else"}),
    )
    .await;
    let told = typing(&mut alice).await;
    assert_eq!(told.participant_id, dana_connected.participant_id);
    assert_eq!(
        (told.raw_id.as_str(), told.display_name.as_str()),
        (dana.id.as_str(), "Dana")
    );
    assert!(matches!(dana_chat.next().await, ChatNotification::Typing { .. }));

    // And back.
    done(&mut alice, Said::SendTyping(SendTyping {})).await;
    let told = typing(&mut dana_in).await;
    assert_eq!(told.participant_id, alice_connected.participant_id);
    let ChatNotification::Typing { sender, .. } = dana_chat.next().await else {
        panic!("not typing")
    };
    assert_eq!(sender, alice_raw_id(&host));

    let text = SendChat {
        text: "hello".to_owned(),
        client_message_id: String::new(),
    };
    let id = done(&mut dana_in, Said::SendChat(text)).await;
    assert_eq!(message(&mut alice).await.id, id);
    assert!(matches!(
        dana_chat.next().await,
        ChatNotification::MessageReceived(_)
    ));
    let read = || {
        Said::SendReadReceipt(SendReadReceipt {
            message_id: id.clone(),
        })
    };
    done(&mut alice, read()).await;
    let told = receipt(&mut dana_in).await;
    assert_eq!(
        (told.participant_id, told.message_id.as_str()),
        (alice_connected.participant_id, id.as_str())
    );
    assert!(matches!(
        dana_chat.next().await,
        ChatNotification::ReadReceipt { .. }
    ));
    let receipts = rest_get(&host, &dana.token, "/readReceipts").await;
    assert_eq!(receipts["value"][0]["chatMessageId"], id.as_str());
    rest(
        &host,
        Method::POST,
        &dana.token,
        "/readReceipts",
        json!({"chatMessageId": id}),
    )
    .await;
    let told = receipt(&mut alice).await;
    assert_eq!((told.raw_id, told.message_id), (dana.id.clone(), id.clone()));

    // Changes reach the call, too.
    rest(
        &host,
        Method::PATCH,
        &dana.token,
        &format!("/messages/{id}"),
        json!({"content": "Hello"}),
    )
    .await;
    let told = message(&mut alice).await;
    assert_eq!(
        (told.id.as_str(), told.text.as_str(), told.deleted),
        (id.as_str(), "Hello", false)
    );
    assert!(told.edited_ms >= told.created_ms);
    rest(
        &host,
        Method::DELETE,
        &dana.token,
        &format!("/messages/{id}"),
        Value::Null,
    )
    .await;
    let told = message(&mut alice).await;
    assert_eq!(
        (told.id.as_str(), told.text.as_str(), told.deleted),
        (id.as_str(), "", true)
    );

    for (unknown, key) in [("17", "unknown_message"), ("first", "unknown_message")] {
        let read = SendReadReceipt {
            message_id: unknown.to_owned(),
        };
        let request = alice.send(Said::SendReadReceipt(read)).await;
        assert_eq!(alice.error(request).await, key);
    }
    // What was deleted is still a place in the thread.
    done(&mut alice, read()).await;
    host.service.shutdown().await;
}

fn alice_raw_id(host: &Host) -> String {
    let users = &host.dev().users;
    let alice = users.iter().find(|user| user.upn == "alice@contoso.example");
    format!("8:orgid:{}", alice.unwrap().object_id)
}

async fn rest_get(host: &Host, token: &str, rest: &str) -> Value {
    let target = format!("{}{rest}?{CHAT}", host.thread_path());
    expect(host.get(&target).bearer_auth(token).send().await.unwrap(), 200).await
}
