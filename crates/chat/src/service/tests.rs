use proptest::prelude::*;
use time::Duration;
use time::macros::datetime;

use super::*;
use crate::error::StoreError;
use crate::store::{Change, MemoryChatStore};
use crate::thread::MessageKind;

mod failing;
mod model;

const MAX_CONTENT_BYTES: usize = 28 * 1024;

const NOON: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

type Chat = ChatService<MemoryChatStore>;

fn user(n: u8) -> CommunicationIdentifier {
    format!("8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-{n:012}")
        .parse()
        .unwrap()
}

fn text(content: &str) -> NewMessage {
    NewMessage {
        content: content.into(),
        ..NewMessage::default()
    }
}

fn named(content: &str, name: &str) -> NewMessage {
    NewMessage {
        client_message_id: Some(name.parse().unwrap()),
        ..text(content)
    }
}

/// A thread with user 1 in it, silently.
fn thread(system_messages: SystemMessages) -> (Chat, ThreadId) {
    let mut chat = Chat::new(MemoryChatStore::new());
    let new = NewThread {
        id: Some("19:meeting_x@thread.v2".parse().unwrap()),
        members: vec![Member::with_history(user(1), "Alice")],
        system_messages,
        ..NewThread::new("Interview", user(1), NOON)
    };
    let id = chat.create_thread(new).unwrap().id;
    events(&mut chat);
    (chat, id)
}

fn events(chat: &mut Chat) -> Vec<Event> {
    std::iter::from_fn(|| chat.poll_event())
        .map(|notice| notice.event)
        .collect()
}

fn contents(chat: &Chat, caller: u8, thread: &ThreadId) -> Vec<String> {
    let page = chat
        .list_messages(&user(caller), thread, None, PageRequest::default())
        .unwrap();
    page.items.iter().map(Message::plain_text).collect()
}

#[test]
fn a_new_thread_tells_of_itself() {
    let mut chat = Chat::new(MemoryChatStore::new());
    let new = NewThread {
        members: vec![
            Member::with_history(user(1), "Alice"),
            Member::with_history(user(2), "Bob"),
            Member::with_history(user(1), "Alice again"),
        ],
        system_messages: SystemMessages::Record,
        ..NewThread::new("Interview", user(1), NOON)
    };
    let properties = chat.create_thread(new.clone()).unwrap();
    assert_eq!(
        chat.thread_properties(&user(2), &properties.id),
        Ok(properties.clone())
    );
    assert_eq!(
        (properties.topic.as_str(), properties.created_on),
        ("Interview", NOON)
    );
    let messages = chat
        .list_messages(&user(2), &properties.id, None, PageRequest::default())
        .unwrap()
        .items;
    let [topic, added] = &messages[..] else {
        panic!("{messages:?}")
    };
    assert!(matches!(&topic.kind, MessageKind::TopicUpdated { topic, .. } if topic == "Interview"));
    assert!(
        matches!(&added.kind, MessageKind::ParticipantAdded { participants, .. } if participants.len() == 2)
    );
    assert_eq!((added.sequence_id.get(), topic.sequence_id.get()), (1, 2));
    assert_eq!((&added.sender, &topic.sender), (&None, &None));
    assert_eq!(chat.list_members(&user(1), &properties.id).unwrap().len(), 2);
    let events = events(&mut chat);
    assert!(matches!(events[0], Event::ThreadCreated { .. }));
    assert_eq!(
        events
            .iter()
            .filter(|event| matches!(event, Event::MessageReceived { .. }))
            .count(),
        2
    );
    assert!(matches!(&events[0], Event::ThreadCreated { members, .. } if members.len() == 2));

    let again = NewThread {
        id: Some(properties.id),
        ..new
    };
    assert_eq!(chat.create_thread(again), Err(ChatError::ThreadExists));
}

#[test]
fn topics_are_bounded() {
    let topic = |topic: String| {
        let new = NewThread {
            members: Vec::new(),
            system_messages: SystemMessages::Silent,
            ..NewThread::new(topic, user(1), NOON)
        };
        Chat::new(MemoryChatStore::new()).create_thread(new).map(|_| ())
    };
    assert_eq!(topic("ü".repeat(250)), Ok(()));
    assert!(matches!(
        topic("ü".repeat(251)),
        Err(ChatError::BadRequest { target: "topic", .. })
    ));
    assert!(matches!(
        topic(String::new()),
        Err(ChatError::BadRequest { target: "topic", .. })
    ));
}

#[test]
fn only_members_read_and_write() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    let sent = chat
        .send_message(&user(1), &id, text("hi"), NOON)
        .unwrap()
        .message;
    let unknown: ThreadId = "19:other@thread.v2".parse().unwrap();
    let mut all = |caller: u8, thread: &ThreadId| {
        let caller = user(caller);
        let now = NOON;
        [
            chat.thread_properties(&caller, thread).map(|_| ()),
            chat.list_messages(&caller, thread, None, PageRequest::default())
                .map(|_| ()),
            chat.get_message(&caller, thread, sent.id).map(|_| ()),
            chat.list_members(&caller, thread).map(|_| ()),
            chat.send_message(&caller, thread, text("x"), now).map(|_| ()),
            chat.edit_message(&caller, thread, sent.id, MessageEdit::default(), now)
                .map(|_| ()),
            chat.delete_message(&caller, thread, sent.id, now),
        ]
    };
    assert_eq!(all(2, &id), [const { Err(ChatError::NotMember) }; 7]);
    assert_eq!(all(1, &unknown), [const { Err(ChatError::ThreadNotFound) }; 7]);
    assert_eq!(all(1, &id), [const { Ok(()) }; 7]);
}

#[test]
fn a_guest_sees_what_was_said_since_it_came() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    chat.send_message(&user(1), &id, text("before"), NOON).unwrap();
    // The same instant as the message before, which is history all the same.
    chat.add_member(
        &id,
        Member::new(user(2), "Dana", NOON),
        SystemMessages::Silent,
        NOON,
    )
    .unwrap();
    let hidden = chat
        .list_messages(&user(1), &id, None, PageRequest::default())
        .unwrap()
        .items[0]
        .id;
    assert_eq!(contents(&chat, 2, &id), [""; 0]);
    assert_eq!(
        chat.get_message(&user(2), &id, hidden),
        Err(ChatError::MessageNotFound)
    );
    chat.send_message(&user(2), &id, text("hello"), NOON).unwrap();
    // The clock went back.
    chat.send_message(&user(1), &id, text("welcome"), NOON - Duration::hours(1))
        .unwrap();
    assert_eq!(contents(&chat, 2, &id), ["welcome", "hello"]);

    let later = NOON + Duration::minutes(5);
    assert_eq!(
        chat.remove_member(&id, &user(2), SystemMessages::Silent, later),
        Ok(true)
    );
    assert_eq!(
        chat.remove_member(&id, &user(2), SystemMessages::Silent, later),
        Ok(false)
    );
    assert_eq!(
        chat.send_message(&user(2), &id, text("x"), later).unwrap_err(),
        ChatError::NotMember
    );
    chat.send_message(&user(1), &id, text("while away"), later)
        .unwrap();
    chat.add_member(
        &id,
        Member::new(user(2), "Dana", later),
        SystemMessages::Silent,
        later,
    )
    .unwrap();
    assert_eq!(contents(&chat, 2, &id), [""; 0]);
    assert_eq!(
        contents(&chat, 1, &id),
        ["while away", "welcome", "hello", "before"]
    );
}

#[test]
fn history_can_be_shared_from_a_time_on() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    for minute in 0..4 {
        chat.send_message(
            &user(1),
            &id,
            text(&minute.to_string()),
            NOON + Duration::minutes(minute),
        )
        .unwrap();
    }
    let now = NOON + Duration::minutes(10);
    let since = Member::new(user(2), "Bob", NOON + Duration::minutes(2));
    chat.add_member(&id, since, SystemMessages::Silent, now).unwrap();
    assert_eq!(contents(&chat, 2, &id), ["3", "2"]);
    // Put again, with everything.
    chat.add_member(
        &id,
        Member::with_history(user(2), "Bob"),
        SystemMessages::Silent,
        now,
    )
    .unwrap();
    assert_eq!(contents(&chat, 2, &id), ["3", "2", "1", "0"]);
    assert_eq!(chat.list_members(&user(2), &id).unwrap().len(), 2);
}

#[test]
fn coming_and_going_can_be_recorded() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    chat.add_member(
        &id,
        Member::new(user(2), "Dana", NOON),
        SystemMessages::Record,
        NOON,
    )
    .unwrap();
    chat.add_member(
        &id,
        Member::new(user(2), "Dana", NOON),
        SystemMessages::Record,
        NOON,
    )
    .unwrap();
    chat.remove_member(&id, &user(2), SystemMessages::Record, NOON)
        .unwrap();
    let kinds: Vec<_> = chat
        .list_messages(&user(1), &id, None, PageRequest::default())
        .unwrap()
        .items
        .into_iter()
        .map(|message| message.kind)
        .collect();
    assert!(
        matches!(
            &kinds[..],
            [
                MessageKind::ParticipantRemoved { .. },
                MessageKind::ParticipantAdded { .. }
            ]
        ),
        "{kinds:?}"
    );
}

#[test]
fn sending_twice_makes_one_message() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    chat.add_member(
        &id,
        Member::with_history(user(2), "Bob"),
        SystemMessages::Silent,
        NOON,
    )
    .unwrap();
    events(&mut chat);
    let first = chat
        .send_message(&user(1), &id, named("one", "c1"), NOON)
        .unwrap();
    let again = chat
        .send_message(&user(1), &id, named("other", "c1"), NOON + Duration::hours(1))
        .unwrap();
    assert_eq!((first.deduplicated, again.deduplicated), (false, true));
    assert_eq!(first.message, again.message);
    let by_another = chat
        .send_message(&user(2), &id, named("two", "c1"), NOON)
        .unwrap();
    assert!(!by_another.deduplicated);
    assert_eq!(contents(&chat, 1, &id), ["two", "one"]);
    assert_eq!(events(&mut chat).len(), 2);
}

#[test]
fn ids_and_places_increase() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    let mut send = |offset_ms: i64| {
        let message = chat
            .send_message(&user(1), &id, text("x"), NOON + Duration::milliseconds(offset_ms))
            .unwrap()
            .message;
        assert_eq!(message.version, message.id.unix_ms());
        assert_eq!(message.created_on, message.id.time());
        (
            message.id.unix_ms() - crate::id::unix_ms(NOON),
            message.sequence_id.get(),
        )
    };
    assert_eq!(
        [send(0), send(0), send(5), send(1)],
        [(0, 1), (1, 2), (5, 3), (6, 4)]
    );
}

#[test]
fn content_is_bounded() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    let mut send = |new| chat.send_message(&user(1), &id, new, NOON).map(|_| ());
    assert_eq!(send(text(&"a".repeat(MAX_CONTENT_BYTES))), Ok(()));
    assert_eq!(
        send(text(&"a".repeat(MAX_CONTENT_BYTES + 1))),
        Err(ChatError::TooLarge(MAX_CONTENT_BYTES + 1))
    );
    assert!(matches!(
        send(text("")),
        Err(ChatError::BadRequest {
            target: "content",
            ..
        })
    ));
    let called = |name: String| NewMessage {
        sender_display_name: Some(name),
        ..text("x")
    };
    assert_eq!(send(called("ü".repeat(256))), Ok(()));
    for name in ["ü".repeat(257), "a\nb".to_owned()] {
        assert!(matches!(
            send(called(name)),
            Err(ChatError::BadRequest {
                target: "senderDisplayName",
                ..
            })
        ));
    }
    let with = |bytes: usize| NewMessage {
        metadata: BTreeMap::from([("k".to_owned(), "v".repeat(bytes - 1))]),
        ..text("x")
    };
    assert_eq!(send(with(1024)), Ok(()));
    assert!(matches!(
        send(with(1025)),
        Err(ChatError::BadRequest {
            target: "metadata",
            ..
        })
    ));
}

#[test]
fn html_is_made_safe_and_text_left_alone() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    let hostile = "<b>hi</b><script>alert(1)</script>";
    let sent = chat
        .send_message(&user(1), &id, text(hostile), NOON)
        .unwrap()
        .message;
    assert_eq!(sent.content, hostile);
    let html = NewMessage {
        kind: ContentKind::Html,
        ..text(hostile)
    };
    let sent = chat.send_message(&user(1), &id, html, NOON).unwrap().message;
    assert_eq!(
        (sent.content.as_str(), sent.plain_text().as_str()),
        ("<b>hi</b>", "hi")
    );
    let edit = MessageEdit {
        content: Some("<i onclick=x>ho</i>".into()),
        ..MessageEdit::default()
    };
    let edited = chat.edit_message(&user(1), &id, sent.id, edit, NOON).unwrap();
    assert_eq!(edited.content, "<i>ho</i>");

    // What fits when it comes and does not when it is written out.
    let swelling = NewMessage {
        kind: ContentKind::Html,
        ..text(&"&".repeat(MAX_CONTENT_BYTES))
    };
    let refused = chat.send_message(&user(1), &id, swelling, NOON);
    assert_eq!(refused, Err(ChatError::TooLarge(5 * MAX_CONTENT_BYTES)));
}

#[test]
fn history_shared_from_some_day_on_begins_with_the_thread() {
    let mut chat = Chat::new(MemoryChatStore::new());
    let new = NewThread {
        members: vec![
            Member::with_history(user(1), "Alice"),
            Member::new(user(2), "Bob", NOON + Duration::days(9_999)),
        ],
        system_messages: SystemMessages::Silent,
        ..NewThread::new("Interview", user(1), NOON)
    };
    let id = chat.create_thread(new).unwrap().id;
    let own = chat
        .send_message(&user(2), &id, text("mine"), NOON)
        .unwrap()
        .message;
    chat.send_message(&user(1), &id, text("yours"), NOON).unwrap();
    assert_eq!(contents(&chat, 2, &id), ["yours", "mine"]);
    assert!(chat.get_message(&user(2), &id, own.id).is_ok());
}

#[test]
fn own_messages_are_edited_and_deleted() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    chat.add_member(
        &id,
        Member::with_history(user(2), "Bob"),
        SystemMessages::Silent,
        NOON,
    )
    .unwrap();
    let sent = chat
        .send_message(&user(1), &id, text("teh"), NOON)
        .unwrap()
        .message;
    events(&mut chat);
    let edit = |content: &str| MessageEdit {
        content: Some(content.into()),
        metadata: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
    };
    let later = NOON + Duration::seconds(9);
    assert_eq!(
        chat.edit_message(&user(2), &id, sent.id, edit("x"), later),
        Err(ChatError::NotSender)
    );
    assert_eq!(
        chat.delete_message(&user(2), &id, sent.id, later),
        Err(ChatError::NotSender)
    );
    let edited = chat
        .edit_message(&user(1), &id, sent.id, edit("the"), later)
        .unwrap();
    assert_eq!((edited.content.as_str(), edited.edited_on), ("the", Some(later)));
    assert_eq!(
        (edited.id, edited.sequence_id, edited.version),
        (sent.id, sent.sequence_id, sent.version + 9_000)
    );
    assert_eq!(edited.metadata.get("k").map(String::as_str), Some("v"));
    assert_eq!(chat.get_message(&user(2), &id, sent.id), Ok(edited));

    chat.delete_message(&user(1), &id, sent.id, later).unwrap();
    chat.delete_message(&user(1), &id, sent.id, later + Duration::seconds(1))
        .unwrap();
    let deleted = chat.get_message(&user(2), &id, sent.id).unwrap();
    assert_eq!((deleted.content.as_str(), deleted.deleted_on), ("", Some(later)));
    assert_eq!(deleted.version, sent.version + 9_001);
    assert_eq!(
        chat.edit_message(&user(1), &id, sent.id, edit("x"), later),
        Err(ChatError::MessageNotFound)
    );
    let missing = MessageId::from_unix_ms(1);
    assert_eq!(
        chat.delete_message(&user(1), &id, missing, later),
        Err(ChatError::MessageNotFound)
    );
    assert!(matches!(
        &events(&mut chat)[..],
        [Event::MessageEdited { .. }, Event::MessageDeleted { .. }]
    ));
}

#[test]
fn lists_are_paged_newest_first() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    for n in 0..5 {
        chat.send_message(&user(1), &id, text(&n.to_string()), NOON + Duration::seconds(n))
            .unwrap();
    }
    let page = |chat: &Chat, size, state: Option<&str>| {
        let request = PageRequest {
            max_page_size: Some(size),
            sync_state: state,
        };
        let page = chat.list_messages(&user(1), &id, None, request)?;
        Ok((
            page.items
                .into_iter()
                .map(|message| message.content)
                .collect::<Vec<_>>(),
            page.next,
        ))
    };
    let (items, next) = page(&chat, 2, None).unwrap();
    assert_eq!(items, ["4", "3"]);
    // What is said in between does not disturb.
    chat.send_message(&user(1), &id, text("5"), NOON).unwrap();
    let (items, next) = page(&chat, 2, next.as_deref()).unwrap();
    assert_eq!(items, ["2", "1"]);
    let next = next.unwrap();
    assert!(
        next.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'),
        "{next}"
    );
    assert_eq!(page(&chat, 2, Some(&next)), Ok((vec!["0".to_owned()], None)));
    assert_eq!(page(&chat, 6, None).unwrap().1, None);
    assert!(page(&chat, 5, None).unwrap().1.is_some());
    assert_eq!(
        page(&chat, 0, None),
        Err(ChatError::BadRequest {
            target: "maxPageSize",
            message: "A page has at least one item."
        })
    );
    for state in ["", "s", "x3", "s-3", "s03", "3", "s99999999999999999999999"] {
        let result = page(&chat, 1, Some(state));
        assert!(
            matches!(
                result,
                Err(ChatError::BadRequest {
                    target: "syncState",
                    ..
                })
            ),
            "{state}"
        );
    }
    let since = chat
        .list_messages(
            &user(1),
            &id,
            Some(NOON + Duration::seconds(3)),
            PageRequest::default(),
        )
        .unwrap();
    assert_eq!(
        since
            .items
            .iter()
            .map(|message| message.content.as_str())
            .collect::<Vec<_>>(),
        ["5", "4", "3"]
    );
}

#[test]
fn pages_have_at_most_200_items() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    for _ in 0..201 {
        chat.send_message(&user(1), &id, text("x"), NOON).unwrap();
    }
    let len = |max_page_size| {
        let request = PageRequest {
            max_page_size,
            sync_state: None,
        };
        chat.list_messages(&user(1), &id, None, request)
            .unwrap()
            .items
            .len()
    };
    assert_eq!(
        (len(None), len(Some(200)), len(Some(u32::MAX)), len(Some(1))),
        (100, 200, 200, 1)
    );
}

#[test]
fn receipts_of_messages_from_before_the_caller_came_are_not_told_of() {
    let (mut chat, id) = thread(SystemMessages::Silent);
    let first = chat.send_message(&user(1), &id, text("early"), NOON).unwrap();
    chat.send_read_receipt(&user(1), &id, first.message.id, NOON)
        .unwrap();
    // Added in the same millisecond, without history: only the message's place tells that it is hidden.
    let members = vec![
        Member::new(user(2), "Bob", NOON),
        Member::with_history(user(3), "Carol"),
    ];
    chat.add_participants(&user(1), &id, members, NOON).unwrap();
    assert_eq!(chat.list_read_receipts(&user(2), &id), Ok(Vec::new()));
    assert_eq!(chat.list_read_receipts(&user(3), &id).unwrap().len(), 1);
    let second = chat.send_message(&user(1), &id, text("late"), NOON).unwrap();
    chat.send_read_receipt(&user(1), &id, second.message.id, NOON)
        .unwrap();
    assert_eq!(chat.list_read_receipts(&user(2), &id).unwrap().len(), 1);
}
