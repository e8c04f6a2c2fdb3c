//! Roles, and what they may do.

use super::{AdmissionInput, Participant, Standing};
use crate::policy::{
    AllowedLobbyAdmitters, AllowedPresenters, AttendeeRole, CapabilityProfile, MeetingOptions,
    OrganizerPolicy, TenantSettings, UsersCanAdmitFromLobby,
};
use crate::{Capability, CapabilitySet, Role};

/// The settings that rights depend on; the effective ones.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// Settings of the organizer's tenant.
    pub tenant: &'a TenantSettings,
    /// The organizer's policy.
    pub organizer: &'a OrganizerPolicy,
    /// Options of the meeting.
    pub options: &'a MeetingOptions,
}

impl<'a> AdmissionInput<'a> {
    /// The settings in it.
    #[must_use]
    pub const fn settings(&self) -> Settings<'a> {
        Settings {
            tenant: self.tenant,
            organizer: self.organizer,
            options: self.options,
        }
    }
}

/// What else decides what somebody may do, in the course of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Circumstances {
    /// The call is recorded or transcribed, and the participant was asked to agree and has not.
    pub consent_outstanding: bool,
    /// Somebody who may has taken this participant's microphone away.
    pub audio_forbidden: bool,
    /// Somebody who may has taken this participant's camera away.
    pub video_forbidden: bool,
}

/// Why a participant may or may not do something: the reasons of the ACS Capabilities API that this service gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CapabilityReason {
    /// It may.
    Capable,
    /// Calls of this kind have no such thing: in a room there is no lobby.
    CapabilityNotApplicableForTheCallType,
    /// This service has no such thing.
    FeatureNotSupported,
    /// Participants of this kind have no such thing: guests do not end meetings.
    NotCapable,
    /// A policy forbids it.
    UserPolicyRestricted,
    /// The meeting's options forbid it.
    MeetingRestricted,
    /// The role does not have it.
    RoleRestricted,
    /// The participant has to agree to a recording first.
    ExplicitConsentRequired,
}

impl CapabilityReason {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Capable => "Capable",
            Self::CapabilityNotApplicableForTheCallType => "CapabilityNotApplicableForTheCallType",
            Self::FeatureNotSupported => "FeatureNotSupported",
            Self::NotCapable => "NotCapable",
            Self::UserPolicyRestricted => "UserPolicyRestricted",
            Self::MeetingRestricted => "MeetingRestricted",
            Self::RoleRestricted => "RoleRestricted",
            Self::ExplicitConsentRequired => "ExplicitConsentRequired",
        }
    }
}

/// What a participant may do, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapabilityReport([CapabilityReason; Capability::ALL.len()]);

/// One line of a [`CapabilityReport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapabilityState {
    /// What.
    pub capability: Capability,
    /// Why.
    pub reason: CapabilityReason,
}

impl CapabilityState {
    /// Whether the participant may.
    #[must_use]
    pub fn is_present(self) -> bool {
        self.reason == CapabilityReason::Capable
    }
}

impl CapabilityReport {
    /// A report in which everything in the set is there, and everything else is missing for one reason.
    #[must_use]
    pub fn from_set(set: CapabilitySet, otherwise: CapabilityReason) -> Self {
        Self::new(|capability| {
            if set.contains(capability) {
                CapabilityReason::Capable
            } else {
                otherwise
            }
        })
    }

    /// All of [`Capability::ALL`], in that order.
    pub fn iter(&self) -> impl Iterator<Item = CapabilityState> + '_ {
        Capability::ALL
            .iter()
            .zip(&self.0)
            .map(|(&capability, &reason)| CapabilityState { capability, reason })
    }

    /// Why somebody may or may not do this.
    #[must_use]
    pub fn reason(&self, capability: Capability) -> CapabilityReason {
        self.iter()
            .find(|state| state.capability == capability)
            .map_or(CapabilityReason::FeatureNotSupported, |state| state.reason)
    }

    /// What is there.
    #[must_use]
    pub fn set(&self) -> CapabilitySet {
        self.iter()
            .filter(|state| state.is_present())
            .map(|state| state.capability)
            .collect()
    }

    fn new(reason: impl Fn(Capability) -> CapabilityReason) -> Self {
        let mut report = [CapabilityReason::FeatureNotSupported; Capability::ALL.len()];
        for (slot, capability) in report.iter_mut().zip(Capability::ALL) {
            *slot = reason(*capability);
        }
        Self(report)
    }
}

/// The role somebody joins with. Guests are presenters or attendees, never more.
#[must_use]
pub fn role(options: &MeetingOptions, participant: Participant) -> Role {
    let (member, invited_as_presenter) = match Standing::new(options, participant) {
        Standing::Organizer => return Role::Organizer,
        Standing::CoOrganizer => return Role::CoOrganizer,
        Standing::Member { presenter, .. } | Standing::GuestAccount { presenter, .. } => (true, presenter),
        Standing::Trusted { .. } | Standing::Stranger { .. } | Standing::AcsGuest | Standing::DialIn => {
            (false, false)
        }
    };
    let presents = match options.allowed_presenters {
        AllowedPresenters::Everyone => true,
        AllowedPresenters::Organization => member,
        AllowedPresenters::RoleIsPresenter => invited_as_presenter,
        AllowedPresenters::Organizer => false,
    };
    if presents { Role::Presenter } else { Role::Attendee }
}

/// What somebody with this role may do, and why not the rest.
///
/// Whoever is anonymous to the organization stays limited, whatever the role: speak, show, share, but not look after the
/// meeting or its lobby, nor end it. `AnonymousPresentersModerate` lets anonymous presenters look after both.
#[must_use]
pub fn capability_reasons(
    role: Role,
    settings: Settings<'_>,
    participant: Participant,
    circumstances: Circumstances,
) -> CapabilityReport {
    let rights = Rights {
        role,
        settings,
        anonymous: Standing::new(settings.options, participant).is_anonymous(),
        circumstances,
    };
    CapabilityReport::new(|capability| rights.reason(capability))
}

/// What somebody with this role may do when nothing special is going on.
#[must_use]
pub fn capabilities(role: Role, settings: Settings<'_>, participant: Participant) -> CapabilitySet {
    capability_reasons(role, settings, participant, Circumstances::default()).set()
}

/// Whether attendees do not see each other's names: the organizer's policy or the meeting says so.
#[must_use]
pub fn hides_attendee_names(organizer: &OrganizerPolicy, options: &MeetingOptions) -> bool {
    let attendee = AttendeeRole::Attendee;
    organizer.attendee_identity_masking.is_enabled()
        || options.anonymize_identity_for_roles.contains(&attendee)
}

struct Rights<'a> {
    role: Role,
    settings: Settings<'a>,
    anonymous: bool,
    circumstances: Circumstances,
}

impl Rights<'_> {
    /// The first that applies, in a fixed order: what the service lacks, what the kind of participant lacks, policies,
    /// the meeting's options, the role, consent.
    fn reason(&self, capability: Capability) -> CapabilityReason {
        if !is_served(capability) {
            CapabilityReason::FeatureNotSupported
        } else if self.anonymous && !self.anonymous_may(capability) {
            CapabilityReason::NotCapable
        } else if !self.policies_allow(capability) {
            CapabilityReason::UserPolicyRestricted
        } else if !self.meeting_allows(capability) {
            CapabilityReason::MeetingRestricted
        } else if !self.role_has(capability) {
            CapabilityReason::RoleRestricted
        } else if self.circumstances.consent_outstanding && is_media(capability) {
            CapabilityReason::ExplicitConsentRequired
        } else {
            CapabilityReason::Capable
        }
    }

    fn anonymous_may(&self, capability: Capability) -> bool {
        let tenant = self.settings.tenant;
        let current = tenant.capability_profile == CapabilityProfile::Current;
        match capability {
            Capability::RaiseHand | Capability::Reaction => current,
            Capability::ManageLobby
            | Capability::RemoveParticipant
            | Capability::MuteOthers
            | Capability::SpotlightParticipant
            | Capability::RemoveParticipantsSpotlight => current && tenant.anonymous_presenters_moderate,
            Capability::HangUpForEveryOne | Capability::ForbidOthersAudio | Capability::ForbidOthersVideo => {
                false
            }
            _ => true,
        }
    }

    fn policies_allow(&self, capability: Capability) -> bool {
        let Settings {
            tenant, organizer, ..
        } = self.settings;
        let presenter = self.role == Role::Presenter;
        match capability {
            Capability::Reaction => organizer.allow_meeting_reactions,
            Capability::ViewAttendeeNames => {
                !(self.role == Role::Attendee && organizer.attendee_identity_masking.is_enabled())
            }
            Capability::ManageLobby if presenter => {
                organizer.users_can_admit_from_lobby == UsersCanAdmitFromLobby::OrganizersAndPresentersOnly
                    && !tenant.limit_presenter_role_permissions
            }
            Capability::RemoveParticipant
            | Capability::MuteOthers
            | Capability::ForbidOthersAudio
            | Capability::ForbidOthersVideo
                if presenter =>
            {
                !tenant.limit_presenter_role_permissions
            }
            _ => true,
        }
    }

    fn meeting_allows(&self, capability: Capability) -> bool {
        let options = self.settings.options;
        let attendee = self.role == Role::Attendee;
        match capability {
            Capability::UnmuteMic => {
                !self.circumstances.audio_forbidden && (!attendee || options.allow_attendee_to_enable_mic)
            }
            Capability::TurnVideoOn => {
                !self.circumstances.video_forbidden && (!attendee || options.allow_attendee_to_enable_camera)
            }
            Capability::Reaction => options.allow_teamwork_reactions,
            Capability::ViewAttendeeNames => {
                !(attendee
                    && options
                        .anonymize_identity_for_roles
                        .contains(&AttendeeRole::Attendee))
            }
            Capability::ManageLobby if self.role == Role::Presenter => {
                options.allowed_lobby_admitters
                    == AllowedLobbyAdmitters::OrganizerAndCoOrganizersAndPresenters
            }
            _ => true,
        }
    }

    const fn role_has(&self, capability: Capability) -> bool {
        match capability {
            Capability::ShareScreen
            | Capability::RemoveParticipant
            | Capability::ManageLobby
            | Capability::SpotlightParticipant
            | Capability::RemoveParticipantsSpotlight
            | Capability::MuteOthers
            | Capability::ForbidOthersAudio
            | Capability::ForbidOthersVideo => !matches!(self.role, Role::Attendee),
            Capability::HangUpForEveryOne => matches!(self.role, Role::Organizer | Role::CoOrganizer),
            _ => true,
        }
    }
}

/// Whether this service has such a thing at all.
const fn is_served(capability: Capability) -> bool {
    !matches!(
        capability,
        Capability::AddCommunicationUser
            | Capability::AddTeamsUser
            | Capability::AddPhoneNumber
            | Capability::StartLiveCaptions
            | Capability::StopLiveCaptions
    )
}

const fn is_media(capability: Capability) -> bool {
    matches!(
        capability,
        Capability::UnmuteMic | Capability::TurnVideoOn | Capability::ShareScreen
    )
}
