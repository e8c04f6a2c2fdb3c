//! Threads, participants, receipts and typing: what members ask for.

use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

use super::{ChatService, Created, NewThread, Page, PageRequest, page_size};
use crate::error::ChatError;
use crate::event::Event;
use crate::id::{MessageId, SequenceId, ThreadId, number};
use crate::store::{Change, Changes, ChatStore, ThreadRange};
use crate::thread::{Member, Receipt, Thread, ThreadProperties, ThreadUpdate};

impl<S: ChatStore> ChatService<S> {
    /// Creates a thread as somebody who is then a member of it. The same caller's request under the same name gives the
    /// first thread, also when that was deleted meanwhile.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`], [`ChatError::Store`].
    pub fn create_thread_as(&mut self, mut new: NewThread) -> Result<Created, ChatError> {
        if let Some(name) = &new.request
            && let Some(id) = self.store.created_as(&new.created_by, name)?
            && let Some(properties) = self.store.thread(&id)?
        {
            return Ok(Created {
                properties,
                repeated: true,
            });
        }
        // Always a member, once, and the first: under the name it may have given itself, with all history.
        let listed = new.members.iter().position(|member| member.id == new.created_by);
        let creator = match listed {
            Some(index) => {
                Member::with_history(new.created_by.clone(), new.members.remove(index).display_name)
            }
            None => Member::with_history(new.created_by.clone(), ""),
        };
        new.members.retain(|member| member.id != new.created_by);
        new.members.insert(0, creator);
        Ok(Created {
            properties: self.create_thread(new)?,
            repeated: false,
        })
    }

    /// Changes a thread's topic, metadata or retention policy.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::HostManaged`], [`ChatError::BadRequest`],
    /// [`ChatError::Store`].
    pub fn update_thread(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        update: ThreadUpdate,
        now: OffsetDateTime,
    ) -> Result<ThreadProperties, ChatError> {
        let (properties, member) = self.admitted(caller, thread)?;
        let outcome = self.machine(properties).update(&member, update, now)?;
        self.apply(outcome)
    }

    /// As [`update_thread`](Self::update_thread), for the host: whether members may change the thread is not asked.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::BadRequest`], [`ChatError::Store`].
    pub fn update_thread_as_host(
        &mut self,
        by: &CommunicationIdentifier,
        thread: &ThreadId,
        update: ThreadUpdate,
        now: OffsetDateTime,
    ) -> Result<ThreadProperties, ChatError> {
        let (properties, member) = self.admitted(by, thread)?;
        let outcome = self.machine(properties).update_as_host(&member, update, now)?;
        self.apply(outcome)
    }

    /// Deletes a thread with everything that was said. Deleting it again is no error for who was a member of it,
    /// at the end or before.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::HostManaged`], [`ChatError::Store`].
    pub fn delete_thread(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        now: OffsetDateTime,
    ) -> Result<(), ChatError> {
        let properties = self.store.thread(thread)?.ok_or(ChatError::ThreadNotFound)?;
        let member = self.store.member(thread, caller)?;
        if properties.deleted_on.is_some() && member.is_some() {
            return Ok(());
        }
        let member = member.filter(Member::is_present).ok_or(ChatError::NotMember)?;
        let outcome = self.machine(properties).delete_thread(Some(&member), now)?;
        self.apply(outcome)
    }

    /// Deletes the threads whose retention policy says so, at most `limit`; the number of those deleted. Meetings'
    /// threads have no policy.
    ///
    /// # Errors
    ///
    /// [`ChatError::Store`].
    pub fn delete_expired(&mut self, now: OffsetDateTime, limit: usize) -> Result<usize, ChatError> {
        let due = self.store.expired_threads(now, limit)?;
        for thread in &due {
            let properties = self.properties(thread)?;
            let outcome = self.machine(properties).delete_thread(None, now)?;
            self.apply(outcome)?;
        }
        Ok(due.len())
    }

    /// The caller's threads, those joined last first, with activity since `start_time`.
    ///
    /// # Errors
    ///
    /// [`ChatError::BadRequest`] for a page size of 0 or a continuation that is not from here, [`ChatError::Store`].
    pub fn list_threads(
        &self,
        caller: &CommunicationIdentifier,
        start_time: Option<OffsetDateTime>,
        page: PageRequest<'_>,
    ) -> Result<Page<ThreadProperties>, ChatError> {
        let size = page_size(page.max_page_size)?;
        let range = ThreadRange {
            member: caller,
            before: page.sync_state.map(|text| place(text, 't')).transpose()?,
            active_from: start_time.unwrap_or(OffsetDateTime::UNIX_EPOCH),
            limit: size + 1,
        };
        let mut found = self.store.threads_page(&range)?;
        let has_more = found.len() > size;
        found.truncate(size);
        let next = found
            .last()
            .filter(|_| has_more)
            .map(|(place, _)| format!("t{place}"));
        Ok(Page {
            items: found.into_iter().map(|(_, properties)| properties).collect(),
            next,
        })
    }

    /// Adds participants to the caller's thread; those who are in it stay as they are.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::HostManaged`], [`ChatError::BadRequest`],
    /// [`ChatError::Store`].
    pub fn add_participants(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        members: Vec<Member>,
        now: OffsetDateTime,
    ) -> Result<(), ChatError> {
        let (properties, member) = self.admitted(caller, thread)?;
        let known = self.store.members(thread)?;
        let outcome = self
            .machine(properties)
            .add_members(&member, members, &known, now)?;
        self.apply(outcome)
    }

    /// Removes a participant, the caller itself too. Removing somebody who is not there is no error.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::HostManaged`], [`ChatError::Store`].
    pub fn remove_participant(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
        now: OffsetDateTime,
    ) -> Result<(), ChatError> {
        let (properties, by) = self.admitted(caller, thread)?;
        if properties.host_managed {
            return Err(ChatError::HostManaged);
        }
        let member = self.store.member(thread, id)?;
        let Some(member) = member.filter(Member::is_present) else {
            return Ok(());
        };
        let outcome = self.machine(properties).expel(&by, &member, now)?;
        self.apply(outcome)
    }

    /// Notes that the caller has read up to a message it can see. In threads above
    /// [`Limits::receipts_up_to`](crate::Limits::receipts_up_to) nothing happens.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::MessageNotFound`], [`ChatError::Store`].
    pub fn send_read_receipt(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        message: MessageId,
        now: OffsetDateTime,
    ) -> Result<(), ChatError> {
        let (properties, member) = self.admitted(caller, thread)?;
        let message = self.visible(&member, thread, message)?;
        if self.store.members(thread)?.len() > self.limits.receipts_up_to {
            return Ok(());
        }
        let last = self.store.receipt(thread, caller)?;
        let outcome = self
            .machine(properties)
            .read_up_to(&member, &message, last.as_ref(), now);
        self.apply(outcome)
    }

    /// How far each has read, those who read last first. Messages the caller cannot see are not told of.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::Store`].
    pub fn list_read_receipts(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<Vec<Receipt>, ChatError> {
        let (_, member) = self.admitted(caller, thread)?;
        let receipts = self.store.receipts(thread)?;
        let (after, from) = member.history();
        let mut visible = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            // A time is told by the id; a place only by the message itself.
            let seen = if after == SequenceId::ZERO {
                receipt.message.time() >= from
            } else {
                let message = self.store.message(thread, receipt.message)?;
                message.is_some_and(|message| member.can_see(&message))
            };
            if seen {
                visible.push(receipt);
            }
        }
        Ok(visible)
    }

    /// Tells the others that the caller is typing. In threads above
    /// [`Limits::typing_up_to`](crate::Limits::typing_up_to) nothing happens. Nothing is stored.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::BadRequest`] for a name that is too long,
    /// [`ChatError::Store`].
    pub fn send_typing(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        display_name: Option<String>,
        now: OffsetDateTime,
    ) -> Result<(), ChatError> {
        let (properties, member) = self.admitted(caller, thread)?;
        let event: Event = self.machine(properties).typing(&member, display_name, now)?;
        let members = self.store.members(thread)?;
        if members.len() <= self.limits.typing_up_to {
            self.tell(event, &members);
        }
        Ok(())
    }

    /// Forgets a person: memberships, receipts, and what its messages say. Who is told is told that it left.
    ///
    /// # Errors
    ///
    /// [`ChatError::Store`].
    pub fn forget(&mut self, id: &CommunicationIdentifier, now: OffsetDateTime) -> Result<(), ChatError> {
        for thread in self.store.threads_of(id)? {
            let Some(properties) = self.store.thread(&thread)? else {
                continue;
            };
            let member = self.store.member(&thread, id)?.filter(Member::is_present);
            if let Some(member) = member.filter(|_| properties.deleted_on.is_none()) {
                let nameless = Member {
                    display_name: String::new(),
                    ..member
                };
                let outcome = self.machine(properties).remove_member(
                    &nameless,
                    id.clone(),
                    crate::SystemMessages::Silent,
                    now,
                );
                self.apply(outcome)?;
            }
            let mut changes = Changes::new(thread);
            changes.push(Change::Erase {
                id: id.clone(),
                at: now,
            });
            self.commit(&changes)?;
        }
        Ok(())
    }

    pub(super) const fn machine(&self, properties: ThreadProperties) -> Thread {
        Thread::new(properties, self.limits)
    }
}

/// A number behind a letter: what continuations are made of.
fn place(text: &str, letter: char) -> Result<u64, ChatError> {
    text.strip_prefix(letter)
        .and_then(number)
        .ok_or(ChatError::BadRequest {
            target: "syncState",
            message: "Not a continuation of this list.",
        })
}

#[cfg(test)]
mod tests;
