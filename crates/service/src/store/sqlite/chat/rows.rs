//! Changes into rows, rows into values.

use std::collections::BTreeMap;

use anteroom_chat::store::Change;
use anteroom_chat::thread::{Member, Message, MessageKind, Receipt, RetentionPolicy, ThreadProperties};
use anteroom_chat::{ClientMessageId, MessageId, SequenceId, StoreError, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use rusqlite::{Connection, ErrorCode, Row, params};
use time::OffsetDateTime;

const UPDATE_THREAD: &str = "UPDATE chat_threads SET topic = ?2, created_by = ?3, created_ns = ?4, \
                             last_sequence = ?5, last_message = ?6, metadata = ?7, retention_days = ?8, \
                             version = ?9, host_managed = ?10, deleted_ns = ?11, due_ns = ?12 WHERE id = ?1";

pub(super) fn apply(connection: &Connection, thread: &ThreadId, change: &Change) -> Result<(), StoreError> {
    let changed = match change {
        Change::CreateThread(properties) => put_thread(
            connection,
            "INSERT INTO chat_threads (id, topic, created_by, created_ns, last_sequence, last_message, metadata,
                 retention_days, version, host_managed, deleted_ns, due_ns, roster)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, random())",
            properties,
        )?,
        Change::UpdateThread(properties) => put_thread(
            connection,
            UPDATE_THREAD,
            properties,
        )?,
        Change::InsertMessage {
            message,
            client_message_id,
        } => insert_message(connection, thread, message, client_message_id.as_ref())?,
        Change::UpdateMessage(message) => update_message(connection, thread, message)?,
        Change::PutMember(member) => put_member(connection, thread, member)?,
        Change::RemoveMember(id) => {
            new_stamp(connection, thread)?;
            execute(
                connection,
                "DELETE FROM chat_members WHERE thread_id = ?1 AND member = ?2",
                params![thread.as_str(), id.to_string()],
            )?;
            // There need not be such a member, but there must be the thread.
            exists(connection, thread)?
        }
        Change::PutReceipt(receipt) => put_receipt(connection, thread, receipt)?,
        Change::RemoveReceipt(id) => {
            execute(
                connection,
                "DELETE FROM chat_receipts WHERE thread_id = ?1 AND reader = ?2",
                params![thread.as_str(), id.to_string()],
            )?;
            exists(connection, thread)?
        }
        Change::NameCreation { creator, name } => execute(
            connection,
            "INSERT INTO chat_creations (creator, name, thread_id, created_ns)
             SELECT ?1, ?2, id, created_ns FROM chat_threads WHERE id = ?3",
            params![creator.to_string(), name.as_str(), thread.as_str()],
        )?,
        Change::DeleteThread(properties) => {
            for sql in [
                "DELETE FROM chat_messages WHERE thread_id = ?1",
                "DELETE FROM chat_receipts WHERE thread_id = ?1",
                "UPDATE chat_members SET display_name = '', metadata = '{}' WHERE thread_id = ?1",
            ] {
                execute(connection, sql, [thread.as_str()])?;
            }
            new_stamp(connection, thread)?;
            put_thread(connection, UPDATE_THREAD, properties)?
        }
        Change::Erase { id, at } => {
            new_stamp(connection, thread)?;
            erase(connection, thread, id, *at)?;
            exists(connection, thread)?
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
        metadata,
        retention,
        version,
        host_managed,
        deleted_on,
    } = properties;
    let days = match retention {
        RetentionPolicy::ThreadCreationDate {
            delete_thread_after_days,
        } => Some(*delete_thread_after_days),
        _ => None,
    };
    let due = retention.deletes_at(*created_on).filter(|_| deleted_on.is_none());
    execute(
        connection,
        sql,
        params![
            id.as_str(),
            topic,
            created_by.to_string(),
            to_ns(*created_on)?,
            last_sequence.get(),
            last_message.map(MessageId::unix_ms),
            encode(metadata)?,
            days,
            version,
            host_managed,
            deleted_on.map(to_ns).transpose()?,
            due.map(clamped_ns),
        ],
    )
}

fn put_member(connection: &Connection, thread: &ThreadId, member: &Member) -> Result<usize, StoreError> {
    let Member {
        id,
        display_name,
        share_history_from,
        hidden_up_to,
        metadata,
        left_at,
    } = member;
    new_stamp(connection, thread)?;
    execute(
        connection,
        "INSERT INTO chat_members (thread_id, member, display_name, share_from_ns, hidden_up_to, metadata, left_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (thread_id, member) DO UPDATE SET display_name = excluded.display_name,
             share_from_ns = excluded.share_from_ns, hidden_up_to = excluded.hidden_up_to,
             metadata = excluded.metadata, left_at = excluded.left_at",
        params![
            thread.as_str(),
            id.to_string(),
            display_name,
            clamped_ns(*share_history_from),
            hidden_up_to.map(SequenceId::get),
            encode(metadata)?,
            left_at.map(SequenceId::get),
        ],
    )
}

/// Tells everybody who remembers the thread's members to read them again.
fn new_stamp(connection: &Connection, thread: &ThreadId) -> Result<(), StoreError> {
    execute(
        connection,
        "UPDATE chat_threads SET roster = random() WHERE id = ?1",
        [thread.as_str()],
    )
    .map(|_| ())
}

fn put_receipt(connection: &Connection, thread: &ThreadId, receipt: &Receipt) -> Result<usize, StoreError> {
    let Receipt {
        reader,
        message,
        read_on,
    } = receipt;
    // A new row is the newest; one that was updated would keep its place.
    execute(
        connection,
        "INSERT OR REPLACE INTO chat_receipts (thread_id, reader, message_id, read_ns) VALUES (?1, ?2, ?3, ?4)",
        params![
            thread.as_str(),
            reader.to_string(),
            message.unix_ms(),
            to_ns(*read_on)?
        ],
    )
}

/// Forgets a person in a thread. System messages name people in JSON: the few there are get read and written.
fn erase(
    connection: &Connection,
    thread: &ThreadId,
    id: &CommunicationIdentifier,
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    let person = id.to_string();
    for sql in [
        "DELETE FROM chat_members WHERE thread_id = ?1 AND member = ?2",
        "DELETE FROM chat_receipts WHERE thread_id = ?1 AND reader = ?2",
        "DELETE FROM chat_creations WHERE thread_id = ?1 AND creator = ?2",
    ] {
        execute(connection, sql, params![thread.as_str(), person])?;
    }
    execute(
        connection,
        "UPDATE chat_messages SET content = '', sender_display_name = '', metadata = '{}', client_message_id = NULL,
             deleted_ns = COALESCE(deleted_ns, ?3)
         WHERE thread_id = ?1 AND sender = ?2",
        params![thread.as_str(), person, to_ns(at)?],
    )?;
    let mut statement = connection
        .prepare_cached(
            "SELECT sequence_id, kind FROM chat_messages WHERE thread_id = ?1 AND sender IS NULL AND INSTR(kind, ?2)",
        )
        .map_err(failed)?;
    let told: Vec<(u64, String)> = statement
        .query_map(params![thread.as_str(), person], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .and_then(Iterator::collect)
        .map_err(failed)?;
    for (place, kind) in told {
        let mut kind: MessageKind = serde_json::from_str(&kind).map_err(|_| corrupt("message kind"))?;
        if let MessageKind::ParticipantAdded { participants, .. }
        | MessageKind::ParticipantRemoved { participants, .. } = &mut kind
        {
            for participant in participants
                .iter_mut()
                .filter(|participant| participant.id == *id)
            {
                participant.display_name.clear();
            }
        }
        execute(
            connection,
            "UPDATE chat_messages SET kind = ?3 WHERE thread_id = ?1 AND sequence_id = ?2",
            params![thread.as_str(), place, encode(&kind)?],
        )?;
    }
    Ok(())
}

/// 1 when there is such a thread.
fn exists(connection: &Connection, thread: &ThreadId) -> Result<usize, StoreError> {
    let exists = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM chat_threads WHERE id = ?1)")
        .and_then(|mut statement| statement.query_row([thread.as_str()], |row| row.get::<_, bool>(0)));
    exists.map(usize::from).map_err(failed)
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

pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<usize, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(values))
        .map_err(failed)
}

/// A thread whose columns begin at `first`.
pub(super) fn decode_thread(row: &Row<'_>, first: usize) -> Result<ThreadProperties, StoreError> {
    let days: Option<u16> = get(row, first + 7)?;
    Ok(ThreadProperties {
        id: get::<String>(row, first)?
            .parse()
            .map_err(|_| corrupt("thread id"))?,
        topic: get(row, first + 1)?,
        created_by: identifier(&get::<String>(row, first + 2)?)?,
        created_on: from_ns(get(row, first + 3)?)?,
        last_sequence: SequenceId::new(get(row, first + 4)?),
        last_message: get::<Option<u64>>(row, first + 5)?.map(MessageId::from_unix_ms),
        metadata: values(row, first + 6)?,
        retention: days.map_or(RetentionPolicy::None, |delete_thread_after_days| {
            RetentionPolicy::ThreadCreationDate {
                delete_thread_after_days,
            }
        }),
        version: get(row, first + 8)?,
        host_managed: get(row, first + 9)?,
        deleted_on: get::<Option<i64>>(row, first + 10)?.map(from_ns).transpose()?,
    })
}

pub(super) fn decode_member(row: &Row<'_>) -> Result<Member, StoreError> {
    Ok(Member {
        id: identifier(&get::<String>(row, 0)?)?,
        display_name: get(row, 1)?,
        share_history_from: from_ns(get(row, 2)?)?,
        hidden_up_to: get::<Option<u64>>(row, 3)?.map(SequenceId::new),
        metadata: values(row, 4)?,
        left_at: get::<Option<u64>>(row, 5)?.map(SequenceId::new),
    })
}

pub(super) fn decode_receipt(row: &Row<'_>) -> Result<Receipt, StoreError> {
    Ok(Receipt {
        reader: identifier(&get::<String>(row, 0)?)?,
        message: MessageId::from_unix_ms(get(row, 1)?),
        read_on: from_ns(get(row, 2)?)?,
    })
}

pub(super) fn decode_message(row: &Row<'_>) -> Result<Message, StoreError> {
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
        metadata: values(row, 10)?,
    })
}

fn values(row: &Row<'_>, index: usize) -> Result<BTreeMap<String, String>, StoreError> {
    let text: String = get(row, index)?;
    if text == "{}" {
        return Ok(BTreeMap::new());
    }
    serde_json::from_str(&text).map_err(|_| corrupt("metadata"))
}

pub(super) fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T, StoreError> {
    row.get(index).map_err(failed)
}

pub(super) fn identifier(text: &str) -> Result<CommunicationIdentifier, StoreError> {
    text.parse().map_err(|_| corrupt("identifier"))
}

fn encode(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| corrupt("message"))
}

fn to_ns(at: OffsetDateTime) -> Result<i64, StoreError> {
    i64::try_from(at.unix_timestamp_nanos()).map_err(|_| corrupt("time"))
}

/// For limits that clients name: the far past and future are as good as any time out there.
pub(super) fn clamped_ns(at: OffsetDateTime) -> i64 {
    let ns = at.unix_timestamp_nanos();
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

fn from_ns(ns: i64) -> Result<OffsetDateTime, StoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ns)).map_err(|_| corrupt("time"))
}

pub(super) fn corrupt(what: &str) -> StoreError {
    StoreError::Failed(format!("stored {what} is unreadable"))
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict,
        _ => StoreError::Failed(error.to_string()),
    }
}
