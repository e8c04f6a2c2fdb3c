//! Microsoft Graph v1.0, as far as meetings need it: users, online meetings, calendars, the chat of meetings.
//!
//! | | |
//! |---|---|
//! | `resource` | which resource a path is, and the methods it has |
//! | `routes` | all operations, for tests |
//! | `call` | one request, read: options, preferences, body |
//! | `caller` | who asks, and what it was granted |
//! | `answer` | entities, pages, the error envelope |
//! | `schema`, `metadata` | the types of what is served |
//! | `batch` | several requests in one |
//! | `rates` | how often it may be asked |
//! | `users`, `meetings`, `events`, `chats` | the resources |

mod answer;
mod batch;
mod call;
pub mod caller;
mod chats;
mod events;
mod meetings;
mod metadata;
pub mod rates;
mod resource;
pub mod routes;
mod schema;
mod users;

use std::time::Duration;

use anteroom_teams_link::graph::odata::QueryOptions;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use tower_http::cors::{AllowHeaders, Any as Anything, CorsLayer};

use self::answer::Answer;
use self::call::{Call, Prefer};
use self::resource::Resource;
use super::errors::ApiError;
use super::request::Body;
use crate::state::App;

/// The routes of this module.
pub fn router() -> Router<App> {
    Router::new()
        .route("/v1.0", any(serve))
        .route("/v1.0/", any(serve))
        .route("/v1.0/{*path}", any(serve))
        .layer(cors())
}

/// Browsers use Graph's JavaScript client from any origin; nothing here relies on cookies.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Anything)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Anything)
        .max_age(Duration::from_secs(3600))
}

async fn serve(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let resource = call::resource_of(&parts.method, &parts.uri);
    let body = match Body::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(Body(body)) => body,
        Err(error) => return answer::finish(&parts.headers, error.into_response()).await,
    };
    if resource == Ok(Resource::Batch) {
        let answer = batch::batch(&app, &parts, &body).await;
        let response = answer.unwrap_or_else(|error| error.into_response());
        return answer::finish(&parts.headers, response).await;
    }
    serve_one(&app, parts, body).await
}

/// Answers one request, by itself or of a batch.
async fn serve_one(app: &App, mut parts: Parts, body: Bytes) -> Response {
    let answer = handle(app, &mut parts, body).await;
    let response = answer.unwrap_or_else(|error| with_allow(&parts, error));
    answer::finish(&parts.headers, response).await
}

async fn handle(app: &App, parts: &mut Parts, body: Bytes) -> Answer {
    let resource = call::resource_of(&parts.method, &parts.uri)?;
    // What everybody may know.
    match resource {
        Resource::Metadata => return Ok(metadata::metadata()),
        Resource::Root => return metadata::service_document(app),
        _ => {}
    }
    let caller = caller::GraphCaller::from_request_parts(parts, app).await?;
    app.graph_rates().check(&caller, &resource)?;
    let call = Call {
        app: app.clone(),
        caller,
        method: parts.method.clone(),
        options: QueryOptions::parse(parts.uri.query().unwrap_or_default())?,
        prefer: Prefer::read(&parts.headers),
        uri: parts.uri.clone(),
        headers: parts.headers.clone(),
        body,
    };
    dispatch(&call, resource).await
}

async fn dispatch(call: &Call, resource: Resource) -> Answer {
    if call.options.search.is_some() && !matches!(resource, Resource::Users | Resource::UsersCount) {
        return Err(answer::query_error(
            "The query option '$search' is not supported here",
        ));
    }
    match resource {
        Resource::Users => users::list(call).await,
        Resource::UsersCount => users::count(call).await,
        Resource::User(owner) => users::get(call, &owner).await,
        Resource::OnlineMeetings(_)
        | Resource::CreateOrGet(_)
        | Resource::OnlineMeeting(..)
        | Resource::Reports(..)
        | Resource::Report(..)
        | Resource::Records(..)
        | Resource::VirtualAppointment(..)
        | Resource::CommunicationsMeetings => meetings::dispatch(call, resource).await,
        Resource::Events(_)
        | Resource::Event(..)
        | Resource::Instances(..)
        | Resource::Respond(..)
        | Resource::Cancel(..)
        | Resource::Calendar(_)
        | Resource::CalendarView(_) => events::dispatch(call, resource).await,
        Resource::Chats(_)
        | Resource::Chat(_)
        | Resource::Messages(_)
        | Resource::Message(..)
        | Resource::Members(_)
        | Resource::Member(..) => chats::dispatch(call, resource).await,
        // Answered before; a batch in a batch is none.
        Resource::Root | Resource::Metadata | Resource::Batch => {
            Err(ApiError::new(&crate::errors::graph::BATCH_INVALID))
        }
    }
}

/// An error as an answer; 405 says which methods there are.
fn with_allow(parts: &Parts, error: ApiError) -> Response {
    let refused = error.status() == axum::http::StatusCode::METHOD_NOT_ALLOWED;
    let mut response = error.into_response();
    let path = parts.uri.path().get(call::VERSION.len()..).unwrap_or_default();
    if refused && let Ok(resource) = Resource::parse(path) {
        let methods = resource.methods().join(", ");
        if let Ok(methods) = HeaderValue::from_str(&methods) {
            response.headers_mut().insert(header::ALLOW, methods);
        }
    }
    response
}
