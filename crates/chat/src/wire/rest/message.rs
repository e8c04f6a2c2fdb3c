//! Messages as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{ChatParticipant, null_as_default};
use crate::error::ChatError;
use crate::id::ClientMessageId;
use crate::service::{MessageEdit, NewMessage};
use crate::thread::{ContentKind, Message, MessageKind, ParticipantRef};
use crate::wire::identifier::IdentifierModel;

/// Kind of a message on the wire. Kinds this version does not know are kept as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageType(pub String);

impl MessageType {
    /// Plain text.
    pub const TEXT: &'static str = "text";
    /// HTML.
    pub const HTML: &'static str = "html";
    /// The topic was set.
    pub const TOPIC_UPDATED: &'static str = "topicUpdated";
    /// Somebody became a member.
    pub const PARTICIPANT_ADDED: &'static str = "participantAdded";
    /// Somebody is no longer a member.
    pub const PARTICIPANT_REMOVED: &'static str = "participantRemoved";
}

/// A message in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// Unix milliseconds.
    pub id: String,
    /// Kind.
    #[serde(rename = "type")]
    pub message_type: MessageType,
    /// Place in the thread: "1", "2", ….
    pub sequence_id: String,
    /// Unix milliseconds of the last change.
    pub version: String,
    /// Empty when deleted; servers may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ChatMessageContent>,
    /// `""` when the sender gave none; missing in system messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_display_name: Option<String>,
    /// Whole seconds.
    #[serde(with = "crate::wire::time")]
    pub created_on: OffsetDateTime,
    /// Missing in system messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_communication_identifier: Option<IdentifierModel>,
    /// When it was deleted.
    #[serde(
        default,
        with = "crate::wire::time::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub deleted_on: Option<OffsetDateTime>,
    /// When it was edited.
    #[serde(
        default,
        with = "crate::wire::time::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub edited_on: Option<OffsetDateTime>,
    /// The sender's own values.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub metadata: BTreeMap<String, String>,
}

/// What a message says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessageContent {
    /// Text or HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The topic that was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Who came or went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<Vec<ChatParticipant>>,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiator_communication_identifier: Option<IdentifierModel>,
}

/// A message to send.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendMessageRequest {
    /// Text or HTML. Missing or null is refused by the service as empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub content: String,
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_display_name: Option<String>,
    /// `text`, which is the default, or `html`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub message_type: Option<MessageType>,
    /// Own values.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub metadata: BTreeMap<String, String>,
}

/// The answer to a message sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessageResult {
    /// Id of the message.
    pub id: String,
}

/// What to change about a message.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateMessageRequest {
    /// New content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Values to add or replace.
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub metadata: BTreeMap<String, String>,
}

impl From<&Message> for ChatMessage {
    fn from(message: &Message) -> Self {
        let Message {
            id,
            sequence_id,
            version,
            kind,
            sender,
            sender_display_name,
            content,
            created_on,
            edited_on,
            deleted_on,
            metadata,
        } = message;
        let participants = |list: &[ParticipantRef]| Some(list.iter().map(Into::into).collect());
        let (message_type, content) = match kind {
            MessageKind::Text | MessageKind::Html => {
                let name = if *kind == MessageKind::Text {
                    MessageType::TEXT
                } else {
                    MessageType::HTML
                };
                let content = ChatMessageContent {
                    message: Some(content.clone()),
                    ..Default::default()
                };
                (name, content)
            }
            MessageKind::TopicUpdated { topic, initiator } => (
                MessageType::TOPIC_UPDATED,
                ChatMessageContent {
                    topic: Some(topic.clone()),
                    initiator_communication_identifier: Some(initiator.into()),
                    ..Default::default()
                },
            ),
            MessageKind::ParticipantAdded {
                participants: list,
                initiator,
            } => (
                MessageType::PARTICIPANT_ADDED,
                ChatMessageContent {
                    participants: participants(list),
                    initiator_communication_identifier: Some(initiator.into()),
                    ..Default::default()
                },
            ),
            MessageKind::ParticipantRemoved {
                participants: list,
                initiator,
            } => (
                MessageType::PARTICIPANT_REMOVED,
                ChatMessageContent {
                    participants: participants(list),
                    initiator_communication_identifier: Some(initiator.into()),
                    ..Default::default()
                },
            ),
        };
        Self {
            id: id.to_string(),
            message_type: MessageType(message_type.to_owned()),
            sequence_id: sequence_id.to_string(),
            version: version.to_string(),
            // Not left out: azure-communication-chat 1.1 for Python looks into it without asking.
            content: Some(if deleted_on.is_none() {
                content
            } else {
                ChatMessageContent::default()
            }),
            sender_display_name: message.is_from_person().then(|| sender_display_name.clone()),
            created_on: *created_on,
            sender_communication_identifier: sender.as_ref().map(Into::into),
            deleted_on: *deleted_on,
            edited_on: *edited_on,
            metadata: metadata.clone(),
        }
    }
}

impl SendMessageRequest {
    /// The message, under the name that the client's repeatability header gives it, if any.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`] for a type that a person cannot send.
    pub fn into_new_message(
        self,
        client_message_id: Option<ClientMessageId>,
    ) -> Result<NewMessage, ChatError> {
        let Self {
            content,
            sender_display_name,
            message_type,
            metadata,
        } = self;
        let kind = match message_type.as_ref().map(|MessageType(name)| name.as_str()) {
            None => ContentKind::Text,
            Some(name) if name.eq_ignore_ascii_case(MessageType::TEXT) => ContentKind::Text,
            Some(name) if name.eq_ignore_ascii_case(MessageType::HTML) => ContentKind::Html,
            Some(_) => {
                return Err(ChatError::BadRequest {
                    target: "type",
                    message: "Type must be text or html.",
                });
            }
        };
        Ok(NewMessage {
            content,
            kind,
            sender_display_name,
            client_message_id,
            metadata,
        })
    }
}

impl From<UpdateMessageRequest> for MessageEdit {
    fn from(request: UpdateMessageRequest) -> Self {
        let UpdateMessageRequest { content, metadata } = request;
        Self { content, metadata }
    }
}

/// Without what is to be said.
impl std::fmt::Debug for SendMessageRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendMessageRequest")
            .field("content_bytes", &self.content.len())
            .field("message_type", &self.message_type)
            .finish_non_exhaustive()
    }
}

/// Without what is to be said.
impl std::fmt::Debug for UpdateMessageRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpdateMessageRequest").finish_non_exhaustive()
    }
}
