//! `accept`, `tentativelyAccept`, `decline` and `cancel`: answers to an invitation, and its end.
//!
//! Nobody gets mail here: a comment is read and not kept. The organizer sees the answers in `attendees`.

use axum::http::header;
use serde_json::{Map, Value};

use super::occurrence::{Change, DAY, Deed, accepted, missing, split};
use super::view::{etag_matches, etag_of};
use super::write::{When, date_time, text_or_empty};
use super::{WRITE, stored};
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::answer::Answer;
use crate::http::graph::call::Call;
use crate::http::graph::meetings::write::{invalid, unknown};
use crate::http::graph::resource::{Owner, Response};
use crate::http::graph::users;
use crate::store::sqlite::calendar::occurrences::OccurrenceState;
use crate::store::sqlite::calendar::responses::{self, NewResponse};
use crate::store::sqlite::calendar::{self as sql, EventRow};

/// Longest comment, in bytes.
const COMMENT_BYTES: usize = 32 * 1024;

/// `POST …/accept` and its kind.
pub(super) async fn respond(call: &Call, path: &Owner, id: &str, response: Response) -> Answer {
    let user = users::owner(call, path, WRITE.0, WRITE.1).await?;
    let proposed = answer_of(call, response)?;
    let (event, day) = split(id)?;
    let row = stored(call, &user, event).await?;
    check(&row, user.oid == row.owner, proposed.is_some())?;
    let (event, oid, now) = (row.id, user.oid, call.app.clock().now());
    call.app
        .store()
        .write(move |connection| {
            let row = sql::get(connection, &event, oid)?.ok_or_else(missing)?;
            let name = match day {
                None => String::new(),
                Some(day) => {
                    let when = When::of(&row.event)?;
                    let occurrence = super::occurrence::get(connection, oid, &row, &when, day)?;
                    let state = occurrence.row.map(|row| row.state);
                    if state == Some(OccurrenceState::Cancelled) {
                        return Err(ApiError::new(&graph::EVENT_CANCELLED));
                    }
                    day.strftime(DAY).to_string()
                }
            };
            let declined = response == Response::Decline;
            let new = NewResponse {
                user: oid,
                hidden: declined && !name.is_empty(),
                day: name,
                response: Some(text(response)),
                at: now,
                proposed,
            };
            responses::put(connection, &event, &new)?;
            // What is declined is in the calendar no more.
            if declined && day.is_none() {
                sql::uninvite(connection, &event, oid)?;
            }
            Ok::<_, ApiError>(())
        })
        .await?;
    Ok(accepted())
}

/// `POST …/cancel`
pub(super) async fn cancel(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner(call, path, WRITE.0, WRITE.1).await?;
    let mut body = Body::read(call)?;
    body.comment()?;
    body.end()?;
    let (event, day) = split(id)?;
    let row = stored(call, &user, event).await?;
    if row.owner != user.oid {
        return Err(ApiError::new(&graph::NOT_THE_ORGANIZER));
    }
    let now = call.app.clock().now();
    let if_match = call.header(&header::IF_MATCH).map(str::to_owned);
    let Some(day) = day else {
        etag_matches(if_match.as_deref(), &etag_of(&row, None))?;
        let key = row.id.clone();
        call.app
            .store()
            .write(move |connection| sql::cancel(connection, &key, now))
            .await?;
        if let Some(meeting) = &row.meeting {
            call.app.meetings().delete(meeting).await?;
        }
        return Ok(accepted());
    };
    let change = Change {
        user: user.oid,
        event: row.id,
        day,
        if_match,
        now,
    };
    call.app
        .store()
        .write(move |connection| change.perform(connection, Deed::Cancel))
        .await?;
    Ok(accepted())
}

const fn text(response: Response) -> &'static str {
    match response {
        Response::Accept => "accepted",
        Response::TentativelyAccept => "tentativelyAccepted",
        Response::Decline => "declined",
    }
}

fn check(row: &EventRow, own: bool, proposes: bool) -> Result<(), ApiError> {
    if own {
        return Err(ApiError::new(&graph::RESPOND_ORGANIZER));
    }
    if row.cancelled {
        return Err(ApiError::new(&graph::EVENT_CANCELLED));
    }
    let wanted = |name: &str| row.event.get(name).and_then(Value::as_bool).unwrap_or(true);
    if !wanted("responseRequested") || (proposes && !wanted("allowNewTimeProposals")) {
        return Err(ApiError::new(&graph::RESPOND_UNWANTED));
    }
    Ok(())
}

/// What a body says besides: the time that is proposed.
fn answer_of(call: &Call, response: Response) -> Result<Option<Value>, ApiError> {
    let mut body = Body::read(call)?;
    body.comment()?;
    let send = match body.take("sendResponse") {
        None | Some(Value::Null) => true,
        Some(Value::Bool(send)) => send,
        Some(_) => return Err(invalid("sendResponse")),
    };
    let proposed = match body.take("proposedNewTime") {
        None | Some(Value::Null) => None,
        Some(_) if response == Response::Accept => return Err(unknown("proposedNewTime", "accept")),
        // Without an answer nobody would hear of it.
        Some(_) if !send => return Err(invalid("proposedNewTime")),
        Some(slot) => Some(time_slot(slot)?),
    };
    body.end()?;
    Ok(proposed)
}

fn time_slot(slot: Value) -> Result<Value, ApiError> {
    let Value::Object(mut slot) = slot else {
        return Err(invalid("proposedNewTime"));
    };
    let mut times = Map::new();
    for name in ["start", "end"] {
        let value = slot.remove(name).ok_or_else(|| invalid("proposedNewTime"))?;
        times.insert(name.to_owned(), date_time(name, value)?);
    }
    if let Some(other) = slot.keys().next() {
        return Err(unknown(other, "timeSlot"));
    }
    When::read(&times)?;
    Ok(Value::Object(times))
}

/// The parameters of an action. Their names are compared without regard to case: `msgraph-sdk` writes them large.
struct Body(Map<String, Value>);

impl Body {
    fn read(call: &Call) -> Result<Self, ApiError> {
        if call.body.is_empty() {
            return Ok(Self(Map::new()));
        }
        call.object().map(Self)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let known = self
            .0
            .keys()
            .find(|known| known.eq_ignore_ascii_case(name))?
            .clone();
        self.0.remove(&known)
    }

    fn comment(&mut self) -> Result<(), ApiError> {
        match self.take("comment") {
            None => Ok(()),
            Some(comment) => text_or_empty("comment", comment, COMMENT_BYTES).map(|_| ()),
        }
    }

    fn end(self) -> Result<(), ApiError> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(other) => Err(unknown(other, "event")),
        }
    }
}
