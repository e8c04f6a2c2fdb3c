//! Scheduled meetings.

use rusqlite::{Connection, OptionalExtension, Row, params};
use time::OffsetDateTime;

use anteroom_chat::id::ThreadId;
use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::policy::MeetingOptions;

use super::{StoreError, from_ms, to_ms};

/// A meeting as stored; links are built from it, since they hold the service's public address.
#[derive(Clone)]
pub struct MeetingRow {
    /// Stable id of the meeting.
    pub id: String,
    /// Tenant of the organizer.
    pub tenant: TenantId,
    /// Object id of the organizer.
    pub organizer: ObjectId,
    /// What the meeting is about.
    pub subject: String,
    /// Chat thread of the meeting.
    pub thread: ThreadId,
    /// Decimal digits, as printed in invitations.
    pub meeting_id: String,
    /// Code that goes with the meeting id; secret.
    pub passcode: Option<String>,
    /// Options of this meeting.
    pub options: MeetingOptions,
    /// Scheduled start.
    pub start: OffsetDateTime,
    /// Scheduled end.
    pub end: OffsetDateTime,
}

impl std::fmt::Debug for MeetingRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeetingRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str =
    "id, tenant_id, organizer_id, subject, thread_id, meeting_id, passcode, options, start_ms, end_ms";

/// Stores a new meeting.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, meeting: &MeetingRow) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO meetings
             (id, tenant_id, organizer_id, subject, thread_id, meeting_id, passcode, options, start_ms, end_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            meeting.id,
            meeting.tenant.to_string(),
            meeting.organizer.to_string(),
            meeting.subject,
            meeting.thread.to_string(),
            meeting.meeting_id,
            meeting.passcode,
            encode(&meeting.options)?,
            to_ms(meeting.start),
            to_ms(meeting.end),
        ],
    )?;
    Ok(())
}

/// The meeting with this stable id.
///
/// # Errors
/// Whatever SQLite says.
pub fn by_id(connection: &Connection, id: &str) -> Result<Option<MeetingRow>, StoreError> {
    one(connection, "id", id)
}

/// The meeting with these digits.
///
/// # Errors
/// Whatever SQLite says.
pub fn by_meeting_id(connection: &Connection, digits: &str) -> Result<Option<MeetingRow>, StoreError> {
    one(connection, "meeting_id", digits)
}

/// The meeting with this chat thread.
///
/// # Errors
/// Whatever SQLite says.
pub fn by_thread(connection: &Connection, thread: &str) -> Result<Option<MeetingRow>, StoreError> {
    one(connection, "thread_id", thread)
}

/// All meetings of an organizer's tenant, soonest first; the first landing has no invitations, so colleagues see all.
///
/// # Errors
/// Whatever SQLite says.
pub fn of_tenant(connection: &Connection, tenant: TenantId) -> Result<Vec<MeetingRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM meetings WHERE tenant_id = ?1 ORDER BY start_ms, id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([tenant.to_string()], columns)?;
    rows.map(|row| decode(row?)).collect()
}

/// The threads of all meetings.
///
/// # Errors
/// Whatever SQLite says.
pub fn threads(connection: &Connection) -> Result<Vec<ThreadId>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT thread_id FROM meetings")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    rows.map(|row| row?.parse().map_err(|_| StoreError::Corrupt("thread id")))
        .collect()
}

/// Replaces a meeting's options; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn set_options(connection: &Connection, id: &str, options: &MeetingOptions) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE meetings SET options = ?2 WHERE id = ?1",
        params![id, encode(options)?],
    )?;
    Ok(changed == 1)
}

fn one(connection: &Connection, column: &str, value: &str) -> Result<Option<MeetingRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM meetings WHERE {column} = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_row([value], columns)
        .optional()?
        .map(decode)
        .transpose()
}

type Columns = (
    String,
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    String,
    i64,
    i64,
);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
        row.get(7)?,
        row.get(8)?,
        row.get(9)?,
    ))
}

fn decode(columns: Columns) -> Result<MeetingRow, StoreError> {
    let (id, tenant, organizer, subject, thread, meeting_id, passcode, options, start, end) = columns;
    Ok(MeetingRow {
        id,
        tenant: tenant.parse().map_err(|_| StoreError::Corrupt("tenant id"))?,
        organizer: organizer.parse().map_err(|_| StoreError::Corrupt("object id"))?,
        subject,
        thread: thread.parse().map_err(|_| StoreError::Corrupt("thread id"))?,
        meeting_id,
        passcode,
        options: serde_json::from_str(&options).map_err(|_| StoreError::Corrupt("meeting options"))?,
        start: from_ms(start)?,
        end: from_ms(end)?,
    })
}

fn encode(options: &MeetingOptions) -> Result<String, StoreError> {
    serde_json::to_string(options).map_err(|_| StoreError::Corrupt("meeting options"))
}
