//! What is set for tenants, over HTTP: for the operator on the operator's interface, for administrators of a tenant on
//! `/admin/api`.

use anteroom_identity::id::TenantId;
use anteroom_teams_link::audit::{Finding, Tier};
use anteroom_teams_link::policy::{TenantFile, choices};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::admin::Administrator;
use super::errors::{ApiError, json};
use super::request::{Body, Segments, parse_json};
use crate::errors::{any, operator as entry};
use crate::explain::{ExplainRequest, explain_join};
use crate::state::App;
use crate::tenants::{ApplyError, TenantName};

/// For the operator: every tenant.
pub(super) fn operator_router() -> Router<App> {
    Router::new()
        .route("/operator/tenants", get(list))
        .route("/operator/tenants/{tenant}", get(read).put(apply))
        .route("/operator/tenants/{tenant}/audit", get(audit))
        .route("/operator/explain-join", post(explain))
}

/// For administrators: their own tenant, or the one that an operator names.
pub(super) fn admin_router() -> Router<App> {
    Router::new()
        .route("/admin/api/tenant", get(read_own).put(apply_own))
        .route("/admin/api/tenant/choices", get(offer))
        .route("/admin/api/audit", get(audit_own))
        .route("/admin/api/explain-join", post(explain_own))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ApplyQuery {
    dry_run: bool,
}

#[derive(Debug, Deserialize)]
struct AuditQuery {
    #[serde(default = "baseline")]
    tier: String,
}

fn baseline() -> String {
    Tier::Baseline.to_string()
}

/// What a tier finds fault with.
#[derive(Debug, Serialize)]
struct AuditAnswer {
    tier: Tier,
    findings: Vec<Finding>,
}

async fn list(State(app): State<App>) -> Result<Response, ApiError> {
    let tenants: Vec<TenantName> = app.tenants().list().await?;
    Ok(json(StatusCode::OK, &tenants))
}

async fn read(State(app): State<App>, Segments(name): Segments<String>) -> Result<Response, ApiError> {
    let tenant = find(&app, &name).await?;
    file(&app, tenant).await
}

async fn apply(
    State(app): State<App>,
    Segments(name): Segments<String>,
    query: Query<ApplyQuery>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let tenant = find(&app, &name).await?;
    change(&app, tenant, query.dry_run, &body).await
}

async fn audit(
    State(app): State<App>,
    Segments(name): Segments<String>,
    Query(query): Query<AuditQuery>,
) -> Result<Response, ApiError> {
    let tenant = find(&app, &name).await?;
    compare(&app, tenant, &query).await
}

async fn explain(State(app): State<App>, Body(body): Body) -> Result<Response, ApiError> {
    tell(&app, None, &body).await
}

async fn read_own(State(app): State<App>, admin: Administrator) -> Result<Response, ApiError> {
    file(&app, admin.tenant).await
}

async fn apply_own(
    State(app): State<App>,
    admin: Administrator,
    query: Query<ApplyQuery>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let answer = change(&app, admin.tenant, query.dry_run, &body).await?;
    if !query.dry_run {
        tracing::info!(tenant = %admin.tenant, by = %admin.id(), "an administrator changed settings");
    }
    Ok(answer)
}

async fn offer(_: Administrator) -> Response {
    json(StatusCode::OK, &choices())
}

async fn audit_own(
    State(app): State<App>,
    admin: Administrator,
    Query(query): Query<AuditQuery>,
) -> Result<Response, ApiError> {
    compare(&app, admin.tenant, &query).await
}

async fn explain_own(
    State(app): State<App>,
    admin: Administrator,
    Body(body): Body,
) -> Result<Response, ApiError> {
    tell(&app, Some(admin.tenant), &body).await
}

async fn find(app: &App, name: &str) -> Result<TenantId, ApiError> {
    let found = app.tenants().find(name).await?;
    found.ok_or_else(|| ApiError::new(&entry::TENANT_NOT_FOUND))
}

async fn file(app: &App, tenant: TenantId) -> Result<Response, ApiError> {
    let file = app.tenants().file(tenant).await?;
    let file = file.ok_or_else(|| ApiError::new(&entry::TENANT_NOT_FOUND))?;
    Ok(json(StatusCode::OK, &file))
}

async fn change(app: &App, tenant: TenantId, dry_run: bool, body: &[u8]) -> Result<Response, ApiError> {
    let file: TenantFile =
        parse_json(body, &entry::INVALID)?.ok_or_else(|| ApiError::new(&any::BODY_MISSING))?;
    let applied = app.tenants().apply(tenant, file, app.resource(), dry_run).await;
    let changes = applied.map_err(|error| match error {
        ApplyError::UnknownTenant => ApiError::new(&entry::TENANT_NOT_FOUND),
        ApplyError::File(error) => ApiError::new(&entry::INVALID).with_message(error.to_string()),
        ApplyError::Store(error) => error.into(),
    })?;
    Ok(json(StatusCode::OK, &changes))
}

async fn compare(app: &App, tenant: TenantId, query: &AuditQuery) -> Result<Response, ApiError> {
    let tier: Tier = query
        .tier
        .parse()
        .map_err(|error: anteroom_teams_link::audit::ParseTierError| {
            ApiError::new(&entry::INVALID)
                .with_message(error.to_string())
                .with_target("tier")
        })?;
    let findings = app.tenants().audit(tenant, tier).await?;
    let findings = findings.ok_or_else(|| ApiError::new(&entry::TENANT_NOT_FOUND))?;
    Ok(json(StatusCode::OK, &AuditAnswer { tier, findings }))
}

async fn tell(app: &App, tenant: Option<TenantId>, body: &[u8]) -> Result<Response, ApiError> {
    let request: ExplainRequest =
        parse_json(body, &entry::INVALID)?.ok_or_else(|| ApiError::new(&any::BODY_MISSING))?;
    let explanation = explain_join(app, tenant, &request).await?;
    Ok(json(StatusCode::OK, &explanation))
}
