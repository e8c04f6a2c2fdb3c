//! What members do to threads, by the rules of the ACS Chat API.

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use anteroom_identity::id::CommunicationIdentifier;

use crate::thread::MessageKind;
use crate::{
    ChatError, ChatService, Event, Limits, Member, MemoryChatStore, NewMessage, NewThread, Notice,
    PageRequest, RetentionPolicy, ThreadId, ThreadUpdate,
};

type Chat = ChatService<MemoryChatStore>;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

fn user(n: u8) -> CommunicationIdentifier {
    format!("8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-{n:012}")
        .parse()
        .unwrap()
}

fn member(n: u8) -> Member {
    Member::with_history(user(n), format!("User {n}"))
}

fn notices(chat: &mut Chat) -> Vec<Notice> {
    std::iter::from_fn(|| chat.poll_event()).collect()
}

/// A thread of user 1 with users 2 … n in it.
fn thread_with(limits: Limits, people: u8) -> (Chat, ThreadId) {
    let mut chat = Chat::with_limits(MemoryChatStore::new(), limits);
    let new = NewThread {
        members: (2..=people.min(201)).map(member).collect(),
        ..NewThread::new("Topic", user(1), NOON)
    };
    let id = chat.create_thread_as(new).unwrap().properties.id;
    let others = (202..=people).map(member).collect();
    chat.add_participants(&user(1), &id, others, NOON).unwrap();
    notices(&mut chat);
    (chat, id)
}

fn thread(people: u8) -> (Chat, ThreadId) {
    thread_with(Limits::default(), people)
}

fn say(chat: &mut Chat, who: u8, thread: &ThreadId, text: &str) -> crate::MessageId {
    let new = NewMessage {
        content: text.to_owned(),
        ..NewMessage::default()
    };
    let sent = chat.send_message(&user(who), thread, new, NOON).unwrap();
    notices(chat);
    sent.message.id
}

fn heard(chat: &Chat, who: u8, thread: &ThreadId) -> Result<Vec<String>, ChatError> {
    let page = chat.list_messages(&user(who), thread, None, PageRequest::default())?;
    let said = page.items.into_iter().filter(crate::Message::is_from_person);
    Ok(said.map(|message| message.content).collect())
}

fn kinds(chat: &Chat, thread: &ThreadId) -> Vec<MessageKind> {
    let page = chat
        .list_messages(&user(1), thread, None, PageRequest::default())
        .unwrap();
    page.items.into_iter().rev().map(|message| message.kind).collect()
}

#[test]
fn the_creator_is_a_member_once_and_first_and_creation_is_written_down() {
    let mut chat = Chat::new(MemoryChatStore::new());
    let new = NewThread {
        members: vec![member(2), member(1), member(2)],
        ..NewThread::new("Topic", user(1), NOON)
    };
    let id = chat.create_thread_as(new).unwrap().properties.id;
    let members = chat.list_members(&user(2), &id).unwrap();
    assert_eq!(members, [member(1), member(2)]);
    assert!(matches!(
        &kinds(&chat, &id)[..],
        [MessageKind::ParticipantAdded { participants, .. }, MessageKind::TopicUpdated { topic, .. }]
            if participants.len() == 2 && topic == "Topic"
    ));
    let created = notices(&mut chat).remove(0);
    assert_eq!(created.recipients.len(), 2);
    assert!(matches!(created.event, Event::ThreadCreated { by, members, .. }
        if by.display_name == "User 1" && members.len() == 2));
}

#[test]
fn a_repeated_request_creates_nothing() {
    let mut chat = Chat::new(MemoryChatStore::new());
    let new = |creator: u8| NewThread {
        request: Some("request".parse().unwrap()),
        ..NewThread::new("Topic", user(creator), NOON)
    };
    let first = chat.create_thread_as(new(1)).unwrap();
    let again = chat.create_thread_as(new(1)).unwrap();
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(first.properties, again.properties);
    let other = chat.create_thread_as(new(2)).unwrap();
    assert!(!other.repeated && other.properties.id != first.properties.id);
    let threads = chat.list_threads(&user(1), None, PageRequest::default()).unwrap();
    assert_eq!(threads.items.len(), 1);
}

#[test]
fn an_update_merges_metadata_and_tells_only_of_what_changed() {
    let (mut chat, id) = thread(2);
    let update = |pairs: &[(&str, &str)]| ThreadUpdate {
        metadata: pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..ThreadUpdate::default()
    };
    chat.update_thread(&user(2), &id, update(&[("a", "1"), ("b", "2")]), NOON)
        .unwrap();
    let properties = chat
        .update_thread(&user(1), &id, update(&[("b", "3")]), NOON)
        .unwrap();
    assert_eq!(properties.metadata.len(), 2);
    assert_eq!(properties.metadata["b"], "3");
    let versions: Vec<u64> = notices(&mut chat)
        .into_iter()
        .map(|notice| match notice.event {
            Event::ThreadUpdated { version, .. } => version,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(versions.len() == 2 && versions[0] < versions[1], "{versions:?}");
    chat.update_thread(&user(1), &id, update(&[("b", "3")]), NOON)
        .unwrap();
    assert_eq!(notices(&mut chat), []);

    let topic = ThreadUpdate {
        topic: Some("New".to_owned()),
        retention: Some(RetentionPolicy::ThreadCreationDate {
            delete_thread_after_days: 30,
        }),
        ..ThreadUpdate::default()
    };
    chat.update_thread(&user(1), &id, topic.clone(), NOON).unwrap();
    assert!(
        matches!(kinds(&chat, &id).last(), Some(MessageKind::TopicUpdated { topic, .. }) if topic == "New")
    );
    assert_eq!(
        chat.update_thread(&user(3), &id, topic, NOON),
        Err(ChatError::NotMember)
    );
    for update in [
        ThreadUpdate {
            topic: Some(String::new()),
            ..ThreadUpdate::default()
        },
        ThreadUpdate {
            retention: Some(RetentionPolicy::ThreadCreationDate {
                delete_thread_after_days: 29,
            }),
            ..ThreadUpdate::default()
        },
        update(&[("c", &"x".repeat(1024))]),
    ] {
        let refused = chat.update_thread(&user(1), &id, update, NOON);
        assert!(
            matches!(refused, Err(ChatError::BadRequest { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn deleting_twice_is_fine_for_who_was_in_it() {
    let (mut chat, id) = thread(2);
    say(&mut chat, 1, &id, "hello");
    assert_eq!(chat.delete_thread(&user(3), &id, NOON), Err(ChatError::NotMember));
    chat.delete_thread(&user(2), &id, NOON).unwrap();
    let told = notices(&mut chat);
    assert!(
        matches!(&told[..], [Notice { event: Event::ThreadDeleted { by: Some(by), .. }, recipients }]
        if by.id == user(2) && recipients.len() == 2)
    );
    chat.delete_thread(&user(1), &id, NOON).unwrap();
    assert_eq!(notices(&mut chat), []);
    assert_eq!(chat.delete_thread(&user(3), &id, NOON), Err(ChatError::NotMember));
    assert_eq!(
        chat.thread_properties(&user(1), &id),
        Err(ChatError::ThreadNotFound)
    );
    assert_eq!(heard(&chat, 1, &id), Err(ChatError::ThreadNotFound));
    let threads = chat.list_threads(&user(1), None, PageRequest::default()).unwrap();
    assert_eq!(threads.items, []);
}

#[test]
fn who_is_removed_reads_what_was_said_and_nothing_else() {
    let (mut chat, id) = thread(3);
    let first = say(&mut chat, 1, &id, "before");
    chat.send_read_receipt(&user(2), &id, first, NOON).unwrap();
    notices(&mut chat);
    chat.remove_participant(&user(1), &id, &user(2), NOON).unwrap();
    let told = notices(&mut chat);
    let removed = told
        .iter()
        .find(|notice| matches!(notice.event, Event::MembersRemoved { .. }))
        .unwrap();
    assert!(
        removed.recipients.contains(&user(2)),
        "the one removed hears of it"
    );
    let later = say(&mut chat, 1, &id, "after");
    assert_eq!(heard(&chat, 2, &id), Ok(vec!["before".to_owned()]));
    assert_eq!(
        chat.get_message(&user(2), &id, later),
        Err(ChatError::MessageNotFound)
    );
    assert_eq!(chat.thread_properties(&user(2), &id), Err(ChatError::NotMember));
    let send = chat.send_message(&user(2), &id, NewMessage::default(), NOON);
    assert_eq!(send, Err(ChatError::NotMember));
    assert_eq!(chat.list_read_receipts(&user(1), &id), Ok(Vec::new()));
    // Removing again, or somebody who never was, changes nothing.
    for n in [2, 9] {
        chat.remove_participant(&user(1), &id, &user(n), NOON).unwrap();
    }
    assert_eq!(notices(&mut chat), []);
    // Back again, with all history.
    chat.add_participants(&user(1), &id, vec![member(2), member(3)], NOON)
        .unwrap();
    assert_eq!(
        heard(&chat, 2, &id),
        Ok(vec!["after".to_owned(), "before".to_owned()])
    );
    let told = notices(&mut chat);
    assert!(told.iter().any(|notice| matches!(&notice.event,
        Event::MembersAdded { members, .. } if members.len() == 1 && members[0].id == user(2))));
    let order: Vec<_> = chat
        .list_members(&user(1), &id)
        .unwrap()
        .into_iter()
        .map(|member| member.id)
        .collect();
    assert_eq!(order, [user(1), user(3), user(2)]);
}

#[test]
fn one_receipt_each_and_only_forward() {
    let (mut chat, id) = thread(2);
    let (first, second) = (say(&mut chat, 1, &id, "one"), say(&mut chat, 1, &id, "two"));
    for (who, message) in [(2, first), (2, second), (1, first), (2, first)] {
        chat.send_read_receipt(&user(who), &id, message, NOON).unwrap();
    }
    let receipts = chat.list_read_receipts(&user(1), &id).unwrap();
    let read: Vec<_> = receipts
        .iter()
        .map(|receipt| (receipt.reader.clone(), receipt.message))
        .collect();
    assert_eq!(read, [(user(1), first), (user(2), second)]);
    assert_eq!(notices(&mut chat).len(), 3, "what changes nothing is not told");
    let unknown = chat.send_read_receipt(&user(2), &id, crate::MessageId::from_unix_ms(1), NOON);
    assert_eq!(unknown, Err(ChatError::MessageNotFound));
}

#[test]
fn large_threads_have_no_receipts_and_no_typing_where_acs_has_none() {
    let told = |limits: Limits, people: u8| {
        let (mut chat, id) = thread_with(limits, people);
        let message = say(&mut chat, 1, &id, "hello");
        chat.send_read_receipt(&user(2), &id, message, NOON).unwrap();
        chat.send_typing(&user(2), &id, Some("Two".to_owned()), NOON)
            .unwrap();
        notices(&mut chat).len()
    };
    assert_eq!(told(Limits::acs(), 20), 2);
    assert_eq!(told(Limits::acs(), 21), 0);
    assert_eq!(told(Limits::default(), 21), 2);
    assert_eq!(told(Limits::default(), 250), 2);
}

#[test]
fn there_is_room_for_so_many_and_no_more() {
    let (mut chat, id) = thread(200);
    let add = |chat: &mut Chat, range: std::ops::RangeInclusive<u8>| {
        chat.add_participants(&user(1), &id, range.map(member).collect(), NOON)
    };
    assert!(matches!(
        add(&mut chat, 1..=201),
        Err(ChatError::BadRequest {
            target: "participants",
            ..
        })
    ));
    add(&mut chat, 190..=250).unwrap();
    assert!(matches!(
        add(&mut chat, 251..=251),
        Err(ChatError::BadRequest {
            target: "participants",
            ..
        })
    ));
    assert_eq!(chat.list_members(&user(1), &id).unwrap().len(), 250);
}

#[test]
fn threads_are_listed_in_pages() {
    let mut chat = Chat::new(MemoryChatStore::new());
    let mut ids: Vec<ThreadId> = (0..5)
        .map(|n| {
            let new = NewThread::new(format!("Topic {n}"), user(1), NOON + Duration::hours(n));
            chat.create_thread_as(new).unwrap().properties.id
        })
        .collect();
    ids.reverse();
    let mut listed = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let request = PageRequest {
            max_page_size: Some(2),
            sync_state: next.as_deref(),
        };
        let page = chat.list_threads(&user(1), None, request).unwrap();
        assert!(page.items.len() <= 2);
        listed.extend(page.items.into_iter().map(|properties| properties.id));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(listed, ids);
    let since = chat
        .list_threads(&user(1), Some(NOON + Duration::hours(3)), PageRequest::default())
        .unwrap();
    assert_eq!(since.items.len(), 2);
    for bad in ["", "t", "s1", "t-1", "t01", "t99999999999999999999"] {
        let request = PageRequest {
            sync_state: Some(bad),
            ..PageRequest::default()
        };
        let refused = chat.list_threads(&user(1), None, request);
        assert!(matches!(refused, Err(ChatError::BadRequest { .. })), "{bad}");
    }
}

#[test]
fn a_meetings_thread_is_not_its_members_to_change() {
    let mut chat = Chat::new(MemoryChatStore::new());
    let new = NewThread {
        members: vec![member(1), member(2)],
        host_managed: true,
        ..NewThread::new("Meeting", user(1), NOON)
    };
    let id = chat.create_thread(new).unwrap().id;
    let update = ThreadUpdate {
        topic: Some("Mine".to_owned()),
        ..ThreadUpdate::default()
    };
    assert_eq!(
        chat.update_thread(&user(1), &id, update.clone(), NOON),
        Err(ChatError::HostManaged)
    );
    // The host may.
    let renamed = chat.update_thread_as_host(&user(1), &id, update, NOON).unwrap();
    assert_eq!(renamed.topic, "Mine");
    assert_eq!(
        chat.add_participants(&user(1), &id, vec![member(3)], NOON),
        Err(ChatError::HostManaged)
    );
    for n in [1, 2, 3] {
        assert_eq!(
            chat.remove_participant(&user(1), &id, &user(n), NOON),
            Err(ChatError::HostManaged)
        );
    }
    assert_eq!(
        chat.delete_thread(&user(1), &id, NOON),
        Err(ChatError::HostManaged)
    );
    // Talking, reading and typing are what it is for.
    let message = say(&mut chat, 1, &id, "hello");
    chat.send_read_receipt(&user(2), &id, message, NOON).unwrap();
    chat.send_typing(&user(2), &id, None, NOON).unwrap();
}

#[test]
fn threads_end_by_their_policy() {
    let mut chat = Chat::new(MemoryChatStore::new());
    let new = NewThread {
        members: vec![member(2)],
        retention: RetentionPolicy::ThreadCreationDate {
            delete_thread_after_days: 30,
        },
        ..NewThread::new("Topic", user(1), NOON)
    };
    let id = chat.create_thread_as(new).unwrap().properties.id;
    notices(&mut chat);
    let due = NOON + Duration::days(30);
    assert_eq!(chat.delete_expired(due - Duration::nanoseconds(1), 10), Ok(0));
    assert_eq!(chat.delete_expired(due, 10), Ok(1));
    let told = notices(&mut chat);
    assert!(
        matches!(&told[..], [Notice { event: Event::ThreadDeleted { by: None, .. }, recipients }]
        if recipients.len() == 2)
    );
    assert_eq!(chat.delete_expired(due, 10), Ok(0));
    assert_eq!(
        chat.thread_properties(&user(1), &id),
        Err(ChatError::ThreadNotFound)
    );
}

#[test]
fn a_person_can_be_forgotten() {
    let (mut chat, id) = thread(3);
    say(&mut chat, 2, &id, "secret");
    say(&mut chat, 1, &id, "kept");
    chat.forget(&user(2), NOON).unwrap();
    let told = notices(&mut chat);
    assert!(
        matches!(&told[..], [Notice { event: Event::MembersRemoved { members, .. }, .. }]
        if members[0].display_name.is_empty())
    );
    assert_eq!(heard(&chat, 2, &id), Err(ChatError::NotMember));
    assert_eq!(heard(&chat, 1, &id), Ok(vec!["kept".to_owned(), String::new()]));
    let names = format!("{:?}", kinds(&chat, &id));
    assert!(!names.contains("User 2") && names.contains("User 3"), "{names}");
    assert_eq!(chat.list_members(&user(1), &id).unwrap().len(), 2);
}
