//! What every store has to do, as tests.

use std::collections::BTreeMap;

use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

use super::{Change, Changes, ChatStore, MessageRange, ThreadRange};
use crate::error::StoreError;
use crate::id::{ClientMessageId, MessageId, SequenceId, ThreadId};
use crate::thread::{
    Member, Message, MessageKind, ParticipantRef, Receipt, RetentionPolicy, ThreadProperties,
};

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
            refuses_taken_places, takes_all_changes_or_none, keeps_every_field_of_a_thread_and_a_member,
            who_left_is_known_but_no_member, pages_the_threads_of_a_member, keeps_one_receipt_per_reader,
            remembers_who_created_what, finds_expired_threads, deletes_a_thread_but_not_its_members,
            erases_a_person);
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

/// Metadata, retention policy and the rest come back as they were stored.
pub fn keeps_every_field_of_a_thread_and_a_member(store: &mut impl ChatStore) {
    let mut head = create(store, "a");
    head.metadata = BTreeMap::from([("k\u{1f600}".to_owned(), "v'\"".to_owned())]);
    head.retention = RetentionPolicy::ThreadCreationDate {
        delete_thread_after_days: 40,
    };
    head.version = 1_234_567_890_123;
    head.host_managed = true;
    head.deleted_on = Some(at(9_000));
    commit(store, "a", [Change::UpdateThread(head.clone())]).unwrap_or_else(fail);
    assert_eq!(store.thread(&head.id), Ok(Some(head)));
    let member = Member {
        metadata: BTreeMap::from([("seat".to_owned(), "12".to_owned())]),
        left_at: Some(SequenceId::new(3)),
        ..Member::with_history(user(1), "One")
    };
    commit(store, "a", [Change::PutMember(member.clone())]).unwrap_or_else(fail);
    assert_eq!(store.member(&thread_id("a"), &user(1)), Ok(Some(member)));
}

/// Who has left is no member any more, but is found by name; who comes back after having been forgotten is the last.
pub fn who_left_is_known_but_no_member(store: &mut impl ChatStore) {
    create(store, "a");
    let thread = thread_id("a");
    let one = Member::with_history(user(1), "One");
    let two = Member::with_history(user(2), "Two");
    let gone = Member {
        left_at: Some(SequenceId::new(1)),
        ..one.clone()
    };
    for member in [&one, &two, &gone] {
        commit(store, "a", [Change::PutMember(member.clone())]).unwrap_or_else(fail);
    }
    assert_eq!(store.members(&thread), Ok(vec![two.clone()]));
    assert_eq!(store.member(&thread, &user(1)), Ok(Some(gone)));
    assert_eq!(store.threads_of(&user(1)), Ok(vec![thread.clone()]));
    commit(
        store,
        "a",
        [Change::RemoveMember(user(1)), Change::PutMember(one.clone())],
    )
    .unwrap_or_else(fail);
    assert_eq!(store.members(&thread), Ok(vec![two, one]));
}

/// Those joined last come first, pages fit together, and what is deleted, left or quiet is not there.
pub fn pages_the_threads_of_a_member(store: &mut impl ChatStore) {
    for name in ["a", "b", "c", "d", "e"] {
        create(store, name);
        commit(
            store,
            name,
            [Change::PutMember(Member::with_history(user(1), ""))],
        )
        .unwrap_or_else(fail);
        commit(
            store,
            name,
            [Change::PutMember(Member::with_history(user(2), ""))],
        )
        .unwrap_or_else(fail);
    }
    let left = Member {
        left_at: Some(SequenceId::ZERO),
        ..Member::with_history(user(1), "")
    };
    commit(store, "b", [Change::PutMember(left)]).unwrap_or_else(fail);
    let deleted = ThreadProperties {
        deleted_on: Some(at(1)),
        ..properties("d")
    };
    commit(store, "d", [Change::DeleteThread(deleted)]).unwrap_or_else(fail);
    let active = ThreadProperties {
        last_message: Some(MessageId::from_unix_ms(9_000)),
        ..properties("a")
    };
    commit(store, "a", [Change::UpdateThread(active)]).unwrap_or_else(fail);
    let page = |before, active_from_ms, limit| {
        let member = user(1);
        let range = ThreadRange {
            member: &member,
            before,
            active_from: at(active_from_ms),
            limit,
        };
        let found = store.threads_page(&range).unwrap_or_else(fail);
        let names: Vec<ThreadId> = found.iter().map(|(_, head)| head.id.clone()).collect();
        (names, found.last().map(|(place, _)| *place))
    };
    let ids = |names: &[&str]| names.iter().map(|name| thread_id(name)).collect::<Vec<_>>();
    assert_eq!(page(None, 0, 9).0, ids(&["e", "c", "a"]));
    let (first, last) = page(None, 0, 2);
    assert_eq!(first, ids(&["e", "c"]));
    assert_eq!(page(last, 0, 2).0, ids(&["a"]));
    assert_eq!(page(None, 5_000, 9).0, ids(&["a"]));
    assert_eq!(page(None, 500, 9).0.len(), 3);
    assert_eq!(page(Some(u64::MAX), 0, 9).0.len(), 3);
}

/// A newer receipt takes the place of the older one, and the newest come first.
pub fn keeps_one_receipt_per_reader(store: &mut impl ChatStore) {
    create(store, "a");
    let thread = thread_id("a");
    let receipt = |n: u8, ms: u64| Receipt {
        reader: user(n),
        message: MessageId::from_unix_ms(ms),
        read_on: at(ms + 1),
    };
    for receipt in [receipt(1, 10), receipt(2, 20), receipt(1, 30)] {
        commit(store, "a", [Change::PutReceipt(receipt)]).unwrap_or_else(fail);
    }
    assert_eq!(store.receipts(&thread), Ok(vec![receipt(1, 30), receipt(2, 20)]));
    assert_eq!(store.receipt(&thread, &user(1)), Ok(Some(receipt(1, 30))));
    assert_eq!(store.receipt(&thread, &user(3)), Ok(None));
    commit(
        store,
        "a",
        [Change::RemoveReceipt(user(1)), Change::RemoveReceipt(user(7))],
    )
    .unwrap_or_else(fail);
    assert_eq!(store.receipts(&thread), Ok(vec![receipt(2, 20)]));
    assert_eq!(store.receipts(&thread_id("b")), Ok(Vec::new()));
}

/// A creator's name for its request leads to the thread; a name is taken once.
pub fn remembers_who_created_what(store: &mut impl ChatStore) {
    for name in ["a", "b"] {
        create(store, name);
    }
    let named = |n: u8| Change::NameCreation {
        creator: user(n),
        name: client_id("request"),
    };
    commit(store, "a", [named(1)]).unwrap_or_else(fail);
    assert_eq!(commit(store, "b", [named(1)]), Err(StoreError::Conflict));
    commit(store, "b", [named(2)]).unwrap_or_else(fail);
    assert_eq!(
        store.created_as(&user(1), &client_id("request")),
        Ok(Some(thread_id("a")))
    );
    assert_eq!(
        store.created_as(&user(2), &client_id("request")),
        Ok(Some(thread_id("b")))
    );
    assert_eq!(store.created_as(&user(1), &client_id("other")), Ok(None));
}

/// Only threads with a policy whose time has come, deleted ones not again.
pub fn finds_expired_threads(store: &mut impl ChatStore) {
    for (name, days) in [("a", None), ("b", Some(30)), ("c", Some(31)), ("d", Some(30))] {
        let mut head = create(store, name);
        if let Some(delete_thread_after_days) = days {
            head.retention = RetentionPolicy::ThreadCreationDate {
                delete_thread_after_days,
            };
        }
        commit(store, name, [Change::UpdateThread(head.clone())]).unwrap_or_else(fail);
        if name == "d" {
            head.deleted_on = Some(at(1));
            commit(store, name, [Change::DeleteThread(head)]).unwrap_or_else(fail);
        }
    }
    let day = 24 * 3_600 * 1_000;
    let found = |ms: u64, limit: usize| store.expired_threads(at(ms), limit).unwrap_or_else(fail);
    assert_eq!(found(500 + 30 * day - 1, 9), Vec::new());
    assert_eq!(found(500 + 30 * day, 9), vec![thread_id("b")]);
    assert_eq!(found(500 + 31 * day, 9).len(), 2);
    assert_eq!(found(500 + 31 * day, 1).len(), 1);
}

/// What was said is gone, who was there is known.
pub fn deletes_a_thread_but_not_its_members(store: &mut impl ChatStore) {
    let mut head = create(store, "a");
    let thread = thread_id("a");
    let member = Member::with_history(user(1), "One");
    let receipt = Receipt {
        reader: user(1),
        message: MessageId::from_unix_ms(1_001),
        read_on: at(2_000),
    };
    commit(
        store,
        "a",
        [
            Change::PutMember(member.clone()),
            insert(message(1, 1_001), Some("name")),
            Change::PutReceipt(receipt),
        ],
    )
    .unwrap_or_else(fail);
    head.deleted_on = Some(at(5_000));
    commit(store, "a", [Change::DeleteThread(head.clone())]).unwrap_or_else(fail);
    assert_eq!(store.thread(&thread), Ok(Some(head)));
    let nameless = Member {
        display_name: String::new(),
        metadata: BTreeMap::new(),
        ..member
    };
    assert_eq!(store.members(&thread), Ok(vec![nameless]));
    assert_eq!(store.messages(&thread, &everything()), Ok(Vec::new()));
    assert_eq!(store.receipts(&thread), Ok(Vec::new()));
    assert_eq!(store.sent_as(&thread, &user(1), &client_id("name")), Ok(None));
}

/// Nothing of a person stays but the places of its messages.
pub fn erases_a_person(store: &mut impl ChatStore) {
    create(store, "a");
    let thread = thread_id("a");
    let mut theirs = message(2, 1_002);
    theirs.sender = Some(user(2));
    let mut told = message(3, 1_003);
    told.sender = None;
    told.kind = MessageKind::ParticipantAdded {
        participants: vec![ParticipantRef {
            id: user(1),
            display_name: "Dana".to_owned(),
        }],
        initiator: user(2),
    };
    commit(
        store,
        "a",
        [
            Change::PutMember(Member::with_history(user(1), "Dana")),
            insert(message(1, 1_001), Some("name")),
            insert(theirs.clone(), None),
            insert(told, None),
            Change::PutReceipt(Receipt {
                reader: user(1),
                message: MessageId::from_unix_ms(1_001),
                read_on: at(2_000),
            }),
        ],
    )
    .unwrap_or_else(fail);
    let erase = Change::Erase {
        id: user(1),
        at: at(7_000),
    };
    commit(store, "a", [erase]).unwrap_or_else(fail);
    assert_eq!(store.member(&thread, &user(1)), Ok(None));
    assert_eq!(store.receipts(&thread), Ok(Vec::new()));
    assert_eq!(store.sent_as(&thread, &user(1), &client_id("name")), Ok(None));
    let left = store.messages(&thread, &everything()).unwrap_or_else(fail);
    assert_eq!(left.len(), 3);
    assert_eq!(
        (left[2].content.as_str(), left[2].deleted_on),
        ("", Some(at(7_000)))
    );
    assert!(left[2].sender_display_name.is_empty());
    assert_eq!(left[1], theirs);
    assert!(
        matches!(&left[0].kind, MessageKind::ParticipantAdded { participants, .. } if participants[0].display_name.is_empty())
    );
}

fn properties(name: &str) -> ThreadProperties {
    ThreadProperties {
        id: thread_id(name),
        topic: format!("Topic {name}"),
        created_by: user(1),
        created_on: at(500),
        last_sequence: SequenceId::ZERO,
        last_message: None,
        metadata: BTreeMap::new(),
        retention: RetentionPolicy::None,
        version: 500,
        host_managed: false,
        deleted_on: None,
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
