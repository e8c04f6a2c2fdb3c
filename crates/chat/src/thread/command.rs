//! The commands of a thread.

use std::collections::{BTreeMap, HashSet};

use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

use super::{
    MAX_CONTENT_BYTES, MAX_DISPLAY_NAME_CHARS, MAX_METADATA_BYTES, MAX_TOPIC_CHARS, Member, Message,
    MessageKind, SystemMessages, ThreadProperties,
};
use crate::error::ChatError;
use crate::event::Event;
use crate::html;
use crate::id::{MessageId, unix_ms};
use crate::service::{MessageEdit, NewMessage, NewThread};
use crate::store::{Change, Changes};

/// A thread that takes commands. It knows the thread's head alone; members and messages come in with the commands that
/// concern them.
#[derive(Debug)]
pub struct Thread {
    properties: ThreadProperties,
}

/// What a command came to: store `changes` in one transaction, then publish `events`.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The result for the caller.
    pub value: T,
    /// What to store; may be empty.
    pub changes: Changes,
    /// What to tell others once it is stored.
    pub events: Vec<Event>,
}

impl Thread {
    /// A thread as stored.
    #[must_use]
    pub const fn new(properties: ThreadProperties) -> Self {
        Self { properties }
    }

    /// Creates a thread with its first members.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`] for a topic or a display name that is too long or none.
    pub fn create(new: NewThread) -> Result<Outcome<ThreadProperties>, ChatError> {
        let NewThread {
            id,
            topic,
            created_by,
            members,
            system_messages,
            now,
        } = new;
        check_topic(&topic)?;
        let properties = ThreadProperties {
            id: id.unwrap_or_else(crate::id::ThreadId::random),
            topic: topic.clone(),
            created_by: created_by.clone(),
            created_on: now,
            last_sequence: crate::id::SequenceId::ZERO,
            last_message: None,
        };
        let mut thread = Self::new(properties);
        let mut out = Outcome {
            value: (),
            changes: Changes::new(thread.properties.id.clone()),
            events: vec![Event::ThreadCreated {
                thread: thread.properties.id.clone(),
            }],
        };
        let mut seen = HashSet::new();
        let mut added: Vec<Member> = Vec::new();
        for member in members {
            check_display_name(&member.display_name)?;
            if seen.insert(member.id.clone()) {
                added.push(member);
            }
        }
        if system_messages == SystemMessages::Record {
            if !added.is_empty() {
                let participants = added.iter().map(Into::into).collect();
                let kind = MessageKind::ParticipantAdded {
                    participants,
                    initiator: created_by.clone(),
                };
                thread.record(kind, now, &mut out);
            }
            thread.record(
                MessageKind::TopicUpdated {
                    topic,
                    initiator: created_by,
                },
                now,
                &mut out,
            );
        }
        for member in added {
            out.changes.push(Change::PutMember(member.clone()));
            out.events.push(Event::MemberAdded {
                thread: thread.properties.id.clone(),
                member,
            });
        }
        let properties = thread.properties;
        // The head goes first: a store may insist that a thread exists before its members do.
        out.changes.insert_first(Change::CreateThread(properties.clone()));
        Ok(Outcome {
            value: properties,
            changes: out.changes,
            events: out.events,
        })
    }

    /// Adds a member, or gives one a new name and a new start of its history.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`] for a display name that is too long.
    pub fn add_member(
        &mut self,
        mut member: Member,
        known: Option<&Member>,
        initiator: CommunicationIdentifier,
        system_messages: SystemMessages,
        now: OffsetDateTime,
    ) -> Result<Outcome<Member>, ChatError> {
        check_display_name(&member.display_name)?;
        if member.share_history_from >= now {
            // Messages of the same millisecond, or from before the clock went back, are history too.
            member.hidden_up_to = Some(self.properties.last_sequence);
        }
        let mut out = self.outcome();
        if known.is_none() {
            if system_messages == SystemMessages::Record {
                let participants = vec![(&member).into()];
                self.record(
                    MessageKind::ParticipantAdded {
                        participants,
                        initiator,
                    },
                    now,
                    &mut out,
                );
            }
            out.events.push(Event::MemberAdded {
                thread: self.properties.id.clone(),
                member: member.clone(),
            });
        }
        out.changes.push(Change::PutMember(member.clone()));
        Ok(self.finish(out, member))
    }

    /// Removes a member.
    pub fn remove_member(
        &mut self,
        member: &Member,
        initiator: CommunicationIdentifier,
        system_messages: SystemMessages,
        now: OffsetDateTime,
    ) -> Outcome<()> {
        let mut out = self.outcome();
        out.changes.push(Change::RemoveMember(member.id.clone()));
        if system_messages == SystemMessages::Record {
            let participants = vec![member.into()];
            self.record(
                MessageKind::ParticipantRemoved {
                    participants,
                    initiator,
                },
                now,
                &mut out,
            );
        }
        out.events.push(Event::MemberRemoved {
            thread: self.properties.id.clone(),
            member: member.id.clone(),
        });
        self.finish(out, ())
    }

    /// Says something as a member.
    ///
    /// # Errors
    ///
    /// [`ChatError::TooLarge`], [`ChatError::BadRequest`].
    pub fn send(
        &mut self,
        sender: &Member,
        new: NewMessage,
        now: OffsetDateTime,
    ) -> Result<Outcome<Message>, ChatError> {
        let NewMessage {
            content,
            kind,
            sender_display_name,
            client_message_id,
            metadata,
        } = new;
        check_content(&content)?;
        check_metadata(&metadata)?;
        let sender_display_name = sender_display_name.unwrap_or_default();
        check_display_name(&sender_display_name)?;
        let kind = MessageKind::from(kind);
        let content = cleaned(&kind, content);

        let mut out = self.outcome();
        let mut message = self.next_message(kind, now);
        message.sender = Some(sender.id.clone());
        message.sender_display_name = sender_display_name;
        message.content = content;
        message.metadata = metadata;
        out.changes.push(Change::InsertMessage {
            message: message.clone(),
            client_message_id,
        });
        out.events.push(Event::MessageReceived {
            thread: self.properties.id.clone(),
            message: message.clone(),
        });
        Ok(self.finish(out, message))
    }

    /// Changes the caller's own message.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotSender`]; [`ChatError::MessageNotFound`] for one that is deleted; [`ChatError::TooLarge`],
    /// [`ChatError::BadRequest`].
    pub fn edit(
        &self,
        caller: &Member,
        mut message: Message,
        edit: MessageEdit,
        now: OffsetDateTime,
    ) -> Result<Outcome<Message>, ChatError> {
        check_own(caller, &message)?;
        if message.deleted_on.is_some() {
            return Err(ChatError::MessageNotFound);
        }
        let MessageEdit { content, metadata } = edit;
        if let Some(content) = content {
            check_content(&content)?;
            message.content = cleaned(&message.kind, content);
        }
        message.metadata.extend(metadata);
        check_metadata(&message.metadata)?;
        message.edited_on = Some(now);
        message.version = unix_ms(now).max(message.version + 1);
        let thread = self.properties.id.clone();
        let mut out = self.outcome();
        out.changes.push(Change::UpdateMessage(message.clone()));
        out.events.push(Event::MessageEdited {
            thread,
            message: message.clone(),
        });
        Ok(Outcome {
            value: message,
            changes: out.changes,
            events: out.events,
        })
    }

    /// Deletes the caller's own message. Deleting it again changes nothing.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotSender`].
    pub fn delete(
        &self,
        caller: &Member,
        mut message: Message,
        now: OffsetDateTime,
    ) -> Result<Outcome<()>, ChatError> {
        check_own(caller, &message)?;
        let mut out = self.outcome();
        if message.deleted_on.is_none() {
            message.content.clear();
            message.metadata.clear();
            message.deleted_on = Some(now);
            message.version = unix_ms(now).max(message.version + 1);
            out.changes.push(Change::UpdateMessage(message.clone()));
            out.events.push(Event::MessageDeleted {
                thread: self.properties.id.clone(),
                message,
            });
        }
        Ok(out)
    }

    fn outcome(&self) -> Outcome<()> {
        Outcome {
            value: (),
            changes: Changes::new(self.properties.id.clone()),
            events: Vec::new(),
        }
    }

    /// Adds the head to the changes when messages have moved it on.
    fn finish<T>(&self, mut out: Outcome<()>, value: T) -> Outcome<T> {
        if out.changes.has_new_message() {
            out.changes
                .insert_first(Change::UpdateThread(self.properties.clone()));
        }
        Outcome {
            value,
            changes: out.changes,
            events: out.events,
        }
    }

    fn record(&mut self, kind: MessageKind, now: OffsetDateTime, out: &mut Outcome<()>) {
        let message = self.next_message(kind, now);
        out.changes.push(Change::InsertMessage {
            message: message.clone(),
            client_message_id: None,
        });
        out.events.push(Event::MessageReceived {
            thread: self.properties.id.clone(),
            message,
        });
    }

    /// An empty message at the thread's next place.
    fn next_message(&mut self, kind: MessageKind, now: OffsetDateTime) -> Message {
        let id = MessageId::next(self.properties.last_message, now);
        self.properties.last_message = Some(id);
        self.properties.last_sequence = self.properties.last_sequence.next();
        Message {
            id,
            sequence_id: self.properties.last_sequence,
            version: id.unix_ms(),
            kind,
            sender: None,
            sender_display_name: String::new(),
            content: String::new(),
            created_on: id.time(),
            edited_on: None,
            deleted_on: None,
            metadata: BTreeMap::new(),
        }
    }
}

fn cleaned(kind: &MessageKind, content: String) -> String {
    match kind {
        MessageKind::Html => html::sanitize(&content),
        _ => content,
    }
}

fn check_own(caller: &Member, message: &Message) -> Result<(), ChatError> {
    if message.sender.as_ref() != Some(&caller.id) {
        return Err(ChatError::NotSender);
    }
    Ok(())
}

fn check_topic(topic: &str) -> Result<(), ChatError> {
    if !(1..=MAX_TOPIC_CHARS).contains(&topic.chars().count()) {
        return Err(ChatError::BadRequest {
            target: "topic",
            message: "Topic must have 1 to 250 characters.",
        });
    }
    Ok(())
}

fn check_content(content: &str) -> Result<(), ChatError> {
    if content.is_empty() {
        return Err(ChatError::BadRequest {
            target: "content",
            message: "Content must not be empty.",
        });
    }
    if content.len() > MAX_CONTENT_BYTES {
        return Err(ChatError::TooLarge(content.len()));
    }
    Ok(())
}

fn check_display_name(name: &str) -> Result<(), ChatError> {
    if name.chars().count() > MAX_DISPLAY_NAME_CHARS || name.chars().any(char::is_control) {
        return Err(ChatError::BadRequest {
            target: "senderDisplayName",
            message: "A display name has at most 256 characters and no control characters.",
        });
    }
    Ok(())
}

fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), ChatError> {
    let bytes: usize = metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MAX_METADATA_BYTES {
        return Err(ChatError::BadRequest {
            target: "metadata",
            message: "Metadata must not exceed 1 KB.",
        });
    }
    Ok(())
}
