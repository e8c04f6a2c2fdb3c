//! A client of the ACS Chat REST API, for Anteroom and, by the same protocol, for Azure.
//!
//! The shape is that of the official SDKs: a [`ChatClient`] with a user's token, and a [`ChatThreadClient`] per thread.
//! Lists are streams that fetch page after page. Retries, errors and options are those of
//! [`anteroom_identity::client`].
//!
//! ```no_run
//! use anteroom_chat::client::{ChatClient, CreateChatThread};
//! use anteroom_chat::wire::rest::SendMessageRequest;
//! use anteroom_identity::client::{ClientOptions, CommunicationTokenCredential};
//! use futures_util::TryStreamExt as _;
//!
//! # async fn example(token: &str) -> Result<(), anteroom_identity::client::Error> {
//! let credential = CommunicationTokenCredential::new(token)?;
//! let client = ChatClient::new("https://127.0.0.1:8443", credential, ClientOptions::default())?;
//! let created = client.create_chat_thread(CreateChatThread::new("Lunch")).await?;
//! let thread = client.chat_thread_client(&created.chat_thread.id)?;
//! thread.send_message(&SendMessageRequest::text("Who is hungry?")).await?;
//! let mut messages = thread.list_messages(Default::default());
//! while let Some(message) = messages.try_next().await? {
//!     println!("{}", message.content.and_then(|content| content.message).unwrap_or_default());
//! }
//! # Ok(()) }
//! ```

mod model;
mod notifications;
#[cfg(test)]
mod tests;
mod thread;

use anteroom_identity::client::pipeline::{Authentication, Method, Pager, Pipeline, segment};
pub use anteroom_identity::client::{ClientOptions, CommunicationTokenCredential, Error};
use uuid::Uuid;

pub use self::model::{CreateChatThread, ListOptions, SkipOptions};
pub use self::notifications::{RealtimeEvent, RealtimeNotifications};
pub use self::thread::ChatThreadClient;
use crate::wire::rest::{ChatThreadItem, CreateThreadResult};

/// The version of the API that is asked for.
pub const API_VERSION: &str = "2025-03-15";

/// A user's chats; `ChatClient` of the official SDKs. Clones share connections.
#[derive(Debug, Clone)]
pub struct ChatClient {
    pipeline: Pipeline,
    credential: CommunicationTokenCredential,
}

impl ChatClient {
    /// A client for the user whose token this is.
    ///
    /// # Errors
    /// As [`Pipeline::new`].
    pub fn new(
        endpoint: &str,
        credential: CommunicationTokenCredential,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        let authentication = Authentication::User(credential.clone());
        let pipeline = Pipeline::new(endpoint, API_VERSION, authentication, options)?;
        Ok(Self { pipeline, credential })
    }

    /// The client of one thread. Nothing is asked of the service.
    ///
    /// # Errors
    /// [`Error::Misuse`] when this can be no thread's id.
    pub fn chat_thread_client(&self, thread_id: &str) -> Result<ChatThreadClient, Error> {
        ChatThreadClient::new(self.pipeline.clone(), thread_id)
    }

    /// Creates a thread; the caller is a participant. Under its repeatability id it is created once, however often the
    /// request arrives.
    ///
    /// # Errors
    /// [`Error`]; 403 without the scope `chat`. Participants who cannot be added are no error, but in the result.
    pub async fn create_chat_thread(&self, thread: CreateChatThread) -> Result<CreateThreadResult, Error> {
        let (body, repeatability) = thread.into_parts();
        let repeatability = repeatability.unwrap_or_else(|| Uuid::new_v4().to_string());
        let request = self
            .pipeline
            .request(Method::Post, "/chat/threads")
            .with_header("repeatability-request-id", &repeatability)
            .with_json(&body)?
            .repeatable();
        self.pipeline.json(request, &[201]).await
    }

    /// The caller's threads.
    pub fn list_chat_threads(&self, options: ListOptions) -> Pager<ChatThreadItem> {
        let request = self.pipeline.request(Method::Get, "/chat/threads");
        Pager::lazy(self.pipeline.clone(), options.apply(request))
    }

    /// Deletes a thread. Deleting it again is fine.
    ///
    /// # Errors
    /// [`Error`]; 403 for who is no participant or lacks the scope `chat`.
    pub async fn delete_chat_thread(&self, thread_id: &str) -> Result<(), Error> {
        let path = format!("/chat/threads/{}", segment(thread_id)?);
        let request = self.pipeline.request(Method::Delete, &path);
        self.pipeline.send(request, &[204]).await.map(drop)
    }
}
