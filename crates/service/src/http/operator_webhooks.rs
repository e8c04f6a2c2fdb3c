//! The operator's interface over HTTP: webhooks.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::errors::{ApiError, json as answer};
use super::request::{Body, Segments, parse_json, query_values};
use crate::errors::operator as entry;
use crate::state::App;
use crate::store::StoreError;
use crate::webhooks::{CreateError, DeliveryInfo, NewWebhook, RegisterError, TestInfo, Webhook, WebhookInfo};

/// Hours for which a replaced secret goes on signing, when nothing is said, and at most.
const OVERLAP_HOURS: u32 = 24;
const LONGEST_OVERLAP_HOURS: u32 = 30 * 24;

/// Deliveries listed when nothing is said.
const LISTED: u32 = 50;

/// The routes; the caller guards them.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/operator/webhooks", get(list).post(create))
        .route("/operator/webhooks/{id}", get(show).delete(delete))
        .route("/operator/webhooks/{id}/enable", post(enable))
        .route("/operator/webhooks/{id}/rotate-secret", post(rotate))
        .route("/operator/webhooks/{id}/test", post(test))
        .route("/operator/webhooks/{id}/deliveries", get(deliveries))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateRequest {
    url: String,
    #[serde(default)]
    events: Vec<String>,
    tenant_id: Option<String>,
    #[serde(default)]
    include_content: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RotateRequest {
    overlap_hours: Option<u32>,
}

async fn list(State(app): State<App>) -> Result<Response, ApiError> {
    let mut infos = Vec::new();
    for webhook in app.webhooks().table().all().iter() {
        infos.push(info(&app, webhook).await?);
    }
    Ok(answer(StatusCode::OK, &infos))
}

async fn show(State(app): State<App>, Segments(id): Segments<String>) -> Result<Response, ApiError> {
    let webhook = find(&app, &id)?;
    Ok(answer(StatusCode::OK, &info(&app, &webhook).await?))
}

async fn create(State(app): State<App>, Body(body): Body) -> Result<Response, ApiError> {
    let request: CreateRequest = parse_json(&body, &entry::INVALID)?
        .ok_or_else(|| ApiError::new(&entry::INVALID).with_target("url"))?;
    let tenant = request.tenant_id.as_deref().map(str::parse).transpose();
    let new = NewWebhook {
        url: request.url,
        events: request.events,
        tenant: tenant.map_err(|_| ApiError::new(&entry::INVALID).with_target("tenantId"))?,
        include_content: request.include_content,
    };
    let webhook = app.webhooks().register(&app, new).await.map_err(refusal)?;
    let info = info(&app, &webhook).await?.with_secret(&webhook);
    Ok(answer(StatusCode::CREATED, &info))
}

async fn delete(State(app): State<App>, Segments(id): Segments<String>) -> Result<Response, ApiError> {
    if !app.webhooks().delete(&app, &id).await? {
        return Err(ApiError::new(&entry::WEBHOOK_NOT_FOUND));
    }
    Ok(answer(StatusCode::OK, &json!({ "id": id })))
}

async fn enable(State(app): State<App>, Segments(id): Segments<String>) -> Result<Response, ApiError> {
    let enabled = app.webhooks().enable(&app, &id).await?;
    let webhook = enabled.ok_or_else(|| ApiError::new(&entry::WEBHOOK_NOT_FOUND))?;
    Ok(answer(StatusCode::OK, &info(&app, &webhook).await?))
}

async fn rotate(
    State(app): State<App>,
    Segments(id): Segments<String>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let request: RotateRequest = parse_json(&body, &entry::INVALID)?.unwrap_or_default();
    let hours = request.overlap_hours.unwrap_or(OVERLAP_HOURS);
    if hours > LONGEST_OVERLAP_HOURS {
        return Err(ApiError::new(&entry::INVALID).with_target("overlapHours"));
    }
    let overlap = Duration::from_secs(u64::from(hours) * 3600);
    // Receivers compare the time of a signature with their own clock.
    let now = app.clock().system_now();
    let rotated = app.webhooks().table().rotate(&id, overlap, now).await?;
    let webhook = rotated.ok_or_else(|| ApiError::new(&entry::WEBHOOK_NOT_FOUND))?;
    let info = info(&app, &webhook).await?.with_secret(&webhook);
    Ok(answer(StatusCode::OK, &info))
}

async fn test(State(app): State<App>, Segments(id): Segments<String>) -> Result<Response, ApiError> {
    let webhook = find(&app, &id)?;
    let outcome = app.webhooks().test(&app, &webhook).await;
    Ok(answer(StatusCode::OK, &TestInfo::from(outcome)))
}

async fn deliveries(
    State(app): State<App>,
    Segments(id): Segments<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let webhook = find(&app, &id)?;
    let limit = match query_values(&uri, "limit").next() {
        Some(text) => text
            .parse()
            .map_err(|_| ApiError::new(&entry::INVALID).with_target("limit"))?,
        None => LISTED,
    };
    let rows = app.webhooks().table().deliveries(webhook.id(), limit).await?;
    let infos: Vec<DeliveryInfo> = rows.into_iter().map(DeliveryInfo::from).collect();
    Ok(answer(StatusCode::OK, &infos))
}

fn find(app: &App, id: &str) -> Result<Webhook, ApiError> {
    let found = app.webhooks().table().get(id);
    found.ok_or_else(|| ApiError::new(&entry::WEBHOOK_NOT_FOUND))
}

async fn info(app: &App, webhook: &Webhook) -> Result<WebhookInfo, StoreError> {
    let health = app.webhooks().table().health(webhook.id()).await?;
    Ok(WebhookInfo::new(webhook, health))
}

fn refusal(error: RegisterError) -> ApiError {
    let invalid = |error: &CreateError, target| {
        ApiError::new(&entry::INVALID)
            .with_message(error.to_string())
            .with_target(target)
    };
    match error {
        RegisterError::AddressRefused => ApiError::new(&entry::WEBHOOK_ADDRESS_REFUSED).with_target("url"),
        RegisterError::NoConsent => ApiError::new(&entry::WEBHOOK_NO_CONSENT).with_target("url"),
        RegisterError::Create(error) => match error {
            CreateError::Store(error) => error.into(),
            CreateError::TooMany => ApiError::new(&entry::WEBHOOKS_TOO_MANY),
            CreateError::UnknownEvent => invalid(&error, "events"),
            CreateError::UnknownTenant => invalid(&error, "tenantId"),
            CreateError::Target(_) => invalid(&error, "url"),
        },
    }
}
