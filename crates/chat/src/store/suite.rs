//! What every store has to do, as tests.

use std::collections::BTreeMap;

use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

use super::{Change, Changes, ChatStore, MessageRange};
use crate::error::StoreError;
use crate::id::{ClientMessageId, MessageId, SequenceId, ThreadId};
use crate::thread::{Member, Message, MessageKind, ParticipantRef, ThreadProperties};

/// Tests a [`ChatStore`]. The argument makes an empty store; it is evaluated once per test.
///
/// ```
/// # #[cfg(test)]
/// mod tests {
///     anteroom_chat::chat_store_tests!(anteroom_chat::MemoryChatStore::new());
/// }
/// ```
#[macro_export]
macro_rules! chat_store_tests {
    ($store:expr) => {
        $crate::chat_store_tests!(@each $store,
            keeps_a_thread, refuses_a_second_thread_of_one_id, refuses_changes_to_a_missing_thread,
            keeps_members_in_order, finds_the_threads_of_a_member, keeps_every_field_of_a_message,
            lists_messages_newest_first_within_bounds, updates_a_message_in_place, remembers_client_ids,
            refuses_taken_places, takes_all_changes_or_none);
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

/// A thread comes back as it was stored, and its head can be replaced.
pub fn keeps_a_thread(store: &mut impl ChatStore) {
    assert_eq!(store.thread(&thread_id("a")), Ok(None));
    let mut head = create(store, "a");
    assert_eq!(store.thread(&head.id), Ok(Some(head.clone())));
    assert_eq!(store.thread(&thread_id("b")), Ok(None));

    head.topic = "Another".to_owned();
    head.last_sequence = SequenceId::new(7);
    head.last_message = Some(MessageId::from_unix_ms(1_700_000_000_123));
    assert_eq!(commit(store, "a", [Change::UpdateThread(head.clone())]), Ok(()));
    assert_eq!(store.thread(&head.id), Ok(Some(head)));
}

/// Creating a thread twice is a conflict.
pub fn refuses_a_second_thread_of_one_id(store: &mut impl ChatStore) {
    let head = create(store, "a");
    let mut second = head.clone();
    second.topic = "Second".to_owned();
    assert_eq!(
        commit(store, "a", [Change::CreateThread(second)]),
        Err(StoreError::Conflict)
    );
    assert_eq!(store.thread(&head.id), Ok(Some(head)));
}

/// Nothing can be put into a thread that does not exist.
pub fn refuses_changes_to_a_missing_thread(store: &mut impl ChatStore) {
    let head = properties("a");
    for change in [
        Change::UpdateThread(head),
        Change::PutMember(Member::with_history(user(1), "")),
        insert(message(1, 1_000), None),
    ] {
        assert_eq!(
            commit(store, "a", [change.clone()]),
            Err(StoreError::Conflict),
            "{change:?}"
        );
    }
    assert_eq!(store.members(&thread_id("a")), Ok(Vec::new()));
}

/// Members keep their place when put again, and lose it when removed.
pub fn keeps_members_in_order(store: &mut impl ChatStore) {
    create(store, "a");
    let thread = thread_id("a");
    let mut members: Vec<Member> = [3, 1, 2]
        .map(|n| Member::with_history(user(n), format!("User {n}")))
        .into();
    for member in &members {
        commit(store, "a", [Change::PutMember(member.clone())]).unwrap_or_else(fail);
    }
    assert_eq!(store.members(&thread), Ok(members.clone()));

    members[0] = Member {
        hidden_up_to: Some(SequenceId::new(12)),
        ..Member::new(user(3), "Ünïcode \u{1f600}", at(1_700_000_000_123))
    };
    commit(store, "a", [Change::PutMember(members[0].clone())]).unwrap_or_else(fail);
    assert_eq!(store.members(&thread), Ok(members.clone()));
    assert_eq!(store.member(&thread, &user(3)), Ok(Some(members[0].clone())));
    assert_eq!(store.member(&thread, &user(9)), Ok(None));

    commit(
        store,
        "a",
        [Change::RemoveMember(user(3)), Change::RemoveMember(user(9))],
    )
    .unwrap_or_else(fail);
    let back = members.remove(0);
    assert_eq!(store.members(&thread), Ok(members.clone()));
    commit(store, "a", [Change::PutMember(back.clone())]).unwrap_or_else(fail);
    members.push(back);
    assert_eq!(store.members(&thread), Ok(members));
}

/// A member's threads are found, and only those.
pub fn finds_the_threads_of_a_member(store: &mut impl ChatStore) {
    for name in ["b", "a", "c"] {
        create(store, name);
    }
    for name in ["b", "a"] {
        commit(
            store,
            name,
            [Change::PutMember(Member::with_history(user(1), ""))],
        )
        .unwrap_or_else(fail);
    }
    assert_eq!(
        store.threads_of(&user(1)),
        Ok(vec![thread_id("a"), thread_id("b")])
    );
    assert_eq!(store.threads_of(&user(2)), Ok(Vec::new()));
}

/// Messages of every kind come back as they were stored.
pub fn keeps_every_field_of_a_message(store: &mut impl ChatStore) {
    create(store, "a");
    let who = ParticipantRef {
        id: user(2),
        display_name: "Dana".to_owned(),
    };
    let kinds = [
        MessageKind::Text,
        MessageKind::Html,
        MessageKind::TopicUpdated {
            topic: "T".to_owned(),
            initiator: user(1),
        },
        MessageKind::ParticipantAdded {
            participants: vec![who.clone()],
            initiator: user(1),
        },
        MessageKind::ParticipantRemoved {
            participants: vec![who],
            initiator: user(1),
        },
    ];
    for (place, kind) in (1..).zip(kinds) {
        let mut stored = message(place, 1_000 + place);
        stored.sender = matches!(kind, MessageKind::Text | MessageKind::Html).then(|| user(1));
        stored.kind = kind;
        stored.content = "quote ' \" \\ \u{0}\n\u{1f600}".to_owned();
        stored.metadata = BTreeMap::from([
            ("key".to_owned(), "value".to_owned()),
            (String::new(), String::new()),
        ]);
        stored.edited_on = (place % 2 == 0).then(|| at(5_000));
        stored.deleted_on = (place % 2 == 1).then(|| at(6_000));
        commit(store, "a", [insert(stored.clone(), None)]).unwrap_or_else(fail);
        assert_eq!(store.message(&thread_id("a"), stored.id), Ok(Some(stored)));
    }
    assert_eq!(
        store.message(&thread_id("a"), MessageId::from_unix_ms(1)),
        Ok(None)
    );
    assert_eq!(
        store.message(&thread_id("b"), MessageId::from_unix_ms(1_001)),
        Ok(None)
    );
}

/// A range holds for place, time and number.
pub fn lists_messages_newest_first_within_bounds(store: &mut impl ChatStore) {
    create(store, "a");
    for place in 1..=9 {
        commit(store, "a", [insert(message(place, 1_000 * place), None)]).unwrap_or_else(fail);
    }
    let places = |before: Option<u64>, after: u64, created_from_ms: u64, limit: usize| {
        let range = MessageRange {
            before: before.map(SequenceId::new),
            after: SequenceId::new(after),
            created_from: at(created_from_ms),
            limit,
        };
        let messages = store.messages(&thread_id("a"), &range).unwrap_or_else(fail);
        messages
            .iter()
            .map(|message| message.sequence_id.get())
            .collect::<Vec<_>>()
    };
    assert_eq!(places(None, 0, 0, 100), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(places(None, 0, 0, 2), [9, 8]);
    assert_eq!(places(None, 0, 0, 0), [0; 0]);
    assert_eq!(places(Some(8), 0, 0, 2), [7, 6]);
    assert_eq!(places(Some(8), 6, 0, 9), [7]);
    assert_eq!(places(Some(99), 99, 0, 9), [0; 0]);
    assert_eq!(places(Some(9), 0, 7_000, 9), [8, 7]);
    assert_eq!(places(None, 0, 7_001, 9), [9, 8]);
    assert_eq!(store.messages(&thread_id("b"), &everything()), Ok(Vec::new()));
}

/// An updated message keeps its place.
pub fn updates_a_message_in_place(store: &mut impl ChatStore) {
    create(store, "a");
    for place in 1..=2 {
        commit(store, "a", [insert(message(place, 1_000 * place), None)]).unwrap_or_else(fail);
    }
    let mut edited = message(1, 1_000);
    edited.content = "edited".to_owned();
    edited.version = 9_000;
    edited.edited_on = Some(at(9_000));
    commit(store, "a", [Change::UpdateMessage(edited.clone())]).unwrap_or_else(fail);
    assert_eq!(
        store.messages(&thread_id("a"), &everything()),
        Ok(vec![message(2, 2_000), edited])
    );

    let missing = Change::UpdateMessage(message(3, 3_000));
    assert_eq!(commit(store, "a", [missing]), Err(StoreError::Conflict));
}

/// A client's name for a message is kept per sender and thread.
pub fn remembers_client_ids(store: &mut impl ChatStore) {
    create(store, "a");
    create(store, "b");
    let name = client_id("x'y");
    commit(store, "a", [insert(message(1, 1_000), Some("x'y"))]).unwrap_or_else(fail);
    let found = |store: &mut _, thread: &str, sender| {
        ChatStore::sent_as(store, &thread_id(thread), &user(sender), &name).unwrap_or_else(fail)
    };
    assert_eq!(found(store, "a", 1), Some(MessageId::from_unix_ms(1_000)));
    assert_eq!(found(store, "a", 2), None);
    assert_eq!(found(store, "b", 1), None);

    let again = insert(message(2, 2_000), Some("x'y"));
    assert_eq!(commit(store, "a", [again]), Err(StoreError::Conflict));
    let by_another = Message {
        sender: Some(user(2)),
        ..message(2, 2_000)
    };
    assert_eq!(commit(store, "a", [insert(by_another, Some("x'y"))]), Ok(()));
    assert_eq!(
        commit(store, "b", [insert(message(1, 1_000), Some("x'y"))]),
        Ok(())
    );
}

/// Two messages cannot have one id or one place.
pub fn refuses_taken_places(store: &mut impl ChatStore) {
    create(store, "a");
    commit(store, "a", [insert(message(1, 1_000), None)]).unwrap_or_else(fail);
    assert_eq!(
        commit(store, "a", [insert(message(1, 2_000), None)]),
        Err(StoreError::Conflict)
    );
    assert_eq!(
        commit(store, "a", [insert(message(2, 1_000), None)]),
        Err(StoreError::Conflict)
    );
    assert_eq!(
        store.messages(&thread_id("a"), &everything()),
        Ok(vec![message(1, 1_000)])
    );
}

/// A conflict in the middle leaves nothing behind.
pub fn takes_all_changes_or_none(store: &mut impl ChatStore) {
    let head = create(store, "a");
    let mut moved = head.clone();
    moved.topic = "Moved".to_owned();
    let changes = [
        Change::UpdateThread(moved),
        Change::PutMember(Member::with_history(user(1), "")),
        insert(message(1, 1_000), Some("c")),
        insert(message(1, 2_000), None),
    ];
    assert_eq!(commit(store, "a", changes), Err(StoreError::Conflict));
    assert_eq!(store.thread(&head.id), Ok(Some(head)));
    assert_eq!(store.members(&thread_id("a")), Ok(Vec::new()));
    assert_eq!(store.messages(&thread_id("a"), &everything()), Ok(Vec::new()));
    assert_eq!(
        store.sent_as(&thread_id("a"), &user(1), &client_id("c")),
        Ok(None)
    );
}

fn create(store: &mut impl ChatStore, name: &str) -> ThreadProperties {
    let head = properties(name);
    commit(store, name, [Change::CreateThread(head.clone())]).unwrap_or_else(fail);
    head
}

fn commit(
    store: &mut impl ChatStore,
    thread: &str,
    list: impl IntoIterator<Item = Change>,
) -> Result<(), StoreError> {
    let mut changes = Changes::new(thread_id(thread));
    for change in list {
        changes.push(change);
    }
    store.commit(&changes)
}

fn properties(name: &str) -> ThreadProperties {
    ThreadProperties {
        id: thread_id(name),
        topic: format!("Topic {name}"),
        created_by: user(1),
        created_on: at(500),
        last_sequence: SequenceId::ZERO,
        last_message: None,
    }
}

fn message(place: u64, ms: u64) -> Message {
    Message {
        id: MessageId::from_unix_ms(ms),
        sequence_id: SequenceId::new(place),
        version: ms,
        kind: MessageKind::Text,
        sender: Some(user(1)),
        sender_display_name: "User 1".to_owned(),
        content: format!("message {place}"),
        created_on: at(ms),
        edited_on: None,
        deleted_on: None,
        metadata: BTreeMap::new(),
    }
}

fn insert(message: Message, client_message_id: Option<&str>) -> Change {
    Change::InsertMessage {
        message,
        client_message_id: client_message_id.map(client_id),
    }
}

const fn everything() -> MessageRange {
    MessageRange {
        before: None,
        after: SequenceId::ZERO,
        created_from: OffsetDateTime::UNIX_EPOCH,
        limit: 1_000,
    }
}

fn at(ms: u64) -> OffsetDateTime {
    MessageId::from_unix_ms(ms).time()
}

fn user(n: u8) -> CommunicationIdentifier {
    let id = format!("8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-{n:012}");
    id.parse().unwrap_or_else(fail)
}

fn thread_id(name: &str) -> ThreadId {
    format!("19:{name}@thread.v2").parse().unwrap_or_else(fail)
}

fn client_id(name: &str) -> ClientMessageId {
    name.parse().unwrap_or_else(fail)
}

fn fail<T>(error: impl std::fmt::Debug) -> T {
    panic!("the store refused what it should take: {error:?}")
}
