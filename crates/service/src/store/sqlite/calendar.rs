//! Events in calendars; `occurrences` has what differs of single ones, and `responses` the answers to invitations.

pub mod occurrences;
pub mod responses;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use time::OffsetDateTime;

use anteroom_identity::id::{ObjectId, TenantId};

use super::{StoreError, from_ms, to_ms};

/// An event, or a series of events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// Name of the event.
    pub id: String,
    /// Tenant of the owner.
    pub tenant: TenantId,
    /// The organizer, in whose calendar it is.
    pub owner: ObjectId,
    /// The online meeting that belongs to it.
    pub meeting: Option<String>,
    /// The client's own name of the request that made it.
    pub transaction_id: Option<String>,
    /// When the first occurrence begins.
    pub start: OffsetDateTime,
    /// When the last occurrence ends; `None` for a series without end.
    pub last: Option<OffsetDateTime>,
    /// What the organizer wrote.
    pub event: Value,
    /// When it was made.
    pub created: OffsetDateTime,
    /// When it was changed last.
    pub changed: OffsetDateTime,
    /// One more with each change.
    pub version: i64,
    /// Cancelled by the organizer: only those invited still see it.
    pub cancelled: bool,
}

/// What calendars are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventOrder {
    /// When the first occurrence begins.
    Start,
    /// When it was made.
    Created,
    /// When it was changed last.
    Changed,
    /// What it is about, without regard to the case of ASCII's letters.
    Subject,
}

/// Whom a change of an event is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invite {
    /// Answers stay; only who was not invited before is.
    New,
    /// The event takes place at another time: everybody is invited anew, and no answer holds.
    Anew,
}

const COLUMNS: &str =
    "id, tenant_id, owner_id, meeting, transaction_id, start_ms, last_ms, event, created_ms,
     changed_ms, version, cancelled";

/// Stores a new event and whose calendars it stands in besides the owner's.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, row: &EventRow, invited: &[ObjectId]) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO calendar_events (id, tenant_id, owner_id, meeting, transaction_id, start_ms, last_ms, event,
             created_ms, changed_ms, version, cancelled)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            row.id,
            row.tenant.to_string(),
            row.owner.to_string(),
            row.meeting,
            row.transaction_id,
            to_ms(row.start),
            row.last.map(to_ms),
            row.event.to_string(),
            to_ms(row.created),
            to_ms(row.changed),
            row.version,
            row.cancelled,
        ],
    )?;
    invite(connection, &row.id, invited)
}

/// Replaces what may change of an event; false when it is unknown, or is not at the version before the row's any more.
///
/// # Errors
/// Whatever SQLite says.
pub fn update(
    connection: &Connection,
    row: &EventRow,
    invited: &[ObjectId],
    invite_whom: Invite,
) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE calendar_events SET meeting = ?2, start_ms = ?3, last_ms = ?4, event = ?5, changed_ms = ?6, version = ?7
         WHERE id = ?1 AND version = ?7 - 1 AND cancelled = 0",
        params![
            row.id,
            row.meeting,
            to_ms(row.start),
            row.last.map(to_ms),
            row.event.to_string(),
            to_ms(row.changed),
            row.version,
        ],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    if invite_whom == Invite::Anew {
        connection.execute("DELETE FROM calendar_invitations WHERE event = ?1", [&row.id])?;
        connection.execute("DELETE FROM calendar_responses WHERE event = ?1", [&row.id])?;
        connection.execute("DELETE FROM calendar_exceptions WHERE event = ?1", [&row.id])?;
    } else {
        let kept: Vec<String> = invited.iter().map(ObjectId::to_string).collect();
        let kept = serde_json::to_string(&kept).map_err(|_| StoreError::Corrupt("invitations"))?;
        for table in ["calendar_invitations", "calendar_responses"] {
            let sql = format!(
                "DELETE FROM {table} WHERE event = ?1 AND user_id NOT IN (SELECT value FROM json_each(?2))"
            );
            connection.execute(&sql, params![row.id, kept])?;
        }
    }
    invite(connection, &row.id, invited)?;
    Ok(true)
}

/// Deletes an event; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    Ok(connection.execute("DELETE FROM calendar_events WHERE id = ?1", [id])? == 1)
}

/// Takes an event out of the calendar of somebody who is invited; false when it does not stand there. A cancelled event
/// that stands in no calendar any more is deleted.
///
/// # Errors
/// Whatever SQLite says.
pub fn uninvite(connection: &Connection, id: &str, user: ObjectId) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE calendar_invitations SET removed = 1 WHERE event = ?1 AND user_id = ?2 AND removed = 0",
        params![id, user.to_string()],
    )?;
    delete_unseen(connection, id)?;
    Ok(changed == 1)
}

/// Cancels an event: it stays in the calendars of those invited, without its meeting. False when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn cancel(connection: &Connection, id: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE calendar_events
         SET cancelled = 1, meeting = NULL, transaction_id = NULL, changed_ms = ?2, version = version + 1
         WHERE id = ?1 AND cancelled = 0",
        params![id, to_ms(now)],
    )?;
    delete_unseen(connection, id)?;
    Ok(changed == 1)
}

fn delete_unseen(connection: &Connection, id: &str) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM calendar_events WHERE id = ?1 AND cancelled = 1
             AND NOT EXISTS (SELECT 1 FROM calendar_invitations WHERE event = ?1 AND removed = 0)",
        [id],
    )?;
    Ok(())
}

/// An event in somebody's calendar.
///
/// # Errors
/// Whatever SQLite says.
pub fn get(connection: &Connection, id: &str, user: ObjectId) -> Result<Option<EventRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM calendar_events WHERE id = ?2 AND {IN_CALENDAR}");
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_row(params![user.to_string(), id], columns)
        .optional()?
        .map(decode)
        .transpose()
}

/// The event that an owner made with this request.
///
/// # Errors
/// Whatever SQLite says.
pub fn by_transaction(
    connection: &Connection,
    owner: ObjectId,
    transaction_id: &str,
) -> Result<Option<EventRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM calendar_events WHERE owner_id = ?1 AND transaction_id = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_row(params![owner.to_string(), transaction_id], columns)
        .optional()?
        .map(decode)
        .transpose()
}

/// A part of somebody's calendar, in order.
///
/// # Errors
/// Whatever SQLite says.
pub fn page(
    connection: &Connection,
    user: ObjectId,
    order: EventOrder,
    descending: bool,
    offset: u32,
    limit: u32,
) -> Result<Vec<EventRow>, StoreError> {
    let column = match order {
        EventOrder::Start => "start_ms",
        EventOrder::Created => "created_ms",
        EventOrder::Changed => "changed_ms",
        EventOrder::Subject => "json_extract(event, '$.subject') COLLATE NOCASE",
    };
    let direction = if descending { "DESC" } else { "ASC" };
    let sql = format!(
        "SELECT {COLUMNS} FROM calendar_events WHERE {IN_CALENDAR}
         ORDER BY {column} {direction}, id {direction} LIMIT ?3 OFFSET ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![user.to_string(), offset, limit], columns)?;
    rows.map(|row| decode(row?)).collect()
}

/// How many events stand in somebody's calendar.
///
/// # Errors
/// Whatever SQLite says.
pub fn count(connection: &Connection, user: ObjectId) -> Result<u32, StoreError> {
    let sql = format!("SELECT count(*) FROM calendar_events WHERE {IN_CALENDAR}");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([user.to_string()], |row| row.get(0))?)
}

/// When an event of a calendar takes place, and nothing else of it.
#[derive(Debug, Clone)]
pub struct Times {
    /// Name of the event.
    pub id: String,
    /// The organizer.
    pub owner: ObjectId,
    /// `start`, `end` and `recurrence` of what the organizer wrote.
    pub event: Value,
}

/// What in somebody's calendar may take place between two instants, as far as that can be said without looking at the
/// recurrence; of one event only, if it is named. At most `limit`.
///
/// # Errors
/// Whatever SQLite says.
pub fn times(
    connection: &Connection,
    user: ObjectId,
    event: Option<&str>,
    (from, until): (OffsetDateTime, OffsetDateTime),
    limit: u32,
) -> Result<Vec<Times>, StoreError> {
    let sql = format!(
        "SELECT id, owner_id, json_object('start', json_extract(event, '$.start'), 'end', json_extract(event, '$.end'),
             'recurrence', json_extract(event, '$.recurrence'))
         FROM calendar_events
         WHERE {IN_CALENDAR} AND (?2 IS NULL OR id = ?2)
             AND (((last_ms IS NULL OR last_ms >= ?3) AND start_ms < ?4)
                 OR id IN (SELECT event FROM calendar_exceptions WHERE end_ms >= ?3 AND start_ms < ?4))
         LIMIT ?5"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(
        params![user.to_string(), event, to_ms(from), to_ms(until), limit],
        |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)),
    )?;
    rows.map(|row| {
        let (id, owner, event) = row?;
        Ok(Times {
            id,
            owner: owner.parse().map_err(|_| StoreError::Corrupt("object id"))?,
            event: serde_json::from_str(&event).map_err(|_| StoreError::Corrupt("event"))?,
        })
    })
    .collect()
}

/// Events that an online meeting belongs to.
///
/// # Errors
/// Whatever SQLite says.
pub fn has_meeting(connection: &Connection, meeting: &str) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT 1 FROM calendar_events WHERE meeting = ?1 LIMIT 1")?;
    Ok(statement.exists([meeting])?)
}

/// Standing in the calendar of the first parameter.
const IN_CALENDAR: &str = "((owner_id = ?1 AND cancelled = 0)
     OR id IN (SELECT event FROM calendar_invitations WHERE user_id = ?1 AND removed = 0))";

fn invite(connection: &Connection, event: &str, invited: &[ObjectId]) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached("INSERT OR IGNORE INTO calendar_invitations (user_id, event) VALUES (?1, ?2)")?;
    for user in invited {
        statement.execute(params![user.to_string(), event])?;
    }
    Ok(())
}

struct Columns {
    id: String,
    tenant: String,
    owner: String,
    meeting: Option<String>,
    transaction_id: Option<String>,
    start: i64,
    last: Option<i64>,
    event: String,
    created: i64,
    changed: i64,
    version: i64,
    cancelled: bool,
}

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        id: row.get(0)?,
        tenant: row.get(1)?,
        owner: row.get(2)?,
        meeting: row.get(3)?,
        transaction_id: row.get(4)?,
        start: row.get(5)?,
        last: row.get(6)?,
        event: row.get(7)?,
        created: row.get(8)?,
        changed: row.get(9)?,
        version: row.get(10)?,
        cancelled: row.get(11)?,
    })
}

fn decode(row: Columns) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        id: row.id,
        tenant: row.tenant.parse().map_err(|_| StoreError::Corrupt("tenant id"))?,
        owner: row.owner.parse().map_err(|_| StoreError::Corrupt("object id"))?,
        meeting: row.meeting,
        transaction_id: row.transaction_id,
        start: from_ms(row.start)?,
        last: row.last.map(from_ms).transpose()?,
        event: serde_json::from_str(&row.event).map_err(|_| StoreError::Corrupt("event"))?,
        created: from_ms(row.created)?,
        changed: from_ms(row.changed)?,
        version: row.version,
        cancelled: row.cancelled,
    })
}
