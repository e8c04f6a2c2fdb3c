//! What happened, for everybody who is to hear of it.

use anteroom_identity::id::CommunicationIdentifier;

use crate::id::ThreadId;
use crate::thread::{Member, Message};

/// Something that happened in a thread and is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A thread was created.
    ThreadCreated {
        /// The thread.
        thread: ThreadId,
    },
    /// A message was sent, or recorded by the system. Goes to every member that [can see](Member::can_see) it.
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
    /// Somebody became a member.
    MemberAdded {
        /// The thread.
        thread: ThreadId,
        /// The new member.
        member: Member,
    },
    /// Somebody is no longer a member.
    MemberRemoved {
        /// The thread.
        thread: ThreadId,
        /// Who.
        member: CommunicationIdentifier,
    },
}
