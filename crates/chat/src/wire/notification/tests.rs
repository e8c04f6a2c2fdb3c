//! Every event as clients read it, and back.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::id::{MessageId, SequenceId, ThreadId};
use crate::thread::{Member, Message, MessageKind, ParticipantRef, RetentionPolicy, ThreadProperties};

const ALICE: &str = "8:acs:7c1f0a52-8f0e-4b57-9a11-2f6f7d3c9e10_3d5b8a1c-52b4-4d8e-9a59-0f4c7f3f1a77";
const BOB: &str = "8:acs:7c1f0a52-8f0e-4b57-9a11-2f6f7d3c9e10_11111111-52b4-4d8e-9a59-0f4c7f3f1a77";
const THREAD: &str = "19:f98e8e9ef582d0e2@thread.v2";
const AT: OffsetDateTime = datetime!(2026-11-20 21:31:49.528 UTC);

fn id(text: &str) -> CommunicationIdentifier {
    text.parse().unwrap()
}

fn thread_id() -> ThreadId {
    THREAD.parse().unwrap()
}

fn alice() -> ParticipantRef {
    ParticipantRef {
        id: id(ALICE),
        display_name: "Alice".to_owned(),
    }
}

fn message(kind: MessageKind, content: &str) -> Message {
    Message {
        id: MessageId::from_unix_ms(1_795_210_307_717),
        sequence_id: SequenceId::new(1),
        version: 1_795_210_307_720,
        kind,
        sender: Some(id(ALICE)),
        sender_display_name: "Alice 50%".to_owned(),
        content: content.to_owned(),
        created_on: AT,
        edited_on: Some(AT + time::Duration::MILLISECOND),
        deleted_on: Some(AT + time::Duration::SECOND),
        metadata: BTreeMap::from([("a".to_owned(), "\"1%41\"".to_owned())]),
    }
}

fn thread(topic: &str) -> ThreadProperties {
    ThreadProperties {
        id: thread_id(),
        topic: topic.to_owned(),
        created_by: id(ALICE),
        created_on: AT,
        last_sequence: SequenceId::ZERO,
        last_message: None,
        metadata: BTreeMap::from([("k".to_owned(), "100%25".to_owned())]),
        retention: RetentionPolicy::ThreadCreationDate {
            delete_thread_after_days: 40,
        },
        version: 3,
        host_managed: false,
        deleted_on: None,
    }
}

fn body(event: &Event) -> (Value, String) {
    let json = NotificationBody::new(event).unwrap().to_json(&id(BOB));
    (serde_json::from_str(&json).unwrap(), json)
}

#[test]
fn a_message_has_exactly_the_fields_that_clients_read() {
    let event = Event::MessageReceived {
        thread: thread_id(),
        message: message(MessageKind::Text, "hi 🐎 100% \"\\\n"),
    };
    let (json, _) = body(&event);
    assert_eq!(
        json,
        json!({
            "eventId": 200, "senderId": ALICE, "recipientMri": BOB, "groupId": THREAD, "messageId": "1795210307717",
            "clientMessageId": "", "senderDisplayName": "Alice 50%", "messageType": "Text",
            "messageBody": "hi 🐎 100% \"\\\n", "version": "1795210307720",
            "originalArrivalTime": "2026-11-20T21:31:49.528Z", "acsChatMessageMetadata": "{\"a\":\"\\\"1%41\\\"\"}",
        })
    );
    let html = Event::MessageEdited {
        thread: thread_id(),
        message: message(MessageKind::Html, "<p>x</p>"),
    };
    let (json, _) = body(&html);
    assert_eq!(json["eventId"], 247);
    assert_eq!(json["messageType"], "RichText/Html");
    assert_eq!(json["edittime"], "2026-11-20T21:31:49.529Z");
    assert_eq!(json.get("deletetime"), None);
    let deleted = Event::MessageDeleted {
        thread: thread_id(),
        message: message(MessageKind::Text, ""),
    };
    let (json, _) = body(&deleted);
    assert_eq!(json["eventId"], 248);
    assert_eq!(json["deletetime"], "2026-11-20T21:31:50.528Z");
    assert_eq!((json.get("messageBody"), json.get("edittime")), (None, None));
}

#[test]
fn what_the_system_says_is_not_told() {
    let kind = MessageKind::TopicUpdated {
        topic: "x".to_owned(),
        initiator: id(ALICE),
    };
    let event = Event::MessageReceived {
        thread: thread_id(),
        message: message(kind, ""),
    };
    assert!(NotificationBody::new(&event).is_none());
}

#[test]
fn typing_and_receipts() {
    let (json, _) = body(&Event::Typing {
        thread: thread_id(),
        sender: alice(),
        at: AT,
        version: 7,
    });
    assert_eq!(
        json,
        json!({
            "eventId": 245, "senderId": ALICE, "recipientMri": BOB, "groupId": THREAD, "senderDisplayName": "Alice",
            "version": "7", "originalArrivalTime": "2026-11-20T21:31:49.528Z",
        })
    );
    let (json, text) = body(&Event::ReadReceipt {
        thread: thread_id(),
        reader: id(ALICE),
        message: MessageId::from_unix_ms(5),
        read_on: AT,
        version: 7,
    });
    assert_eq!(json["eventId"], 246);
    let horizon: Value = serde_json::from_str(json["messageBody"].as_str().unwrap()).unwrap();
    assert_eq!(horizon["consumptionhorizon"], "5;1795210309528;0");
    let Ok(ChatNotification::ReadReceipt {
        read_on,
        sender,
        message_id,
        ..
    }) = ChatNotification::parse(&text)
    else {
        panic!("{text}")
    };
    assert_eq!(
        (read_on, sender.as_str(), message_id.as_str()),
        (Some(AT), ALICE, "5")
    );
}

#[test]
fn thread_events_survive_unescape_and_name_no_recipient() {
    let mut bob = Member::new(id(BOB), "Bob %41", AT);
    bob.metadata = BTreeMap::from([("m".to_owned(), "%u0041".to_owned())]);
    let (json, text) = body(&Event::ThreadCreated {
        thread: thread("100% — 🐎 ž %41"),
        by: alice(),
        members: vec![bob],
    });
    assert_eq!(json["eventId"], 257);
    assert_eq!(json.get("recipientMri"), None);
    assert_eq!(
        (&json["createTime"], &json["version"]),
        (&json!("2026-11-20T21:31:49.528Z"), &json!("3"))
    );
    assert!(
        json["properties"]
            .as_str()
            .unwrap()
            .contains("100%25 — 🐎 ž %2541")
    );
    let Ok(ChatNotification::ThreadCreated {
        thread: created,
        created_by,
        participants,
        ..
    }) = ChatNotification::parse(&text)
    else {
        panic!("{text}")
    };
    assert_eq!(created.topic, "100% — 🐎 ž %41");
    assert_eq!(created.metadata, thread("").metadata);
    assert_eq!(created.retention, thread("").retention);
    assert_eq!(created_by.display_name, "Alice");
    assert_eq!(participants[0].display_name, "Bob %41");
    assert_eq!(participants[0].share_history_time, Some(AT));
    assert_eq!(participants[0].metadata["m"], "%u0041");

    let (json, text) = body(&Event::ThreadUpdated {
        thread: thread("new"),
        by: alice(),
        at: AT,
        version: 9,
    });
    assert_eq!((&json["eventId"], &json["version"]), (&json!(258), &json!("9")));
    assert!(matches!(
        ChatNotification::parse(&text),
        Ok(ChatNotification::ThreadUpdated { thread, .. }) if thread.topic == "new"
    ));
}

#[test]
fn deletion_and_membership() {
    for (by, reason) in [(Some(alice()), "deletedByUser"), (None, "deletedByPolicy")] {
        let has_author = by.is_some();
        let (json, text) = body(&Event::ThreadDeleted {
            thread: thread_id(),
            by,
            at: AT,
            version: 9,
        });
        assert_eq!(
            (&json["eventId"], json["reason"].as_str()),
            (&json!(259), Some(reason))
        );
        let Ok(ChatNotification::ThreadDeleted { deleted_by, .. }) = ChatNotification::parse(&text) else {
            panic!("{text}")
        };
        assert_eq!(deleted_by.is_some(), has_author);
    }
    let (json, text) = body(&Event::MembersAdded {
        thread: thread_id(),
        members: vec![Member::new(id(BOB), "Bob", AT)],
        by: alice(),
        at: AT,
        version: 9,
    });
    assert_eq!(json["eventId"], 260);
    assert!(matches!(
        ChatNotification::parse(&text),
        Ok(ChatNotification::ParticipantsAdded { participants, added_on, .. })
            if participants.len() == 1 && added_on == Some(AT)
    ));
    let (json, text) = body(&Event::MembersRemoved {
        thread: thread_id(),
        members: vec![alice()],
        by: alice(),
        at: AT,
        version: 9,
    });
    assert_eq!(json["eventId"], 261);
    assert!(matches!(
        ChatNotification::parse(&text),
        Ok(ChatNotification::ParticipantsRemoved { removed_by, .. }) if removed_by.id == ALICE
    ));
}

#[test]
fn refuses_bodies_that_clients_cannot_read() {
    for body in [
        "",
        "[]",
        "{}",
        r#"{"eventId":"200"}"#,
        r#"{"eventId":1}"#,
        r#"{"eventId":200,"senderId":"a"}"#,
        r#"{"eventId":257,"createdBy":{"participantId":"a"},"members":"[]","properties":"{}"}"#,
        r#"{"eventId":246,"senderId":"a","recipientMri":"b","messageBody":""}"#,
    ] {
        assert!(ChatNotification::parse(body).is_err(), "{body}");
    }
}

#[test]
fn a_recipient_that_needs_escapes_is_escaped() {
    let event = Event::Typing {
        thread: thread_id(),
        sender: alice(),
        at: AT,
        version: 7,
    };
    let odd = "x:\"\\\"";
    let json = NotificationBody::new(&event).unwrap().to_json(&id(odd));
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["recipientMri"], odd);
}

proptest! {
    #[test]
    fn escapes_as_serde_does(text in any::<String>()) {
        let mut escaped = "\"".to_owned();
        escape_into(&text, &mut escaped);
        escaped.push('"');
        prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }

    #[test]
    fn what_people_write_arrives_as_it_is(content in any::<String>(), name in any::<String>(), topic in any::<String>()) {
        let mut said = message(MessageKind::Text, &content);
        said.sender_display_name = name.clone();
        let (_, text) = body(&Event::MessageReceived { thread: thread_id(), message: said });
        let Ok(ChatNotification::MessageReceived(read)) = ChatNotification::parse(&text) else { panic!("{text}") };
        prop_assert_eq!((read.content, read.sender_display_name), (content, name.clone()));
        let by = ParticipantRef { id: id(ALICE), display_name: name.clone() };
        let (_, text) = body(&Event::ThreadUpdated { thread: thread(&topic), by, at: AT, version: 1 });
        let Ok(ChatNotification::ThreadUpdated { thread, updated_by, .. }) = ChatNotification::parse(&text) else {
            panic!("{text}")
        };
        prop_assert_eq!((thread.topic, updated_by.display_name), (topic, name));
    }
}
