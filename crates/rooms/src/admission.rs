//! Who may join a room's call, as one pure function.

use anteroom_identity::token::{Scope, ScopeSet};
use time::OffsetDateTime;

use crate::role::Role;
use crate::room::{Participant, Room};

/// What becomes of somebody who wants to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Into the call at once: rooms have no lobby.
    Admit {
        /// As what; [`Role::capabilities`] says what that allows.
        role: Role,
    },
    /// Turned away.
    Refuse(Refusal),
}

/// Why somebody is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The token has neither the scope `voip` nor `voip.join`.
    Scope,
    /// Not on the list of participants.
    NotInvited,
    /// The room's `validFrom` is still to come.
    NotStarted,
    /// The room's `validUntil` has passed.
    Ended,
}

/// Decides about somebody who wants to join a room's call, or is in it.
///
/// `participant` is the entry in the room's list, if there is one; `scopes` those of the token. Either call scope is
/// enough, also for the first to come: the invitation is what allows to start the call. Whoever is not invited is told
/// so whatever the time is, and learns nothing of when the room is open.
#[must_use]
pub fn admit(
    room: &Room,
    participant: Option<&Participant>,
    scopes: ScopeSet,
    now: OffsetDateTime,
) -> Decision {
    if !scopes.contains(Scope::Voip) && !scopes.contains(Scope::VoipJoin) {
        return Decision::Refuse(Refusal::Scope);
    }
    let Some(participant) = participant else {
        return Decision::Refuse(Refusal::NotInvited);
    };
    if now < room.window.from() {
        return Decision::Refuse(Refusal::NotStarted);
    }
    if now >= room.window.until() {
        return Decision::Refuse(Refusal::Ended);
    }
    Decision::Admit {
        role: participant.role,
    }
}

#[cfg(test)]
mod tests {
    use anteroom_identity::id::{AcsUserId, ResourceId};
    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::id::RoomId;
    use crate::window::Window;

    const NOW: OffsetDateTime = datetime!(2026-11-20 10:00 UTC);

    fn room() -> Room {
        let hour = Duration::hours(1);
        Room {
            id: RoomId::from_random(1),
            resource: ResourceId::random(),
            created: NOW,
            window: Window::new(Some(NOW + hour), Some(NOW + 2 * hour), NOW).unwrap(),
            pstn_dial_out: false,
        }
    }

    fn scopes(list: &[Scope]) -> ScopeSet {
        list.iter().copied().collect()
    }

    #[test]
    fn the_window_has_a_first_and_a_last_moment() {
        let room = room();
        let participant = Participant {
            user: AcsUserId::random(room.resource),
            role: Role::Consumer,
        };
        let at = |now| admit(&room, Some(&participant), scopes(&[Scope::VoipJoin]), now);
        let moment = Duration::microseconds(1);
        let (from, until) = (room.window.from(), room.window.until());
        let admitted = Decision::Admit { role: Role::Consumer };
        assert_eq!(at(from - moment), Decision::Refuse(Refusal::NotStarted));
        assert_eq!(at(from), admitted);
        assert_eq!(at(until - moment), admitted);
        assert_eq!(at(until), Decision::Refuse(Refusal::Ended));
    }

    #[test]
    fn strangers_learn_nothing_of_the_window() {
        let room = room();
        for now in [NOW, room.window.from(), room.window.until()] {
            let decision = admit(&room, None, scopes(&[Scope::Voip]), now);
            assert_eq!(decision, Decision::Refuse(Refusal::NotInvited));
        }
    }

    #[test]
    fn chat_scopes_do_not_let_anybody_in() {
        let room = room();
        let participant = Participant {
            user: AcsUserId::random(room.resource),
            role: Role::Presenter,
        };
        let now = room.window.from();
        for scope in Scope::ALL {
            let call = matches!(scope, Scope::Voip | Scope::VoipJoin);
            let decision = admit(&room, Some(&participant), scopes(&[scope]), now);
            assert_eq!(matches!(decision, Decision::Admit { .. }), call, "{scope}");
        }
        let decision = admit(&room, Some(&participant), scopes(&[]), now);
        assert_eq!(decision, Decision::Refuse(Refusal::Scope));
    }
}
