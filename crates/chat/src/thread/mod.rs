//! One thread as a machine: what it is told, what it has to remember.
//!
//! [`Thread`] takes the stored head of a thread and commands, and hands back [`Changes`](crate::Changes) for the store and [`Event`](crate::Event)s for
//! everybody else. It reads no clock and no store; [`ChatService`](crate::ChatService) does the loading and saving.

mod command;
mod member;
mod message;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

pub use self::command::{Outcome, Thread};
pub use self::member::{Member, ParticipantRef};
pub use self::message::{ContentKind, Message, MessageKind};
use crate::id::{MessageId, SequenceId, ThreadId};

/// Longest content of a message: 28 KiB of UTF-8.
pub const MAX_CONTENT_BYTES: usize = 28 * 1024;
/// Longest display name, in characters.
pub const MAX_DISPLAY_NAME_CHARS: usize = 256;
/// Longest topic, in characters.
pub const MAX_TOPIC_CHARS: usize = 250;
/// Most metadata of a message, keys and values together, in bytes.
pub const MAX_METADATA_BYTES: usize = 1024;

/// The head of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadProperties {
    /// The thread.
    pub id: ThreadId,
    /// What it is about: 1 to 250 characters.
    pub topic: String,
    /// Who created it.
    pub created_by: CommunicationIdentifier,
    /// When.
    #[serde(with = "time::serde::timestamp::nanoseconds")]
    pub created_on: OffsetDateTime,
    /// Place of the newest message; zero before the first.
    pub last_sequence: SequenceId,
    /// Id of the newest message.
    pub last_message: Option<MessageId>,
}

/// Whether coming and going is written into the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemMessages {
    /// As `participantAdded` and `participantRemoved` messages.
    Record,
    /// Not at all.
    Silent,
}
