use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::error::{ChatError, StoreError};
use crate::id::{MessageId, SequenceId};
use crate::service::{MessageEdit, NewMessage};
use crate::thread::{ContentKind, Member, Message, MessageKind, ParticipantRef, ThreadProperties};
use crate::wire::identifier::{IdentifierModel, InvalidIdentifier};
use anteroom_identity::id::CommunicationIdentifier;

const GUEST: &str = "8:acs:7c1f0a52-8f0e-4b57-9a11-2f6f7d3c9e10_3d5b8a1c-52b4-4d8e-9a59-0f4c7f3f1a77";
const ALICE: &str = "8:orgid:0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19";

fn id(raw: &str) -> CommunicationIdentifier {
    raw.parse().unwrap()
}

fn guest_model() -> Value {
    json!({"kind": "communicationUser", "rawId": GUEST, "communicationUser": {"id": GUEST}})
}

fn alice_model() -> Value {
    json!({
        "kind": "microsoftTeamsUser",
        "rawId": ALICE,
        "microsoftTeamsUser": {
            "userId": "0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19", "isAnonymous": false, "cloud": "public"
        }
    })
}

fn message() -> Message {
    let id = MessageId::from_unix_ms(1_697_712_387_123);
    Message {
        id,
        sequence_id: SequenceId::new(3),
        version: id.unix_ms(),
        kind: MessageKind::Text,
        sender: Some(self::id(GUEST)),
        sender_display_name: String::new(),
        content: "hi".into(),
        created_on: id.time(),
        edited_on: None,
        deleted_on: None,
        metadata: std::collections::BTreeMap::new(),
    }
}

/// The JSON of a message, which has to read back as the same.
fn json_of(message: &Message) -> Value {
    let model = ChatMessage::from(message);
    let value = serde_json::to_value(&model).unwrap();
    let read: ChatMessage = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), value);
    value
}

#[test]
fn a_text_message() {
    assert_eq!(
        json_of(&message()),
        json!({
            "id": "1697712387123",
            "type": "text",
            "sequenceId": "3",
            "version": "1697712387123",
            "content": {"message": "hi"},
            "senderDisplayName": "",
            "createdOn": "2023-10-19T10:46:27Z",
            "senderCommunicationIdentifier": guest_model(),
        })
    );
}

#[test]
fn an_edited_html_message_of_a_teams_user() {
    let edited = Message {
        kind: MessageKind::Html,
        sender: Some(id(ALICE)),
        sender_display_name: "Alice".into(),
        edited_on: Some(datetime!(2023-10-19 12:00:00.5 +02:00)),
        version: 1_697_709_600_500,
        metadata: [("k".to_owned(), "v".to_owned())].into(),
        ..message()
    };
    assert_eq!(
        json_of(&edited),
        json!({
            "id": "1697712387123",
            "type": "html",
            "sequenceId": "3",
            "version": "1697709600500",
            "content": {"message": "hi"},
            "senderDisplayName": "Alice",
            "createdOn": "2023-10-19T10:46:27Z",
            "senderCommunicationIdentifier": alice_model(),
            "editedOn": "2023-10-19T10:00:00Z",
            "metadata": {"k": "v"},
        })
    );
}

#[test]
fn a_deleted_message_has_empty_content() {
    let deleted = Message {
        deleted_on: Some(datetime!(2023-10-19 11:00:00 UTC)),
        ..message()
    };
    let value = json_of(&deleted);
    assert_eq!(value["content"], json!({}));
    assert_eq!(value["deletedOn"], "2023-10-19T11:00:00Z");
}

#[test]
fn system_messages_have_no_sender() {
    let system = |kind| {
        json_of(&Message {
            kind,
            sender: None,
            content: String::new(),
            ..message()
        })
    };
    let head = |kind: &str, content: Value| {
        json!({
            "id": "1697712387123",
            "type": kind,
            "sequenceId": "3",
            "version": "1697712387123",
            "content": content,
            "createdOn": "2023-10-19T10:46:27Z",
        })
    };
    assert_eq!(
        system(MessageKind::TopicUpdated {
            topic: "T".into(),
            initiator: id(ALICE)
        }),
        head(
            "topicUpdated",
            json!({"topic": "T", "initiatorCommunicationIdentifier": alice_model()})
        )
    );
    let participants = vec![ParticipantRef {
        id: id(GUEST),
        display_name: "Dana".into(),
    }];
    let content = json!({
        "participants": [{"communicationIdentifier": guest_model(), "displayName": "Dana"}],
        "initiatorCommunicationIdentifier": alice_model(),
    });
    assert_eq!(
        system(MessageKind::ParticipantAdded {
            participants: participants.clone(),
            initiator: id(ALICE)
        }),
        head("participantAdded", content.clone())
    );
    assert_eq!(
        system(MessageKind::ParticipantRemoved {
            participants,
            initiator: id(ALICE)
        }),
        head("participantRemoved", content)
    );
}

#[test]
fn thread_properties_and_participants() {
    let properties = ThreadProperties {
        id: "19:meeting_x@thread.v2".parse().unwrap(),
        topic: "T".into(),
        created_by: id(ALICE),
        created_on: datetime!(2023-10-19 10:46:27.999_999 UTC),
        last_sequence: SequenceId::ZERO,
        last_message: None,
        metadata: std::collections::BTreeMap::new(),
        retention: crate::thread::RetentionPolicy::None,
        version: 0,
        host_managed: false,
        deleted_on: None,
    };
    assert_eq!(
        serde_json::to_value(ChatThreadProperties::from(&properties)).unwrap(),
        json!({
            "id": "19:meeting_x@thread.v2",
            "topic": "T",
            "createdOn": "2023-10-19T10:46:27Z",
            "createdByCommunicationIdentifier": alice_model(),
        })
    );
    let page = Collection {
        value: vec![ChatParticipant::from(&Member::with_history(id(GUEST), "Dana"))],
        next_link: Some("https://host/x?skip=1".into()),
    };
    assert_eq!(
        serde_json::to_value(page).unwrap(),
        json!({
            "value": [{
                "communicationIdentifier": guest_model(),
                "displayName": "Dana",
                "shareHistoryTime": "1970-01-01T00:00:00Z",
            }],
            "nextLink": "https://host/x?skip=1",
        })
    );
    let last: Collection<ChatParticipant> = Collection {
        value: Vec::new(),
        next_link: None,
    };
    assert_eq!(serde_json::to_value(last).unwrap(), json!({"value": []}));
    assert_eq!(
        serde_json::to_value(AddParticipantsResult::default()).unwrap(),
        json!({})
    );
}

#[test]
fn send_requests_with_and_without_nulls() {
    let read = |value: Value| {
        serde_json::from_value::<SendMessageRequest>(value)
            .unwrap()
            .into_new_message(None)
    };
    let plain = NewMessage {
        content: "hi".into(),
        ..NewMessage::default()
    };
    assert_eq!(read(json!({"content": "hi"})), Ok(plain.clone()));
    let nulls =
        json!({"content": "hi", "senderDisplayName": null, "type": null, "metadata": null, "later": 1});
    assert_eq!(read(nulls), Ok(plain.clone()));
    let full = json!({"content": "hi", "senderDisplayName": "Dana", "type": "html", "metadata": {"a": "b"}});
    let expected = NewMessage {
        kind: ContentKind::Html,
        sender_display_name: Some("Dana".into()),
        metadata: [("a".to_owned(), "b".to_owned())].into(),
        ..plain
    };
    assert_eq!(read(full), Ok(expected));
    assert_eq!(read(json!({"content": null})).unwrap().content, "");
    for kind in ["topicUpdated", "participantAdded", "RichText/Html", ""] {
        let refused = read(json!({"content": "x", "type": kind}));
        assert!(
            matches!(refused, Err(ChatError::BadRequest { target: "type", .. })),
            "{kind}"
        );
    }
    assert!(serde_json::from_value::<SendMessageRequest>(json!({"content": 1})).is_err());
}

#[test]
fn update_requests() {
    let read =
        |value: Value| MessageEdit::from(serde_json::from_value::<UpdateMessageRequest>(value).unwrap());
    assert!(read(json!({"content": null, "metadata": null})) == MessageEdit::default());
    assert_eq!(read(json!({"content": "x"})).content.as_deref(), Some("x"));
}

#[test]
fn participants_in_requests() {
    let read = |value: Value| Member::try_from(serde_json::from_value::<ChatParticipant>(value).unwrap());
    let member = read(json!({
        "communicationIdentifier": {"communicationUser": {"id": GUEST}, "rawId": null},
        "displayName": null,
        "shareHistoryTime": "2023-10-19T12:46:27.1234567+02:00",
    }))
    .unwrap();
    assert_eq!(member.id, id(GUEST));
    assert_eq!(
        member.share_history_from,
        datetime!(2023-10-19 10:46:27.123_456_7 UTC)
    );
    assert_eq!(
        read(json!({"communicationIdentifier": {}})),
        Err(InvalidIdentifier)
    );
    let create: CreateThreadRequest =
        serde_json::from_value(json!({"topic": "T", "participants": null, "metadata": null})).unwrap();
    assert_eq!((create.topic.as_str(), create.participants.len()), ("T", 0));
}

#[test]
fn identifiers_of_every_kind_round_trip() {
    let oid = "0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19";
    for (raw, kind) in [
        (GUEST.to_owned(), Some("communicationUser")),
        (ALICE.to_owned(), Some("microsoftTeamsUser")),
        (format!("8:gcch:{oid}"), Some("microsoftTeamsUser")),
        (format!("28:orgid:{oid}"), Some("microsoftTeamsApp")),
        ("4:+14255550123".to_owned(), Some("phoneNumber")),
        (format!("28:{oid}"), None),
        ("48:something".to_owned(), None),
    ] {
        let model = IdentifierModel::from(&id(&raw));
        assert_eq!(model.kind.as_deref(), kind, "{raw}");
        assert_eq!(CommunicationIdentifier::try_from(model.clone()), Ok(id(&raw)));
        // The object alone says as much.
        let nested = IdentifierModel {
            raw_id: None,
            kind: None,
            ..model
        };
        let expected = if kind.is_some() {
            Ok(id(&raw))
        } else {
            Err(InvalidIdentifier)
        };
        assert_eq!(CommunicationIdentifier::try_from(nested), expected, "{raw}");
    }
    let two: IdentifierModel = serde_json::from_value(json!({
        "communicationUser": {"id": GUEST}, "phoneNumber": {"value": "+1"}
    }))
    .unwrap();
    assert_eq!(CommunicationIdentifier::try_from(two), Err(InvalidIdentifier));
    let bare: IdentifierModel = serde_json::from_value(
        json!({"microsoftTeamsUser": {"userId": oid, "isAnonymous": null, "cloud": null}}),
    )
    .unwrap();
    assert_eq!(CommunicationIdentifier::try_from(bare), Ok(id(ALICE)));
}

#[test]
fn refusals() {
    let of = |error: &ChatError| {
        let ErrorResponse { status, body } = error.into();
        (status, serde_json::to_value(body).unwrap())
    };
    assert_eq!(
        of(&ChatError::NotMember),
        (
            403,
            json!({"error": {"code": "Forbidden", "message": "User is not allowed to perform specified action."}})
        )
    );
    assert_eq!(
        of(&ChatError::BadRequest {
            target: "topic",
            message: "No."
        }),
        (
            400,
            json!({"error": {"code": "BadRequest", "message": "No.", "target": "topic"}})
        )
    );
    let status = |error: ChatError| of(&error).0;
    assert_eq!(status(ChatError::NotSender), 403);
    assert_eq!(status(ChatError::ThreadNotFound), 404);
    assert_eq!(status(ChatError::MessageNotFound), 404);
    assert_eq!(status(ChatError::ThreadExists), 409);
    assert_eq!(status(ChatError::TooLarge(1)), 413);
    assert_eq!(status(ChatError::Store(StoreError::Conflict)), 503);

    let body = json!({"error": {
        "code": "a", "message": "b", "target": "c",
        "details": [{"code": "d", "message": "e"}],
        "innererror": {"code": "f", "message": "g"},
    }});
    let read: ErrorBody = serde_json::from_value(body.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), body);
}

#[test]
fn times() {
    let expected = datetime!(2026-11-20 21:38:59 UTC);
    assert_eq!(parse_time("2026-11-20T21:38:59Z"), Some(expected));
    assert_eq!(parse_time("2026-11-20T21:38:59.000000Z"), Some(expected));
    assert_eq!(parse_time("2026-11-20T22:38:59.0000000+01:00"), Some(expected));
    for text in ["", "2026-11-20", "yesterday", "2026-11-20T21:38:59"] {
        assert_eq!(parse_time(text), None, "{text}");
    }
    assert_eq!(
        format_time(datetime!(2026-11-20 23:38:59.9 +02:00)),
        "2026-11-20T21:38:59Z"
    );
}
