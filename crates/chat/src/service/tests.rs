use proptest::prelude::*;
use time::Duration;
use time::macros::datetime;

use super::*;
use crate::error::StoreError;
use crate::store::{Change, MemoryChatStore};
use crate::thread::MessageKind;

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

/// A store that fails when told to.
#[derive(Debug, Default)]
struct Failing {
    inner: MemoryChatStore,
    fails: bool,
}

impl ChatStore for Failing {
    fn thread(&self, id: &ThreadId) -> Result<Option<ThreadProperties>, StoreError> {
        self.inner.thread(id)
    }
    fn member(&self, thread: &ThreadId, id: &CommunicationIdentifier) -> Result<Option<Member>, StoreError> {
        self.inner.member(thread, id)
    }
    fn members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError> {
        self.inner.members(thread)
    }
    fn threads_of(&self, id: &CommunicationIdentifier) -> Result<Vec<ThreadId>, StoreError> {
        self.inner.threads_of(id)
    }
    fn threads_page(
        &self,
        range: &crate::ThreadRange<'_>,
    ) -> Result<Vec<(crate::MembershipPlace, ThreadProperties)>, StoreError> {
        self.inner.threads_page(range)
    }
    fn created_as(
        &self,
        creator: &CommunicationIdentifier,
        name: &ClientMessageId,
    ) -> Result<Option<ThreadId>, StoreError> {
        self.inner.created_as(creator, name)
    }
    fn receipt(
        &self,
        thread: &ThreadId,
        reader: &CommunicationIdentifier,
    ) -> Result<Option<crate::Receipt>, StoreError> {
        self.inner.receipt(thread, reader)
    }
    fn receipts(&self, thread: &ThreadId) -> Result<Vec<crate::Receipt>, StoreError> {
        self.inner.receipts(thread)
    }
    fn expired_threads(&self, now: OffsetDateTime, limit: usize) -> Result<Vec<ThreadId>, StoreError> {
        self.inner.expired_threads(now, limit)
    }
    fn message(&self, thread: &ThreadId, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.inner.message(thread, id)
    }
    fn messages(&self, thread: &ThreadId, range: &MessageRange) -> Result<Vec<Message>, StoreError> {
        self.inner.messages(thread, range)
    }
    fn sent_as(
        &self,
        thread: &ThreadId,
        sender: &CommunicationIdentifier,
        name: &ClientMessageId,
    ) -> Result<Option<MessageId>, StoreError> {
        self.inner.sent_as(thread, sender, name)
    }
    fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        if self.fails
            && changes
                .list()
                .iter()
                .any(|change| matches!(change, Change::InsertMessage { .. }))
        {
            return Err(StoreError::Failed("disk full".into()));
        }
        self.inner.commit(changes)
    }
}

#[test]
fn what_was_not_stored_did_not_happen() {
    let mut chat = ChatService::new(Failing::default());
    let new = NewThread {
        members: vec![Member::with_history(user(1), "")],
        system_messages: SystemMessages::Silent,
        ..NewThread::new("T", user(1), NOON)
    };
    let id = chat.create_thread(new).unwrap().id;
    while chat.poll_event().is_some() {}
    chat.store_mut().fails = true;
    let failed = chat.send_message(&user(1), &id, named("x", "c"), NOON);
    assert_eq!(
        failed,
        Err(ChatError::Store(StoreError::Failed("disk full".into())))
    );
    assert_eq!(chat.poll_event(), None);
    chat.store_mut().fails = false;
    let sent = chat.send_message(&user(1), &id, named("x", "c"), NOON).unwrap();
    assert_eq!((sent.deduplicated, sent.message.sequence_id.get()), (false, 1));
}

/// What a thread should be, told in the simplest way.
#[derive(Debug, Default)]
struct Model {
    /// Sender, content, deleted.
    messages: Vec<(u8, String, bool)>,
    /// Member and how many messages it must not see.
    members: Vec<(u8, usize)>,
    names: BTreeMap<(u8, u8), usize>,
}

#[derive(Debug, Clone)]
enum Op {
    Add {
        user: u8,
        shares_history: bool,
    },
    Remove {
        user: u8,
    },
    Send {
        user: u8,
        name: Option<u8>,
    },
    Edit {
        user: u8,
        message: u8,
    },
    Delete {
        user: u8,
        message: u8,
    },
    /// Moves the clock, back as well.
    Clock {
        by_ms: i16,
    },
    List {
        user: u8,
        page_size: u8,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let user = 1..5_u8;
    prop_oneof![
        2 => (user.clone(), any::<bool>()).prop_map(|(user, shares_history)| Op::Add { user, shares_history }),
        1 => user.clone().prop_map(|user| Op::Remove { user }),
        4 => (user.clone(), proptest::option::of(0..4_u8)).prop_map(|(user, name)| Op::Send { user, name }),
        1 => (user.clone(), 0..20_u8).prop_map(|(user, message)| Op::Edit { user, message }),
        1 => (user.clone(), 0..20_u8).prop_map(|(user, message)| Op::Delete { user, message }),
        2 => (-50..100_i16).prop_map(|by_ms| Op::Clock { by_ms }),
        2 => (user, 1..6_u8).prop_map(|(user, page_size)| Op::List { user, page_size }),
    ]
}

struct Run {
    chat: Chat,
    id: ThreadId,
    model: Model,
    now: OffsetDateTime,
    ids: Vec<MessageId>,
}

impl Run {
    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Add {
                user: who,
                shares_history,
            } => {
                let from = if shares_history {
                    OffsetDateTime::UNIX_EPOCH
                } else {
                    self.now
                };
                let hidden = if shares_history {
                    0
                } else {
                    self.model.messages.len()
                };
                match self.model.members.iter_mut().find(|(member, _)| *member == who) {
                    Some((_, known)) => *known = hidden,
                    None => self.model.members.push((who, hidden)),
                }
                let member = Member::new(user(who), "", from);
                self.chat
                    .add_member(&self.id, member, SystemMessages::Silent, self.now)
                    .unwrap();
            }
            Op::Remove { user: who } => {
                let was_member = self.hidden(who).is_some();
                self.model.members.retain(|(member, _)| *member != who);
                let removed = self
                    .chat
                    .remove_member(&self.id, &user(who), SystemMessages::Silent, self.now);
                assert_eq!(removed, Ok(was_member));
            }
            Op::Send { user: who, name } => self.send(who, name),
            Op::Edit { user: who, message } => {
                let expected = self.change(who, message, false);
                let edit = MessageEdit {
                    content: Some("edited".into()),
                    ..MessageEdit::default()
                };
                let id = self.id_of(message);
                let result = self
                    .chat
                    .edit_message(&user(who), &self.id, id, edit, self.now)
                    .map(|_| ());
                assert_eq!(result, expected);
            }
            Op::Delete { user: who, message } => {
                let expected = self.change(who, message, true);
                let id = self.id_of(message);
                assert_eq!(
                    self.chat.delete_message(&user(who), &self.id, id, self.now),
                    expected
                );
            }
            Op::Clock { by_ms } => self.now += Duration::milliseconds(by_ms.into()),
            Op::List { user: who, page_size } => self.list(who, page_size),
        }
    }

    fn hidden(&self, who: u8) -> Option<usize> {
        self.model
            .members
            .iter()
            .find(|(member, _)| *member == who)
            .map(|(_, hidden)| *hidden)
    }

    fn id_of(&self, message: u8) -> MessageId {
        self.ids
            .get(usize::from(message))
            .copied()
            .unwrap_or(MessageId::from_unix_ms(7))
    }

    fn send(&mut self, who: u8, name: Option<u8>) {
        let content = format!("message {}", self.model.messages.len());
        let mut new = text(&content);
        new.client_message_id = name.map(|name| format!("n{name}").parse().unwrap());
        let result = self.chat.send_message(&user(who), &self.id, new, self.now);
        if self.hidden(who).is_none() {
            assert_eq!(result, Err(ChatError::NotMember));
            return;
        }
        let Sent {
            message,
            deduplicated,
        } = result.unwrap();
        let known = name.and_then(|name| self.model.names.get(&(who, name)).copied());
        assert_eq!(deduplicated, known.is_some());
        if let Some(known) = known {
            assert_eq!(message.id, self.ids[known]);
            return;
        }
        if let Some(name) = name {
            self.model.names.insert((who, name), self.ids.len());
        }
        assert!(self.ids.last().is_none_or(|last| *last < message.id));
        self.ids.push(message.id);
        self.model.messages.push((who, content, false));
        assert_eq!(message.sequence_id.get(), self.ids.len() as u64);
    }

    /// Edits or deletes in the model, and tells what the service should say.
    fn change(&mut self, who: u8, message: u8, delete: bool) -> Result<(), ChatError> {
        let hidden = self.hidden(who).ok_or(ChatError::NotMember)?;
        let index = usize::from(message);
        let stored = self.model.messages.get_mut(index).filter(|_| index >= hidden);
        let (sender, content, deleted) = stored.ok_or(ChatError::MessageNotFound)?;
        if *sender != who {
            return Err(ChatError::NotSender);
        }
        if delete {
            *deleted = true;
            content.clear();
        } else if *deleted {
            return Err(ChatError::MessageNotFound);
        } else {
            "edited".clone_into(content);
        }
        Ok(())
    }

    fn list(&self, who: u8, page_size: u8) {
        let mut seen = Vec::new();
        let mut state: Option<String> = None;
        loop {
            let request = PageRequest {
                max_page_size: Some(page_size.into()),
                sync_state: state.as_deref(),
            };
            let page = match self.chat.list_messages(&user(who), &self.id, None, request) {
                Ok(page) => page,
                Err(error) => {
                    assert_eq!((error, self.hidden(who)), (ChatError::NotMember, None));
                    return;
                }
            };
            let is_full = page.items.len() == usize::from(page_size);
            seen.extend(
                page.items
                    .into_iter()
                    .map(|message| (message.content, message.deleted_on.is_some())),
            );
            state = page.next;
            if state.is_none() {
                break;
            }
            assert!(is_full);
        }
        let hidden = self.hidden(who).unwrap();
        let expected: Vec<_> = self.model.messages[hidden..]
            .iter()
            .rev()
            .map(|(_, content, deleted)| (content.clone(), *deleted))
            .collect();
        assert_eq!(seen, expected);
    }
}

proptest! {
    #[test]
    fn behaves_like_the_model(ops in proptest::collection::vec(op(), 0..120)) {
        let (chat, id) = thread(SystemMessages::Silent);
        let model = Model { members: vec![(1, 0)], ..Model::default() };
        let mut run = Run { chat, id, model, now: NOON, ids: Vec::new() };
        for op in &ops {
            run.apply(op);
        }
        for who in 1..5 {
            run.list(who, 3);
        }
        let said = events(&mut run.chat)
            .into_iter()
            .filter(|event| matches!(event, Event::MessageReceived { .. }))
            .count();
        prop_assert_eq!(said, run.ids.len());
    }
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
