//! Settings of a tenant.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use anteroom_identity::id::{ResourceId, TenantId};
use serde::{Deserialize, Serialize};

use super::BotNames;

/// Settings of a tenant: of `CsTeamsMeetingConfiguration` and `CsTeamsAcsFederationConfiguration`.
///
/// The default lets anonymous participants join and federates with nobody, as Microsoft's does. Where its documentation
/// is silent or contradicts itself there is a setting of Anteroom's, with the strict reading as the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "PascalCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, as in the cmdlets"
)]
pub struct TenantSettings {
    /// `DisableAnonymousJoin`: nobody joins a meeting of this tenant anonymously.
    pub disable_anonymous_join: bool,
    /// `DisableAppInteractionForAnonymousUsers`: of apps in meetings; without effect, there are none.
    pub disable_app_interaction_for_anonymous_users: bool,
    /// `LimitPresenterRolePermissions`: presenters do not remove, mute or admit others.
    pub limit_presenter_role_permissions: bool,
    /// `EnableAcsUsers`: federation with the ACS resources below. Off, the other federation settings do not count.
    pub enable_acs_users: bool,
    /// `AllowedAcsResources`: immutable ids of the resources that federation holds for.
    pub allowed_acs_resources: BTreeSet<ResourceId>,
    /// `RequireAcsFederationForMeeting`: ACS users join by federation only, not anonymously.
    #[serde(rename = "RequireAcsFederationForMeeting")]
    pub require_acs_federation: bool,
    /// `LabelForAllowedAcsUsers`: how users of listed resources are labelled; other guests are unverified.
    pub label_for_allowed_acs_users: AcsUserLabel,
    /// `HideBannerForAllowedAcsUsers`: of a banner in Teams' own client; without effect here.
    pub hide_banner_for_allowed_acs_users: bool,
    /// `FederationOverridesAnonymousBlock`, Anteroom's: federated ACS users join even where anonymous participants may
    /// not. Off by default.
    pub federation_overrides_anonymous_block: bool,
    /// `AnonymousPresentersModerate`, Anteroom's: presenters who are anonymous admit from the lobby, mute, remove and
    /// spotlight others, as the newest documentation of ACS says; an older sentence keeps them limited whatever the role.
    /// Off by default.
    pub anonymous_presenters_moderate: bool,
    /// `TrustedTenants`, Anteroom's: organizations that are not anonymous to this one, if it is trusted in return.
    pub trusted_tenants: BTreeSet<TenantId>,
    /// `ExternalBotNames`, Anteroom's: by which names programs that join by themselves are recognised, for
    /// `ExternalBotAccessMode`. Words that such programs use, unless set; none: nothing is recognised.
    pub external_bot_names: BotNames,
    /// `CapabilityProfile`, Anteroom's: what guests can do, by the year of Microsoft's documentation.
    pub capability_profile: CapabilityProfile,
    /// `LobbyTimeoutSeconds`, Anteroom's: who waited this long in a lobby is removed. `None`: as the service has it for
    /// everybody, half an hour unless configured otherwise. Counts for calls that begin from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lobby_timeout_seconds: Option<NonZeroU32>,
}

/// How users of a listed ACS resource are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum AcsUserLabel {
    /// As everybody who is not signed in.
    #[default]
    Unverified,
    /// As people of another organization.
    External,
}

/// What guests can do, by the year of Microsoft's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum CapabilityProfile {
    /// "Join a Teams meeting" of October 2021: raising the hand, Together mode and breakout rooms are for Teams users.
    #[serde(rename = "2021")]
    Y2021,
    /// "Capabilities for Teams guests" of 2022: as before, for what this service has.
    #[serde(rename = "2022")]
    Y2022,
    /// "Teams meeting capabilities for Teams external users": with hands and reactions.
    #[default]
    #[serde(rename = "current")]
    Current,
}
