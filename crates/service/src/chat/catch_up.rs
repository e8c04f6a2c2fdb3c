//! For listeners that have missed notices: what was said meanwhile, whoever may see it.

use anteroom_chat::id::SequenceId;
use anteroom_chat::store::{ChatStore as _, MessageRange};
use anteroom_chat::thread::Message;
use anteroom_chat::{ChatError, ThreadId};
use time::OffsetDateTime;

use super::ChatHub;

/// Most messages given.
const MAX_MISSED: usize = 10_000;

impl ChatHub {
    /// Place of the newest message; zero when there is none, or no thread.
    pub(crate) async fn newest(&self, thread: &ThreadId) -> Result<SequenceId, ChatError> {
        let thread = thread.clone();
        self.read(move |threads| {
            let properties = threads.store().thread(&thread)?;
            Ok(properties.map_or(SequenceId::ZERO, |properties| properties.last_sequence))
        })
        .await
    }

    /// What was said after a place, oldest first; the newest 10,000 messages of it.
    pub(crate) async fn said_after(
        &self,
        thread: &ThreadId,
        after: SequenceId,
    ) -> Result<Vec<Message>, ChatError> {
        let thread = thread.clone();
        let range = MessageRange {
            before: None,
            after,
            created_from: OffsetDateTime::UNIX_EPOCH,
            limit: MAX_MISSED,
        };
        let read = self.read(move |threads| Ok(threads.store().messages(&thread, &range)?));
        let mut messages = read.await?;
        messages.reverse();
        Ok(messages)
    }
}
