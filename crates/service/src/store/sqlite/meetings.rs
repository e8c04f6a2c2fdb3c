//! Scheduled meetings.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use anteroom_chat::id::ThreadId;
use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::policy::{AttendeeRole, MeetingOptions};

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
    /// What Microsoft Graph has besides.
    pub graph: GraphColumns,
}

/// What Microsoft Graph's `onlineMeeting` has besides.
#[derive(Debug, Clone)]
pub struct GraphColumns {
    /// The organizer's own name of the meeting.
    pub external_id: Option<String>,
    /// Digits that a video conferencing device dials.
    pub video_teleconference_id: Option<String>,
    /// When it was made.
    pub created: OffsetDateTime,
    /// Whom the organizer invited.
    pub invited: Vec<Invited>,
    /// When the link stops to work; `None` for never.
    pub expires: Option<OffsetDateTime>,
}

impl GraphColumns {
    /// Of a meeting that nobody was invited to and whose link works for ever.
    #[must_use]
    pub const fn lasting(created: OffsetDateTime) -> Self {
        Self {
            external_id: None,
            video_teleconference_id: None,
            created,
            invited: Vec::new(),
            expires: None,
        }
    }
}

/// Somebody who is invited, in a directory or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// Sign-in name or mail address; empty where only the object id was given and the user is not known.
    pub upn: String,
    /// Object id, when there is such a user.
    pub id: Option<ObjectId>,
    /// What as.
    pub role: AttendeeRole,
}

impl std::fmt::Debug for MeetingRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeetingRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str =
    "id, tenant_id, organizer_id, subject, thread_id, meeting_id, passcode, options, start_ms, end_ms,
     external_id, video_teleconference_id, created_ms, invited, expires_ms";

/// Stores a new meeting.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, meeting: &MeetingRow) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO meetings
             (id, tenant_id, organizer_id, subject, thread_id, meeting_id, passcode, options, start_ms, end_ms,
              external_id, video_teleconference_id, created_ms, invited, expires_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
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
            meeting.graph.external_id,
            meeting.graph.video_teleconference_id,
            to_ms(meeting.graph.created),
            encode(&meeting.graph.invited)?,
            meeting.graph.expires.map(to_ms),
        ],
    )?;
    Ok(())
}

/// Replaces what may change of a meeting; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn update(connection: &Connection, meeting: &MeetingRow) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE meetings SET subject = ?2, options = ?3, start_ms = ?4, end_ms = ?5, invited = ?6, expires_ms = ?7
         WHERE id = ?1",
        params![
            meeting.id,
            meeting.subject,
            encode(&meeting.options)?,
            to_ms(meeting.start),
            to_ms(meeting.end),
            encode(&meeting.graph.invited)?,
            meeting.graph.expires.map(to_ms),
        ],
    )?;
    Ok(changed == 1)
}

/// Deletes a meeting; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    Ok(connection.execute("DELETE FROM meetings WHERE id = ?1", [id])? == 1)
}

/// The meeting that an organizer knows by its own name.
///
/// # Errors
/// Whatever SQLite says.
pub fn by_external_id(
    connection: &Connection,
    tenant: TenantId,
    organizer: ObjectId,
    external_id: &str,
) -> Result<Option<MeetingRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM meetings WHERE tenant_id = ?1 AND organizer_id = ?2 AND external_id = ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement
        .query_row(
            params![tenant.to_string(), organizer.to_string(), external_id],
            columns,
        )
        .optional()?
        .map(decode)
        .transpose()
}

/// The meeting that a video conferencing device finds by these digits.
///
/// # Errors
/// Whatever SQLite says.
pub fn by_video_teleconference_id(
    connection: &Connection,
    id: &str,
) -> Result<Option<MeetingRow>, StoreError> {
    one(connection, "video_teleconference_id", id)
}

/// Ids of meetings whose links stopped to work before, at most `limit`.
///
/// # Errors
/// Whatever SQLite says.
pub fn expired(
    connection: &Connection,
    before: OffsetDateTime,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM meetings WHERE expires_ms < ?1 ORDER BY expires_ms LIMIT ?2")?;
    let rows = statement.query_map(params![to_ms(before), limit], |row| row.get(0))?;
    rows.map(|row| Ok(row?)).collect()
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

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        id: row.get(0)?,
        tenant: row.get(1)?,
        organizer: row.get(2)?,
        subject: row.get(3)?,
        thread: row.get(4)?,
        meeting_id: row.get(5)?,
        passcode: row.get(6)?,
        options: row.get(7)?,
        start: row.get(8)?,
        end: row.get(9)?,
        external_id: row.get(10)?,
        video_teleconference_id: row.get(11)?,
        created: row.get(12)?,
        invited: row.get(13)?,
        expires: row.get(14)?,
    })
}

struct Columns {
    id: String,
    tenant: String,
    organizer: String,
    subject: String,
    thread: String,
    meeting_id: String,
    passcode: Option<String>,
    options: String,
    start: i64,
    end: i64,
    external_id: Option<String>,
    video_teleconference_id: Option<String>,
    created: i64,
    invited: String,
    expires: Option<i64>,
}

fn decode(row: Columns) -> Result<MeetingRow, StoreError> {
    Ok(MeetingRow {
        id: row.id,
        tenant: row.tenant.parse().map_err(|_| StoreError::Corrupt("tenant id"))?,
        organizer: row
            .organizer
            .parse()
            .map_err(|_| StoreError::Corrupt("object id"))?,
        subject: row.subject,
        thread: row.thread.parse().map_err(|_| StoreError::Corrupt("thread id"))?,
        meeting_id: row.meeting_id,
        passcode: row.passcode,
        options: serde_json::from_str(&row.options).map_err(|_| StoreError::Corrupt("meeting options"))?,
        start: from_ms(row.start)?,
        end: from_ms(row.end)?,
        graph: GraphColumns {
            external_id: row.external_id,
            video_teleconference_id: row.video_teleconference_id,
            created: from_ms(row.created)?,
            invited: serde_json::from_str(&row.invited).map_err(|_| StoreError::Corrupt("invitations"))?,
            expires: row.expires.map(from_ms).transpose()?,
        },
    })
}

fn encode(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("meeting options"))
}
