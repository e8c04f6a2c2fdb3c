use std::time::Duration;

use anteroom_identity::id::CommunicationIdentifier;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{ChatMessage, ReadReceipt, Typing};
use anteroom_teams_link::policy::{AllowedPresenters, LobbyScope, MeetingChat, Switch};

use super::super::harness::{Harness, LOBBY_TIMEOUT, alice, bob, guest, person};
use super::super::{Ask, ChatLine, Input, Limits, SessionId};
use super::TOLD_UP_TO;

fn ask(m: &mut Harness, by: SessionId, ask: Ask) {
    m.tell(by, Input::Ask { reply: 5, ask });
}

fn typing(m: &mut Harness, by: SessionId) -> Vec<Typing> {
    let told = m.take(by).into_iter();
    told.filter_map(|body| match body {
        Body::Typing(typing) => Some(typing),
        _ => None,
    })
    .collect()
}

fn receipts(m: &mut Harness, by: SessionId) -> Vec<ReadReceipt> {
    let told = m.take(by).into_iter();
    told.filter_map(|body| match body {
        Body::ReadReceipt(receipt) => Some(receipt),
        _ => None,
    })
    .collect()
}

fn chat(m: &mut Harness, by: SessionId) -> Vec<ChatMessage> {
    let told = m.take(by).into_iter();
    told.filter_map(|body| match body {
        Body::Chat(message) => Some(message),
        _ => None,
    })
    .collect()
}

fn is_done(bodies: &[Body]) -> bool {
    bodies.iter().any(|body| matches!(body, Body::Done(_)))
}

#[test]
fn the_others_are_told_who_is_typing() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice_in = m.join(alice());
    let dana = m.join(guest(1));
    m.admit(alice_in, dana);
    let waiting = m.join(guest(2));
    m.take_all();

    ask(&mut m, dana, Ask::Typing);
    let told = Typing {
        participant_id: m.id_of(dana),
        raw_id: guest(1).id.to_string(),
        display_name: "Guest 1".to_owned(),
        name_hidden: false,
    };
    assert_eq!(typing(&mut m, alice_in), [told]);
    let own = m.take(dana);
    assert!(is_done(&own) && own.len() == 1, "{own:?}");
    assert_eq!(m.sent_to(waiting), []);

    // More than once in two seconds is taken and not told.
    m.advance(Duration::from_millis(1999));
    ask(&mut m, dana, Ask::Typing);
    assert!(is_done(&m.take(dana)));
    assert_eq!(typing(&mut m, alice_in), []);
    m.advance(Duration::from_millis(1));
    ask(&mut m, dana, Ask::Typing);
    assert_eq!(typing(&mut m, alice_in).len(), 1);

    ask(&mut m, waiting, Ask::Typing);
    assert_eq!(m.error(waiting), "not_in_call");
}

#[test]
fn who_writes_from_elsewhere_has_no_participant() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice_in = m.join(alice());
    m.take_all();
    m.meeting.handle_typing(&bob().id, "Bob");
    m.carry_out();
    let told = Typing {
        participant_id: String::new(),
        raw_id: bob().id.to_string(),
        display_name: "Bob".to_owned(),
        name_hidden: false,
    };
    assert_eq!(typing(&mut m, alice_in), [told]);
    m.say("hello");
    m.take_all();
    m.meeting.handle_read(&bob().id, "1", m.said[0].created);
    m.carry_out();
    let told = receipts(&mut m, alice_in);
    assert_eq!((told.len(), told[0].participant_id.as_str()), (1, ""));
    assert_eq!(told[0].raw_id, bob().id.to_string());
}

#[test]
fn a_name_in_the_call_counts_whatever_else_is_said() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice_in = m.join(alice());
    m.join(guest(1));
    m.take_all();
    // By the chat's REST interface everybody names itself.
    m.meeting.handle_typing(&guest(1).id, "Alice");
    m.carry_out();
    assert_eq!(typing(&mut m, alice_in)[0].display_name, "Guest 1");
}

#[test]
fn names_that_are_hidden_stay_so() {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| {
        rules.organizer.attendee_identity_masking = Switch::Enabled;
        rules.options.allowed_presenters = AllowedPresenters::Organization;
    });
    let alice_in = m.join(alice());
    let dana = m.join(guest(1));
    let erin = m.join(guest(2));
    m.take_all();
    ask(&mut m, dana, Ask::Typing);
    let names = |told: Vec<Typing>| -> Vec<(String, bool)> {
        told.into_iter()
            .map(|typing| (typing.display_name, typing.name_hidden))
            .collect()
    };
    assert_eq!(names(typing(&mut m, alice_in)), [("Guest 1".to_owned(), false)]);
    assert_eq!(names(typing(&mut m, erin)), [("Attendee".to_owned(), true)]);
    ask(&mut m, alice_in, Ask::Typing);
    assert_eq!(names(typing(&mut m, erin)), [("Alice".to_owned(), false)]);
}

#[test]
fn receipts_are_told_to_those_who_can_see_the_message() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice_in = m.join(alice());
    let bob_in = m.join(bob());
    m.say("one");
    m.advance(Duration::from_secs(1));
    let dana = m.join(guest(1));
    m.say("two");
    m.take_all();

    ask(&mut m, alice_in, Ask::ReadUpTo("1".to_owned()));
    assert!(is_done(&m.take(alice_in)));
    let told = ReadReceipt {
        participant_id: m.id_of(alice_in),
        message_id: "1".to_owned(),
        raw_id: alice().id.to_string(),
    };
    assert_eq!(receipts(&mut m, bob_in), [told]);
    assert_eq!(receipts(&mut m, dana), [], "it was said before the stay");
    ask(&mut m, alice_in, Ask::ReadUpTo("2".to_owned()));
    assert_eq!(receipts(&mut m, dana).len(), 1);

    ask(&mut m, dana, Ask::ReadUpTo("1".to_owned()));
    assert_eq!(m.error(dana), "unknown_message");
    m.check();
}

#[test]
fn receipts_come_at_a_pace() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice_in = m.join(alice());
    m.say("one");
    m.take_all();
    for _ in 0..20 {
        ask(&mut m, alice_in, Ask::ReadUpTo("1".to_owned()));
    }
    m.take_all();
    ask(&mut m, alice_in, Ask::ReadUpTo("1".to_owned()));
    assert_eq!(m.error(alice_in), "rate_limited");
    m.advance(Duration::from_millis(250));
    ask(&mut m, alice_in, Ask::ReadUpTo("1".to_owned()));
    assert!(is_done(&m.take(alice_in)));
}

#[test]
fn without_the_chat_there_are_none() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice_in = m.join(alice());
    let dana = m.join(guest(1));
    m.say("one");
    m.change_rules(|rules| rules.options.allow_meeting_chat = MeetingChat::Disabled);
    m.take_all();
    ask(&mut m, dana, Ask::Typing);
    assert_eq!(m.error(dana), "not_allowed");
    ask(&mut m, dana, Ask::ReadUpTo("1".to_owned()));
    assert_eq!(m.error(dana), "not_allowed");
    // What others do in the thread meanwhile is not theirs to know.
    m.meeting.handle_typing(&bob().id, "Bob");
    m.meeting.handle_read(&bob().id, "1", m.said[0].created);
    let line = m.said[0].clone();
    m.change(&line);
    assert_eq!(m.sent_to(alice_in), []);
}

#[test]
fn a_large_call_is_not_told() {
    let limits = |participants| Limits {
        participants,
        lobby: 4,
        per_identity: 3,
        lobby_timeout: LOBBY_TIMEOUT,
        fan_out: Duration::ZERO,
    };
    let mut m = Harness::with(LobbyScope::Everyone, limits(TOLD_UP_TO + 1));
    let alice_in = m.join(alice());
    let others: Vec<SessionId> = (1..TOLD_UP_TO)
        .map(|number| m.join(person("Somebody", 0x100 + number as u128)))
        .collect();
    m.take_all();
    ask(&mut m, others[0], Ask::Typing);
    assert_eq!(typing(&mut m, alice_in).len(), 1);
    m.join(bob());
    m.advance(Duration::from_secs(2));
    m.take_all();
    ask(&mut m, others[0], Ask::Typing);
    assert_eq!(typing(&mut m, alice_in), []);
    assert!(is_done(&m.take(others[0])));
}

#[test]
fn who_was_told_of_a_message_is_told_of_its_changes() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice_in = m.join(alice());
    m.say("one");
    m.advance(Duration::from_secs(1));
    let dana = m.join(guest(1));
    m.take_all();
    let edited = ChatLine {
        text: "One".to_owned(),
        edited: Some(m.now.wall),
        ..m.said[0].clone()
    };
    m.change(&edited);
    let told = chat(&mut m, alice_in);
    assert_eq!(
        (told.len(), told[0].text.as_str(), told[0].deleted),
        (1, "One", false)
    );
    assert_eq!(told[0].edited_ms, told[0].created_ms + 1000);
    assert_eq!(chat(&mut m, dana), [], "it was said before the stay");
    let deleted = ChatLine {
        text: String::new(),
        deleted: true,
        ..edited
    };
    m.change(&deleted);
    let told = chat(&mut m, alice_in);
    assert_eq!(
        (told.len(), told[0].text.as_str(), told[0].deleted),
        (1, "", true)
    );
    assert_eq!(told[0].id, "1");

    // Who has not been told of a message reads it as it is then.
    let unheard = ChatLine {
        sequence: 2,
        id: "2".to_owned(),
        ..deleted
    };
    m.change(&unheard);
    assert_eq!(chat(&mut m, alice_in), []);
}

#[test]
fn an_identity_is_not_told_of_itself() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let first = m.join(alice());
    let second = m.join(alice());
    m.say("one");
    m.take_all();
    ask(&mut m, first, Ask::Typing);
    ask(&mut m, first, Ask::ReadUpTo("1".to_owned()));
    assert_eq!(m.take(second), []);
    let somebody: CommunicationIdentifier = guest(9).id;
    m.meeting.handle_typing(&somebody, "Somebody");
    m.carry_out();
    assert_eq!(
        (typing(&mut m, first).len(), typing(&mut m, second).len()),
        (1, 1)
    );
}
