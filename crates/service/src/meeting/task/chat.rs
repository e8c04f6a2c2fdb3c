//! The meeting's chat: what is said in its thread and in the call, and who is a member.

use std::sync::Arc;

use anteroom_chat::id::SequenceId;
use anteroom_chat::{Notice, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use tokio::sync::{broadcast, mpsc};

use super::super::chat_bridge::{self, Heard, Outgoing, What};
use super::super::machine::{ChatLine, Effect, Input, SessionId};
use super::super::presence::Presence;
use super::Task;

pub(super) struct Chat {
    pub(super) thread: ThreadId,
    /// Place of the newest message the meeting has heard of.
    pub(super) heard: SequenceId,
    pub(super) presence: Presence,
    pub(super) outgoing: mpsc::Sender<Outgoing>,
}

impl Task {
    pub(super) async fn retry(&mut self) {
        if let Some(chat) = &mut self.chat {
            chat.presence.retry().await;
        }
    }

    pub(super) async fn said(&mut self, notice: Result<Arc<Notice>, broadcast::error::RecvError>) {
        match notice {
            Ok(notice) => {
                if let Some(heard) = chat_bridge::heard(&notice.event) {
                    self.heard(&heard);
                }
            }
            Err(_) => self.catch_up().await,
        }
    }

    /// Reads what was said while the meeting did not listen.
    pub(super) async fn catch_up(&mut self) {
        let Some(chat) = &self.chat else { return };
        match chat_bridge::missed(self.app.chat(), &chat.thread, chat.heard).await {
            Ok(lines) => {
                for line in lines {
                    self.hear(&line);
                }
            }
            Err(error) => {
                tracing::error!(%error, "what was said in a meeting's chat could not be read");
                self.meeting.handle_chat_lagged();
            }
        }
    }

    pub(super) fn heard(&mut self, heard: &Heard) {
        match heard {
            Heard::Said(line) => self.hear(line),
            Heard::Changed(line) => self.meeting.handle_chat_changed(line),
            Heard::Typing { by, display_name } => self.meeting.handle_typing(by, display_name),
            Heard::Read { by, message_id, said } => self.meeting.handle_read(by, message_id, *said),
        }
    }

    /// Takes a message in, once: what was read may be told again.
    pub(super) fn hear(&mut self, line: &ChatLine) {
        let place = SequenceId::new(line.sequence);
        if let Some(chat) = &mut self.chat
            && place > chat.heard
        {
            chat.heard = place;
            self.meeting.handle_chat(line);
        }
    }

    /// Has the chat hide names as the meeting does.
    pub(super) fn hide_names(&mut self) {
        if let (Some(hidden), Some(chat)) = (self.meeting.take_hidden_names(), &self.chat) {
            self.app.chat().names().set(&chat.thread, hidden.map(Arc::new));
        }
    }

    pub(super) fn show_names(&self) {
        if let Some(chat) = &self.chat {
            self.app.chat().names().set(&chat.thread, None);
        }
    }

    /// Makes everybody a member of the chat who is to be one, at once: nobody minds being one a little early, and those
    /// that wait together share a commit. Who is taken out before waits for that.
    pub(super) async fn join_chat(&mut self, effects: &mut Vec<Effect>) {
        let Some(chat) = &mut self.chat else { return };
        let mut removed = Vec::new();
        let (mut joining, mut rest) = (Vec::new(), Vec::new());
        for effect in effects.drain(..) {
            match effect {
                Effect::ChatAdd {
                    member,
                    display_name,
                    history,
                } if !removed.contains(&member) => joining.push((member, display_name, history)),
                Effect::ChatRemove { member } => {
                    removed.push(member.clone());
                    rest.push(Effect::ChatRemove { member });
                }
                effect => rest.push(effect),
            }
        }
        *effects = rest;
        for (member, start) in chat.presence.add_all(joining).await {
            self.meeting.handle_chat_joined(&member, start);
        }
    }

    /// Has something done in the thread, in turn. What nobody waits for is left out while the thread cannot keep up.
    pub(super) fn hand_over(
        &mut self,
        from: SessionId,
        reply: u32,
        member: CommunicationIdentifier,
        what: What,
    ) {
        let wants_answer = !matches!(what, What::Typing { .. });
        let outgoing = Outgoing {
            session: from,
            reply,
            member,
            what,
        };
        let chat = self.chat.as_ref();
        if chat.is_none_or(|chat| chat.outgoing.try_send(outgoing).is_err()) && wants_answer {
            let result = Err(("busy", "The chat cannot keep up; try again.".to_owned()));
            let now = self.now();
            self.meeting.handle(now, from, Input::ChatSent { reply, result });
        }
    }

    pub(super) async fn history(&mut self, to: SessionId, member: &CommunicationIdentifier) {
        let Some(chat) = &self.chat else { return };
        match chat_bridge::history(self.app.chat(), &chat.thread, member).await {
            Ok(lines) => {
                let now = self.now();
                self.meeting.handle(now, to, Input::History(lines));
            }
            Err(error) => tracing::error!(%error, "a chat history could not be read"),
        }
    }
}

/// What is said next; never, where there is no chat.
pub(super) async fn heard(
    said: Option<&mut broadcast::Receiver<Arc<Notice>>>,
) -> Result<Arc<Notice>, broadcast::error::RecvError> {
    match said {
        Some(said) => said.recv().await,
        None => std::future::pending().await,
    }
}
