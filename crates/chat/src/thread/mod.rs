//! One thread as a machine: what it is told, what it has to remember.
//!
//! [`Thread`] takes the stored head of a thread and commands, and hands back [`Changes`](crate::Changes) for the store and [`Event`](crate::Event)s for
//! everybody else. It reads no clock and no store; [`ChatService`](crate::ChatService) does the loading and saving.

mod check;
mod command;
mod member;
mod message;
mod retention;
mod roster;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

pub use self::command::{Outcome, Thread};
pub use self::member::{Member, ParticipantRef};
pub use self::message::{ContentKind, Message, MessageKind};
pub use self::retention::RetentionPolicy;
pub use self::roster::ThreadUpdate;
use crate::id::{MessageId, SequenceId, ThreadId};

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
    /// The members' own values: at most 1 KB, names and values together.
    pub metadata: BTreeMap<String, String>,
    /// How long it is kept.
    pub retention: RetentionPolicy,
    /// Unix milliseconds of the last change of properties or membership, increasing.
    pub version: u64,
    /// Who is in it is the host's business alone: a meeting's thread, whose members are those in the call.
    pub host_managed: bool,
    /// When it was deleted; its messages are gone then.
    #[serde(with = "time::serde::timestamp::nanoseconds::option")]
    pub deleted_on: Option<OffsetDateTime>,
}

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who.
    pub reader: CommunicationIdentifier,
    /// The newest message it has read.
    pub message: MessageId,
    /// When.
    #[serde(with = "time::serde::timestamp::nanoseconds")]
    pub read_on: OffsetDateTime,
}

/// Whether coming and going is written into the thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemMessages {
    /// As `participantAdded` and `participantRemoved` messages.
    Record,
    /// Not at all.
    Silent,
}
