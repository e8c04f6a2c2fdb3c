//! Where threads are kept.

mod memory;
#[doc(hidden)]
pub mod suite;

use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

pub use self::memory::MemoryChatStore;
use crate::error::StoreError;
use crate::id::{ClientMessageId, MessageId, SequenceId, ThreadId};
use crate::thread::{Member, Message, ThreadProperties};

/// A store of threads, their members and messages.
///
/// Reads see every commit before them. `chat_store_tests!` checks an implementation.
pub trait ChatStore {
    /// The head of a thread.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`], as in every read.
    fn thread(&self, id: &ThreadId) -> Result<Option<ThreadProperties>, StoreError>;

    /// A member of a thread.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn member(&self, thread: &ThreadId, id: &CommunicationIdentifier) -> Result<Option<Member>, StoreError>;

    /// The members of a thread, in the order in which they were added; those put again keep their place.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError>;

    /// The threads somebody is a member of, in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn threads_of(&self, id: &CommunicationIdentifier) -> Result<Vec<ThreadId>, StoreError>;

    /// A message of a thread.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn message(&self, thread: &ThreadId, id: MessageId) -> Result<Option<Message>, StoreError>;

    /// The messages of a thread within a range, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn messages(&self, thread: &ThreadId, range: &MessageRange) -> Result<Vec<Message>, StoreError>;

    /// The message that a sender has sent to a thread under its own name for it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn sent_as(
        &self,
        thread: &ThreadId,
        sender: &CommunicationIdentifier,
        client_message_id: &ClientMessageId,
    ) -> Result<Option<MessageId>, StoreError>;

    /// Makes the changes, all of them or none, and durably: once this returns, they survive a crash.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] when a thread to create exists, a thread to change does not, a new message's id, place or
    /// client id is taken, or a message to update is not there. [`StoreError::Failed`] otherwise.
    fn commit(&mut self, changes: &Changes) -> Result<(), StoreError>;
}

/// Which messages to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRange {
    /// Only those before this place.
    pub before: Option<SequenceId>,
    /// Only those after this place.
    pub after: SequenceId,
    /// Only those created then or later.
    pub created_from: OffsetDateTime,
    /// At most this many.
    pub limit: usize,
}

/// What to store, in order and in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    thread: ThreadId,
    list: Vec<Change>,
}

/// One thing to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new thread.
    CreateThread(ThreadProperties),
    /// The head of an existing thread.
    UpdateThread(ThreadProperties),
    /// A new message.
    InsertMessage {
        /// The message.
        message: Message,
        /// The sender's name for it, unique for sender and thread.
        client_message_id: Option<ClientMessageId>,
    },
    /// A message in place of the one of the same id.
    UpdateMessage(Message),
    /// A member, new or in place of the one of the same id.
    PutMember(Member),
    /// Removes a member, if it is one.
    RemoveMember(CommunicationIdentifier),
}

impl Changes {
    /// No changes to a thread.
    #[must_use]
    pub const fn new(thread: ThreadId) -> Self {
        Self {
            thread,
            list: Vec::new(),
        }
    }

    /// The thread they are about.
    #[must_use]
    pub const fn thread(&self) -> &ThreadId {
        &self.thread
    }

    /// The changes in order.
    #[must_use]
    pub fn list(&self) -> &[Change] {
        &self.list
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a change.
    pub fn push(&mut self, change: Change) {
        self.list.push(change);
    }

    pub(crate) fn insert_first(&mut self, change: Change) {
        self.list.insert(0, change);
    }

    pub(crate) fn has_new_message(&self) -> bool {
        self.list
            .iter()
            .any(|change| matches!(change, Change::InsertMessage { .. }))
    }
}
