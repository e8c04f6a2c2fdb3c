//! Events as Graph shows them.

use anteroom_chat::html;
use anteroom_identity::id::ObjectId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::occurrence::{DAY, Occurrence};
use super::write::{NEVER, PROVIDER, Stored, When};
use super::zone::Zone;
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::answer::{query_error, time_text};
use crate::http::graph::call::Call;
use crate::meetings::MeetingRecord;
use crate::store::sqlite::calendar::EventRow;
use crate::store::sqlite::calendar::occurrences::{OccurrenceRow, OccurrenceState};
use crate::store::sqlite::calendar::responses::ResponseRow;

/// Characters of `bodyPreview`.
const PREVIEW: usize = 255;

/// An event with what belongs to it, for somebody in whose calendar it stands.
pub(super) struct Shown {
    pub(super) row: EventRow,
    pub(super) when: When,
    pub(super) organizer: Option<DirectoryUser>,
    pub(super) meeting: Option<MeetingRecord>,
    /// Who looks at it.
    pub(super) user: DirectoryUser,
    /// Answers to the whole event.
    pub(super) responses: Vec<ResponseRow>,
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
pub(super) fn etag_of(row: &EventRow, occurrence: Option<&OccurrenceRow>) -> String {
    format!("W/\"{}\"", change_key(row, occurrence))
}

/// Compares a version with the one that a client wants to change.
///
/// # Errors
/// 412 when it is another.
pub(super) fn etag_matches(wanted: Option<&str>, etag: &str) -> Result<(), ApiError> {
    match wanted.map(str::trim) {
        None | Some("*") => Ok(()),
        Some(wanted) if wanted == etag => Ok(()),
        Some(_) => Err(ApiError::new(&graph::ETAG_MISMATCH)),
    }
}

fn change_key(row: &EventRow, occurrence: Option<&OccurrenceRow>) -> String {
    let own = occurrence.map(|occurrence| format!(":{}:{}", occurrence.day, occurrence.version));
    STANDARD.encode(format!("{}:{}{}", row.id, row.version, own.unwrap_or_default()))
}

impl Shown {
    /// The event, or the master of its series.
    pub(super) fn event(&self, call: &Call, zone: &Zone) -> Result<Value, ApiError> {
        let kind = if self.when.recurrence.is_some() {
            "seriesMaster"
        } else {
            "singleInstance"
        };
        let own = json!({ "id": self.row.id, "type": kind, "seriesMasterId": null });
        let told = Told {
            start: self.when.start,
            end: self.when.end,
            occurrence: None,
            responses: &self.responses,
        };
        self.told(call, zone, &told, own)
    }

    /// An occurrence of the series.
    pub(super) fn occurrence(
        &self,
        call: &Call,
        zone: &Zone,
        occurrence: &Occurrence,
    ) -> Result<Value, ApiError> {
        let id = format!("{}_{}", self.row.id, occurrence.day.strftime(DAY));
        let original = self.when.start_on(occurrence.day);
        let own = json!({
            "id": id,
            "type": if occurrence.row.is_some() { "exception" } else { "occurrence" },
            "seriesMasterId": self.row.id,
            "occurrenceId": format!("OID.{}.{}", self.row.id, occurrence.day.strftime("%Y-%m-%d")),
            "originalStart": original.map(time_text),
            "recurrence": null,
        });
        let told = Told {
            start: occurrence.start,
            end: occurrence.end,
            occurrence: occurrence.row.as_ref(),
            responses: &occurrence.responses,
        };
        self.told(call, zone, &told, own)
    }

    fn told(&self, call: &Call, zone: &Zone, what: &Told<'_>, own: Value) -> Result<Value, ApiError> {
        let row = &self.row;
        let mut told = defaults();
        told.extend(row.event.as_object().cloned().unwrap_or_default());
        if let Some(occurrence) = what.occurrence {
            told.extend(occurrence.changes.clone());
        }
        let cancelled = row.cancelled
            || what
                .occurrence
                .is_some_and(|occurrence| occurrence.state == OccurrenceState::Cancelled);
        let (body, preview) = body_of(call, told.get("body").cloned().unwrap_or(Value::Null));
        let online = self.meeting.as_ref();
        let (name, address) = self.organizer.as_ref().map_or_else(Default::default, |user| {
            (user.display_name.clone(), user.upn.clone())
        });
        let zone_name = |member: &str| {
            let value = told.get(member).and_then(|value| value.get("timeZone"));
            value.cloned().unwrap_or_else(|| json!("UTC"))
        };
        let changed = what
            .occurrence
            .map_or(row.changed, |occurrence| occurrence.changed);
        let common = json!({
            "@odata.etag": etag_of(row, what.occurrence),
            "iCalUId": row.id,
            "changeKey": change_key(row, what.occurrence),
            "createdDateTime": time_text(row.created),
            "lastModifiedDateTime": time_text(changed.max(row.changed)),
            "transactionId": row.transaction_id,
            "subject": subject(&told, cancelled),
            "body": body,
            "bodyPreview": preview,
            "start": wall_clock(what.start, zone)?,
            "end": wall_clock(what.end, zone)?,
            "originalStartTimeZone": zone_name("start"),
            "originalEndTimeZone": zone_name("end"),
            "occurrenceId": null,
            "originalStart": null,
            "isCancelled": cancelled,
            "isOrganizer": self.is_organizer(),
            "attendees": self.attendees(&told, what.responses),
            "responseStatus": self.own_response(what.responses),
            "isOnlineMeeting": online.is_some(),
            "onlineMeetingProvider": if online.is_some() { PROVIDER } else { "unknown" },
            "onlineMeeting": online.map(|meeting| json!({
                "joinUrl": meeting.join_url,
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
        for members in [common, own] {
            if let Value::Object(members) = members {
                told.extend(members);
            }
        }
        Ok(Value::Object(told))
    }

    pub(super) fn is_organizer(&self) -> bool {
        self.row.owner == self.user.oid
    }

    /// Whom the organizer invited, with their answers.
    fn attendees(&self, told: &Stored, responses: &[ResponseRow]) -> Vec<Value> {
        let hidden = told.get("hideAttendees") == Some(&Value::Bool(true)) && !self.is_organizer();
        let attendees = told.get("attendees").and_then(Value::as_array);
        let mut shown = Vec::new();
        for attendee in attendees.into_iter().flatten() {
            let address = attendee.pointer("/emailAddress/address").and_then(Value::as_str);
            let address = address.unwrap_or_default();
            if hidden && !is_address_of(address, self.user.oid, &self.user.upn) {
                continue;
            }
            let mut attendee = attendee.clone();
            let answered = responses
                .iter()
                .filter(|response| is_address_of(address, response.user, &response.upn));
            // The answer to the occurrence, which comes with its day, counts more than the one to its series.
            if let (Some(answer), Some(members)) = (
                answered.max_by_key(|response| &response.day),
                attendee.as_object_mut(),
            ) {
                members.insert(
                    "status".to_owned(),
                    json!({ "response": answer.response, "time": time_text(answer.at) }),
                );
                if let Some(proposed) = &answer.proposed {
                    members.insert("proposedNewTime".to_owned(), proposed.clone());
                }
            }
            shown.push(attendee);
        }
        shown
    }

    fn own_response(&self, responses: &[ResponseRow]) -> Value {
        if self.is_organizer() {
            return json!({ "response": "organizer", "time": NEVER });
        }
        let own = responses
            .iter()
            .filter(|response| response.user == self.user.oid && response.response != "none");
        match own.max_by_key(|response| &response.day) {
            Some(own) => json!({ "response": own.response, "time": time_text(own.at) }),
            None => json!({ "response": "notResponded", "time": NEVER }),
        }
    }
}

/// What of an event is told.
struct Told<'t> {
    start: OffsetDateTime,
    end: OffsetDateTime,
    occurrence: Option<&'t OccurrenceRow>,
    responses: &'t [ResponseRow],
}

fn is_address_of(address: &str, user: ObjectId, upn: &str) -> bool {
    address.eq_ignore_ascii_case(upn) || address.parse().is_ok_and(|id: ObjectId| id == user)
}

/// As Outlook writes it in the calendars of those invited.
fn subject(told: &Stored, cancelled: bool) -> String {
    let subject = told.get("subject").and_then(Value::as_str).unwrap_or_default();
    if cancelled {
        format!("Canceled: {subject}")
    } else {
        subject.to_owned()
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
        "body": { "contentType": "html", "content": "" },
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
