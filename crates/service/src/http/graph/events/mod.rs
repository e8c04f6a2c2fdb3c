//! `events`, `calendarView`: calendars, in which an event can have an online meeting.
//!
//! A series has one meeting and one link. An event stands in the calendars of its organizer and of the colleagues it
//! invites; the organizer alone changes it, the others answer.
//!
//! | | |
//! |---|---|
//! | `read` | lists, views, single events |
//! | `edit` | events made, changed, deleted |
//! | `occurrence` | single occurrences of a series |
//! | `respond` | answers to invitations, cancelling |
//! | `window` | what takes place between two instants |
//! | `recurrence`, `zone` | on which days, at which hour |
//! | `write`, `view` | what clients write and read |

mod edit;
mod occurrence;
mod read;
mod recurrence;
mod respond;
mod view;
mod window;
mod write;
mod zone;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use self::occurrence::missing;
use super::answer::{Answer, entity};
use super::call::Call;
use super::resource::{Owner, Resource};
use super::schema::{CALENDAR, EVENT};
use super::users;
use crate::directory::DirectoryUser;
use crate::http::errors::ApiError;
use crate::meetings::MeetingRecord;
use crate::store::StoreError;
use crate::store::sqlite::calendar::{self as sql, EventRow};

/// Permissions to read calendars.
const READ: (&[&str], &[&str]) = (
    &["Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite"],
    &["Calendars.ReadBasic.All", "Calendars.Read", "Calendars.ReadWrite"],
);

/// Permissions to change calendars.
const WRITE: (&[&str], &[&str]) = (&["Calendars.ReadWrite"], &["Calendars.ReadWrite"]);

pub(super) async fn dispatch(call: &Call, resource: Resource) -> Answer {
    match resource {
        Resource::Events(owner) if call.method == Method::POST => edit::create(call, &owner).await,
        Resource::Events(owner) => read::list(call, &owner).await,
        Resource::Event(owner, id) => match call.method {
            Method::PATCH => edit::update(call, &owner, &id).await,
            Method::DELETE => edit::delete(call, &owner, &id).await,
            _ => read::get(call, &owner, &id).await,
        },
        Resource::Instances(owner, id) => read::view(call, &owner, Some(&id)).await,
        Resource::CalendarView(owner) => read::view(call, &owner, None).await,
        Resource::Respond(owner, id, response) => respond::respond(call, &owner, &id, response).await,
        Resource::Cancel(owner, id) => respond::cancel(call, &owner, &id).await,
        Resource::Calendar(owner) => calendar(call, &owner).await,
        _ => Err(ApiError::not_found()),
    }
}

async fn calendar(call: &Call, path: &Owner) -> Answer {
    let user = users::owner(call, path, READ.0, READ.1).await?;
    let shown = json!({
        "id": format!("calendar-{}", user.oid),
        "name": "Calendar",
        "isDefaultCalendar": true,
        "canEdit": true,
        "allowedOnlineMeetingProviders": [write::PROVIDER],
        "defaultOnlineMeetingProvider": write::PROVIDER,
        "owner": { "name": user.display_name, "address": user.upn },
    });
    let context = format!("users('{}')/calendar/$entity", user.oid);
    entity(call, StatusCode::OK, &context, &CALENDAR, shown)
}

fn answer(call: &Call, status: StatusCode, user: &DirectoryUser, shown: Value) -> Answer {
    let context = format!("users('{}')/events/$entity", user.oid);
    entity(call, status, &context, &EVENT, shown)
}

/// An event in the user's calendar, by its own id.
async fn stored(call: &Call, user: &DirectoryUser, id: &str) -> Result<EventRow, ApiError> {
    let (id, oid) = (id.to_owned(), user.oid);
    call.app
        .store()
        .read(move |connection| sql::get(connection, &id, oid))
        .await?
        .ok_or_else(missing)
}

async fn meeting_of(call: &Call, row: &EventRow) -> Result<Option<MeetingRecord>, StoreError> {
    match &row.meeting {
        Some(id) => call.app.meetings().get(id).await,
        None => Ok(None),
    }
}
