//! The JSON of the ACS Chat REST API, versions 2021-03-07 to 2025-03-15.
//!
//! Every type is read and written, so that a server and a client can use it. Unknown members are ignored, an explicit
//! `null` stands for a missing member. Times have whole seconds and end in `Z`; ids, sequence numbers and versions are
//! strings.

mod error;
mod message;
mod receipt;
mod thread;

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;

pub use self::error::{ErrorBody, ErrorDetail, ErrorResponse};
pub use self::message::{
    ChatMessage, ChatMessageContent, MessageType, SendMessageRequest, SendMessageResult, UpdateMessageRequest,
};
pub use self::receipt::{ChatMessageReadReceipt, SendReadReceiptRequest, SendTypingNotificationRequest};
pub use self::thread::{
    AddParticipantsRequest, AddParticipantsResult, ChatParticipant, ChatThreadItem, ChatThreadProperties,
    CreateThreadRequest, CreateThreadResult, UpdateThreadRequest,
};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Collection<T> {
    /// The items.
    pub value: Vec<T>,
    /// Absolute address of the next page; missing on the last.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub next_link: Option<String>,
}

/// Reads a time as clients send it in a query: RFC 3339, any offset, any number of fraction digits.
#[must_use]
pub fn parse_time(text: &str) -> Option<OffsetDateTime> {
    super::time::parse(text)
}

/// Writes a time as answers have it: whole seconds, UTC.
#[must_use]
pub fn format_time(time: OffsetDateTime) -> String {
    super::time::format(time)
}

pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

const fn none() -> Option<String> {
    None
}

#[cfg(test)]
mod tests;
