//! The OAuth 2.0 and OpenID Connect issuer: people and applications get tokens here.

mod authorize;
mod client;
mod device;
mod discovery;
mod external;
mod own;
mod page;
mod parameters;
mod request;
mod scope;
mod session;
mod summary;
mod token;
mod userinfo;
mod visit;

use anteroom_identity::id::TenantId;
use axum::Router;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use axum::routing::{get, post};
use tower_http::cors::{Any, CorsLayer};

pub(super) use self::client::is_own_program;
pub use self::summary::{RequestSummary, summarize};

use super::errors::ApiError;
use crate::errors::oauth as entry;
use crate::state::App;

/// Longest user name or client id looked at, in bytes.
const MAX_NAME: usize = 256;

/// Tenant names that stand for whichever tenant the user is of.
const ANY_TENANT: [&str; 2] = ["organizations", "common"];

/// The grants of the token endpoint.
const GRANT_TYPES: [&str; 5] = [
    "authorization_code",
    device::GRANT_TYPE,
    "refresh_token",
    "password",
    "client_credentials",
];

/// The routes of this module.
pub fn router() -> Router<App> {
    let for_browsers = Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token::token))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::begin))
        .route("/oidc/userinfo", get(userinfo::userinfo).post(userinfo::userinfo))
        .merge(discovery::router())
        // Set here, so that the layer surrounds it: a preflight request must get that far.
        .method_not_allowed_fallback(super::method_not_allowed)
        .layer(cors());
    Router::new()
        .route(
            "/{tenant}/oauth2/v2.0/authorize",
            get(authorize::asked).post(authorize::posted),
        )
        .route("/{tenant}/login", post(authorize::signed_in))
        .route("/{tenant}/login/{provider}", get(external::go))
        .route("/{tenant}/login/{provider}/callback", get(external::back))
        .route("/login/ways", get(own::ways))
        .route("/login/token", post(own::token))
        .route("/{tenant}/device", get(device::page).post(device::typed))
        .route("/{tenant}/oauth2/v2.0/logout", get(authorize::sign_out))
        .merge(for_browsers)
}

/// Programs in browsers, from any origin. The pages for people are not among them.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(Any)
        .expose_headers(Any)
        .max_age(std::time::Duration::from_secs(3600))
}

/// The tenant of a path, or `None` for any.
///
/// # Errors
/// `invalid_request` for one that does not exist.
async fn any_or_known(app: &App, tenant: &str) -> Result<Option<TenantId>, ApiError> {
    if ANY_TENANT.iter().any(|any| tenant.eq_ignore_ascii_case(any)) {
        return Ok(None);
    }
    let known = app.directory().tenant(tenant).await?;
    known
        .map(Some)
        .ok_or_else(|| invalid_request("the tenant does not exist"))
}

/// What is wrong with a request, in the words of `error_description`.
fn invalid_request(description: &'static str) -> ApiError {
    ApiError::new(&entry::INVALID_REQUEST).with_message(description)
}

fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
