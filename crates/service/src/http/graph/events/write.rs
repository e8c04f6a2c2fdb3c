//! What clients write of an event.

use anteroom_chat::html;
use anteroom_identity::id::ObjectId;
use jiff::civil::DateTime;
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};

use super::recurrence::{Recurrence, RecurrenceError};
use super::zone::Zone;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::call::Call;
use crate::http::graph::meetings::write::{invalid, read_only, unknown};
use crate::http::graph::schema::EVENT;
use crate::http::graph::users;
use crate::meetings::{Invited, LastEnd};
use crate::store::StoreError;
use anteroom_teams_link::policy::AttendeeRole;

/// Longest text of a property, in bytes; the body of the request has a limit of its own.
const TEXT_BYTES: usize = 255;

/// Longest body of an event, in bytes.
const BODY_BYTES: usize = 256 * 1024;

/// Most attendees of an event, as in Exchange.
const ATTENDEES: usize = 500;

/// Most categories of an event.
const CATEGORIES: usize = 25;

/// Longest event.
const LENGTH: Duration = Duration::days(1825);

/// The provider of online meetings there is.
pub(super) const PROVIDER: &str = "teamsForBusiness";

/// Graph's time for what has not happened.
pub(super) const NEVER: &str = "0001-01-01T00:00:00Z";

/// What is stored of an event, with Graph's names.
pub(super) type Stored = Map<String, Value>;

/// Puts what a body says into what is stored. Gives the wish for an online meeting, if the body has one.
pub(super) fn apply(stored: &mut Stored, body: Map<String, Value>) -> Result<Option<bool>, ApiError> {
    let mut online = None;
    for (name, value) in body {
        let value = match name.as_str() {
            "subject" => text_or_empty(&name, value, TEXT_BYTES)?,
            "body" => item_body(value)?,
            "start" | "end" => date_time(&name, value)?,
            "isAllDay" | "isReminderOn" | "allowNewTimeProposals" | "responseRequested" | "hideAttendees" => {
                boolean(&name, value)?
            }
            "importance" => one_of(&name, value, &["low", "normal", "high"])?,
            "sensitivity" => one_of(&name, value, &["normal", "personal", "private", "confidential"])?,
            "showAs" => one_of(
                &name,
                value,
                &["unknown", "free", "tentative", "busy", "oof", "workingElsewhere"],
            )?,
            "reminderMinutesBeforeStart" => match value.as_u64() {
                Some(minutes) if minutes <= 40_320 => json!(minutes),
                _ => return Err(invalid(&name)),
            },
            "location" => location(value)?,
            "categories" => categories(value)?,
            "attendees" => attendees(value)?,
            // Looked at once start and zone are known.
            "recurrence" => value,
            "isOnlineMeeting" => {
                let wish = boolean(&name, value)?;
                online = wish.as_bool();
                continue;
            }
            "onlineMeetingProvider" => {
                one_of(&name, value, &[PROVIDER])?;
                continue;
            }
            "transactionId" => text_or_empty(&name, value, TEXT_BYTES)?,
            _ if value.is_null() && EVENT.has(&name) => continue,
            _ if EVENT.properties.iter().any(|(known, _)| *known == name) => return Err(read_only(&name)),
            _ => return Err(unknown(&name, EVENT.name)),
        };
        stored.insert(name, value);
    }
    Ok(online)
}

/// When an event takes place.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) start: OffsetDateTime,
    pub(super) end: OffsetDateTime,
    pub(super) zone: Zone,
    pub(super) local: DateTime,
    pub(super) recurrence: Option<Recurrence>,
}

impl When {
    /// Reads it from an event as it is stored.
    pub(super) fn of(event: &Value) -> Result<Self, ApiError> {
        let stored = event.as_object().ok_or(StoreError::Corrupt("event"))?;
        Self::read(stored)
    }

    /// Reads it from what is stored.
    pub(super) fn read(stored: &Stored) -> Result<Self, ApiError> {
        let (local, zone) = zoned("start", stored)?;
        let (local_end, end_zone) = zoned("end", stored)?;
        let instant = |local: DateTime, zone: &Zone, name: &str| {
            zone.instant(local)
                .filter(|at| (1970..9000).contains(&at.year()))
                .ok_or_else(|| invalid(name))
        };
        let start = instant(local, &zone, "start")?;
        let end = instant(local_end, &end_zone, "end")?;
        if end < start || end - start > LENGTH {
            return Err(ApiError::new(&graph::TIMES_INVALID));
        }
        let recurrence = match stored.get("recurrence") {
            None | Some(Value::Null) => None,
            Some(value) => Some(Recurrence::read(value, local.date()).map_err(recurrence_error)?),
        };
        Ok(Self {
            start,
            end,
            zone,
            local,
            recurrence,
        })
    }

    /// When it begins on a day of the series.
    pub(super) fn start_on(&self, day: jiff::civil::Date) -> Option<OffsetDateTime> {
        self.zone.instant(day.to_datetime(self.local.time()))
    }

    /// When the last occurrence ends; `None` for never.
    pub(super) fn last(&self) -> Option<OffsetDateTime> {
        let Some(recurrence) = &self.recurrence else {
            return Some(self.end);
        };
        if recurrence.is_endless() {
            return None;
        }
        let last = recurrence.last_day().and_then(|day| self.start_on(day));
        Some(last.map_or(self.end, |start| start + self.length()))
    }

    /// How long an occurrence takes.
    pub(super) fn length(&self) -> Duration {
        self.end - self.start
    }

    /// Whether everything takes place when it does in the other.
    pub(super) fn is_when(&self, other: &Self) -> bool {
        (self.start, self.end, self.local, &self.recurrence)
            == (other.start, other.end, other.local, &other.recurrence)
    }

    /// From when on the days of the meeting's link are counted.
    pub(super) fn last_end(&self) -> LastEnd {
        match (&self.recurrence, self.last()) {
            (None, _) => LastEnd::Once,
            (Some(_), Some(last)) => LastEnd::At(last),
            (Some(_), None) => LastEnd::Never,
        }
    }
}

/// Everybody invited, as the meeting knows them.
pub(super) async fn invited(
    call: &Call,
    owner: ObjectId,
    stored: &Stored,
    before: &[Invited],
) -> Result<Vec<Invited>, ApiError> {
    let mut invited = Vec::new();
    for attendee in stored
        .get("attendees")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let Some(address) = attendee.pointer("/emailAddress/address").and_then(Value::as_str) else {
            continue;
        };
        let known = users::find(call, address).await?;
        let id = known.map(|user| user.oid);
        if id == Some(owner) {
            continue;
        }
        let same = |known: &&Invited| known.upn.eq_ignore_ascii_case(address);
        // What somebody was made in the meeting stays.
        let role = before
            .iter()
            .find(same)
            .map_or(AttendeeRole::Attendee, |known| known.role);
        invited.push(Invited {
            upn: address.to_owned(),
            id,
            role,
        });
    }
    Ok(invited)
}

fn recurrence_error(error: RecurrenceError) -> ApiError {
    ApiError::new(&graph::RECURRENCE_INVALID)
        .with_message(format!("The recurrence of the event is not valid: {error}."))
}

fn zoned(name: &'static str, stored: &Stored) -> Result<(DateTime, Zone), ApiError> {
    let value = stored.get(name).ok_or_else(|| invalid(name))?;
    let text = |member: &str| value.get(member).and_then(Value::as_str);
    let zone = Zone::named(text("timeZone").unwrap_or("UTC")).ok_or_else(|| invalid("timeZone"))?;
    let local = text("dateTime")
        .and_then(local_time)
        .ok_or_else(|| invalid(name))?;
    Ok((local, zone))
}

/// A wall clock's time: `2026-12-01T09:00:00.0000000`.
fn local_time(text: &str) -> Option<DateTime> {
    if text.len() > 40 {
        return None;
    }
    // With a `Z` it says itself that it is in UTC, and clients send it so.
    text.trim_end_matches('Z').parse().ok()
}

pub(super) fn date_time(name: &str, value: Value) -> Result<Value, ApiError> {
    let Value::Object(members) = &value else {
        return Err(invalid(name));
    };
    for (member, value) in members {
        if !["dateTime", "timeZone"].contains(&member.as_str()) {
            return Err(unknown(member, "dateTimeTimeZone"));
        }
        if !value.is_string() {
            return Err(invalid(member));
        }
    }
    Ok(value)
}

pub(super) fn text_or_empty(name: &str, value: Value, most: usize) -> Result<Value, ApiError> {
    match value {
        Value::Null => Ok(json!("")),
        Value::String(text) if text.len() <= most => Ok(json!(text)),
        _ => Err(invalid(name)),
    }
}

fn boolean(name: &str, value: Value) -> Result<Value, ApiError> {
    if value.is_boolean() {
        Ok(value)
    } else {
        Err(invalid(name))
    }
}

fn one_of(name: &str, value: Value, known: &[&str]) -> Result<Value, ApiError> {
    match value.as_str() {
        Some(text) if known.contains(&text) => Ok(value),
        _ => Err(invalid(name)),
    }
}

fn item_body(value: Value) -> Result<Value, ApiError> {
    let Value::Object(members) = &value else {
        return Err(invalid("body"));
    };
    if let Some(other) = members
        .keys()
        .find(|name| !["content", "contentType"].contains(&name.as_str()))
    {
        return Err(unknown(other, "itemBody"));
    }
    let kind = match members.get("contentType").and_then(Value::as_str) {
        Some(text) if text.eq_ignore_ascii_case("html") => "html",
        Some(text) if text.eq_ignore_ascii_case("text") => "text",
        None if !members.contains_key("contentType") => "text",
        _ => return Err(invalid("contentType")),
    };
    let content = match members.get("content") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) if text.len() <= BODY_BYTES => text,
        Some(_) => return Err(invalid("content")),
    };
    let content = if kind == "html" {
        html::sanitize(content)
    } else {
        content.to_owned()
    };
    Ok(json!({ "contentType": kind, "content": content }))
}

fn location(value: Value) -> Result<Value, ApiError> {
    match value.get("displayName") {
        Some(Value::String(text)) if text.len() <= TEXT_BYTES => {
            let uri = value.get("locationUri").and_then(Value::as_str);
            let uri = uri.filter(|uri| uri.len() <= 2048);
            Ok(json!({ "displayName": text, "locationUri": uri.unwrap_or_default() }))
        }
        _ if value.is_null() => Ok(json!({ "displayName": "", "locationUri": "" })),
        _ => Err(invalid("location")),
    }
}

fn categories(value: Value) -> Result<Value, ApiError> {
    let fine = value.as_array().is_some_and(|items| {
        let text = |item: &Value| item.as_str().is_some_and(|text| text.len() <= TEXT_BYTES);
        items.len() <= CATEGORIES && items.iter().all(text)
    });
    if fine {
        Ok(value)
    } else {
        Err(invalid("categories"))
    }
}

fn attendees(value: Value) -> Result<Value, ApiError> {
    let Value::Array(items) = value else {
        return Err(invalid("attendees"));
    };
    if items.len() > ATTENDEES {
        return Err(invalid("attendees"));
    }
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str);
        let address = text("/emailAddress/address").filter(|text| (1..=TEXT_BYTES).contains(&text.len()));
        let address = address.ok_or_else(|| invalid("emailAddress"))?;
        let name = text("/emailAddress/name").filter(|text| text.len() <= TEXT_BYTES);
        let kind = text("/type").unwrap_or("required");
        if !["required", "optional", "resource"].contains(&kind) {
            return Err(invalid("type"));
        }
        kept.push(json!({
            "type": kind,
            "status": { "response": "none", "time": NEVER },
            "emailAddress": { "name": name.unwrap_or(address), "address": address },
        }));
    }
    Ok(Value::Array(kept))
}
