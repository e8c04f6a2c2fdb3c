//! A group call: users of one ACS resource who name the same GUID. No list, no lobby, no organizer, no chat; it is there
//! while somebody is in it, and all in it are equal.

use anteroom_identity::id::ResourceId;
use anteroom_identity::token::Scope;
use anteroom_rooms::Role;
use anteroom_teams_link::admission::EndReason;

use super::decide::Verdict;
use super::participant::{CallRole, Person, PersonKind};
use super::room::capabilities;

/// Whose group call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupRules {
    /// The resource.
    pub resource: ResourceId,
}

impl GroupRules {
    /// The decision about somebody who comes. `running`: somebody is in the call.
    pub(super) fn verdict(self, person: &Person, running: bool) -> Verdict {
        let scopes = match person.kind {
            PersonKind::Guest { resource, scopes } if resource == self.resource => scopes,
            PersonKind::Guest { .. } | PersonKind::Organization { .. } => {
                return Verdict::Deny(EndReason::group_users_only());
            }
        };
        if !scopes.contains(Scope::Voip) && !scopes.contains(Scope::VoipJoin) {
            return Verdict::Deny(EndReason::unauthenticated());
        }
        // The scope `voip.join` is for calls that run.
        if !scopes.contains(Scope::Voip) && !running {
            return Verdict::Deny(EndReason::group_not_started());
        }
        Verdict::Admit {
            role: CallRole::Room(ROLE),
            capabilities: capabilities(ROLE),
        }
    }
}

/// What everybody in a group call is: as in ACS, all may speak, show and share, mute and remove others, and end it.
const ROLE: Role = Role::Presenter;

#[cfg(test)]
mod tests;
