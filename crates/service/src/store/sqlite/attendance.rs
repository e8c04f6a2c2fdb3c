//! Who was in which meeting, and when.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use super::{StoreError, from_ms, to_ms};

/// One time that a meeting took place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Name of the report.
    pub id: String,
    /// When the first came.
    pub start: OffsetDateTime,
    /// When the last went; `None` while the call runs.
    pub end: Option<OffsetDateTime>,
    /// How many people came.
    pub participants: u32,
}

/// Somebody who was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// Place in the order of coming; the same in no two reports.
    pub place: i64,
    /// Raw id.
    pub person: String,
    /// Name shown to others.
    pub display_name: String,
    /// `Organizer`, `Presenter`, `Attendee`.
    pub role: String,
    /// From when to when; without end while there.
    pub intervals: Vec<(OffsetDateTime, Option<OffsetDateTime>)>,
}

/// The report of the call that runs in a meeting, begun if there is none.
///
/// # Errors
/// Whatever SQLite says.
pub fn begin(
    connection: &Connection,
    meeting: &str,
    new_id: &str,
    at: OffsetDateTime,
) -> Result<String, StoreError> {
    if let Some(open) = open_report(connection, meeting)? {
        return Ok(open);
    }
    connection.execute(
        "INSERT INTO attendance_reports (id, meeting, start_ms) VALUES (?1, ?2, ?3)",
        params![new_id, meeting, to_ms(at)],
    )?;
    Ok(new_id.to_owned())
}

/// The report of the call that runs in a meeting.
///
/// # Errors
/// Whatever SQLite says.
pub fn open_report(connection: &Connection, meeting: &str) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM attendance_reports WHERE meeting = ?1 AND end_ms IS NULL ORDER BY start_ms DESC LIMIT 1",
    )?;
    Ok(statement.query_row([meeting], |row| row.get(0)).optional()?)
}

/// Whether there is such a meeting.
///
/// # Errors
/// Whatever SQLite says.
pub fn has_meeting(connection: &Connection, meeting: &str) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM meetings WHERE id = ?1")?;
    Ok(statement.exists([meeting])?)
}

/// Notes that somebody came.
///
/// # Errors
/// Whatever SQLite says.
pub fn join(
    connection: &Connection,
    report: &str,
    person: &str,
    display_name: &str,
    role: &str,
    participant: &str,
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO attendance_records (report, person, display_name, role) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (report, person) DO UPDATE SET display_name = excluded.display_name, role = excluded.role",
        params![report, person, display_name, role],
    )?;
    connection.execute(
        "INSERT OR IGNORE INTO attendance_intervals (record, participant, join_ms)
         SELECT place, ?3, ?4 FROM attendance_records WHERE report = ?1 AND person = ?2",
        params![report, person, participant, to_ms(at)],
    )?;
    Ok(())
}

/// Notes that a participant went.
///
/// # Errors
/// Whatever SQLite says.
pub fn leave(
    connection: &Connection,
    report: &str,
    participant: &str,
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE attendance_intervals SET leave_ms = max(?3, join_ms)
         WHERE leave_ms IS NULL AND participant = ?2
           AND record IN (SELECT place FROM attendance_records WHERE report = ?1)",
        params![report, participant, to_ms(at)],
    )?;
    Ok(())
}

/// Ends a report, and the stay of everybody in it.
///
/// # Errors
/// Whatever SQLite says.
pub fn finish(connection: &Connection, report: &str, at: OffsetDateTime) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE attendance_intervals SET leave_ms = max(?2, join_ms)
         WHERE leave_ms IS NULL AND record IN (SELECT place FROM attendance_records WHERE report = ?1)",
        params![report, to_ms(at)],
    )?;
    connection.execute(
        "UPDATE attendance_reports SET end_ms = max(?2, start_ms) WHERE id = ?1 AND end_ms IS NULL",
        params![report, to_ms(at)],
    )?;
    Ok(())
}

/// Ends what the service did not see the end of: no call outlives the service. A report ends with the last that is known
/// of it.
///
/// # Errors
/// Whatever SQLite says.
pub fn finish_all(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "UPDATE attendance_reports AS r SET end_ms = (
             SELECT COALESCE(MAX(MAX(i.join_ms, COALESCE(i.leave_ms, 0))), r.start_ms)
             FROM attendance_records a JOIN attendance_intervals i ON i.record = a.place WHERE a.report = r.id
         ) WHERE end_ms IS NULL;
         UPDATE attendance_intervals SET leave_ms = MAX(join_ms, (
             SELECT r.end_ms FROM attendance_reports r JOIN attendance_records a ON a.report = r.id
             WHERE a.place = attendance_intervals.record
         )) WHERE leave_ms IS NULL;",
    )?;
    Ok(())
}

/// All reports of a meeting, newest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn reports(connection: &Connection, meeting: &str) -> Result<Vec<ReportRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, start_ms, end_ms, (SELECT COUNT(*) FROM attendance_records WHERE report = attendance_reports.id)
         FROM attendance_reports WHERE meeting = ?1 ORDER BY start_ms DESC, id",
    )?;
    let rows = statement.query_map([meeting], |row| {
        Ok((
            row.get(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, Option<i64>>(2)?,
            row.get(3)?,
        ))
    })?;
    rows.map(|row| {
        let (id, start, end, participants) = row?;
        Ok(ReportRow {
            id,
            start: from_ms(start)?,
            end: end.map(from_ms).transpose()?,
            participants,
        })
    })
    .collect()
}

/// Everybody in a report, in the order of coming.
///
/// # Errors
/// Whatever SQLite says.
pub fn records(connection: &Connection, report: &str) -> Result<Vec<RecordRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT a.place, a.person, a.display_name, a.role, i.join_ms, i.leave_ms
         FROM attendance_records a LEFT JOIN attendance_intervals i ON i.record = a.place
         WHERE a.report = ?1 ORDER BY a.place, i.join_ms",
    )?;
    let mut rows = statement.query([report])?;
    let mut found: Vec<RecordRow> = Vec::new();
    while let Some(row) = rows.next()? {
        let place: i64 = row.get(0)?;
        if found.last().is_none_or(|last| last.place != place) {
            found.push(RecordRow {
                place,
                person: row.get(1)?,
                display_name: row.get(2)?,
                role: row.get(3)?,
                intervals: Vec::new(),
            });
        }
        if let (Some(last), Some(join)) = (found.last_mut(), row.get::<_, Option<i64>>(4)?) {
            let leave: Option<i64> = row.get(5)?;
            last.intervals
                .push((from_ms(join)?, leave.map(from_ms).transpose()?));
        }
    }
    Ok(found)
}
