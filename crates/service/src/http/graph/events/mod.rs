//! `events`, `calendarView`: calendars, in which an event can have an online meeting.
//!
//! A series has one meeting and one link. An event stands in the calendars of its organizer and of the colleagues it
//! invites; the organizer alone changes it.

mod recurrence;
mod view;
mod write;
mod zone;

use anteroom_identity::id::ObjectId;
use anteroom_teams_link::policy::MeetingOptions;
use axum::http::{Method, StatusCode, header};
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use self::view::{Shown, etag, zone_of};
use self::write::{Stored, When};
use super::answer::{Answer, Paging, collection, entity, query_error};
use super::call::Call;
use super::meetings;
use super::resource::{Owner, Resource};
use super::schema::{CALENDAR, EVENT};
use super::users;
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::meetings::{Invited, MeetingRecord, NewMeeting};
use crate::store::StoreError;
use crate::store::sqlite::calendar::{self as sql, EventRow};

/// Permissions to read calendars.
const READ: (&[&str], &[&str]) = (
    &["Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite"],
    &["Calendars.ReadBasic.All", "Calendars.Read", "Calendars.ReadWrite"],
);

/// Permissions to change calendars.
const WRITE: (&[&str], &[&str]) = (&["Calendars.ReadWrite"], &["Calendars.ReadWrite"]);

/// As Graph has it: 10 on a page; ours are larger, since the page of meetings shows one.
const PAGING: Paging = Paging {
    default: 100,
    most: 1000,
};

/// Longest view, as in Exchange.
const VIEW: Duration = Duration::days(1825);

pub(super) async fn dispatch(call: &Call, resource: Resource) -> Answer {
    match resource {
        Resource::Events(owner) if call.method == Method::POST => create(call, &owner).await,
        Resource::Events(owner) => list(call, &owner).await,
        Resource::Event(owner, id) => match call.method {
            Method::PATCH => update(call, &owner, &id).await,
            Method::DELETE => delete(call, &owner, &id).await,
            _ => get(call, &owner, &id).await,
        },
        Resource::Instances(owner, id) => view(call, &owner, Some(&id)).await,
        Resource::CalendarView(owner) => view(call, &owner, None).await,
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

async fn list(call: &Call, path: &Owner) -> Answer {
    let user = users::owner(call, path, READ.0, READ.1).await?;
    let zone = zone_of(call)?;
    let mut shown = Vec::new();
    for row in of_user(call, &user, None).await? {
        shown.push(show(call, &user, row).await?.event(call, &zone)?);
    }
    let context = format!("users('{}')/events", user.oid);
    collection(call, &context, &EVENT, shown, &PAGING)
}

/// What takes place between two instants, in the whole calendar or of one series.
async fn view(call: &Call, path: &Owner, of: Option<&str>) -> Answer {
    let user = users::owner(call, path, READ.0, READ.1).await?;
    let zone = zone_of(call)?;
    let (from, until) = (instant(call, "startDateTime")?, instant(call, "endDateTime")?);
    if until < from || until - from > VIEW {
        return Err(query_error(
            "endDateTime must be after startDateTime, by no more than 1825 days",
        ));
    }
    let rows = match of {
        Some(id) => vec![stored(call, &user, id).await?],
        None => of_user(call, &user, Some((from, until))).await?,
    };
    let mut shown = Vec::new();
    for row in rows {
        shown.extend(show(call, &user, row).await?.between(call, &zone, from, until)?);
    }
    if call.options.order_by.is_empty() {
        shown.sort_by_key(|event| {
            let start = event.pointer("/start/dateTime").and_then(Value::as_str);
            start.unwrap_or_default().to_owned()
        });
    }
    let context = format!("users('{}')/calendarView", user.oid);
    collection(call, &context, &EVENT, shown, &PAGING)
}

async fn get(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner(call, path, READ.0, READ.1).await?;
    let zone = zone_of(call)?;
    let shown = match id.rsplit_once('_') {
        Some((series, day)) => {
            let day = Date::strptime("%Y%m%d", day).map_err(|_| ApiError::new(&graph::EVENT_NOT_FOUND))?;
            let row = stored(call, &user, series).await?;
            show(call, &user, row).await?.on(call, &zone, day)?
        }
        None => {
            let row = stored(call, &user, id).await?;
            show(call, &user, row).await?.event(call, &zone)?
        }
    };
    answer(call, StatusCode::OK, &user, shown)
}

fn answer(call: &Call, status: StatusCode, user: &DirectoryUser, shown: Value) -> Answer {
    let context = format!("users('{}')/events/$entity", user.oid);
    entity(call, status, &context, &EVENT, shown)
}

async fn create(call: &Call, path: &Owner) -> Answer {
    let user = users::owner(call, path, WRITE.0, WRITE.1).await?;
    let zone = zone_of(call)?;
    let mut event = Map::new();
    let online = write::apply(&mut event, call.object()?)?.unwrap_or(false);
    let when = When::read(&event)?;
    let transaction_id = match event.remove("transactionId") {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    if let Some(known) = by_transaction(call, &user, transaction_id.clone()).await? {
        // The same request once more.
        let shown = show(call, &user, known).await?.event(call, &zone)?;
        return answer(call, StatusCode::CREATED, &user, shown);
    }
    let invited = write::invited(call, user.oid, &event, &[]).await?;
    let meeting = if online {
        Some(make_meeting(call, &user, &event, &when, &invited).await?)
    } else {
        None
    };
    let now = call.app.clock().now();
    let row = EventRow {
        id: Uuid::new_v4().simple().to_string(),
        tenant: user.tenant,
        owner: user.oid,
        meeting: meeting.map(|meeting| meeting.id),
        transaction_id,
        start: when.start,
        last: when.last(),
        event: Value::Object(event),
        created: now,
        changed: now,
        version: 1,
    };
    let guests = directory_ids(&invited);
    let stored = row.clone();
    call.app
        .store()
        .write(move |connection| sql::insert(connection, &stored, &guests))
        .await?;
    let shown = show(call, &user, row).await?.event(call, &zone)?;
    answer(call, StatusCode::CREATED, &user, shown)
}

async fn update(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner(call, path, WRITE.0, WRITE.1).await?;
    let zone = zone_of(call)?;
    let mut row = stored(call, &user, id).await?;
    if row.owner != user.oid {
        return Err(ApiError::new(&graph::NOT_THE_ORGANIZER));
    }
    check_version(call, &row)?;
    let Value::Object(mut event) = std::mem::take(&mut row.event) else {
        return Err(StoreError::Corrupt("event").into());
    };
    let online = write::apply(&mut event, call.object()?)?;
    event.remove("transactionId");
    let meeting = meeting_of(call, &row).await?;
    if online == Some(false) && meeting.is_some() {
        return Err(ApiError::new(&graph::EVENT_ONLINE_FINAL));
    }
    let when = When::read(&event)?;
    let before = meeting.as_ref().map_or(&[][..], |meeting| &meeting.invited);
    let invited = write::invited(call, user.oid, &event, before).await?;
    let meeting = match meeting {
        Some(meeting) => Some(change_meeting(call, &user, meeting, &event, &when, &invited).await?),
        None if online == Some(true) => Some(make_meeting(call, &user, &event, &when, &invited).await?),
        None => None,
    };
    row.meeting = meeting.map(|meeting| meeting.id);
    row.event = Value::Object(event);
    (row.start, row.last) = (when.start, when.last());
    row.changed = call.app.clock().now();
    row.version += 1;
    let guests = directory_ids(&invited);
    let stored = row.clone();
    call.app
        .store()
        .write(move |connection| sql::update(connection, &stored, &guests))
        .await?;
    let shown = show(call, &user, row).await?.event(call, &zone)?;
    answer(call, StatusCode::OK, &user, shown)
}

/// The organizer's deleting ends the event for everybody, with its meeting; anybody else's takes it out of one calendar.
async fn delete(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner(call, path, WRITE.0, WRITE.1).await?;
    let row = stored(call, &user, id).await?;
    check_version(call, &row)?;
    let (key, owner, oid) = (row.id.clone(), row.owner, user.oid);
    call.app
        .store()
        .write(move |connection| {
            if owner == oid {
                sql::delete(connection, &key)
            } else {
                sql::uninvite(connection, &key, oid)
            }
        })
        .await?;
    if let (true, Some(meeting)) = (owner == oid, &row.meeting) {
        call.app.meetings().delete(meeting).await?;
    }
    Ok(meetings::no_content())
}

fn check_version(call: &Call, row: &EventRow) -> Result<(), ApiError> {
    match call.header(&header::IF_MATCH) {
        None | Some("*") => Ok(()),
        Some(wanted) if wanted.trim() == etag(row) => Ok(()),
        Some(_) => Err(ApiError::new(&graph::ETAG_MISMATCH)),
    }
}

async fn make_meeting(
    call: &Call,
    user: &DirectoryUser,
    event: &Stored,
    when: &When,
    invited: &[Invited],
) -> Result<MeetingRecord, ApiError> {
    let new = NewMeeting {
        tenant: user.tenant,
        organizer: user.oid,
        subject: subject(event),
        start: when.start,
        end: when.end,
        last: when.last_end(),
        options: MeetingOptions {
            attendees: meetings::write::attendees(invited),
            ..MeetingOptions::default()
        },
        invited: invited.to_vec(),
        passcode: true,
        external_id: None,
    };
    let (record, _) = call.app.meetings().create(new).await?;
    meetings::ensure_chat(&call.app, user, &record).await?;
    Ok(record)
}

async fn change_meeting(
    call: &Call,
    user: &DirectoryUser,
    meeting: MeetingRecord,
    event: &Stored,
    when: &When,
    invited: &[Invited],
) -> Result<MeetingRecord, ApiError> {
    let (subject, start, end, invited) = (subject(event), when.start, when.end, invited.to_vec());
    let renamed = subject != meeting.subject;
    let changed = call
        .app
        .meetings()
        .update(&meeting.id, Some(when.last_end()), move |row| {
            row.subject = subject;
            (row.start, row.end) = (start, end);
            row.options.attendees = meetings::write::attendees(&invited);
            row.graph.invited = invited;
            Ok::<_, StoreError>(())
        })
        .await?
        .ok_or_else(|| ApiError::new(&graph::EVENT_NOT_FOUND))?;
    meetings::ensure_chat(&call.app, user, &changed).await?;
    if renamed {
        meetings::rename_chat(&call.app, &changed).await?;
    }
    Ok(changed)
}

fn subject(event: &Stored) -> String {
    let subject = event.get("subject").and_then(Value::as_str);
    subject.unwrap_or_default().to_owned()
}

fn directory_ids(invited: &[Invited]) -> Vec<ObjectId> {
    invited.iter().filter_map(|invited| invited.id).collect()
}

/// An event in the user's calendar; its own id or that of an occurrence of it.
async fn stored(call: &Call, user: &DirectoryUser, id: &str) -> Result<EventRow, ApiError> {
    let (id, oid) = (id.to_owned(), user.oid);
    call.app
        .store()
        .read(move |connection| sql::get(connection, &id, oid))
        .await?
        .ok_or_else(|| ApiError::new(&graph::EVENT_NOT_FOUND))
}

async fn by_transaction(
    call: &Call,
    user: &DirectoryUser,
    transaction_id: Option<String>,
) -> Result<Option<EventRow>, ApiError> {
    let Some(transaction_id) = transaction_id else {
        return Ok(None);
    };
    let oid = user.oid;
    let found = call
        .app
        .store()
        .read(move |connection| sql::by_transaction(connection, oid, &transaction_id))
        .await?;
    Ok(found)
}

async fn of_user(
    call: &Call,
    user: &DirectoryUser,
    between: Option<(OffsetDateTime, OffsetDateTime)>,
) -> Result<Vec<EventRow>, StoreError> {
    let oid = user.oid;
    let (from, until) = between.unzip();
    call.app
        .store()
        .read(move |connection| sql::of_user(connection, oid, from, until))
        .await
}

async fn show(call: &Call, user: &DirectoryUser, row: EventRow) -> Result<Shown, ApiError> {
    let nothing = Map::new();
    let when = When::read(row.event.as_object().unwrap_or(&nothing))?;
    Ok(Shown {
        when,
        organizer: call.app.directory().user(row.owner).await?,
        meeting: meeting_of(call, &row).await?,
        is_organizer: row.owner == user.oid,
        row,
    })
}

async fn meeting_of(call: &Call, row: &EventRow) -> Result<Option<MeetingRecord>, StoreError> {
    match &row.meeting {
        Some(id) => call.app.meetings().get(id).await,
        None => Ok(None),
    }
}

/// A query parameter with an instant; without an offset, UTC.
fn instant(call: &Call, name: &str) -> Result<OffsetDateTime, ApiError> {
    let wrong = || {
        query_error(&format!(
            "This request requires a time window: {name} is missing or no time"
        ))
    };
    let text = call.options.custom(name).ok_or_else(wrong)?;
    // A plus sign that was not encoded arrives as a space.
    let text = text.trim().replace(' ', "+");
    let at = OffsetDateTime::parse(&text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
        .or_else(|_| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339));
    at.ok()
        .filter(|at| (1970..9000).contains(&at.year()))
        .ok_or_else(wrong)
}
