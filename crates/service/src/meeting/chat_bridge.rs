//! What is said in a meeting's thread reaches its call, and what is said in the call reaches the thread.

use anteroom_chat::id::{ClientMessageId, MessageId, SequenceId};
use anteroom_chat::service::NewMessage;
use anteroom_chat::thread::Message;
use anteroom_chat::{ChatError, Event, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;
use tokio::sync::mpsc;

use super::machine::{ChatLine, Input, SessionId};
use super::task::ToMeeting;
use crate::chat::ChatHub;

/// Messages, receipts and the like of one meeting that may wait to be stored.
const QUEUE_MESSAGES: usize = 256;

/// Messages handed to somebody who connects.
const HISTORY_MESSAGES: u32 = 200;

/// What a participant has for the thread.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) session: SessionId,
    pub(super) reply: u32,
    pub(super) member: CommunicationIdentifier,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// A message.
    Say {
        display_name: String,
        text: String,
        client_message_id: String,
    },
    /// It is typing; nobody waits for an answer.
    Typing { display_name: String },
    /// It has read up to this message.
    Read { message_id: String },
}

/// What a call hears of its thread.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A person said something.
    Said(ChatLine),
    /// A person changed or deleted what it had said.
    Changed(ChatLine),
    /// Somebody is typing.
    Typing {
        by: CommunicationIdentifier,
        display_name: String,
    },
    /// Somebody has read up to a message of that time.
    Read {
        by: CommunicationIdentifier,
        message_id: String,
        said: OffsetDateTime,
    },
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
            let Outgoing {
                session,
                reply,
                member,
                what,
            } = outgoing;
            let wants_answer = !matches!(what, What::Typing { .. });
            let result = carry_out(&chat, &thread, &member, what).await;
            if !wants_answer {
                continue;
            }
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

/// What the call hears of an event, if anything.
pub(super) fn heard(event: &Event) -> Option<Heard> {
    match event {
        Event::MessageReceived { message, .. } => line(message).map(Heard::Said),
        Event::MessageEdited { message, .. } | Event::MessageDeleted { message, .. } => {
            line(message).map(Heard::Changed)
        }
        Event::Typing { sender, .. } => Some(Heard::Typing {
            by: sender.id.clone(),
            display_name: sender.display_name.clone(),
        }),
        Event::ReadReceipt { reader, message, .. } => Some(Heard::Read {
            by: reader.clone(),
            message_id: message.to_string(),
            said: message.time(),
        }),
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
    Ok(lines(&said))
}

/// What a member may see of the thread's history, oldest first.
pub(super) async fn history(
    chat: &ChatHub,
    thread: &ThreadId,
    member: &CommunicationIdentifier,
) -> Result<Vec<ChatLine>, ChatError> {
    let said = chat.visible_history(member, thread, HISTORY_MESSAGES).await?;
    Ok(lines(&said))
}

/// Gives the id of what was said, or the error's key and sentence.
async fn carry_out(
    chat: &ChatHub,
    thread: &ThreadId,
    member: &CommunicationIdentifier,
    what: What,
) -> Result<String, (&'static str, String)> {
    match what {
        What::Say {
            display_name,
            text,
            client_message_id,
        } => {
            let new = new_message(display_name, text, client_message_id)?;
            let sent = chat.send(member, thread, new).await;
            sent.map(|sent| sent.message.id.to_string()).map_err(refusal)
        }
        What::Typing { display_name } => {
            let typing = chat.typing(member, thread, Some(display_name)).await;
            typing.map(|()| String::new()).map_err(refusal)
        }
        What::Read { message_id } => {
            let message: MessageId = message_id.parse().map_err(|_| unknown_message())?;
            let read = chat.read_up_to(member, thread, message).await;
            read.map(|()| String::new()).map_err(refusal)
        }
    }
}

fn new_message(
    display_name: String,
    text: String,
    client_message_id: String,
) -> Result<NewMessage, (&'static str, String)> {
    let client_message_id: Option<ClientMessageId> = if client_message_id.is_empty() {
        None
    } else {
        let unusable = |_| ("malformed", "The client message id cannot be used.".to_owned());
        Some(client_message_id.parse().map_err(unusable)?)
    };
    Ok(NewMessage {
        content: text,
        sender_display_name: Some(display_name),
        client_message_id,
        ..NewMessage::default()
    })
}

fn refusal(error: ChatError) -> (&'static str, String) {
    match error {
        ChatError::NotMember | ChatError::ThreadNotFound => (
            "not_allowed",
            "You are not in the chat of this meeting.".to_owned(),
        ),
        ChatError::MessageNotFound => unknown_message(),
        ChatError::TooLarge(_) => ("too_large", "The message is too large.".to_owned()),
        ChatError::BadRequest { message, .. } => ("malformed", message.to_owned()),
        error => {
            tracing::error!(%error, "a chat message could not be stored");
            (
                "unavailable",
                "The message could not be stored; try again.".to_owned(),
            )
        }
    }
}

fn unknown_message() -> (&'static str, String) {
    ("unknown_message", "There is no such message.".to_owned())
}

fn lines(messages: &[Message]) -> Vec<ChatLine> {
    let there = messages.iter().filter(|message| message.deleted_on.is_none());
    there.filter_map(line).collect()
}

fn line(message: &Message) -> Option<ChatLine> {
    let sender = message.sender.as_ref().filter(|_| message.is_from_person())?;
    Some(ChatLine {
        id: message.id.to_string(),
        sequence: message.sequence_id.get(),
        sender: sender.to_string(),
        sender_display_name: message.sender_display_name.clone(),
        text: message.plain_text(),
        created: message.created_on,
        edited: message.edited_on,
        deleted: message.deleted_on.is_some(),
    })
}
