//! Sequences of commands against a model of a thread.

use super::*;

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
