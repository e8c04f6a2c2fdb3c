//! For tests: whoever hears nothing but what has happened knows who is where.

use std::collections::BTreeSet;

use anteroom_teams_link::admission::EndReason;
use anteroom_teams_link::policy::LobbyScope;

use super::harness::{Harness, LOBBY_TIMEOUT, alice, bob, guest};
use super::{Input, Meeting};
use crate::meeting::events::{EventKind, EventRole, Happening, LobbyOutcome};

/// Who is where, by what was told; refuses what cannot be.
#[derive(Default)]
pub(super) struct Ledger {
    call: Option<String>,
    present: BTreeSet<String>,
    waiting: BTreeSet<String>,
}

impl Ledger {
    pub(super) fn take(&mut self, happening: &Happening) {
        let Happening { call_id, kind } = happening;
        match kind {
            EventKind::Started => assert_eq!(self.call.replace(call_id.clone()), None, "started twice"),
            EventKind::Ended => {
                assert!(self.present.is_empty(), "ended with somebody in the call");
                assert_eq!(self.call.take().as_ref(), Some(call_id));
                return;
            }
            EventKind::Joined { participant } => {
                assert!(self.present.insert(participant.id.clone()), "joined twice");
                assert!(
                    !self.waiting.contains(&participant.id),
                    "waits and is in the call"
                );
                assert!(participant.role.is_some());
            }
            EventKind::Left { participant, .. } => {
                assert!(self.present.remove(&participant.id), "left without having joined");
            }
            EventKind::LobbyWaiting { participant } => {
                assert!(self.waiting.insert(participant.id.clone()), "waits twice");
                assert_eq!(participant.role, None);
            }
            EventKind::LobbyLeft { participant, .. } => {
                assert!(
                    self.waiting.remove(&participant.id),
                    "waits no more, and never did"
                );
            }
            EventKind::ChatMessage { .. } => {}
        }
        assert_eq!(call_id, self.call.as_deref().unwrap_or_default());
    }

    pub(super) fn check(&self, meeting: &Meeting) {
        let ids = |in_call: bool| -> BTreeSet<String> {
            let people = meeting.people.values();
            people
                .filter(|participant| participant.in_call() == in_call)
                .map(|participant| participant.id.clone())
                .collect()
        };
        assert_eq!(self.present, ids(true));
        assert_eq!(self.waiting, ids(false));
        assert_eq!(self.call, meeting.call.as_ref().map(|call| call.id.clone()));
    }
}

/// What happened since the last call, in words.
fn words(harness: &mut Harness) -> Vec<String> {
    let happened = std::mem::take(&mut harness.happened);
    let word = |Happening { kind, .. }: Happening| match kind {
        EventKind::Started => "started".to_owned(),
        EventKind::Ended => "ended".to_owned(),
        EventKind::Joined { participant } => {
            let role = participant.role.map_or("?", EventRole::as_str);
            format!("{} joined as {role}", participant.display_name)
        }
        EventKind::Left { participant, reason } => {
            let key = reason.map_or("-", |reason| reason.key);
            format!("{} left {key}", participant.display_name)
        }
        EventKind::LobbyWaiting { participant } => format!("{} waits", participant.display_name),
        EventKind::LobbyLeft { participant, outcome } => {
            format!("{} {outcome:?}", participant.display_name)
        }
        EventKind::ChatMessage { participant, line } => {
            let from = participant.map_or(line.sender, |participant| participant.display_name);
            format!("{from}: {}", line.text)
        }
    };
    happened.into_iter().map(word).collect()
}

#[test]
fn a_meeting_from_its_start_to_its_end() {
    let mut harness = Harness::new(LobbyScope::OrganizationExcludingGuests);
    let guest = harness.join(guest(1));
    assert_eq!(words(&mut harness), ["Guest 1 waits"]);
    let alice = harness.join(alice());
    assert_eq!(words(&mut harness), ["started", "Alice joined as organizer"]);
    let all = Input::Admit {
        reply: 1,
        ids: Vec::new(),
        all: true,
    };
    harness.tell(alice, all);
    assert_eq!(
        words(&mut harness),
        ["Guest 1 Admitted", "Guest 1 joined as presenter"]
    );
    harness.say("hello");
    assert_eq!(words(&mut harness), ["8:orgid:somebody: hello"]);
    harness.tell(guest, Input::Gone);
    assert_eq!(words(&mut harness), ["Guest 1 left -"]);
    harness.tell(alice, Input::EndMeeting { reply: 2 });
    assert_eq!(words(&mut harness), ["Alice left ended", "ended"]);
}

#[test]
fn the_ways_out_of_the_lobby() {
    let mut harness = Harness::new(LobbyScope::OrganizationExcludingGuests);
    let alice = harness.join(alice());
    let waiting: Vec<_> = (1..=3).map(|number| harness.join(guest(number))).collect();
    words(&mut harness);
    let ids = vec![harness.id_of(waiting[0])];
    harness.tell(alice, Input::Reject { reply: 1, ids });
    assert_eq!(words(&mut harness), ["Guest 1 Rejected"]);
    harness.tell(waiting[1], Input::Leave { reply: 1 });
    assert_eq!(words(&mut harness), ["Guest 2 Gone"]);
    harness.advance(LOBBY_TIMEOUT);
    assert_eq!(words(&mut harness), ["Guest 3 TimedOut"]);
    harness.join(guest(4));
    harness.tell(alice, Input::EndMeeting { reply: 2 });
    let refused = LobbyOutcome::Refused(EndReason::ended());
    assert_eq!(
        words(&mut harness),
        [
            "Guest 4 waits".to_owned(),
            format!("Guest 4 {refused:?}"),
            "Alice left ended".to_owned(),
            "ended".to_owned()
        ]
    );
}

#[test]
fn colleagues_are_not_external_and_guests_are() {
    let mut harness = Harness::new(LobbyScope::Everyone);
    harness.join(bob());
    harness.join(guest(1));
    let joined: Vec<_> = harness
        .happened
        .iter()
        .filter_map(|happening| match &happening.kind {
            EventKind::Joined { participant } => Some((participant.external, participant.tenant.is_some())),
            _ => None,
        })
        .collect();
    assert_eq!(joined, [(false, true), (true, false)]);
}
