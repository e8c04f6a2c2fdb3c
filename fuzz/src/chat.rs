//! Commands of a chat thread, against a model that is a list.

use std::collections::BTreeMap;

use anteroom_chat::{
    ChatError, ChatService, ClientMessageId, Event, Limits, Member, MemoryChatStore, MessageEdit, MessageId,
    NewMessage, NewThread, PageRequest, ThreadId, ThreadUpdate,
};
use anteroom_identity::id::CommunicationIdentifier;
use time::{Duration, OffsetDateTime};

/// Everybody there is; the first one creates the thread, the second is in it from the start.
const PEOPLE: usize = 5;

/// Room in the thread: not for all.
const ROOM: usize = 4;

/// Most commands of a run.
const MAX_COMMANDS: usize = 200;

/// Commands of four bytes: what, who, and two arguments. After each, everybody sees what the model says.
pub fn chat_commands(data: &[u8]) {
    let mut pair = Pair::new();
    pair.check(1);
    for command in data.chunks_exact(4).take(MAX_COMMANDS) {
        let [what, who, first, second] = [command[0], command[1], command[2], command[3]];
        pair.run(what, usize::from(who) % PEOPLE, first, second);
        pair.check(u32::from(second % 7) + 1);
    }
}

/// The service and its model.
struct Pair {
    chat: ChatService<MemoryChatStore>,
    thread: ThreadId,
    now: OffsetDateTime,
    model: Model,
}

#[derive(Default)]
struct Model {
    deleted: bool,
    topic: u8,
    messages: Vec<Line>,
    /// In the order in which they came.
    members: Vec<(usize, Seat)>,
    receipts: BTreeMap<usize, usize>,
    named: BTreeMap<(usize, u8), usize>,
}

/// A message.
struct Line {
    id: MessageId,
    sender: Option<usize>,
    content: String,
    deleted: bool,
}

/// A membership, past or present.
#[derive(Clone, Copy)]
struct Seat {
    sees_from: OffsetDateTime,
    /// In the place of that time, how many messages are hidden.
    hidden: Option<usize>,
    /// How many messages there were when the person was removed.
    left: Option<usize>,
}

impl Model {
    fn seat(&self, who: usize) -> Option<Seat> {
        self.members
            .iter()
            .find(|(member, _)| *member == who)
            .map(|(_, seat)| *seat)
    }

    fn present(&self) -> Vec<usize> {
        self.members
            .iter()
            .filter(|(_, seat)| seat.left.is_none())
            .map(|(member, _)| *member)
            .collect()
    }

    fn may_act(&self, who: usize) -> bool {
        !self.deleted && self.seat(who).is_some_and(|seat| seat.left.is_none())
    }

    /// Which messages somebody sees, by their index.
    fn visible(&self, seat: Seat) -> Vec<usize> {
        let end = seat.left.unwrap_or(self.messages.len());
        (0..end)
            .filter(|index| match seat.hidden {
                Some(hidden) => *index >= hidden,
                None => self.messages[*index].id.time() >= seat.sees_from,
            })
            .collect()
    }

    fn sees(&self, who: usize, index: usize) -> bool {
        self.seat(who)
            .is_some_and(|seat| self.visible(seat).contains(&index))
    }

    /// The id of the next message: the present, moved on where needed.
    fn say(&mut self, sender: Option<usize>, content: String, now: OffsetDateTime) {
        let ms = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).expect("after 1970");
        let least = self.messages.last().map_or(0, |message| message.id.unix_ms() + 1);
        self.messages.push(Line {
            id: MessageId::from_unix_ms(ms.max(least)),
            sender,
            content,
            deleted: false,
        });
    }
}

fn person(who: usize) -> CommunicationIdentifier {
    let resource = "0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19";
    format!("8:acs:{resource}_00000000-0000-4000-8000-00000000000{who}")
        .parse()
        .expect("an ACS user's id")
}

impl Pair {
    fn new() -> Self {
        let mut limits = Limits::default();
        limits.participants = ROOM;
        let mut chat = ChatService::with_limits(MemoryChatStore::new(), limits);
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let mut new = NewThread::new("t0", person(0), now);
        new.members = vec![Member::with_history(person(1), "")];
        let created = chat.create_thread_as(new).expect("a good thread");
        let mut model = Model::default();
        for who in 0..2 {
            let seat = Seat {
                sees_from: OffsetDateTime::UNIX_EPOCH,
                hidden: None,
                left: None,
            };
            model.members.push((who, seat));
        }
        // Who was added, and the topic.
        model.say(None, String::new(), now);
        model.say(None, String::new(), now);
        Self {
            chat,
            thread: created.properties.id,
            now,
            model,
        }
    }

    fn run(&mut self, what: u8, who: usize, first: u8, second: u8) {
        let other = usize::from(first) % PEOPLE;
        match what % 10 {
            // Clocks go back, too.
            0 if second == 255 => self.now -= Duration::milliseconds(i64::from(first)),
            0 => self.now += Duration::milliseconds(i64::from(first) * i64::from(second)),
            1 => self.send(who, None, first),
            2 => self.send(who, Some(first % 4), second),
            3 => self.edit(who, usize::from(first), second),
            4 => self.delete(who, usize::from(first)),
            5 => self.add(who, other, second),
            6 => self.remove(who, other),
            7 => self.update(who, first % 4),
            8 => self.read(who, usize::from(first)),
            _ if second == 0 => self.delete_thread(who),
            _ => {
                let told = self.chat.send_typing(&person(who), &self.thread, None, self.now);
                assert_eq!(told.is_ok(), self.model.may_act(who));
            }
        }
    }

    fn send(&mut self, who: usize, name: Option<u8>, content: u8) {
        let name_on_wire =
            name.map(|name| format!("name-{name}").parse::<ClientMessageId>().expect("a name"));
        let content = if content == 0 {
            String::new()
        } else {
            format!("m{content}")
        };
        let new = NewMessage {
            content: content.clone(),
            client_message_id: name_on_wire,
            ..NewMessage::default()
        };
        let sent = self.chat.send_message(&person(who), &self.thread, new, self.now);
        if !self.model.may_act(who) {
            return refused(&sent);
        }
        if let Some(index) = name.and_then(|name| self.model.named.get(&(who, name)).copied()) {
            let sent = sent.expect("the first message");
            assert!(sent.deduplicated);
            assert_eq!(sent.message.id, self.model.messages[index].id);
            return;
        }
        if content.is_empty() {
            assert!(matches!(sent, Err(ChatError::BadRequest { .. })));
            return;
        }
        assert!(!sent.expect("a good message").deduplicated);
        if let Some(name) = name {
            self.model.named.insert((who, name), self.model.messages.len());
        }
        self.model.say(Some(who), content, self.now);
    }

    /// A message that there is, or one that never was.
    fn index(&self, number: usize) -> Option<usize> {
        let count = self.model.messages.len();
        Some(number % (count + 1)).filter(|index| *index < count)
    }

    fn id(&self, index: Option<usize>) -> MessageId {
        index.map_or(MessageId::from_unix_ms(1), |index| self.model.messages[index].id)
    }

    fn edit(&mut self, who: usize, number: usize, content: u8) {
        let index = self.index(number);
        let edit = MessageEdit {
            content: Some(format!("e{content}")),
            ..MessageEdit::default()
        };
        let id = self.id(index);
        let edited = self
            .chat
            .edit_message(&person(who), &self.thread, id, edit, self.now);
        let own = index
            .filter(|index| self.model.may_act(who) && self.model.sees(who, *index))
            .filter(|index| self.model.messages[*index].sender == Some(who))
            .filter(|index| !self.model.messages[*index].deleted);
        assert_eq!(edited.is_ok(), own.is_some());
        if let Some(index) = own {
            self.model.messages[index].content = format!("e{content}");
        }
    }

    fn delete(&mut self, who: usize, number: usize) {
        let index = self.index(number);
        let id = self.id(index);
        let deleted = self.chat.delete_message(&person(who), &self.thread, id, self.now);
        let own = index
            .filter(|index| self.model.may_act(who) && self.model.sees(who, *index))
            .filter(|index| self.model.messages[*index].sender == Some(who));
        assert_eq!(deleted.is_ok(), own.is_some());
        if let Some(index) = own {
            let line = &mut self.model.messages[index];
            line.deleted = true;
            line.content.clear();
        }
    }

    fn add(&mut self, who: usize, other: usize, history: u8) {
        let from = match history % 3 {
            0 => OffsetDateTime::UNIX_EPOCH,
            1 => self.now,
            _ => self.now - Duration::milliseconds(i64::from(history)),
        };
        let member = Member::new(person(other), "", from);
        let added = self
            .chat
            .add_participants(&person(who), &self.thread, vec![member], self.now);
        if !self.model.may_act(who) {
            return refused(&added);
        }
        let present = self.model.present();
        if present.contains(&other) {
            assert_eq!(added, Ok(()));
        } else if present.len() == ROOM {
            assert!(matches!(added, Err(ChatError::BadRequest { .. })));
        } else {
            assert_eq!(added, Ok(()));
            let seat = Seat {
                sees_from: from,
                hidden: (from >= self.now).then_some(self.model.messages.len()),
                left: None,
            };
            self.model.members.retain(|(member, _)| *member != other);
            self.model.members.push((other, seat));
            self.model.say(None, String::new(), self.now);
        }
    }

    fn remove(&mut self, who: usize, other: usize) {
        let removed = self
            .chat
            .remove_participant(&person(who), &self.thread, &person(other), self.now);
        if !self.model.may_act(who) {
            return refused(&removed);
        }
        assert_eq!(removed, Ok(()));
        let count = self.model.messages.len();
        let seat = self.model.members.iter_mut().find(|(member, _)| *member == other);
        if let Some((_, seat)) = seat.filter(|(_, seat)| seat.left.is_none()) {
            seat.left = Some(count);
            self.model.receipts.remove(&other);
            self.model.say(None, String::new(), self.now);
        }
    }

    fn update(&mut self, who: usize, topic: u8) {
        let update = ThreadUpdate {
            topic: Some(format!("t{topic}")),
            ..ThreadUpdate::default()
        };
        let updated = self
            .chat
            .update_thread(&person(who), &self.thread, update, self.now);
        if !self.model.may_act(who) {
            return refused(&updated);
        }
        assert_eq!(updated.expect("a good topic").topic, format!("t{topic}"));
        if self.model.topic != topic {
            self.model.topic = topic;
            self.model.say(None, String::new(), self.now);
        }
    }

    fn read(&mut self, who: usize, number: usize) {
        let index = self.index(number);
        let id = self.id(index);
        let read = self
            .chat
            .send_read_receipt(&person(who), &self.thread, id, self.now);
        let seen = index.filter(|index| self.model.may_act(who) && self.model.sees(who, *index));
        assert_eq!(read.is_ok(), seen.is_some());
        if let Some(index) = seen {
            let last = self.model.receipts.entry(who).or_insert(index);
            *last = index.max(*last);
        }
    }

    fn delete_thread(&mut self, who: usize) {
        // Once it is deleted, all who ever were in it are former participants.
        let seat = self.model.seat(who);
        let may = seat.is_some_and(|seat| self.model.deleted || seat.left.is_none());
        let deleted = self.chat.delete_thread(&person(who), &self.thread, self.now);
        assert_eq!(deleted.is_ok(), may);
        self.model.deleted |= may;
    }

    /// What everybody sees, and who was told.
    fn check(&mut self, page_size: u32) {
        while let Some(notice) = self.chat.poll_event() {
            for (index, recipient) in notice.recipients.iter().enumerate() {
                assert!(!notice.recipients[..index].contains(recipient), "told twice");
            }
            let (Event::MessageReceived { message, .. }
            | Event::MessageEdited { message, .. }
            | Event::MessageDeleted { message, .. }) = &notice.event
            else {
                continue;
            };
            let index = self
                .model
                .messages
                .iter()
                .position(|line| line.id == message.id)
                .expect("a message of the model");
            for who in 0..PEOPLE {
                let sees = self.model.may_act(who) && self.model.sees(who, index);
                assert_eq!(notice.recipients.contains(&person(who)), sees, "{who} of {index}");
            }
        }
        for who in 0..PEOPLE {
            self.check_history(who, page_size);
            self.check_people(who);
        }
    }

    fn check_history(&self, who: usize, page_size: u32) {
        let seat = self.model.seat(who).filter(|_| !self.model.deleted);
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = PageRequest {
                max_page_size: Some(page_size),
                sync_state: next.as_deref(),
            };
            let page = self.chat.list_messages(&person(who), &self.thread, None, page);
            if seat.is_none() {
                return refused(&page);
            }
            let page = page.expect("somebody who may read");
            assert!(page.items.len() <= page_size as usize);
            found.extend(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        let seat = seat.expect("a member");
        let mut expected = self.model.visible(seat);
        expected.reverse();
        let ids: Vec<MessageId> = found.iter().map(|message| message.id).collect();
        let lines: Vec<&Line> = expected
            .iter()
            .map(|index| &self.model.messages[*index])
            .collect();
        assert_eq!(ids, lines.iter().map(|line| line.id).collect::<Vec<_>>(), "{who}");
        for ((message, line), index) in found.iter().zip(lines).zip(expected) {
            assert_eq!(message.sequence_id.to_string(), (index + 1).to_string());
            assert_eq!(message.sender, line.sender.map(person));
            assert_eq!(message.deleted_on.is_some(), line.deleted);
            assert_eq!(message.content, line.content);
        }
    }

    fn check_people(&self, who: usize) {
        let members = self.chat.list_members(&person(who), &self.thread);
        let receipts = self.chat.list_read_receipts(&person(who), &self.thread);
        if !self.model.may_act(who) {
            refused(&members);
            return refused(&receipts);
        }
        let members: Vec<_> = members
            .expect("a member")
            .into_iter()
            .map(|member| member.id)
            .collect();
        let expected: Vec<_> = self.model.present().into_iter().map(person).collect();
        assert_eq!(members, expected);
        let seat = self.model.seat(who).expect("a member");
        let visible = self.model.visible(seat);
        let found: BTreeMap<_, _> = receipts
            .expect("a member")
            .into_iter()
            .map(|receipt| (receipt.reader, receipt.message))
            .collect();
        let expected: BTreeMap<_, _> = self
            .model
            .receipts
            .iter()
            .filter(|(_, index)| visible.contains(index))
            .map(|(reader, index)| (person(*reader), self.model.messages[*index].id))
            .collect();
        assert_eq!(found, expected, "{who}");
    }
}

/// Not a member, or no thread any more.
fn refused<T: std::fmt::Debug>(outcome: &Result<T, ChatError>) {
    assert!(
        matches!(outcome, Err(ChatError::NotMember | ChatError::ThreadNotFound)),
        "{outcome:?}"
    );
}
