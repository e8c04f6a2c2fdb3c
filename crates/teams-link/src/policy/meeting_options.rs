//! Options of one meeting.

use std::collections::BTreeSet;

use anteroom_identity::id::ObjectId;
use serde::{Deserialize, Serialize};

/// Options of a meeting, named as in Graph's `onlineMeeting`.
///
/// `isLocked` and `kind` are Anteroom's: Teams has the first as an action in the call, and tells kinds by other resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, as in Graph's resource"
)]
pub struct MeetingOptions {
    /// What kind of meeting it is.
    pub kind: MeetingKind,
    /// Who gets past the lobby.
    #[serde(rename = "lobbyBypassSettings")]
    pub lobby: LobbyBypassSettings,
    /// Who may present.
    pub allowed_presenters: AllowedPresenters,
    /// Who may admit from the lobby.
    pub allowed_lobby_admitters: AllowedLobbyAdmitters,
    /// Whether the meeting has a chat.
    pub allow_meeting_chat: MeetingChat,
    /// Whether who is added later sees what was said before.
    pub share_meeting_chat_history_default: ShareChatHistory,
    /// Whether attendees may speak.
    pub allow_attendee_to_enable_mic: bool,
    /// Whether attendees may send camera video.
    pub allow_attendee_to_enable_camera: bool,
    /// Whether reactions are on.
    pub allow_teamwork_reactions: bool,
    /// Whether the meeting may be recorded.
    pub allow_recording: bool,
    /// Whether the meeting may be transcribed.
    pub allow_transcription: bool,
    /// Whether recording begins with the meeting.
    pub record_automatically: bool,
    /// Whether chat and shared content may be copied; a wish to clients, which nobody can enforce.
    pub allow_copying_and_sharing_meeting_content: bool,
    /// Whether coming and going is announced.
    pub is_entry_exit_announced: bool,
    /// Whether there may be breakout rooms.
    pub allow_breakout_rooms: bool,
    /// Whether there may be a whiteboard.
    pub allow_whiteboard: bool,
    /// Whether PowerPoint Live may be used.
    #[serde(rename = "allowPowerPointSharing")]
    pub allow_powerpoint_sharing: bool,
    /// Whether Live Share may be used.
    pub allow_live_share: LiveShare,
    /// Whether participants may change the name others see.
    pub allow_participants_to_change_name: bool,
    /// What is watermarked. Guests cannot receive watermarked streams.
    pub watermark_protection: WatermarkProtection,
    /// Participants with these roles are shown to each other without names.
    pub anonymize_identity_for_roles: BTreeSet<AttendeeRole>,
    /// `isEndToEndEncryptionEnabled`: guests cannot join.
    #[serde(rename = "isEndToEndEncryptionEnabled")]
    pub e2ee: bool,
    /// `isLocked`: nobody joins any more, except the organizer and co-organizers, who alone can unlock.
    #[serde(rename = "isLocked")]
    pub locked: bool,
    /// `isGreenRoomEnabled`, Anteroom's: until the meeting is begun, presenters are in the call and attendees wait.
    pub is_green_room_enabled: bool,
    /// Name of the sensitivity label, whose restrictions hold; one of the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity_label: Option<String>,
    /// Name of the meeting template, whose restrictions hold; one of the tenant's.
    #[serde(rename = "meetingTemplateId", skip_serializing_if = "Option::is_none")]
    pub meeting_template: Option<String>,
    /// Who is invited, as in `participants.attendees`; directory users only.
    pub attendees: Vec<Attendee>,
}

impl Default for MeetingOptions {
    fn default() -> Self {
        Self {
            kind: MeetingKind::default(),
            lobby: LobbyBypassSettings::default(),
            allowed_presenters: AllowedPresenters::default(),
            allowed_lobby_admitters: AllowedLobbyAdmitters::default(),
            allow_meeting_chat: MeetingChat::default(),
            share_meeting_chat_history_default: ShareChatHistory::default(),
            allow_attendee_to_enable_mic: true,
            allow_attendee_to_enable_camera: true,
            allow_teamwork_reactions: true,
            allow_recording: true,
            allow_transcription: true,
            record_automatically: false,
            allow_copying_and_sharing_meeting_content: true,
            is_entry_exit_announced: true,
            allow_breakout_rooms: true,
            allow_whiteboard: true,
            allow_powerpoint_sharing: true,
            allow_live_share: LiveShare::default(),
            allow_participants_to_change_name: false,
            watermark_protection: WatermarkProtection::default(),
            anonymize_identity_for_roles: BTreeSet::new(),
            e2ee: false,
            locked: false,
            is_green_room_enabled: false,
            sensitivity_label: None,
            meeting_template: None,
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

/// What kind of meeting it is; not all can be joined by guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MeetingKind {
    /// Scheduled, with invitations.
    #[default]
    Scheduled,
    /// Begun at once.
    MeetNow,
    /// Of a channel: guests have no chat.
    Channel,
    /// With registration; not for guests.
    Webinar,
    /// For an audience; not for guests.
    TownHall,
    /// The retired broadcast; not for guests.
    LiveEvent,
}

/// `lobbyBypassSettings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct LobbyBypassSettings {
    /// Who gets past the lobby.
    pub scope: LobbyScope,
    /// Whether who dials in gets past it.
    pub is_dial_in_bypass_enabled: bool,
}

impl From<LobbyScope> for LobbyBypassSettings {
    fn from(scope: LobbyScope) -> Self {
        Self {
            scope,
            ..Self::default()
        }
    }
}

/// Whether who is added to the chat later sees what was said before. Guests never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ShareChatHistory {
    /// All of it.
    #[default]
    All,
    /// Nothing.
    None,
}

/// Whether Live Share may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LiveShare {
    /// It may.
    #[default]
    Enabled,
    /// It may not.
    Disabled,
}

/// `watermarkProtection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct WatermarkProtection {
    /// Of what is shared.
    pub is_enabled_for_content_sharing: bool,
    /// Of cameras.
    pub is_enabled_for_video: bool,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
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
