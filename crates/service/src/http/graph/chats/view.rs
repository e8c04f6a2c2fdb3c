//! Chats, messages and members as Graph shows them.

use anteroom_chat::Member;
use anteroom_chat::thread::{Message, MessageKind, ParticipantRef, ThreadProperties};
use anteroom_identity::id::CommunicationIdentifier;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::directory::DirectoryUser;
use crate::http::graph::answer::time_text;
use crate::http::graph::call::Call;
use crate::http::graph::schema;
use crate::meetings::MeetingRecord;

/// What stands in the body of a message that the system says.
const SYSTEM_BODY: &str = "<systemEventMessage/>";

pub(super) fn chat(meeting: &MeetingRecord, thread: &ThreadProperties) -> Value {
    let updated = from_ms(thread.version);
    json!({
        "id": thread.id.to_string(),
        "topic": thread.topic,
        "createdDateTime": time_text(thread.created_on),
        "lastUpdatedDateTime": time_text(updated.max(thread.created_on)),
        "chatType": "meeting",
        "webUrl": meeting.join_url,
        "tenantId": meeting.tenant.to_string(),
        "onlineMeetingInfo": {
            "calendarEventId": null,
            "joinWebUrl": meeting.join_url,
            "organizer": {
                "id": meeting.organizer.to_string(),
                "displayName": null,
                "tenantId": meeting.tenant.to_string(),
                "userIdentityType": "aadUser",
            },
        },
    })
}

pub(super) fn message(call: &Call, meeting: &MeetingRecord, message: &Message) -> Value {
    let (kind, detail) = event_detail(call, meeting, message);
    let body = match &message.kind {
        _ if message.deleted_on.is_some() => json!({ "contentType": "html", "content": "" }),
        MessageKind::Text => json!({ "contentType": "text", "content": message.content }),
        MessageKind::Html => json!({ "contentType": "html", "content": message.content }),
        _ => json!({ "contentType": "html", "content": SYSTEM_BODY }),
    };
    json!({
        "id": message.id.to_string(),
        "replyToId": null,
        "etag": message.version.to_string(),
        "messageType": schema::member("chatMessageType", kind, call.prefer.unknown_enum_members),
        "createdDateTime": time_text(message.created_on),
        "lastModifiedDateTime": time_text(from_ms(message.version)),
        "lastEditedDateTime": message.edited_on.map(time_text),
        "deletedDateTime": message.deleted_on.map(time_text),
        "subject": null,
        "summary": null,
        "chatId": meeting.thread_id.to_string(),
        "importance": "normal",
        "locale": "en-us",
        "webUrl": null,
        "channelIdentity": null,
        "policyViolation": null,
        "from": from(call, meeting, message),
        "body": body,
        "attachments": [],
        "mentions": [],
        "reactions": [],
        "eventDetail": detail,
    })
}

pub(super) fn preview(call: &Call, newest: &Message) -> Value {
    let kind = if newest.is_from_person() {
        "message"
    } else {
        "systemEventMessage"
    };
    json!({
        "id": newest.id.to_string(),
        "createdDateTime": time_text(newest.created_on),
        "isDeleted": newest.deleted_on.is_some(),
        "messageType": schema::member("chatMessageType", kind, call.prefer.unknown_enum_members),
        "body": { "contentType": "text", "content": newest.plain_text() },
    })
}

pub(super) fn member(meeting: &MeetingRecord, member: &Member, user: Option<&DirectoryUser>) -> Value {
    let raw = member.id.to_string();
    let since = (member.share_history_from > OffsetDateTime::UNIX_EPOCH)
        .then(|| time_text(member.share_history_from));
    let mut shown = json!({
        "id": URL_SAFE_NO_PAD.encode(format!("{}##{}##{raw}", meeting.tenant, meeting.thread_id)),
        "displayName": user.map_or(member.display_name.as_str(), |user| &user.display_name),
        "visibleHistoryStartDateTime": since.unwrap_or_else(|| "0001-01-01T00:00:00Z".to_owned()),
    });
    let special = match &member.id {
        CommunicationIdentifier::MicrosoftTeamsUser(id) => {
            let organizer = id.oid() == meeting.organizer;
            let roles: &[&str] = if organizer { &["owner"] } else { &[] };
            json!({
                "@odata.type": "#microsoft.graph.aadUserConversationMember",
                "roles": roles,
                "userId": id.oid().to_string(),
                "email": user.map(|user| &user.upn),
                "tenantId": user.map_or(meeting.tenant, |user| user.tenant).to_string(),
            })
        }
        CommunicationIdentifier::CommunicationUser(_) => json!({
            "@odata.type": "#microsoft.graph.azureCommunicationServicesUserConversationMember",
            "roles": ["guest"],
            "azureCommunicationServicesId": raw,
        }),
        _ => json!({
            "@odata.type": "#microsoft.graph.anonymousGuestConversationMember",
            "roles": ["guest"],
        }),
    };
    if let (Some(shown), Value::Object(special)) = (shown.as_object_mut(), special) {
        shown.extend(special);
    }
    shown
}

/// Who said it; nobody for what the system says and for what was deleted.
fn from(call: &Call, meeting: &MeetingRecord, message: &Message) -> Value {
    match &message.sender {
        Some(sender) if message.is_from_person() && message.deleted_on.is_none() => json!({
            "application": null,
            "device": null,
            "user": user(call, meeting, sender, &message.sender_display_name),
        }),
        _ => Value::Null,
    }
}

fn user(call: &Call, meeting: &MeetingRecord, id: &CommunicationIdentifier, name: &str) -> Value {
    let (id, kind, tenant) = match id {
        CommunicationIdentifier::MicrosoftTeamsUser(user) => (
            user.oid().to_string(),
            "aadUser",
            Some(meeting.tenant.to_string()),
        ),
        CommunicationIdentifier::TeamsExtensionUser(_) => (id.to_string(), "aadUser", None),
        CommunicationIdentifier::CommunicationUser(_) => {
            (id.to_string(), "azureCommunicationServicesUser", None)
        }
        CommunicationIdentifier::PhoneNumber(_) => (id.to_string(), "phoneUser", None),
        _ => (id.to_string(), "anonymousGuest", None),
    };
    let kind = schema::member("teamworkUserIdentityType", kind, call.prefer.unknown_enum_members);
    json!({
        "@odata.type": "#microsoft.graph.teamworkUserIdentity",
        "id": id,
        "displayName": (!name.is_empty()).then_some(name),
        "userIdentityType": kind,
        "tenantId": tenant,
    })
}

/// The kind of a message, and what the system says.
fn event_detail(call: &Call, meeting: &MeetingRecord, message: &Message) -> (&'static str, Value) {
    let initiator = |id: &CommunicationIdentifier| json!({ "application": null, "device": null, "user": user(call, meeting, id, "") });
    let members = |participants: &[ParticipantRef]| -> Vec<Value> {
        participants
            .iter()
            .map(|participant| user(call, meeting, &participant.id, &participant.display_name))
            .collect()
    };
    let detail = match &message.kind {
        MessageKind::Text | MessageKind::Html => return ("message", Value::Null),
        MessageKind::TopicUpdated { topic, initiator: by } => json!({
            "@odata.type": "#microsoft.graph.chatRenamedEventMessageDetail",
            "chatId": meeting.thread_id.to_string(),
            "chatDisplayName": topic,
            "initiator": initiator(by),
        }),
        MessageKind::ParticipantAdded {
            participants,
            initiator: by,
        } => json!({
            "@odata.type": "#microsoft.graph.membersAddedEventMessageDetail",
            "members": members(participants),
            "initiator": initiator(by),
        }),
        MessageKind::ParticipantRemoved {
            participants,
            initiator: by,
        } => json!({
            "@odata.type": "#microsoft.graph.membersDeletedEventMessageDetail",
            "members": members(participants),
            "initiator": initiator(by),
        }),
        _ => Value::Null,
    };
    ("systemEventMessage", detail)
}

fn from_ms(ms: u64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
