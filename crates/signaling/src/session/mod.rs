//! One participant's signaling session, as a machine without sockets or clock.
//!
//! [`ServerSession`] is the server's end: it checks the order of what the client says, numbers what the server says,
//! keeps it until the client has it, and lets the session outlive a dropped connection. [`ClientSession`] is the other
//! end: it repeats requests that were cut off, drops what it has seen, and acknowledges.
//!
//! ```text
//!  AwaitHello ──accept──▶ AwaitJoin ──Join──▶ Joining ──send(Lobby)──▶ Lobby ──send(Connected)──▶ InCall
//!      │                      │                  │ └───────send(Connected)────────────────────▶   │
//!      └───────── send(Denied), send(Ended), hello time-out, resume window over ──────────────────┴──▶ Ended
//! ```
//!
//! # Reconnecting
//!
//! Every server message but `Welcome`, `Pong`, `Speaking`, `Reaction`, `Demand` and `Typing` has a number, from 1 and
//! without gaps, and stays in a replay buffer until the client acknowledges it. When the connection drops, the session goes on for
//! [`SessionConfig::resume_window`]; a new connection that presents the resume token gets the messages after the last
//! one it has handled, in order and once. The buffer is bounded by count and bytes: once a message that the client has
//! not acknowledged had to be dropped, the session can no longer be resumed ([`ResumeError::ReplayGone`]) and the client
//! joins again.
//!
//! Requests are carried out once as well: ids increase within a session, a client repeats the requests it has no
//! answer to, and the server ignores an id it has had, since the answer is in the replay buffer.

mod client;
mod replay;
mod request;
mod server;
mod state;
mod timer;

use std::time::Duration;

pub use self::client::{ClientConfig, ClientSession, Incoming, NotConnected, ProtocolViolation};
pub use self::request::{JoinLocator, Refused, Request};
pub use self::server::ServerSession;
pub use self::state::{Accepted, ResumeError, SendError, SessionEvent, State};
use crate::proto::server_message::Body;

/// Intervals and limits of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionConfig {
    /// How long a connection may take to send `Hello`. 10 s.
    pub hello_timeout: Duration,
    /// How long a session outlives its connection. 30 s.
    pub resume_window: Duration,
    /// How long after the connection dropped the participant keeps its chat membership. 5 s; shorter than
    /// `resume_window`.
    pub chat_grace: Duration,
    /// How often a silent client pings. 15 s.
    pub ping_interval: Duration,
    /// How long a connection may be silent before it counts as dead: two and a half ping intervals, so that one ping
    /// may get lost in a stall.
    pub idle_timeout: Duration,
    /// Most messages kept for replay. 1024.
    pub replay_messages: usize,
    /// Most bytes kept for replay, as protobuf. 1 MiB.
    pub replay_bytes: usize,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            hello_timeout: Duration::from_secs(10),
            resume_window: Duration::from_secs(30),
            chat_grace: Duration::from_secs(5),
            ping_interval: Duration::from_secs(15),
            idle_timeout: Duration::from_millis(37_500),
            replay_messages: 1024,
            replay_bytes: 1024 * 1024,
        }
    }
}

/// Whether messages of this kind are numbered and sent again after a reconnect.
#[must_use]
pub const fn is_replayed(body: &Body) -> bool {
    !matches!(
        body,
        Body::Welcome(_)
            | Body::Pong(_)
            | Body::Speaking(_)
            | Body::Reaction(_)
            | Body::Demand(_)
            | Body::Typing(_)
    )
}
