//! Whose names are seen by whom, what stands beside them, who is taken for a program, and what a mute is worth.

use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, ChatMessage, Label, MediaState, MuteParticipants, Participant};
use anteroom_signaling::wire::{self, Encoding};
use anteroom_teams_link::policy::{
    AcsUserLabel, AllowedPresenters, AttendeeRole, ExternalBotAccessMode, LobbyScope, Switch,
};

use super::harness::{Harness, KNOWN, alice, bob, guest};
use super::{Ask, ChatLine, Effect, Input, Person, PersonKind, SessionId};
use crate::chat::names::{HIDDEN_NAME, HiddenNames};

/// Alice, who organizes, Bob, who presents, and two guests, who attend, and see each other's names or not.
struct Four {
    m: Harness,
    alice: SessionId,
    bob: SessionId,
    dana: SessionId,
    erin: SessionId,
}

fn meeting(masked: bool) -> Four {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| {
        rules.options.allowed_presenters = AllowedPresenters::Organization;
        rules.organizer.attendee_identity_masking = switch(masked);
    });
    let (alice, bob, dana, erin) = (m.join(alice()), m.join(bob()), m.join(guest(1)), m.join(guest(2)));
    Four {
        m,
        alice,
        bob,
        dana,
        erin,
    }
}

const fn switch(on: bool) -> Switch {
    if on { Switch::Enabled } else { Switch::Disabled }
}

/// Everything that was sent, as it goes over the wire.
fn written(bodies: &[Body]) -> String {
    let write = |body: &Body| {
        let message = proto::ServerMessage {
            seq: 1,
            in_reply_to: 0,
            body: Some(body.clone()),
        };
        let frame = wire::encode_server(Encoding::Json, &message);
        String::from_utf8(frame.as_bytes().to_vec()).unwrap()
    };
    bodies.iter().map(write).collect()
}

/// The newest entry of a participant that a session was told.
fn entry(m: &Harness, seen_by: SessionId, whose: SessionId) -> Participant {
    let id = m.id_of(whose);
    let told = m.sent_to(seen_by).into_iter().rev().find_map(|body| match body {
        Body::Roster(update) => update.upserted.into_iter().find(|entry| entry.id == id),
        _ => None,
    });
    told.expect("the entry was told")
}

fn name(m: &Harness, seen_by: SessionId, whose: SessionId) -> (String, bool) {
    let Participant {
        display_name,
        name_hidden,
        ..
    } = entry(m, seen_by, whose);
    (display_name, name_hidden)
}

fn seen(name: &str) -> (String, bool) {
    (name.to_owned(), false)
}

fn hidden() -> (String, bool) {
    (HIDDEN_NAME.to_owned(), true)
}

#[test]
fn attendees_do_not_see_each_others_names() {
    let Four {
        mut m,
        alice,
        bob,
        dana,
        erin,
    } = meeting(true);
    for sees_all in [alice, bob] {
        assert_eq!(name(&m, sees_all, dana), seen("Guest 1"));
        assert_eq!(name(&m, sees_all, erin), seen("Guest 2"));
    }
    assert_eq!(name(&m, dana, erin), hidden());
    assert_eq!(name(&m, erin, dana), hidden());
    assert_eq!(name(&m, dana, dana), seen("Guest 1"), "the own name");
    assert_eq!(name(&m, erin, erin), seen("Guest 2"));
    assert_eq!(name(&m, dana, bob), seen("Bob"));
    // Identifiers stay what they are.
    assert_eq!(entry(&m, erin, dana).raw_id, entry(&m, alice, dana).raw_id);

    // Nothing else has a name either: coming, going, dropping out, hands, reactions.
    m.tell(erin, Input::ConnectionLost);
    m.tell(erin, Input::Resumed);
    for by in [dana, erin] {
        let raised = proto::SetHand {
            raised: true,
            participant_id: String::new(),
        };
        m.tell(
            by,
            Input::Ask {
                reply: 2,
                ask: Ask::SetHand(raised),
            },
        );
        let kind = proto::ReactionKind::Like.into();
        let react = Ask::React(proto::SendReaction { kind });
        m.tell(by, Input::Ask { reply: 3, ask: react });
    }
    let gone = m.join(guest(3));
    m.tell(gone, Input::Leave { reply: 0 });
    let announced: Vec<_> = m
        .sent_to(dana)
        .into_iter()
        .filter_map(|body| match body {
            Body::Announcement(told) => Some((told.entered, told.entered_count, told.left_count)),
            _ => None,
        })
        .collect();
    assert_eq!(announced, [(vec![], 1, 0), (vec![], 1, 0), (vec![], 0, 1)]);
    assert!(!written(&m.sent_to(dana)).contains("Guest 2"));
    assert!(!written(&m.sent_to(erin)).contains("Guest 1"));
    assert!(!written(&m.sent_to(dana)).contains("Guest 3"));
    assert!(
        written(&m.sent_to(bob)).contains("\"left\":[\"Guest 3\"]"),
        "presenters are told"
    );
}

#[test]
fn without_the_setting_everybody_sees_everybody() {
    let Four {
        m, alice, dana, erin, ..
    } = meeting(false);
    for viewer in [alice, dana] {
        assert_eq!(name(&m, viewer, erin), seen("Guest 2"));
    }
    assert_eq!(name(&m, erin, dana), seen("Guest 1"));
}

#[test]
fn names_come_and_go_with_roles_and_settings() {
    let Four {
        mut m,
        alice,
        dana,
        erin,
        ..
    } = meeting(false);
    m.take_all();
    m.change_rules(|rules| {
        rules.options.anonymize_identity_for_roles = [AttendeeRole::Attendee].into();
    });
    assert_eq!(name(&m, dana, erin), hidden());
    assert!(
        m.sent_to(dana)
            .iter()
            .any(|body| matches!(body, Body::Roster(update) if update.snapshot))
    );
    assert!(
        !m.sent_to(alice)
            .iter()
            .any(|body| matches!(body, Body::Roster(_))),
        "nothing is new"
    );

    let set = |m: &mut Harness, whom: SessionId, role: proto::Role| {
        let ask = Ask::SetRole(proto::SetRole {
            participant_id: m.id_of(whom),
            role: role.into(),
        });
        m.take_all();
        m.tell(alice, Input::Ask { reply: 4, ask });
    };
    // A presenter sees all names, and everybody sees a presenter's.
    set(&mut m, dana, proto::Role::Presenter);
    assert_eq!(name(&m, dana, erin), seen("Guest 2"));
    assert_eq!(name(&m, erin, dana), seen("Guest 1"));
    set(&mut m, dana, proto::Role::Attendee);
    assert_eq!(name(&m, dana, erin), hidden());
    assert_eq!(name(&m, erin, dana), hidden());
    assert_eq!(name(&m, dana, dana), seen("Guest 1"));

    m.take_all();
    m.change_rules(|rules| rules.options.anonymize_identity_for_roles.clear());
    assert_eq!(name(&m, dana, erin), seen("Guest 2"));
}

#[test]
fn what_is_made_for_many_is_made_once_for_each_view() {
    let Four {
        mut m, dana, erin, ..
    } = meeting(true);
    let late = SessionId::new(100);
    let (person, now) = (Box::new(guest(3)), m.now);
    m.meeting.handle(now, late, Input::Join { person, reply: 1 });
    let mut shared = Vec::new();
    while let Some(effect) = m.meeting.poll_effect() {
        if let Effect::SendAll { to, body } = effect
            && matches!(body.body(), Body::Roster(_))
        {
            shared.push(to);
        }
    }
    // The snapshot for the newcomer, and one update for each view.
    assert_eq!(shared.len(), 3, "{shared:?}");
    assert!(shared.iter().any(|to| *to == [dana, erin]), "{shared:?}");
}

fn said(m: &mut Harness, by: &Person) {
    let sequence = m.said.len() as u64 + 1;
    let line = ChatLine {
        id: sequence.to_string(),
        sequence,
        sender: by.id.to_string(),
        sender_display_name: by.display_name.clone(),
        text: "hello".to_owned(),
        created: m.now.wall,
        edited: None,
        deleted: false,
    };
    m.said.push(line.clone());
    m.meeting.handle_chat(&line);
    m.carry_out();
}

fn heard(m: &mut Harness, by: SessionId) -> Vec<(String, bool)> {
    let chat = |body| match body {
        Body::Chat(ChatMessage {
            sender_display_name,
            name_hidden,
            ..
        }) => Some((sender_display_name, name_hidden)),
        _ => None,
    };
    m.take(by).into_iter().filter_map(chat).collect()
}

#[test]
fn the_chat_has_no_names_that_are_hidden() {
    let Four {
        mut m,
        alice,
        bob,
        dana,
        erin,
    } = meeting(true);
    said(&mut m, &guest(1));
    said(&mut m, &super::harness::bob());
    assert_eq!(heard(&mut m, alice), [seen("Guest 1"), seen("Bob")]);
    assert_eq!(heard(&mut m, bob), [seen("Guest 1"), seen("Bob")]);
    assert_eq!(
        heard(&mut m, dana),
        [seen("Guest 1"), seen("Bob")],
        "the own name"
    );
    assert_eq!(heard(&mut m, erin), [hidden(), seen("Bob")]);
    // Who has left is who it was.
    m.tell(dana, Input::Leave { reply: 0 });
    m.tell(bob, Input::Leave { reply: 0 });
    m.tell(erin, Input::ConnectionLost);
    m.tell(erin, Input::ChatGraceOver);
    said(&mut m, &guest(1));
    said(&mut m, &super::harness::bob());
    m.tell(erin, Input::Resumed);
    assert_eq!(heard(&mut m, erin), [hidden(), seen("Bob")], "from the history");
    assert_eq!(heard(&mut m, alice), [seen("Guest 1"), seen("Bob")]);
}

#[test]
fn the_thread_hides_what_the_call_hides() {
    let Four {
        mut m,
        alice: _,
        bob,
        dana,
        erin: _,
    } = meeting(true);
    let ids = |people: &[Person]| people.iter().map(|person| person.id.clone()).collect();
    let expected = HiddenNames {
        sighted: ids(&[alice(), super::harness::bob()]),
        blind: ids(&[guest(1), guest(2)]),
        named: ids(&[alice(), super::harness::bob()]),
    };
    assert_eq!(m.meeting.take_hidden_names(), Some(Some(expected.clone())));
    assert_eq!(m.meeting.take_hidden_names(), None, "nothing is new");
    // Whose membership is about to end does not see names in the last moment.
    m.tell(dana, Input::Gone);
    m.tell(bob, Input::Gone);
    let told = m.meeting.take_hidden_names().unwrap().unwrap();
    assert!(told.hides_from(&guest(1).id) && told.hides(&guest(2).id));
    assert_eq!(told.named, expected.named);
    m.shut_down();
    let told = m.meeting.take_hidden_names().unwrap().unwrap();
    assert!(told.hides_from(&guest(2).id));
    m.change_rules(|rules| rules.organizer.attendee_identity_masking = Switch::Disabled);
    assert_eq!(m.meeting.take_hidden_names(), Some(None));
}

#[test]
fn servers_hear_the_truth() {
    let Four { mut m, .. } = meeting(true);
    said(&mut m, &guest(1));
    let told = format!("{:?}", m.happened.len());
    assert_ne!(told, "0");
    let names: Vec<String> = m
        .happened
        .iter()
        .filter_map(|happening| match &happening.kind {
            crate::meeting::events::EventKind::Joined { participant } => {
                Some(participant.display_name.clone())
            }
            crate::meeting::events::EventKind::ChatMessage { line, .. } => {
                Some(line.sender_display_name.clone())
            }
            _ => None,
        })
        .collect();
    assert_eq!(names, ["Alice", "Bob", "Guest 1", "Guest 2", "Guest 1"]);
}

#[test]
fn guests_are_unverified_unless_the_tenant_says_external() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice = m.join(alice());
    let dana = m.join(guest(1));
    let waiting = |m: &Harness| {
        let told = m.sent_to(alice).into_iter().rev().find_map(|body| match body {
            Body::LobbyRoster(mut update) => update.upserted.pop(),
            _ => None,
        });
        told.expect("told of the lobby").label()
    };
    assert_eq!(waiting(&m), Label::Unverified);
    let PersonKind::Guest { resource, .. } = guest(1).kind else {
        unreachable!()
    };
    m.change_rules(|rules| {
        rules.tenant.enable_acs_users = true;
        rules.tenant.allowed_acs_resources = [resource].into();
        rules.tenant.label_for_allowed_acs_users = AcsUserLabel::External;
    });
    assert_eq!(waiting(&m), Label::External);
    m.admit(alice, dana);
    assert_eq!(entry(&m, alice, dana).label(), Label::External);
    assert_eq!(entry(&m, dana, alice).label(), Label::Unspecified);
    assert!(entry(&m, alice, dana).external);
    m.take_all();
    m.change_rules(|rules| rules.tenant.label_for_allowed_acs_users = AcsUserLabel::Unverified);
    assert_eq!(entry(&m, alice, dana).label(), Label::Unverified);
    assert!(entry(&m, alice, dana).external);
}

#[test]
fn programs_wait_in_the_lobby_whatever_its_scope() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice = m.join(alice());
    let notetaker = Person {
        display_name: "Contoso Notetaker".to_owned(),
        ..guest(1)
    };
    let client = Person {
        client: "AcmeBot/2".to_owned(),
        ..guest(2)
    };
    let (notetaker, client) = (m.join(notetaker), m.join(client));
    assert!(m.in_lobby(notetaker) && m.in_lobby(client));
    let plain = m.join(guest(3));
    assert!(m.in_call(plain));
    m.admit(alice, notetaker);
    assert!(m.in_call(notetaker), "somebody let it in");
    m.change_rules(|rules| rules.organizer.external_bot_access_mode = ExternalBotAccessMode::AllowAll);
    assert!(m.in_call(client), "the policy lets it in");
}

fn state(m: &mut Harness, session: SessionId, mic_muted: bool, mutes: u32) -> Vec<Body> {
    m.take(session);
    let state = MediaState {
        mic_muted,
        camera_on: true,
        screen_sharing: false,
    };
    m.tell(
        session,
        Input::MediaState {
            reply: 5,
            state,
            mutes,
        },
    );
    m.take(session)
}

#[test]
fn unmuting_does_not_undo_a_mute_it_has_crossed() {
    let Four {
        mut m, alice, dana, ..
    } = meeting(false);
    state(&mut m, dana, false, 0);
    assert!(!entry(&m, alice, dana).mic_muted);
    let mute = Ask::Mute(MuteParticipants {
        participant_ids: Vec::new(),
        all: true,
    });
    m.tell(
        alice,
        Input::Ask {
            reply: 6,
            ask: mute.clone(),
        },
    );
    // Sent before the client could know.
    let answer = state(&mut m, dana, false, 0);
    assert!(
        matches!(&answer[..], [Body::Error(error), ..] | [.., Body::Error(error)] if error.key == "muted")
    );
    let told = entry(&m, alice, dana);
    assert!(told.mic_muted && told.camera_on, "the rest of it counts");
    // Muting needs to know nothing.
    assert!(
        state(&mut m, dana, true, 0)
            .iter()
            .any(|body| matches!(body, Body::Done(_)))
    );
    // Now it knows.
    assert!(
        state(&mut m, dana, false, 1)
            .iter()
            .any(|body| matches!(body, Body::Done(_)))
    );
    assert!(!entry(&m, alice, dana).mic_muted);
    // Of the next mute it does not know again.
    m.tell(alice, Input::Ask { reply: 7, ask: mute });
    state(&mut m, dana, false, 1);
    assert!(entry(&m, alice, dana).mic_muted);
    state(&mut m, dana, false, KNOWN);
    assert!(!entry(&m, alice, dana).mic_muted);
}

#[test]
fn a_name_that_changes_changes_in_the_chat_and_stays_hidden() {
    let Four {
        mut m,
        alice,
        dana,
        erin,
        ..
    } = meeting(true);
    m.change_rules(|rules| rules.options.allow_participants_to_change_name = true);
    m.take_all();
    let ask = Ask::Rename("Dana Dee".to_owned());
    m.tell(dana, Input::Ask { reply: 8, ask });
    assert_eq!(m.renamed, ["Dana Dee"]);
    assert_eq!(name(&m, alice, dana), seen("Dana Dee"));
    assert_eq!(name(&m, dana, dana), seen("Dana Dee"));
    assert_eq!(name(&m, erin, dana), hidden());
    // Who is not in the chat has no name there.
    m.change_rules(|rules| {
        rules.organizer.meeting_chat = anteroom_teams_link::policy::MeetingChatPolicy::Disabled;
    });
    let ask = Ask::Rename("Dana D".to_owned());
    m.tell(dana, Input::Ask { reply: 9, ask });
    assert_eq!(m.renamed.len(), 1);
    assert_eq!(name(&m, alice, dana), seen("Dana D"));
}
