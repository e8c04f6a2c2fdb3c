//! Chat threads, for every surface: REST, signaling, meetings, notifications.

mod catch_up;
pub(crate) mod names;
mod participants;
mod threads;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::store::Connection;
use anteroom_chat::service::{ChatService, MessageEdit, NewMessage, NewThread, Page, PageRequest, Sent};
use anteroom_chat::thread::{Member, Message, SystemMessages, ThreadProperties};
use anteroom_chat::{ChatError, Limits, MessageId, Notice, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;
use tokio::sync::{broadcast, mpsc};

use self::names::{HiddenNames, ThreadNames};
pub use self::participants::{Refusal, Refused};
pub use self::threads::WantedThread;
use crate::clock::Clock;
use crate::store::sqlite::{RosterCache, SqliteChatStore};
use crate::store::{Store, StoreError};

/// Notices that a listener to one thread may be behind.
const NOTICES_PER_THREAD: usize = 1024;

/// Notices that may wait for whoever tells everybody; writers wait beyond that.
const NOTICES: usize = 8192;

/// Most messages [`ChatHub::visible_history`] gives.
const MAX_HISTORY: u32 = 200;

/// The threads of the service; clones are the same.
///
/// Callers are known by their identifier, whom the surface has authenticated. Notices come in the order of the commits,
/// and before the call that caused them returns.
#[derive(Debug, Clone)]
pub struct ChatHub {
    store: Store,
    clock: Clock,
    limits: Limits,
    rosters: RosterCache,
    notices: mpsc::Sender<Told>,
    listeners: Arc<Mutex<HashMap<ThreadId, broadcast::Sender<Arc<Notice>>>>>,
    names: ThreadNames,
}

/// Something that happened, on the way to those who are to hear of it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) notice: Arc<Notice>,
    /// Whose names were hidden from whom when it happened.
    pub(crate) hidden: Option<Arc<HiddenNames>>,
}

impl Told {
    fn new(notice: &Arc<Notice>, names: &ThreadNames) -> Self {
        Self {
            notice: Arc::clone(notice),
            hidden: names.of(notice.event.thread()),
        }
    }
}

type Threads<'c> = ChatService<SqliteChatStore<&'c mut Connection>>;

impl ChatHub {
    /// The threads in this database, and what happens in all of them, in the order of the commits. Who drops the
    /// receiver does not want to know; who keeps it has to empty it, since writers wait when it is full.
    pub(crate) fn new(store: Store, clock: Clock, limits: Limits) -> (Self, mpsc::Receiver<Told>) {
        let (notices, receiver) = mpsc::channel(NOTICES);
        let hub = Self {
            store,
            clock,
            limits,
            rosters: RosterCache::default(),
            notices,
            listeners: Arc::default(),
            names: ThreadNames::default(),
        };
        (hub, receiver)
    }

    /// What happens from now on in a thread. Who falls behind by more than 1024 notices misses the oldest, and is told.
    #[must_use]
    pub fn subscribe(&self, thread: &ThreadId) -> broadcast::Receiver<Arc<Notice>> {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|_, listeners| listeners.receiver_count() > 0);
        listeners
            .entry(thread.clone())
            .or_insert_with(|| broadcast::channel(NOTICES_PER_THREAD).0)
            .subscribe()
    }

    /// Whose names are hidden in which threads.
    pub(crate) const fn names(&self) -> &ThreadNames {
        &self.names
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

    /// Changes the caller's own message.
    ///
    /// # Errors
    /// As [`ChatService::edit_message`].
    pub async fn edit(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: MessageId,
        edit: MessageEdit,
    ) -> Result<Message, ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, now| threads.edit_message(&caller, &thread, id, edit, now))
            .await
    }

    /// Deletes the caller's own message.
    ///
    /// # Errors
    /// As [`ChatService::delete_message`].
    pub async fn unsay(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: MessageId,
    ) -> Result<(), ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, now| threads.delete_message(&caller, &thread, id, now))
            .await
    }

    /// The messages the caller can see, newest first, with the names it may see.
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
        let (reader, of) = (caller.clone(), thread.clone());
        let listed = self.read(move |threads| {
            let page = PageRequest {
                max_page_size,
                sync_state: sync_state.as_deref(),
            };
            threads.list_messages(&reader, &of, start_time, page)
        });
        let mut page = listed.await?;
        if let Some(hidden) = self.names.hidden_from(caller, thread) {
            for message in &mut page.items {
                hidden.mask_message(Some(caller), message);
            }
        }
        Ok(page)
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

    /// A message the caller can see, with the names it may see.
    ///
    /// # Errors
    /// As [`ChatService::get_message`].
    pub async fn get(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        id: MessageId,
    ) -> Result<Message, ChatError> {
        let (reader, of) = (caller.clone(), thread.clone());
        let found = self.read(move |threads| threads.get_message(&reader, &of, id));
        let mut message = found.await?;
        if let Some(hidden) = self.names.hidden_from(caller, thread) {
            hidden.mask_message(Some(caller), &mut message);
        }
        Ok(message)
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
        self.read(move |threads| threads.thread_properties(&caller, &thread))
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

    /// Gives a member another name; `false` when there is no such member. A call of the host's.
    ///
    /// # Errors
    /// As [`ChatService::rename_member`].
    pub async fn rename_member(
        &self,
        thread: &ThreadId,
        id: &CommunicationIdentifier,
        display_name: &str,
    ) -> Result<bool, ChatError> {
        let (thread, id, name) = (thread.clone(), id.clone(), display_name.to_owned());
        self.with(move |threads, _| threads.rename_member(&thread, &id, &name))
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

    /// Changes threads on the writing thread of the database. What happened is published there after the commit and
    /// before the answer.
    async fn with<T, F>(&self, f: F) -> Result<T, ChatError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Threads<'_>, OffsetDateTime) -> Result<T, ChatError> + Send + 'static,
    {
        let (clock, limits, rosters) = (self.clock.clone(), self.limits, self.rosters.clone());
        let write = move |connection: &mut Connection| {
            let store = SqliteChatStore::with_rosters(connection, rosters);
            let mut threads = ChatService::with_limits(store, limits);
            let outcome = f(&mut threads, clock.now())?;
            Ok::<_, ChatError>((outcome, drain(&mut threads)))
        };
        let (listeners, notices) = (Arc::clone(&self.listeners), self.notices.clone());
        let names = self.names.clone();
        let publish = move |(_, happened): &(T, Vec<Arc<Notice>>)| {
            for notice in happened {
                tell_listeners(&listeners, notice);
                // Back-pressure rather than loss. Nobody wanting to know is fine.
                let _ = notices.blocking_send(Told::new(notice, &names));
            }
        };
        Ok(self.store.write_then(write, publish).await?.0)
    }

    /// Reads threads beside the writer.
    async fn read<T, F>(&self, f: F) -> Result<T, ChatError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Threads<'_>) -> Result<T, ChatError> + Send + 'static,
    {
        let (limits, rosters) = (self.limits, self.rosters.clone());
        self.store
            .read(move |connection| {
                let store = SqliteChatStore::with_rosters(connection, rosters);
                f(&mut ChatService::with_limits(store, limits))
            })
            .await
    }
}

fn drain(threads: &mut Threads<'_>) -> Vec<Arc<Notice>> {
    std::iter::from_fn(|| threads.poll_event())
        .map(Arc::new)
        .collect()
}

fn tell_listeners(
    listeners: &Mutex<HashMap<ThreadId, broadcast::Sender<Arc<Notice>>>>,
    notice: &Arc<Notice>,
) {
    let mut listeners = listeners.lock().unwrap_or_else(PoisonError::into_inner);
    let thread = notice.event.thread();
    if let Some(sender) = listeners.get(thread)
        && sender.send(Arc::clone(notice)).is_err()
    {
        listeners.remove(thread);
    }
}

impl From<StoreError> for ChatError {
    fn from(error: StoreError) -> Self {
        Self::Store(anteroom_chat::StoreError::Failed(error.to_string()))
    }
}
