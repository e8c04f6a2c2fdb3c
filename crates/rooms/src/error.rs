//! What can go wrong.

use thiserror::Error;

/// Why an operation on rooms was refused or failed. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RoomError {
    /// There is no such room in this resource.
    #[error("no such room")]
    NotFound,
    /// The times are not acceptable.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// A participant is no ACS user of this resource.
    #[error("a participant is no user of this resource")]
    Participant,
    /// More participants than [`MAX_PARTICIPANTS`](crate::service::MAX_PARTICIPANTS).
    #[error("too many participants")]
    TooManyParticipants,
    /// The place to continue a list from is none that this service has named.
    #[error("the continuation of a list is not valid")]
    Continuation,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a room's times are not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WindowError {
    /// The end is not after the start, or more than 180 days after it.
    #[error("The time range is incorrect, or larger than 180 days.")]
    Range,
    /// The end is not in the future.
    #[error("The time range end is in the past.")]
    Past,
}

/// A store's own fault, in its words, without anything of what was to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("room store: {0}")]
pub struct StoreError(pub String);
