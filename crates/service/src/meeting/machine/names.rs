//! Whose names are told to whom. Attendees may be kept from seeing each other's: there are at most two views of a meeting,
//! and every message with names is made once for each.

use anteroom_identity::id::{CommunicationIdentifier, TeamsUserId};
use anteroom_signaling::proto;
use anteroom_teams_link::admission::{self, Label};
use anteroom_teams_link::{Capability, Role};

use super::life::Call;
use super::participant::{CallRole, Participant, Person, Present, SessionId};
use super::{Meeting, Policy};
use crate::chat::names::{HIDDEN_NAME, HiddenNames};

/// What somebody sees of the others' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum View {
    /// All of them.
    Full,
    /// None of attendees, but the own.
    Masked,
}

impl View {
    pub(super) const ALL: [Self; 2] = [Self::Full, Self::Masked];
}

/// One thing for each view.
#[derive(Debug, Clone, Default)]
pub(super) struct ByView<T> {
    full: T,
    masked: T,
}

impl<T> ByView<T> {
    pub(super) const fn get_mut(&mut self, view: View) -> &mut T {
        match view {
            View::Full => &mut self.full,
            View::Masked => &mut self.masked,
        }
    }
}

impl Present {
    /// What the participant sees of the others' names. There are no attendees whose names a room hides.
    pub(super) const fn view(&self) -> View {
        match self.role {
            CallRole::Meeting(_) if !self.capabilities.contains(Capability::ViewAttendeeNames) => {
                View::Masked
            }
            CallRole::Meeting(_) | CallRole::Room(_) => View::Full,
        }
    }

    /// Whether the participant's name is one of those that may be hidden.
    pub(super) const fn is_nameless(&self) -> bool {
        matches!(self.role, CallRole::Meeting(Role::Attendee))
    }
}

impl Meeting {
    /// A participant's roster entry as others see it; `None` in the lobby.
    pub(super) fn roster_entry(&self, session: SessionId, view: View) -> Option<proto::Participant> {
        let participant = self.people.get(&session)?;
        let mut entry = participant.roster_entry(self.facts.tenant())?;
        let nameless = participant.present().is_some_and(Present::is_nameless);
        if view == View::Masked && nameless {
            HIDDEN_NAME.clone_into(&mut entry.display_name);
            entry.name_hidden = true;
        }
        Some(entry)
    }

    /// Those of these sessions that have a view.
    pub(super) fn of_view(&self, sessions: &[SessionId], view: View) -> Vec<SessionId> {
        let has = |session: &&SessionId| {
            let present = self.people.get(session).and_then(Participant::present);
            present.is_some_and(|present| present.view() == view)
        };
        sessions.iter().filter(has).copied().collect()
    }

    /// What stands beside somebody's name; nothing, where there is no organization.
    pub(super) fn label(&self, person: &Person) -> proto::Label {
        let Policy::Meeting(rules) = &self.policy else {
            return proto::Label::Unspecified;
        };
        match admission::label(&rules.tenant, self.admission_participant(person)) {
            None => proto::Label::Unspecified,
            Some(Label::External) => proto::Label::External,
            Some(Label::Unverified) => proto::Label::Unverified,
        }
    }

    /// Whether the name of somebody who said something in the chat may be hidden. Whoever is not known in this call might
    /// be an attendee of an earlier one.
    pub(super) fn is_nameless(&self, person: &CommunicationIdentifier) -> bool {
        let named = self.call.as_ref().is_some_and(|call| call.is_named(person));
        !named && !self.is_organizer(person)
    }

    /// Somebody is in the call with a role, or with another one than before.
    pub(super) fn note_name(&mut self, person: &CommunicationIdentifier) {
        let mut same = self.people.values().filter(|other| other.person.id == *person);
        let named = same.any(|other| other.present().is_some_and(|present| !present.is_nameless()));
        if let Some(call) = &mut self.call {
            call.set_named(person, named);
        }
        self.names_changed = true;
    }

    /// Whose names the meeting's chat hides from whom, if that may have changed since the last call.
    #[must_use]
    pub(crate) fn take_hidden_names(&mut self) -> Option<Option<HiddenNames>> {
        std::mem::take(&mut self.names_changed).then(|| self.hidden_names())
    }

    /// Has the next call of [`take_hidden_names`](Self::take_hidden_names) give them.
    pub(crate) const fn tell_hidden_names(&mut self) {
        self.names_changed = true;
    }

    fn hidden_names(&self) -> Option<HiddenNames> {
        let Policy::Meeting(rules) = &self.policy else {
            return None;
        };
        if !admission::hides_attendee_names(&rules.organizer, &rules.options) {
            return None;
        }
        let named = self.call.iter().flat_map(Call::named).cloned();
        let mut hidden = HiddenNames {
            named: named.chain(self.organizer()).collect(),
            ..HiddenNames::default()
        };
        for participant in self.people.values() {
            let Some(present) = participant.present() else {
                continue;
            };
            let seers = match present.view() {
                View::Full => &mut hidden.sighted,
                View::Masked => &mut hidden.blind,
            };
            seers.insert(participant.person.id.clone());
        }
        // Who is here twice sees no more by that.
        hidden.sighted.retain(|id| !hidden.blind.contains(id));
        Some(hidden)
    }

    fn is_organizer(&self, person: &CommunicationIdentifier) -> bool {
        self.organizer().is_some_and(|organizer| organizer == *person)
    }

    fn organizer(&self) -> Option<CommunicationIdentifier> {
        let organizer = self.facts.host?.organizer;
        Some(CommunicationIdentifier::MicrosoftTeamsUser(TeamsUserId::new(
            organizer,
        )))
    }

    /// Labels follow the settings.
    pub(super) fn review_labels(&mut self) {
        let mut changed = Vec::new();
        let labels: Vec<_> = self
            .people
            .iter()
            .map(|(session, participant)| (*session, self.label(&participant.person)))
            .collect();
        for (session, label) in labels {
            let Some(participant) = self.people.get_mut(&session) else {
                continue;
            };
            if participant.label != label {
                participant.label = label;
                changed.push(session);
            }
        }
        let waiting: Vec<_> = changed
            .iter()
            .filter_map(|session| self.people.get(session)?.lobby_entry())
            .collect();
        for session in changed {
            self.roster_changed(session);
        }
        self.lobby_changed(waiting, Vec::new());
    }
}
