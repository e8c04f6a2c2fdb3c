//! Microsoft Graph, as far as the Teams side's page needs it: who am I, which meetings do I have.

pub mod caller;

use anteroom_identity::id::ObjectId;
use anteroom_identity::token::DirectoryClaims;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::auth::{Bearer, Caller};
use super::errors::{ApiError, json};
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::meetings::MeetingRecord;
use crate::state::App;

/// The routes of this module.
pub fn router() -> Router<App> {
    Router::new()
        .route("/v1.0/me", get(me))
        .route("/v1.0/me/events", get(events))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User {
    #[serde(rename = "@odata.context")]
    context: String,
    id: String,
    display_name: String,
    user_principal_name: String,
    mail: String,
}

#[derive(Serialize)]
struct Page<T> {
    #[serde(rename = "@odata.context")]
    context: String,
    value: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: String,
    subject: String,
    is_organizer: bool,
    is_online_meeting: bool,
    online_meeting_provider: &'static str,
    online_meeting: OnlineMeeting,
    start: DateTimeTimeZone,
    end: DateTimeTimeZone,
    organizer: Recipient,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OnlineMeeting {
    join_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DateTimeTimeZone {
    date_time: String,
    time_zone: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    email_address: EmailAddress,
}

#[derive(Serialize)]
struct EmailAddress {
    name: String,
    address: String,
}

async fn me(State(app): State<App>, bearer: Result<Bearer, ApiError>) -> Result<Response, ApiError> {
    let user = signed_in(&app, bearer).await?;
    let body = User {
        context: format!("{}/v1.0/$metadata#users/$entity", app.issuer()),
        id: user.oid.to_string(),
        display_name: user.display_name,
        mail: user.upn.clone(),
        user_principal_name: user.upn,
    };
    Ok(json(StatusCode::OK, &body))
}

async fn events(State(app): State<App>, bearer: Result<Bearer, ApiError>) -> Result<Response, ApiError> {
    let user = signed_in(&app, bearer).await?;
    let meetings = app.meetings().of_tenant(user.tenant).await?;
    let mut value = Vec::with_capacity(meetings.len());
    for meeting in meetings {
        let organizer = app.directory().user(meeting.organizer).await?;
        value.push(event(meeting, user.oid, organizer));
    }
    let context = format!("{}/v1.0/$metadata#users('{}')/events", app.issuer(), user.oid);
    Ok(json(StatusCode::OK, &Page { context, value }))
}

/// The directory user of the token; the token may outlive the user.
async fn signed_in(app: &App, bearer: Result<Bearer, ApiError>) -> Result<DirectoryUser, ApiError> {
    let invalid = || ApiError::new(&graph::INVALID_AUTHENTICATION_TOKEN);
    let claims: DirectoryClaims = match bearer {
        // A token for ACS is none for Graph, though it stands for the same user.
        Ok(Bearer(Caller::Directory(claims))) if claims.acs_scopes.is_none() => claims,
        Ok(Bearer(_)) => return Err(invalid()),
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => return Err(invalid()),
        Err(error) => return Err(error),
    };
    app.directory().user(claims.object).await?.ok_or_else(invalid)
}

fn event(meeting: MeetingRecord, caller: ObjectId, organizer: Option<DirectoryUser>) -> Event {
    let (name, address) = organizer.map_or_else(Default::default, |organizer| {
        (organizer.display_name, organizer.upn)
    });
    Event {
        is_organizer: meeting.organizer == caller,
        id: meeting.id,
        subject: meeting.subject,
        is_online_meeting: true,
        online_meeting_provider: "teamsForBusiness",
        online_meeting: OnlineMeeting {
            join_url: meeting.join_url,
        },
        start: utc(meeting.start),
        end: utc(meeting.end),
        organizer: Recipient {
            email_address: EmailAddress { name, address },
        },
    }
}

/// Graph's form of a time: no offset, seven fraction digits, the zone beside it.
fn utc(at: OffsetDateTime) -> DateTimeTimeZone {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]");
    let date_time = at
        .to_offset(time::UtcOffset::UTC)
        .format(format)
        .unwrap_or_default();
    DateTimeTimeZone {
        date_time,
        time_zone: "UTC",
    }
}
