//! Chat threads, for every surface: REST, signaling, meetings.

use std::sync::Arc;

use crate::store::Connection;
use anteroom_chat::service::{ChatService, NewMessage, NewThread, Page, PageRequest, Sent};
use anteroom_chat::thread::{Member, Message, SystemMessages, ThreadProperties};
use anteroom_chat::{ChatError, Event, MessageId, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;
use tokio::sync::broadcast;

use crate::bus::Topic;
use crate::clock::Clock;
use crate::store::sqlite::SqliteChatStore;
use crate::store::{Store, StoreError};

/// Events a slow listener may be behind.
const EVENTS_KEPT: usize = 4096;

/// Most messages [`ChatHub::visible_history`] gives.
const MAX_HISTORY: u32 = 200;

/// Something that happened in a thread, told to everybody who listens after it was committed.
#[derive(Debug, Clone)]
pub struct ChatNotice {
    /// The thread.
    pub thread: ThreadId,
    /// What happened.
    pub event: Arc<Event>,
}

/// The threads of the service; clones are the same.
///
/// Callers are known by their identifier, whom the surface has authenticated. Events come in the order of the commits,
/// and before the call that caused them returns.
#[derive(Debug, Clone)]
pub struct ChatHub {
    store: Store,
    clock: Clock,
    events: Topic<ChatNotice>,
}

type Threads<'c> = ChatService<SqliteChatStore<&'c mut Connection>>;

impl ChatHub {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            events: Topic::new(EVENTS_KEPT),
        }
    }

    /// What happens from now on, in every thread.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<ChatNotice> {
        self.events.subscribe()
    }

    /// Says something.
    ///
    /// # Errors
    /// As [`ChatService::send_message`].
    pub async fn send(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        new: NewMessage,
    ) -> Result<Sent, ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, now| threads.send_message(&caller, &thread, new, now))
            .await
    }

    /// The messages the caller can see, newest first.
    ///
    /// # Errors
    /// As [`ChatService::list_messages`].
    pub async fn list(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        start_time: Option<OffsetDateTime>,
        max_page_size: Option<u32>,
        sync_state: Option<String>,
    ) -> Result<Page<Message>, ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, _| {
            let page = PageRequest {
                max_page_size,
                sync_state: sync_state.as_deref(),
            };
            threads.list_messages(&caller, &thread, start_time, page)
        })
        .await
    }

    /// What people said that the caller can see, oldest first; of more than `limit`, the newest. At most 200.
    ///
    /// # Errors
    /// As [`ChatService::list_messages`].
    pub async fn visible_history(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<Vec<Message>, ChatError> {
        let page = self
            .list(caller, thread, None, Some(limit.clamp(1, MAX_HISTORY)), None)
            .await?;
        let said = |message: &Message| message.is_from_person() && message.deleted_on.is_none();
        let mut messages: Vec<Message> = page.items.into_iter().filter(said).collect();
        messages.reverse();
        Ok(messages)
    }

    /// A message the caller can see.
    ///
    /// # Errors
    /// As [`ChatService::get_message`].
    pub async fn get(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: MessageId,
    ) -> Result<Message, ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, _| threads.get_message(&caller, &thread, id))
            .await
    }

    /// The head of a thread, for a member.
    ///
    /// # Errors
    /// As [`ChatService::thread_properties`].
    pub async fn properties(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<ThreadProperties, ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, _| threads.thread_properties(&caller, &thread))
            .await
    }

    /// The members of a thread, for a member.
    ///
    /// # Errors
    /// As [`ChatService::list_members`].
    pub async fn members(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<Vec<Member>, ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, _| threads.list_members(&caller, &thread))
            .await
    }

    /// Makes somebody a member, who sees messages from `share_history_from` on; `None`: from now on. A call of the
    /// host's: nobody's right to do so is checked.
    ///
    /// # Errors
    /// As [`ChatService::add_member`].
    pub async fn add_member(
        &self,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
        display_name: &str,
        share_history_from: Option<OffsetDateTime>,
        system_messages: SystemMessages,
    ) -> Result<Member, ChatError> {
        let (thread, id, name) = (thread.clone(), id.clone(), display_name.to_owned());
        self.with(move |threads, now| {
            let member = Member::new(id, name, share_history_from.unwrap_or(now));
            threads.add_member(&thread, member, system_messages, now)
        })
        .await
    }

    /// Ends somebody's membership; `false` when there was none. A call of the host's.
    ///
    /// # Errors
    /// As [`ChatService::remove_member`].
    pub async fn remove_member(
        &self,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
        system_messages: SystemMessages,
    ) -> Result<bool, ChatError> {
        let (thread, id) = (thread.clone(), id.clone());
        self.with(move |threads, now| threads.remove_member(&thread, &id, system_messages, now))
            .await
    }

    /// Creates a thread unless it exists.
    ///
    /// # Errors
    /// As [`ChatService::create_thread`].
    pub async fn ensure_thread(
        &self,
        id: &ThreadId,
        topic: &str,
        created_by: CommunicationIdentifier,
        members: Vec<Member>,
    ) -> Result<(), ChatError> {
        let (id, topic) = (id.clone(), topic.to_owned());
        self.with(move |threads, now| {
            let new = NewThread {
                id: Some(id),
                members,
                host_managed: true,
                system_messages: SystemMessages::Silent,
                ..NewThread::new(topic, created_by, now)
            };
            match threads.create_thread(new) {
                Ok(_) | Err(ChatError::ThreadExists) => Ok(()),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Ends the membership of all guests in all meetings' threads: they are members while in a call, and no call outlives
    /// the service.
    pub(crate) async fn clear_guests(&self) -> Result<(), ChatError> {
        self.with(|threads, now| {
            for (thread, guest) in threads.store().guests_in_meetings()? {
                threads.remove_member(&thread, &guest, SystemMessages::Silent, now)?;
            }
            Ok(())
        })
        .await
    }

    /// Runs `f` on the database thread and publishes what happened before answering, so that listeners hear of events
    /// in the order of the commits.
    async fn with<T, F>(&self, f: F) -> Result<T, ChatError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Threads<'_>, OffsetDateTime) -> Result<T, ChatError> + Send + 'static,
    {
        let (events, clock) = (self.events.clone(), self.clock.clone());
        let write = move |connection: &mut Connection| {
            let mut threads = ChatService::new(SqliteChatStore::new(connection));
            let outcome = f(&mut threads, clock.now())?;
            let happened: Vec<Event> = std::iter::from_fn(|| threads.poll_event())
                .map(|notice| notice.event)
                .collect();
            Ok::<_, ChatError>((outcome, happened))
        };
        let publish = move |(_, happened): &(T, Vec<Event>)| {
            for event in happened {
                events.publish(ChatNotice {
                    thread: event.thread().clone(),
                    event: Arc::new(event.clone()),
                });
            }
        };
        Ok(self.store.write_then(write, publish).await?.0)
    }
}

impl From<StoreError> for ChatError {
    fn from(error: StoreError) -> Self {
        Self::Store(anteroom_chat::StoreError::Failed(error.to_string()))
    }
}
