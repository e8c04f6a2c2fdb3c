use std::time::Duration;

use anteroom_identity::token::Scope;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, lobby::Reason};
use anteroom_teams_link::policy::{
    AllowedPresenters, ClientType, LobbyScope, MeetingChat, MeetingChatPolicy,
};

use super::harness::{Harness, KNOWN, LOBBY_TIMEOUT, alice, bob, employee_of, guest, person};
use super::{Input, Limits, PersonKind};

fn lobby_reason(bodies: &[Body]) -> Option<Reason> {
    bodies.iter().rev().find_map(|body| match body {
        Body::Lobby(lobby) => Some(lobby.reason()),
        _ => None,
    })
}

fn roster(bodies: &[Body]) -> Vec<&proto::Participant> {
    bodies
        .iter()
        .filter_map(|body| match body {
            Body::Roster(update) => Some(&update.upserted),
            _ => None,
        })
        .flatten()
        .collect()
}

fn chat(bodies: &[Body]) -> Vec<(&str, bool)> {
    bodies
        .iter()
        .filter_map(|body| match body {
            Body::Chat(message) => Some((message.text.as_str(), message.history)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_guest_waits_is_admitted_and_leaves() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice = m.join(alice());
    let dana = m.join(guest(1));
    assert_eq!(lobby_reason(&m.take(dana)), Some(Reason::WaitForAdmit));
    let to_alice = m.take(alice);
    let Some(Body::LobbyRoster(update)) = to_alice.last() else {
        panic!("{to_alice:?}")
    };
    assert_eq!(update.upserted[0].display_name, "Guest 1");
    m.check();

    m.admit(alice, dana);
    let got = m.take(dana);
    let Body::Connected(connected) = &got[0] else {
        panic!("{got:?}")
    };
    assert_eq!(connected.thread_id, "19:meeting_x@thread.v2");
    assert!(connected.capabilities.contains(&"unmuteMic".to_owned()));
    assert!(matches!(&got[1], Body::Roster(update) if update.snapshot && update.upserted.len() == 2));
    assert!(matches!(&got[2], Body::Tracks(update) if update.snapshot));
    assert_eq!(got[3], Body::ChatAccess(proto::ChatAccess { allowed: true }));
    assert!(matches!(&got[4], Body::MeetingState(state) if state.started_at_ms > 0 && !state.locked));
    assert_eq!(got.len(), 5, "guests do not see the lobby: {got:?}");
    let to_alice = m.take(alice);
    let dana_entry = roster(&to_alice)[0];
    assert!(dana_entry.external && !dana_entry.reconnecting && dana_entry.mic_muted);
    m.check();

    m.tell(dana, Input::Leave { reply: 4 });
    assert_eq!(m.end_key(dana), Some("left"));
    let to_alice = m.take(alice);
    assert!(
        matches!(to_alice.last(), Some(Body::Roster(update)) if update.left.len() == 1),
        "{to_alice:?}"
    );
    m.check();
}

#[test]
fn rejected_and_timed_out_guests_are_told() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice = m.join(alice());
    let (first, second) = (m.join(guest(1)), m.join(guest(2)));
    let ids = vec![m.id_of(first)];
    m.tell(alice, Input::Reject { reply: 5, ids });
    let reason = &m.over[&first];
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (0, 5854, "lobby_denied")
    );
    m.advance(LOBBY_TIMEOUT - Duration::from_millis(1));
    assert!(m.in_lobby(second));
    m.advance(Duration::from_millis(1));
    let reason = &m.over[&second];
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (0, 5855, "lobby_timeout")
    );
    assert!(m.in_call(alice), "a call has no time-out");
    m.check();
}

#[test]
fn lobby_everyone_waits_for_the_first_of_the_organization() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let dana = m.join(guest(1));
    assert_eq!(lobby_reason(&m.take(dana)), Some(Reason::WaitForStart));
    let bob = m.join(bob());
    assert!(m.in_call(bob) && m.in_call(dana));
    // The call goes on as long as somebody is in it.
    m.tell(bob, Input::Leave { reply: 0 });
    let erin = m.join(guest(2));
    assert!(m.in_call(erin));
    m.tell(dana, Input::Leave { reply: 0 });
    m.tell(erin, Input::Leave { reply: 0 });
    // And then it is a new one.
    let late = m.join(guest(3));
    assert_eq!(lobby_reason(&m.take(late)), Some(Reason::WaitForStart));
    m.check();
}

#[test]
fn guests_may_be_first_when_the_organizer_lets_them() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let dana = m.join(guest(1));
    assert!(m.in_lobby(dana));
    m.change_rules(|rules| rules.organizer.allow_anonymous_start = true);
    assert!(m.in_call(dana), "a changed setting counts at once");
    m.check();
}

#[test]
fn who_may_only_join_calls_does_not_start_one() {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| rules.organizer.allow_anonymous_start = true);
    let mut joiner = guest(1);
    if let PersonKind::Guest { scopes, .. } = &mut joiner.kind {
        *scopes = [Scope::VoipJoin].into_iter().collect();
    }
    let joiner = m.join(joiner);
    assert!(m.in_lobby(joiner));
    let starter = m.join(guest(2));
    assert!(m.in_call(starter));
    assert!(m.in_call(joiner), "the call runs now");
    m.check();
}

#[test]
fn settings_that_forbid_guests_empty_the_lobby_and_leave_the_call() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice = m.join(alice());
    let (inside, waiting) = (m.join(guest(1)), m.join(guest(2)));
    m.admit(alice, inside);
    m.change_rules(|rules| rules.tenant.disable_anonymous_join = true);
    assert_eq!(m.end_key(waiting), Some("anonymous_join_disabled"));
    assert!(m.in_call(inside));
    let late = m.join(guest(3));
    assert_eq!(m.end_key(late), Some("anonymous_join_disabled"));
    assert_eq!((m.over[&late].code, m.over[&late].sub_code), (403, 990_010));
    m.change_rules(|rules| {
        rules.tenant.disable_anonymous_join = false;
        rules.organizer.blocked_client_types = [ClientType::Acs].into();
    });
    let later = m.join(guest(4));
    assert_eq!(m.end_key(later), Some("client_type_blocked"));
    m.check();
}

#[test]
fn a_locked_meeting_lets_nobody_in_but_the_organizer() {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| rules.options.locked = true);
    let alice = m.join(alice());
    assert!(m.in_call(alice));
    let dana = m.join(guest(1));
    assert_eq!(m.end_key(dana), Some("meeting_locked"));
}

#[test]
fn only_who_may_manage_the_lobby_admits() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice = m.join(alice());
    let (dana, erin) = (m.join(guest(1)), m.join(guest(2)));
    m.admit(alice, dana);
    m.take_all();
    m.admit(dana, erin);
    assert_eq!(m.error(dana), "not_allowed");
    m.tell(
        erin,
        Input::Admit {
            reply: 3,
            ids: vec![],
            all: true,
        },
    );
    assert_eq!(m.error(erin), "not_in_call");
    assert!(m.in_lobby(erin));
    for input in [
        Input::Remove {
            reply: 1,
            ids: vec![m.id_of(alice)],
        },
        Input::EndMeeting { reply: 2 },
        Input::Reject {
            reply: 3,
            ids: vec![m.id_of(erin)],
        },
    ] {
        m.tell(dana, input);
        assert_eq!(m.error(dana), "not_allowed");
    }
    m.tell(
        alice,
        Input::Admit {
            reply: 3,
            ids: vec!["nobody".to_owned()],
            all: false,
        },
    );
    assert_eq!(
        m.take(alice).last(),
        Some(&Body::Error(proto::Error {
            key: "unknown_participant".to_owned(),
            message: "There is no such participant.".to_owned(),
            ..proto::Error::default()
        }))
    );
    m.check();
}

#[test]
fn two_who_admit_the_same_guest_both_succeed() {
    let mut m = Harness::new(LobbyScope::Organization);
    let (alice, bob) = (m.join(alice()), m.join(bob()));
    let dana = m.join(guest(1));
    m.admit(alice, dana);
    m.take_all();
    m.admit(bob, dana);
    assert_eq!(m.take(bob), [Body::Done(proto::Done { id: String::new() })]);
    assert!(m.in_call(dana));
}

#[test]
fn the_removed_are_told_and_the_organizer_stays() {
    let mut m = Harness::new(LobbyScope::Organization);
    let (alice, bob) = (m.join(alice()), m.join(bob()));
    let dana = m.join(guest(1));
    m.admit(alice, dana);
    m.take_all();
    let ids = vec![m.id_of(dana)];
    m.tell(bob, Input::Remove { reply: 2, ids });
    assert_eq!((m.over[&dana].code, m.over[&dana].sub_code), (0, 5300));
    assert!(!m.members.contains_key(&guest(1).id));
    m.take_all();
    let ids = vec![m.id_of(alice)];
    m.tell(bob, Input::Remove { reply: 3, ids });
    assert_eq!(m.error(bob), "not_allowed");
    m.check();
}

#[test]
fn the_organizer_leaving_does_not_end_the_call_and_ending_it_does() {
    let mut m = Harness::new(LobbyScope::Organization);
    let (alice_first, bob) = (m.join(alice()), m.join(bob()));
    m.tell(alice_first, Input::Leave { reply: 1 });
    assert!(m.in_call(bob));
    let alice = m.join(alice());
    let (inside, waiting) = (m.join(guest(1)), m.join(guest(2)));
    m.admit(alice, inside);
    m.tell(bob, Input::EndMeeting { reply: 1 });
    assert!(m.in_call(inside), "bob only presents");
    m.tell(alice, Input::EndMeeting { reply: 2 });
    for session in [alice, bob, inside, waiting] {
        assert_eq!(
            (m.over[&session].code, m.over[&session].sub_code),
            (0, 4097),
            "{session}"
        );
    }
    assert!(m.meeting.is_empty());
    m.check();
}

#[test]
fn stopping_ends_everything_with_503() {
    let mut m = Harness::new(LobbyScope::Organization);
    let (alice, dana) = (m.join(alice()), m.join(guest(1)));
    m.meeting.shut_down();
    m.carry_out();
    for session in [alice, dana] {
        assert_eq!((m.over[&session].code, m.over[&session].sub_code), (503, 990_040));
    }
    m.check();
}

#[test]
fn guests_see_the_chat_of_their_present_stay_only() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice = m.join(alice());
    m.say("before");
    let dana = m.join(guest(1));
    assert_eq!(chat(&m.take(dana)), []);
    m.say("during");
    assert_eq!(chat(&m.take(dana)), [("during", false)]);
    assert_eq!(chat(&m.take(alice)), [("before", false), ("during", false)]);
    m.tell(dana, Input::Leave { reply: 0 });
    assert!(!m.members.contains_key(&guest(1).id));
    m.say("after");
    let dana = m.join(guest(1));
    m.say("again");
    assert_eq!(
        chat(&m.take(dana)),
        [("again", false)],
        "the stay before is gone too"
    );
    let bob = m.join(bob());
    let got = m.take(bob);
    let texts: Vec<_> = chat(&got);
    assert_eq!(
        texts,
        [
            ("before", true),
            ("during", true),
            ("after", true),
            ("again", true)
        ]
    );
    m.check();
}

#[test]
fn a_guest_in_the_lobby_hears_nothing() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice = m.join(alice());
    let dana = m.join(guest(1));
    m.take(dana);
    m.say("secret");
    m.unmute(alice);
    m.tell(
        dana,
        Input::SendChat {
            reply: 2,
            text: "hi".to_owned(),
            client_message_id: String::new(),
        },
    );
    assert_eq!(m.error(dana), "not_in_call");
    assert!(!m.members.contains_key(&guest(1).id));
    m.check();
}

#[test]
fn a_dropped_connection_costs_the_chat_after_its_grace_until_it_is_back() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice = m.join(alice());
    m.say("before");
    let dana = m.join(guest(1));
    m.say("one");
    m.take_all();
    m.tell(dana, Input::ConnectionLost);
    assert!(roster(&m.take(alice))[0].reconnecting);
    m.say("two");
    assert!(m.members.contains_key(&guest(1).id));
    m.tell(dana, Input::ChatGraceOver);
    assert!(!m.members.contains_key(&guest(1).id));
    m.say("three");
    m.check();
    m.tell(dana, Input::Resumed);
    let got = m.take(dana);
    // What was sent before the grace was over is replayed by the session.
    assert_eq!(chat(&got), [("two", false), ("three", true)]);
    let access: Vec<bool> = got
        .iter()
        .filter_map(|body| match body {
            Body::ChatAccess(access) => Some(access.allowed),
            _ => None,
        })
        .collect();
    assert_eq!(access, [false, true]);
    assert_eq!(m.members[&guest(1).id], 1, "the lower bound is that of the stay");
    assert!(!roster(&m.take(alice)).last().unwrap().reconnecting);
    m.check();
}

#[test]
fn a_stay_that_ends_during_a_break_leaves_no_trace_for_the_next() {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.join(alice());
    let dana = m.join(guest(1));
    m.tell(dana, Input::ConnectionLost);
    m.tell(dana, Input::ChatGraceOver);
    m.say("missed");
    m.tell(dana, Input::Gone);
    let dana = m.join(guest(1));
    assert_eq!(chat(&m.take(dana)), []);
    assert_eq!(m.members[&guest(1).id], 1);
    m.check();
}

#[test]
fn one_identity_twice_is_two_participants_and_one_member() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice = m.join(alice());
    let (laptop, phone) = (m.join(guest(1)), m.join(guest(1)));
    assert_ne!(m.id_of(laptop), m.id_of(phone));
    m.take_all();
    m.say("hello");
    assert_eq!(chat(&m.take(laptop)).len(), 1);
    assert_eq!(chat(&m.take(phone)).len(), 1);
    m.tell(laptop, Input::Leave { reply: 0 });
    assert!(m.members.contains_key(&guest(1).id));
    m.tell(phone, Input::Leave { reply: 0 });
    assert!(!m.members.contains_key(&guest(1).id));
    assert!(m.in_call(alice));
    m.check();
}

#[test]
fn caps_hold_from_both_sides() {
    let limits = Limits {
        participants: 3,
        lobby: 2,
        per_identity: 2,
        lobby_timeout: LOBBY_TIMEOUT,
        fan_out: Duration::ZERO,
    };
    let mut m = Harness::with(LobbyScope::Organization, limits);
    let alice = m.join(alice());
    let (a, b) = (m.join(guest(1)), m.join(guest(1)));
    let same = m.join(guest(1));
    assert_eq!(m.end_key(same), Some("meeting_full"), "a third of one identity");
    let other = m.join(guest(2));
    assert_eq!(m.end_key(other), Some("meeting_full"), "a third in the lobby");
    m.admit(alice, a);
    m.admit(alice, b);
    assert!(m.in_call(a) && m.in_call(b));
    let fourth = m.join(person("Bob", 0xb));
    assert_eq!(m.end_key(fourth), Some("meeting_full"), "a fourth in the call");
    m.tell(a, Input::Leave { reply: 0 });
    let fifth = m.join(person("Bob", 0xb));
    assert!(m.in_call(fifth));
    m.check();
}

#[test]
fn people_of_other_organizations_are_external_and_leave_the_chat() {
    let other = uuid::Uuid::from_u128(0x99).to_string().parse().unwrap();
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice_session = m.join(alice());
    m.say("before");
    m.take_all();
    let carol = employee_of(other, "Carol", 0xc);
    let session = m.join(carol.clone());
    assert!(m.in_call(session));
    assert!(roster(&m.take(alice_session))[0].external);
    assert_eq!(chat(&m.take(session)), []);
    m.tell(session, Input::Leave { reply: 0 });
    assert!(!m.members.contains_key(&carol.id));
    m.tell(alice_session, Input::Leave { reply: 0 });
    assert!(m.members.contains_key(&alice().id), "colleagues keep the chat");
    m.check();
}

#[test]
fn a_chat_that_is_off_has_no_members_and_takes_no_messages() {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| rules.options.allow_meeting_chat = MeetingChat::Disabled);
    m.join(alice());
    let dana = m.join(guest(1));
    assert!(
        m.take(dana)
            .contains(&Body::ChatAccess(proto::ChatAccess { allowed: false }))
    );
    assert!(m.members.is_empty());
    m.tell(
        dana,
        Input::SendChat {
            reply: 2,
            text: "hi".to_owned(),
            client_message_id: String::new(),
        },
    );
    assert_eq!(m.error(dana), "not_allowed");
    m.change_rules(|rules| rules.options.allow_meeting_chat = MeetingChat::Enabled);
    assert_eq!(
        m.take(dana),
        [Body::ChatAccess(proto::ChatAccess { allowed: true })]
    );
    m.change_rules(|rules| rules.organizer.meeting_chat = MeetingChatPolicy::EnabledExceptAnonymous);
    assert_eq!(
        m.take(dana),
        [Body::ChatAccess(proto::ChatAccess { allowed: false })]
    );
    assert!(m.members.contains_key(&alice().id) && !m.members.contains_key(&guest(1).id));
    m.check();
}

#[test]
fn chat_sends_are_answered_with_the_message_id() {
    let mut m = Harness::new(LobbyScope::Everyone);
    let alice = m.join(alice());
    m.take_all();
    m.tell(
        alice,
        Input::SendChat {
            reply: 6,
            text: "hi".to_owned(),
            client_message_id: "x".to_owned(),
        },
    );
    let got = m.take(alice);
    assert!(
        got.contains(&Body::Done(proto::Done { id: "1".to_owned() })),
        "{got:?}"
    );
    assert_eq!(chat(&got), [("hi", false)]);
}

#[test]
fn the_roster_follows_what_participants_say_of_their_sources() {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| rules.options.allowed_presenters = AllowedPresenters::Organization);
    let alice = m.join(alice());
    let dana = m.join(guest(1));
    m.take_all();
    m.unmute(dana);
    assert!(!roster(&m.take(alice))[0].mic_muted);
    m.take_all();
    m.unmute(dana);
    assert_eq!(m.take(alice), [], "nothing changed");
    let state = proto::MediaState {
        mic_muted: true,
        camera_on: false,
        screen_sharing: true,
    };
    m.tell(
        dana,
        Input::MediaState {
            reply: 3,
            state,
            mutes: KNOWN,
        },
    );
    assert_eq!(m.error(dana), "not_allowed", "attendees do not share");
    m.check();
}

#[test]
fn who_is_admitted_while_away_gets_the_chat_when_back() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice = m.join(alice());
    let dana = m.join(guest(1));
    m.tell(dana, Input::ConnectionLost);
    m.take_all();
    m.admit(alice, dana);
    assert!(roster(&m.take(alice))[0].reconnecting);
    assert!(!m.members.contains_key(&guest(1).id));
    m.check();
    m.tell(dana, Input::Resumed);
    assert!(m.members.contains_key(&guest(1).id));
    m.check();
}
