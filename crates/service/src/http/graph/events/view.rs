//! Events as Graph shows them.

use anteroom_chat::html;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::write::{PROVIDER, Stored, When};
use super::zone::Zone;
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::answer::{query_error, time_text};
use crate::http::graph::call::Call;
use crate::meetings::MeetingRecord;
use crate::store::sqlite::calendar::EventRow;

/// Characters of `bodyPreview`.
const PREVIEW: usize = 255;

/// An event with what belongs to it.
pub(super) struct Shown {
    pub(super) row: EventRow,
    pub(super) when: When,
    pub(super) organizer: Option<DirectoryUser>,
    pub(super) meeting: Option<MeetingRecord>,
    pub(super) is_organizer: bool,
}

/// The zone that times are told in: the client's wish, else UTC.
pub(super) fn zone_of(call: &Call) -> Result<Zone, ApiError> {
    match &call.prefer.time_zone {
        None => Ok(Zone::utc()),
        Some(name) => {
            Zone::named(name).ok_or_else(|| query_error("The time zone of the header Prefer is not known"))
        }
    }
}

/// Name of a version: what `If-Match` is compared with.
pub(super) fn etag(row: &EventRow) -> String {
    format!("W/\"{}\"", change_key(row))
}

fn change_key(row: &EventRow) -> String {
    STANDARD.encode(format!("{}:{}", row.id, row.version))
}

impl Shown {
    /// The event, or the master of its series.
    pub(super) fn event(&self, call: &Call, zone: &Zone) -> Result<Value, ApiError> {
        let kind = if self.when.recurrence.is_some() {
            "seriesMaster"
        } else {
            "singleInstance"
        };
        self.told(call, zone, self.when.start, self.when.end, &self.row.id, kind)
    }

    /// What of the event or its series takes place between two instants.
    pub(super) fn between(
        &self,
        call: &Call,
        zone: &Zone,
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<Value>, ApiError> {
        let Some(recurrence) = &self.when.recurrence else {
            let inside = self.when.start < until && self.when.end > from;
            return if inside {
                Ok(vec![self.event(call, zone)?])
            } else {
                Ok(Vec::new())
            };
        };
        let length = self.when.end - self.when.start;
        let mut found = Vec::new();
        for day in recurrence.days() {
            let Some(start) = self.when.start_on(day) else {
                continue;
            };
            if start >= until {
                break;
            }
            if start + length > from {
                found.push(self.occurrence(call, zone, day, start)?);
            }
        }
        Ok(found)
    }

    /// The occurrence on a day of the series.
    pub(super) fn on(&self, call: &Call, zone: &Zone, day: Date) -> Result<Value, ApiError> {
        let missing = || ApiError::new(&graph::EVENT_NOT_FOUND);
        let recurrence = self.when.recurrence.as_ref().ok_or_else(missing)?;
        let found = recurrence.days().take_while(|known| *known <= day).last();
        let day = found.filter(|found| *found == day).ok_or_else(missing)?;
        let start = self.when.start_on(day).ok_or_else(missing)?;
        self.occurrence(call, zone, day, start)
    }

    fn occurrence(
        &self,
        call: &Call,
        zone: &Zone,
        day: Date,
        start: OffsetDateTime,
    ) -> Result<Value, ApiError> {
        let id = format!("{}_{}", self.row.id, day.strftime("%Y%m%d"));
        let end = start + (self.when.end - self.when.start);
        let mut told = self.told(call, zone, start, end, &id, "occurrence")?;
        if let Some(members) = told.as_object_mut() {
            members.insert("seriesMasterId".to_owned(), json!(self.row.id));
            members.insert("recurrence".to_owned(), Value::Null);
        }
        Ok(told)
    }

    fn told(
        &self,
        call: &Call,
        zone: &Zone,
        start: OffsetDateTime,
        end: OffsetDateTime,
        id: &str,
        kind: &str,
    ) -> Result<Value, ApiError> {
        let nothing = Map::new();
        let stored: &Stored = self.row.event.as_object().unwrap_or(&nothing);
        let body = stored
            .get("body")
            .cloned()
            .unwrap_or_else(|| json!({ "contentType": "html", "content": "" }));
        let (body, preview) = body_of(call, body);
        let mut told = defaults();
        told.extend(stored.clone());
        let online = self.meeting.as_ref();
        let link = online.map(|meeting| meeting.join_url.clone());
        let (name, address) = self.organizer.as_ref().map_or_else(Default::default, |user| {
            (user.display_name.clone(), user.upn.clone())
        });
        let zone_name = |member: &str| {
            let zone = stored
                .get(member)
                .and_then(|value| value.get("timeZone"))
                .cloned();
            zone.unwrap_or_else(|| json!("UTC"))
        };
        let own = json!({
            "@odata.etag": etag(&self.row),
            "id": id,
            "iCalUId": self.row.id,
            "changeKey": change_key(&self.row),
            "createdDateTime": time_text(self.row.created),
            "lastModifiedDateTime": time_text(self.row.changed),
            "transactionId": self.row.transaction_id,
            "body": body,
            "bodyPreview": preview,
            "start": wall_clock(start, zone)?,
            "end": wall_clock(end, zone)?,
            "originalStartTimeZone": zone_name("start"),
            "originalEndTimeZone": zone_name("end"),
            "type": kind,
            "seriesMasterId": null,
            "isCancelled": false,
            "isOrganizer": self.is_organizer,
            "isOnlineMeeting": online.is_some(),
            "onlineMeetingProvider": if online.is_some() { PROVIDER } else { "unknown" },
            "onlineMeeting": link.as_ref().map(|link| json!({
                "joinUrl": link,
                "conferenceId": null,
                "quickDial": null,
                "tollNumber": null,
                "tollFreeNumbers": null,
                "phones": null,
            })),
            "onlineMeetingUrl": null,
            "organizer": { "emailAddress": { "name": name, "address": address } },
            "webLink": format!("{}/teams", call.app.issuer()),
        });
        if let Value::Object(own) = own {
            told.extend(own);
        }
        Ok(Value::Object(told))
    }
}

fn defaults() -> Map<String, Value> {
    let defaults = json!({
        "subject": "",
        "importance": "normal",
        "sensitivity": "normal",
        "showAs": "busy",
        "isAllDay": false,
        "isReminderOn": true,
        "reminderMinutesBeforeStart": 15,
        "responseRequested": true,
        "allowNewTimeProposals": true,
        "hideAttendees": false,
        "categories": [],
        "attendees": [],
        "location": { "displayName": "", "locationUri": "" },
        "recurrence": null,
    });
    match defaults {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn body_of(call: &Call, body: Value) -> (Value, String) {
    let content = body.get("content").and_then(Value::as_str).unwrap_or_default();
    let text = if body.get("contentType").and_then(Value::as_str) == Some("html") {
        html::to_text(content)
    } else {
        content.to_owned()
    };
    let preview = text.chars().take(PREVIEW).collect();
    if call.prefer.text_body {
        (json!({ "contentType": "text", "content": text }), preview)
    } else {
        (body, preview)
    }
}

/// Graph's form of a time: no offset, seven fraction digits, the zone beside it.
fn wall_clock(at: OffsetDateTime, zone: &Zone) -> Result<Value, ApiError> {
    let local = zone.local(at).ok_or_else(ApiError::internal)?;
    Ok(json!({
        "dateTime": local.strftime("%Y-%m-%dT%H:%M:%S.0000000").to_string(),
        "timeZone": zone.name,
    }))
}
