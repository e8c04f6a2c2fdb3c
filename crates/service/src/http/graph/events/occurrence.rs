//! Single occurrences of a series: read, changed, deleted, cancelled.
//!
//! An occurrence has the id of its series and the day that it has by the pattern, wherever it was moved to. What was
//! written of it alone is kept beside the series; everything else is the series'.

use anteroom_identity::id::ObjectId;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::view::{etag_matches, etag_of};
use super::write::{self, Stored, When};
use super::zone::Zone;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::store::sqlite::calendar::occurrences::{self, OccurrenceRow, OccurrenceState};
use crate::store::sqlite::calendar::responses::{self, NewResponse, ResponseRow};
use crate::store::sqlite::calendar::{self as sql, EventRow};
use crate::store::{Connection, StoreError};

/// How a day is written in ids.
pub(super) const DAY: &str = "%Y%m%d";

/// Most occurrences of a series that are not what it says.
const CHANGED: usize = 1000;

/// An occurrence of a series, for somebody in whose calendar it stands.
#[derive(Debug)]
pub(super) struct Occurrence {
    pub(super) day: Date,
    pub(super) start: OffsetDateTime,
    pub(super) end: OffsetDateTime,
    /// What differs from the series.
    pub(super) row: Option<OccurrenceRow>,
    /// Answers to it and to the series.
    pub(super) responses: Vec<ResponseRow>,
}

/// The day of an instant in UTC.
pub(super) fn local_day(at: OffsetDateTime) -> Date {
    let local = Zone::utc().local(at);
    local.map_or(Date::MIN, |local| local.date())
}

/// The series and the day that an id names; `None` for the day of an id that names an event.
pub(super) fn split(id: &str) -> Result<(&str, Option<Date>), ApiError> {
    match id.rsplit_once('_') {
        None => Ok((id, None)),
        Some((series, text)) => match Date::strptime(DAY, text) {
            // One day has one name.
            Ok(day) if day.strftime(DAY).to_string() == text => Ok((series, Some(day))),
            _ => Err(missing()),
        },
    }
}

/// The occurrence of a day, as it stands in a user's calendar.
///
/// # Errors
/// 404 when there is none, or it was taken out of this calendar.
pub(super) fn get(
    connection: &Connection,
    user: ObjectId,
    row: &EventRow,
    when: &When,
    day: Date,
) -> Result<Occurrence, ApiError> {
    let recurrence = when.recurrence.as_ref().ok_or_else(missing)?;
    if recurrence.days_from(day).next() != Some(day) {
        return Err(missing());
    }
    let start = when.start_on(day).ok_or_else(missing)?;
    let name = day.strftime(DAY).to_string();
    let other = occurrences::get(connection, &row.id, &name)?;
    let gone = match other.as_ref().map(|other| other.state) {
        None | Some(OccurrenceState::Changed) => false,
        Some(OccurrenceState::Cancelled) => row.owner == user,
        Some(OccurrenceState::Deleted) => true,
    };
    if gone || responses::hidden(connection, &row.id, user)?.contains(&name) {
        return Err(missing());
    }
    let (start, end) = match &other {
        Some(other) => (other.start, other.end),
        None => (start, start + when.length()),
    };
    Ok(Occurrence {
        day,
        start,
        end,
        row: other,
        responses: responses::of_event(connection, &row.id, &name)?,
    })
}

/// A change of one occurrence by its organizer.
pub(super) struct Change {
    pub(super) user: ObjectId,
    pub(super) event: String,
    pub(super) day: Date,
    pub(super) if_match: Option<String>,
    pub(super) now: OffsetDateTime,
}

/// What is done to an occurrence.
pub(super) enum Deed {
    /// It gets what a body says.
    Update(Map<String, Value>),
    /// It is taken out of the calendar: everybody's if it is the organizer's.
    Delete,
    /// It stays in the calendars of those invited, cancelled.
    Cancel,
}

impl Change {
    /// Does it, on what is stored at this moment.
    ///
    /// # Errors
    /// 404, 403 for what only the organizer may do, 412, what is wrong with the body.
    pub(super) fn perform(&self, connection: &Connection, deed: Deed) -> Result<(), ApiError> {
        let row = sql::get(connection, &self.event, self.user)?.ok_or_else(missing)?;
        let when = When::of(&row.event)?;
        let occurrence = get(connection, self.user, &row, &when, self.day)?;
        etag_matches(self.if_match.as_deref(), &etag_of(&row, occurrence.row.as_ref()))?;
        if row.owner != self.user {
            return match deed {
                Deed::Delete => Ok(self.hide(connection, None)?),
                Deed::Update(_) | Deed::Cancel => Err(ApiError::new(&graph::NOT_THE_ORGANIZER)),
            };
        }
        if occurrence.row.is_none() && occurrences::times(connection, &row.id)?.len() >= CHANGED {
            return Err(ApiError::new(&graph::OCCURRENCE_LIMIT));
        }
        let next = match deed {
            Deed::Update(body) => changed(connection, &row, &when, &occurrence, body)?,
            Deed::Delete => ending(&occurrence, OccurrenceState::Deleted),
            Deed::Cancel => ending(&occurrence, OccurrenceState::Cancelled),
        };
        let version = occurrence.row.as_ref().map_or(0, |row| row.version) + 1;
        let next = OccurrenceRow {
            day: self.day.strftime(DAY).to_string(),
            changed: self.now,
            version,
            ..next
        };
        Ok(occurrences::put(connection, &row.id, &next)?)
    }

    /// Takes it out of the calendar of somebody invited, perhaps with an answer.
    pub(super) fn hide(
        &self,
        connection: &Connection,
        response: Option<&'static str>,
    ) -> Result<(), StoreError> {
        let new = NewResponse {
            user: self.user,
            day: self.day.strftime(DAY).to_string(),
            response,
            at: self.now,
            hidden: true,
            proposed: None,
        };
        responses::put(connection, &self.event, &new)
    }
}

fn ending(occurrence: &Occurrence, state: OccurrenceState) -> OccurrenceRow {
    let changes = occurrence.row.as_ref().map(|row| row.changes.clone());
    OccurrenceRow {
        day: String::new(),
        state,
        changes: changes.unwrap_or_default(),
        start: occurrence.start,
        end: occurrence.end,
        changed: OffsetDateTime::UNIX_EPOCH,
        version: 0,
    }
}

fn changed(
    connection: &Connection,
    row: &EventRow,
    when: &When,
    occurrence: &Occurrence,
    mut body: Map<String, Value>,
) -> Result<OccurrenceRow, ApiError> {
    for name in ["recurrence", "attendees", "transactionId"] {
        if body.remove(name).is_some_and(|value| !value.is_null()) {
            return Err(of_the_series(name));
        }
    }
    let moves = body.contains_key("start") || body.contains_key("end");
    let mut next = ending(occurrence, OccurrenceState::Changed);
    let online = write::apply(&mut next.changes, body)?;
    if online.is_some_and(|online| online != row.meeting.is_some()) {
        return Err(of_the_series("isOnlineMeeting"));
    }
    if moves {
        let mut times = Stored::new();
        for (name, at) in [("start", occurrence.start), ("end", occurrence.end)] {
            let written = next.changes.get(name).cloned();
            times.insert(
                name.to_owned(),
                written.map_or_else(|| wall_clock(&when.zone, at), Ok)?,
            );
        }
        let moved = When::read(&times)?;
        check_neighbours(connection, row, when, occurrence.day, &moved)?;
        (next.start, next.end) = (moved.start, moved.end);
        next.changes.extend(times);
    }
    Ok(next)
}

fn wall_clock(zone: &Zone, at: OffsetDateTime) -> Result<Value, ApiError> {
    let local = zone.local(at).ok_or_else(ApiError::internal)?;
    Ok(json!({ "dateTime": local.strftime("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": zone.name }))
}

/// As in Exchange: the occurrences of a series keep their order, and do not overlap.
fn check_neighbours(
    connection: &Connection,
    row: &EventRow,
    when: &When,
    day: Date,
    moved: &When,
) -> Result<(), ApiError> {
    let Some(recurrence) = &when.recurrence else {
        return Ok(());
    };
    let others = occurrences::times(connection, &row.id)?;
    let span = |day: Date| {
        let name = day.strftime(DAY).to_string();
        match others.iter().find(|other| other.day == name) {
            Some(other) if other.state == OccurrenceState::Changed => Some((other.start, other.end)),
            Some(_) => None,
            None => when.start_on(day).map(|start| (start, start + when.length())),
        }
    };
    let mut earlier = recurrence.day_before(day);
    // Of those that are gone there are not more than `CHANGED`.
    let before = loop {
        match earlier {
            None => break None,
            Some(day) => match span(day) {
                Some(span) => break Some(span),
                None => earlier = recurrence.day_before(day),
            },
        }
    };
    let after = recurrence
        .days_from(day)
        .skip_while(|other| *other <= day)
        .find_map(span);
    let crosses =
        before.is_some_and(|(_, end)| moved.start < end) || after.is_some_and(|(start, _)| moved.end > start);
    if crosses {
        Err(ApiError::new(&graph::OCCURRENCE_CROSSES))
    } else {
        Ok(())
    }
}

fn of_the_series(name: &str) -> ApiError {
    ApiError::new(&graph::OCCURRENCE_PROPERTY)
        .with_message(format!("The property '{name}' belongs to the series."))
}

pub(super) fn missing() -> ApiError {
    ApiError::new(&graph::EVENT_NOT_FOUND)
}

/// 202 with nothing in it, as actions on events are answered.
pub(super) fn accepted() -> axum::response::Response {
    axum::response::IntoResponse::into_response(StatusCode::ACCEPTED)
}
