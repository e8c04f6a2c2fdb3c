//! The rules, in their order.

use anteroom_identity::id::ResourceId;

use super::trace::Trace;
use super::{
    AdmissionInput, Decision, EndReason, LobbyReason, Participant, Refusal, Setting, Standing, capabilities,
    role,
};
use crate::link::{Cloud, LinkKind};
use crate::policy::{
    CaptchaVerification, ClientType, ExternalBotAccessMode, LobbyScope, MeetingKind, configured,
};

/// Why meetings of this cloud, or of this kind of link, are never joined.
pub(super) fn never_joined(cloud: Cloud, kind: LinkKind) -> Option<Refusal> {
    if cloud.is_government() {
        return Some(Refusal::by(EndReason::government_cloud(), Setting::Cloud));
    }
    if cloud == Cloud::China {
        return Some(Refusal::by(EndReason::cloud_not_supported(), Setting::Cloud));
    }
    if cloud == Cloud::Consumer || matches!(kind, LinkKind::Consumer | LinkKind::LiveEvent) {
        return Some(Refusal::by(EndReason::kind_not_supported(), Setting::MeetingKind));
    }
    None
}

/// One decision in the making.
pub(super) struct Evaluation<'a, T> {
    input: &'a AdmissionInput<'a>,
    standing: Standing,
    trace: &'a mut T,
}

/// `Err` ends the evaluation.
type Check = Result<(), Refusal>;

impl<'a, T: Trace> Evaluation<'a, T> {
    pub(super) fn new(input: &'a AdmissionInput<'a>, trace: &'a mut T) -> Self {
        Self {
            input,
            standing: Standing::new(input.options, input.participant),
            trace,
        }
    }

    /// About somebody who comes or waits.
    pub(super) fn arriving(mut self) -> Decision {
        if let Err(refusal) = self.refused() {
            return Decision::Deny(refusal);
        }
        self.lobby().map_or_else(|| self.admit(), Decision::Lobby)
    }

    /// About somebody who was let in from the lobby by hand.
    pub(super) fn let_in_by_hand(mut self) -> Decision {
        match self.refused() {
            Err(refusal) => Decision::Deny(refusal),
            Ok(()) => self.admit(),
        }
    }

    fn refused(&mut self) -> Check {
        self.never_joined()?;
        self.kind()?;
        match self.input.participant {
            Participant::Guest { resource, .. } => {
                self.check(
                    Setting::E2ee,
                    !self.input.options.e2ee,
                    || self.input.options.e2ee.to_string(),
                    EndReason::e2ee,
                )?;
                self.guest(resource)?;
            }
            Participant::Organization { .. } if self.standing.is_anonymous() => {
                self.trace
                    .step(Setting::TrustedTenants, true, || "not both ways".to_owned());
                self.anonymous(ClientType::Teams)?;
            }
            Participant::Organization { .. } | Participant::DialIn => {}
        }
        self.meeting()
    }

    fn never_joined(&mut self) -> Check {
        let (cloud, kind) = (self.input.cloud, self.input.kind);
        let refusal = never_joined(cloud, kind);
        let by_kind = refusal.is_some_and(|refusal| refusal.reason == EndReason::kind_not_supported());
        self.trace.step(Setting::Cloud, refusal.is_none() || by_kind, || {
            format!("{cloud:?}")
        });
        if by_kind {
            self.trace
                .step(Setting::MeetingKind, false, || format!("{kind:?}"));
        }
        refusal.map_or(Ok(()), Err)
    }

    /// Kinds that only people of an organization join.
    fn kind(&mut self) -> Check {
        let kind = self.input.options.kind;
        let is_open = matches!(
            kind,
            MeetingKind::Scheduled | MeetingKind::MeetNow | MeetingKind::Channel
        );
        let passes = is_open || !self.standing.is_anonymous();
        self.check(
            Setting::MeetingKind,
            passes,
            || configured(&kind),
            EndReason::kind_not_supported,
        )
    }

    /// A user of an ACS resource comes by federation or anonymously.
    fn guest(&mut self, resource: ResourceId) -> Check {
        let (tenant, organizer) = (self.input.tenant, self.input.organizer);
        let enabled = tenant.enable_acs_users;
        let listed = tenant.allowed_acs_resources.contains(&resource);
        let federated = enabled && listed && organizer.enable_acs_federation_access;
        let required = tenant.require_acs_federation;
        self.trace
            .step(Setting::RequireAcsFederation, true, || required.to_string());
        self.check(
            Setting::EnableAcsUsers,
            enabled || !required,
            || enabled.to_string(),
            EndReason::federation_required,
        )?;
        if enabled {
            self.check(
                Setting::AllowedAcsResources,
                listed || !required,
                || {
                    if listed {
                        "lists the resource"
                    } else {
                        "does not list the resource"
                    }
                    .to_owned()
                },
                EndReason::resource_not_allowed,
            )?;
            self.check(
                Setting::EnableAcsFederationAccess,
                organizer.enable_acs_federation_access,
                || organizer.enable_acs_federation_access.to_string(),
                EndReason::federation_disabled_for_organizer,
            )?;
        }
        if federated {
            let overrides = tenant.federation_overrides_anonymous_block;
            self.trace
                .step(Setting::FederationOverridesAnonymousBlock, true, || {
                    overrides.to_string()
                });
            if overrides {
                return Ok(());
            }
        }
        self.anonymous(ClientType::Acs)
    }

    fn anonymous(&mut self, client: ClientType) -> Check {
        let (tenant, organizer) = (self.input.tenant, self.input.organizer);
        self.check(
            Setting::DisableAnonymousJoin,
            !tenant.disable_anonymous_join,
            || tenant.disable_anonymous_join.to_string(),
            EndReason::anonymous_join_disabled,
        )?;
        self.check(
            Setting::AllowAnonymousJoin,
            organizer.allow_anonymous_join,
            || organizer.allow_anonymous_join.to_string(),
            EndReason::anonymous_join_disabled,
        )?;
        self.check(
            Setting::BlockedClientTypes,
            !organizer.blocked_client_types.contains(&client),
            || configured(&organizer.blocked_client_types),
            EndReason::client_type_blocked,
        )
    }

    /// What keeps people out for the moment.
    fn meeting(&mut self) -> Check {
        let leads = matches!(self.standing, Standing::Organizer | Standing::CoOrganizer);
        let (locked, count, limit) = (
            self.input.options.locked,
            self.input.participant_count,
            self.input.limit,
        );
        self.check(
            Setting::Locked,
            !locked || leads,
            || locked.to_string(),
            EndReason::meeting_locked,
        )?;
        self.check(
            Setting::Capacity,
            count < limit,
            || format!("{count} of {limit}"),
            EndReason::meeting_full,
        )?;
        if !self.standing.is_anonymous() {
            return Ok(());
        }
        let captcha = self.input.organizer.captcha_verification;
        self.check(
            Setting::Captcha,
            captcha == CaptchaVerification::NotRequired,
            || configured(&captcha),
            EndReason::captcha_required,
        )
    }

    /// Who has to wait, and for what. `None`: nobody has to.
    fn lobby(&mut self) -> Option<LobbyReason> {
        if matches!(self.standing, Standing::Organizer | Standing::CoOrganizer) {
            return None;
        }
        if matches!(self.input.participant, Participant::Guest { is_bot: true, .. }) {
            let mode = self.input.organizer.external_bot_access_mode;
            if !self.passes(
                Setting::ExternalBots,
                mode == ExternalBotAccessMode::AllowAll,
                || configured(&mode),
            ) {
                return Some(LobbyReason::WaitForAdmit);
            }
        }
        let scope = self.input.options.lobby.scope;
        let bypasses = if self.standing == Standing::DialIn {
            let bypass = self.input.options.lobby.is_dial_in_bypass_enabled;
            self.passes(Setting::DialInBypass, bypass, || bypass.to_string())
        } else {
            self.passes(Setting::LobbyScope, in_scope(scope, self.standing), || {
                configured(&scope)
            })
        };
        if !bypasses {
            return Some(LobbyReason::WaitForAdmit);
        }
        if self.standing.is_verified() || self.input.started {
            return None;
        }
        let may_start = self.input.organizer.allow_anonymous_start
            && scope == LobbyScope::Everyone
            && self.standing.is_anonymous();
        self.trace.step(Setting::Started, may_start, || "no".to_owned());
        let may_start = self.passes(Setting::AllowAnonymousStart, may_start, || {
            self.input.organizer.allow_anonymous_start.to_string()
        });
        (!may_start).then_some(LobbyReason::WaitForStart)
    }

    fn admit(&mut self) -> Decision {
        let input = self.input;
        let role = role(input.options, input.participant);
        self.trace.step(Setting::AllowedPresenters, true, || {
            format!(
                "{} makes the participant {role}",
                configured(&input.options.allowed_presenters)
            )
        });
        Decision::Admit {
            role,
            capabilities: capabilities(role, input.settings(), input.participant),
        }
    }

    fn passes(&mut self, setting: Setting, passes: bool, value: impl FnOnce() -> String) -> bool {
        self.trace.step(setting, passes, value);
        passes
    }

    fn check(
        &mut self,
        setting: Setting,
        passes: bool,
        value: impl FnOnce() -> String,
        reason: impl FnOnce() -> EndReason,
    ) -> Check {
        if self.passes(setting, passes, value) {
            Ok(())
        } else {
            Err(Refusal::by(reason(), setting))
        }
    }
}

/// Whether the lobby's scope names somebody like this.
const fn in_scope(scope: LobbyScope, standing: Standing) -> bool {
    let is_lead = matches!(standing, Standing::Organizer | Standing::CoOrganizer);
    let is_member = is_lead || matches!(standing, Standing::Member { .. });
    let is_known = is_member || matches!(standing, Standing::GuestAccount { .. });
    match scope {
        LobbyScope::Everyone => true,
        LobbyScope::OrganizationAndFederated => is_known || matches!(standing, Standing::Trusted { .. }),
        LobbyScope::Organization => is_known,
        LobbyScope::OrganizationExcludingGuests => is_member,
        LobbyScope::Invited => standing.is_invited(),
        LobbyScope::Organizer => is_lead,
    }
}
