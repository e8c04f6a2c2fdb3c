//! Chat threads, their members and messages.

use std::borrow::BorrowMut;

use anteroom_chat::store::{Change, Changes, ChatStore, MessageRange};
use anteroom_chat::thread::{Member, Message, ThreadProperties};
use anteroom_chat::{ClientMessageId, MessageId, SequenceId, StoreError, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use time::OffsetDateTime;

/// [`ChatStore`] over an open connection, owned or borrowed.
#[derive(Debug)]
pub struct SqliteChatStore<C>(C);

impl<C: BorrowMut<Connection>> SqliteChatStore<C> {
    /// Threads in this database.
    pub const fn new(connection: C) -> Self {
        Self(connection)
    }

    /// Guests who are members of a meeting's thread.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn guests_in_meetings(&self) -> Result<Vec<(ThreadId, CommunicationIdentifier)>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                // From the few meetings to their members, not through all members there are: this runs at start.
                "SELECT c.thread_id, c.member FROM meetings m CROSS JOIN chat_members c ON c.thread_id = m.thread_id
                 WHERE c.member >= '8:acs:' AND c.member < '8:acs;'",
            )
            .map_err(failed)?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .map_err(failed)?;
        rows.map(|row| {
            let (thread, member) = row.map_err(failed)?;
            Ok((
                thread.parse().map_err(|_| corrupt("thread id"))?,
                identifier(&member)?,
            ))
        })
        .collect()
    }

    /// The ids of all threads, newest first.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn all_threads(&self) -> Result<Vec<ThreadId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT id FROM chat_threads ORDER BY created_ns DESC, id")
            .map_err(failed)?;
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?.parse().map_err(|_| corrupt("thread id")))
            .collect()
    }

    fn connection(&self) -> &Connection {
        self.0.borrow()
    }
}

const MEMBER_COLUMNS: &str = "member, display_name, share_from_ns, hidden_up_to";

const MESSAGE_COLUMNS: &str = "message_id, sequence_id, version, kind, sender, sender_display_name, content, \
                               created_ns, edited_ns, deleted_ns, metadata";

impl<C: BorrowMut<Connection>> ChatStore for SqliteChatStore<C> {
    fn thread(&self, id: &ThreadId) -> Result<Option<ThreadProperties>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT topic, created_by, created_ns, last_sequence, last_message FROM chat_threads WHERE id = ?1",
            )
            .map_err(failed)?;
        let row = statement
            .query_row([id.as_str()], |row| Ok(decode_thread(id, row)))
            .optional();
        row.map_err(failed)?.transpose()
    }

    fn member(&self, thread: &ThreadId, id: &CommunicationIdentifier) -> Result<Option<Member>, StoreError> {
        let sql = format!("SELECT {MEMBER_COLUMNS} FROM chat_members WHERE thread_id = ?1 AND member = ?2");
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let row = statement.query_row(params![thread.as_str(), id.to_string()], |row| {
            Ok(decode_member(row))
        });
        row.optional().map_err(failed)?.transpose()
    }

    fn members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError> {
        let sql = format!("SELECT {MEMBER_COLUMNS} FROM chat_members WHERE thread_id = ?1 ORDER BY place");
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let rows = statement
            .query_map([thread.as_str()], |row| Ok(decode_member(row)))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?).collect()
    }

    fn threads_of(&self, id: &CommunicationIdentifier) -> Result<Vec<ThreadId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT thread_id FROM chat_members WHERE member = ?1 ORDER BY thread_id")
            .map_err(failed)?;
        let rows = statement
            .query_map([id.to_string()], |row| row.get::<_, String>(0))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?.parse().map_err(|_| corrupt("thread id")))
            .collect()
    }

    fn message(&self, thread: &ThreadId, id: MessageId) -> Result<Option<Message>, StoreError> {
        // The id is a client's: one that no column can hold is nobody's.
        let Ok(id) = i64::try_from(id.unix_ms()) else {
            return Ok(None);
        };
        let sql =
            format!("SELECT {MESSAGE_COLUMNS} FROM chat_messages WHERE thread_id = ?1 AND message_id = ?2");
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let row = statement.query_row(params![thread.as_str(), id], |row| Ok(decode_message(row)));
        row.optional().map_err(failed)?.transpose()
    }

    fn messages(&self, thread: &ThreadId, range: &MessageRange) -> Result<Vec<Message>, StoreError> {
        let MessageRange {
            before,
            after,
            created_from,
            limit,
        } = range;
        // A cursor is text of a client's: every number must be taken.
        let before = before.map_or(i64::MAX, |before| i64::try_from(before.get()).unwrap_or(i64::MAX));
        let after = i64::try_from(after.get()).unwrap_or(i64::MAX);
        let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT {MESSAGE_COLUMNS} FROM chat_messages
             WHERE thread_id = ?1 AND sequence_id < ?2 AND sequence_id > ?3 AND created_ns >= ?4
             ORDER BY sequence_id DESC LIMIT ?5"
        );
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let values = params![thread.as_str(), before, after, clamped_ns(*created_from), limit];
        let rows = statement
            .query_map(values, |row| Ok(decode_message(row)))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?).collect()
    }

    fn sent_as(
        &self,
        thread: &ThreadId,
        sender: &CommunicationIdentifier,
        client_message_id: &ClientMessageId,
    ) -> Result<Option<MessageId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT message_id FROM chat_messages
                 WHERE thread_id = ?1 AND sender = ?2 AND client_message_id = ?3",
            )
            .map_err(failed)?;
        let values = params![thread.as_str(), sender.to_string(), client_message_id.as_str()];
        let row = statement
            .query_row(values, |row| row.get(0))
            .optional()
            .map_err(failed)?;
        Ok(row.map(MessageId::from_unix_ms))
    }

    fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        // Part of a write of the store, or a transaction by itself.
        let transaction = self.0.borrow_mut().savepoint().map_err(failed)?;
        for change in changes.list() {
            apply(&transaction, changes.thread(), change)?;
        }
        transaction.commit().map_err(failed)
    }
}

fn apply(connection: &Connection, thread: &ThreadId, change: &Change) -> Result<(), StoreError> {
    let changed = match change {
        Change::CreateThread(properties) => put_thread(
            connection,
            "INSERT INTO chat_threads (id, topic, created_by, created_ns, last_sequence, last_message)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            properties,
        )?,
        Change::UpdateThread(properties) => put_thread(
            connection,
            "UPDATE chat_threads SET topic = ?2, created_by = ?3, created_ns = ?4, last_sequence = ?5,
             last_message = ?6 WHERE id = ?1",
            properties,
        )?,
        Change::InsertMessage {
            message,
            client_message_id,
        } => insert_message(connection, thread, message, client_message_id.as_ref())?,
        Change::UpdateMessage(message) => update_message(connection, thread, message)?,
        Change::PutMember(member) => put_member(connection, thread, member)?,
        Change::RemoveMember(id) => {
            execute(
                connection,
                "DELETE FROM chat_members WHERE thread_id = ?1 AND member = ?2",
                params![thread.as_str(), id.to_string()],
            )?;
            // There need not be such a member, but there must be the thread.
            let exists = connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM chat_threads WHERE id = ?1)",
                [thread.as_str()],
                |row| row.get::<_, bool>(0),
            );
            usize::from(exists.map_err(failed)?)
        }
    };
    if changed == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict)
    }
}

fn put_thread(
    connection: &Connection,
    sql: &str,
    properties: &ThreadProperties,
) -> Result<usize, StoreError> {
    let ThreadProperties {
        id,
        topic,
        created_by,
        created_on,
        last_sequence,
        last_message,
    } = properties;
    execute(
        connection,
        sql,
        params![
            id.as_str(),
            topic,
            created_by.to_string(),
            to_ns(*created_on)?,
            last_sequence.get(),
            last_message.map(MessageId::unix_ms)
        ],
    )
}

fn put_member(connection: &Connection, thread: &ThreadId, member: &Member) -> Result<usize, StoreError> {
    let Member {
        id,
        display_name,
        share_history_from,
        hidden_up_to,
    } = member;
    execute(
        connection,
        "INSERT INTO chat_members (thread_id, member, display_name, share_from_ns, hidden_up_to)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (thread_id, member) DO UPDATE SET display_name = excluded.display_name,
             share_from_ns = excluded.share_from_ns, hidden_up_to = excluded.hidden_up_to",
        params![
            thread.as_str(),
            id.to_string(),
            display_name,
            clamped_ns(*share_history_from),
            hidden_up_to.map(SequenceId::get)
        ],
    )
}

fn insert_message(
    connection: &Connection,
    thread: &ThreadId,
    message: &Message,
    client_message_id: Option<&ClientMessageId>,
) -> Result<usize, StoreError> {
    execute(
        connection,
        "INSERT INTO chat_messages (thread_id, sequence_id, message_id, version, kind, sender,
             sender_display_name, client_message_id, content, created_ns, edited_ns, deleted_ns, metadata)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            thread.as_str(),
            message.sequence_id.get(),
            message.id.unix_ms(),
            message.version,
            encode(&message.kind)?,
            message.sender.as_ref().map(ToString::to_string),
            message.sender_display_name,
            client_message_id.map(ClientMessageId::as_str),
            message.content,
            to_ns(message.created_on)?,
            message.edited_on.map(to_ns).transpose()?,
            message.deleted_on.map(to_ns).transpose()?,
            encode(&message.metadata)?,
        ],
    )
}

fn update_message(
    connection: &Connection,
    thread: &ThreadId,
    message: &Message,
) -> Result<usize, StoreError> {
    execute(
        connection,
        "UPDATE chat_messages SET version = ?3, kind = ?4, sender_display_name = ?5, content = ?6,
             edited_ns = ?7, deleted_ns = ?8, metadata = ?9
         WHERE thread_id = ?1 AND message_id = ?2",
        params![
            thread.as_str(),
            message.id.unix_ms(),
            message.version,
            encode(&message.kind)?,
            message.sender_display_name,
            message.content,
            message.edited_on.map(to_ns).transpose()?,
            message.deleted_on.map(to_ns).transpose()?,
            encode(&message.metadata)?,
        ],
    )
}

fn execute(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<usize, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map_err(failed)
}

fn decode_thread(id: &ThreadId, row: &Row<'_>) -> Result<ThreadProperties, StoreError> {
    Ok(ThreadProperties {
        id: id.clone(),
        topic: get(row, 0)?,
        created_by: identifier(&get::<String>(row, 1)?)?,
        created_on: from_ns(get(row, 2)?)?,
        last_sequence: SequenceId::new(get(row, 3)?),
        last_message: get::<Option<u64>>(row, 4)?.map(MessageId::from_unix_ms),
    })
}

fn decode_member(row: &Row<'_>) -> Result<Member, StoreError> {
    Ok(Member {
        id: identifier(&get::<String>(row, 0)?)?,
        display_name: get(row, 1)?,
        share_history_from: from_ns(get(row, 2)?)?,
        hidden_up_to: get::<Option<u64>>(row, 3)?.map(SequenceId::new),
    })
}

fn decode_message(row: &Row<'_>) -> Result<Message, StoreError> {
    let json = |index: usize| get::<String>(row, index);
    let sender: Option<String> = get(row, 4)?;
    Ok(Message {
        id: MessageId::from_unix_ms(get(row, 0)?),
        sequence_id: SequenceId::new(get(row, 1)?),
        version: get(row, 2)?,
        kind: serde_json::from_str(&json(3)?).map_err(|_| corrupt("message kind"))?,
        sender: sender.as_deref().map(identifier).transpose()?,
        sender_display_name: get(row, 5)?,
        content: get(row, 6)?,
        created_on: from_ns(get(row, 7)?)?,
        edited_on: get::<Option<i64>>(row, 8)?.map(from_ns).transpose()?,
        deleted_on: get::<Option<i64>>(row, 9)?.map(from_ns).transpose()?,
        metadata: serde_json::from_str(&json(10)?).map_err(|_| corrupt("message metadata"))?,
    })
}

fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T, StoreError> {
    row.get(index).map_err(failed)
}

fn identifier(text: &str) -> Result<CommunicationIdentifier, StoreError> {
    text.parse().map_err(|_| corrupt("identifier"))
}

fn encode(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| corrupt("message"))
}

fn to_ns(at: OffsetDateTime) -> Result<i64, StoreError> {
    i64::try_from(at.unix_timestamp_nanos()).map_err(|_| corrupt("time"))
}

/// For limits that clients name: the far past and future are as good as any time out there.
fn clamped_ns(at: OffsetDateTime) -> i64 {
    let ns = at.unix_timestamp_nanos();
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

fn from_ns(ns: i64) -> Result<OffsetDateTime, StoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ns)).map_err(|_| corrupt("time"))
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Failed(format!("stored {what} is unreadable"))
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict,
        _ => StoreError::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::migrations;

    fn store() -> SqliteChatStore<Connection> {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        migrations::run(&mut connection).unwrap();
        SqliteChatStore::new(connection)
    }

    anteroom_chat::chat_store_tests!(store());
}
