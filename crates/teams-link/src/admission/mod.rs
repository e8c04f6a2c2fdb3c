//! Who gets in: one pure function from what is configured and who comes, to *deny*, *lobby* or *admit*.
//!
//! Decide again whenever an input changes: a setting, the start of the meeting, somebody coming or going. The order of
//! the checks is such that the most general refusal is the one that is told. Every [`Refusal`] names the setting that
//! caused it and what would change it, for administrators; guests are told the [`EndReason`] only.

mod decision;
mod reason;
mod rights;
#[cfg(test)]
mod tests;

use anteroom_identity::id::{ObjectId, ResourceId};

pub use self::decision::{Decision, LobbyReason, Refusal};
pub use self::reason::{Category, EndReason};
pub use self::rights::{capabilities, role};

use crate::link::{Cloud, LinkKind, MeetingRef};
use crate::policy::{
    AttendeeRole, CaptchaVerification, ClientType, LobbyScope, MeetingOptions, OrganizerPolicy,
    TenantSettings,
};

/// Everything the decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionInput<'a> {
    /// Where the link leads.
    pub cloud: Cloud,
    /// What kind of meeting the link is for.
    pub kind: LinkKind,
    /// Settings of the organizer's tenant.
    pub tenant: &'a TenantSettings,
    /// The organizer's policy.
    pub organizer: &'a OrganizerPolicy,
    /// Options of the meeting.
    pub options: &'a MeetingOptions,
    /// Whether the call runs and a user of the organization is in it, or has been.
    pub started: bool,
    /// How many are in the call.
    pub participant_count: usize,
    /// How many may be.
    pub limit: usize,
    /// Who comes.
    pub participant: Participant,
}

/// Who wants to join; authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Participant {
    /// A user of an ACS resource.
    Guest {
        /// The resource.
        resource: ResourceId,
    },
    /// A directory user.
    Organization {
        /// The user.
        oid: ObjectId,
        /// Whether the user made the meeting.
        is_organizer: bool,
        /// Whether the organizer has named the user a co-organizer. An invitation with that role counts as well.
        is_co_organizer: bool,
        /// Whether the user is of the organizer's tenant. Of another one, the user is anonymous to this meeting.
        same_tenant: bool,
    },
}

/// What a participant is to the meeting's organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Organizer,
    CoOrganizer,
    Member {
        invited: bool,
        presenter: bool,
    },
    /// Signed in with an organization that is not trusted.
    Stranger {
        invited: bool,
    },
    AcsGuest,
}

/// Decides about somebody who comes or who waits in the lobby.
#[must_use]
pub fn decide(input: &AdmissionInput<'_>) -> Decision {
    match refusal(input) {
        Some(refusal) => Decision::Deny(refusal),
        None => lobby(input).map_or_else(|| admit(input), Decision::Lobby),
    }
}

/// Decides about somebody whom a participant with the right to do so has let in from the lobby: the rules hold, the
/// lobby is passed.
#[must_use]
pub fn decide_admitted(input: &AdmissionInput<'_>) -> Decision {
    refusal(input).map_or_else(|| admit(input), Decision::Deny)
}

/// Why a link that leads to no known meeting is refused.
///
/// Clouds and kinds that are never joined are named as such; everything else is not found, so that nobody learns whether
/// a meeting exists, has expired, or has another passcode.
#[must_use]
pub fn refuse_unknown(reference: &MeetingRef) -> Refusal {
    never_joined(reference.cloud, reference.kind).unwrap_or_else(|| {
        Refusal::plain(
            EndReason::meeting_not_found(),
            "Check that the link is whole and the meeting has not expired.",
        )
    })
}

fn refusal(input: &AdmissionInput<'_>) -> Option<Refusal> {
    let standing = Standing::of(input);
    never_joined(input.cloud, input.kind)
        .or_else(|| match standing {
            Standing::AcsGuest if input.options.e2ee => Some(Refusal::by(
                EndReason::e2ee(),
                "onlineMeeting.isEndToEndEncryptionEnabled",
                "Turn end-to-end encryption of the meeting off.",
            )),
            _ => None,
        })
        .or_else(|| match input.participant {
            Participant::Guest { resource } => guest_refused(input, resource),
            Participant::Organization { .. } if standing.is_anonymous() => {
                anonymous_refused(input, ClientType::Teams)
            }
            Participant::Organization { .. } => None,
        })
        .or_else(|| meeting_refuses(input, standing))
}

fn never_joined(cloud: Cloud, kind: LinkKind) -> Option<Refusal> {
    if cloud.is_government() {
        let fix = "Join from an application in the same government cloud.";
        return Some(Refusal::plain(EndReason::government_cloud(), fix));
    }
    if cloud == Cloud::China {
        return Some(Refusal::plain(
            EndReason::cloud_not_supported(),
            "Use a meeting of the worldwide cloud.",
        ));
    }
    if cloud == Cloud::Consumer || matches!(kind, LinkKind::Consumer | LinkKind::LiveEvent) {
        let fix = "Use a scheduled meeting of an organization.";
        return Some(Refusal::plain(EndReason::kind_not_supported(), fix));
    }
    None
}

/// A user of an ACS resource comes by federation or anonymously.
fn guest_refused(input: &AdmissionInput<'_>, resource: ResourceId) -> Option<Refusal> {
    let (tenant, organizer) = (input.tenant, input.organizer);
    let listed = tenant.allowed_acs_resources.contains(&resource);
    let federated = tenant.enable_acs_users && listed && organizer.enable_acs_federation_access;
    if tenant.require_acs_federation && !federated {
        if !tenant.enable_acs_users {
            return Some(Refusal::by(
                EndReason::federation_required(),
                "CsTeamsAcsFederationConfiguration.EnableAcsUsers",
                "Set EnableAcsUsers to true and list the ACS resource, or set RequireAcsFederationForMeeting to false.",
            ));
        }
        if !listed {
            return Some(Refusal::by(
                EndReason::resource_not_allowed(),
                "CsTeamsAcsFederationConfiguration.AllowedAcsResources",
                "Add the immutable id of the ACS resource to AllowedAcsResources.",
            ));
        }
    }
    if tenant.enable_acs_users && !organizer.enable_acs_federation_access {
        return Some(Refusal::by(
            EndReason::federation_disabled_for_organizer(),
            "CsExternalAccessPolicy.EnableAcsFederationAccess",
            "Set EnableAcsFederationAccess to true in the organizer's external access policy.",
        ));
    }
    if federated && tenant.federation_overrides_anonymous_block {
        return None;
    }
    anonymous_refused(input, ClientType::Acs)
}

fn anonymous_refused(input: &AdmissionInput<'_>, client: ClientType) -> Option<Refusal> {
    if input.tenant.disable_anonymous_join {
        return Some(Refusal::by(
            EndReason::anonymous_join_disabled(),
            "CsTeamsMeetingConfiguration.DisableAnonymousJoin",
            "Set DisableAnonymousJoin to false for the tenant.",
        ));
    }
    if !input.organizer.allow_anonymous_join {
        return Some(Refusal::by(
            EndReason::anonymous_join_disabled(),
            "CsTeamsMeetingPolicy.AllowAnonymousUsersToJoinMeeting",
            "Set AllowAnonymousUsersToJoinMeeting to true in the organizer's meeting policy.",
        ));
    }
    if input.organizer.blocked_client_types.contains(&client) {
        return Some(Refusal::by(
            EndReason::client_type_blocked(),
            "CsTeamsMeetingPolicy.BlockedAnonymousJoinClientTypes",
            "Take the client type out of BlockedAnonymousJoinClientTypes in the organizer's meeting policy.",
        ));
    }
    None
}

fn meeting_refuses(input: &AdmissionInput<'_>, standing: Standing) -> Option<Refusal> {
    if input.options.locked && !matches!(standing, Standing::Organizer | Standing::CoOrganizer) {
        let fix = "Ask the organizer to unlock the meeting.";
        return Some(Refusal::by(
            EndReason::meeting_locked(),
            "onlineMeeting.isLocked",
            fix,
        ));
    }
    if input.participant_count >= input.limit {
        return Some(Refusal::plain(
            EndReason::meeting_full(),
            "Wait until somebody leaves.",
        ));
    }
    let captcha = CaptchaVerification::AnonymousUsersAndUntrustedOrganizations;
    if standing.is_anonymous() && input.organizer.captcha_verification == captcha {
        return Some(Refusal::by(
            EndReason::captcha_required(),
            "CsTeamsMeetingPolicy.CaptchaVerificationForMeetingJoin",
            "Set CaptchaVerificationForMeetingJoin to NotRequired in the organizer's meeting policy.",
        ));
    }
    None
}

/// Who has to wait, and for what. `None`: nobody has to.
fn lobby(input: &AdmissionInput<'_>) -> Option<LobbyReason> {
    let scope = input.options.lobby.scope;
    let (member, invited) = match Standing::of(input) {
        Standing::Organizer | Standing::CoOrganizer => return None,
        Standing::Member { invited, .. } => (true, invited),
        Standing::Stranger { invited } => (false, invited),
        Standing::AcsGuest => (false, false),
    };
    let bypasses = match scope {
        LobbyScope::Everyone => true,
        LobbyScope::Organization
        | LobbyScope::OrganizationExcludingGuests
        | LobbyScope::OrganizationAndFederated => member,
        LobbyScope::Invited => invited,
        LobbyScope::Organizer => false,
    };
    if !bypasses {
        return Some(LobbyReason::WaitForAdmit);
    }
    let may_be_first = member || (scope == LobbyScope::Everyone && input.organizer.allow_anonymous_start);
    (!input.started && !may_be_first).then_some(LobbyReason::WaitForStart)
}

fn admit(input: &AdmissionInput<'_>) -> Decision {
    let role = role(input.options, input.participant);
    Decision::Admit {
        role,
        capabilities: capabilities(role, input.options, input.participant),
    }
}

impl Standing {
    fn of(input: &AdmissionInput<'_>) -> Self {
        Self::new(input.options, input.participant)
    }

    fn new(options: &MeetingOptions, participant: Participant) -> Self {
        let (oid, same_tenant) = match participant {
            Participant::Guest { .. } => return Self::AcsGuest,
            Participant::Organization {
                is_organizer: true, ..
            } => return Self::Organizer,
            Participant::Organization {
                is_co_organizer: true,
                ..
            } => return Self::CoOrganizer,
            Participant::Organization { oid, same_tenant, .. } => (oid, same_tenant),
        };
        let invitation = options.attendee(oid).map(|attendee| attendee.role);
        let invited = invitation.is_some();
        match invitation {
            _ if !same_tenant => Self::Stranger { invited },
            Some(AttendeeRole::CoOrganizer) => Self::CoOrganizer,
            invitation => Self::Member {
                invited,
                presenter: invitation == Some(AttendeeRole::Presenter),
            },
        }
    }

    const fn is_anonymous(self) -> bool {
        matches!(self, Self::Stranger { .. } | Self::AcsGuest)
    }
}
