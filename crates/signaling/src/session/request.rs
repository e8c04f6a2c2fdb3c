//! What a client asks for, and whether it has an acceptable size.

use std::fmt;

use thiserror::Error;

use crate::proto::{
    Admit, CoordinatesLocator, Hello, Join, MediaState, MuteParticipants, Offer, Preflight, RefreshToken,
    Reject, Remove, Rename, Resume, SendChat, SendReaction, SendReadReceipt, SetAttendeeMedia, SetHand,
    SetRecording, SetRole, SetViews, Spotlight, TrackView, join,
};

/// Longest `Hello.token` and `RefreshToken.token`, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// Longest `Hello.client`, in characters.
const MAX_CLIENT_CHARS: usize = 256;
/// Longest meeting link, meeting id, passcode or other member of a locator, in bytes.
const MAX_LOCATOR_BYTES: usize = 8 * 1024;
/// Longest display name that is passed on for a proper check, in bytes (256 characters of UTF-8).
const MAX_NAME_BYTES: usize = 1024;
/// Longest chat text, in bytes.
const MAX_CHAT_BYTES: usize = 28_672;
/// Longest `SendChat.client_message_id`, in characters.
const MAX_CLIENT_MESSAGE_ID_CHARS: usize = 64;
/// Longest `SendReadReceipt.message_id`, in bytes.
const MAX_MESSAGE_ID_BYTES: usize = 64;
/// Most sections an offer may name, and most participants a request may.
const MAX_LIST: usize = 1024;

/// What a client asks the host for. The number to answer to is [`ClientMessage::id`](crate::proto::ClientMessage).
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// First message of a connection. Check the token, then [`ServerSession::accept`](super::ServerSession::accept) or send
    /// [`Denied`](crate::proto::Denied); with `resume`, look for the earlier session and [`ServerSession::resume`](super::ServerSession::resume) that one.
    Hello(Hello),
    /// Enter a meeting. The state is [`State::Joining`](super::State::Joining) until the host sends `Lobby`, `Connected` or `Denied`.
    Join {
        /// Which meeting.
        locator: JoinLocator,
        /// As sent; not validated beyond its length.
        display_name: String,
    },
    /// A session description to answer for a connection that carries nothing; only in [`State::AwaitJoin`](super::State::AwaitJoin).
    Preflight(Preflight),
    /// Go on with a fresh token. Check it, and that it is of the same user, then [`Done`](crate::proto::Done) or an error.
    RefreshToken(RefreshToken),
    /// A session description to answer.
    Offer(Offer),
    /// The answer to the last offer has been set.
    ConfirmAnswer,
    /// The caller muted or unmuted, turned the camera on or off, …
    MediaState(MediaState),
    /// Say something in the meeting's chat. 1 to 28 672 bytes.
    SendChat(SendChat),
    /// Say that the caller is typing.
    SendTyping,
    /// Say that the caller has read the chat up to this message; not validated beyond its length.
    SendReadReceipt {
        /// The message's id.
        message_id: String,
    },
    /// Let participants in from the lobby.
    Admit(Admit),
    /// Refuse participants in the lobby.
    Reject(Reject),
    /// Remove participants from the call.
    Remove(Remove),
    /// End the meeting for everyone.
    EndMeeting,
    /// Raise or lower a hand.
    SetHand(SetHand),
    /// Show a reaction.
    SendReaction(SendReaction),
    /// Put participants in the spotlight, or take them out.
    Spotlight(Spotlight),
    /// Mute participants.
    MuteParticipants(MuteParticipants),
    /// Allow or forbid attendees microphone and camera.
    SetAttendeeMedia(SetAttendeeMedia),
    /// Give a participant another role.
    SetRole(SetRole),
    /// Change the caller's name; not validated beyond its length.
    Rename(Rename),
    /// Lock or unlock the meeting.
    LockMeeting {
        /// Lock.
        locked: bool,
    },
    /// Say that recording or transcription runs, or no longer does.
    SetRecording(SetRecording),
    /// Agree to being recorded.
    GrantConsent,
    /// Begin the meeting.
    StartMeeting,
    /// Say what is shown of the pictures received: at most 1,024 tracks.
    SetViews(Vec<TrackView>),
    /// Leave the call or the lobby. The host answers with `Ended`.
    Leave,
}

/// Which meeting a client wants to enter.
#[derive(Clone, PartialEq, Eq)]
pub enum JoinLocator {
    /// A meeting link, as the client has it.
    MeetingLink(String),
    /// A meeting id with its passcode, empty when there is none.
    MeetingId {
        /// Digits, possibly in groups.
        meeting_id: String,
        /// As printed in the invitation.
        passcode: String,
    },
    /// The id of an ACS room.
    RoomId(String),
    /// Where a meeting's chat and its organizer are.
    Coordinates {
        /// `19:meeting_…@thread.v2`.
        thread_id: String,
        /// Object id of the organizer.
        organizer_id: String,
        /// The organizer's tenant.
        tenant_id: String,
        /// `0`, or a message of a channel.
        message_id: String,
    },
    /// The GUID of a group call.
    GroupId(String),
}

impl fmt::Debug for JoinLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MeetingLink(_) => "MeetingLink(..)",
            Self::MeetingId { .. } => "MeetingId(..)",
            Self::RoomId(_) => "RoomId(..)",
            Self::Coordinates { .. } => "Coordinates(..)",
            Self::GroupId(_) => "GroupId(..)",
        })
    }
}

/// A message was refused. The client has been told, and the session goes on unless its state is [`State::Ended`](super::State::Ended).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("refused ({key}): {message}")]
pub struct Refused {
    /// As in the `Error` message: `malformed`, `not_in_call`, `too_large`, ….
    pub key: &'static str,
    /// A sentence for a developer.
    pub message: &'static str,
}

/// Refuses a `Hello` that is larger than any in good faith.
pub(super) fn check_hello(hello: &Hello) -> Result<(), Refused> {
    let Hello {
        token,
        resume,
        client,
    } = hello;
    let resume_bytes = resume.as_ref().map_or(
        0,
        |Resume {
             resume_token,
             last_seq: _,
         }| resume_token.len(),
    );
    if token.len() > MAX_TOKEN_BYTES
        || resume_bytes > MAX_TOKEN_BYTES
        || client.chars().count() > MAX_CLIENT_CHARS
    {
        return Err(Refused {
            key: "too_large",
            message: "Hello is too large.",
        });
    }
    Ok(())
}

pub(super) fn refresh_token(refresh: RefreshToken) -> Result<Request, Refused> {
    if refresh.token.len() > MAX_TOKEN_BYTES {
        return Err(Refused {
            key: "too_large",
            message: "The token is too large.",
        });
    }
    Ok(Request::RefreshToken(refresh))
}

pub(super) fn join(join: Join) -> Result<Request, Refused> {
    let Join {
        locator,
        display_name,
    } = join;
    let (locator, locator_bytes) = match locator {
        None => {
            return Err(Refused {
                key: "malformed",
                message: "Join names no meeting.",
            });
        }
        Some(join::Locator::MeetingLink(link)) => {
            let bytes = link.len();
            (JoinLocator::MeetingLink(link), bytes)
        }
        Some(join::Locator::MeetingId(id)) => {
            let bytes = id.meeting_id.len().max(id.passcode.len());
            (
                JoinLocator::MeetingId {
                    meeting_id: id.meeting_id,
                    passcode: id.passcode,
                },
                bytes,
            )
        }
        Some(join::Locator::RoomId(id)) => {
            let bytes = id.len();
            (JoinLocator::RoomId(id), bytes)
        }
        Some(join::Locator::GroupId(id)) => {
            let bytes = id.len();
            (JoinLocator::GroupId(id), bytes)
        }
        Some(join::Locator::Coordinates(coordinates)) => {
            let CoordinatesLocator {
                thread_id,
                organizer_id,
                tenant_id,
                message_id,
            } = coordinates;
            let all = [&thread_id, &organizer_id, &tenant_id, &message_id];
            let bytes = all.into_iter().map(String::len).max().unwrap_or_default();
            let locator = JoinLocator::Coordinates {
                thread_id,
                organizer_id,
                tenant_id,
                message_id,
            };
            (locator, bytes)
        }
    };
    if locator_bytes > MAX_LOCATOR_BYTES {
        return Err(Refused {
            key: "too_large",
            message: "The meeting link is too long.",
        });
    }
    if display_name.len() > MAX_NAME_BYTES {
        return Err(Refused {
            key: "bad_display_name",
            message: "The display name is too long.",
        });
    }
    Ok(Request::Join {
        locator,
        display_name,
    })
}

pub(super) fn chat(chat: SendChat) -> Result<Request, Refused> {
    let SendChat {
        text,
        client_message_id,
    } = &chat;
    if text.is_empty() {
        return Err(Refused {
            key: "malformed",
            message: "The message is empty.",
        });
    }
    if text.len() > MAX_CHAT_BYTES || client_message_id.chars().count() > MAX_CLIENT_MESSAGE_ID_CHARS {
        return Err(Refused {
            key: "too_large",
            message: "The message is too large.",
        });
    }
    Ok(Request::SendChat(chat))
}

pub(super) fn read_receipt(receipt: SendReadReceipt) -> Result<Request, Refused> {
    let SendReadReceipt { message_id } = receipt;
    if message_id.is_empty() || message_id.len() > MAX_MESSAGE_ID_BYTES {
        return Err(Refused {
            key: "malformed",
            message: "The message id cannot be one.",
        });
    }
    Ok(Request::SendReadReceipt { message_id })
}

pub(super) fn rename(rename: Rename) -> Result<Request, Refused> {
    if rename.name.len() > MAX_NAME_BYTES {
        return Err(Refused {
            key: "bad_display_name",
            message: "The display name is too long.",
        });
    }
    Ok(Request::Rename(rename))
}

pub(super) fn views(views: SetViews) -> Result<Request, Refused> {
    let SetViews { views } = views;
    bounded_list(views.len())?;
    Ok(Request::SetViews(views))
}

pub(super) fn bounded_list(len: usize) -> Result<(), Refused> {
    if len > MAX_LIST {
        return Err(Refused {
            key: "too_large",
            message: "The list is too long.",
        });
    }
    Ok(())
}
