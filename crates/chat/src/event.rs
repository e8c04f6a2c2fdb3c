//! What happened, for everybody who is to hear of it.

use std::sync::Arc;

use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

use crate::id::{MessageId, ThreadId};
use crate::thread::{Member, Message, ParticipantRef, ThreadProperties};

/// Something that happened in a thread. What changes a thread is durable before it is told; typing is told only.
///
/// A `version` is the Unix millisecond of the change, moved on where needed so that the versions of one thread's
/// properties, of one message, or of one receipt increase.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A thread was created.
    ThreadCreated {
        /// The thread.
        thread: ThreadProperties,
        /// Who created it.
        by: ParticipantRef,
        /// Its first members.
        members: Vec<Member>,
    },
    /// A thread has a new topic, metadata or retention policy.
    ThreadUpdated {
        /// The thread as it is now.
        thread: ThreadProperties,
        /// Who changed it.
        by: ParticipantRef,
        /// When.
        at: OffsetDateTime,
        /// Version of the thread.
        version: u64,
    },
    /// A thread was deleted, with all that was in it.
    ThreadDeleted {
        /// The thread.
        thread: ThreadId,
        /// Who deleted it; `None` when its retention policy did.
        by: Option<ParticipantRef>,
        /// When.
        at: OffsetDateTime,
        /// Version of the thread.
        version: u64,
    },
    /// A message was sent, or recorded by the system.
    MessageReceived {
        /// The thread.
        thread: ThreadId,
        /// The message.
        message: Message,
    },
    /// A message has new content or metadata.
    MessageEdited {
        /// The thread.
        thread: ThreadId,
        /// The message as it is now.
        message: Message,
    },
    /// A message was deleted.
    MessageDeleted {
        /// The thread.
        thread: ThreadId,
        /// What is left of it.
        message: Message,
    },
    /// Some became members.
    MembersAdded {
        /// The thread.
        thread: ThreadId,
        /// Who.
        members: Vec<Member>,
        /// Who added them.
        by: ParticipantRef,
        /// When.
        at: OffsetDateTime,
        /// Version of the thread.
        version: u64,
    },
    /// Some are no longer members.
    MembersRemoved {
        /// The thread.
        thread: ThreadId,
        /// Who.
        members: Vec<ParticipantRef>,
        /// Who removed them; they themselves when they left.
        by: ParticipantRef,
        /// When.
        at: OffsetDateTime,
        /// Version of the thread.
        version: u64,
    },
    /// A member is typing.
    Typing {
        /// The thread.
        thread: ThreadId,
        /// Who, under the name it gave, if any.
        sender: ParticipantRef,
        /// When.
        at: OffsetDateTime,
        /// Unix milliseconds.
        version: u64,
    },
    /// A member has read up to a message.
    ReadReceipt {
        /// The thread.
        thread: ThreadId,
        /// Who.
        reader: CommunicationIdentifier,
        /// The newest message it has read.
        message: MessageId,
        /// When.
        read_on: OffsetDateTime,
        /// Unix milliseconds.
        version: u64,
    },
}

/// An event, and who is to hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub event: Event,
    /// Everybody who may know: the members who can see the message or the change, those who were members until now
    /// where the event is about that, and the originator too. No order, nobody twice.
    pub recipients: Arc<[CommunicationIdentifier]>,
}

impl Event {
    /// The thread in which it happened.
    #[must_use]
    pub const fn thread(&self) -> &ThreadId {
        match self {
            Self::ThreadCreated { thread, .. } | Self::ThreadUpdated { thread, .. } => &thread.id,
            Self::ThreadDeleted { thread, .. }
            | Self::MessageReceived { thread, .. }
            | Self::MessageEdited { thread, .. }
            | Self::MessageDeleted { thread, .. }
            | Self::MembersAdded { thread, .. }
            | Self::MembersRemoved { thread, .. }
            | Self::Typing { thread, .. }
            | Self::ReadReceipt { thread, .. } => thread,
        }
    }
}
