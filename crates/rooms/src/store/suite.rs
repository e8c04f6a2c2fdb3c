//! What every store has to do, as tests.

use anteroom_identity::id::{AcsUserId, ResourceId};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::{RoomPosition, RoomStore};
use crate::id::RoomId;
use crate::role::Role;
use crate::room::{Participant, Room};
use crate::service::ParticipantChange;
use crate::window::Window;

/// Tests a [`RoomStore`]. The argument makes an empty store; it is evaluated once per test.
///
/// ```
/// # #[cfg(test)]
/// mod tests {
///     anteroom_rooms::room_store_tests!(anteroom_rooms::MemoryRoomStore::new());
/// }
/// ```
#[macro_export]
macro_rules! room_store_tests {
    ($store:expr) => {
        $crate::room_store_tests!(@each $store,
            keeps_every_field, refuses_a_taken_id, updates_what_may_change, deletes_a_room_with_its_participants,
            lists_newest_first_in_pages, keeps_participants_in_order, pages_participants,
            forgets_somebody_everywhere, remembers_requests);
    };
    (@each $store:expr, $($name:ident),+) => {
        $(
            #[test]
            fn $name() {
                $crate::store::suite::$name(&mut $store);
            }
        )+
    };
}

const NOW: OffsetDateTime = datetime!(2026-11-20 10:00:00.123456 UTC);

/// A room comes back as it was stored, to the microsecond.
pub fn keeps_every_field(store: &mut impl RoomStore) {
    let mut room = room(1, ResourceId::random());
    room.pstn_dial_out = true;
    assert_eq!(store.room(room.id), Ok(None));
    assert_eq!(store.insert(&room), Ok(true));
    assert_eq!(store.room(room.id), Ok(Some(room.clone())));
    assert_eq!(store.participant_count(room.id), Ok(0));
    assert_eq!(store.room(RoomId::from_random(2)), Ok(None));
}

/// An id stands for one room, whatever the resource.
pub fn refuses_a_taken_id(store: &mut impl RoomStore) {
    let first = insert(store, 1, ResourceId::random());
    let second = room(1, ResourceId::random());
    assert_eq!(store.insert(&second), Ok(false));
    assert_eq!(store.room(first.id), Ok(Some(first)));
}

/// Window and dial-out change; the rest stays.
pub fn updates_what_may_change(store: &mut impl RoomStore) {
    let first = insert(store, 1, ResourceId::random());
    let mut changed = first.clone();
    changed.window = window(NOW + Duration::hours(3));
    changed.pstn_dial_out = true;
    let mut asked = changed.clone();
    asked.resource = ResourceId::random();
    asked.created = NOW + Duration::hours(1);
    assert_eq!(store.update(&asked), Ok(true));
    assert_eq!(store.room(first.id), Ok(Some(changed)));
    assert_eq!(store.update(&room(2, first.resource)), Ok(false));
}

/// What is deleted is gone, and a later room of the same id has none of its participants.
pub fn deletes_a_room_with_its_participants(store: &mut impl RoomStore) {
    let first = insert(store, 1, ResourceId::random());
    let other = insert(store, 2, first.resource);
    let user = AcsUserId::random(first.resource);
    for id in [first.id, other.id] {
        store
            .change_participants(id, &[put(user, Role::Presenter)])
            .expect("stored");
    }
    assert_eq!(store.delete(first.id), Ok(true));
    assert_eq!(store.delete(first.id), Ok(false));
    assert_eq!(store.room(first.id), Ok(None));
    assert_eq!(store.participant(first.id, &user), Ok(None));
    assert_eq!(store.participants(first.id, None, 10), Ok(Vec::new()));
    assert!(
        store
            .change_participants(first.id, &[put(user, Role::Attendee)])
            .is_err()
    );
    assert_eq!(store.insert(&first), Ok(true));
    assert_eq!(store.participant_count(first.id), Ok(0));
    assert_eq!(store.participant_count(other.id), Ok(1));
}

/// The list has all rooms of one resource and no others, newest first, each once over its pages.
pub fn lists_newest_first_in_pages(store: &mut impl RoomStore) {
    let resource = ResourceId::random();
    insert(store, 50, ResourceId::random());
    let mut made = Vec::new();
    for number in 0..7_u64 {
        // Pairs of rooms of the same moment.
        let mut room = room(100 + number, resource);
        room.created = NOW + Duration::microseconds((number / 2).try_into().expect("small"));
        assert_eq!(store.insert(&room), Ok(true));
        made.push(room);
    }
    made.reverse();
    assert_eq!(store.rooms(resource, None, 100), Ok(made.clone()));
    let mut listed = Vec::new();
    let mut before = None;
    loop {
        let page = store.rooms(resource, before, 3).expect("a page");
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        before = Some(RoomPosition::of(last));
        listed.extend(page);
    }
    assert_eq!(listed, made);
}

/// Existing participants keep their place when their role changes; new ones come last, also those who come back.
pub fn keeps_participants_in_order(store: &mut impl RoomStore) {
    let id = insert(store, 1, ResourceId::random()).id;
    let [a, b, c] = users();
    for changes in [
        [put(a, Role::Attendee), put(b, Role::Presenter)],
        [put(c, Role::Consumer), put(a, Role::Collaborator)],
        // Somebody who is not there.
        [remove(users()[0]), remove(users()[1])],
    ] {
        store.change_participants(id, &changes).expect("stored");
    }
    assert_eq!(
        listed(store, id),
        [(a, Role::Collaborator), (b, Role::Presenter), (c, Role::Consumer)]
    );
    assert_eq!(
        store.participant(id, &a),
        Ok(Some(Participant {
            user: a,
            role: Role::Collaborator
        }))
    );
    store
        .change_participants(id, &[remove(a), put(a, Role::Attendee), remove(b)])
        .expect("stored");
    assert_eq!(listed(store, id), [(c, Role::Consumer), (a, Role::Attendee)]);
    assert_eq!(store.participant(id, &b), Ok(None));
    assert_eq!(store.participant_count(id), Ok(2));
}

/// Every participant is on one page.
pub fn pages_participants(store: &mut impl RoomStore) {
    let room = insert(store, 1, ResourceId::random());
    let changes: Vec<ParticipantChange> = (0..10)
        .map(|_| put(AcsUserId::random(room.resource), Role::Attendee))
        .collect();
    store.change_participants(room.id, &changes).expect("stored");
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = store.participants(room.id, after, 4).expect("a page");
        assert!(page.len() <= 4);
        let Some((place, _)) = page.last() else { break };
        after = Some(*place);
        found.extend(page.into_iter().map(|(_, participant)| participant.user));
    }
    let wanted: Vec<AcsUserId> = changes.iter().map(|change| change.user).collect();
    assert_eq!(found, wanted);
}

/// Whoever is forgotten is in no room any more; the others stay.
pub fn forgets_somebody_everywhere(store: &mut impl RoomStore) {
    let resource = ResourceId::random();
    let ids: Vec<RoomId> = (1..=3).map(|number| insert(store, number, resource).id).collect();
    let [gone, stays, _] = users();
    for id in &ids[..2] {
        store
            .change_participants(*id, &[put(gone, Role::Presenter), put(stays, Role::Attendee)])
            .expect("stored");
    }
    let mut left = store.forget(&gone).expect("forgotten");
    left.sort();
    assert_eq!(left, ids[..2]);
    assert_eq!(store.forget(&gone), Ok(Vec::new()));
    for id in &ids[..2] {
        assert_eq!(listed(store, *id), [(stays, Role::Attendee)]);
    }
}

/// A request is known by its resource and for a time, with the room as it was made.
pub fn remembers_requests(store: &mut impl RoomStore) {
    let hour = Duration::hours(1);
    let mut made = insert(store, 1, ResourceId::random());
    assert_eq!(store.made_by(made.resource, "r", NOW - hour), Ok(None));
    store.remember("r", &made, NOW - hour).expect("remembered");
    let before = made.clone();
    made.pstn_dial_out = true;
    assert_eq!(store.update(&made), Ok(true));
    assert_eq!(store.made_by(made.resource, "r", NOW), Ok(Some(before.clone())));
    assert_eq!(store.made_by(made.resource, "r", NOW + hour), Ok(None));
    assert_eq!(store.made_by(made.resource, "s", NOW - hour), Ok(None));
    assert_eq!(store.made_by(ResourceId::random(), "r", NOW - hour), Ok(None));
    // Also when the room is gone: the answer was given.
    assert_eq!(store.delete(made.id), Ok(true));
    assert_eq!(store.made_by(made.resource, "r", NOW), Ok(Some(before)));

    let mut later = room(2, made.resource);
    later.created = NOW + 2 * hour;
    assert_eq!(store.insert(&later), Ok(true));
    store.remember("t", &later, NOW + hour).expect("remembered");
    assert_eq!(store.made_by(made.resource, "r", NOW - hour), Ok(None));
    assert_eq!(store.made_by(made.resource, "t", NOW - hour), Ok(Some(later)));
}

fn window(from: OffsetDateTime) -> Window {
    Window::new(Some(from), Some(from + Duration::hours(1)), NOW).expect("a good window")
}

fn room(number: u64, resource: ResourceId) -> Room {
    Room {
        id: RoomId::from_random(number),
        resource,
        created: NOW,
        window: window(NOW),
        pstn_dial_out: false,
    }
}

fn insert(store: &mut impl RoomStore, number: u64, resource: ResourceId) -> Room {
    let room = room(number, resource);
    assert_eq!(store.insert(&room), Ok(true));
    room
}

fn users() -> [AcsUserId; 3] {
    let resource = ResourceId::random();
    [(); 3].map(|()| AcsUserId::random(resource))
}

const fn put(user: AcsUserId, role: Role) -> ParticipantChange {
    ParticipantChange {
        user,
        role: Some(role),
    }
}

const fn remove(user: AcsUserId) -> ParticipantChange {
    ParticipantChange { user, role: None }
}

fn listed(store: &impl RoomStore, id: RoomId) -> Vec<(AcsUserId, Role)> {
    let list = store.participants(id, None, 100).expect("a list");
    list.into_iter()
        .map(|(_, participant)| (participant.user, participant.role))
        .collect()
}
