//! Occurrences that are not what their series says.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{StoreError, from_ms, to_ms};

/// What has become of an occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OccurrenceState {
    /// It takes place, otherwise than the series says.
    Changed,
    /// Cancelled: only those invited still see it.
    Cancelled,
    /// It is in no calendar.
    Deleted,
}

/// An occurrence that is not what its series says.
#[derive(Debug, Clone, PartialEq)]
pub struct OccurrenceRow {
    /// The day it has by the pattern: `20261019`.
    pub day: String,
    /// What has become of it.
    pub state: OccurrenceState,
    /// What the organizer wrote of it alone.
    pub changes: Map<String, Value>,
    /// When it begins.
    pub start: OffsetDateTime,
    /// When it ends.
    pub end: OffsetDateTime,
    /// When it was changed last.
    pub changed: OffsetDateTime,
    /// One more with each change.
    pub version: i64,
}

/// When an occurrence takes place that is not what its series says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OccurrenceTimes {
    /// The day it has by the pattern.
    pub day: String,
    /// What has become of it.
    pub state: OccurrenceState,
    /// When it begins.
    pub start: OffsetDateTime,
    /// When it ends.
    pub end: OffsetDateTime,
}

impl OccurrenceState {
    const fn text(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Cancelled => "cancelled",
            Self::Deleted => "deleted",
        }
    }

    fn read(text: &str) -> Result<Self, StoreError> {
        match text {
            "changed" => Ok(Self::Changed),
            "cancelled" => Ok(Self::Cancelled),
            "deleted" => Ok(Self::Deleted),
            _ => Err(StoreError::Corrupt("occurrence")),
        }
    }
}

/// Stores or replaces an occurrence.
///
/// # Errors
/// Whatever SQLite says.
pub fn put(connection: &Connection, event: &str, row: &OccurrenceRow) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO calendar_exceptions
             (event, day, state, changes, start_ms, end_ms, changed_ms, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    statement.execute(params![
        event,
        row.day,
        row.state.text(),
        Value::Object(row.changes.clone()).to_string(),
        to_ms(row.start),
        to_ms(row.end),
        to_ms(row.changed),
        row.version,
    ])?;
    Ok(())
}

/// The occurrence of this day, if it is not what the series says.
///
/// # Errors
/// Whatever SQLite says.
pub fn get(connection: &Connection, event: &str, day: &str) -> Result<Option<OccurrenceRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT day, state, start_ms, end_ms, changes, changed_ms, version FROM calendar_exceptions
         WHERE event = ?1 AND day = ?2",
    )?;
    let found = statement
        .query_row([event, day], |row| {
            Ok((light(row)?, row.get::<_, String>(4)?, row.get(5)?, row.get(6)?))
        })
        .optional()?;
    found
        .map(|(times, changes, changed, version)| {
            let times = decode(times)?;
            Ok(OccurrenceRow {
                day: times.day,
                state: times.state,
                changes: serde_json::from_str(&changes).map_err(|_| StoreError::Corrupt("occurrence"))?,
                start: times.start,
                end: times.end,
                changed: from_ms(changed)?,
                version,
            })
        })
        .transpose()
}

/// All occurrences of a series that are not what it says, by their days.
///
/// # Errors
/// Whatever SQLite says.
pub fn times(connection: &Connection, event: &str) -> Result<Vec<OccurrenceTimes>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT day, state, start_ms, end_ms FROM calendar_exceptions WHERE event = ?1 ORDER BY day",
    )?;
    let rows = statement.query_map([event], light)?;
    rows.map(|row| decode(row?)).collect()
}

type Light = (String, String, i64, i64);

fn light(row: &Row<'_>) -> rusqlite::Result<Light> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn decode((day, state, start, end): Light) -> Result<OccurrenceTimes, StoreError> {
    Ok(OccurrenceTimes {
        day,
        state: OccurrenceState::read(&state)?,
        start: from_ms(start)?,
        end: from_ms(end)?,
    })
}
