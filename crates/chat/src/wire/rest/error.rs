//! Errors as JSON, and what a chat error is in HTTP.

use serde::{Deserialize, Serialize};

use super::null_as_default;
use crate::error::{ChatError, StoreError};

/// The body of every refusal: `{"error":{…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What is wrong.
    pub error: ErrorDetail,
}

/// What is wrong, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// A word for programs: `Forbidden`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// The argument at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Faults in detail.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_default"
    )]
    pub details: Vec<Self>,
    /// The error behind this one. On the wire in lower case.
    #[serde(default, rename = "innererror", skip_serializing_if = "Option::is_none")]
    pub inner_error: Option<Box<Self>>,
}

/// A refusal: status and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// HTTP status.
    pub status: u16,
    /// JSON body.
    pub body: ErrorBody,
}

impl ErrorResponse {
    /// A refusal with this code and sentence.
    #[must_use]
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        let error = ErrorDetail {
            code: code.to_owned(),
            message: message.to_owned(),
            ..ErrorDetail::default()
        };
        Self {
            status,
            body: ErrorBody { error },
        }
    }

    /// The same, naming the argument at fault.
    #[must_use]
    pub fn with_target(mut self, target: &str) -> Self {
        self.body.error.target = Some(target.to_owned());
        self
    }
}

impl From<&ChatError> for ErrorResponse {
    fn from(error: &ChatError) -> Self {
        match error {
            ChatError::NotMember | ChatError::NotSender | ChatError::HostManaged => Self::new(
                403,
                "Forbidden",
                "User is not allowed to perform specified action.",
            ),
            ChatError::ThreadNotFound => Self::new(404, "NotFound", "The chat thread was not found."),
            ChatError::MessageNotFound => Self::new(404, "NotFound", "The chat message was not found."),
            ChatError::ThreadExists => Self::new(409, "Conflict", "The chat thread exists already."),
            ChatError::TooLarge(_) => {
                Self::new(413, "RequestEntityTooLarge", "The message content exceeds 28 KB.")
                    .with_target("content")
            }
            ChatError::BadRequest { target, message } => {
                Self::new(400, "BadRequest", message).with_target(target)
            }
            // Clients repeat these, which is what helps.
            ChatError::Store(StoreError::Conflict | StoreError::Failed(_)) => Self::new(
                503,
                "ServiceUnavailable",
                "The server is currently unable to handle the request.",
            ),
        }
    }
}
