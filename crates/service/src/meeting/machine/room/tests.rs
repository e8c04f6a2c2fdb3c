use anteroom_identity::id::ResourceId;
use anteroom_identity::token::Scope;
use anteroom_rooms::{RoomId, Window};
use anteroom_signaling::proto::MediaState;
use proptest::prelude::*;
use time::OffsetDateTime;

use super::super::harness::{Harness, KNOWN, LOBBY_TIMEOUT, alice, guest, start};
use super::super::{Input, Limits};
use anteroom_signaling::proto;
use anteroom_signaling::proto::server_message::Body;

use super::super::participant::{SessionId, wire_role};
use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn user(number: u128) -> AcsUserId {
    match guest(number).id {
        CommunicationIdentifier::CommunicationUser(user) => user,
        _ => unreachable!(),
    }
}

/// A room of guests 0, 1, … with these roles, open from the start for an hour.
fn rules(roles: &[Role]) -> RoomRules {
    RoomRules {
        room: Room {
            id: RoomId::from_random(1),
            resource: ResourceId::random(),
            created: start(),
            window: Window::new(Some(start()), Some(start() + HOUR), start()).unwrap(),
            pstn_dial_out: false,
        },
        invited: (0_u128..)
            .zip(roles)
            .map(|(number, role)| (user(number), *role))
            .collect(),
    }
}

fn harness(rules: &RoomRules) -> Harness {
    Harness::in_room(
        rules.clone(),
        Limits {
            participants: 4,
            lobby: 0,
            per_identity: 3,
            lobby_timeout: LOBBY_TIMEOUT,
            fan_out: Duration::ZERO,
        },
    )
}

fn apply(m: &mut Harness, rules: &RoomRules) {
    m.meeting.set_policy(m.now, Policy::Room(rules.clone()));
    m.carry_out();
}

fn window(from: OffsetDateTime, until: OffsetDateTime) -> Window {
    Window::stored(from, until).unwrap()
}

#[test]
fn every_capability_of_a_room_is_one_of_a_meeting() {
    for role in Role::ALL {
        assert_eq!(capabilities(role).len(), role.capabilities().len(), "{role}");
    }
}

#[test]
fn the_invited_are_in_at_once_with_their_roles_and_without_chat() {
    let rules = rules(&Role::ALL);
    let mut m = harness(&rules);
    for (number, role) in (0_u128..).zip(Role::ALL) {
        let session = m.join(guest(number));
        let got = m.take(session);
        let Body::Connected(connected) = &got[0] else {
            panic!("{got:?}")
        };
        assert_eq!(connected.role, i32::from(wire_role(CallRole::Room(role))));
        let names: Vec<_> = role
            .capabilities()
            .iter()
            .map(|c| c.as_str().to_owned())
            .collect();
        let mut told = connected.capabilities.clone();
        told.sort_by_key(|name| names.iter().position(|known| known == name));
        assert_eq!(told, names);
        assert_eq!(connected.thread_id, "");
        assert!(matches!(&got[1], Body::Roster(roster) if roster.upserted.iter().all(|p| !p.external)));
        assert!(
            got.iter()
                .any(|body| matches!(body, Body::ChatAccess(access) if !access.allowed))
        );
        m.check();
    }
    assert!(m.members.is_empty());
}

#[test]
fn others_are_refused_and_told_why() {
    let mut rules = rules(&[Role::Presenter]);
    let mut m = harness(&rules);
    let stranger = m.join(guest(7));
    assert_eq!(m.end_key(stranger), Some("room_not_invited"));
    let employee = m.join(alice());
    assert_eq!(m.end_key(employee), Some("room_not_invited"));
    let mut chatter = guest(0);
    chatter.kind = PersonKind::Guest {
        resource: ResourceId::random(),
        scopes: [Scope::Chat].into_iter().collect(),
    };
    let chatter = m.join(chatter);
    assert_eq!(m.end_key(chatter), Some("unauthenticated"));

    rules.room.window = window(start() + HOUR, start() + 2 * HOUR);
    apply(&mut m, &rules);
    let early = m.join(guest(0));
    assert_eq!(m.end_key(early), Some("room_not_open"));
    m.advance(2 * HOUR);
    let late = m.join(guest(0));
    assert_eq!(m.end_key(late), Some("room_over"));
    let uninvited = m.join(guest(7));
    assert_eq!(m.end_key(uninvited), Some("room_not_invited"));
    m.check();
}

#[test]
fn a_full_room_refuses() {
    let mut m = harness(&rules(&[Role::Attendee, Role::Attendee, Role::Attendee]));
    for number in [0, 0, 1, 1] {
        let session = m.join(guest(number));
        assert!(m.in_call(session));
    }
    let fifth = m.join(guest(2));
    assert_eq!(m.end_key(fifth), Some("meeting_full"));
    m.check();
}

#[test]
fn the_call_ends_with_the_room() {
    let mut rules = rules(&[Role::Presenter, Role::Attendee]);
    let mut m = harness(&rules);
    let (first, second) = (m.join(guest(0)), m.join(guest(1)));
    m.advance(HOUR - Duration::from_secs(1));
    assert!(m.in_call(first) && m.in_call(second));
    // Half an hour more.
    rules.room.window = window(start(), start() + HOUR + HOUR / 2);
    apply(&mut m, &rules);
    m.advance(Duration::from_secs(2));
    assert!(m.in_call(first) && m.in_call(second));
    m.advance(HOUR / 2);
    assert_eq!(m.end_key(first), Some("room_closed"));
    assert_eq!(m.end_key(second), Some("room_closed"));
    assert!(m.meeting.is_empty());
    m.check();

    let mut m = harness(&rules);
    let only = m.join(guest(0));
    m.meeting.end();
    m.carry_out();
    assert_eq!(m.end_key(only), Some("room_closed"), "deleted");
}

#[test]
fn whoever_is_taken_off_the_list_is_out() {
    let mut rules = rules(&[Role::Presenter, Role::Attendee]);
    let mut m = harness(&rules);
    let (first, second) = (m.join(guest(0)), m.join(guest(1)));
    rules.invited.remove(&user(1));
    m.take_all();
    apply(&mut m, &rules);
    assert_eq!(m.end_key(second), Some("removed"));
    assert!(m.in_call(first));
    let told = m.take(first);
    assert!(
        matches!(told.as_slice(), [Body::Roster(update)] if update.left.len() == 1),
        "{told:?}"
    );
    rules.invited.clear();
    apply(&mut m, &rules);
    assert!(m.meeting.is_empty());
    m.check();
}

#[test]
fn another_role_brings_other_rights_at_once() {
    let mut rules = rules(&[Role::Presenter, Role::Attendee]);
    let mut m = harness(&rules);
    let (first, second) = (m.join(guest(0)), m.join(guest(1)));
    m.unmute(second);
    m.take_all();
    rules.invited.insert(user(1), Role::Consumer);
    apply(&mut m, &rules);
    let told = m.take(second);
    let Body::CapabilitiesChanged(changed) = &told[0] else {
        panic!("{told:?}")
    };
    assert_eq!(
        (changed.role(), changed.capabilities.len()),
        (proto::Role::Consumer, 0)
    );
    let others = m.take(first);
    let Some(Body::Roster(update)) = others.last() else {
        panic!("{others:?}")
    };
    assert_eq!(update.upserted[0].role(), proto::Role::Consumer);
    assert!(update.upserted[0].mic_muted);
    m.unmute(second);
    assert_eq!(m.error(second), "not_allowed");
    let screen = MediaState {
        mic_muted: true,
        camera_on: false,
        screen_sharing: true,
    };
    m.tell(
        second,
        Input::MediaState {
            reply: 3,
            state: screen,
            mutes: KNOWN,
        },
    );
    assert_eq!(m.error(second), "not_allowed");
    let ids = vec![m.id_of(first)];
    m.tell(second, Input::Remove { reply: 4, ids });
    assert_eq!(m.error(second), "not_allowed");

    rules.invited.insert(user(1), Role::Collaborator);
    apply(&mut m, &rules);
    m.take_all();
    m.tell(
        second,
        Input::MediaState {
            reply: 5,
            state: screen,
            mutes: KNOWN,
        },
    );
    assert!(m.take(second).iter().any(|body| matches!(body, Body::Done(_))));
    // Nothing new is nothing to tell.
    m.take_all();
    apply(&mut m, &rules);
    assert!(m.take(first).is_empty() && m.take(second).is_empty());
    m.check();
}

#[test]
fn presenters_look_after_the_call() {
    let mut m = harness(&rules(&[Role::Presenter, Role::Attendee, Role::Collaborator]));
    let sessions: Vec<SessionId> = (0..3).map(|number| m.join(guest(number))).collect();
    let ids = vec![m.id_of(sessions[1])];
    m.tell(sessions[0], Input::Remove { reply: 1, ids });
    assert_eq!(m.end_key(sessions[1]), Some("removed"));
    m.take_all();
    m.tell(sessions[2], Input::EndMeeting { reply: 2 });
    assert_eq!(m.error(sessions[2]), "not_allowed");
    m.tell(sessions[0], Input::EndMeeting { reply: 3 });
    assert!(m.meeting.is_empty());
    m.check();
}

#[derive(Debug, Clone)]
enum Operation {
    Join(u128),
    Leave(usize),
    Lose(usize),
    Invite(u128, usize),
    Uninvite(u128),
    Open { from: i64, minutes: i64 },
    Unmute(usize),
    Wait(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (0_u128..4).prop_map(Operation::Join),
        1 => (0_usize..8).prop_map(Operation::Leave),
        1 => (0_usize..8).prop_map(Operation::Lose),
        3 => (0_u128..4, 0_usize..4).prop_map(|(who, role)| Operation::Invite(who, role)),
        1 => (0_u128..4).prop_map(Operation::Uninvite),
        1 => (-30_i64..30, 1_i64..120).prop_map(|(from, minutes)| Operation::Open { from, minutes }),
        2 => (0_usize..8).prop_map(Operation::Unmute),
        2 => (0_u64..3000).prop_map(Operation::Wait),
    ]
}

proptest! {
    #[test]
    fn nobody_is_in_the_call_who_may_not_be(operations in proptest::collection::vec(operation(), 1..60)) {
        let mut rules = rules(&[Role::Presenter, Role::Attendee]);
        let mut m = harness(&rules);
        let mut sessions = Vec::new();
        for operation in operations {
            let pick = |index: usize| sessions.get(index % sessions.len().max(1)).copied();
            match operation {
                Operation::Join(who) => {
                    let session = m.join(guest(who));
                    sessions.push(session);
                }
                Operation::Leave(index) => {
                    if let Some(session) = pick(index) {
                        m.tell(session, Input::Leave { reply: 1 });
                    }
                }
                Operation::Lose(index) => {
                    if let Some(session) = pick(index) {
                        m.tell(session, Input::ConnectionLost);
                    }
                }
                Operation::Invite(who, role) => {
                    rules.invited.insert(user(who), Role::ALL[role]);
                    apply(&mut m, &rules);
                }
                Operation::Uninvite(who) => {
                    rules.invited.remove(&user(who));
                    apply(&mut m, &rules);
                }
                Operation::Open { from, minutes } => {
                    let from = m.now.wall + time::Duration::minutes(from);
                    rules.room.window = window(from, from + time::Duration::minutes(minutes));
                    apply(&mut m, &rules);
                }
                Operation::Unmute(index) => {
                    if let Some(session) = pick(index) {
                        m.unmute(session);
                    }
                }
                Operation::Wait(seconds) => m.advance(Duration::from_secs(seconds)),
            }
            m.check();
            prop_assert!(m.members.is_empty());
            for participant in m.meeting.people.values() {
                let present = participant.present().expect("rooms have no lobby");
                let wanted = rules.decide(&participant.person, m.now);
                let CallRole::Room(role) = present.role else { panic!("a role of meetings") };
                prop_assert_eq!(wanted, Decision::Admit { role });
                prop_assert_eq!(present.capabilities, capabilities(role));
                prop_assert!(present.mic_muted || role != Role::Consumer);
            }
        }
    }
}
