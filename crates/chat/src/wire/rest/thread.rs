//! Threads and participants as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

use super::{ErrorDetail, null_as_default};
use crate::thread::{Member, ParticipantRef, ThreadProperties};
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
}

/// A thread to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        let ThreadProperties {
            id,
            topic,
            created_by,
            created_on,
            last_sequence: _,
            last_message: _,
        } = properties;
        Self {
            id: id.to_string(),
            topic: topic.clone(),
            created_on: *created_on,
            created_by_communication_identifier: created_by.into(),
            deleted_on: None,
        }
    }
}

impl From<&Member> for ChatParticipant {
    fn from(member: &Member) -> Self {
        let Member {
            id,
            display_name,
            share_history_from,
            hidden_up_to: _,
        } = member;
        Self {
            communication_identifier: id.into(),
            display_name: Some(display_name.clone()).filter(|name| !name.is_empty()),
            share_history_time: Some(*share_history_from),
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
        } = participant;
        let id = CommunicationIdentifier::try_from(communication_identifier)?;
        let from = share_history_time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Ok(Self::new(id, display_name.unwrap_or_default(), from))
    }
}
