//! Running calls, in meetings, in rooms and of groups.
//!
//! | | |
//! |---|---|
//! | [`machine`] | one meeting, without sockets, storage or clock |
//! | `task` | runs a machine: one task per meeting, effects in order |
//! | [`Registry`] | finds meetings, starts their tasks, stops everything |
//! | [`passcodes`] | slows down guessing |
//! | `presence` | chat membership follows presence in the call |
//! | `chat_bridge` | what is said in the thread reaches the call, and the other way round |
//! | `live` | a call as administrators see it |
//! | [`events`] | what happens in calls, for the rest of the service |

pub(crate) mod caller;
pub(crate) mod chat_bridge;
pub mod events;
pub(crate) mod limits;
pub(crate) mod live;
pub mod machine;
pub mod passcodes;
pub(crate) mod presence;
pub mod registry;
#[cfg(test)]
mod schedules;
mod started;
mod task;

use anteroom_identity::id::ResourceId;
use anteroom_rooms::RoomId;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::wire::SharedBody;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

pub use self::events::{MeetingEvent, MeetingEvents};
pub(crate) use self::limits::Slot;
use self::machine::{Input, SessionId};
pub(crate) use self::registry::Busy;
pub use self::registry::Registry;
pub(crate) use self::task::ToMeeting;
use crate::http::auth::Caller;
use crate::meetings::MeetingRecord;
use crate::ws::signaling::connection::Connection;

/// What a session is told. Small, since the queue of every session has room for 32 of them, always.
#[derive(Debug)]
pub(crate) enum ToSession {
    /// Send this.
    Send {
        /// The request it answers, or 0.
        reply: u32,
        body: Box<Body>,
    },
    /// Send this, which others get, too.
    Share(SharedBody),
    /// Send this as the last message.
    End {
        /// The request it answers, or 0.
        reply: u32,
        body: Box<Body>,
    },
    /// The token may have become void.
    Recheck,
    /// Continue on another connection.
    Resume(Box<Resume>),
}

/// A connection that wants to continue a session.
#[derive(Debug)]
pub(crate) struct Resume {
    pub(crate) connection: Connection,
    pub(crate) caller: Caller,
    pub(crate) hello_id: u32,
    /// The resume token presented.
    pub(crate) token: String,
    pub(crate) last_seq: u64,
    /// Where the connection goes when the session does not take it.
    pub(crate) refused: oneshot::Sender<Connection>,
}

/// Where a call takes place.
#[derive(Debug, Clone)]
pub(crate) enum Venue {
    /// In a meeting.
    Meeting(Box<MeetingRecord>),
    /// In a room.
    Room(RoomId),
    /// Of users of a resource who named the same id.
    Group { resource: ResourceId, id: Uuid },
}

impl Venue {
    /// Tells venues apart: ids of meetings are UUIDs, those of rooms decimal numbers. Of bounded length.
    fn key(&self) -> String {
        match self {
            Self::Meeting(record) => record.id.clone(),
            Self::Room(id) => id.to_string(),
            Self::Group { resource, id } => format!("group:{resource}:{id}"),
        }
    }
}

/// A running meeting, as its sessions see it.
#[derive(Debug, Clone)]
pub(crate) struct MeetingHandle {
    inbox: mpsc::Sender<ToMeeting>,
}

/// The meeting's task is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MeetingGone;

impl MeetingHandle {
    /// Tells the meeting what happened to a session. Waits while the meeting is behind.
    pub(crate) async fn tell(&self, session: SessionId, input: Input) -> Result<(), MeetingGone> {
        self.inbox
            .send(ToMeeting::Session(session, Box::new(input)))
            .await
            .map_err(|_| MeetingGone)
    }
}
