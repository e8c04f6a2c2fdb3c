//! Chat membership follows presence in the call.

use anteroom_chat::ThreadId;
use anteroom_chat::id::SequenceId;
use anteroom_chat::thread::SystemMessages;
use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

use super::machine::{ChatStart, HistoryShare};
use crate::chat::ChatHub;

/// Adds members to a meeting's thread and takes them out again.
#[derive(Debug)]
pub(super) struct Presence {
    chat: ChatHub,
    thread: ThreadId,
    /// Members who should be out, but the database failed.
    leftovers: Vec<CommunicationIdentifier>,
}

impl Presence {
    pub(super) fn new(chat: ChatHub, thread: ThreadId) -> Self {
        Self {
            chat,
            thread,
            leftovers: Vec::new(),
        }
    }

    /// Makes these people members, at once; gives for each the place in the thread from which on it sees what is said.
    pub(super) async fn add_all(
        &mut self,
        joining: Vec<(CommunicationIdentifier, String, HistoryShare)>,
    ) -> Vec<(CommunicationIdentifier, ChatStart)> {
        self.leftovers
            .retain(|left| !joining.iter().any(|(id, ..)| id == left));
        let this = &*self;
        let added = joining.into_iter().map(|(id, display_name, history)| async move {
            let start = this.try_add(&id, &display_name, history).await;
            (id, start)
        });
        futures_util::future::join_all(added).await
    }

    /// Makes somebody a member; gives the place in the thread from which on it sees what is said.
    pub(super) async fn add(
        &mut self,
        id: &CommunicationIdentifier,
        display_name: &str,
        history: HistoryShare,
    ) -> ChatStart {
        self.leftovers.retain(|left| left != id);
        self.try_add(id, display_name, history).await
    }

    async fn try_add(
        &self,
        id: &CommunicationIdentifier,
        display_name: &str,
        history: HistoryShare,
    ) -> ChatStart {
        let from = match history {
            HistoryShare::All => Some(OffsetDateTime::UNIX_EPOCH),
            HistoryShare::FromNow => None,
            HistoryShare::Since(start) => Some(next_ms(start.at)),
        };
        let added = self
            .chat
            .add_member(&self.thread, id, display_name, from, SystemMessages::Silent)
            .await;
        match (added, history) {
            (_, HistoryShare::Since(start)) => start,
            (Ok(member), _) => ChatStart {
                after: member.hidden_up_to.map_or(0, SequenceId::get),
                at: member.share_history_from,
            },
            (Err(error), _) => {
                // The chat refuses whatever a participant without membership asks for: nothing leaks.
                tracing::error!(%error, "a participant could not be added to the chat");
                ChatStart {
                    after: u64::MAX,
                    at: OffsetDateTime::now_utc(),
                }
            }
        }
    }

    /// Gives a member another name.
    pub(super) async fn rename(&self, id: &CommunicationIdentifier, display_name: &str) {
        let renamed = self.chat.rename_member(&self.thread, id, display_name).await;
        if let Err(error) = renamed {
            tracing::error!(%error, "a participant's name could not be changed in the chat");
        }
    }

    /// Takes a membership away; what fails is tried again by [`retry`](Self::retry).
    pub(super) async fn remove(&mut self, id: CommunicationIdentifier) {
        if let Err(error) = self
            .chat
            .remove_member(&self.thread, &id, SystemMessages::Silent)
            .await
        {
            tracing::error!(%error, "a participant could not be removed from the chat");
            self.leftovers.push(id);
        }
    }

    /// Whether somebody is still a member who should not be.
    pub(super) fn has_leftovers(&self) -> bool {
        !self.leftovers.is_empty()
    }

    /// Tries again.
    pub(super) async fn retry(&mut self) {
        for id in std::mem::take(&mut self.leftovers) {
            self.remove(id).await;
        }
    }
}

/// The next whole millisecond: messages have whole ones, and one of the millisecond in which a stay began may have been
/// said before it. Hiding a message too many is the right side to err on.
fn next_ms(at: OffsetDateTime) -> OffsetDateTime {
    let beyond = at.nanosecond() % 1_000_000;
    if beyond == 0 {
        at
    } else {
        at + std::time::Duration::from_nanos(u64::from(1_000_000 - beyond))
    }
}
