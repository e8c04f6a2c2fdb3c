//! Who gets in: one pure function from what is configured and who comes, to *deny*, *lobby* or *admit*.
//!
//! Decide again whenever an input changes: a setting, the start of the meeting, somebody coming or going. The order of
//! the checks is such that the most general refusal is the one that is told. Every [`Refusal`] names the setting that
//! caused it and what would change it, for administrators; guests are told the [`EndReason`] only. [`explain`] takes the
//! same way as [`decide`] and tells every step of it.
//!
//! The settings handed in are the effective ones, see [`policy::effective`](crate::policy::effective).

mod decision;
mod evaluate;
mod label;
mod reason;
mod rights;
mod setting;
#[cfg(test)]
mod tests;
mod trace;

use anteroom_identity::id::{ObjectId, ResourceId};

pub use self::decision::{Decision, LobbyReason, Refusal};
use self::evaluate::Evaluation;
pub use self::label::{Label, label};
pub use self::reason::{Category, EndReason};
pub use self::rights::{
    CapabilityReason, CapabilityReport, CapabilityState, Circumstances, Settings, capabilities,
    capability_reasons, hides_attendee_names, role,
};
pub use self::setting::{Level, Setting};
pub use self::trace::{Explanation, Step};

use crate::link::{Cloud, LinkKind, MeetingRef};
use crate::policy::{AttendeeRole, MeetingOptions, OrganizerPolicy, TenantSettings};

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
        /// Whether it was recognised as a program that joins by itself.
        is_bot: bool,
    },
    /// A directory user.
    Organization {
        /// The user.
        oid: ObjectId,
        /// Whether the user made the meeting.
        is_organizer: bool,
        /// Whether the organizer has named the user a co-organizer. An invitation with that role counts as well.
        is_co_organizer: bool,
        /// What the user is to the organizer's tenant.
        relation: Relation,
    },
    /// Somebody who dials in.
    DialIn,
}

/// What a directory user is to the tenant of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// One of its users.
    Member,
    /// A guest account in its directory.
    GuestAccount,
    /// Of an organization that trusts it and that it trusts.
    Trusted,
    /// Of any other organization: anonymous to this meeting.
    Stranger,
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
    GuestAccount {
        invited: bool,
        presenter: bool,
    },
    Trusted {
        invited: bool,
    },
    /// Signed in with an organization that is not trusted.
    Stranger {
        invited: bool,
    },
    AcsGuest,
    DialIn,
}

/// Decides about somebody who comes or who waits in the lobby.
#[must_use]
pub fn decide(input: &AdmissionInput<'_>) -> Decision {
    Evaluation::new(input, &mut ()).arriving()
}

/// Decides about somebody whom a participant with the right to do so has let in from the lobby: the rules hold, the
/// lobby is passed.
#[must_use]
pub fn decide_admitted(input: &AdmissionInput<'_>) -> Decision {
    Evaluation::new(input, &mut ()).let_in_by_hand()
}

/// [`decide`], and the way to it.
#[must_use]
pub fn explain(input: &AdmissionInput<'_>) -> Explanation {
    let mut steps = Vec::new();
    let decision = Evaluation::new(input, &mut steps).arriving();
    Explanation { steps, decision }
}

/// Why a link that leads to no known meeting is refused.
///
/// Clouds and kinds that are never joined are named as such; everything else is not found, so that nobody learns whether
/// a meeting exists, has expired, or has another passcode.
#[must_use]
pub fn refuse_unknown(reference: &MeetingRef) -> Refusal {
    evaluate::never_joined(reference.cloud, reference.kind)
        .unwrap_or_else(|| Refusal::by(EndReason::meeting_not_found(), Setting::MeetingKnown))
}

impl Standing {
    fn new(options: &MeetingOptions, participant: Participant) -> Self {
        let (oid, relation) = match participant {
            Participant::Guest { .. } => return Self::AcsGuest,
            Participant::DialIn => return Self::DialIn,
            Participant::Organization {
                is_organizer: true, ..
            } => return Self::Organizer,
            Participant::Organization {
                is_co_organizer: true,
                ..
            } => return Self::CoOrganizer,
            Participant::Organization { oid, relation, .. } => (oid, relation),
        };
        let invitation = options.attendee(oid).map(|attendee| attendee.role);
        let invited = invitation.is_some();
        let presenter = invitation == Some(AttendeeRole::Presenter);
        match relation {
            Relation::Stranger => Self::Stranger { invited },
            Relation::Trusted => Self::Trusted { invited },
            _ if invitation == Some(AttendeeRole::CoOrganizer) => Self::CoOrganizer,
            Relation::GuestAccount => Self::GuestAccount { invited, presenter },
            Relation::Member => Self::Member { invited, presenter },
        }
    }

    const fn is_anonymous(self) -> bool {
        matches!(self, Self::Stranger { .. } | Self::AcsGuest)
    }

    /// Whose presence starts a meeting, and who may be the first.
    const fn is_verified(self) -> bool {
        !matches!(self, Self::Stranger { .. } | Self::AcsGuest | Self::DialIn)
    }

    const fn is_invited(self) -> bool {
        match self {
            Self::Organizer | Self::CoOrganizer => true,
            Self::Member { invited, .. }
            | Self::GuestAccount { invited, .. }
            | Self::Trusted { invited }
            | Self::Stranger { invited } => invited,
            Self::AcsGuest | Self::DialIn => false,
        }
    }
}
