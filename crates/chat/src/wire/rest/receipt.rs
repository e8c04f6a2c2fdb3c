//! Read receipts and typing as JSON.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::thread::Receipt;
use crate::wire::identifier::IdentifierModel;

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChatMessageReadReceipt {
    /// Who.
    pub sender_communication_identifier: IdentifierModel,
    /// The newest message it has read.
    pub chat_message_id: String,
    /// Whole seconds.
    #[serde(with = "crate::wire::time")]
    pub read_on: OffsetDateTime,
}

/// A receipt to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendReadReceiptRequest {
    /// The newest message that was read.
    pub chat_message_id: String,
}

/// Typing to tell of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendTypingNotificationRequest {
    /// Name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_display_name: Option<String>,
}

impl From<&Receipt> for ChatMessageReadReceipt {
    fn from(receipt: &Receipt) -> Self {
        let Receipt {
            reader,
            message,
            read_on,
        } = receipt;
        Self {
            sender_communication_identifier: reader.into(),
            chat_message_id: message.to_string(),
            read_on: *read_on,
        }
    }
}
