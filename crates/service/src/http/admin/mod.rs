//! What administrators do in the browser, `/admin/api`: each for its own tenant, operators of the service for all.
//!
//! Answers may hold secrets and are never stored. Bearer tokens alone count, and only those that people got from this
//! service's own programs: a registered application that acts for an administrator does not administer.

mod catalogue;
mod meetings;
mod people;
mod resources;

use anteroom_identity::id::{ObjectId, TenantId};
use axum::Router;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::auth::{Bearer, Caller};
use super::errors::{ApiError, json};
use super::oauth::is_own_program;
use crate::directory::DirectoryUser;
use crate::errors::{admin as entry, any, operator};
use crate::state::App;
use crate::tenants::TenantName;

/// The routes.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/admin/api/me", get(me))
        .route("/admin/api/tenants", get(tenants))
        .merge(super::tenants::admin_router())
        .merge(people::router())
        .merge(meetings::router())
        .merge(resources::router())
        .merge(catalogue::router())
        .layer(middleware::from_fn(never_stored))
}

async fn never_stored(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A directory user who may change what is set for a tenant: for its own one, for any as an operator.
#[derive(Debug)]
pub(super) struct Administrator {
    user: DirectoryUser,
    /// The tenant that is meant: the one named in the query, else the user's own.
    pub(super) tenant: TenantId,
    is_operator: bool,
}

impl Administrator {
    /// For the log: who did something.
    pub(super) const fn id(&self) -> ObjectId {
        self.user.oid
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let forbidden = || ApiError::new(&any::FORBIDDEN);
        let Bearer(caller) = Bearer::from_request_parts(parts, app).await?;
        // A token for ACS is none for this, though it stands for the same user.
        let claims = match caller {
            Caller::Directory(claims) if claims.acs_scopes.is_none() && is_own_program(&claims.app) => claims,
            _ => return Err(forbidden()),
        };
        let user = app.directory().enabled_user(claims.object).await?;
        let user = user
            .filter(|user| user.tenant == claims.tenant)
            .ok_or_else(forbidden)?;
        let is_operator = is_operator(app, &user);
        if !user.is_admin && !is_operator {
            return Err(forbidden());
        }
        let tenant = wanted_tenant(app, parts, &user, is_operator).await?;
        Ok(Self {
            user,
            tenant,
            is_operator,
        })
    }
}

/// The tenant named in the query, the user's own when there is none. Who is no operator does not learn which there are.
async fn wanted_tenant(
    app: &App,
    parts: &Parts,
    user: &DirectoryUser,
    is_operator: bool,
) -> Result<TenantId, ApiError> {
    let query: Query<TenantQuery> = Query::try_from_uri(&parts.uri)
        .map_err(|_| ApiError::new(&operator::INVALID).with_target("query"))?;
    let Some(name) = &query.tenant else {
        return Ok(user.tenant);
    };
    let found = app.tenants().find(name).await?;
    match found {
        Some(tenant) if is_operator || tenant == user.tenant => Ok(tenant),
        None if is_operator => Err(ApiError::new(&operator::TENANT_NOT_FOUND)),
        _ => Err(ApiError::new(&entry::NOT_AN_OPERATOR)),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TenantQuery {
    tenant: Option<String>,
}

/// An administrator who is an operator of the service.
#[derive(Debug)]
struct Operator(Administrator);

impl FromRequestParts<App> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let admin = Administrator::from_request_parts(parts, app).await?;
        if admin.is_operator {
            Ok(Self(admin))
        } else {
            Err(ApiError::new(&entry::NOT_AN_OPERATOR))
        }
    }
}

/// Whether the configuration names the user; in development mode the demo's first user is one, too.
fn is_operator(app: &App, user: &DirectoryUser) -> bool {
    let object = user.oid.to_string();
    let named = |name: &String| name.eq_ignore_ascii_case(&user.upn) || name.eq_ignore_ascii_case(&object);
    let of_demo = || {
        let demo = app.dev().and_then(|dev| dev.users.first());
        demo.is_some_and(|first| first.object_id == object)
    };
    app.config().operators.iter().any(named) || of_demo()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    upn: String,
    display_name: String,
    /// The tenant that is meant.
    tenant: TenantName,
    is_operator: bool,
    version: &'static str,
}

async fn me(State(app): State<App>, admin: Administrator) -> Result<Response, ApiError> {
    let tenants = app.tenants().list().await?;
    let tenant = tenants.into_iter().find(|tenant| tenant.id == admin.tenant);
    Ok(json(
        StatusCode::OK,
        &Me {
            upn: admin.user.upn,
            display_name: admin.user.display_name,
            tenant: tenant.ok_or_else(|| ApiError::new(&operator::TENANT_NOT_FOUND))?,
            is_operator: admin.is_operator,
            version: env!("CARGO_PKG_VERSION"),
        },
    ))
}

#[derive(Serialize)]
struct TenantLine {
    #[serde(flatten)]
    name: TenantName,
    users: u64,
}

async fn tenants(State(app): State<App>, _: Operator) -> Result<Response, ApiError> {
    let mut lines = Vec::new();
    for name in app.tenants().list().await? {
        let users = app.directory().count_users(name.id).await?;
        lines.push(TenantLine { name, users });
    }
    Ok(json(StatusCode::OK, &lines))
}
