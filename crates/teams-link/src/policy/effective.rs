//! What really holds of a meeting's options: policy, label, template and the options themselves on top of each other.
//!
//! A level can only take away: what one before forbids, none below allows. The tenant's own settings are not options;
//! [`admission`](crate::admission) looks at them first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    AllowedLobbyAdmitters, AllowedPresenters, LobbyScope, MeetingChat, MeetingChatPolicy, MeetingOptions,
    OrganizerPolicy, UsersCanAdmitFromLobby,
};
use crate::admission::Level;

/// What a sensitivity label or a meeting template fixes. What is left out is free.
///
/// Each names the most that is allowed; a meeting may have less. The names are those of [`MeetingOptions`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Restrictions {
    /// The widest scope of the lobby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lobby_scope: Option<LobbyScope>,
    /// False: who dials in waits in the lobby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_dial_in_bypass_enabled: Option<bool>,
    /// The most who present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_presenters: Option<AllowedPresenters>,
    /// The most who admit from the lobby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_lobby_admitters: Option<AllowedLobbyAdmitters>,
    /// The most of a chat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_meeting_chat: Option<MeetingChat>,
    /// False: attendees do not speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_attendee_to_enable_mic: Option<bool>,
    /// False: attendees send no video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_attendee_to_enable_camera: Option<bool>,
    /// False: no reactions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_teamwork_reactions: Option<bool>,
    /// False: no recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_recording: Option<bool>,
    /// False: recording does not begin by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_automatically: Option<bool>,
    /// False: the content is not to be copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_copying_and_sharing_meeting_content: Option<bool>,
    /// True: end-to-end encryption, so that guests cannot join.
    #[serde(
        rename = "isEndToEndEncryptionEnabled",
        skip_serializing_if = "Option::is_none"
    )]
    pub e2ee: Option<bool>,
    /// True: what is shared and cameras are watermarked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<bool>,
}

/// All levels of one meeting.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The policy that applies to the organizer.
    pub organizer: &'a OrganizerPolicy,
    /// What the meeting's sensitivity label fixes.
    pub label: Option<&'a Restrictions>,
    /// What the meeting's template fixes.
    pub template: Option<&'a Restrictions>,
    /// The meeting's own options.
    pub options: &'a MeetingOptions,
}

/// The options that really hold, and which level they are from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Effective {
    /// The meeting's options after what the other levels take away.
    pub options: MeetingOptions,
    /// Which level an option was lowered by, by Graph's name of the option. Options that are not here are the meeting's.
    pub origins: BTreeMap<&'static str, Level>,
}

/// Puts the levels on top of each other.
#[must_use]
pub fn effective(sources: &Sources<'_>) -> Effective {
    let mut effective = Effective {
        options: sources.options.clone(),
        origins: BTreeMap::new(),
    };
    // From the weakest to the strongest, so that the strongest of several that agree is the one that is named.
    if let Some(template) = sources.template {
        effective.restrict(template, Level::Template);
    }
    if let Some(label) = sources.label {
        effective.restrict(label, Level::Label);
    }
    effective.obey(sources.organizer);
    effective
}

impl Effective {
    fn obey(&mut self, policy: &OrganizerPolicy) {
        let most = Restrictions {
            is_dial_in_bypass_enabled: Some(policy.allow_pstn_users_to_bypass_lobby),
            allowed_lobby_admitters: match policy.users_can_admit_from_lobby {
                UsersCanAdmitFromLobby::OrganizersAndPresentersOnly => None,
                UsersCanAdmitFromLobby::OrganizerAndCoOrganizersOnly => {
                    Some(AllowedLobbyAdmitters::OrganizerAndCoOrganizers)
                }
            },
            allow_meeting_chat: (policy.meeting_chat == MeetingChatPolicy::Disabled)
                .then_some(MeetingChat::Disabled),
            allow_teamwork_reactions: Some(policy.allow_meeting_reactions),
            allow_recording: Some(policy.allow_cloud_recording),
            ..Restrictions::default()
        };
        self.restrict(&most, Level::Policy);
        let options = &mut self.options;
        let lowered = [
            (
                "allowTranscription",
                lower(&mut options.allow_transcription, policy.allow_transcription),
            ),
            (
                "allowParticipantsToChangeName",
                lower(
                    &mut options.allow_participants_to_change_name,
                    policy.participant_name_change.is_enabled(),
                ),
            ),
            (
                "watermarkProtection",
                lower(
                    &mut options.watermark_protection.is_enabled_for_content_sharing,
                    policy.allow_watermark_for_screen_sharing,
                ) | lower(
                    &mut options.watermark_protection.is_enabled_for_video,
                    policy.allow_watermark_for_camera_video,
                ),
            ),
        ];
        self.note(lowered, Level::Policy);
    }

    fn restrict(&mut self, most: &Restrictions, level: Level) {
        let options = &mut self.options;
        let mut lowered = vec![
            (
                "lobbyBypassSettings.scope",
                narrow(&mut options.lobby.scope, most.lobby_scope),
            ),
            (
                "allowedPresenters",
                narrow(&mut options.allowed_presenters, most.allowed_presenters),
            ),
            (
                "allowedLobbyAdmitters",
                narrow(&mut options.allowed_lobby_admitters, most.allowed_lobby_admitters),
            ),
            (
                "allowMeetingChat",
                narrow(&mut options.allow_meeting_chat, most.allow_meeting_chat),
            ),
        ];
        let switches = [
            (
                "lobbyBypassSettings.isDialInBypassEnabled",
                &mut options.lobby.is_dial_in_bypass_enabled,
                most.is_dial_in_bypass_enabled,
            ),
            (
                "allowAttendeeToEnableMic",
                &mut options.allow_attendee_to_enable_mic,
                most.allow_attendee_to_enable_mic,
            ),
            (
                "allowAttendeeToEnableCamera",
                &mut options.allow_attendee_to_enable_camera,
                most.allow_attendee_to_enable_camera,
            ),
            (
                "allowTeamworkReactions",
                &mut options.allow_teamwork_reactions,
                most.allow_teamwork_reactions,
            ),
            (
                "allowRecording",
                &mut options.allow_recording,
                most.allow_recording,
            ),
            (
                "recordAutomatically",
                &mut options.record_automatically,
                most.record_automatically,
            ),
            (
                "allowCopyingAndSharingMeetingContent",
                &mut options.allow_copying_and_sharing_meeting_content,
                most.allow_copying_and_sharing_meeting_content,
            ),
        ];
        for (name, value, most) in switches {
            lowered.push((name, lower(value, most.unwrap_or(true))));
        }
        // Protection is the other way round: it is what a level may add.
        if most.e2ee == Some(true) && !options.e2ee {
            options.e2ee = true;
            lowered.push(("isEndToEndEncryptionEnabled", true));
        }
        if most.watermark == Some(true) {
            let watermark = &mut options.watermark_protection;
            let is_new = !(watermark.is_enabled_for_content_sharing && watermark.is_enabled_for_video);
            watermark.is_enabled_for_content_sharing = true;
            watermark.is_enabled_for_video = true;
            lowered.push(("watermarkProtection", is_new));
        }
        self.note(lowered, level);
    }

    fn note(&mut self, lowered: impl IntoIterator<Item = (&'static str, bool)>, level: Level) {
        for (name, lowered) in lowered {
            if lowered {
                self.origins.insert(name, level);
            }
        }
    }
}

/// Turns a switch off where it is not allowed; whether that changed anything.
const fn lower(value: &mut bool, allowed: bool) -> bool {
    let lowered = *value && !allowed;
    *value &= allowed;
    lowered
}

/// Brings a value down to the most that is allowed; whether that changed anything.
fn narrow<T: Breadth>(value: &mut T, most: Option<T>) -> bool {
    match most {
        Some(most) if most.breadth() < value.breadth() => {
            *value = most;
            true
        }
        _ => false,
    }
}

/// How much a value allows, compared with others of its kind.
pub(crate) trait Breadth: Copy {
    fn breadth(self) -> u8;
}

impl Breadth for LobbyScope {
    /// Invited people may be of other organizations; but they are named, one by one.
    fn breadth(self) -> u8 {
        match self {
            Self::Organizer => 0,
            Self::Invited => 1,
            Self::OrganizationExcludingGuests => 2,
            Self::Organization => 3,
            Self::OrganizationAndFederated => 4,
            Self::Everyone => 5,
        }
    }
}

impl Breadth for AllowedPresenters {
    fn breadth(self) -> u8 {
        match self {
            Self::Organizer => 0,
            Self::RoleIsPresenter => 1,
            Self::Organization => 2,
            Self::Everyone => 3,
        }
    }
}

impl Breadth for AllowedLobbyAdmitters {
    fn breadth(self) -> u8 {
        match self {
            Self::OrganizerAndCoOrganizers => 0,
            Self::OrganizerAndCoOrganizersAndPresenters => 1,
        }
    }
}

impl Breadth for MeetingChat {
    fn breadth(self) -> u8 {
        match self {
            Self::Disabled => 0,
            Self::Limited => 1,
            Self::Enabled => 2,
        }
    }
}
