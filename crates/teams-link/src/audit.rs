//! What the settings allow that a tier of protection does not: Microsoft's three published tiers of meeting protection
//! ("Configure Teams meetings with three tiers of protection"), and what matters beside them when guests come from an
//! application.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

use crate::policy::{
    AllowedPresenters, Breadth as _, CaptchaVerification, ExternalBotAccessMode, LobbyScope, MeetingChat,
    MeetingOptions, OrganizerPolicy, TenantSettings, configured,
};

/// How well meetings are to be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// What every meeting should have.
    Baseline,
    /// For meetings whose content is not for everyone.
    Sensitive,
    /// For few people who know each other; guests of applications cannot join.
    HighlySensitive,
}

impl Tier {
    /// All of them, the weakest first.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Sensitive, Self::HighlySensitive];

    /// `baseline`, `sensitive`, `highly-sensitive`
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Sensitive => "sensitive",
            Self::HighlySensitive => "highly-sensitive",
        }
    }

    const fn widest_scope(self) -> LobbyScope {
        match self {
            Self::Baseline => LobbyScope::OrganizationAndFederated,
            Self::Sensitive => LobbyScope::Invited,
            Self::HighlySensitive => LobbyScope::Organizer,
        }
    }

    const fn most_presenters(self) -> AllowedPresenters {
        match self {
            Self::Baseline | Self::Sensitive => AllowedPresenters::Organization,
            Self::HighlySensitive => AllowedPresenters::Organizer,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of no tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the tiers are baseline, sensitive and highly-sensitive")]
pub struct ParseTierError;

impl FromStr for Tier {
    type Err = ParseTierError;

    fn from_str(text: &str) -> Result<Self, ParseTierError> {
        let found = Self::ALL.into_iter().find(|tier| tier.as_str() == text);
        found.ok_or(ParseTierError)
    }
}

/// Something that a tier does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// Where: `tenant`, `policy Global`, `meeting Loan consultation`.
    pub place: String,
    /// The setting.
    pub setting: &'static str,
    /// What it is.
    pub value: String,
    /// What the tier has.
    pub wanted: String,
    /// Who could do what because of it.
    pub consequence: &'static str,
    /// What closes it.
    pub fix: &'static str,
}

/// What is compared with a tier.
#[derive(Debug, Clone, Copy)]
pub struct Audited<'a> {
    /// Settings of the tenant.
    pub tenant: &'a TenantSettings,
    /// The policies that apply to somebody, by name.
    pub policies: &'a [(String, OrganizerPolicy)],
    /// The effective options of meetings, by subject.
    pub meetings: &'a [(String, MeetingOptions)],
}

/// Compares settings with a tier.
#[must_use]
pub fn audit(tier: Tier, audited: &Audited<'_>) -> Vec<Finding> {
    let mut findings = Findings {
        place: "tenant".to_owned(),
        found: Vec::new(),
    };
    tenant(&mut findings, tier, audited.tenant);
    for (name, organizer) in audited.policies {
        findings.place = format!("policy {name}");
        policy(&mut findings, tier, organizer);
    }
    for (subject, options) in audited.meetings {
        findings.place = format!("meeting {subject}");
        meeting(&mut findings, tier, options);
    }
    findings.found
}

struct Findings {
    place: String,
    found: Vec<Finding>,
}

impl Findings {
    fn unless(
        &mut self,
        fits: bool,
        setting: &'static str,
        (value, wanted): (&impl Serialize, &impl Serialize),
        consequence: &'static str,
        fix: &'static str,
    ) {
        if !fits {
            self.found.push(Finding {
                place: self.place.clone(),
                setting,
                value: configured(value),
                wanted: configured(wanted),
                consequence,
                fix,
            });
        }
    }
}

fn tenant(findings: &mut Findings, tier: Tier, settings: &TenantSettings) {
    findings.unless(
        !(settings.federation_overrides_anonymous_block && settings.disable_anonymous_join),
        "FederationOverridesAnonymousBlock",
        (&settings.federation_overrides_anonymous_block, &false),
        "Guests of listed ACS resources join although anonymous participants are shut out.",
        "Set FederationOverridesAnonymousBlock to false.",
    );
    if tier < Tier::Sensitive {
        return;
    }
    findings.unless(
        settings.disable_anonymous_join || settings.require_acs_federation,
        "CsTeamsAcsFederationConfiguration.RequireAcsFederationForMeeting",
        (&settings.require_acs_federation, &true),
        "Anybody who has an ACS resource of their own, not only your applications, can send guests with any name to the \
         lobby of your meetings.",
        "Set-CsTeamsAcsFederationConfiguration -EnableAcsUsers $true -AllowedAcsResources @{Add='<your resource>'} \
         -RequireAcsFederationForMeeting $true",
    );
    findings.unless(
        !settings.anonymous_presenters_moderate,
        "AnonymousPresentersModerate",
        (&settings.anonymous_presenters_moderate, &false),
        "A guest who is a presenter can let others in from the lobby, mute and remove people.",
        "Set AnonymousPresentersModerate to false.",
    );
}

fn policy(findings: &mut Findings, tier: Tier, policy: &OrganizerPolicy) {
    let scope = LobbyScope::from(policy.auto_admitted_users);
    findings.unless(
        scope.breadth() <= tier.widest_scope().breadth(),
        "CsTeamsMeetingPolicy.AutoAdmittedUsers",
        (&policy.auto_admitted_users, &tier.widest_scope()),
        scope_consequence(scope),
        "Set-CsTeamsMeetingPolicy -Identity <policy> -AutoAdmittedUsers <as wanted>",
    );
    let presenters = AllowedPresenters::from(policy.designated_presenter_role_mode);
    findings.unless(
        presenters.breadth() <= tier.most_presenters().breadth(),
        "CsTeamsMeetingPolicy.DesignatedPresenterRoleMode",
        (&policy.designated_presenter_role_mode, &tier.most_presenters()),
        PRESENTERS,
        "Set-CsTeamsMeetingPolicy -Identity <policy> -DesignatedPresenterRoleMode <as wanted>",
    );
    findings.unless(
        !policy.allow_anonymous_start,
        "CsTeamsMeetingPolicy.AllowAnonymousUsersToStartMeeting",
        (&policy.allow_anonymous_start, &false),
        "Guests can meet under the organization's name with nobody of the organization there.",
        "Set-CsTeamsMeetingPolicy -Identity <policy> -AllowAnonymousUsersToStartMeeting $false",
    );
    findings.unless(
        !policy.allow_pstn_users_to_bypass_lobby,
        "CsTeamsMeetingPolicy.AllowPSTNUsersToBypassLobby",
        (&policy.allow_pstn_users_to_bypass_lobby, &false),
        DIAL_IN,
        "Set-CsTeamsMeetingPolicy -Identity <policy> -AllowPSTNUsersToBypassLobby $false",
    );
    if tier < Tier::Sensitive {
        return;
    }
    findings.unless(
        policy.captcha_verification != CaptchaVerification::NotRequired,
        "CsTeamsMeetingPolicy.CaptchaVerificationForMeetingJoin",
        (
            &policy.captcha_verification,
            &CaptchaVerification::AnonymousUsersAndUntrustedOrganizations,
        ),
        "Programs can fill the lobby with made-up guests. The check shuts guests of ACS applications out altogether: \
         where they are wanted, require federation instead.",
        "Set-CsTeamsMeetingPolicy -Identity <policy> -CaptchaVerificationForMeetingJoin \
         AnonymousUsersAndUntrustedOrganizations",
    );
    findings.unless(
        policy.external_bot_access_mode != ExternalBotAccessMode::AllowAll,
        "CsTeamsMeetingPolicy.ExternalBotAccessMode",
        (
            &policy.external_bot_access_mode,
            &ExternalBotAccessMode::RequireApprovalWhenDetected,
        ),
        "Note-taking programs of others come in like people.",
        "Set-CsTeamsMeetingPolicy -Identity <policy> -ExternalBotAccessMode RequireApprovalWhenDetected",
    );
}

const PRESENTERS: &str = "Guests can share their screen into the meeting, whatever it shows.";
const DIAL_IN: &str = "Whoever knows the number and the conference id listens in without being let in.";
const OPTIONS: &str = "PATCH /users/<organizer>/onlineMeetings/<id>, or a sensitivity label that fixes it";

fn meeting(findings: &mut Findings, tier: Tier, options: &MeetingOptions) {
    let scope = options.lobby.scope;
    findings.unless(
        scope.breadth() <= tier.widest_scope().breadth(),
        "lobbyBypassSettings.scope",
        (&scope, &tier.widest_scope()),
        scope_consequence(scope),
        OPTIONS,
    );
    findings.unless(
        options.allowed_presenters.breadth() <= tier.most_presenters().breadth(),
        "allowedPresenters",
        (&options.allowed_presenters, &tier.most_presenters()),
        PRESENTERS,
        OPTIONS,
    );
    findings.unless(
        !options.lobby.is_dial_in_bypass_enabled,
        "lobbyBypassSettings.isDialInBypassEnabled",
        (&options.lobby.is_dial_in_bypass_enabled, &false),
        DIAL_IN,
        OPTIONS,
    );
    if tier < Tier::HighlySensitive {
        return;
    }
    findings.unless(
        options.e2ee,
        "isEndToEndEncryptionEnabled",
        (&options.e2ee, &true),
        "Whoever runs the service can see and hear the meeting. With encryption from end to end, guests of applications \
         cannot join.",
        OPTIONS,
    );
    findings.unless(
        options.allow_meeting_chat != MeetingChat::Enabled,
        "allowMeetingChat",
        (&options.allow_meeting_chat, &MeetingChat::Limited),
        "The chat goes on before and after the meeting, when nobody looks after it.",
        OPTIONS,
    );
    findings.unless(
        !options.allow_copying_and_sharing_meeting_content,
        "allowCopyingAndSharingMeetingContent",
        (&options.allow_copying_and_sharing_meeting_content, &false),
        "Participants copy what is written and shown with one key.",
        OPTIONS,
    );
    findings.unless(
        !options.record_automatically,
        "recordAutomatically",
        (&options.record_automatically, &false),
        "There is a recording whether or not somebody wanted one.",
        OPTIONS,
    );
    let watermark = options.watermark_protection;
    findings.unless(
        watermark.is_enabled_for_content_sharing && watermark.is_enabled_for_video,
        "watermarkProtection",
        (&watermark, &"both"),
        "A picture of the screen does not show who took it.",
        OPTIONS,
    );
}

const fn scope_consequence(scope: LobbyScope) -> &'static str {
    match scope {
        LobbyScope::Everyone => {
            "Anybody with the link comes in under any name without being let in, once the meeting has started."
        }
        LobbyScope::OrganizationAndFederated => {
            "People of trusted organizations come in without being let in."
        }
        LobbyScope::Organization | LobbyScope::OrganizationExcludingGuests => {
            "Colleagues who are not invited come in without being let in."
        }
        LobbyScope::Invited => "Whoever the invitation was forwarded to comes in without being let in.",
        LobbyScope::Organizer => "Nobody but the organizer comes in without being let in.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{AutoAdmittedUsers, DesignatedPresenterRoleMode, WatermarkProtection};

    fn settings(
        tier: Tier,
        tenant: &TenantSettings,
        policy: &OrganizerPolicy,
        options: &MeetingOptions,
    ) -> Vec<&'static str> {
        let found = audit(
            tier,
            &Audited {
                tenant,
                policies: &[("Global".to_owned(), policy.clone())],
                meetings: &[("Consultation".to_owned(), options.clone())],
            },
        );
        found.iter().map(|finding| finding.setting).collect()
    }

    #[test]
    fn microsofts_defaults_fall_short_of_each_tier_in_the_known_places() {
        let (tenant, policy, options) = Default::default();
        assert_eq!(
            settings(Tier::Baseline, &tenant, &policy, &options),
            [
                "CsTeamsMeetingPolicy.DesignatedPresenterRoleMode",
                "allowedPresenters"
            ]
        );
        assert_eq!(
            settings(Tier::Sensitive, &tenant, &policy, &options),
            [
                "CsTeamsAcsFederationConfiguration.RequireAcsFederationForMeeting",
                "CsTeamsMeetingPolicy.AutoAdmittedUsers",
                "CsTeamsMeetingPolicy.DesignatedPresenterRoleMode",
                "CsTeamsMeetingPolicy.CaptchaVerificationForMeetingJoin",
                "lobbyBypassSettings.scope",
                "allowedPresenters",
            ]
        );
        let highest = settings(Tier::HighlySensitive, &tenant, &policy, &options);
        for setting in [
            "isEndToEndEncryptionEnabled",
            "allowMeetingChat",
            "watermarkProtection",
        ] {
            assert!(highest.contains(&setting), "{highest:?}");
        }
    }

    #[test]
    fn settings_of_a_tier_are_not_found_fault_with() {
        let tenant = TenantSettings {
            require_acs_federation: true,
            ..TenantSettings::default()
        };
        let policy = OrganizerPolicy {
            auto_admitted_users: AutoAdmittedUsers::OrganizerOnly,
            designated_presenter_role_mode: DesignatedPresenterRoleMode::OrganizerOnlyUserOverride,
            captcha_verification: CaptchaVerification::AnonymousUsersAndUntrustedOrganizations,
            ..OrganizerPolicy::default()
        };
        let options = MeetingOptions {
            lobby: LobbyScope::Organizer.into(),
            allowed_presenters: AllowedPresenters::Organizer,
            allow_meeting_chat: MeetingChat::Limited,
            allow_copying_and_sharing_meeting_content: false,
            e2ee: true,
            watermark_protection: WatermarkProtection {
                is_enabled_for_content_sharing: true,
                is_enabled_for_video: true,
            },
            ..MeetingOptions::default()
        };
        for tier in Tier::ALL {
            assert_eq!(settings(tier, &tenant, &policy, &options), [""; 0], "{tier}");
        }
    }

    #[test]
    fn a_stricter_tier_finds_what_a_weaker_one_does() {
        let tenant = TenantSettings {
            anonymous_presenters_moderate: true,
            disable_anonymous_join: true,
            federation_overrides_anonymous_block: true,
            ..TenantSettings::default()
        };
        let policy = OrganizerPolicy {
            allow_anonymous_start: true,
            allow_pstn_users_to_bypass_lobby: true,
            external_bot_access_mode: ExternalBotAccessMode::AllowAll,
            auto_admitted_users: AutoAdmittedUsers::Everyone,
            ..OrganizerPolicy::default()
        };
        let options = MeetingOptions {
            lobby: crate::policy::LobbyBypassSettings {
                scope: LobbyScope::Everyone,
                is_dial_in_bypass_enabled: true,
            },
            record_automatically: true,
            ..MeetingOptions::default()
        };
        let [baseline, sensitive, highest] = Tier::ALL.map(|tier| settings(tier, &tenant, &policy, &options));
        assert!(baseline.len() < sensitive.len() && sensitive.len() < highest.len());
        assert!(baseline.iter().all(|setting| sensitive.contains(setting)));
        assert!(sensitive.iter().all(|setting| highest.contains(setting)));
    }

    #[test]
    fn tiers_are_named() {
        for tier in Tier::ALL {
            assert_eq!(tier.to_string().parse(), Ok(tier));
        }
        assert_eq!("secret".parse::<Tier>(), Err(ParseTierError));
    }
}
