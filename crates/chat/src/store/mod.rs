//! Where threads are kept.

mod memory;
#[doc(hidden)]
pub mod suite;

use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

pub use self::memory::MemoryChatStore;
use crate::error::StoreError;
use crate::id::{ClientMessageId, MessageId, SequenceId, ThreadId};
use crate::thread::{Member, Message, Receipt, ThreadProperties};

/// A store of threads, their members and messages.
///
/// Reads see every commit before them. `chat_store_tests!` checks an implementation.
pub trait ChatStore {
    /// The head of a thread, deleted ones too.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`], as in every read.
    fn thread(&self, id: &ThreadId) -> Result<Option<ThreadProperties>, StoreError>;

    /// A member of a thread, one that has left too.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn member(&self, thread: &ThreadId, id: &CommunicationIdentifier) -> Result<Option<Member>, StoreError>;

    /// The present members of a thread, in the order in which they were added; those put again keep their place.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError>;

    /// The threads that know somebody, as a member or as one that has left, in the order of their ids.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn threads_of(&self, id: &CommunicationIdentifier) -> Result<Vec<ThreadId>, StoreError>;

    /// The threads somebody is a present member of, those joined last first, without deleted ones.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn threads_page(
        &self,
        range: &ThreadRange<'_>,
    ) -> Result<Vec<(MembershipPlace, ThreadProperties)>, StoreError>;

    /// The thread that somebody created under its own name for the request.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn created_as(
        &self,
        creator: &CommunicationIdentifier,
        name: &ClientMessageId,
    ) -> Result<Option<ThreadId>, StoreError>;

    /// How far somebody has read.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn receipt(
        &self,
        thread: &ThreadId,
        reader: &CommunicationIdentifier,
    ) -> Result<Option<Receipt>, StoreError>;

    /// How far each has read, one receipt per reader, those who read last first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn receipts(&self, thread: &ThreadId) -> Result<Vec<Receipt>, StoreError>;

    /// Threads whose [retention policy](crate::thread::RetentionPolicy) wants them gone by `now`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    fn expired_threads(&self, now: OffsetDateTime, limit: usize) -> Result<Vec<ThreadId>, StoreError>;

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

/// Where a membership stands among all memberships of the store: later ones are larger.
pub type MembershipPlace = u64;

/// Which threads of somebody to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadRange<'a> {
    /// Whose.
    pub member: &'a CommunicationIdentifier,
    /// Only those joined before this one.
    pub before: Option<MembershipPlace>,
    /// Only those with a message, or created, then or later.
    pub active_from: OffsetDateTime,
    /// At most this many.
    pub limit: usize,
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
    /// Forgets a member, if it is one or has left.
    RemoveMember(CommunicationIdentifier),
    /// How far somebody has read, in place of what it had read before.
    PutReceipt(Receipt),
    /// Removes the receipt of somebody, if there is one.
    RemoveReceipt(CommunicationIdentifier),
    /// The creator's own name for the request that created the thread.
    NameCreation {
        /// Who.
        creator: CommunicationIdentifier,
        /// Its name for it, unique for the creator.
        name: ClientMessageId,
    },
    /// The head of a deleted thread: its messages and receipts go, its members stay known.
    DeleteThread(ThreadProperties),
    /// Forgets a person in this thread: membership, receipt, and what its messages say and whom they name.
    Erase {
        /// Who.
        id: CommunicationIdentifier,
        /// Written as the time of deletion of its messages.
        at: OffsetDateTime,
    },
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
