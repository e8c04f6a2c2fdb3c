//! What takes place between two instants: series expanded, in order, as places in a calendar and not as events.

use std::collections::HashMap;
use std::sync::Arc;

use anteroom_identity::id::ObjectId;
use anteroom_teams_link::graph::odata::Direction;
use jiff::civil::Date;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::occurrence::{DAY, local_day};
use super::write::When;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::answer::query_error;
use crate::http::graph::call::Call;
use crate::store::Connection;
use crate::store::sqlite::calendar::occurrences::{self, OccurrenceState};
use crate::store::sqlite::calendar::{self as sql, Times, responses};

/// Most events and series looked at for one window.
const EVENTS: u32 = 5000;

/// Most places of one window: a daily series in the longest window has 1826.
const PLACES: usize = 20_000;

/// Where in a calendar something takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The event or its series.
    pub(super) event: Arc<str>,
    /// The day of an occurrence by its series' pattern.
    pub(super) day: Option<Date>,
    pub(super) start: OffsetDateTime,
    pub(super) end: OffsetDateTime,
}

/// A time window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: OffsetDateTime,
    pub(super) until: OffsetDateTime,
}

impl Window {
    fn has(self, start: OffsetDateTime, end: OffsetDateTime) -> bool {
        start < self.until && end > self.from
    }
}

/// Everything in a user's calendar, or of one event of it, that the window has; soonest first.
///
/// # Errors
/// 400 when there is more than can be looked at; the database failed.
pub(super) fn places(
    connection: &Connection,
    user: ObjectId,
    event: Option<&str>,
    window: Window,
) -> Result<Vec<Place>, ApiError> {
    let found = sql::times(connection, user, event, (window.from, window.until), EVENTS + 1)?;
    if found.len() > usize::try_from(EVENTS).unwrap_or(usize::MAX) {
        return Err(too_large());
    }
    let mut places = Vec::new();
    for times in found {
        let when = When::of(&times.event)?;
        if when.recurrence.is_some() {
            expand(connection, user, &times, &when, window, &mut places)?;
        } else if window.has(when.start, when.end) {
            push(
                &mut places,
                Place {
                    event: times.id.into(),
                    day: None,
                    start: when.start,
                    end: when.end,
                },
            )?;
        }
    }
    places.sort_by(|left, right| (left.start, &left.event).cmp(&(right.start, &right.event)));
    Ok(places)
}

fn expand(
    connection: &Connection,
    user: ObjectId,
    times: &Times,
    when: &When,
    window: Window,
    places: &mut Vec<Place>,
) -> Result<(), ApiError> {
    let Some(recurrence) = &when.recurrence else {
        return Ok(());
    };
    let event: Arc<str> = times.id.as_str().into();
    let others = occurrences::times(connection, &times.id)?;
    let hidden = responses::hidden(connection, &times.id, user)?;
    let others: HashMap<&str, _> = others.iter().map(|other| (other.day.as_str(), other)).collect();
    let place = |day, start, end| Place {
        event: Arc::clone(&event),
        day: Some(day),
        start,
        end,
    };
    // Some hours more, since the day of a zone is not that of UTC.
    let first = local_day(window.from - when.length() - Duration::days(2));
    for day in recurrence.days_from(first) {
        let Some(start) = when.start_on(day) else {
            continue;
        };
        if start >= window.until {
            break;
        }
        let name = day.strftime(DAY).to_string();
        let end = start + when.length();
        if window.has(start, end) && !others.contains_key(name.as_str()) && !hidden.contains(&name) {
            push(places, place(day, start, end))?;
        }
    }
    for (name, other) in others {
        let seen = match other.state {
            OccurrenceState::Changed => true,
            OccurrenceState::Cancelled => times.owner != user,
            OccurrenceState::Deleted => false,
        };
        if let (true, Ok(day)) = (
            seen && window.has(other.start, other.end) && !hidden.contains(name),
            Date::strptime(DAY, name),
        ) {
            push(places, place(day, other.start, other.end))?;
        }
    }
    Ok(())
}

fn push(places: &mut Vec<Place>, place: Place) -> Result<(), ApiError> {
    if places.len() >= PLACES {
        return Err(too_large());
    }
    places.push(place);
    Ok(())
}

fn too_large() -> ApiError {
    ApiError::new(&graph::VIEW_TOO_LARGE)
}

/// Sorts as `$orderby` says: by start or end.
pub(super) fn sort(call: &Call, places: &mut [Place]) -> Result<(), ApiError> {
    for order in call.options.order_by.iter().rev() {
        let by_start = order.path.is(&["start", "dateTime"]);
        if !by_start && !order.path.is(&["end", "dateTime"]) {
            return Err(query_error(
                "A view is sorted by start/dateTime or end/dateTime only",
            ));
        }
        let key = |place: &Place| if by_start { place.start } else { place.end };
        places.sort_by(|left, right| match order.direction {
            Direction::Ascending => key(left).cmp(&key(right)),
            Direction::Descending => key(right).cmp(&key(left)),
        });
    }
    Ok(())
}

/// About how many bytes an event takes in an answer.
pub(super) fn weight(event: &Value) -> usize {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map_or(0, str::len);
    let attendees = event
        .get("attendees")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    2048 + text("/body/content") + attendees * 256
}
