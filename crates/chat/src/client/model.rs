//! What the clients take and give besides the types of [`wire::rest`](crate::wire::rest).

use std::collections::BTreeMap;

use anteroom_identity::client::Error;
use anteroom_identity::client::pipeline::Request;
use anteroom_identity::id::CommunicationIdentifier;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;

use crate::wire::identifier::IdentifierModel;
use crate::wire::rest::{ChatParticipant, MessageType, SendMessageRequest, format_time, parse_time};

/// A thread to create.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct CreateChatThread {
    body: CreateBody,
    repeatability: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateBody {
    topic: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    participants: Vec<ChatParticipant>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_policy: Option<RetentionPolicy>,
}

impl CreateChatThread {
    /// With this topic.
    pub fn new(topic: &str) -> Self {
        Self {
            body: CreateBody {
                topic: topic.to_owned(),
                ..CreateBody::default()
            },
            repeatability: None,
        }
    }

    /// With a further participant; the creator is one anyway. At most 200.
    pub fn with_participant(mut self, participant: ChatParticipant) -> Self {
        self.body.participants.push(participant);
        self
    }

    /// With a value of your own; 1 KB in all.
    pub fn with_metadata(mut self, key: &str, value: &str) -> Self {
        self.body.metadata.insert(key.to_owned(), value.to_owned());
        self
    }

    /// With a date at which the service deletes it.
    pub const fn with_retention(mut self, policy: RetentionPolicy) -> Self {
        self.body.retention_policy = Some(policy);
        self
    }

    /// Under a repeatability id of your own, so that the thread is created once even when your program starts again in
    /// between. By default each call draws one.
    pub fn with_repeatability_id(mut self, id: &str) -> Self {
        self.repeatability = Some(id.to_owned());
        self
    }

    pub(super) fn into_parts(self) -> (CreateBody, Option<String>) {
        (self.body, self.repeatability)
    }
}

/// When the service deletes a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum RetentionPolicy {
    /// Never.
    None,
    /// So many days after its creation.
    ThreadCreationDate {
        /// 30 to 90.
        delete_thread_after_days: u32,
    },
}

/// What to change about a thread. What is not set stays.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateChatThread {
    /// New topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Values to add or replace; others stay.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// New policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_policy: Option<RetentionPolicy>,
}

/// A thread in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatThreadItem {
    /// The thread.
    pub id: String,
    /// What it is about.
    pub topic: String,
    /// When it was deleted.
    #[serde(default, deserialize_with = "optional_time")]
    pub deleted_on: Option<OffsetDateTime>,
    /// When the last message arrived.
    #[serde(default, deserialize_with = "optional_time")]
    pub last_message_received_on: Option<OffsetDateTime>,
}

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatMessageReadReceipt {
    /// Who.
    #[serde(rename = "senderCommunicationIdentifier")]
    pub sender: IdentifierModel,
    /// The last message they have read.
    pub chat_message_id: String,
    /// When.
    #[serde(deserialize_with = "time")]
    pub read_on: OffsetDateTime,
}

/// Which part of a list of threads or messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// Items per page, 1 to 200; the service's own size when not given.
    pub max_page_size: Option<u32>,
    /// Only what came at this time or later, whole seconds.
    pub start_time: Option<OffsetDateTime>,
}

/// Which part of a list of participants or receipts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SkipOptions {
    /// Items per page; the service's own size when not given.
    pub max_page_size: Option<u32>,
    /// How many to leave out at the beginning.
    pub skip: Option<u32>,
}

impl ListOptions {
    pub(super) fn apply(self, request: Request) -> Result<Request, Error> {
        let Self {
            max_page_size,
            start_time,
        } = self;
        let start_time = start_time.map(format_time);
        Ok(with_page_size(request, max_page_size)?.with_query("startTime", start_time.as_deref()))
    }
}

impl SkipOptions {
    pub(super) fn apply(self, request: Request) -> Result<Request, Error> {
        let Self { max_page_size, skip } = self;
        let skip = skip.map(|skip| skip.to_string());
        Ok(with_page_size(request, max_page_size)?.with_query("skip", skip.as_deref()))
    }
}

fn with_page_size(request: Request, size: Option<u32>) -> Result<Request, Error> {
    if size == Some(0) {
        return Err(Error::Misuse("a page has at least one item"));
    }
    let size = size.map(|size| size.to_string());
    Ok(request.with_query("maxPageSize", size.as_deref()))
}

impl SendMessageRequest {
    /// A plain text.
    #[must_use]
    pub fn text(content: &str) -> Self {
        Self {
            content: content.to_owned(),
            sender_display_name: None,
            message_type: Some(MessageType(MessageType::TEXT.to_owned())),
            metadata: BTreeMap::new(),
        }
    }

    /// HTML; the service takes out what is not safe to show.
    #[must_use]
    pub fn html(content: &str) -> Self {
        Self {
            message_type: Some(MessageType(MessageType::HTML.to_owned())),
            ..Self::text(content)
        }
    }

    /// With a name to show.
    #[must_use]
    pub fn with_sender_display_name(mut self, name: &str) -> Self {
        self.sender_display_name = Some(name.to_owned());
        self
    }

    /// With a value of your own.
    #[must_use]
    pub fn with_metadata(mut self, key: &str, value: &str) -> Self {
        self.metadata.insert(key.to_owned(), value.to_owned());
        self
    }
}

impl ChatParticipant {
    /// Somebody who sees everything that was said before.
    #[must_use]
    pub fn new(id: &CommunicationIdentifier) -> Self {
        Self::from(&crate::thread::ParticipantRef {
            id: id.clone(),
            display_name: String::new(),
        })
    }

    /// With a name to show.
    #[must_use]
    pub fn with_display_name(mut self, name: &str) -> Self {
        self.display_name = Some(name.to_owned());
        self
    }

    /// Who sees only what was said at this time or later, whole seconds.
    #[must_use]
    pub const fn with_share_history_time(mut self, time: OffsetDateTime) -> Self {
        self.share_history_time = Some(time);
        self
    }
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
    optional_time(deserializer)?.ok_or_else(|| D::Error::custom("a time is missing"))
}

fn optional_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    Option::<String>::deserialize(deserializer)?
        .map(|text| parse_time(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 time")))
        .transpose()
}
