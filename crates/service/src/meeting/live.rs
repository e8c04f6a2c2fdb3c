//! A running call as administrators see it.

use std::fmt;

use serde::Serialize;

/// Who is in a call and how it stands, at a moment. `Debug` prints no names.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveCall {
    /// The meeting's stable id, or the room's.
    pub(crate) id: String,
    /// `meeting` or `room`.
    pub(crate) kind: &'static str,
    /// What it is about.
    pub(crate) subject: String,
    /// Unix milliseconds: when the first came in; absent while everybody waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since_ms: Option<i64>,
    /// Nobody else is let in.
    pub(crate) locked: bool,
    pub(crate) recording: bool,
    pub(crate) transcription: bool,
    /// Those in the call, in the order of arrival.
    pub(crate) participants: Vec<LiveParticipant>,
    /// Those in the lobby, who came first first.
    pub(crate) waiting: Vec<LiveWaiting>,
}

/// Somebody in the call.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveParticipant {
    pub(crate) name: String,
    /// `8:acs:…` or `8:orgid:…`.
    pub(crate) identity: String,
    /// `organizer`, `co_organizer`, `presenter`, `attendee`; in rooms `consumer` and `collaborator`, too.
    pub(crate) role: String,
    /// What stands beside the name, `external` or `unverified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    pub(crate) mic_muted: bool,
    pub(crate) camera_on: bool,
    pub(crate) screen_sharing: bool,
    /// The connection is lost at the moment.
    pub(crate) reconnecting: bool,
}

/// Somebody in the lobby.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LiveWaiting {
    pub(crate) name: String,
    pub(crate) identity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// Unix milliseconds.
    pub(crate) since_ms: i64,
}

impl fmt::Debug for LiveCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveCall")
            .field("id", &self.id)
            .field("participants", &self.participants.len())
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}
