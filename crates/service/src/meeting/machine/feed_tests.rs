//! How the roster reaches everybody: at once when it is quiet, together when many come.

use std::time::Duration;

use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, RosterUpdate, TracksUpdate};
use anteroom_teams_link::policy::{AllowedPresenters, AttendeeRole, LobbyScope};

use super::harness::{Harness, LOBBY_TIMEOUT, alice, bob, guest, offer};
use super::{Ask, ChatStart, Effect, Input, Limits, PER_MESSAGE, SessionId};

const TICK: Duration = Duration::from_millis(50);

fn large() -> Harness {
    let limits = Limits {
        participants: 2000,
        lobby: 10,
        per_identity: 3,
        lobby_timeout: LOBBY_TIMEOUT,
        fan_out: TICK,
    };
    Harness::with(LobbyScope::Everyone, limits)
}

fn rosters(bodies: Vec<Body>) -> Vec<RosterUpdate> {
    let roster = |body| match body {
        Body::Roster(update) => Some(update),
        _ => None,
    };
    bodies.into_iter().filter_map(roster).collect()
}

fn tracks(bodies: Vec<Body>) -> Vec<TracksUpdate> {
    let tracks = |body| match body {
        Body::Tracks(update) => Some(update),
        _ => None,
    };
    bodies.into_iter().filter_map(tracks).collect()
}

#[test]
fn one_who_comes_into_a_quiet_meeting_is_told_at_once() {
    let mut m = large();
    let alice = m.join(alice());
    m.advance(TICK);
    m.take_all();
    let dana = m.join(guest(1));
    assert_eq!(rosters(m.take(alice))[0].upserted.len(), 1);
    assert_eq!(
        rosters(m.take(dana)).len(),
        1,
        "the newcomer has it all from the snapshot"
    );
    assert_eq!(m.meeting.poll_timeout(), None);
}

#[test]
fn many_who_come_within_a_tick_are_one_message_for_each() {
    let mut m = large();
    let alice = m.join(alice());
    m.advance(TICK);
    m.take_all();
    let guests: Vec<SessionId> = (0..10).map(|number| m.join(guest(number))).collect();
    assert_eq!(rosters(m.take(alice)).len(), 1, "the first of them");
    m.unmute(guests[3]);
    m.tell(guests[4], Input::Leave { reply: 0 });
    assert!(m.take(alice).is_empty());
    m.advance(TICK - Duration::from_millis(1));
    assert!(m.take(alice).is_empty());
    m.advance(Duration::from_millis(1));
    let told = rosters(m.take(alice));
    let [update] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(update.upserted.len(), 8);
    assert!(update.upserted.iter().any(|entry| !entry.mic_muted));
    assert_eq!(update.left.len(), 1);
    assert_eq!(m.meeting.poll_timeout(), None);
}

#[test]
fn coming_and_going_is_announced_by_name_up_to_ten() {
    let mut m = large();
    let alice = m.join(alice());
    m.advance(TICK);
    m.join(guest(100));
    m.take_all();
    for number in 0..20 {
        m.join(guest(number));
    }
    m.advance(TICK);
    let announced = |bodies: Vec<Body>| {
        bodies.into_iter().find_map(|body| match body {
            Body::Announcement(announcement) => Some(announcement),
            _ => None,
        })
    };
    let announcement = announced(m.take(alice)).unwrap();
    assert_eq!((announcement.entered_count, announcement.entered.len()), (20, 10));
    assert_eq!(announcement.entered[0], "Guest 0");
    m.change_rules(|rules| rules.options.is_entry_exit_announced = false);
    m.advance(TICK);
    m.take_all();
    m.join(guest(30));
    m.advance(TICK);
    assert_eq!(announced(m.take(alice)), None);
}

#[test]
fn a_large_roster_comes_in_pieces_that_newcomers_share() {
    let mut m = large();
    m.join(alice());
    for number in 0..199 {
        m.join(guest(number));
    }
    m.advance(TICK);
    m.take_all();
    let snapshot = |m: &mut Harness, number: u64| {
        m.meeting.handle(
            m.now,
            SessionId::new(5000 + number),
            Input::Join {
                person: Box::new(guest(u128::from(number) + 500)),
                reply: 1,
            },
        );
        let mut bodies = Vec::new();
        while let Some(effect) = m.meeting.poll_effect() {
            if let Effect::SendAll { to, body } = effect
                && to.contains(&SessionId::new(5000 + number))
                && matches!(body.body(), Body::Roster(_))
            {
                bodies.push(body);
            }
        }
        bodies
    };
    let first = snapshot(&mut m, 0);
    let second = snapshot(&mut m, 1);
    let sizes: Vec<usize> = first
        .iter()
        .map(|body| match body.body() {
            Body::Roster(RosterUpdate { upserted, .. }) => upserted.len(),
            _ => 0,
        })
        .collect();
    let full = 201 / PER_MESSAGE;
    let mut wanted = vec![PER_MESSAGE; full];
    wanted.push(201 % PER_MESSAGE);
    assert_eq!(sizes, wanted);
    let is_snapshot = |body: &Body| matches!(body, Body::Roster(update) if update.snapshot);
    assert!(is_snapshot(first[0].body()) && !first[1..].iter().any(|body| is_snapshot(body.body())));
    for index in 0..full {
        assert!(
            std::ptr::eq(first[index].body(), second[index].body()),
            "made once"
        );
    }
    assert!(!std::ptr::eq(first[full].body(), second[full].body()));
    let all: Vec<proto::Participant> = second
        .iter()
        .flat_map(|body| match body.body() {
            Body::Roster(update) => update.upserted.clone(),
            _ => Vec::new(),
        })
        .collect();
    let ids: std::collections::BTreeSet<_> = all.iter().map(|entry| &entry.id).collect();
    assert_eq!((all.len(), ids.len()), (202, 202), "everybody, once");
}

#[test]
fn a_track_is_told_of_once_also_to_who_comes_before_it_is_told() {
    let mut m = large();
    let (alice, bob, dana) = (m.join(alice()), m.join(bob()), m.join(guest(1)));
    m.advance(TICK);
    m.tell(dana, Input::Leave { reply: 0 });
    m.take_all();
    m.tell(alice, offer());
    let early = m.join(guest(2));
    let known = tracks(m.take(early));
    let [all] = known.as_slice() else {
        panic!("{known:?}")
    };
    assert!(all.snapshot && all.added.len() == 2);
    assert_eq!(tracks(m.take(bob)), []);
    m.advance(TICK);
    assert_eq!(tracks(m.take(early)), []);
    assert_eq!(tracks(m.take(bob))[0].added, all.added);
    assert_eq!(tracks(m.take(alice)), []);

    // Gone before it was told: only who has seen it hears of that.
    m.tell(bob, offer());
    let between = m.join(guest(3));
    m.take_all();
    m.tell(bob, Input::Leave { reply: 0 });
    let late = m.join(guest(4));
    assert_eq!(tracks(m.take(late))[0].added.len(), 2);
    m.advance(TICK);
    let told = tracks(m.take(between));
    assert_eq!(
        (told.len(), told[0].added.len(), told[0].removed.len()),
        (1, 0, 2)
    );
    assert_eq!(tracks(m.take(early)), []);
    assert_eq!(tracks(m.take(late)), []);
}

#[test]
fn who_came_as_a_presenter_is_not_announced_by_name_as_an_attendee() {
    let mut m = large();
    m.change_rules(|rules| {
        rules.options.allowed_presenters = AllowedPresenters::Everyone;
        rules.options.anonymize_identity_for_roles = [AttendeeRole::Attendee].into();
    });
    let (alice, dana) = (m.join(alice()), m.join(guest(1)));
    let demote = |m: &mut Harness, whom: SessionId| {
        let ask = Ask::SetRole(proto::SetRole {
            participant_id: m.id_of(whom),
            role: proto::Role::Attendee.into(),
        });
        m.tell(alice, Input::Ask { reply: 1, ask });
    };
    demote(&mut m, dana);
    m.advance(TICK);
    m.take_all();

    m.join(guest(2));
    let (stays, goes) = (m.join(guest(3)), m.join(guest(4)));
    m.join(guest(5));
    demote(&mut m, stays);
    demote(&mut m, goes);
    m.tell(goes, Input::Leave { reply: 0 });
    m.advance(TICK);
    let announced = |bodies: Vec<Body>| match bodies.into_iter().rev().find_map(|body| match body {
        Body::Announcement(announcement) => Some(announcement),
        _ => None,
    }) {
        Some(told) => (told.entered, told.entered_count, told.left, told.left_count),
        None => panic!("nothing was announced"),
    };
    let names = |numbers: &[u64]| numbers.iter().map(|n| format!("Guest {n}")).collect::<Vec<_>>();
    assert_eq!(announced(m.take(dana)), (names(&[2, 5]), 4, vec![], 1));
    assert_eq!(
        announced(m.take(alice)),
        (names(&[2, 3, 4, 5]), 4, names(&[4]), 1)
    );
}

#[test]
fn a_call_that_is_over_has_nothing_left_to_tell() {
    let mut m = large();
    let alice = m.join(alice());
    m.join(guest(1));
    m.join(guest(2));
    m.tell(alice, Input::EndMeeting { reply: 0 });
    assert!(m.meeting.is_empty());
    assert_eq!(m.meeting.poll_timeout(), None);
}

#[test]
fn one_in_a_large_meeting_takes_little_memory() {
    const MANY: u64 = 200;
    let mut m = large();
    m.join(alice());
    let mut come = |numbers: std::ops::Range<u64>| {
        for number in numbers {
            m.now.instant += TICK;
            let person = Box::new(guest(number.into()));
            let input = Input::Join { person, reply: 1 };
            m.meeting.handle(m.now, SessionId::new(5000 + number), input);
            m.meeting.handle_timeout(m.now);
            while let Some(effect) = m.meeting.poll_effect() {
                if let Effect::ChatAdd { member, .. } = &effect {
                    let start = ChatStart {
                        after: 0,
                        at: m.now.wall,
                    };
                    m.meeting.handle_chat_joined(member, start);
                }
            }
        }
    };
    // The first pay for what is there once.
    come(0..MANY);
    let allocated = allocation_counter::measure(|| come(MANY..2 * MANY));
    let each = allocated.bytes_current / i64::try_from(MANY).unwrap();
    assert!((500..4096).contains(&each), "{each} bytes");
}
