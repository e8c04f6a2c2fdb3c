//! The policy that holds for an organizer's meetings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{AllowedLobbyAdmitters, AllowedPresenters, LobbyBypassSettings, LobbyScope, MeetingOptions};

/// Policy of an organizer: of `CsTeamsMeetingPolicy` and `CsExternalAccessPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "PascalCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, as in the cmdlet"
)]
pub struct OrganizerPolicy {
    /// `AllowAnonymousUsersToJoinMeeting`, on by default.
    #[serde(rename = "AllowAnonymousUsersToJoinMeeting")]
    pub allow_anonymous_join: bool,
    /// `AllowAnonymousUsersToStartMeeting`, off by default: with lobby scope `everyone`, guests may be first in.
    #[serde(rename = "AllowAnonymousUsersToStartMeeting")]
    pub allow_anonymous_start: bool,
    /// `BlockedAnonymousJoinClientTypes`, none by default.
    #[serde(rename = "BlockedAnonymousJoinClientTypes")]
    pub blocked_client_types: BTreeSet<ClientType>,
    /// `EnableAcsFederationAccess` of `CsExternalAccessPolicy`, on by default: counts where the tenant has federation on.
    pub enable_acs_federation_access: bool,
    /// `CaptchaVerificationForMeetingJoin`, not required by default.
    #[serde(rename = "CaptchaVerificationForMeetingJoin")]
    pub captcha_verification: CaptchaVerification,
    /// `MeetingChatEnabledType`, enabled by default.
    #[serde(rename = "MeetingChatEnabledType")]
    pub meeting_chat: MeetingChatPolicy,
    /// `AutoAdmittedUsers`: the lobby scope that new meetings begin with.
    pub auto_admitted_users: AutoAdmittedUsers,
    /// `UsersCanAdmitFromLobby`: who may admit at most; a meeting may allow fewer.
    pub users_can_admit_from_lobby: UsersCanAdmitFromLobby,
    /// `AllowPSTNUsersToBypassLobby`, off by default: whether meetings may let who dials in past the lobby.
    #[serde(rename = "AllowPSTNUsersToBypassLobby")]
    pub allow_pstn_users_to_bypass_lobby: bool,
    /// `AllowAnonymousUsersToDialOut`, off by default: whether guests may add phone numbers.
    pub allow_anonymous_users_to_dial_out: bool,
    /// `LobbyChat`: not released by Microsoft, without effect.
    pub lobby_chat: Switch,
    /// `AnonymousUserAuthenticationMethod`: for webinars, which guests cannot join; without effect.
    pub anonymous_user_authentication_method: AnonymousUserAuthenticationMethod,
    /// `ExternalBotAccessMode`: what becomes of programs that join by themselves, as far as `ExternalBotNames` of the tenant
    /// recognises them.
    pub external_bot_access_mode: ExternalBotAccessMode,
    /// `DesignatedPresenterRoleMode`: who presents in new meetings.
    pub designated_presenter_role_mode: DesignatedPresenterRoleMode,
    /// `ExplicitRecordingConsent`, off by default: whoever has not agreed to a recording is neither heard nor seen.
    pub explicit_recording_consent: ExplicitRecordingConsent,
    /// `AllowWatermarkForScreenSharing`, off by default: whether meetings may watermark what is shared.
    pub allow_watermark_for_screen_sharing: bool,
    /// `AllowWatermarkForCameraVideo`, off by default: whether meetings may watermark cameras.
    pub allow_watermark_for_camera_video: bool,
    /// `WatermarkForAnonymousUsers`: what guests receive of a watermarked meeting; without effect, there are no watermarks.
    pub watermark_for_anonymous_users: WatermarkForAnonymousUsers,
    /// `AttendeeIdentityMasking`, off by default: attendees see no names of each other, also where a meeting does not say so.
    pub attendee_identity_masking: Switch,
    /// `ParticipantNameChange`, off by default: whether meetings may let participants change the name others see.
    pub participant_name_change: Switch,
    /// `StreamingAttendeeMode`: view-only places beyond the limit; without effect, there are none.
    pub streaming_attendee_mode: Switch,
    /// `AllowCloudRecording`, on by default: whether meetings may be recorded.
    pub allow_cloud_recording: bool,
    /// `AllowTranscription`, on by default: whether meetings may be transcribed.
    pub allow_transcription: bool,
    /// `AllowMeetingReactions`, on by default: whether there are reactions.
    pub allow_meeting_reactions: bool,
    /// `ConditionalAccessAttendeeVerification`: without effect, with Microsoft, too.
    pub conditional_access_attendee_verification: bool,
    /// `EnablePreMeetingConsent`: without effect, with Microsoft, too.
    pub enable_pre_meeting_consent: bool,
}

impl Default for OrganizerPolicy {
    fn default() -> Self {
        Self {
            allow_anonymous_join: true,
            allow_anonymous_start: false,
            blocked_client_types: BTreeSet::new(),
            enable_acs_federation_access: true,
            captcha_verification: CaptchaVerification::default(),
            meeting_chat: MeetingChatPolicy::default(),
            auto_admitted_users: AutoAdmittedUsers::default(),
            users_can_admit_from_lobby: UsersCanAdmitFromLobby::default(),
            allow_pstn_users_to_bypass_lobby: false,
            allow_anonymous_users_to_dial_out: false,
            lobby_chat: Switch::Disabled,
            anonymous_user_authentication_method: AnonymousUserAuthenticationMethod::default(),
            external_bot_access_mode: ExternalBotAccessMode::default(),
            designated_presenter_role_mode: DesignatedPresenterRoleMode::default(),
            explicit_recording_consent: ExplicitRecordingConsent::default(),
            allow_watermark_for_screen_sharing: false,
            allow_watermark_for_camera_video: false,
            watermark_for_anonymous_users: WatermarkForAnonymousUsers::default(),
            attendee_identity_masking: Switch::Disabled,
            participant_name_change: Switch::Disabled,
            streaming_attendee_mode: Switch::Disabled,
            allow_cloud_recording: true,
            allow_transcription: true,
            allow_meeting_reactions: true,
            conditional_access_attendee_verification: false,
            enable_pre_meeting_consent: false,
        }
    }
}

impl OrganizerPolicy {
    /// The options that a new meeting of this organizer begins with.
    #[must_use]
    pub fn new_meeting(&self) -> MeetingOptions {
        MeetingOptions {
            lobby: LobbyBypassSettings {
                scope: self.auto_admitted_users.into(),
                is_dial_in_bypass_enabled: self.allow_pstn_users_to_bypass_lobby,
            },
            allowed_presenters: self.designated_presenter_role_mode.into(),
            allowed_lobby_admitters: match self.users_can_admit_from_lobby {
                UsersCanAdmitFromLobby::OrganizersAndPresentersOnly => {
                    AllowedLobbyAdmitters::OrganizerAndCoOrganizersAndPresenters
                }
                UsersCanAdmitFromLobby::OrganizerAndCoOrganizersOnly => {
                    AllowedLobbyAdmitters::OrganizerAndCoOrganizers
                }
            },
            ..MeetingOptions::default()
        }
    }
}

/// What an anonymous participant joins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ClientType {
    /// An application built on Azure Communication Services.
    #[serde(rename = "ACS")]
    Acs,
    /// Teams itself.
    Teams,
}

/// Who has to prove to be human.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum CaptchaVerification {
    /// Nobody.
    #[default]
    NotRequired,
    /// Guests and users of organizations that are not trusted.
    AnonymousUsersAndUntrustedOrganizations,
}

/// Who may use the chat of an organizer's meetings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum MeetingChatPolicy {
    /// Everyone.
    #[default]
    Enabled,
    /// Everyone but anonymous participants.
    EnabledExceptAnonymous,
    /// Nobody.
    Disabled,
}

/// Who is admitted to new meetings without waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum AutoAdmittedUsers {
    /// Everyone.
    Everyone,
    /// The organization, its guest accounts and the organizations it trusts.
    EveryoneInSameAndFederatedCompany,
    /// The organization and its guest accounts.
    #[default]
    EveryoneInCompany,
    /// The organization.
    EveryoneInCompanyExcludingGuests,
    /// Who is invited.
    InvitedUsers,
    /// The organizer and co-organizers.
    OrganizerOnly,
}

impl From<AutoAdmittedUsers> for LobbyScope {
    fn from(users: AutoAdmittedUsers) -> Self {
        match users {
            AutoAdmittedUsers::Everyone => Self::Everyone,
            AutoAdmittedUsers::EveryoneInSameAndFederatedCompany => Self::OrganizationAndFederated,
            AutoAdmittedUsers::EveryoneInCompany => Self::Organization,
            AutoAdmittedUsers::EveryoneInCompanyExcludingGuests => Self::OrganizationExcludingGuests,
            AutoAdmittedUsers::InvitedUsers => Self::Invited,
            AutoAdmittedUsers::OrganizerOnly => Self::Organizer,
        }
    }
}

/// Who may admit from the lobby, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum UsersCanAdmitFromLobby {
    /// Presenters, too.
    #[default]
    OrganizersAndPresentersOnly,
    /// The organizer and co-organizers.
    OrganizerAndCoOrganizersOnly,
}

/// On or off, in the words of the cmdlet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Switch {
    /// On.
    Enabled,
    /// Off.
    #[default]
    Disabled,
}

impl Switch {
    /// Whether it is on.
    #[must_use]
    pub const fn is_enabled(self) -> bool {
        matches!(self, Self::Enabled)
    }
}

/// What guests receive of a watermarked meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum WatermarkForAnonymousUsers {
    /// No video.
    #[default]
    JoinWithAudioOnly,
    /// Their display name as a watermark.
    WatermarkWithDisplayName,
}

/// How anonymous participants of webinars prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum AnonymousUserAuthenticationMethod {
    /// By a code sent to them.
    #[default]
    OneTimePasscode,
    /// Not at all.
    None,
}

/// What becomes of programs that join by themselves, where they are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ExternalBotAccessMode {
    /// They are like others.
    AllowAll,
    /// They wait in the lobby, whatever its scope.
    #[default]
    RequireApprovalWhenDetected,
}

/// Who presents in new meetings. With `UserOverride` the organizer may choose otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum DesignatedPresenterRoleMode {
    /// Everyone.
    #[default]
    EveryoneUserOverride,
    /// The organization.
    EveryoneInCompanyUserOverride,
    /// The organization and those it trusts.
    EveryoneInSameAndFederatedCompanyUserOverride,
    /// The organizer and co-organizers.
    OrganizerOnlyUserOverride,
}

impl From<DesignatedPresenterRoleMode> for AllowedPresenters {
    /// Graph has no scope with trusted organizations; the stricter one stands for it.
    fn from(mode: DesignatedPresenterRoleMode) -> Self {
        match mode {
            DesignatedPresenterRoleMode::EveryoneUserOverride => Self::Everyone,
            DesignatedPresenterRoleMode::EveryoneInCompanyUserOverride
            | DesignatedPresenterRoleMode::EveryoneInSameAndFederatedCompanyUserOverride => {
                Self::Organization
            }
            DesignatedPresenterRoleMode::OrganizerOnlyUserOverride => Self::Organizer,
        }
    }
}

/// Whether participants must agree to being recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ExplicitRecordingConsent {
    /// They need not.
    #[default]
    Disabled,
    /// Until they agree, they are neither heard nor seen while the meeting is recorded.
    Enabled,
    /// They are told, and not asked.
    LegitimateInterest,
}
