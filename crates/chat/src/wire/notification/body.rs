//! The fields of each event.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;
use time::UtcOffset;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use super::event_id;
use crate::event::Event;
use crate::id::{MessageId, ThreadId, unix_ms};
use crate::thread::{Member, Message, MessageKind, ParticipantRef, RetentionPolicy, ThreadProperties};
use anteroom_identity::id::CommunicationIdentifier;

/// Number, fields but `eventId` and `recipientMri`, and whether the event names its recipient.
pub(super) fn fields(event: &Event) -> Option<(u16, String, bool)> {
    let (id, json, names_recipient) = match event {
        Event::MessageReceived { thread, message } => (
            event_id::MESSAGE_RECEIVED,
            message_fields(thread, message, Change::Received)?,
            true,
        ),
        Event::MessageEdited { thread, message } => (
            event_id::MESSAGE_EDITED,
            message_fields(thread, message, Change::Edited)?,
            true,
        ),
        Event::MessageDeleted { thread, message } => (
            event_id::MESSAGE_DELETED,
            message_fields(thread, message, Change::Deleted)?,
            true,
        ),
        Event::Typing {
            thread,
            sender,
            at,
            version,
        } => (event_id::TYPING, typing(thread, sender, *at, *version), true),
        Event::ReadReceipt {
            thread,
            reader,
            message,
            read_on,
            version,
        } => {
            let fields = receipt(thread, reader, *message, *read_on, *version);
            (event_id::READ_RECEIPT, fields, true)
        }
        Event::ThreadCreated { thread, by, members } => (
            event_id::THREAD_CREATED,
            thread_created(thread, by, members),
            false,
        ),
        Event::ThreadUpdated {
            thread,
            by,
            at,
            version,
        } => {
            let fields = ThreadFields {
                edit_time: Some(iso(*at)),
                edited_by: Some(unescapable(&participant(by))),
                properties: Some(unescapable(&properties(thread))),
                ..ThreadFields::new(&thread.id, *version)
            };
            (event_id::THREAD_UPDATED, json(&fields), false)
        }
        Event::ThreadDeleted {
            thread,
            by,
            at,
            version,
        } => {
            let fields = ThreadFields {
                delete_time: Some(iso(*at)),
                deleted_by: by.as_ref().map(|by| unescapable(&participant(by))),
                reason: Some(if by.is_some() {
                    "deletedByUser"
                } else {
                    "deletedByPolicy"
                }),
                ..ThreadFields::new(thread, *version)
            };
            (event_id::THREAD_DELETED, json(&fields), false)
        }
        Event::MembersAdded {
            thread,
            members,
            by,
            at,
            version,
        } => {
            let members: Vec<_> = members.iter().map(member).collect();
            let fields = ThreadFields {
                time: Some(iso(*at)),
                added_by: Some(unescapable(&participant(by))),
                participants_added: Some(unescapable(&members)),
                ..ThreadFields::new(thread, *version)
            };
            (event_id::PARTICIPANTS_ADDED, json(&fields), false)
        }
        Event::MembersRemoved {
            thread,
            members,
            by,
            at,
            version,
        } => {
            let members: Vec<_> = members.iter().map(participant).collect();
            let fields = ThreadFields {
                time: Some(iso(*at)),
                removed_by: Some(unescapable(&participant(by))),
                participants_removed: Some(unescapable(&members)),
                ..ThreadFields::new(thread, *version)
            };
            (event_id::PARTICIPANTS_REMOVED, json(&fields), false)
        }
    };
    Some((id, json, names_recipient))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Received,
    Edited,
    Deleted,
}

/// Fields of the events about messages and people.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageFields<'a> {
    sender_id: String,
    group_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_message_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_body: Option<&'a str>,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_arrival_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edittime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletetime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acs_chat_message_metadata: Option<String>,
}

fn message_fields(thread: &ThreadId, message: &Message, change: Change) -> Option<String> {
    let message_type = match message.kind {
        MessageKind::Text => "Text",
        MessageKind::Html => "RichText/Html",
        _ => return None,
    };
    let with_content = change != Change::Deleted;
    Some(json(&MessageFields {
        sender_id: message.sender.as_ref()?.to_string(),
        group_id: thread.as_str(),
        message_id: Some(message.id.to_string()),
        client_message_id: Some(""),
        sender_display_name: Some(&message.sender_display_name),
        message_type: Some(message_type),
        message_body: with_content.then_some(message.content.as_str()),
        version: message.version.to_string(),
        original_arrival_time: Some(iso(message.created_on)),
        edittime: message.edited_on.filter(|_| change == Change::Edited).map(iso),
        deletetime: message.deleted_on.filter(|_| change == Change::Deleted).map(iso),
        acs_chat_message_metadata: with_content.then(|| json(&message.metadata)),
    }))
}

fn typing(thread: &ThreadId, sender: &ParticipantRef, at: OffsetDateTime, version: u64) -> String {
    json(&MessageFields {
        sender_id: sender.id.to_string(),
        group_id: thread.as_str(),
        message_id: None,
        client_message_id: None,
        sender_display_name: Some(&sender.display_name),
        message_type: None,
        message_body: None,
        version: version.to_string(),
        original_arrival_time: Some(iso(at)),
        edittime: None,
        deletetime: None,
        acs_chat_message_metadata: None,
    })
}

/// The body of a read receipt. Clients read the second part of the horizon: when.
#[derive(Serialize)]
struct Horizon<'a> {
    user: &'a str,
    consumptionhorizon: String,
    #[serde(rename = "messageVisibilityTime")]
    message_visibility_time: u64,
    version: String,
}

fn receipt(
    thread: &ThreadId,
    reader: &CommunicationIdentifier,
    message: MessageId,
    read_on: OffsetDateTime,
    version: u64,
) -> String {
    let reader = reader.to_string();
    let read_ms = unix_ms(read_on);
    let body = json(&Horizon {
        user: &reader,
        consumptionhorizon: format!("{message};{read_ms};0"),
        message_visibility_time: read_ms,
        version: version.to_string(),
    });
    json(&MessageFields {
        sender_id: reader,
        group_id: thread.as_str(),
        message_id: Some(message.to_string()),
        client_message_id: Some(""),
        sender_display_name: None,
        message_type: None,
        message_body: Some(&body),
        version: version.to_string(),
        original_arrival_time: None,
        edittime: None,
        deletetime: None,
        acs_chat_message_metadata: None,
    })
}

/// Fields of the events about threads. Those that are JSON texts go through JavaScript's `unescape`.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ThreadFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sender_id: Option<String>,
    thread_id: &'a str,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edit_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    added_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participants_added: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participants_removed: Option<String>,
}

impl<'a> ThreadFields<'a> {
    fn new(thread: &'a ThreadId, version: u64) -> Self {
        Self {
            thread_id: thread.as_str(),
            version: version.to_string(),
            ..Self::default()
        }
    }
}

fn thread_created(thread: &ThreadProperties, by: &ParticipantRef, members: &[Member]) -> String {
    let members: Vec<_> = members.iter().map(member).collect();
    json(&ThreadFields {
        sender_id: Some(by.id.to_string()),
        create_time: Some(iso(thread.created_on)),
        created_by: Some(unescapable(&participant(by))),
        members: Some(unescapable(&members)),
        properties: Some(unescapable(&properties(thread))),
        ..ThreadFields::new(&thread.id, thread.version)
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Participant<'a> {
    participant_id: String,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_history_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_meta_data: Option<String>,
}

fn participant(who: &ParticipantRef) -> Participant<'_> {
    Participant {
        participant_id: who.id.to_string(),
        display_name: &who.display_name,
        share_history_time: None,
        member_meta_data: None,
    }
}

fn member(member: &Member) -> Participant<'_> {
    Participant {
        participant_id: member.id.to_string(),
        display_name: &member.display_name,
        share_history_time: Some(iso(member.share_history_from)),
        member_meta_data: Some(json(&member.metadata)),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    topic: &'a str,
    acs_chat_thread_metadata: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_policy: Option<String>,
}

fn properties(thread: &ThreadProperties) -> Properties<'_> {
    let retention_policy = match thread.retention {
        RetentionPolicy::None => None,
        RetentionPolicy::ThreadCreationDate {
            delete_thread_after_days,
        } => Some(json(&BTreeMap::from([
            ("retentionPolicyType", "DeleteAfterCreationTime".to_owned()),
            // A .NET time span: `d.hh:mm:ss`.
            ("executeAfter", format!("{delete_thread_after_days}.00:00:00")),
        ]))),
    };
    Properties {
        topic: &thread.topic,
        acs_chat_thread_metadata: json(&thread.metadata),
        retention_policy,
    }
}

fn json(value: &impl Serialize) -> String {
    // Texts, and maps with texts as keys, can always be written.
    serde_json::to_string(value).unwrap_or_default()
}

/// JSON that survives JavaScript's `unescape`, for the fields of thread events that clients put through it.
fn unescapable(value: &impl Serialize) -> String {
    json(value).replace('%', "%25")
}

const ISO: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// `2026-11-20T21:31:49.528Z`
fn iso(time: OffsetDateTime) -> String {
    time.to_offset(UtcOffset::UTC)
        .format(ISO)
        .unwrap_or_else(|_| "1970-01-01T00:00:00.000Z".to_owned())
}
