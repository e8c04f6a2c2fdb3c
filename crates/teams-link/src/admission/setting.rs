//! What the decision looks at, by the names administrators know.

use std::fmt;

/// Where a setting is made; each level can only take away from what the ones before leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The link itself.
    Link,
    /// The service that hosts the meeting.
    Service,
    /// The tenant.
    Tenant,
    /// The organizer's policy.
    Policy,
    /// A sensitivity label.
    Label,
    /// A meeting template.
    Template,
    /// The meeting's options.
    Meeting,
    /// What is the case in the meeting right now.
    Moment,
}

impl Level {
    /// The name in JSON and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Service => "service",
            Self::Tenant => "tenant",
            Self::Policy => "policy",
            Self::Label => "label",
            Self::Template => "template",
            Self::Meeting => "meeting",
            Self::Moment => "moment",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! settings {
    ($($variant:ident = $level:ident, $name:literal, $who:literal, $how:literal;)*) => {
        /// Something the decision looks at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Setting {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Setting {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name: of the cmdlet's parameter, of Graph's property, or in words.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Where it is made.
            #[must_use]
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)*
                }
            }

            /// Who can change it.
            #[must_use]
            pub const fn changed_by(self) -> &'static str {
                match self {
                    $(Self::$variant => $who,)*
                }
            }

            /// How it is changed: the cmdlet or the Graph request, or what to do.
            #[must_use]
            pub const fn how(self) -> &'static str {
                match self {
                    $(Self::$variant => $how,)*
                }
            }
        }
    };
}

settings! {
    LinkForm = Link, "the form of the link", "the sender of the invitation",
        "Paste the link from the calendar entry, unchanged.";
    Cloud = Link, "the cloud of the link", "nobody",
        "Join from an application in the same cloud.";
    MeetingKind = Meeting, "the kind of meeting", "the organizer",
        "Schedule an ordinary meeting.";
    MeetingKnown = Service, "whether the meeting is hosted here", "the organizer",
        "Check that the link is whole and of this service.";
    Expiry = Service, "expiryDateTime", "the organizer",
        "Change the meeting's times: a link lives for 60 days after the end.";
    Passcode = Link, "joinMeetingIdSettings.passcode", "the sender of the invitation",
        "Use the passcode of the invitation.";
    DisplayName = Link, "the display name", "the guest",
        "Give a name of 1 to 256 characters that can be shown.";
    E2ee = Meeting, "onlineMeeting.isEndToEndEncryptionEnabled", "the organizer",
        "Turn end-to-end encryption of the meeting off.";
    EnableAcsUsers = Tenant, "CsTeamsAcsFederationConfiguration.EnableAcsUsers", "a Teams administrator",
        "Set-CsTeamsAcsFederationConfiguration -EnableAcsUsers $true";
    AllowedAcsResources = Tenant, "CsTeamsAcsFederationConfiguration.AllowedAcsResources", "a Teams administrator",
        "Set-CsTeamsAcsFederationConfiguration -AllowedAcsResources @{Add='<immutable resource id>'}";
    RequireAcsFederation = Tenant, "CsTeamsAcsFederationConfiguration.RequireAcsFederationForMeeting", "a Teams administrator",
        "Set-CsTeamsAcsFederationConfiguration -RequireAcsFederationForMeeting $false";
    EnableAcsFederationAccess = Policy, "CsExternalAccessPolicy.EnableAcsFederationAccess", "a Teams administrator",
        "Set-CsExternalAccessPolicy -Identity <policy> -EnableAcsFederationAccess $true";
    FederationOverridesAnonymousBlock = Tenant, "FederationOverridesAnonymousBlock", "a Teams administrator",
        "Set FederationOverridesAnonymousBlock to true in the tenant's settings (a setting of Anteroom).";
    TrustedTenants = Tenant, "TrustedTenants", "a Teams administrator",
        "Add the organization to TrustedTenants, on both sides (a setting of Anteroom).";
    DisableAnonymousJoin = Tenant, "CsTeamsMeetingConfiguration.DisableAnonymousJoin", "a Teams administrator",
        "Set-CsTeamsMeetingConfiguration -DisableAnonymousJoin $false";
    AllowAnonymousJoin = Policy, "CsTeamsMeetingPolicy.AllowAnonymousUsersToJoinMeeting", "a Teams administrator",
        "Set-CsTeamsMeetingPolicy -Identity <policy> -AllowAnonymousUsersToJoinMeeting $true";
    BlockedClientTypes = Policy, "CsTeamsMeetingPolicy.BlockedAnonymousJoinClientTypes", "a Teams administrator",
        "Set-CsTeamsMeetingPolicy -Identity <policy> -BlockedAnonymousJoinClientTypes <without this type>";
    Locked = Meeting, "onlineMeeting.isLocked", "the organizer or a co-organizer",
        "Unlock the meeting.";
    Capacity = Service, "the number of participants", "nobody",
        "Wait until somebody leaves.";
    Captcha = Policy, "CsTeamsMeetingPolicy.CaptchaVerificationForMeetingJoin", "a Teams administrator",
        "Set-CsTeamsMeetingPolicy -Identity <policy> -CaptchaVerificationForMeetingJoin NotRequired";
    ExternalBots = Policy, "CsTeamsMeetingPolicy.ExternalBotAccessMode", "a Teams administrator",
        "Set-CsTeamsMeetingPolicy -Identity <policy> -ExternalBotAccessMode AllowAll";
    LobbyScope = Meeting, "onlineMeeting.lobbyBypassSettings.scope", "the organizer or a co-organizer",
        "PATCH /users/<organizer>/onlineMeetings/<id> {\"lobbyBypassSettings\":{\"scope\":\"everyone\"}}";
    DialInBypass = Meeting, "onlineMeeting.lobbyBypassSettings.isDialInBypassEnabled", "the organizer or a co-organizer",
        "PATCH /users/<organizer>/onlineMeetings/<id> {\"lobbyBypassSettings\":{\"isDialInBypassEnabled\":true}}";
    AllowAnonymousStart = Policy, "CsTeamsMeetingPolicy.AllowAnonymousUsersToStartMeeting", "a Teams administrator",
        "Set-CsTeamsMeetingPolicy -Identity <policy> -AllowAnonymousUsersToStartMeeting $true";
    Started = Moment, "whether somebody of the organization is or was in the call", "anybody of the organization",
        "Join as a user of the organization.";
    AllowedPresenters = Meeting, "onlineMeeting.allowedPresenters", "the organizer or a co-organizer",
        "PATCH /users/<organizer>/onlineMeetings/<id> {\"allowedPresenters\":\"everyone\"}";
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
