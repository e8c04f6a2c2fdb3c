//! Roles, and what they may do.

use super::{Participant, Standing};
use crate::policy::{AllowedLobbyAdmitters, AllowedPresenters, MeetingOptions};
use crate::{Capability, CapabilitySet, Role};

/// What everybody may do.
const ANYBODY: [Capability; 3] = [
    Capability::RaiseHand,
    Capability::Reaction,
    Capability::ViewAttendeeNames,
];

/// What presenters of the organization do to look after the meeting.
const CARE: [Capability; 6] = [
    Capability::RemoveParticipant,
    Capability::SpotlightParticipant,
    Capability::RemoveParticipantsSpotlight,
    Capability::MuteOthers,
    Capability::ForbidOthersAudio,
    Capability::ForbidOthersVideo,
];

/// The role somebody joins with. Guests are presenters or attendees, never more.
#[must_use]
pub fn role(options: &MeetingOptions, participant: Participant) -> Role {
    let (member, invited_as_presenter) = match Standing::new(options, participant) {
        Standing::Organizer => return Role::Organizer,
        Standing::CoOrganizer => return Role::CoOrganizer,
        Standing::Member { presenter, .. } => (true, presenter),
        Standing::Stranger { .. } | Standing::AcsGuest => (false, false),
    };
    let presents = match options.allowed_presenters {
        AllowedPresenters::Everyone => true,
        AllowedPresenters::Organization => member,
        AllowedPresenters::RoleIsPresenter => invited_as_presenter,
        AllowedPresenters::Organizer => false,
    };
    if presents { Role::Presenter } else { Role::Attendee }
}

/// What somebody with this role may do.
///
/// Whoever is anonymous to the organization stays limited, whatever the role: speak, show, share, but not look after the
/// meeting or its lobby, nor end it.
#[must_use]
pub fn capabilities(role: Role, options: &MeetingOptions, participant: Participant) -> CapabilitySet {
    let mut set = CapabilitySet::from(ANYBODY);
    let attendee = role == Role::Attendee;
    let allowed = [
        (
            Capability::UnmuteMic,
            !attendee || options.allow_attendee_to_enable_mic,
        ),
        (
            Capability::TurnVideoOn,
            !attendee || options.allow_attendee_to_enable_camera,
        ),
        (Capability::ShareScreen, !attendee),
    ];
    set.extend(
        allowed
            .into_iter()
            .filter(|(_, allowed)| *allowed)
            .map(|(capability, _)| capability),
    );
    if attendee || Standing::new(options, participant).is_anonymous() {
        return set;
    }
    set.extend(CARE);
    let leads = matches!(role, Role::Organizer | Role::CoOrganizer);
    let presenters_admit =
        options.allowed_lobby_admitters == AllowedLobbyAdmitters::OrganizerAndCoOrganizersAndPresenters;
    if leads || presenters_admit {
        set.insert(Capability::ManageLobby);
    }
    if leads {
        set.insert(Capability::HangUpForEveryOne);
    }
    set
}
