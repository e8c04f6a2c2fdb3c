//! Threads over a store.

mod threads;

use std::collections::{BTreeMap, VecDeque};

use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

use crate::error::ChatError;
use crate::event::{Event, Notice};
use crate::id::{ClientMessageId, MessageId, SequenceId, ThreadId, number};
use crate::limits::Limits;
use crate::store::{Changes, ChatStore, MessageRange};
use crate::thread::{
    ContentKind, Member, Message, Outcome, RetentionPolicy, SystemMessages, Thread, ThreadProperties,
};

/// Most messages in a page.
pub const MAX_PAGE_SIZE: u32 = 200;
/// Messages in a page whose size was not asked for.
pub const DEFAULT_PAGE_SIZE: u32 = 100;

/// A thread to create.
#[derive(Debug, Clone)]
pub struct NewThread {
    /// A meeting's thread id, or `None` for a new one.
    pub id: Option<ThreadId>,
    /// 1 to 250 characters.
    pub topic: String,
    /// Not a member by that alone.
    pub created_by: CommunicationIdentifier,
    /// The first members; of two with one id, the first counts.
    pub members: Vec<Member>,
    /// Own values.
    pub metadata: BTreeMap<String, String>,
    /// How long it is kept.
    pub retention: RetentionPolicy,
    /// Who is in it is the host's business alone, see [`ThreadProperties::host_managed`].
    pub host_managed: bool,
    /// The creator's own name for the request, with [`create_thread_as`](ChatService::create_thread_as).
    pub request: Option<ClientMessageId>,
    /// Whether members and topic are written into the thread.
    pub system_messages: SystemMessages,
    /// The present.
    pub now: OffsetDateTime,
}

impl NewThread {
    /// A thread with a topic and nothing else, whose members are written into it.
    #[must_use]
    pub fn new(topic: impl Into<String>, created_by: CommunicationIdentifier, now: OffsetDateTime) -> Self {
        Self {
            id: None,
            topic: topic.into(),
            created_by,
            members: Vec::new(),
            metadata: BTreeMap::new(),
            retention: RetentionPolicy::None,
            host_managed: false,
            request: None,
            system_messages: SystemMessages::Record,
            now,
        }
    }
}

/// A thread that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// As stored.
    pub properties: ThreadProperties,
    /// It had been created before, by the same request.
    pub repeated: bool,
}

/// A message to send.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NewMessage {
    /// 1 byte to 28 KiB of UTF-8.
    pub content: String,
    /// How to read it.
    pub kind: ContentKind,
    /// At most 256 characters without control characters.
    pub sender_display_name: Option<String>,
    /// Sending again under the same name gives the first message.
    pub client_message_id: Option<ClientMessageId>,
    /// At most 1 KB in all.
    pub metadata: BTreeMap<String, String>,
}

/// What to change about a message.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MessageEdit {
    /// New content of the message's kind.
    pub content: Option<String>,
    /// Values to add or replace; others stay.
    pub metadata: BTreeMap<String, String>,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// As stored.
    pub message: Message,
    /// It had been sent before.
    pub deduplicated: bool,
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageRequest<'a> {
    /// Items in a page: from 1; more than 200 count as 200.
    pub max_page_size: Option<u32>,
    /// [`Page::next`] of the page before.
    pub sync_state: Option<&'a str>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask with for the next page, of `[A-Za-z0-9_-]`; `None` on the last.
    pub next: Option<String>,
}

/// Chat threads over a store.
///
/// Callers are known by their identifier, whom the host has authenticated; a caller that is not a member is refused.
/// After every call that changes something, drain [`poll_event`](Self::poll_event).
#[derive(Debug)]
pub struct ChatService<S> {
    store: S,
    limits: Limits,
    events: VecDeque<Notice>,
}

impl<S: ChatStore> ChatService<S> {
    /// Threads in this store, with the default limits.
    pub fn new(store: S) -> Self {
        Self::with_limits(store, Limits::default())
    }

    /// Threads in this store.
    pub const fn with_limits(store: S, limits: Limits) -> Self {
        Self {
            store,
            limits,
            events: VecDeque::new(),
        }
    }

    /// Creates a thread.
    ///
    /// # Errors
    ///
    /// [`ChatError::ThreadExists`], [`ChatError::BadRequest`], [`ChatError::Store`].
    pub fn create_thread(&mut self, new: NewThread) -> Result<ThreadProperties, ChatError> {
        if let Some(id) = &new.id
            && self.store.thread(id)?.is_some()
        {
            return Err(ChatError::ThreadExists);
        }
        let outcome = Thread::create(new, self.limits)?;
        self.apply(outcome)
    }

    /// Makes somebody a member; no caller is checked. A member that is put again gets the new name and start of history,
    /// without a system message.
    ///
    /// # Errors
    ///
    /// [`ChatError::ThreadNotFound`], [`ChatError::BadRequest`], [`ChatError::Store`].
    pub fn add_member(
        &mut self,
        thread: &ThreadId,
        member: Member,
        system_messages: SystemMessages,
        now: OffsetDateTime,
    ) -> Result<Member, ChatError> {
        let properties = self.properties(thread)?;
        let known = self.store.member(thread, &member.id)?.filter(Member::is_present);
        let initiator = properties.created_by.clone();
        let outcome =
            self.machine(properties)
                .add_member(member, known.as_ref(), initiator, system_messages, now)?;
        self.apply(outcome)
    }

    /// Gives a member another name; no caller is checked. `false` when there is no such member. Nobody is told: ACS has no
    /// event for it.
    ///
    /// # Errors
    ///
    /// [`ChatError::ThreadNotFound`], [`ChatError::BadRequest`] for a name that is too long, [`ChatError::Store`].
    pub fn rename_member(
        &mut self,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
        display_name: &str,
    ) -> Result<bool, ChatError> {
        let properties = self.properties(thread)?;
        let Some(member) = self.store.member(thread, id)?.filter(Member::is_present) else {
            return Ok(false);
        };
        let outcome = self.machine(properties).rename_member(member, display_name)?;
        self.apply(outcome)?;
        Ok(true)
    }

    /// Ends somebody's membership; no caller is checked. `false` when there was none.
    ///
    /// # Errors
    ///
    /// [`ChatError::ThreadNotFound`], [`ChatError::Store`].
    pub fn remove_member(
        &mut self,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
        system_messages: SystemMessages,
        now: OffsetDateTime,
    ) -> Result<bool, ChatError> {
        let properties = self.properties(thread)?;
        let Some(member) = self.store.member(thread, id)?.filter(Member::is_present) else {
            return Ok(false);
        };
        // People leave a call by themselves, so that they are the initiator too.
        let outcome = self
            .machine(properties)
            .remove_member(&member, id.clone(), system_messages, now);
        self.apply(outcome)?;
        Ok(true)
    }

    /// Says something.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::TooLarge`], [`ChatError::BadRequest`],
    /// [`ChatError::Store`].
    pub fn send_message(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        new: NewMessage,
        now: OffsetDateTime,
    ) -> Result<Sent, ChatError> {
        let (properties, member) = self.admitted(caller, thread)?;
        if let Some(name) = &new.client_message_id
            && let Some(id) = self.store.sent_as(thread, caller, name)?
        {
            let message = self
                .store
                .message(thread, id)?
                .ok_or(ChatError::MessageNotFound)?;
            return Ok(Sent {
                message,
                deduplicated: true,
            });
        }
        let outcome = self.machine(properties).send(&member, new, now)?;
        Ok(Sent {
            message: self.apply(outcome)?,
            deduplicated: false,
        })
    }

    /// Changes the caller's own message.
    ///
    /// # Errors
    ///
    /// As in [`send_message`](Self::send_message); also [`ChatError::MessageNotFound`] and [`ChatError::NotSender`].
    pub fn edit_message(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: MessageId,
        edit: MessageEdit,
        now: OffsetDateTime,
    ) -> Result<Message, ChatError> {
        let (properties, member) = self.admitted(caller, thread)?;
        let message = self.visible(&member, thread, id)?;
        let outcome = self.machine(properties).edit(&member, message, edit, now)?;
        self.apply(outcome)
    }

    /// Deletes the caller's own message: it stays in its place without content.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::MessageNotFound`],
    /// [`ChatError::NotSender`], [`ChatError::Store`].
    pub fn delete_message(
        &mut self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: MessageId,
        now: OffsetDateTime,
    ) -> Result<(), ChatError> {
        let (properties, member) = self.admitted(caller, thread)?;
        let message = self.visible(&member, thread, id)?;
        let outcome = self.machine(properties).delete(&member, message, now)?;
        self.apply(outcome)
    }

    /// What happened, in order.
    pub fn poll_event(&mut self) -> Option<Notice> {
        self.events.pop_front()
    }

    /// The head of a thread, for a member.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::Store`].
    pub fn thread_properties(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<ThreadProperties, ChatError> {
        self.admitted(caller, thread).map(|(properties, _)| properties)
    }

    /// The messages the caller can see, newest first, created at `start_time` or later.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::BadRequest`] for a page size of 0 or a
    /// `sync_state` that is not from here, [`ChatError::Store`].
    pub fn list_messages(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        start_time: Option<OffsetDateTime>,
        page: PageRequest<'_>,
    ) -> Result<Page<Message>, ChatError> {
        let (_, member) = self.known(caller, thread)?;
        let PageRequest {
            max_page_size,
            sync_state,
        } = page;
        let before = sync_state.map(parse_sync_state).transpose()?;
        // Who has left sees nothing behind the place where it left.
        let end = member.left_at.map(SequenceId::next);
        let before = match (before, end) {
            (Some(before), Some(end)) => Some(before.min(end)),
            (before, end) => before.or(end),
        };
        let page_size = page_size(max_page_size)?;
        let (after, created_from) = member.history();
        let range = MessageRange {
            before,
            after,
            created_from: start_time.map_or(created_from, |start| start.max(created_from)),
            // One more than asked for tells whether there is a next page.
            limit: page_size + 1,
        };
        let mut items = self.store.messages(thread, &range)?;
        let has_more = items.len() > page_size;
        items.truncate(page_size);
        let next = items
            .last()
            .filter(|_| has_more)
            .map(|last| format!("s{}", last.sequence_id));
        Ok(Page { items, next })
    }

    /// A message the caller can see.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::MessageNotFound`], [`ChatError::Store`].
    pub fn get_message(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: MessageId,
    ) -> Result<Message, ChatError> {
        let (_, member) = self.known(caller, thread)?;
        self.visible(&member, thread, id)
    }

    /// The members of a thread, for a member.
    ///
    /// # Errors
    ///
    /// [`ChatError::NotMember`], [`ChatError::ThreadNotFound`], [`ChatError::Store`].
    pub fn list_members(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<Vec<Member>, ChatError> {
        self.admitted(caller, thread)?;
        Ok(self.store.members(thread)?)
    }

    /// Somebody's membership; no caller is checked.
    ///
    /// # Errors
    ///
    /// [`ChatError::Store`].
    pub fn membership(
        &self,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
    ) -> Result<Option<Member>, ChatError> {
        Ok(self.store.member(thread, id)?)
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The store, for what is not chat.
    pub const fn store_mut(&mut self) -> &mut S {
        &mut self.store
    }

    fn apply<T>(&mut self, outcome: Outcome<T>) -> Result<T, ChatError> {
        let Outcome {
            value,
            changes,
            events,
        } = outcome;
        self.commit(&changes)?;
        if !events.is_empty() {
            let members = self.store.members(changes.thread())?;
            for event in events {
                self.tell(event, &members);
            }
        }
        Ok(value)
    }

    fn tell(&mut self, event: Event, members: &[Member]) {
        self.events.push_back(Notice {
            recipients: recipients(&event, members),
            event,
        });
    }

    fn commit(&mut self, changes: &Changes) -> Result<(), ChatError> {
        if changes.is_empty() {
            return Ok(());
        }
        Ok(self.store.commit(changes)?)
    }

    fn properties(&self, thread: &ThreadId) -> Result<ThreadProperties, ChatError> {
        self.store
            .thread(thread)?
            .filter(|properties| properties.deleted_on.is_none())
            .ok_or(ChatError::ThreadNotFound)
    }

    /// The thread and the caller's membership in it.
    fn admitted(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<(ThreadProperties, Member), ChatError> {
        let (properties, member) = self.known(caller, thread)?;
        if member.is_present() {
            Ok((properties, member))
        } else {
            Err(ChatError::NotMember)
        }
    }

    /// The same for who was a member and may still read what was said until it left.
    fn known(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<(ThreadProperties, Member), ChatError> {
        let properties = self.properties(thread)?;
        let member = self
            .store
            .member(thread, caller)?
            .filter(|member| member.left_at != Some(SequenceId::ZERO))
            .ok_or(ChatError::NotMember)?;
        Ok((properties, member))
    }

    fn visible(&self, member: &Member, thread: &ThreadId, id: MessageId) -> Result<Message, ChatError> {
        self.store
            .message(thread, id)?
            .filter(|message| member.can_see(message))
            .ok_or(ChatError::MessageNotFound)
    }
}

fn recipients(event: &Event, members: &[Member]) -> std::sync::Arc<[CommunicationIdentifier]> {
    let can_see = |member: &&Member| match event {
        Event::MessageReceived { message, .. }
        | Event::MessageEdited { message, .. }
        | Event::MessageDeleted { message, .. } => member.can_see(message),
        _ => true,
    };
    let present = members.iter().filter(can_see).map(|member| member.id.clone());
    let gone = match event {
        Event::MembersRemoved { members, .. } => members.as_slice(),
        _ => &[],
    };
    present.chain(gone.iter().map(|who| who.id.clone())).collect()
}

fn page_size(asked: Option<u32>) -> Result<usize, ChatError> {
    match asked.unwrap_or(DEFAULT_PAGE_SIZE) {
        0 => Err(ChatError::BadRequest {
            target: "maxPageSize",
            message: "A page has at least one item.",
        }),
        size => Ok(size.min(MAX_PAGE_SIZE) as usize),
    }
}

fn parse_sync_state(text: &str) -> Result<SequenceId, ChatError> {
    text.strip_prefix('s')
        .and_then(number)
        .map(SequenceId::new)
        .ok_or(ChatError::BadRequest {
            target: "syncState",
            message: "Not a continuation of this list.",
        })
}

/// Without what is to be said.
impl std::fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewMessage")
            .field("content_bytes", &self.content.len())
            .field("kind", &self.kind)
            .field("client_message_id", &self.client_message_id)
            .finish_non_exhaustive()
    }
}

/// Without what is to be said.
impl std::fmt::Debug for MessageEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageEdit")
            .field("content_bytes", &self.content.as_ref().map(String::len))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
