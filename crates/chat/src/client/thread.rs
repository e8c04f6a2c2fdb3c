//! One thread.

use anteroom_identity::client::Error;
use anteroom_identity::client::pipeline::{Method, Pager, Pipeline, Request, segment};
use anteroom_identity::id::CommunicationIdentifier;

use super::model::{ListOptions, SkipOptions};
use crate::wire::identifier::IdentifierModel;
use crate::wire::rest::{
    AddParticipantsRequest, AddParticipantsResult, ChatMessage, ChatMessageReadReceipt, ChatParticipant,
    ChatThreadProperties, ErrorDetail, SendMessageRequest, SendMessageResult, SendReadReceiptRequest,
    SendTypingNotificationRequest, UpdateMessageRequest, UpdateThreadRequest,
};

/// One thread of a user; `ChatThreadClient` of the official SDKs. Clones share connections.
///
/// Every method fails with [`Error`]: 403 for who is no participant, 404 for a thread or message that is not there.
#[derive(Debug, Clone)]
pub struct ChatThreadClient {
    pipeline: Pipeline,
    id: String,
    /// `/chat/threads/<id>`, percent-encoded.
    path: String,
}

impl ChatThreadClient {
    pub(super) fn new(pipeline: Pipeline, id: &str) -> Result<Self, Error> {
        Ok(Self {
            pipeline,
            id: id.to_owned(),
            path: format!("/chat/threads/{}", segment(id)?),
        })
    }

    /// The thread's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Topic, creator and the rest of the thread's head.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn properties(&self) -> Result<ChatThreadProperties, Error> {
        let request = self.request(Method::Get, "");
        self.pipeline.json(request, &[200]).await
    }

    /// Changes the topic; 1 to 250 characters.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn update_topic(&self, topic: &str) -> Result<(), Error> {
        let update = UpdateThreadRequest {
            topic: Some(topic.to_owned()),
            ..UpdateThreadRequest::default()
        };
        self.update_properties(&update).await
    }

    /// Changes topic, metadata or retention policy.
    ///
    /// # Errors
    /// [`Error`]; 403 without the scope `chat`.
    pub async fn update_properties(&self, update: &UpdateThreadRequest) -> Result<(), Error> {
        let request = self.request(Method::Patch, "").with_json(update)?.repeatable();
        self.done(request, 204).await
    }

    /// Sends a message; its id.
    ///
    /// A connection that breaks before the answer is an error: nobody knows then whether it was sent.
    ///
    /// # Errors
    /// [`Error`]; 413 above about 28 KB.
    pub async fn send_message(&self, message: &SendMessageRequest) -> Result<String, Error> {
        let request = self.request(Method::Post, "/messages").with_json(message)?;
        let sent: SendMessageResult = self.pipeline.json(request, &[201]).await?;
        Ok(sent.id)
    }

    /// The messages that the caller may see, the newest first.
    pub fn list_messages(&self, options: ListOptions) -> Pager<ChatMessage> {
        let request = self.request(Method::Get, "/messages");
        Pager::lazy(self.pipeline.clone(), options.apply(request))
    }

    /// One message.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn message(&self, message_id: &str) -> Result<ChatMessage, Error> {
        let request = self.message_request(Method::Get, message_id)?;
        self.pipeline.json(request, &[200]).await
    }

    /// Changes a message of one's own.
    ///
    /// # Errors
    /// [`Error`]; 403 for somebody else's.
    pub async fn update_message(&self, message_id: &str, update: &UpdateMessageRequest) -> Result<(), Error> {
        let request = self
            .message_request(Method::Patch, message_id)?
            .with_json(update)?
            .repeatable();
        self.done(request, 204).await
    }

    /// Deletes a message of one's own.
    ///
    /// # Errors
    /// [`Error`]; 403 for somebody else's.
    pub async fn delete_message(&self, message_id: &str) -> Result<(), Error> {
        let request = self.message_request(Method::Delete, message_id)?;
        self.done(request, 204).await
    }

    /// Who is in the thread.
    pub fn list_participants(&self, options: SkipOptions) -> Pager<ChatParticipant> {
        let request = self.request(Method::Get, "/participants");
        Pager::lazy(self.pipeline.clone(), options.apply(request))
    }

    /// Adds participants, at most 200; gives those who could not be added, by raw id in `target`. Who is in already
    /// stays as they are.
    ///
    /// # Errors
    /// [`Error`]; 403 with the scope `chat.join.limited` alone.
    pub async fn add_participants(
        &self,
        participants: impl IntoIterator<Item = ChatParticipant> + Send,
    ) -> Result<Vec<ErrorDetail>, Error> {
        let body = AddParticipantsRequest {
            participants: participants.into_iter().collect(),
        };
        let request = self
            .request(Method::Post, "/participants/:add")
            .with_json(&body)?
            .repeatable();
        let result: AddParticipantsResult = self.pipeline.json(request, &[201]).await?;
        Ok(result.invalid_participants)
    }

    /// Removes a participant, or oneself.
    ///
    /// # Errors
    /// [`Error`]; 403 with the scope `chat.join.limited` alone.
    pub async fn remove_participant(&self, id: &CommunicationIdentifier) -> Result<(), Error> {
        let request = self
            .request(Method::Post, "/participants/:remove")
            .with_json(&IdentifierModel::from(id))?;
        self.done(request, 204).await
    }

    /// Shows the others that somebody is typing, for about eight seconds.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn send_typing_notification(&self, sender_display_name: Option<&str>) -> Result<(), Error> {
        let body = SendTypingNotificationRequest {
            sender_display_name: sender_display_name.map(str::to_owned),
        };
        let request = self
            .request(Method::Post, "/typing")
            .with_json(&body)?
            .repeatable();
        self.done(request, 200).await
    }

    /// Shows the others how far one has read.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn send_read_receipt(&self, message_id: &str) -> Result<(), Error> {
        let body = SendReadReceiptRequest {
            chat_message_id: message_id.to_owned(),
        };
        let request = self
            .request(Method::Post, "/readReceipts")
            .with_json(&body)?
            .repeatable();
        self.done(request, 200).await
    }

    /// How far each participant has read.
    pub fn list_read_receipts(&self, options: SkipOptions) -> Pager<ChatMessageReadReceipt> {
        let request = self.request(Method::Get, "/readReceipts");
        Pager::lazy(self.pipeline.clone(), options.apply(request))
    }

    fn request(&self, method: Method, rest: &str) -> Request {
        self.pipeline.request(method, &format!("{}{rest}", self.path))
    }

    fn message_request(&self, method: Method, message_id: &str) -> Result<Request, Error> {
        let path = format!("/messages/{}", segment(message_id)?);
        Ok(self.request(method, &path))
    }

    async fn done(&self, request: Request, status: u16) -> Result<(), Error> {
        self.pipeline.send(request, &[status]).await.map(drop)
    }
}
