//! Events made, changed and deleted by their organizer.

use anteroom_identity::id::ObjectId;
use anteroom_teams_link::policy::MeetingOptions;
use axum::http::{StatusCode, header};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::occurrence::{Change, Deed, split};
use super::read::{show, shown_at};
use super::view::{etag_matches, etag_of, zone_of};
use super::write::{self, Stored, When};
use super::{WRITE, answer, meeting_of, stored};
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::answer::Answer;
use crate::http::graph::call::Call;
use crate::http::graph::meetings;
use crate::http::graph::resource::Owner;
use crate::http::graph::users;
use crate::meetings::{Invited, MeetingRecord, NewMeeting};
use crate::store::StoreError;
use crate::store::sqlite::calendar::{self as sql, EventRow, Invite};

/// `POST …/events`
pub(super) async fn create(call: &Call, path: &Owner) -> Answer {
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
        cancelled: false,
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

/// `PATCH …/events/{id}`, of an event, a series or an occurrence.
pub(super) async fn update(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner(call, path, WRITE.0, WRITE.1).await?;
    let zone = zone_of(call)?;
    if let (series, Some(day)) = split(id)? {
        let change = change(call, &user, series, day);
        let body = call.object()?;
        let series = series.to_owned();
        call.app
            .store()
            .write(move |connection| change.perform(connection, Deed::Update(body)))
            .await?;
        let row = stored(call, &user, &series).await?;
        let shown = shown_at(call, &show(call, &user, row).await?, day, &zone).await?;
        return answer(call, StatusCode::OK, &user, shown);
    }
    let mut row = stored(call, &user, id).await?;
    if row.owner != user.oid {
        return Err(ApiError::new(&graph::NOT_THE_ORGANIZER));
    }
    etag_matches(if_match(call), &etag_of(&row, None))?;
    let before_change = When::of(&row.event)?;
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
    let made = meeting.as_ref().filter(|_| row.meeting.is_none());
    let made = made.map(|meeting| meeting.id.clone());
    row.meeting = meeting.map(|meeting| meeting.id);
    row.event = Value::Object(event);
    (row.start, row.last) = (when.start, when.last());
    row.changed = call.app.clock().now();
    row.version += 1;
    let guests = directory_ids(&invited);
    let stored = row.clone();
    let whom = if when.is_when(&before_change) {
        Invite::New
    } else {
        Invite::Anew
    };
    let changed = call
        .app
        .store()
        .write(move |connection| sql::update(connection, &stored, &guests, whom))
        .await?;
    if !changed {
        // Somebody else was quicker; a meeting that was made for this change is nobody's.
        if let Some(made) = made {
            call.app.meetings().delete(&made).await?;
        }
        return Err(ApiError::new(&graph::ETAG_MISMATCH));
    }
    let shown = show(call, &user, row).await?.event(call, &zone)?;
    answer(call, StatusCode::OK, &user, shown)
}

/// The organizer's deleting ends the event for everybody, with its meeting; anybody else's takes it out of one calendar.
pub(super) async fn delete(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner(call, path, WRITE.0, WRITE.1).await?;
    if let (series, Some(day)) = split(id)? {
        let change = change(call, &user, series, day);
        call.app
            .store()
            .write(move |connection| change.perform(connection, Deed::Delete))
            .await?;
        return Ok(meetings::no_content());
    }
    let row = stored(call, &user, id).await?;
    etag_matches(if_match(call), &etag_of(&row, None))?;
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

fn if_match(call: &Call) -> Option<&str> {
    call.header(&header::IF_MATCH)
}

fn change(call: &Call, user: &DirectoryUser, series: &str, day: jiff::civil::Date) -> Change {
    Change {
        user: user.oid,
        event: series.to_owned(),
        day,
        if_match: if_match(call).map(str::to_owned),
        now: call.app.clock().now(),
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
