//! What is said in a meeting's thread reaches its call, and what is said in the call reaches the thread.

use anteroom_chat::id::{ClientMessageId, SequenceId};
use anteroom_chat::service::NewMessage;
use anteroom_chat::thread::Message;
use anteroom_chat::{ChatError, Event, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use tokio::sync::mpsc;

use super::machine::{ChatLine, Input, SessionId};
use super::task::ToMeeting;
use crate::chat::ChatHub;

/// Messages of one meeting that may wait to be stored.
const QUEUE_MESSAGES: usize = 256;

/// Messages handed to somebody who connects.
const HISTORY_MESSAGES: u32 = 200;

/// A message a participant sends.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) session: SessionId,
    pub(super) reply: u32,
    pub(super) member: CommunicationIdentifier,
    pub(super) display_name: String,
    pub(super) text: String,
    pub(super) client_message_id: String,
}

/// Starts a task that stores messages in turn, so that a meeting does not wait for the disk. It ends when the sender
/// is dropped.
pub(super) fn spawn(
    chat: ChatHub,
    thread: ThreadId,
    meeting: mpsc::Sender<ToMeeting>,
) -> mpsc::Sender<Outgoing> {
    let (outgoing, mut queue) = mpsc::channel::<Outgoing>(QUEUE_MESSAGES);
    tokio::spawn(async move {
        while let Some(outgoing) = queue.recv().await {
            let (session, reply) = (outgoing.session, outgoing.reply);
            let result = send(&chat, &thread, outgoing).await;
            let sent = Input::ChatSent { reply, result };
            if meeting
                .send(ToMeeting::Session(session, Box::new(sent)))
                .await
                .is_err()
            {
                return;
            }
        }
    });
    outgoing
}

/// What everybody in the call hears of an event, if it is a message a person sent.
pub(super) fn line_of(event: &Event) -> Option<ChatLine> {
    match event {
        Event::MessageReceived { message, .. } => line(message),
        _ => None,
    }
}

/// What people said in the thread after a place, oldest first.
pub(super) async fn missed(
    chat: &ChatHub,
    thread: &ThreadId,
    after: SequenceId,
) -> Result<Vec<ChatLine>, ChatError> {
    let said = chat.said_after(thread, after).await?;
    Ok(said.iter().filter_map(line).collect())
}

/// What a member may see of the thread's history, oldest first.
pub(super) async fn history(
    chat: &ChatHub,
    thread: &ThreadId,
    member: &CommunicationIdentifier,
) -> Result<Vec<ChatLine>, ChatError> {
    let said = chat.visible_history(member, thread, HISTORY_MESSAGES).await?;
    Ok(said.iter().filter_map(line).collect())
}

async fn send(
    chat: &ChatHub,
    thread: &ThreadId,
    outgoing: Outgoing,
) -> Result<String, (&'static str, String)> {
    let Outgoing {
        member,
        display_name,
        text,
        client_message_id,
        ..
    } = outgoing;
    let client_message_id: Option<ClientMessageId> = if client_message_id.is_empty() {
        None
    } else {
        let unusable = |_| ("malformed", "The client message id cannot be used.".to_owned());
        Some(client_message_id.parse().map_err(unusable)?)
    };
    let new = NewMessage {
        content: text,
        sender_display_name: Some(display_name),
        client_message_id,
        ..NewMessage::default()
    };
    match chat.send(&member, thread, new).await {
        Ok(sent) => Ok(sent.message.id.to_string()),
        Err(ChatError::NotMember | ChatError::ThreadNotFound) => Err((
            "not_allowed",
            "You are not in the chat of this meeting.".to_owned(),
        )),
        Err(ChatError::TooLarge(_)) => Err(("too_large", "The message is too large.".to_owned())),
        Err(ChatError::BadRequest { message, .. }) => Err(("malformed", message.to_owned())),
        Err(error) => {
            tracing::error!(%error, "a chat message could not be stored");
            Err((
                "unavailable",
                "The message could not be stored; try again.".to_owned(),
            ))
        }
    }
}

fn line(message: &Message) -> Option<ChatLine> {
    let sender = message
        .sender
        .as_ref()
        .filter(|_| message.is_from_person() && message.deleted_on.is_none())?;
    Some(ChatLine {
        id: message.id.to_string(),
        sequence: message.sequence_id.get(),
        sender: sender.to_string(),
        sender_display_name: message.sender_display_name.clone(),
        text: message.plain_text(),
        created: message.created_on,
    })
}
