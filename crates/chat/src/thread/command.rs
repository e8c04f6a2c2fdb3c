//! The commands of a thread.

use std::collections::{BTreeMap, HashSet};

use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

use super::{Member, Message, MessageKind, ParticipantRef, SystemMessages, ThreadProperties, check};
use crate::error::ChatError;
use crate::event::Event;
use crate::html;
use crate::id::{MessageId, SequenceId, ThreadId, unix_ms};
use crate::limits::Limits;
use crate::service::{MessageEdit, NewMessage, NewThread};
use crate::store::{Change, Changes};

/// A thread that takes commands. It knows the thread's head alone; members and messages come in with the commands that
/// concern them.
#[derive(Debug)]
pub struct Thread {
    pub(super) properties: ThreadProperties,
    pub(super) limits: Limits,
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
    pub const fn new(properties: ThreadProperties, limits: Limits) -> Self {
        Self { properties, limits }
    }

    /// Creates a thread with its first members.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`] for a topic, name, metadata or retention that does not fit, or too many members.
    pub fn create(new: NewThread, limits: Limits) -> Result<Outcome<ThreadProperties>, ChatError> {
        let NewThread {
            id,
            topic,
            created_by,
            members,
            metadata,
            retention,
            host_managed,
            request,
            system_messages,
            now,
        } = new;
        check::topic(&limits, &topic)?;
        check::metadata(&limits, &metadata)?;
        check::retention(retention)?;
        let mut seen = HashSet::new();
        let mut added = members;
        added.retain(|member| seen.insert(member.id.clone()));
        // The creator is not counted as named in the call.
        let named = added
            .iter()
            .filter(|member| member.id != created_by)
            .cloned()
            .collect::<Vec<_>>();
        check::members(&limits, &named)?;
        for member in &mut added {
            check::display_name(&limits, "displayName", &member.display_name)?;
            if member.share_history_from > now {
                // As for those who are added later: nothing from before they came, everything from then on.
                member.hidden_up_to = Some(SequenceId::ZERO);
            }
        }
        check::room_for(&limits, 0, added.len())?;
        let properties = ThreadProperties {
            id: id.unwrap_or_else(ThreadId::random),
            topic: topic.clone(),
            created_by: created_by.clone(),
            created_on: now,
            last_sequence: SequenceId::ZERO,
            last_message: None,
            metadata,
            retention,
            version: unix_ms(now),
            host_managed,
            deleted_on: None,
        };
        let mut thread = Self::new(properties, limits);
        let mut out = thread.outcome();
        if system_messages == SystemMessages::Record {
            if !added.is_empty() {
                let kind = MessageKind::ParticipantAdded {
                    participants: added.iter().map(Into::into).collect(),
                    initiator: created_by.clone(),
                };
                thread.record(kind, now, &mut out);
            }
            let initiator = created_by.clone();
            thread.record(MessageKind::TopicUpdated { topic, initiator }, now, &mut out);
        }
        for member in &added {
            out.changes.push(Change::PutMember(member.clone()));
        }
        if let Some(name) = request {
            let creator = created_by.clone();
            out.changes.push(Change::NameCreation { creator, name });
        }
        let properties = thread.properties;
        let by = added.iter().find(|member| member.id == created_by);
        let created = Event::ThreadCreated {
            thread: properties.clone(),
            by: by.map_or_else(|| ParticipantRef::nameless(created_by), Into::into),
            members: added,
        };
        out.events.insert(0, created);
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
        check::display_name(&self.limits, "displayName", &member.display_name)?;
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
                        initiator: initiator.clone(),
                    },
                    now,
                    &mut out,
                );
            }
            out.events.push(Event::MembersAdded {
                thread: self.properties.id.clone(),
                members: vec![member.clone()],
                by: ParticipantRef::nameless(initiator),
                at: now,
                version: unix_ms(now),
            });
        }
        out.changes.push(Change::PutMember(member.clone()));
        Ok(self.finish(out, member))
    }

    /// Gives a member another name.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`] for a display name that is too long.
    pub fn rename_member(self, member: Member, display_name: &str) -> Result<Outcome<()>, ChatError> {
        check::display_name(&self.limits, "displayName", display_name)?;
        let mut out = self.outcome();
        out.changes.push(Change::PutMember(Member {
            display_name: display_name.to_owned(),
            ..member
        }));
        Ok(self.finish(out, ()))
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
        // What is left says only where this somebody's messages are, should they have to be erased one day.
        out.changes.push(Change::PutMember(Member {
            left_at: Some(SequenceId::ZERO),
            ..Member::with_history(member.id.clone(), "")
        }));
        if system_messages == SystemMessages::Record {
            let participants = vec![member.into()];
            self.record(
                MessageKind::ParticipantRemoved {
                    participants,
                    initiator: initiator.clone(),
                },
                now,
                &mut out,
            );
        }
        out.events.push(Event::MembersRemoved {
            thread: self.properties.id.clone(),
            members: vec![member.into()],
            by: ParticipantRef::nameless(initiator),
            at: now,
            version: unix_ms(now),
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
        check::content(&self.limits, &content)?;
        check::metadata(&self.limits, &metadata)?;
        let sender_display_name = sender_display_name.unwrap_or_default();
        check::display_name(&self.limits, "senderDisplayName", &sender_display_name)?;
        let kind = MessageKind::from(kind);
        let content = self.cleaned(&kind, content)?;

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
        check::own(caller, &message)?;
        if message.deleted_on.is_some() {
            return Err(ChatError::MessageNotFound);
        }
        let MessageEdit { content, metadata } = edit;
        if let Some(content) = content {
            check::content(&self.limits, &content)?;
            message.content = self.cleaned(&message.kind, content)?;
        }
        message.metadata.extend(metadata);
        check::metadata(&self.limits, &message.metadata)?;
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
        check::own(caller, &message)?;
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

    pub(super) fn outcome(&self) -> Outcome<()> {
        Outcome {
            value: (),
            changes: Changes::new(self.properties.id.clone()),
            events: Vec::new(),
        }
    }

    /// Adds the head to the changes when messages have moved it on.
    pub(super) fn finish<T>(&self, mut out: Outcome<()>, value: T) -> Outcome<T> {
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

    pub(super) fn record(&mut self, kind: MessageKind, now: OffsetDateTime, out: &mut Outcome<()>) {
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

    /// What is kept of a message's content.
    fn cleaned(&self, kind: &MessageKind, content: String) -> Result<String, ChatError> {
        if *kind != MessageKind::Html {
            return Ok(content);
        }
        let clean = html::sanitize(&content);
        // Escapes make it longer, five times at worst; honest markup grows by a little.
        if clean.len() > self.limits.content_bytes.saturating_mul(2) {
            return Err(ChatError::TooLarge(clean.len()));
        }
        Ok(clean)
    }
}
