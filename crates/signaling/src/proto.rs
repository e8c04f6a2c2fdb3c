//! The message types, generated from `proto/anteroom/signaling/v1/signaling.proto`.
//!
//! Each type is a plain struct of `prost` and carries the protobuf JSON mapping as its `serde` implementation; use
//! [`wire`](crate::wire) to read and write whole messages. Types that hold tokens, links or message text print a
//! redacted `Debug`.

use std::fmt;

pub use self::generated::*;

#[allow(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::use_self,
    clippy::or_fun_call,
    clippy::str_to_string,
    clippy::cast_possible_truncation,
    reason = "generated"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/anteroom.signaling.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/anteroom.signaling.v1.serde.rs"));
}

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token: _,
            resume,
            client,
        } = self;
        f.debug_struct("Hello")
            .field("resume", resume)
            .field("client", client)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            resume_token: _,
            last_seq,
        } = self;
        f.debug_struct("Resume")
            .field("last_seq", last_seq)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken").finish_non_exhaustive()
    }
}

impl fmt::Debug for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            session_id,
            resume_token: _,
            resume_window_ms,
            resumed,
            raw_id,
            ping_interval_ms,
        } = self;
        f.debug_struct("Welcome")
            .field("session_id", session_id)
            .field("resume_window_ms", resume_window_ms)
            .field("resumed", resumed)
            .field("raw_id", raw_id)
            .field("ping_interval_ms", ping_interval_ms)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Join {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            locator,
            display_name: _,
        } = self;
        f.debug_struct("Join")
            .field("locator", locator)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for join::Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A meeting link lets people in: it is as secret as a passcode.
        f.write_str(match self {
            Self::MeetingLink(_) => "MeetingLink(..)",
            Self::MeetingId(_) => "MeetingId(..)",
            Self::RoomId(_) => "RoomId(..)",
            Self::Coordinates(_) => "Coordinates(..)",
            Self::GroupId(_) => "GroupId(..)",
        })
    }
}

impl fmt::Debug for MeetingIdLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeetingIdLocator").finish_non_exhaustive()
    }
}

impl fmt::Debug for CoordinatesLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoordinatesLocator").finish_non_exhaustive()
    }
}

impl fmt::Debug for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            participant_id,
            role,
            capabilities,
            subject: _,
            thread_id,
            call_id,
            join_url: _,
            states,
        } = self;
        f.debug_struct("Connected")
            .field("participant_id", participant_id)
            .field("role", role)
            .field("capabilities", capabilities)
            .field("thread_id", thread_id)
            .field("call_id", call_id)
            .field("states", states)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rename").finish_non_exhaustive()
    }
}

impl fmt::Debug for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            entered: _,
            left: _,
            entered_count,
            left_count,
        } = self;
        f.debug_struct("Announcement")
            .field("entered_count", entered_count)
            .field("left_count", left_count)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SendChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text,
            client_message_id,
        } = self;
        f.debug_struct("SendChat")
            .field("text_bytes", &text.len())
            .field("client_message_id", client_message_id)
            .finish()
    }
}

impl fmt::Debug for ChatMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            sender_raw_id,
            sender_display_name: _,
            text,
            created_ms,
            history,
            name_hidden,
            edited_ms,
            deleted,
        } = self;
        f.debug_struct("ChatMessage")
            .field("id", id)
            .field("sender_raw_id", sender_raw_id)
            .field("text_bytes", &text.len())
            .field("created_ms", created_ms)
            .field("history", history)
            .field("name_hidden", name_hidden)
            .field("edited_ms", edited_ms)
            .field("deleted", deleted)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Typing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            participant_id,
            raw_id,
            display_name: _,
            name_hidden,
        } = self;
        f.debug_struct("Typing")
            .field("participant_id", participant_id)
            .field("raw_id", raw_id)
            .field("name_hidden", name_hidden)
            .finish_non_exhaustive()
    }
}
