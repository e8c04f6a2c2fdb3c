//! Answers to invitations, of whole events and of single occurrences.

use std::collections::HashSet;

use anteroom_identity::id::ObjectId;
use rusqlite::{Connection, params};
use serde_json::Value;
use time::OffsetDateTime;

use super::{StoreError, from_ms, to_ms};

/// What somebody answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseRow {
    /// Who answered.
    pub user: ObjectId,
    /// Sign-in name of who answered, which is the address of the invitation.
    pub upn: String,
    /// The day of the occurrence that was answered, `20261019`; empty for the whole event.
    pub day: String,
    /// `accepted`, `tentativelyAccepted`, `declined` or `none`.
    pub response: String,
    /// When.
    pub at: OffsetDateTime,
    /// Another time that was proposed.
    pub proposed: Option<Value>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct NewResponse {
    /// Who answers.
    pub user: ObjectId,
    /// The day of the occurrence; empty for the whole event.
    pub day: String,
    /// What is answered; `None` leaves the answer as it is.
    pub response: Option<&'static str>,
    /// When.
    pub at: OffsetDateTime,
    /// Whether the occurrence is in this calendar no more.
    pub hidden: bool,
    /// Another time that is proposed.
    pub proposed: Option<Value>,
}

/// Stores an answer in place of the one before. An answer to the whole event replaces those to occurrences that are still
/// in the calendar.
///
/// # Errors
/// Whatever SQLite says.
pub fn put(connection: &Connection, event: &str, new: &NewResponse) -> Result<(), StoreError> {
    let user = new.user.to_string();
    if new.day.is_empty() {
        connection.execute(
            "DELETE FROM calendar_responses WHERE event = ?1 AND user_id = ?2 AND day <> '' AND hidden = 0",
            params![event, user],
        )?;
    }
    let mut statement = connection.prepare_cached(
        "INSERT INTO calendar_responses (event, user_id, day, response, at_ms, hidden, proposed)
         VALUES (?1, ?2, ?3, coalesce(?4, 'none'), ?5, ?6, ?7)
         ON CONFLICT (event, user_id, day) DO UPDATE SET
             response = coalesce(?4, response), at_ms = ?5, hidden = ?6, proposed = ?7",
    )?;
    statement.execute(params![
        event,
        user,
        new.day,
        new.response,
        to_ms(new.at),
        new.hidden,
        new.proposed.as_ref().map(Value::to_string),
    ])?;
    Ok(())
}

/// Answers to the whole event, and to the occurrence of a day.
///
/// # Errors
/// Whatever SQLite says.
pub fn of_event(connection: &Connection, event: &str, day: &str) -> Result<Vec<ResponseRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT user_id, upn, day, response, at_ms, proposed FROM calendar_responses
             JOIN directory_users ON object_id = user_id
         WHERE event = ?1 AND day IN ('', ?2)",
    )?;
    let rows = statement.query_map([event, day], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get::<_, Option<String>>(5)?,
        ))
    })?;
    rows.map(|row| {
        let (user, upn, day, response, at, proposed) = row?;
        let proposed = proposed.map(|text| serde_json::from_str(&text)).transpose();
        Ok(ResponseRow {
            user: user.parse().map_err(|_| StoreError::Corrupt("object id"))?,
            upn,
            day,
            response,
            at: from_ms(at)?,
            proposed: proposed.map_err(|_| StoreError::Corrupt("proposed time"))?,
        })
    })
    .collect()
}

/// Days of occurrences that somebody took out of the own calendar.
///
/// # Errors
/// Whatever SQLite says.
pub fn hidden(connection: &Connection, event: &str, user: ObjectId) -> Result<HashSet<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT day FROM calendar_responses WHERE event = ?1 AND user_id = ?2 AND hidden = 1 AND day <> ''",
    )?;
    let rows = statement.query_map(params![event, user.to_string()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
