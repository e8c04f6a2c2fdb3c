//! The policy that holds for an organizer's meetings.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Policy of an organizer: of `CsTeamsMeetingPolicy` and `CsExternalAccessPolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "PascalCase")]
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
    /// `EnableAcsFederationAccess`, on by default: counts where the tenant has federation on.
    pub enable_acs_federation_access: bool,
    /// `CaptchaVerificationForMeetingJoin`, not required by default.
    #[serde(rename = "CaptchaVerificationForMeetingJoin")]
    pub captcha_verification: CaptchaVerification,
    /// `MeetingChatEnabledType`, enabled by default.
    #[serde(rename = "MeetingChatEnabledType")]
    pub meeting_chat: MeetingChatPolicy,
}

impl Default for OrganizerPolicy {
    fn default() -> Self {
        Self {
            allow_anonymous_join: true,
            allow_anonymous_start: false,
            blocked_client_types: BTreeSet::new(),
            enable_acs_federation_access: true,
            captcha_verification: CaptchaVerification::NotRequired,
            meeting_chat: MeetingChatPolicy::Enabled,
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
