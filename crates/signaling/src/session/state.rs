//! Where a session stands, and what its host is told.

use std::fmt;

use thiserror::Error;

/// Where a session stands, in protocol order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Connected; the client has to say who it is.
    AwaitHello,
    /// Welcome; the client has to say where it wants to go.
    AwaitJoin,
    /// The host decides about the join.
    Joining,
    /// In the lobby.
    Lobby,
    /// In the call.
    InCall,
    /// Over: denied, left, removed, ended or lost. Nothing leads out of here.
    Ended,
}

/// Why a session cannot be continued on a new connection. The client is welcomed anew and joins again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The session never got past `Hello`, or its resume window is over.
    #[error("the session is over")]
    Ended,
    /// The client has handled messages that were never sent: not this session's client.
    #[error("the client is ahead of the session")]
    UnknownSequence,
    /// The replay buffer overflowed: messages after the client's last one are gone.
    #[error("messages since then are no longer kept")]
    ReplayGone,
}

/// Why a message could not be sent: a fault of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The session is over; the message would not have mattered.
    #[error("the session is over")]
    Ended,
    /// Messages of this kind are not sent in this state, or are the session's own (`Welcome`, `Pong`).
    #[error("not a message for state {0:?}")]
    WrongState(State),
    /// The message is over [`MAX_MESSAGE_BYTES`](crate::wire::MAX_MESSAGE_BYTES); split snapshots into a first and further updates.
    #[error("message of {0} bytes is too large")]
    TooLarge(usize),
}

/// What a session tells its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// No `Hello` in time: close the connection (1008). The state is [`State::Ended`].
    HelloTimeout,
    /// Nothing heard for too long: close the connection and call [`ServerSession::connection_lost`](super::ServerSession::connection_lost).
    IdleTimeout,
    /// The client takes messages too slowly; what it has not taken is partly gone. Close the connection (1013) and call
    /// [`ServerSession::connection_lost`](super::ServerSession::connection_lost).
    Overrun,
    /// The connection has been gone for the chat grace: withdraw the chat membership until the session resumes.
    ChatGraceOver,
    /// The connection has been gone for the whole window. The state is [`State::Ended`].
    ResumeWindowOver,
}

/// What the host knows once it has checked a `Hello`.
#[derive(Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Name of the session, for logs.
    pub session_id: String,
    /// Secret with which the client may come back: at least 128 random bits, used once.
    pub resume_token: String,
    /// Raw identifier of the caller.
    pub raw_id: String,
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("session_id", &self.session_id)
            .field("raw_id", &self.raw_id)
            .finish_non_exhaustive()
    }
}
