//! Roles and capabilities.

use super::*;
use crate::policy::{AllowedLobbyAdmitters, AllowedPresenters};

#[test]
fn roles_follow_who_may_present() {
    use AllowedPresenters::*;
    use Role::{Attendee as A, CoOrganizer as C, Organizer as O, Presenter as P};
    let rows = [
        (Everyone, [P, O, C, P, P]),
        (Organization, [A, O, C, P, A]),
        (RoleIsPresenter, [A, O, C, A, A]),
        (Organizer, [A, O, C, A, A]),
    ];
    for (presenters, roles) in rows {
        let case = Case::new(|case| case.options.allowed_presenters = presenters);
        assert_eq!(
            EVERYBODY.map(|participant| case.rights(participant).0),
            roles,
            "{presenters:?}"
        );
    }
    let named = Case::new(|case| {
        case.options.allowed_presenters = RoleIsPresenter;
        case.options.attendees = vec![Attendee {
            id: BOB,
            role: AttendeeRole::Presenter,
        }];
    });
    assert_eq!(named.rights(MEMBER).0, P);
    assert_eq!(named.rights(STRANGER).0, A);
}

#[test]
fn capabilities_follow_the_role_and_stay_limited_for_guests() {
    use Capability::*;
    let default = Case::new(|_| {});
    let (_, guest) = default.rights(GUEST);
    assert_eq!(
        guest.names(),
        [
            "turnVideoOn",
            "unmuteMic",
            "shareScreen",
            "raiseHand",
            "reaction",
            "viewAttendeeNames"
        ]
    );
    assert_eq!(default.rights(STRANGER).1, guest);
    let (_, presenter) = default.rights(MEMBER);
    assert!(presenter.contains(ManageLobby) && presenter.contains(RemoveParticipant));
    assert!(presenter.contains(MuteOthers) && !presenter.contains(HangUpForEveryOne));
    for leader in [ORGANIZER, CO_ORGANIZER] {
        let (_, set) = default.rights(leader);
        assert!(set.contains(HangUpForEveryOne) && set.contains(ManageLobby) && set.contains(ShareScreen));
    }

    let strict = Case::new(|case| {
        case.options.allowed_presenters = AllowedPresenters::Organizer;
        case.options.allow_attendee_to_enable_mic = false;
        case.options.allow_attendee_to_enable_camera = false;
    });
    for attendee in [GUEST, STRANGER, MEMBER] {
        assert_eq!(
            strict.rights(attendee).1.names(),
            ["raiseHand", "reaction", "viewAttendeeNames"]
        );
    }
    assert_eq!(strict.rights(ORGANIZER).1, default.rights(ORGANIZER).1);

    let few_admitters = Case::new(|case| {
        case.options.allowed_lobby_admitters = AllowedLobbyAdmitters::OrganizerAndCoOrganizers
    });
    assert!(!few_admitters.rights(MEMBER).1.contains(ManageLobby));
    assert!(few_admitters.rights(CO_ORGANIZER).1.contains(ManageLobby));
}
