//! What can go wrong.

use thiserror::Error;

/// Why a chat operation was refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChatError {
    /// The caller is not a member of the thread now.
    #[error("not a member of the thread")]
    NotMember,
    /// The caller is a member, but may not do this: the message is somebody else's.
    #[error("only the sender may do that")]
    NotSender,
    /// Members and existence of this thread are the host's business: it belongs to a meeting.
    #[error("who is in the thread is not its members' to change")]
    HostManaged,
    /// There is no such thread.
    #[error("no such thread")]
    ThreadNotFound,
    /// There is no such message that the caller can see.
    #[error("no such message")]
    MessageNotFound,
    /// A thread of this id exists.
    #[error("the thread exists already")]
    ThreadExists,
    /// The content is longer than [`Limits::content_bytes`](crate::Limits::content_bytes).
    #[error("content of {0} bytes is too large")]
    TooLarge(usize),
    /// An argument is not acceptable.
    #[error("{target}: {message}")]
    BadRequest {
        /// Name of the argument as on the wire.
        target: &'static str,
        /// A sentence for a developer.
        message: &'static str,
    },
    /// The store failed; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a store failed. Its `Display` holds nothing of what was to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The changes do not follow from the present state: somebody else wrote first. Nothing was changed.
    #[error("the thread was changed meanwhile")]
    Conflict,
    /// The store's own fault, in its words.
    #[error("store failed: {0}")]
    Failed(String),
}
