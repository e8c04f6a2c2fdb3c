//! Threads as their members make them: properties, receipts, typing, their end.

use anteroom_chat::service::{Created, NewThread, Page, PageRequest};
use anteroom_chat::thread::{Receipt, ThreadProperties, ThreadUpdate};
use anteroom_chat::{ChatError, ClientMessageId, Member, MessageId, RetentionPolicy, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use time::{Duration, OffsetDateTime};

use super::participants::vet;
use super::{ChatHub, Refused, Told, drain, tell_listeners};

/// How long a client may repeat a request to create a thread.
const REQUESTS_KEPT: Duration = Duration::days(1);

/// How long deleting a deleted thread again succeeds.
const DELETED_KEPT: Duration = Duration::days(30);

/// A thread that somebody wants.
#[derive(Debug, Clone, Default)]
pub struct WantedThread {
    /// 1 to 250 characters.
    pub topic: String,
    /// Members besides the creator.
    pub members: Vec<Member>,
    /// Own values.
    pub metadata: std::collections::BTreeMap<String, String>,
    /// How long it is kept.
    pub retention: RetentionPolicy,
    /// The creator's own name for the request: asking again under it gives the first thread.
    pub request: Option<ClientMessageId>,
}

impl ChatHub {
    /// Creates a thread with the caller in it. Also gives who could not become a member.
    ///
    /// # Errors
    /// As [`create_thread_as`](anteroom_chat::ChatService::create_thread_as).
    pub async fn create(
        &self,
        caller: &CommunicationIdentifier,
        wanted: WantedThread,
    ) -> Result<(Created, Vec<Refused>), ChatError> {
        let caller = caller.clone();
        let limits = self.limits;
        self.with(move |threads, now| {
            let WantedThread {
                topic,
                members,
                metadata,
                retention,
                request,
            } = wanted;
            if members.len() > limits.participants_per_call {
                return Err(ChatError::BadRequest {
                    target: "participants",
                    message: "Too many participants in one request.",
                });
            }
            let (members, refused) = vet(threads.store(), &caller, members)?;
            let new = NewThread {
                members,
                metadata,
                retention,
                request,
                ..NewThread::new(topic, caller, now)
            };
            Ok((threads.create_thread_as(new)?, refused))
        })
        .await
    }

    /// Changes topic, metadata or retention policy.
    ///
    /// # Errors
    /// As [`update_thread`](anteroom_chat::ChatService::update_thread).
    pub async fn update(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        update: ThreadUpdate,
    ) -> Result<ThreadProperties, ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, now| threads.update_thread(&caller, &thread, update, now))
            .await
    }

    /// Changes a meeting's thread, which is not its members' to change. A call of the host's.
    ///
    /// # Errors
    /// As [`update_thread_as_host`](anteroom_chat::ChatService::update_thread_as_host).
    pub async fn update_as_host(
        &self,
        by: &CommunicationIdentifier,
        thread: &ThreadId,
        update: ThreadUpdate,
    ) -> Result<ThreadProperties, ChatError> {
        let (by, thread) = (by.clone(), thread.clone());
        self.with(move |threads, now| threads.update_thread_as_host(&by, &thread, update, now))
            .await
    }

    /// Deletes a thread.
    ///
    /// # Errors
    /// As [`delete_thread`](anteroom_chat::ChatService::delete_thread).
    pub async fn delete(&self, caller: &CommunicationIdentifier, thread: &ThreadId) -> Result<(), ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, now| threads.delete_thread(&caller, &thread, now))
            .await
    }

    /// Deletes the threads whose retention policy says so, at most `limit`; how many there were. Forgets what nobody asks
    /// for any more, too: names of requests a day old, and that there were threads deleted a month ago.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn delete_expired(&self, limit: usize) -> Result<usize, ChatError> {
        self.with(move |threads, now| {
            threads
                .store()
                .forget_the_old(now - REQUESTS_KEPT, now - DELETED_KEPT, limit)?;
            threads.delete_expired(now, limit)
        })
        .await
    }

    /// The caller's threads.
    ///
    /// # Errors
    /// As [`list_threads`](anteroom_chat::ChatService::list_threads).
    pub async fn threads(
        &self,
        caller: &CommunicationIdentifier,
        start_time: Option<OffsetDateTime>,
        max_page_size: Option<u32>,
        sync_state: Option<String>,
    ) -> Result<Page<ThreadProperties>, ChatError> {
        let caller = caller.clone();
        self.read(move |threads| {
            let page = PageRequest {
                max_page_size,
                sync_state: sync_state.as_deref(),
            };
            threads.list_threads(&caller, start_time, page)
        })
        .await
    }

    /// Notes that the caller has read up to a message.
    ///
    /// # Errors
    /// As [`send_read_receipt`](anteroom_chat::ChatService::send_read_receipt).
    pub async fn read_up_to(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        message: MessageId,
    ) -> Result<(), ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.with(move |threads, now| threads.send_read_receipt(&caller, &thread, message, now))
            .await
    }

    /// How far each has read.
    ///
    /// # Errors
    /// As [`list_read_receipts`](anteroom_chat::ChatService::list_read_receipts).
    pub async fn receipts(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
    ) -> Result<Vec<Receipt>, ChatError> {
        let (caller, thread) = (caller.clone(), thread.clone());
        self.read(move |threads| threads.list_read_receipts(&caller, &thread))
            .await
    }

    /// Tells the others that the caller is typing. Nothing is written, so that this does not wait for the disk.
    ///
    /// # Errors
    /// As [`send_typing`](anteroom_chat::ChatService::send_typing).
    pub async fn typing(
        &self,
        caller: &CommunicationIdentifier,
        thread: &ThreadId,
        display_name: Option<String>,
    ) -> Result<(), ChatError> {
        let (caller, thread, now) = (caller.clone(), thread.clone(), self.clock.now());
        let happened = self
            .read(move |threads| {
                threads.send_typing(&caller, &thread, display_name, now)?;
                Ok(drain(threads))
            })
            .await?;
        for notice in happened {
            tell_listeners(&self.listeners, &notice);
            // Nobody wanting to know is fine.
            let _ = self.notices.send(Told::new(&notice, self.names())).await;
        }
        Ok(())
    }

    /// Forgets a person: memberships, receipts, names of requests, and what its messages say.
    ///
    /// # Errors
    /// [`ChatError::Store`].
    pub async fn forget(&self, id: &CommunicationIdentifier) -> Result<(), ChatError> {
        let id = id.clone();
        self.with(move |threads, now| threads.forget(&id, now)).await
    }
}
