//! What the clients take and give besides the types of [`wire::rest`](crate::wire::rest).

use std::collections::BTreeMap;

use anteroom_identity::client::Error;
use anteroom_identity::client::pipeline::Request;
use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

use crate::thread::RetentionPolicy;
use crate::wire::rest::{ChatParticipant, CreateThreadRequest, MessageType, SendMessageRequest, format_time};

/// A thread to create.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct CreateChatThread {
    body: CreateThreadRequest,
    repeatability: Option<String>,
}

impl CreateChatThread {
    /// With this topic.
    pub fn new(topic: &str) -> Self {
        Self {
            body: CreateThreadRequest {
                topic: topic.to_owned(),
                ..CreateThreadRequest::default()
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

    pub(super) fn into_parts(self) -> (CreateThreadRequest, Option<String>) {
        (self.body, self.repeatability)
    }
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

    /// With a value of your own; 1 KB in all.
    #[must_use]
    pub fn with_metadata(mut self, key: &str, value: &str) -> Self {
        self.metadata.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Who sees only what was said at this time or later, whole seconds.
    #[must_use]
    pub const fn with_share_history_time(mut self, time: OffsetDateTime) -> Self {
        self.share_history_time = Some(time);
        self
    }
}
