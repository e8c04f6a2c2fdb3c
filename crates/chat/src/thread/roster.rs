//! What members do to the thread itself: its properties, its participants, its end, and how far they have read.

use std::collections::{BTreeMap, HashSet};

use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

use super::check;
use super::command::{Outcome, Thread};
use super::{Member, Message, MessageKind, ParticipantRef, Receipt, RetentionPolicy, ThreadProperties};
use crate::error::ChatError;
use crate::event::Event;
use crate::id::unix_ms;
use crate::store::Change;

/// What to change about a thread; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadUpdate {
    /// A new topic.
    pub topic: Option<String>,
    /// Values to add or replace; others stay.
    pub metadata: BTreeMap<String, String>,
    /// A new retention policy.
    pub retention: Option<RetentionPolicy>,
}

impl Thread {
    /// Changes topic, metadata or retention policy. An update that changes nothing is none.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`], [`ChatError::HostManaged`].
    pub fn update(
        self,
        by: &Member,
        update: ThreadUpdate,
        now: OffsetDateTime,
    ) -> Result<Outcome<ThreadProperties>, ChatError> {
        self.members_may_change()?;
        self.update_as_host(by, update, now)
    }

    /// As [`update`](Self::update), for the host, whose business a meeting's thread is.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`].
    pub fn update_as_host(
        mut self,
        by: &Member,
        update: ThreadUpdate,
        now: OffsetDateTime,
    ) -> Result<Outcome<ThreadProperties>, ChatError> {
        let ThreadUpdate {
            topic,
            metadata,
            retention,
        } = update;
        let before = self.properties.clone();
        let mut out = self.outcome();
        if let Some(retention) = retention {
            check::retention(retention)?;
            self.properties.retention = retention;
        }
        self.properties.metadata.extend(metadata);
        check::metadata(&self.limits, &self.properties.metadata)?;
        if let Some(topic) = topic {
            check::topic(&self.limits, &topic)?;
            if topic != self.properties.topic {
                self.properties.topic.clone_from(&topic);
                let initiator = by.id.clone();
                self.record(MessageKind::TopicUpdated { topic, initiator }, now, &mut out);
            }
        }
        if self.properties == before {
            return Ok(Outcome {
                value: before,
                changes: out.changes,
                events: out.events,
            });
        }
        let version = self.moved_on(now);
        let properties = self.properties.clone();
        out.events.insert(
            0,
            Event::ThreadUpdated {
                thread: properties.clone(),
                by: by.into(),
                at: now,
                version,
            },
        );
        // With a new topic this is the head with its message counted.
        out.changes.insert_first(Change::UpdateThread(properties.clone()));
        Ok(Outcome {
            value: properties,
            changes: out.changes,
            events: out.events,
        })
    }

    /// Adds participants. Those who are there already stay as they are.
    ///
    /// `known` are the participants there are; people who were here before and were removed are not among them.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`] for too many, or a name or metadata that does not fit; [`ChatError::HostManaged`].
    pub fn add_members(
        mut self,
        by: &Member,
        members: Vec<Member>,
        known: &[Member],
        now: OffsetDateTime,
    ) -> Result<Outcome<()>, ChatError> {
        self.members_may_change()?;
        check::members(&self.limits, &members)?;
        let mut seen: HashSet<CommunicationIdentifier> =
            known.iter().map(|member| member.id.clone()).collect();
        let mut added = members;
        added.retain(|member| seen.insert(member.id.clone()));
        check::room_for(&self.limits, known.len(), added.len())?;
        let mut out = self.outcome();
        if added.is_empty() {
            return Ok(out);
        }
        let place = self.properties.last_sequence;
        for member in &mut added {
            if member.share_history_from >= now {
                // Messages of the same millisecond, or from before the clock went back, are history too.
                member.hidden_up_to = Some(place);
            }
            // Somebody who comes back is a new participant at the end of the list.
            out.changes.push(Change::RemoveMember(member.id.clone()));
            out.changes.push(Change::PutMember(member.clone()));
        }
        let kind = MessageKind::ParticipantAdded {
            participants: added.iter().map(Into::into).collect(),
            initiator: by.id.clone(),
        };
        self.record(kind, now, &mut out);
        let version = self.moved_on(now);
        out.events.push(Event::MembersAdded {
            thread: self.properties.id.clone(),
            members: added,
            by: by.into(),
            at: now,
            version,
        });
        Ok(self.finish(out, ()))
    }

    /// Removes a participant, who can still read what was said so far, but nothing else.
    ///
    /// # Errors
    ///
    /// [`ChatError::HostManaged`].
    pub fn expel(
        mut self,
        by: &Member,
        member: &Member,
        now: OffsetDateTime,
    ) -> Result<Outcome<()>, ChatError> {
        self.members_may_change()?;
        let mut out = self.outcome();
        out.changes.push(Change::PutMember(Member {
            left_at: Some(self.properties.last_sequence),
            ..member.clone()
        }));
        out.changes.push(Change::RemoveReceipt(member.id.clone()));
        let kind = MessageKind::ParticipantRemoved {
            participants: vec![member.into()],
            initiator: by.id.clone(),
        };
        self.record(kind, now, &mut out);
        let version = self.moved_on(now);
        out.events.push(Event::MembersRemoved {
            thread: self.properties.id.clone(),
            members: vec![member.into()],
            by: by.into(),
            at: now,
            version,
        });
        Ok(self.finish(out, ()))
    }

    /// Ends the thread, with everything that was said. `by` is `None` when its retention policy does.
    ///
    /// # Errors
    ///
    /// [`ChatError::HostManaged`] for a member.
    pub fn delete_thread(
        mut self,
        by: Option<&Member>,
        now: OffsetDateTime,
    ) -> Result<Outcome<()>, ChatError> {
        if by.is_some() {
            self.members_may_change()?;
        }
        self.properties.deleted_on = Some(now);
        self.properties.topic.clear();
        self.properties.metadata.clear();
        let version = self.moved_on(now);
        let mut out = self.outcome();
        out.events.push(Event::ThreadDeleted {
            thread: self.properties.id.clone(),
            by: by.map(Into::into),
            at: now,
            version,
        });
        out.changes.push(Change::DeleteThread(self.properties));
        Ok(out)
    }

    /// Notes how far somebody has read. Only forward: a receipt for an older message than the last changes nothing.
    pub fn read_up_to(
        &self,
        reader: &Member,
        message: &Message,
        last: Option<&Receipt>,
        now: OffsetDateTime,
    ) -> Outcome<()> {
        let mut out = self.outcome();
        if last.is_some_and(|last| last.message >= message.id) {
            return out;
        }
        let receipt = Receipt {
            reader: reader.id.clone(),
            message: message.id,
            read_on: now,
        };
        out.events.push(Event::ReadReceipt {
            thread: self.properties.id.clone(),
            reader: receipt.reader.clone(),
            message: receipt.message,
            read_on: now,
            version: unix_ms(now),
        });
        out.changes.push(Change::PutReceipt(receipt));
        out
    }

    /// Tells that somebody is typing, under the name it gives.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`] for a name that is too long.
    pub fn typing(
        &self,
        who: &Member,
        name: Option<String>,
        now: OffsetDateTime,
    ) -> Result<Event, ChatError> {
        let display_name = name.unwrap_or_default();
        check::display_name(&self.limits, "senderDisplayName", &display_name)?;
        Ok(Event::Typing {
            thread: self.properties.id.clone(),
            sender: ParticipantRef {
                id: who.id.clone(),
                display_name,
            },
            at: now,
            version: unix_ms(now),
        })
    }

    /// In a thread whose membership is the host's, nobody else may change who is in it or whether it is there.
    const fn members_may_change(&self) -> Result<(), ChatError> {
        if self.properties.host_managed {
            return Err(ChatError::HostManaged);
        }
        Ok(())
    }

    /// The thread's next version.
    fn moved_on(&mut self, now: OffsetDateTime) -> u64 {
        self.properties.version = unix_ms(now).max(self.properties.version + 1);
        self.properties.version
    }
}
