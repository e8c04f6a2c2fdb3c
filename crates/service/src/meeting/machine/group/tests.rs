use std::time::Duration;

use anteroom_identity::id::ResourceId;
use anteroom_identity::token::{Scope, ScopeSet};
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Connected};

use super::super::harness::{Harness, LOBBY_TIMEOUT, alice, guest, offer};
use super::super::{Ask, Input, Limits, Person, PersonKind, SessionId};

fn group() -> Harness {
    Harness::in_group(Limits {
        participants: 3,
        lobby: 0,
        per_identity: 2,
        lobby_timeout: LOBBY_TIMEOUT,
        fan_out: Duration::ZERO,
    })
}

fn with_scopes(number: u128, wanted: &[Scope]) -> Person {
    let mut person = guest(number);
    if let PersonKind::Guest { scopes, .. } = &mut person.kind {
        *scopes = wanted.iter().copied().collect::<ScopeSet>();
    }
    person
}

fn connected(m: &mut Harness, session: SessionId) -> Connected {
    let told = m.take(session).into_iter();
    let mut found = told.filter_map(|body| match body {
        Body::Connected(connected) => Some(connected),
        _ => None,
    });
    found.next().expect("is in the call")
}

#[test]
fn all_are_equal_and_there_is_no_lobby_and_no_chat() {
    let mut m = group();
    let dana = m.join(guest(1));
    let omar = m.join(guest(2));
    for session in [dana, omar] {
        let told = connected(&mut m, session);
        assert_eq!(told.role(), proto::Role::Presenter);
        assert_eq!((told.thread_id.as_str(), told.join_url.as_str()), ("", ""));
        for capability in ["unmuteMic", "turnVideoOn", "shareScreen", "muteOthers"] {
            assert!(
                told.capabilities.iter().any(|name| name == capability),
                "{capability}"
            );
        }
        assert!(!told.capabilities.iter().any(|name| name == "manageLobby"));
    }
    m.check();
    m.tell(dana, offer());
    assert!(m.take(dana).iter().any(|body| matches!(body, Body::Answer(_))));
    for (ask, key) in [
        (Ask::Typing, "not_allowed"),
        (Ask::ReadUpTo("1".to_owned()), "not_allowed"),
        (Ask::Lock(true), "not_allowed"),
    ] {
        m.take_all();
        m.tell(dana, Input::Ask { reply: 3, ask });
        assert_eq!(m.error(dana), key);
    }
    assert!(m.members.is_empty());
    // Ended by anybody, for everybody.
    m.tell(omar, Input::EndMeeting { reply: 4 });
    assert_eq!(m.end_key(dana), Some("ended"));
    assert!(m.meeting.is_empty());
    assert_eq!(m.meeting.poll_timeout(), None);
    m.check();
}

#[test]
fn only_users_of_the_resource_come_in() {
    let mut m = group();
    let employee = m.join(alice());
    assert_eq!(m.end_key(employee), Some("group_users_only"));
    let mut stranger = guest(1);
    if let PersonKind::Guest { resource, .. } = &mut stranger.kind {
        *resource = ResourceId::random();
    }
    let stranger = m.join(stranger);
    assert_eq!(m.end_key(stranger), Some("group_users_only"));
    let chatter = m.join(with_scopes(2, &[Scope::Chat]));
    assert_eq!(m.end_key(chatter), Some("unauthenticated"));
    assert!(m.meeting.is_empty());
}

#[test]
fn who_may_not_begin_calls_joins_one_that_runs() {
    let mut m = group();
    let early = m.join(with_scopes(1, &[Scope::VoipJoin]));
    assert_eq!(m.end_key(early), Some("group_not_started"));
    let dana = m.join(guest(2));
    let omar = m.join(with_scopes(1, &[Scope::VoipJoin]));
    assert!(m.in_call(omar));
    // It goes on as long as anybody is there.
    m.tell(dana, Input::Leave { reply: 2 });
    assert!(m.in_call(omar));
    m.tell(omar, Input::Leave { reply: 2 });
    let late = m.join(with_scopes(1, &[Scope::VoipJoin]));
    assert_eq!(m.end_key(late), Some("group_not_started"));
    m.check();
}

#[test]
fn it_is_full_as_a_room_is() {
    let mut m = group();
    for number in 0..3 {
        let session = m.join(guest(number));
        assert!(m.in_call(session));
    }
    let fourth = m.join(guest(4));
    assert_eq!(m.end_key(fourth), Some("meeting_full"));
    m.check();
}

#[test]
fn who_was_removed_may_come_back() {
    let mut m = group();
    let dana = m.join(guest(1));
    let omar = m.join(guest(2));
    let ids = vec![m.id_of(omar)];
    m.tell(dana, Input::Remove { reply: 2, ids });
    assert_eq!(m.end_key(omar), Some("removed"));
    let again = m.join(guest(2));
    assert!(m.in_call(again));
    m.check();
}
