//! Threads as files: read straight from the database, whether the service runs or not.

use std::io::{self, Write};
use std::path::Path;

use anteroom_chat::store::{ChatStore, MessageRange};
use anteroom_chat::wire::rest::{ChatMessage, ChatParticipant, ChatThreadProperties};
use anteroom_chat::{SequenceId, ThreadId};
use serde::Serialize;
use time::OffsetDateTime;

use crate::data;
use crate::store::sqlite::{SqliteChatStore, snapshot};
use crate::store::{Connection, StoreError};

/// Messages read at a time.
const CHUNK: u64 = 500;

/// The threads of a data directory as they are at one moment.
#[derive(Debug)]
pub struct Threads(SqliteChatStore<Connection>);

/// A line of the list of threads.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadLine {
    /// The thread.
    #[serde(flatten)]
    pub properties: ChatThreadProperties,
    /// Members now.
    pub participants: usize,
    /// Messages, those of the system and deleted ones included.
    pub messages: u64,
}

/// A line of an export.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "one at a time, and most are messages")]
pub enum ExportLine {
    /// The first line.
    Thread(ThreadLine),
    /// A member.
    Participant {
        /// As the REST API gives it.
        #[serde(rename = "participant")]
        value: ChatParticipant,
    },
    /// A message, oldest first.
    Message {
        /// As the REST API gives it.
        #[serde(rename = "message")]
        value: ChatMessage,
    },
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is no such thread.
    #[error("there is no thread {0}")]
    NoThread(ThreadId),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The same, said by the chat's store.
    #[error(transparent)]
    Chat(#[from] anteroom_chat::StoreError),
    /// The export cannot be written.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
}

impl Threads {
    /// Opens the database in the data directory for reading. What is written after this call is not seen.
    ///
    /// # Errors
    /// There is no database, or it cannot be read.
    pub fn open(data: &Path) -> Result<Self, StoreError> {
        let connection = snapshot::open_read_only(&data::database_path(data))?;
        snapshot::freeze(&connection)?;
        Ok(Self(SqliteChatStore::new(connection)))
    }

    /// All threads, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn list(&self) -> Result<Vec<ThreadLine>, ExportError> {
        self.0
            .all_threads()?
            .iter()
            .filter_map(|id| self.line(id).transpose())
            .collect()
    }

    /// Writes a thread as JSON Lines: its properties, its participants, then its messages, oldest first. `progress` gets
    /// the number of messages written and the number of all.
    ///
    /// # Errors
    /// There is no such thread, the database cannot be read, or the export cannot be written.
    pub fn export(
        &self,
        id: &ThreadId,
        out: &mut impl Write,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<u64, ExportError> {
        let mut line = |line: &ExportLine| -> io::Result<()> {
            serde_json::to_writer(&mut *out, line)?;
            out.write_all(b"\n")
        };
        let head = self.line(id)?.ok_or_else(|| ExportError::NoThread(id.clone()))?;
        let total = head.messages;
        line(&ExportLine::Thread(head))?;
        for member in self.0.members(id)? {
            line(&ExportLine::Participant {
                value: (&member).into(),
            })?;
        }
        let (mut written, mut after) = (0, 0);
        while after < total {
            let range = MessageRange {
                before: Some(SequenceId::new(after + CHUNK + 1)),
                after: SequenceId::new(after),
                created_from: OffsetDateTime::UNIX_EPOCH,
                limit: usize::try_from(CHUNK).unwrap_or(usize::MAX),
            };
            for message in self.0.messages(id, &range)?.iter().rev() {
                line(&ExportLine::Message {
                    value: message.into(),
                })?;
                written += 1;
            }
            after += CHUNK;
            progress(after.min(total), total);
        }
        Ok(written)
    }

    fn line(&self, id: &ThreadId) -> Result<Option<ThreadLine>, ExportError> {
        let Some(properties) = self.0.thread(id)? else {
            return Ok(None);
        };
        Ok(Some(ThreadLine {
            properties: (&properties).into(),
            participants: self.0.members(id)?.len(),
            messages: match properties.deleted_on {
                None => properties.last_sequence.get(),
                Some(_) => 0,
            },
        }))
    }
}
