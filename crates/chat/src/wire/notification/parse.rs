//! Bodies of notifications, read as a client reads them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use time::OffsetDateTime;

use super::event_id;
use crate::thread::RetentionPolicy;
use crate::wire::time::parse as parse_time;

/// A body that is not one; names what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed notification: {0}")]
pub struct MalformedNotification(&'static str);

/// A notification, as the service wrote it. Identifiers are raw, times may be missing where a service leaves them out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChatNotification {
    /// A message was sent.
    MessageReceived(NotifiedMessage),
    /// A message was edited.
    MessageEdited {
        /// As it is now.
        message: NotifiedMessage,
        /// When.
        edited_on: Option<OffsetDateTime>,
    },
    /// A message was deleted.
    MessageDeleted {
        /// What is left of it.
        message: NotifiedMessage,
        /// When.
        deleted_on: Option<OffsetDateTime>,
    },
    /// Somebody is typing.
    Typing {
        /// In which thread.
        thread_id: String,
        /// Who.
        sender: String,
        /// The name given with it.
        sender_display_name: String,
        /// To whom this was sent.
        recipient: String,
        /// When.
        received_on: Option<OffsetDateTime>,
        /// Its version.
        version: String,
    },
    /// Somebody has read up to a message.
    ReadReceipt {
        /// In which thread.
        thread_id: String,
        /// Who.
        sender: String,
        /// To whom this was sent.
        recipient: String,
        /// The message.
        message_id: String,
        /// When.
        read_on: Option<OffsetDateTime>,
    },
    /// A thread was created.
    ThreadCreated {
        /// The thread.
        thread: NotifiedThread,
        /// When.
        created_on: Option<OffsetDateTime>,
        /// By whom.
        created_by: NotifiedParticipant,
        /// Its first members.
        participants: Vec<NotifiedParticipant>,
    },
    /// A thread's properties changed.
    ThreadUpdated {
        /// As it is now.
        thread: NotifiedThread,
        /// When.
        updated_on: Option<OffsetDateTime>,
        /// By whom.
        updated_by: NotifiedParticipant,
    },
    /// A thread was deleted.
    ThreadDeleted {
        /// Which.
        thread_id: String,
        /// The thread's version.
        version: String,
        /// When.
        deleted_on: Option<OffsetDateTime>,
        /// By whom; `None` when the retention policy did.
        deleted_by: Option<NotifiedParticipant>,
    },
    /// Some became members.
    ParticipantsAdded {
        /// Of which thread.
        thread_id: String,
        /// The thread's version.
        version: String,
        /// When.
        added_on: Option<OffsetDateTime>,
        /// By whom.
        added_by: NotifiedParticipant,
        /// Who.
        participants: Vec<NotifiedParticipant>,
    },
    /// Some are no longer members.
    ParticipantsRemoved {
        /// Of which thread.
        thread_id: String,
        /// The thread's version.
        version: String,
        /// When.
        removed_on: Option<OffsetDateTime>,
        /// By whom.
        removed_by: NotifiedParticipant,
        /// Who.
        participants: Vec<NotifiedParticipant>,
    },
}

/// A message in a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifiedMessage {
    /// Its thread.
    pub thread_id: String,
    /// Its name in the thread.
    pub id: String,
    /// Who sent it.
    pub sender: String,
    /// The name given with it.
    pub sender_display_name: String,
    /// To whom the notification was sent.
    pub recipient: String,
    /// `Text` or `RichText/Html`.
    pub kind: String,
    /// What was said; empty when deleted.
    pub content: String,
    /// Its version.
    pub version: String,
    /// When it was sent.
    pub created_on: Option<OffsetDateTime>,
    /// The sender's own values.
    pub metadata: BTreeMap<String, String>,
}

/// A participant in a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifiedParticipant {
    /// Who.
    pub id: String,
    /// Empty for none.
    pub display_name: String,
    /// Messages from then on are visible.
    pub share_history_time: Option<OffsetDateTime>,
    /// Values of the member.
    pub metadata: BTreeMap<String, String>,
}

/// A thread in a notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifiedThread {
    /// Which.
    pub id: String,
    /// Its version.
    pub version: String,
    /// What it is about.
    pub topic: String,
    /// The members' own values.
    pub metadata: BTreeMap<String, String>,
    /// How long it is kept.
    pub retention: RetentionPolicy,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Fields {
    event_id: u16,
    sender_id: Option<String>,
    recipient_mri: Option<String>,
    group_id: String,
    message_id: String,
    sender_display_name: String,
    message_type: String,
    message_body: String,
    version: String,
    original_arrival_time: Option<String>,
    edittime: Option<String>,
    deletetime: Option<String>,
    acs_chat_message_metadata: Option<String>,
    thread_id: String,
    create_time: Option<String>,
    created_by: Option<String>,
    members: Option<String>,
    edit_time: Option<String>,
    edited_by: Option<String>,
    properties: Option<String>,
    delete_time: Option<String>,
    deleted_by: Option<String>,
    reason: Option<String>,
    time: Option<String>,
    added_by: Option<String>,
    participants_added: Option<String>,
    removed_by: Option<String>,
    participants_removed: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ParticipantFields {
    participant_id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    share_history_time: Option<String>,
    #[serde(default)]
    member_meta_data: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PropertiesFields {
    #[serde(default)]
    topic: Option<String>,
    #[serde(default)]
    acs_chat_thread_metadata: Option<String>,
    #[serde(default)]
    retention_policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RetentionFields {
    retention_policy_type: String,
    #[serde(default)]
    execute_after: String,
}

#[derive(Deserialize)]
struct HorizonFields {
    consumptionhorizon: String,
}

impl ChatNotification {
    /// Reads the JSON of a body.
    ///
    /// # Errors
    /// [`MalformedNotification`]: not JSON, an unknown event, or something without which clients cannot do is missing.
    pub fn parse(body: &str) -> Result<Self, MalformedNotification> {
        let fields: Fields = serde_json::from_str(body).map_err(|_| MalformedNotification("body"))?;
        match fields.event_id {
            event_id::MESSAGE_RECEIVED => fields.into_message().map(Self::MessageReceived),
            event_id::MESSAGE_EDITED => Ok(Self::MessageEdited {
                edited_on: time(fields.edittime.as_deref()),
                message: fields.into_message()?,
            }),
            event_id::MESSAGE_DELETED => Ok(Self::MessageDeleted {
                deleted_on: time(fields.deletetime.as_deref()),
                message: fields.into_message()?,
            }),
            event_id::TYPING => Ok(Self::Typing {
                received_on: time(fields.original_arrival_time.as_deref()),
                sender: required(fields.sender_id, "senderId")?,
                recipient: required(fields.recipient_mri, "recipientMri")?,
                thread_id: fields.group_id,
                sender_display_name: fields.sender_display_name,
                version: fields.version,
            }),
            event_id::READ_RECEIPT => {
                let horizon: HorizonFields = serde_json::from_str(&fields.message_body)
                    .map_err(|_| MalformedNotification("messageBody"))?;
                let read_on = horizon.consumptionhorizon.split(';').nth(1);
                Ok(Self::ReadReceipt {
                    read_on: read_on.and_then(unix_ms_time),
                    sender: required(fields.sender_id, "senderId")?,
                    recipient: required(fields.recipient_mri, "recipientMri")?,
                    thread_id: fields.group_id,
                    message_id: fields.message_id,
                })
            }
            event_id::THREAD_CREATED => Ok(Self::ThreadCreated {
                created_on: time(fields.create_time.as_deref()),
                created_by: participant(fields.created_by.as_deref(), "createdBy")?,
                participants: participants(fields.members.as_deref(), "members")?,
                thread: fields.into_thread()?,
            }),
            event_id::THREAD_UPDATED => Ok(Self::ThreadUpdated {
                updated_on: time(fields.edit_time.as_deref()),
                updated_by: participant(fields.edited_by.as_deref(), "editedBy")?,
                thread: fields.into_thread()?,
            }),
            event_id::THREAD_DELETED => Ok(Self::ThreadDeleted {
                deleted_on: time(fields.delete_time.as_deref()),
                deleted_by: match fields.reason.as_deref() {
                    Some("deletedByPolicy") => None,
                    _ => Some(participant(fields.deleted_by.as_deref(), "deletedBy")?),
                },
                thread_id: fields.thread_id,
                version: fields.version,
            }),
            event_id::PARTICIPANTS_ADDED => Ok(Self::ParticipantsAdded {
                added_on: time(fields.time.as_deref()),
                added_by: participant(fields.added_by.as_deref(), "addedBy")?,
                participants: participants(fields.participants_added.as_deref(), "participantsAdded")?,
                thread_id: fields.thread_id,
                version: fields.version,
            }),
            event_id::PARTICIPANTS_REMOVED => Ok(Self::ParticipantsRemoved {
                removed_on: time(fields.time.as_deref()),
                removed_by: participant(fields.removed_by.as_deref(), "removedBy")?,
                participants: participants(fields.participants_removed.as_deref(), "participantsRemoved")?,
                thread_id: fields.thread_id,
                version: fields.version,
            }),
            _ => Err(MalformedNotification("eventId")),
        }
    }

    /// The thread it is about.
    #[must_use]
    pub fn thread_id(&self) -> &str {
        match self {
            Self::MessageReceived(message)
            | Self::MessageEdited { message, .. }
            | Self::MessageDeleted { message, .. } => &message.thread_id,
            Self::ThreadCreated { thread, .. } | Self::ThreadUpdated { thread, .. } => &thread.id,
            Self::Typing { thread_id, .. }
            | Self::ReadReceipt { thread_id, .. }
            | Self::ThreadDeleted { thread_id, .. }
            | Self::ParticipantsAdded { thread_id, .. }
            | Self::ParticipantsRemoved { thread_id, .. } => thread_id,
        }
    }
}

impl Fields {
    fn into_message(self) -> Result<NotifiedMessage, MalformedNotification> {
        Ok(NotifiedMessage {
            thread_id: self.group_id,
            id: self.message_id,
            sender: required(self.sender_id, "senderId")?,
            sender_display_name: self.sender_display_name,
            recipient: required(self.recipient_mri, "recipientMri")?,
            kind: self.message_type,
            content: self.message_body,
            version: self.version,
            created_on: time(self.original_arrival_time.as_deref()),
            metadata: values(
                self.acs_chat_message_metadata.as_deref(),
                "acsChatMessageMetadata",
            )?,
        })
    }

    fn into_thread(self) -> Result<NotifiedThread, MalformedNotification> {
        const FIELD: &str = "properties";
        let properties: PropertiesFields = unescaped(self.properties.as_deref(), FIELD)?;
        let retention: Option<RetentionFields> = optional(properties.retention_policy.as_deref(), FIELD)?;
        Ok(NotifiedThread {
            id: self.thread_id,
            version: self.version,
            topic: properties.topic.unwrap_or_default(),
            metadata: values(properties.acs_chat_thread_metadata.as_deref(), FIELD)?,
            retention: retention.map_or(RetentionPolicy::None, |fields| fields.policy()),
        })
    }
}

impl RetentionFields {
    fn policy(&self) -> RetentionPolicy {
        if self.retention_policy_type != "DeleteAfterCreationTime" {
            return RetentionPolicy::None;
        }
        let days = self.execute_after.split_once('.').map(|(days, _)| days);
        RetentionPolicy::ThreadCreationDate {
            delete_thread_after_days: days.and_then(|days| days.parse().ok()).unwrap_or(0),
        }
    }
}

fn required(value: Option<String>, field: &'static str) -> Result<String, MalformedNotification> {
    value.ok_or(MalformedNotification(field))
}

fn time(text: Option<&str>) -> Option<OffsetDateTime> {
    text.and_then(parse_time)
}

fn unix_ms_time(text: &str) -> Option<OffsetDateTime> {
    let ms: i128 = text.parse().ok()?;
    OffsetDateTime::from_unix_timestamp_nanos(ms.checked_mul(1_000_000)?).ok()
}

/// JSON in a text; `None` when it is absent or says nothing.
fn optional<T: DeserializeOwned>(
    text: Option<&str>,
    field: &'static str,
) -> Result<Option<T>, MalformedNotification> {
    match text {
        None | Some("" | "null" | "{}" | "[]") => Ok(None),
        Some(text) => serde_json::from_str(text)
            .map(Some)
            .map_err(|_| MalformedNotification(field)),
    }
}

fn values(
    text: Option<&str>,
    field: &'static str,
) -> Result<BTreeMap<String, String>, MalformedNotification> {
    optional(text, field).map(Option::unwrap_or_default)
}

fn participant(
    text: Option<&str>,
    field: &'static str,
) -> Result<NotifiedParticipant, MalformedNotification> {
    unescaped::<ParticipantFields>(text, field)?.convert(field)
}

fn participants(
    text: Option<&str>,
    field: &'static str,
) -> Result<Vec<NotifiedParticipant>, MalformedNotification> {
    let all: Vec<ParticipantFields> = unescaped(text, field)?;
    all.into_iter().map(|one| one.convert(field)).collect()
}

impl ParticipantFields {
    fn convert(self, field: &'static str) -> Result<NotifiedParticipant, MalformedNotification> {
        Ok(NotifiedParticipant {
            id: self.participant_id,
            display_name: self.display_name.unwrap_or_default(),
            share_history_time: time(self.share_history_time.as_deref()),
            metadata: values(self.member_meta_data.as_deref(), field)?,
        })
    }
}

fn unescaped<T: DeserializeOwned>(
    text: Option<&str>,
    field: &'static str,
) -> Result<T, MalformedNotification> {
    let text = text.ok_or(MalformedNotification(field))?;
    serde_json::from_str(&unescape(text)).map_err(|_| MalformedNotification(field))
}

/// JavaScript's `unescape` (ECMA-262 §B.2.1.2): `%XX` and `%uXXXX` are UTF-16 code units, anything else is itself.
fn unescape(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    let hex = |at: usize, digits: usize| {
        let digits = units.get(at..at + digits)?;
        digits.iter().try_fold(0u16, |value, unit| {
            let digit = char::from_u32(u32::from(*unit))?.to_digit(16)?;
            Some(value * 16 + u16::try_from(digit).ok()?)
        })
    };
    let mut out = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        let escape = (*unit == u16::from(b'%')).then(|| {
            if units.get(at + 1) == Some(&u16::from(b'u')) {
                hex(at + 2, 4).map(|unit| (unit, 6))
            } else {
                hex(at + 1, 2).map(|unit| (unit, 3))
            }
        });
        let (unit, length) = escape.flatten().unwrap_or((*unit, 1));
        out.push(unit);
        at += length;
    }
    String::from_utf16_lossy(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unescapes_as_javascript_does() {
        for (text, plain) in [
            ("100%25", "100%"),
            ("%41%u0041", "AA"),
            ("%4", "%4"),
            ("%u004", "%u004"),
            ("%zz🐎%u017E", "%zz🐎ž"),
            ("%uD83D%uDC0E", "🐎"),
            ("%", "%"),
        ] {
            assert_eq!(unescape(text), plain, "{text}");
        }
    }
}
