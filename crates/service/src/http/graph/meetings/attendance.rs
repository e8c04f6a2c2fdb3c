//! `attendanceReports`: who was in the call, and from when to when.

use anteroom_identity::id::CommunicationIdentifier;
use anteroom_teams_link::graph::odata::Expand;
use axum::http::StatusCode;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::own;
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::answer::{Answer, Paging, collection, entity, query_error, time_text};
use crate::http::graph::call::Call;
use crate::http::graph::resource::Owner;
use crate::http::graph::schema::{ATTENDANCE_RECORD, ATTENDANCE_REPORT};
use crate::http::graph::users;
use crate::meetings::MeetingRecord;
use crate::store::sqlite::attendance::{self as sql, RecordRow, ReportRow};

const READ: (&[&str], &[&str]) = (
    &["OnlineMeetingArtifact.Read.All"],
    &["OnlineMeetingArtifact.Read.All"],
);

const PAGING: Paging = Paging {
    default: 100,
    most: 999,
};

/// `GET …/attendanceReports`
pub(super) async fn list(call: &Call, path: &Owner, id: &str) -> Answer {
    let (user, meeting) = readable(call, path, id).await?;
    let expanded = expanded(call)?;
    let mut shown = Vec::new();
    for report in reports(call, &meeting).await? {
        shown.push(view(call, &user, report, expanded).await?);
    }
    let context = format!("users('{}')/onlineMeetings('{id}')/attendanceReports", user.oid);
    collection(call, &context, &ATTENDANCE_REPORT, shown, &PAGING)
}

/// `GET …/attendanceReports/{id}`
pub(super) async fn get(call: &Call, path: &Owner, id: &str, report: &str) -> Answer {
    let (user, meeting) = readable(call, path, id).await?;
    let expanded = expanded(call)?;
    let report = report_of(call, &meeting, report).await?;
    let shown = view(call, &user, report, expanded).await?;
    let context = format!(
        "users('{}')/onlineMeetings('{id}')/attendanceReports/$entity",
        user.oid
    );
    entity(call, StatusCode::OK, &context, &ATTENDANCE_REPORT, shown)
}

/// `GET …/attendanceReports/{id}/attendanceRecords`
pub(super) async fn records(call: &Call, path: &Owner, id: &str, report: &str) -> Answer {
    let (user, meeting) = readable(call, path, id).await?;
    let report = report_of(call, &meeting, report).await?;
    let context = format!(
        "users('{}')/onlineMeetings('{id}')/attendanceReports('{}')/attendanceRecords",
        user.oid, report.id
    );
    let shown = records_of(call, &user, &report.id).await?;
    collection(call, &context, &ATTENDANCE_RECORD, shown, &PAGING)
}

async fn readable(call: &Call, path: &Owner, id: &str) -> Result<(DirectoryUser, MeetingRecord), ApiError> {
    let user = users::owner_by_policy(call, path, READ.0, READ.1).await?;
    let meeting = own(call, &user, id).await?;
    Ok((user, meeting))
}

/// Whether the records are wanted with the reports.
fn expanded(call: &Call) -> Result<bool, ApiError> {
    let known = |expand: &Expand| expand.path.is(&["attendanceRecords"]);
    match call.options.expand.iter().find(|expand| !known(expand)) {
        Some(other) => Err(query_error(&format!(
            "Could not find a property named '{}' on type 'microsoft.graph.meetingAttendanceReport'",
            other.path
        ))),
        None => Ok(!call.options.expand.is_empty()),
    }
}

async fn reports(call: &Call, meeting: &MeetingRecord) -> Result<Vec<ReportRow>, ApiError> {
    let id = meeting.id.clone();
    Ok(call
        .app
        .store()
        .read(move |connection| sql::reports(connection, &id))
        .await?)
}

async fn report_of(call: &Call, meeting: &MeetingRecord, id: &str) -> Result<ReportRow, ApiError> {
    let mut reports = reports(call, meeting).await?.into_iter();
    reports
        .find(|report| report.id == id)
        .ok_or_else(|| ApiError::new(&graph::ITEM_NOT_FOUND))
}

async fn view(
    call: &Call,
    user: &DirectoryUser,
    report: ReportRow,
    expanded: bool,
) -> Result<Value, ApiError> {
    let mut shown = json!({
        "id": report.id,
        "totalParticipantCount": report.participants,
        "meetingStartDateTime": time_text(report.start),
        "meetingEndDateTime": report.end.map(time_text),
    });
    if expanded && let Some(members) = shown.as_object_mut() {
        let records = records_of(call, user, &report.id).await?;
        members.insert("attendanceRecords".to_owned(), json!(records));
    }
    Ok(shown)
}

async fn records_of(call: &Call, user: &DirectoryUser, report: &str) -> Result<Vec<Value>, ApiError> {
    let id = report.to_owned();
    let rows = call
        .app
        .store()
        .read(move |connection| sql::records(connection, &id))
        .await?;
    let now = call.app.clock().now();
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        shown.push(record(call, user, row, now).await?);
    }
    Ok(shown)
}

async fn record(
    call: &Call,
    owner: &DirectoryUser,
    row: RecordRow,
    now: OffsetDateTime,
) -> Result<Value, ApiError> {
    let who = row.person.parse::<CommunicationIdentifier>().ok();
    let (identity, mail) = match who {
        Some(CommunicationIdentifier::MicrosoftTeamsUser(user)) => {
            let known = call.app.directory().user(user.oid()).await?;
            let known = known.filter(|known| known.tenant == owner.tenant);
            let identity = json!({
                "@odata.type": "#microsoft.graph.identity",
                "id": user.oid().to_string(),
                "displayName": row.display_name,
                "tenantId": known.as_ref().map(|known| known.tenant.to_string()),
            });
            (identity, known.map(|known| known.upn))
        }
        Some(CommunicationIdentifier::CommunicationUser(guest)) => {
            let identity = json!({
                "@odata.type": "#microsoft.graph.azureCommunicationServicesUserIdentity",
                "id": row.person,
                "displayName": row.display_name,
                "azureCommunicationServicesResourceId": guest.resource().to_string(),
            });
            (identity, None)
        }
        _ => {
            let identity = json!({
                "@odata.type": "#microsoft.graph.identity",
                "id": row.person,
                "displayName": row.display_name,
            });
            (identity, None)
        }
    };
    let intervals: Vec<Value> = row
        .intervals
        .iter()
        .map(|(join, leave)| {
            json!({
                "joinDateTime": time_text(*join),
                "leaveDateTime": leave.map(time_text),
                "durationInSeconds": (leave.unwrap_or(now) - *join).whole_seconds().max(0),
            })
        })
        .collect();
    Ok(json!({
        "id": row.place.to_string(),
        "emailAddress": mail,
        "role": row.role,
        "identity": identity,
        "totalAttendanceInSeconds": together(&row.intervals, now),
        "attendanceIntervals": intervals,
    }))
}

/// Seconds in the call; on two devices at a time, they count once.
fn together(intervals: &[(OffsetDateTime, Option<OffsetDateTime>)], now: OffsetDateTime) -> i64 {
    let mut sorted: Vec<_> = intervals
        .iter()
        .map(|(join, leave)| (*join, leave.unwrap_or(now)))
        .collect();
    sorted.sort();
    let mut total = time::Duration::ZERO;
    let mut until: Option<OffsetDateTime> = None;
    for (join, leave) in sorted {
        let from = until.map_or(join, |until| until.max(join));
        if leave > from {
            total += leave - from;
        }
        until = Some(until.map_or(leave, |until| until.max(leave)));
    }
    total.whole_seconds()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn time_on_two_devices_counts_once() {
        let at = |seconds| OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds);
        let stay = |join, leave| (at(join), Some(at(leave)));
        assert_eq!(together(&[], at(9)), 0);
        assert_eq!(together(&[stay(0, 10), stay(5, 15), stay(20, 25)], at(99)), 20);
        assert_eq!(together(&[stay(0, 10), stay(2, 3), (at(8), None)], at(12)), 12);
    }
}
