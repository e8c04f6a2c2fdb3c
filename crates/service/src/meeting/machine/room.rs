//! A room's call: who is invited, as what, and until when. No lobby, no organizer, no chat.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anteroom_identity::id::{AcsUserId, CommunicationIdentifier};
use anteroom_rooms::{Decision, Participant as Invited, Refusal, Role, Room};
use anteroom_teams_link::CapabilitySet;
use anteroom_teams_link::admission::EndReason;

use super::decide::Verdict;
use super::participant::{CallRole, Person, PersonKind};
use super::{Meeting, Now, Policy};

/// A room and who is invited.
#[derive(Debug, Clone)]
pub struct RoomRules {
    /// The room.
    pub room: Room,
    /// Who is invited, as what.
    pub invited: BTreeMap<AcsUserId, Role>,
}

/// How long at most until the end of a room is looked at again: far ahead, timers need not be exact, and instants are
/// bounded.
const MAX_WAIT: Duration = Duration::from_secs(24 * 3600);

impl RoomRules {
    /// The decision about somebody who comes or is in the call.
    pub(super) fn decide(&self, person: &Person, now: Now) -> Decision {
        // Only ACS users can be invited.
        let (CommunicationIdentifier::CommunicationUser(user), PersonKind::Guest { scopes, .. }) =
            (&person.id, &person.kind)
        else {
            return Decision::Refuse(Refusal::NotInvited);
        };
        let invited = self.invited.get(user).map(|role| Invited {
            user: *user,
            role: *role,
        });
        anteroom_rooms::admit(&self.room, invited.as_ref(), *scopes, now.wall)
    }

    pub(super) fn verdict(&self, person: &Person, now: Now) -> Verdict {
        match self.decide(person, now) {
            Decision::Admit { role } => Verdict::Admit {
                role: CallRole::Room(role),
                capabilities: capabilities(role),
            },
            Decision::Refuse(Refusal::Scope) => Verdict::Deny(EndReason::unauthenticated()),
            Decision::Refuse(Refusal::NotInvited) => Verdict::Deny(EndReason::room_not_invited()),
            Decision::Refuse(Refusal::NotStarted) => Verdict::Deny(EndReason::room_not_open()),
            Decision::Refuse(Refusal::Ended) => Verdict::Deny(EndReason::room_over()),
        }
    }

    /// When to look whether the room is over.
    fn closes(&self, now: Now) -> Instant {
        let left = self.room.window.until() - now.wall;
        now.instant + Duration::try_from(left).unwrap_or_default().min(MAX_WAIT)
    }
}

impl Meeting {
    /// Looks at everybody in a room's call anew: its list, its times or the clock may have changed.
    pub(super) fn review_room(&mut self, now: Now) {
        self.watch_the_end(now);
        let Policy::Room(rules) = &self.policy else {
            return;
        };
        let mut leaving = Vec::new();
        let mut changed = Vec::new();
        let mut closed = false;
        for (session, participant) in &self.people {
            let Some(present) = participant.present() else {
                continue;
            };
            match rules.decide(&participant.person, now) {
                Decision::Admit { role } if present.role != CallRole::Room(role) => {
                    changed.push((*session, role))
                }
                Decision::Admit { .. } => {}
                Decision::Refuse(Refusal::NotInvited | Refusal::Scope) => leaving.push(*session),
                Decision::Refuse(Refusal::NotStarted | Refusal::Ended) => closed = true,
            }
        }
        for session in leaving {
            self.leave_call(session, 0, Some(&EndReason::removed()));
        }
        self.call_may_be_over();
        if closed {
            self.end_all(&EndReason::room_closed());
            return;
        }
        for (session, role) in changed {
            self.set_role_of(session, CallRole::Room(role));
        }
    }

    /// Sees to it that a room's call ends in time.
    pub(super) fn watch_the_end(&mut self, now: Now) {
        if let Policy::Room(rules) = &self.policy {
            self.closes = Some(rules.closes(now));
        }
    }

    /// Ends a room's call in time.
    pub(super) fn close_in_time(&mut self, now: Now) {
        if self.closes.is_some_and(|closes| closes <= now.instant) {
            self.review_room(now);
        }
    }
}

/// What a role allows in a call. Both crates name capabilities as ACS does.
pub(super) fn capabilities(role: Role) -> CapabilitySet {
    role.capabilities()
        .iter()
        .filter_map(|capability| capability.as_str().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests;
