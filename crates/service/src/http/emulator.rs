//! The emulator's controls, `/emulator/…`. Development mode only; requests are signed with an access key, whose resource
//! the rules are for.

use std::time::{Duration, Instant};

use anteroom_identity::id::CommunicationIdentifier;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::auth::Signed;
use super::errors::{ApiError, json};
use super::request::{Segments, parse_json};
use crate::clock::{Clock, Motion};
use crate::emulator::{Cut, Fault, NewRule, Pattern, Rule, RuleError};
use crate::errors::{any, emulator as entry};
use crate::state::App;

/// The routes of this module.
pub fn router() -> Router<App> {
    Router::new()
        .without_v07_checks()
        .route("/emulator/rules", get(list).post(add).delete(clear))
        .route("/emulator/rules/{id}", get(show).delete(remove))
        .route("/emulator/clock", get(clock).put(set_clock).delete(reset_clock))
        .route("/emulator/clock/:step", post(step_clock))
        .route("/emulator/sockets/:drop", post(drop_sockets))
}

/// A fault as on the wire.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
enum FaultBody {
    Latency {
        milliseconds: u64,
    },
    Status {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u64>,
    },
    ExpiredToken {},
    DropSocket {},
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RuleRequest {
    #[serde(default)]
    operation: String,
    fault: FaultBody,
    count: Option<u32>,
    seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleBody {
    id: String,
    operation: String,
    fault: FaultBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<u64>,
    hits: u64,
}

#[derive(Debug, Serialize)]
struct Rules {
    value: Vec<RuleBody>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClockBody {
    time: String,
    system_time: String,
    running: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetClock {
    time: String,
    #[serde(default = "yes")]
    running: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepClock {
    seconds: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DropSockets {
    user: Option<CommunicationIdentifierText>,
}

/// A raw id.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct CommunicationIdentifierText(CommunicationIdentifier);

impl TryFrom<String> for CommunicationIdentifierText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(|_| "not an identifier")
    }
}

const fn yes() -> bool {
    true
}

async fn list(State(app): State<App>, signed: Signed) -> Response {
    let value = app
        .emulator()
        .list(signed.resource)
        .iter()
        .map(RuleBody::from)
        .collect();
    json(StatusCode::OK, &Rules { value })
}

async fn add(State(app): State<App>, signed: Signed) -> Result<Response, ApiError> {
    let request: RuleRequest =
        parse_json(&signed.body, &any::BODY_MALFORMED)?.ok_or_else(|| ApiError::new(&any::BODY_MISSING))?;
    let operation: Pattern = request.operation.parse().map_err(|error| {
        ApiError::new(&entry::RULE_INVALID)
            .with_message(sentence(&error))
            .with_target("operation")
    })?;
    let time = request.seconds.map(Duration::from_secs);
    let new = NewRule::new(operation, request.fault.into(), request.count, time)?;
    let rule = app.emulator().add(signed.resource, new)?;
    Ok(json(StatusCode::CREATED, &RuleBody::from(&rule)))
}

async fn clear(State(app): State<App>, signed: Signed) -> StatusCode {
    app.emulator().clear(signed.resource);
    StatusCode::NO_CONTENT
}

async fn show(
    State(app): State<App>,
    Segments(id): Segments<String>,
    signed: Signed,
) -> Result<Response, ApiError> {
    let rules = app.emulator().list(signed.resource);
    let rule = rules.iter().find(|rule| rule.id.to_string() == id);
    let rule = rule.ok_or_else(|| ApiError::new(&entry::RULE_NOT_FOUND))?;
    Ok(json(StatusCode::OK, &RuleBody::from(rule)))
}

async fn remove(
    State(app): State<App>,
    Segments(id): Segments<String>,
    signed: Signed,
) -> Result<StatusCode, ApiError> {
    let removed = id
        .parse()
        .is_ok_and(|id| app.emulator().remove(signed.resource, id));
    if removed {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(&entry::RULE_NOT_FOUND))
    }
}

async fn clock(State(app): State<App>, _: Signed) -> Response {
    clock_answer(app.clock())
}

async fn set_clock(State(app): State<App>, signed: Signed) -> Result<Response, ApiError> {
    let request: SetClock =
        parse_json(&signed.body, &any::BODY_MALFORMED)?.ok_or_else(|| ApiError::new(&any::BODY_MISSING))?;
    let invalid = || ApiError::new(&entry::CLOCK_INVALID).with_target("time");
    let to = OffsetDateTime::parse(&request.time, &Rfc3339).map_err(|_| invalid())?;
    let motion = if request.running {
        Motion::Running
    } else {
        Motion::Stopped
    };
    app.clock().set(to, motion).map_err(|_| invalid())?;
    Ok(clock_answer(app.clock()))
}

async fn step_clock(State(app): State<App>, signed: Signed) -> Result<Response, ApiError> {
    let request: StepClock =
        parse_json(&signed.body, &any::BODY_MALFORMED)?.ok_or_else(|| ApiError::new(&any::BODY_MISSING))?;
    // Saturates; the clock says what is too far.
    app.clock()
        .step(time::Duration::saturating_seconds_f64(request.seconds))
        .map_err(|_| ApiError::new(&entry::CLOCK_INVALID).with_target("seconds"))?;
    Ok(clock_answer(app.clock()))
}

async fn reset_clock(State(app): State<App>, _: Signed) -> Response {
    app.clock().reset();
    clock_answer(app.clock())
}

async fn drop_sockets(State(app): State<App>, signed: Signed) -> Result<StatusCode, ApiError> {
    let request: DropSockets = parse_json(&signed.body, &any::BODY_MALFORMED)?.unwrap_or_default();
    app.emulator().cut(Cut {
        resource: signed.resource,
        user: request.user.map(|user| user.0),
    });
    Ok(StatusCode::ACCEPTED)
}

fn clock_answer(clock: &Clock) -> Response {
    let text = |at: OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
    let body = ClockBody {
        time: text(clock.now()),
        system_time: text(clock.system_now()),
        running: clock.motion() == Motion::Running,
    };
    json(StatusCode::OK, &body)
}

/// An error's text as a sentence.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}

impl From<FaultBody> for Fault {
    fn from(body: FaultBody) -> Self {
        match body {
            FaultBody::Latency { milliseconds } => Self::Latency(Duration::from_millis(milliseconds)),
            FaultBody::Status {
                status,
                retry_after_seconds,
            } => Self::Status {
                status,
                retry_after: retry_after_seconds,
            },
            FaultBody::ExpiredToken {} => Self::ExpiredToken,
            FaultBody::DropSocket {} => Self::DropSocket,
        }
    }
}

impl From<Fault> for FaultBody {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Latency(latency) => Self::Latency {
                milliseconds: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
            },
            Fault::Status { status, retry_after } => Self::Status {
                status,
                retry_after_seconds: retry_after,
            },
            Fault::ExpiredToken => Self::ExpiredToken {},
            Fault::DropSocket => Self::DropSocket {},
        }
    }
}

impl From<&Rule> for RuleBody {
    fn from(rule: &Rule) -> Self {
        let left = |until: Instant| {
            let left = until.saturating_duration_since(Instant::now());
            u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
        };
        Self {
            id: rule.id.to_string(),
            operation: rule.operation.to_string(),
            fault: rule.fault.into(),
            remaining: rule.remaining,
            seconds_left: rule.until.map(left),
            hits: rule.hits,
        }
    }
}

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        let target = match error {
            RuleError::TooMany => return Self::new(&entry::TOO_MANY_RULES),
            RuleError::Disabled => return Self::not_found(),
            RuleError::Endless | RuleError::Calls => "count",
            RuleError::Time => "seconds",
            RuleError::Latency => "fault.milliseconds",
            RuleError::Status => "fault.status",
            RuleError::RetryAfter => "fault.retryAfterSeconds",
        };
        Self::new(&entry::RULE_INVALID)
            .with_message(sentence(&error))
            .with_target(target)
    }
}
