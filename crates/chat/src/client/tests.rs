//! Each operation's request and answer, over a scripted transport.

use std::sync::Arc;

use anteroom_identity::client::pipeline::{Request, ScriptedTransport, TransportError};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::RetentionPolicy;
use crate::wire::rest::{ChatParticipant, SendMessageRequest, UpdateMessageRequest, UpdateThreadRequest};

const THREAD: &str = "19:abc_-.@thread.v2";
const PATH: &str = "/chat/threads/19%3Aabc_-.%40thread.v2";
const USER: &str = "8:acs:0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19_0000001b-e76c-cf3c-1985-0948220072ec";

fn client(transport: &ScriptedTransport) -> ChatClient {
    // `{"exp":4102444800}`
    let credential = CommunicationTokenCredential::new("e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln").unwrap();
    let options = ClientOptions::new().with_transport(Arc::new(transport.clone()));
    ChatClient::new("https://acs.example", credential, options).unwrap()
}

fn thread(transport: &ScriptedTransport) -> ChatThreadClient {
    client(transport).chat_thread_client(THREAD).unwrap()
}

fn answers(answers: &[(u16, Value)]) -> ScriptedTransport {
    answers
        .iter()
        .fold(ScriptedTransport::new(), |transport, (status, body)| {
            let body = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };
            transport.answer(*status, &[], &body)
        })
}

fn only(transport: &ScriptedTransport) -> Request {
    let requests = transport.requests();
    assert_eq!(requests.len(), 1);
    requests[0].clone()
}

/// Method, path without the version, and body of the one request; that it is authorized besides.
fn sent(transport: &ScriptedTransport) -> (&'static str, String, Value) {
    let request = only(transport);
    assert_eq!(
        request.headers.get("authorization"),
        Some("Bearer e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln")
    );
    let target = request.target().replace("api-version=2025-03-15", "V");
    let body = if request.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&request.body).unwrap()
    };
    (request.method.as_str(), target, body)
}

fn properties() -> Value {
    json!({
        "id": THREAD, "topic": "Lunch", "createdOn": "2026-11-20T21:38:59Z",
        "createdByCommunicationIdentifier": {"rawId": USER, "communicationUser": {"id": USER}},
        "somethingNew": {"a": 1},
    })
}

#[tokio::test]
async fn a_thread_is_created_once_and_says_who_could_not_be_added() {
    let invalid = json!([{"code": "404", "message": "Not found.", "target": USER}]);
    let transport = answers(&[
        (503, Value::Null),
        (
            201,
            json!({"chatThread": properties(), "invalidParticipants": invalid}),
        ),
    ])
    .fail(TransportError::Timeout);
    let (client, user) = (client(&transport), USER.parse().unwrap());
    tokio::time::pause();
    let create = CreateChatThread::new("Lunch")
        .with_participant(
            ChatParticipant::new(&user)
                .with_display_name("Dana")
                .with_share_history_time(datetime!(2026-11-20 21:38:59.9 UTC)),
        )
        .with_metadata("room", "12")
        .with_retention(RetentionPolicy::ThreadCreationDate {
            delete_thread_after_days: 30,
        });
    let created = client.create_chat_thread(create).await.unwrap();
    assert_eq!(created.chat_thread.id, THREAD);
    assert_eq!(created.invalid_participants[0].target.as_deref(), Some(USER));
    let requests = transport.requests();
    let ids: Vec<_> = requests
        .iter()
        .map(|request| request.headers.get("repeatability-request-id").unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0].len() == 36 && ids[0] == ids[1]);
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    assert_eq!(body["topic"], "Lunch");
    assert_eq!(body["metadata"], json!({"room": "12"}));
    assert_eq!(
        body["retentionPolicy"],
        json!({"kind": "threadCreationDate", "deleteThreadAfterDays": 30})
    );
    let participant = &body["participants"][0];
    assert_eq!(participant["communicationIdentifier"]["rawId"], USER);
    assert_eq!(participant["shareHistoryTime"], "2026-11-20T21:38:59Z");
    assert_eq!(participant["displayName"], "Dana");

    let transport = answers(&[(
        201,
        json!({"chatThread": properties(), "invalidParticipants": null}),
    )]);
    let create = CreateChatThread::new("Lunch").with_repeatability_id("mine");
    self::client(&transport).create_chat_thread(create).await.unwrap();
    assert_eq!(
        sent(&transport),
        ("POST", "/chat/threads?V".to_owned(), json!({"topic": "Lunch"}))
    );
    assert_eq!(
        only(&transport).headers.get("repeatability-request-id"),
        Some("mine")
    );
}

#[tokio::test]
async fn threads_are_listed_and_deleted() {
    let transport = answers(&[(
        200,
        json!({"value": [
            {"id": "a", "topic": "A", "lastMessageReceivedOn": "2026-11-20T21:38:59.1234567Z"},
            {"id": "b", "topic": "B", "deletedOn": "2026-11-20T21:38:59+00:00"},
        ]}),
    )]);
    let options = ListOptions {
        max_page_size: Some(2),
        start_time: Some(datetime!(2026-11-20 22:38:59.5 +1)),
    };
    let threads: Vec<_> = client(&transport)
        .list_chat_threads(options)
        .try_collect()
        .await
        .unwrap();
    assert_eq!((threads[0].id.as_str(), threads[1].topic.as_str()), ("a", "B"));
    assert_eq!(threads[1].deleted_on, Some(datetime!(2026-11-20 21:38:59 UTC)));
    assert!(threads[0].last_message_received_on.is_some());
    assert_eq!(
        sent(&transport).1,
        "/chat/threads?V&maxPageSize=2&startTime=2026-11-20T21%3A38%3A59Z"
    );

    let transport = answers(&[(204, Value::Null)]);
    client(&transport).delete_chat_thread(THREAD).await.unwrap();
    assert_eq!(sent(&transport), ("DELETE", format!("{PATH}?V"), Value::Null));
}

#[tokio::test]
async fn the_head_of_a_thread_is_read_and_changed() {
    let transport = answers(&[(200, properties())]);
    let found = thread(&transport).properties().await.unwrap();
    assert_eq!(found.topic, "Lunch");
    assert_eq!(sent(&transport), ("GET", format!("{PATH}?V"), Value::Null));

    let transport = answers(&[(204, Value::Null)]);
    thread(&transport).update_topic("Dinner").await.unwrap();
    assert_eq!(
        sent(&transport),
        ("PATCH", format!("{PATH}?V"), json!({"topic": "Dinner"}))
    );
    assert_eq!(
        only(&transport).headers.get("content-type"),
        Some("application/merge-patch+json")
    );

    let transport = answers(&[(204, Value::Null)]);
    let update = UpdateThreadRequest {
        metadata: [("a".to_owned(), "b".to_owned())].into(),
        retention_policy: Some(RetentionPolicy::None),
        ..UpdateThreadRequest::default()
    };
    thread(&transport).update_properties(&update).await.unwrap();
    assert_eq!(
        sent(&transport).2,
        json!({"metadata": {"a": "b"}, "retentionPolicy": {"kind": "none"}})
    );
}

fn message(id: &str, kind: &str) -> Value {
    json!({
        "id": id, "type": kind, "sequenceId": "1", "version": id, "createdOn": "2026-11-20T21:38:59Z",
        "content": {"message": "Hello", "attachments": []}, "senderDisplayName": "",
    })
}

#[tokio::test]
async fn messages_are_sent_read_changed_and_deleted() {
    let transport = answers(&[(201, json!({"id": "17"}))]);
    let request = SendMessageRequest::html("<b>Hello</b>")
        .with_sender_display_name("Dana")
        .with_metadata("a", "b");
    assert_eq!(thread(&transport).send_message(&request).await.unwrap(), "17");
    assert_eq!(
        sent(&transport),
        (
            "POST",
            format!("{PATH}/messages?V"),
            json!({"content": "<b>Hello</b>", "senderDisplayName": "Dana", "type": "html", "metadata": {"a": "b"}})
        )
    );

    let next = format!("https://acs.example{PATH}/messages?syncState=ab&api-version=2025-03-15");
    let transport = answers(&[
        (200, json!({"value": [message("2", "text")], "nextLink": next})),
        (200, json!({"value": [message("1", "topicUpdated")]})),
    ]);
    let messages: Vec<_> = thread(&transport)
        .list_messages(ListOptions::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1].message_type.0, "topicUpdated");
    assert_eq!(
        transport.requests()[1].target(),
        format!("{PATH}/messages?syncState=ab&api-version=2025-03-15")
    );

    let transport = answers(&[(200, message("17", "text"))]);
    let found = thread(&transport).message("17").await.unwrap();
    assert_eq!(found.content.unwrap().message.as_deref(), Some("Hello"));
    assert_eq!(sent(&transport).1, format!("{PATH}/messages/17?V"));

    let transport = answers(&[(204, Value::Null)]);
    let update = UpdateMessageRequest {
        content: Some("Bye".to_owned()),
        ..UpdateMessageRequest::default()
    };
    thread(&transport).update_message("17", &update).await.unwrap();
    assert_eq!(
        sent(&transport),
        (
            "PATCH",
            format!("{PATH}/messages/17?V"),
            json!({"content": "Bye"})
        )
    );

    let transport = answers(&[(204, Value::Null)]);
    thread(&transport).delete_message("17").await.unwrap();
    assert_eq!(
        sent(&transport),
        ("DELETE", format!("{PATH}/messages/17?V"), Value::Null)
    );
}

#[tokio::test]
async fn a_message_that_may_have_been_sent_is_not_sent_again() {
    let transport = ScriptedTransport::new()
        .fail(TransportError::Broken("reset".to_owned()))
        .answer(201, &[], r#"{"id":"17"}"#);
    let outcome = thread(&transport)
        .send_message(&SendMessageRequest::text("Hello"))
        .await;
    assert!(matches!(outcome, Err(Error::Transport(_))));
    assert_eq!(sent(&transport).2, json!({"content": "Hello", "type": "text"}));
}

#[tokio::test]
async fn participants_come_and_go() {
    let user = USER.parse().unwrap();
    let transport = answers(&[(
        200,
        json!({"value": [{"communicationIdentifier": {"rawId": USER}}]}),
    )]);
    let options = SkipOptions {
        max_page_size: Some(1),
        skip: Some(3),
    };
    let participants: Vec<_> = thread(&transport)
        .list_participants(options)
        .try_collect()
        .await
        .unwrap();
    assert_eq!(participants.len(), 1);
    assert_eq!(
        sent(&transport).1,
        format!("{PATH}/participants?V&maxPageSize=1&skip=3")
    );

    let transport = answers(&[(201, json!({}))]);
    let added = thread(&transport)
        .add_participants([ChatParticipant::new(&user)])
        .await
        .unwrap();
    assert_eq!(added, []);
    let (method, target, body) = sent(&transport);
    assert_eq!((method, target), ("POST", format!("{PATH}/participants/:add?V")));
    assert_eq!(
        body["participants"][0]["communicationIdentifier"]["communicationUser"]["id"],
        USER
    );

    let transport = answers(&[(204, Value::Null)]);
    thread(&transport).remove_participant(&user).await.unwrap();
    let (method, target, body) = sent(&transport);
    assert_eq!(
        (method, target),
        ("POST", format!("{PATH}/participants/:remove?V"))
    );
    assert_eq!(body["rawId"], USER, "bare, not wrapped");
}

#[tokio::test]
async fn typing_and_receipts_answer_without_a_body() {
    let transport = answers(&[(200, Value::Null)]);
    thread(&transport).send_typing_notification(None).await.unwrap();
    assert_eq!(sent(&transport), ("POST", format!("{PATH}/typing?V"), json!({})));

    let transport = answers(&[(200, Value::Null)]);
    thread(&transport)
        .send_typing_notification(Some("Dana"))
        .await
        .unwrap();
    assert_eq!(sent(&transport).2, json!({"senderDisplayName": "Dana"}));

    let transport = answers(&[(200, Value::Null)]);
    thread(&transport).send_read_receipt("17").await.unwrap();
    assert_eq!(
        sent(&transport),
        (
            "POST",
            format!("{PATH}/readReceipts?V"),
            json!({"chatMessageId": "17"})
        )
    );

    let receipt = json!({"senderCommunicationIdentifier": {"rawId": USER}, "chatMessageId": "17",
                         "readOn": "2026-11-20T21:38:59Z"});
    let transport = answers(&[(200, json!({"value": [receipt]}))]);
    let receipts: Vec<_> = thread(&transport)
        .list_read_receipts(SkipOptions::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(receipts[0].chat_message_id, "17");
    assert_eq!(sent(&transport).1, format!("{PATH}/readReceipts?V"));
}

#[tokio::test]
async fn refusals_are_typed_and_nonsense_is_not_sent() {
    let body = json!({"error": {"code": "Forbidden", "message": "No."}});
    let transport = answers(&[(403, body)]);
    let error = thread(&transport).properties().await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(403), Some("Forbidden")));

    let transport = ScriptedTransport::new();
    let one = thread(&transport);
    for id in ["", ".", ".."] {
        assert!(matches!(one.message(id).await, Err(Error::Misuse(_))));
        assert!(client(&transport).chat_thread_client(id).is_err());
    }
    let options = ListOptions {
        max_page_size: Some(0),
        ..ListOptions::default()
    };
    let listed: Result<Vec<_>, _> = one.list_messages(options).try_collect().await;
    assert!(matches!(listed, Err(Error::Misuse(_))));
    assert_eq!(transport.requests().len(), 0);
}
