//! What the rules say about a person.

use anteroom_teams_link::admission::{self, AdmissionInput, Decision};
use anteroom_teams_link::link::{Cloud, LinkKind};
use anteroom_teams_link::policy::{ChatUser, may_chat};
use anteroom_teams_link::{Capability, CapabilitySet};

use super::Meeting;
use super::participant::{Participant, Person, PersonKind, SessionId};

impl Meeting {
    /// The decision about somebody who comes or waits.
    pub(super) fn decide(&self, person: &Person) -> Decision {
        admission::decide(&self.admission_input(person))
    }

    /// The decision about somebody who is let in by hand.
    pub(super) fn decide_admitted(&self, person: &Person) -> Decision {
        admission::decide_admitted(&self.admission_input(person))
    }

    /// Whether somebody may use the chat while in the call.
    pub(super) fn chat_is_on(&self, participant: &Participant) -> bool {
        let user = if participant.is_of(self.facts.tenant) {
            ChatUser::Member
        } else {
            ChatUser::Anonymous
        };
        may_chat(&self.rules.organizer, &self.rules.options, user)
    }

    /// Settings have changed: roles stay, what they may do follows the settings.
    pub(super) fn review_capabilities(&mut self) {
        let mut gained: Vec<SessionId> = Vec::new();
        let changed: Vec<(SessionId, CapabilitySet)> = self
            .people
            .iter()
            .filter_map(|(session, participant)| {
                let present = participant.present()?;
                let who = self.admission_participant(&participant.person);
                let capabilities = admission::capabilities(present.role, &self.rules.options, who);
                (capabilities != present.capabilities).then_some((*session, capabilities))
            })
            .collect();
        for (session, capabilities) in changed {
            let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) else {
                continue;
            };
            let managed = present.capabilities.contains(Capability::ManageLobby);
            present.capabilities = capabilities;
            if capabilities.contains(Capability::ManageLobby) && !managed {
                gained.push(session);
            }
        }
        for session in gained {
            self.send_lobby_snapshot(session);
        }
    }

    fn admission_input(&self, person: &Person) -> AdmissionInput<'_> {
        AdmissionInput {
            // Links into other clouds and to other kinds never lead to a meeting of this service.
            cloud: Cloud::Public,
            kind: LinkKind::Own,
            tenant: &self.rules.tenant,
            organizer: &self.rules.organizer,
            options: &self.rules.options,
            started: self.started(),
            participant_count: self.present_count(),
            limit: self.limits.participants,
            participant: self.admission_participant(person),
        }
    }

    fn admission_participant(&self, person: &Person) -> admission::Participant {
        match person.kind {
            PersonKind::Guest { resource } => admission::Participant::Guest { resource },
            PersonKind::Organization { tenant, object } => {
                let same_tenant = tenant == self.facts.tenant;
                admission::Participant::Organization {
                    oid: object,
                    is_organizer: same_tenant && object == self.facts.organizer,
                    // Co-organizers are named in the invitation, which the options hold.
                    is_co_organizer: false,
                    same_tenant,
                }
            }
        }
    }
}
