//! Events in calendars.

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
}

const COLUMNS: &str =
    "id, tenant_id, owner_id, meeting, transaction_id, start_ms, last_ms, event, created_ms,
     changed_ms, version";

/// Stores a new event and whose calendars it stands in besides the owner's.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, row: &EventRow, invited: &[ObjectId]) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO calendar_events (id, tenant_id, owner_id, meeting, transaction_id, start_ms, last_ms, event,
             created_ms, changed_ms, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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
        ],
    )?;
    invite(connection, &row.id, invited)
}

/// Replaces what may change of an event; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn update(connection: &Connection, row: &EventRow, invited: &[ObjectId]) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE calendar_events SET meeting = ?2, start_ms = ?3, last_ms = ?4, event = ?5, changed_ms = ?6, version = ?7
         WHERE id = ?1",
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
    connection.execute("DELETE FROM calendar_invitations WHERE event = ?1", [&row.id])?;
    invite(connection, &row.id, invited)?;
    Ok(changed == 1)
}

/// Deletes an event; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    Ok(connection.execute("DELETE FROM calendar_events WHERE id = ?1", [id])? == 1)
}

/// Takes an event out of the calendar of somebody who is invited; false when it does not stand there.
///
/// # Errors
/// Whatever SQLite says.
pub fn uninvite(connection: &Connection, id: &str, user: ObjectId) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "DELETE FROM calendar_invitations WHERE event = ?1 AND user_id = ?2",
        params![id, user.to_string()],
    )?;
    Ok(changed == 1)
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

/// Everything in somebody's calendar that ends after `from` and begins before `until`, as far as that can be said without
/// looking at the recurrence; soonest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn of_user(
    connection: &Connection,
    user: ObjectId,
    from: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
) -> Result<Vec<EventRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM calendar_events
         WHERE {IN_CALENDAR} AND (?2 IS NULL OR last_ms IS NULL OR last_ms >= ?2) AND (?3 IS NULL OR start_ms < ?3)
         ORDER BY start_ms, id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(
        params![user.to_string(), from.map(to_ms), until.map(to_ms)],
        columns,
    )?;
    rows.map(|row| decode(row?)).collect()
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
const IN_CALENDAR: &str =
    "(owner_id = ?1 OR id IN (SELECT event FROM calendar_invitations WHERE user_id = ?1))";

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
    })
}
