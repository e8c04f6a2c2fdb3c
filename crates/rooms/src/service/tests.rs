use std::collections::BTreeMap;

use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::error::WindowError;
use crate::store::MemoryRoomStore;

const NOW: OffsetDateTime = datetime!(2026-11-20 10:00:00.123456 UTC);

fn service() -> RoomService<MemoryRoomStore> {
    RoomService::new(MemoryRoomStore::new())
}

/// Draws 1, 2, 3, …
fn counter() -> impl FnMut() -> u64 {
    let mut drawn = 0;
    move || {
        drawn += 1;
        drawn
    }
}

fn put(user: AcsUserId, role: Role) -> ParticipantChange {
    ParticipantChange {
        user,
        role: Some(role),
    }
}

#[test]
fn a_room_of_another_resource_does_not_exist() {
    let mut rooms = service();
    let (ours, theirs) = (ResourceId::random(), ResourceId::random());
    let room = rooms
        .create(ours, &NewRoom::default(), None, counter(), NOW)
        .unwrap()
        .into_room();
    assert_eq!(rooms.get(ours, room.id), Ok(room.clone()));
    assert_eq!(rooms.get(theirs, room.id), Err(RoomError::NotFound));
    assert_eq!(rooms.delete(theirs, room.id), Err(RoomError::NotFound));
    assert_eq!(
        rooms.participants(theirs, room.id, None),
        Err(RoomError::NotFound)
    );
    assert_eq!(
        rooms.update_participants(theirs, room.id, &[]),
        Err(RoomError::NotFound)
    );
    assert_eq!(
        rooms.update(theirs, room.id, RoomChanges::default(), NOW),
        Err(RoomError::NotFound)
    );
    assert_eq!(rooms.list(theirs, None).unwrap().items, []);
    assert_eq!(rooms.list(ours, None).unwrap().items, std::slice::from_ref(&room));
    assert_eq!(rooms.delete(ours, room.id), Ok(()));
    assert_eq!(rooms.delete(ours, room.id), Err(RoomError::NotFound));
}

#[test]
fn strangers_cannot_be_invited_and_then_nothing_is_made() {
    let mut rooms = service();
    let resource = ResourceId::random();
    let stranger = put(AcsUserId::random(ResourceId::random()), Role::Attendee);
    let new = NewRoom {
        participants: vec![put(AcsUserId::random(resource), Role::Attendee), stranger],
        ..NewRoom::default()
    };
    let refused = rooms.create(resource, &new, None, counter(), NOW);
    assert_eq!(refused, Err(RoomError::Participant));
    assert_eq!(rooms.list(resource, None).unwrap().items, []);
}

#[test]
fn the_same_request_makes_one_room() {
    let mut rooms = service();
    let resource = ResourceId::random();
    let mut draw = counter();
    let request = Repeatability::new("5d22b1e4-0a5f-4f0e-8f0b-7a3c4c6b9b11").unwrap();
    let mut create = |rooms: &mut RoomService<_>, resource, at| {
        rooms
            .create(resource, &NewRoom::default(), Some(&request), &mut draw, at)
            .unwrap()
    };
    let first = create(&mut rooms, resource, NOW);
    let Repeated::First(room) = first else {
        panic!("made now")
    };
    let again = create(&mut rooms, resource, NOW + Duration::minutes(59));
    assert_eq!(again, Repeated::Again(room.clone()));
    assert!(matches!(
        create(&mut rooms, ResourceId::random(), NOW),
        Repeated::First(_)
    ));
    let late = create(&mut rooms, resource, NOW + Duration::minutes(61));
    assert!(matches!(late, Repeated::First(later) if later.id != room.id));
    for text in ["", "a b", "é", &"x".repeat(129)] {
        assert_eq!(Repeatability::new(text), Err(RepeatabilityError));
    }
}

#[test]
fn a_taken_id_is_drawn_again() {
    let mut rooms = service();
    let resource = ResourceId::random();
    let mut draws = [7, 7, 7, 8].into_iter();
    let mut draw = || draws.next().unwrap();
    let mut create = || {
        rooms
            .create(resource, &NewRoom::default(), None, &mut draw, NOW)
            .unwrap()
            .into_room()
            .id
    };
    assert_eq!(create(), RoomId::from_random(7));
    assert_eq!(create(), RoomId::from_random(8));
    let stuck = rooms.create(resource, &NewRoom::default(), None, || 7, NOW);
    assert!(matches!(stuck, Err(RoomError::Store(_))));
}

#[test]
fn updating_keeps_what_is_not_given() {
    let mut rooms = service();
    let resource = ResourceId::random();
    let room = rooms
        .create(resource, &NewRoom::default(), None, counter(), NOW)
        .unwrap()
        .into_room();
    let dial_out = RoomChanges {
        pstn_dial_out: Some(true),
        ..RoomChanges::default()
    };
    // A year later the window is over, and still no reason to refuse another change.
    let later = NOW + Duration::days(365);
    let updated = rooms.update(resource, room.id, dial_out, later).unwrap();
    assert_eq!((updated.window, updated.pstn_dial_out), (room.window, true));
    let moved = RoomChanges {
        valid_until: Some(NOW),
        ..RoomChanges::default()
    };
    assert_eq!(
        rooms.update(resource, room.id, moved, NOW),
        Err(RoomError::Window(WindowError::Past))
    );
    assert_eq!(rooms.get(resource, room.id), Ok(updated));
}

#[test]
fn pages_have_all_rooms_once() {
    let mut rooms = service();
    let resource = ResourceId::random();
    let mut draw = counter();
    let mut made = Vec::new();
    for number in 0..=2 * ROOMS_PER_PAGE {
        let at = NOW + Duration::microseconds(i64::try_from(number).unwrap());
        let room = rooms
            .create(resource, &NewRoom::default(), None, &mut draw, at)
            .unwrap();
        made.insert(0, room.into_room());
    }
    let (mut listed, mut sizes, mut from) = (Vec::new(), Vec::new(), None);
    loop {
        let page = rooms.list(resource, from.as_deref()).unwrap();
        sizes.push(page.items.len());
        listed.extend(page.items);
        from = page.next;
        let Some(from) = &from else { break };
        assert!(from.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
    }
    assert_eq!(sizes, [ROOMS_PER_PAGE, ROOMS_PER_PAGE, 1]);
    assert_eq!(listed, made);
    for from in [
        "",
        "x",
        "1",
        "-1-99199690362660524",
        "1-2",
        "1-99199690362660524-",
        "+1-99199690362660524",
    ] {
        assert_eq!(
            rooms.list(resource, Some(from)),
            Err(RoomError::Continuation),
            "{from}"
        );
    }
}

#[test]
fn a_full_page_without_more_is_the_last() {
    let mut rooms = service();
    let resource = ResourceId::random();
    let participants = (0..PARTICIPANTS_PER_PAGE)
        .map(|_| put(AcsUserId::random(resource), Role::Attendee))
        .collect();
    let new = NewRoom {
        participants,
        ..NewRoom::default()
    };
    let id = rooms
        .create(resource, &new, None, counter(), NOW)
        .unwrap()
        .into_room()
        .id;
    let page = rooms.participants(resource, id, None).unwrap();
    assert_eq!((page.items.len(), page.next), (PARTICIPANTS_PER_PAGE, None));
    let more = [put(AcsUserId::random(resource), Role::Consumer)];
    rooms.update_participants(resource, id, &more).unwrap();
    let page = rooms.participants(resource, id, None).unwrap();
    let rest = rooms.participants(resource, id, page.next.as_deref()).unwrap();
    assert_eq!(
        (page.items.len(), rest.items.len(), rest.next),
        (PARTICIPANTS_PER_PAGE, 1, None)
    );
    assert_eq!(rest.items[0].role, Role::Consumer);
    for from in ["", "x", "-1", "99999999999999999999"] {
        assert_eq!(
            rooms.participants(resource, id, Some(from)),
            Err(RoomError::Continuation)
        );
    }
}

#[test]
fn the_list_of_participants_has_an_end() {
    let mut rooms = service();
    let resource = ResourceId::random();
    let mut all: Vec<ParticipantChange> = (0..MAX_PARTICIPANTS)
        .map(|_| put(AcsUserId::random(resource), Role::Attendee))
        .collect();
    let new = NewRoom {
        participants: all.clone(),
        ..NewRoom::default()
    };
    let id = rooms
        .create(resource, &new, None, counter(), NOW)
        .unwrap()
        .into_room()
        .id;
    // Who is on the list already, or twice in the request, does not count again.
    rooms.update_participants(resource, id, &all).unwrap();
    let another = AcsUserId::random(resource);
    assert_eq!(
        rooms.update_participants(resource, id, &[put(another, Role::Attendee)]),
        Err(RoomError::TooManyParticipants)
    );
    let swapped = [
        ParticipantChange { role: None, ..all[0] },
        put(another, Role::Attendee),
        put(another, Role::Consumer),
    ];
    rooms.update_participants(resource, id, &swapped).unwrap();
    all.push(put(another, Role::Attendee));
    let new = NewRoom {
        participants: all,
        ..NewRoom::default()
    };
    let refused = rooms.create(resource, &new, None, || 77, NOW);
    assert_eq!(refused, Err(RoomError::TooManyParticipants));
    assert_eq!(rooms.list(resource, None).unwrap().items.len(), 1);
}

#[test]
fn a_room_is_found_to_join_whatever_its_resource() {
    let mut rooms = service();
    let resource = ResourceId::random();
    let user = AcsUserId::random(resource);
    let new = NewRoom {
        participants: vec![put(user, Role::Consumer)],
        ..NewRoom::default()
    };
    let room = rooms
        .create(resource, &new, None, counter(), NOW)
        .unwrap()
        .into_room();
    let entry = Participant {
        user,
        role: Role::Consumer,
    };
    assert_eq!(rooms.invited(room.id), Ok(Some((room.clone(), vec![entry]))));
    assert_eq!(rooms.invited(RoomId::from_random(500)), Ok(None));
    assert_eq!(rooms.forget(&user), Ok(vec![room.id]));
    assert_eq!(rooms.invited(room.id), Ok(Some((room, Vec::new()))));
}

proptest! {
    /// Participants behave as a list whose entries keep their places.
    #[test]
    fn participants_follow_a_simple_model(
        steps in proptest::collection::vec(
            proptest::collection::vec((0_usize..6, proptest::option::of(0_usize..4)), 0..5),
            0..20,
        )
    ) {
        let mut rooms = service();
        let resource = ResourceId::random();
        let users: Vec<AcsUserId> = (0..6).map(|_| AcsUserId::random(resource)).collect();
        let id = rooms.create(resource, &NewRoom::default(), None, counter(), NOW).unwrap().into_room().id;
        let mut order: Vec<AcsUserId> = Vec::new();
        let mut roles: BTreeMap<AcsUserId, Role> = BTreeMap::new();
        for step in steps {
            let changes: Vec<ParticipantChange> = step
                .into_iter()
                .map(|(user, role)| ParticipantChange { user: users[user], role: role.map(|role| Role::ALL[role]) })
                .collect();
            rooms.update_participants(resource, id, &changes).unwrap();
            for ParticipantChange { user, role } in changes {
                match role {
                    Some(role) => {
                        if roles.insert(user, role).is_none() {
                            order.push(user);
                        }
                    }
                    None => {
                        roles.remove(&user);
                        order.retain(|other| *other != user);
                    }
                }
            }
            let listed = rooms.participants(resource, id, None).unwrap().items;
            let wanted: Vec<Participant> =
                order.iter().map(|user| Participant { user: *user, role: roles[user] }).collect();
            prop_assert_eq!(listed, wanted);
        }
    }
}
