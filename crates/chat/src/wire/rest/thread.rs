//! Threads and participants as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

use super::{ErrorDetail, null_as_default};
use crate::id::MessageId;
use crate::thread::{Member, ParticipantRef, RetentionPolicy, ThreadProperties, ThreadUpdate};
use crate::wire::identifier::{IdentifierModel, InvalidIdentifier};

/// The head of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatThreadProperties {
    /// The thread.
    pub id: String,
    /// What it is about.
    pub topic: String,
    /// Whole seconds.
    #[serde(with = "crate::wire::time")]
    pub created_on: OffsetDateTime,
    /// Who created it.
    pub created_by_communication_identifier: IdentifierModel,
    /// When it was deleted.
    #[serde(
        default,
        with = "crate::wire::time::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub deleted_on: Option<OffsetDateTime>,
    /// The members' own values. Since 2025-03-15.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub metadata: BTreeMap<String, String>,
    /// How long it is kept. Since 2025-03-15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_policy: Option<RetentionPolicy>,
}

/// A line of a list of threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatThreadItem {
    /// The thread.
    pub id: String,
    /// What it is about.
    pub topic: String,
    /// When it was deleted.
    #[serde(
        default,
        with = "crate::wire::time::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub deleted_on: Option<OffsetDateTime>,
    /// When its newest message came.
    #[serde(
        default,
        with = "crate::wire::time::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_message_received_on: Option<OffsetDateTime>,
}

/// What to change about a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateThreadRequest {
    /// A new topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Values to add or replace.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub metadata: BTreeMap<String, String>,
    /// A new retention policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_policy: Option<RetentionPolicy>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatParticipant {
    /// Who.
    pub communication_identifier: IdentifierModel,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// From when on messages are visible; everything when missing.
    #[serde(
        default,
        with = "crate::wire::time::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub share_history_time: Option<OffsetDateTime>,
    /// Own values. Since 2025-03-15.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub metadata: BTreeMap<String, String>,
}

/// A thread to create.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateThreadRequest {
    /// 1 to 250 characters.
    #[serde(default, deserialize_with = "null_as_default")]
    pub topic: String,
    /// Members besides the creator.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub participants: Vec<ChatParticipant>,
    /// Own values.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub metadata: BTreeMap<String, String>,
    /// How long it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_policy: Option<RetentionPolicy>,
}

/// A thread that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateThreadResult {
    /// The thread.
    pub chat_thread: ChatThreadProperties,
    /// Those who could not be added; the target is the raw id.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub invalid_participants: Vec<ErrorDetail>,
}

/// Members to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddParticipantsRequest {
    /// Who.
    #[serde(default, deserialize_with = "null_as_default")]
    pub participants: Vec<ChatParticipant>,
}

/// The answer to that: `{}` when all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddParticipantsResult {
    /// Those who could not be added; the target is the raw id.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub invalid_participants: Vec<ErrorDetail>,
}

impl From<&ThreadProperties> for ChatThreadProperties {
    fn from(properties: &ThreadProperties) -> Self {
        let retention = properties.retention;
        Self {
            id: properties.id.to_string(),
            topic: properties.topic.clone(),
            created_on: properties.created_on,
            created_by_communication_identifier: (&properties.created_by).into(),
            deleted_on: properties.deleted_on,
            metadata: properties.metadata.clone(),
            retention_policy: Some(retention).filter(|policy| *policy != RetentionPolicy::None),
        }
    }
}

impl From<&ThreadProperties> for ChatThreadItem {
    fn from(properties: &ThreadProperties) -> Self {
        Self {
            id: properties.id.to_string(),
            topic: properties.topic.clone(),
            deleted_on: properties.deleted_on,
            last_message_received_on: properties.last_message.map(MessageId::time),
        }
    }
}

impl From<UpdateThreadRequest> for ThreadUpdate {
    fn from(request: UpdateThreadRequest) -> Self {
        let UpdateThreadRequest {
            topic,
            metadata,
            retention_policy,
        } = request;
        Self {
            topic,
            metadata,
            retention: retention_policy,
        }
    }
}

impl From<&Member> for ChatParticipant {
    fn from(member: &Member) -> Self {
        Self {
            communication_identifier: (&member.id).into(),
            display_name: Some(member.display_name.clone()).filter(|name| !name.is_empty()),
            share_history_time: Some(member.share_history_from),
            metadata: member.metadata.clone(),
        }
    }
}

impl From<&ParticipantRef> for ChatParticipant {
    fn from(participant: &ParticipantRef) -> Self {
        let ParticipantRef { id, display_name } = participant;
        Self {
            communication_identifier: id.into(),
            display_name: Some(display_name.clone()).filter(|name| !name.is_empty()),
            share_history_time: None,
            metadata: BTreeMap::new(),
        }
    }
}

impl TryFrom<ChatParticipant> for Member {
    type Error = InvalidIdentifier;

    fn try_from(participant: ChatParticipant) -> Result<Self, InvalidIdentifier> {
        let ChatParticipant {
            communication_identifier,
            display_name,
            share_history_time,
            metadata,
        } = participant;
        let id = CommunicationIdentifier::try_from(communication_identifier)?;
        let from = share_history_time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Ok(Self {
            metadata,
            ..Self::new(id, display_name.unwrap_or_default(), from)
        })
    }
}
