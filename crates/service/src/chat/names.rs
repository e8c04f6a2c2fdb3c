//! Names that are hidden in the chat of a meeting.
//!
//! What is stored and what servers hear has all names. They are taken out of what somebody reads who may not see them:
//! lists, single messages, real-time notifications.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use anteroom_chat::thread::{Member, Message, MessageKind, ParticipantRef};
use anteroom_chat::{Event, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;

/// What is shown in place of a hidden name.
pub(crate) const HIDDEN_NAME: &str = "Attendee";

/// Whose names are hidden from whom in one thread, while its meeting hides those of attendees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HiddenNames {
    /// Guests who see all names. The others do not, those included whose membership is about to end.
    pub(crate) sighted: HashSet<CommunicationIdentifier>,
    /// People of a directory who do not. The others do: who is not in the call is no attendee.
    pub(crate) blind: HashSet<CommunicationIdentifier>,
    /// Whose names everybody sees.
    pub(crate) named: HashSet<CommunicationIdentifier>,
}

impl HiddenNames {
    /// Whether somebody sees only some names.
    pub(crate) fn hides_from(&self, viewer: &CommunicationIdentifier) -> bool {
        match viewer {
            CommunicationIdentifier::MicrosoftTeamsUser(_) => self.blind.contains(viewer),
            _ => !self.sighted.contains(viewer),
        }
    }

    /// Whether somebody's name is hidden from those it is hidden from.
    pub(crate) fn hides(&self, whose: &CommunicationIdentifier) -> bool {
        !self.named.contains(whose)
    }

    /// Takes the names out of a message that `viewer` may not see.
    pub(super) fn mask_message(&self, viewer: Option<&CommunicationIdentifier>, message: &mut Message) {
        if let Some(sender) = &message.sender {
            self.mask(viewer, sender, &mut message.sender_display_name);
        }
        match &mut message.kind {
            MessageKind::ParticipantAdded { participants, .. }
            | MessageKind::ParticipantRemoved { participants, .. } => {
                self.mask_all(viewer, participants);
            }
            _ => {}
        }
    }

    pub(super) fn mask_member(&self, viewer: Option<&CommunicationIdentifier>, member: &mut Member) {
        let Member { id, display_name, .. } = member;
        self.mask(viewer, id, display_name);
    }

    /// The event as those hear it from whom names are hidden.
    pub(crate) fn masked(&self, event: &Event) -> Event {
        let mut event = event.clone();
        match &mut event {
            Event::MessageReceived { message, .. }
            | Event::MessageEdited { message, .. }
            | Event::MessageDeleted { message, .. } => self.mask_message(None, message),
            Event::ThreadCreated { by, members, .. } | Event::MembersAdded { by, members, .. } => {
                self.mask_ref(None, by);
                for member in members {
                    self.mask_member(None, member);
                }
            }
            Event::MembersRemoved { by, members, .. } => {
                self.mask_ref(None, by);
                self.mask_all(None, members);
            }
            Event::ThreadUpdated { by, .. } | Event::Typing { sender: by, .. } => self.mask_ref(None, by),
            Event::ThreadDeleted { by: Some(by), .. } => self.mask_ref(None, by),
            // Names nobody but by identifier.
            Event::ReadReceipt { .. } => {}
            _ => {}
        }
        event
    }

    fn mask_all(&self, viewer: Option<&CommunicationIdentifier>, people: &mut [ParticipantRef]) {
        for person in people {
            self.mask_ref(viewer, person);
        }
    }

    fn mask_ref(&self, viewer: Option<&CommunicationIdentifier>, person: &mut ParticipantRef) {
        let ParticipantRef { id, display_name } = person;
        self.mask(viewer, id, display_name);
    }

    /// Everybody sees the own name. No name is no secret.
    fn mask(
        &self,
        viewer: Option<&CommunicationIdentifier>,
        whose: &CommunicationIdentifier,
        name: &mut String,
    ) {
        if viewer != Some(whose) && self.hides(whose) && !name.is_empty() {
            HIDDEN_NAME.clone_into(name);
        }
    }
}

/// Whose name alone an event has; its own it may know.
pub(crate) fn names_only(event: &Event) -> Option<&CommunicationIdentifier> {
    match event {
        Event::MessageReceived { message, .. }
        | Event::MessageEdited { message, .. }
        | Event::MessageDeleted { message, .. } => message.sender.as_ref(),
        Event::Typing { sender, .. } => Some(&sender.id),
        _ => None,
    }
}

/// The threads in which names are hidden now; clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThreadNames(Arc<RwLock<HashMap<ThreadId, Arc<HiddenNames>>>>);

impl ThreadNames {
    /// Hides names in a thread from now on, or all of them no more.
    pub(crate) fn set(&self, thread: &ThreadId, hidden: Option<Arc<HiddenNames>>) {
        let mut threads = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match hidden {
            Some(hidden) => threads.insert(thread.clone(), hidden),
            None => threads.remove(thread),
        };
    }

    /// What is hidden in a thread, if anything is.
    pub(crate) fn of(&self, thread: &ThreadId) -> Option<Arc<HiddenNames>> {
        let threads = self.0.read().unwrap_or_else(PoisonError::into_inner);
        threads.get(thread).cloned()
    }

    /// What is hidden in a thread from somebody, if anything is.
    pub(super) fn hidden_from(
        &self,
        viewer: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Option<Arc<HiddenNames>> {
        self.of(thread).filter(|hidden| hidden.hides_from(viewer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "8:orgid:0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19";
    const BOB: &str = "8:orgid:1c8f7d55-a2e3-4f10-9b4c-7e6a5d4c3b2a";
    const DANA: &str = "8:acs:5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10_00000000-0000-0000-0000-000000000001";
    const ERIN: &str = "8:acs:5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10_00000000-0000-0000-0000-000000000002";

    fn id(text: &str) -> CommunicationIdentifier {
        text.parse().unwrap()
    }

    fn set(ids: &[&str]) -> HashSet<CommunicationIdentifier> {
        ids.iter().map(|text| id(text)).collect()
    }

    #[test]
    fn guests_see_names_only_where_they_may_and_colleagues_unless_they_may_not() {
        let hidden = HiddenNames {
            sighted: set(&[ERIN]),
            blind: set(&[BOB]),
            named: set(&[ALICE, ERIN]),
        };
        let hides_from = [ALICE, BOB, DANA, ERIN].map(|who| hidden.hides_from(&id(who)));
        assert_eq!(hides_from, [false, true, true, false]);
        let mut member = Member::with_history(id(DANA), "Dana");
        hidden.mask_member(Some(&id(DANA)), &mut member);
        assert_eq!(member.display_name, "Dana", "the own name");
        hidden.mask_member(Some(&id(BOB)), &mut member);
        assert_eq!(member.display_name, HIDDEN_NAME);
        let mut member = Member::with_history(id(ERIN), "Erin");
        hidden.mask_member(Some(&id(BOB)), &mut member);
        assert_eq!(member.display_name, "Erin");
    }

    #[test]
    fn no_event_has_a_hidden_name() {
        let hidden = HiddenNames {
            named: set(&[ALICE]),
            ..HiddenNames::default()
        };
        let thread: ThreadId = "19:meeting_x@thread.v2".parse().unwrap();
        let person = |who: &str, name: &str| ParticipantRef {
            id: id(who),
            display_name: name.to_owned(),
        };
        let at = time::OffsetDateTime::UNIX_EPOCH;
        let events = [
            Event::Typing {
                thread: thread.clone(),
                sender: person(DANA, "Dana"),
                at,
                version: 1,
            },
            Event::MembersAdded {
                thread: thread.clone(),
                members: vec![
                    Member::with_history(id(DANA), "Dana"),
                    Member::with_history(id(ALICE), "Alice"),
                ],
                by: person(DANA, "Dana"),
                at,
                version: 1,
            },
            Event::MembersRemoved {
                thread: thread.clone(),
                members: vec![person(DANA, "Dana")],
                by: person(ALICE, "Alice"),
                at,
                version: 1,
            },
            Event::ThreadDeleted {
                thread,
                by: Some(person(DANA, "Dana")),
                at,
                version: 1,
            },
        ];
        for event in events {
            let told = format!("{:?}", hidden.masked(&event));
            assert!(!told.contains("Dana") && told.contains(HIDDEN_NAME), "{told}");
            let alice = format!("{event:?}").contains("Alice");
            assert_eq!(told.contains("Alice"), alice, "{told}");
        }
    }
}
