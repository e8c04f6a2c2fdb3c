//! Options of one meeting.

use anteroom_identity::id::ObjectId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Options of a meeting, named as in Graph's `onlineMeeting`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct MeetingOptions {
    /// `lobbyBypassSettings.scope`: who gets past the lobby.
    #[serde(rename = "lobbyBypassSettings", with = "lobby_bypass_settings")]
    pub lobby_scope: LobbyScope,
    /// Who may present.
    pub allowed_presenters: AllowedPresenters,
    /// Who may admit from the lobby.
    pub allowed_lobby_admitters: AllowedLobbyAdmitters,
    /// Whether the meeting has a chat.
    pub allow_meeting_chat: MeetingChat,
    /// Whether attendees may speak.
    pub allow_attendee_to_enable_mic: bool,
    /// Whether attendees may send camera video.
    pub allow_attendee_to_enable_camera: bool,
    /// `isEndToEndEncryptionEnabled`: guests cannot join.
    #[serde(rename = "isEndToEndEncryptionEnabled")]
    pub e2ee: bool,
    /// `isLocked`, an option of Anteroom (Teams has it as an action in the call): nobody joins any more, except the
    /// organizer and co-organizers, who alone can unlock.
    #[serde(rename = "isLocked")]
    pub locked: bool,
    /// Who is invited, as in `participants.attendees`; directory users only.
    pub attendees: Vec<Attendee>,
}

impl Default for MeetingOptions {
    fn default() -> Self {
        Self {
            lobby_scope: LobbyScope::default(),
            allowed_presenters: AllowedPresenters::default(),
            allowed_lobby_admitters: AllowedLobbyAdmitters::default(),
            allow_meeting_chat: MeetingChat::default(),
            allow_attendee_to_enable_mic: true,
            allow_attendee_to_enable_camera: true,
            e2ee: false,
            locked: false,
            attendees: Vec::new(),
        }
    }
}

impl MeetingOptions {
    /// The invitation of a directory user.
    #[must_use]
    pub fn attendee(&self, user: ObjectId) -> Option<&Attendee> {
        self.attendees.iter().find(|attendee| attendee.id == user)
    }
}

/// Who gets past the lobby. Others wait until somebody admits them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LobbyScope {
    /// The organizer and co-organizers.
    Organizer,
    /// The organization, its guest accounts included.
    #[default]
    Organization,
    /// The organization without its guest accounts.
    OrganizationExcludingGuests,
    /// The organization and those it trusts.
    OrganizationAndFederated,
    /// Who is invited.
    Invited,
    /// Everyone, once the meeting has started.
    Everyone,
}

/// Who may present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AllowedPresenters {
    /// Everyone, guests included.
    #[default]
    Everyone,
    /// The organization.
    Organization,
    /// Who is invited as a presenter.
    RoleIsPresenter,
    /// The organizer and co-organizers.
    Organizer,
}

/// Who may admit from the lobby.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AllowedLobbyAdmitters {
    /// Presenters, too.
    #[default]
    OrganizerAndCoOrganizersAndPresenters,
    /// Organizer and co-organizers only.
    OrganizerAndCoOrganizers,
}

/// Whether a meeting has a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MeetingChat {
    /// Always.
    #[default]
    Enabled,
    /// Never.
    Disabled,
    /// While the call runs; for guests the same as [`Enabled`](Self::Enabled).
    Limited,
}

/// A directory user who is invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attendee {
    /// The user.
    pub id: ObjectId,
    /// What the user is invited as.
    #[serde(default)]
    pub role: AttendeeRole,
}

/// What somebody is invited as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttendeeRole {
    /// Takes part.
    #[default]
    Attendee,
    /// Presents.
    Presenter,
    /// Helps the organizer.
    CoOrganizer,
}

/// `{"scope": …}`, one object more than the domain needs.
mod lobby_bypass_settings {
    use super::{Deserialize, Deserializer, LobbyScope, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Settings {
        #[serde(default)]
        scope: LobbyScope,
    }

    pub(super) fn serialize<S: Serializer>(scope: &LobbyScope, serializer: S) -> Result<S::Ok, S::Error> {
        Settings { scope: *scope }.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LobbyScope, D::Error> {
        Ok(Settings::deserialize(deserializer)?.scope)
    }
}
