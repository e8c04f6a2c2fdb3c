//! What was said, and what happened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

use super::ParticipantRef;
use crate::html;
use crate::id::{MessageId, SequenceId};

/// A message of a thread.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Name of the message in its thread.
    pub id: MessageId,
    /// Its place.
    pub sequence_id: SequenceId,
    /// Unix milliseconds of the last change: the id, until edited or deleted.
    pub version: u64,
    /// What it is.
    pub kind: MessageKind,
    /// `None` for what the system says.
    pub sender: Option<CommunicationIdentifier>,
    /// Empty for none.
    pub sender_display_name: String,
    /// Text, or sanitised HTML. Empty for what the system says, and when deleted.
    pub content: String,
    /// The instant of the id.
    #[serde(with = "time::serde::timestamp::nanoseconds")]
    pub created_on: OffsetDateTime,
    /// When the sender last changed it.
    #[serde(with = "time::serde::timestamp::nanoseconds::option")]
    pub edited_on: Option<OffsetDateTime>,
    /// When the sender deleted it.
    #[serde(with = "time::serde::timestamp::nanoseconds::option")]
    pub deleted_on: Option<OffsetDateTime>,
    /// The sender's own values.
    pub metadata: BTreeMap<String, String>,
}

/// Kind of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
#[non_exhaustive]
pub enum MessageKind {
    /// Plain text.
    Text,
    /// HTML.
    Html,
    /// The thread has a (new) topic.
    TopicUpdated {
        /// The topic.
        topic: String,
        /// Who set it.
        initiator: CommunicationIdentifier,
    },
    /// Somebody became a member.
    ParticipantAdded {
        /// Who.
        participants: Vec<ParticipantRef>,
        /// By whom.
        initiator: CommunicationIdentifier,
    },
    /// Somebody is no longer a member.
    ParticipantRemoved {
        /// Who.
        participants: Vec<ParticipantRef>,
        /// By whom.
        initiator: CommunicationIdentifier,
    },
}

/// How the content a person sends is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContentKind {
    /// As it is.
    #[default]
    Text,
    /// As HTML; [sanitised](crate::html::sanitize).
    Html,
}

impl Message {
    /// Whether a person said it.
    #[must_use]
    pub const fn is_from_person(&self) -> bool {
        matches!(self.kind, MessageKind::Text | MessageKind::Html)
    }

    /// The content for a client that shows text only.
    #[must_use]
    pub fn plain_text(&self) -> String {
        match self.kind {
            MessageKind::Html => html::to_text(&self.content),
            _ => self.content.clone(),
        }
    }
}

/// Without what was said.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("sequence_id", &self.sequence_id)
            .field("version", &self.version)
            .field("sender", &self.sender)
            .field("content_bytes", &self.content.len())
            .field("edited_on", &self.edited_on)
            .field("deleted_on", &self.deleted_on)
            .finish_non_exhaustive()
    }
}

impl From<ContentKind> for MessageKind {
    fn from(kind: ContentKind) -> Self {
        match kind {
            ContentKind::Text => Self::Text,
            ContentKind::Html => Self::Html,
        }
    }
}
