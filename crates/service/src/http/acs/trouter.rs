//! The requests of real-time notifications: configuration, allocation, handshake, sockets, registration.
//!
//! All are called from pages of other origins. The chat SDK retries most refusals for ever, so refuse only what will not
//! get better.

use std::time::{Duration, Instant};

use anteroom_chat::trouter::{
    Allocation, ConnectParams, Handshake, MAX_CLIENT_BYTES, RealTimeConfig, Registration, Transport,
};
use anteroom_identity::id::CommunicationIdentifier;
use anteroom_identity::token::Scope;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use axum::{Extension, Router};

use crate::emulator::Credential;
use crate::errors::realtime;
use crate::http::Surface;
use crate::http::auth::{AuthError, Bearer, Caller, authenticate_bearer};
use crate::http::errors::{ApiError, json};
use crate::http::request::{Body, Segments, authority, query_values};
use crate::notifications::{PollSocket, Refusal, Ticket, resource_of, run_socket};
use crate::state::App;

/// Any of these lets a guest listen.
const SCOPES: [Scope; 3] = [Scope::Chat, Scope::ChatJoin, Scope::ChatJoinLimited];

/// Life of an allocation. Clients keep its parameters for so long.
const ALLOCATION: Duration = Duration::from_secs(24 * 60 * 60);

/// Heartbeat and close time of a handshake. Clients ping every 40 s.
const HEARTBEAT: Duration = Duration::from_secs(180);

/// Longest endpoint id. SDKs send a UUID.
const MAX_EPID: usize = 64;

/// Buffers of a WebSocket, in bytes: most are idle, and there are thousands.
const READ_BUFFER: usize = 2 * 1024;
const WRITE_BUFFER: usize = 8 * 1024;

/// Largest frame of a client, in bytes.
const MAX_FRAME: usize = MAX_CLIENT_BYTES;

/// `/chat/config/realTimeNotifications`; the SDK puts its path behind an endpoint that may end with a slash.
pub(super) fn config_router() -> Router<App> {
    Router::new()
        .route("/chat/config/realTimeNotifications", get(config))
        .route("//chat/config/realTimeNotifications", get(config))
}

/// Allocation, sockets and registrar.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/v4/a", post(allocate))
        .route("/socket.io/1", get(handshake))
        .route("/socket.io/1/", get(handshake))
        .route("/socket.io/1/websocket/{sid}", any(websocket))
        .route("/socket.io/1/xhr-polling/{sid}", get(poll).post(poll_post))
        .route("/v3/registrations", post(register))
        .route("/v3/registrations/{id}", delete(unregister))
}

async fn config(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    uri: Uri,
    headers: HeaderMap,
    Bearer(caller): Bearer,
) -> Result<Response, ApiError> {
    check_scope(&caller)?;
    let origin = origin(&app, surface, &uri, &headers);
    Ok(json(
        StatusCode::OK,
        &RealTimeConfig {
            trouter_service_url: origin.clone(),
            registrar_service_url: origin,
            cloud_type: "Public".to_owned(),
        },
    ))
}

async fn allocate(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    uri: Uri,
    headers: HeaderMap,
    SkypeToken { user, .. }: SkypeToken,
) -> Result<Response, ApiError> {
    let line = app
        .notifications()
        .allocate(&user, &epid(&uri)?, Instant::now())?;
    let origin = origin(&app, surface, &uri, &headers);
    let now_ms = app.clock().now().unix_timestamp_nanos() / 1_000_000;
    let until_ms = now_ms + i128::from(ALLOCATION.as_secs()) * 1000;
    let address = format!("{origin}{}", line.path());
    let name = line.name().to_owned();
    // Parameters come back at reconnects. Nothing in them has to be believed: an endpoint is found by user and id.
    let connectparams = ConnectParams::default()
        .with("sr", &*name)
        .with("issuer", "anteroom")
        .with("sp", "connect")
        .with("st", now_ms.to_string())
        .with("se", until_ms.to_string());
    Ok(json(
        StatusCode::OK,
        &Allocation {
            socketio: format!("{origin}/"),
            url: address.clone(),
            surl: address,
            curlb: origin,
            connectparams,
            ccid: format!("c-{name}"),
            id: name,
            ttl: ALLOCATION.as_secs().to_string(),
        },
    ))
}

async fn handshake(State(app): State<App>, uri: Uri, token: SkypeToken) -> Result<Response, ApiError> {
    let now = Instant::now();
    let SkypeToken { user, token } = token;
    let line = app.notifications().line_for_handshake(&user, &epid(&uri)?, now)?;
    let sid = app.notifications().issue_ticket(
        Ticket {
            line,
            token: token.into(),
        },
        now,
    );
    let handshake = Handshake {
        sid,
        heartbeat: HEARTBEAT,
        close: HEARTBEAT,
        transports: vec![Transport::WebSocket, Transport::XhrPolling],
    };
    Ok(text(handshake.to_string()))
}

async fn websocket(
    State(app): State<App>,
    Segments(sid): Segments<String>,
    socket: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    if app.registry().is_stopping() {
        return Err(ApiError::unavailable());
    }
    let slot = app
        .notifications()
        .slot()
        .ok_or_else(|| ApiError::new(&realtime::TOO_MANY_SOCKETS))?;
    Ok(socket
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_upgrade(move |socket| run_socket(app, socket, sid, slot)))
}

async fn poll(State(app): State<App>, Segments(sid): Segments<String>) -> Result<Response, ApiError> {
    let notifications = app.notifications();
    let socket = match notifications.poll_socket(&sid) {
        Some(socket) => Some(socket),
        None => match notifications.redeem(&sid, Instant::now()) {
            Some(ticket) => {
                let slot = notifications
                    .slot()
                    .ok_or_else(|| ApiError::new(&realtime::TOO_MANY_SOCKETS))?;
                PollSocket::open(&app, &sid, ticket, slot).await
            }
            None => None,
        },
    };
    Ok(match socket {
        Some(socket) => text(socket.get(&app).await),
        None => text(crate::notifications::NOT_HANDSHAKEN.to_owned()),
    })
}

async fn poll_post(
    State(app): State<App>,
    Segments(sid): Segments<String>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let Some(socket) = app.notifications().poll_socket(&sid) else {
        return Ok(text(crate::notifications::NOT_HANDSHAKEN.to_owned()));
    };
    socket.post(&app, &String::from_utf8_lossy(&body));
    Ok(text("1".to_owned()))
}

async fn register(
    State(app): State<App>,
    SkypeToken { user, .. }: SkypeToken,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let registration: Registration =
        serde_json::from_slice(&body).map_err(|_| ApiError::new(&realtime::REGISTRATION_INVALID))?;
    if registration.registration_id.is_empty() || registration.transports.trouter.is_empty() {
        return Err(ApiError::new(&realtime::REGISTRATION_INVALID));
    }
    app.notifications()
        .registered(&user, &registration.registration_id, Instant::now());
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn unregister(
    State(app): State<App>,
    Segments(id): Segments<String>,
    SkypeToken { user, .. }: SkypeToken,
) -> Response {
    app.notifications().unregistered(&user, &id);
    StatusCode::ACCEPTED.into_response()
}

/// The holder of the token in `X-Skypetoken`, who may listen.
struct SkypeToken {
    user: CommunicationIdentifier,
    token: String,
}

impl FromRequestParts<App> for SkypeToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = parts
            .headers
            .get("x-skypetoken")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
            .ok_or_else(ApiError::unauthorized)?;
        let caller = match authenticate_bearer(app, &token).await {
            Ok(caller) => caller,
            Err(AuthError::Refused) => return Err(ApiError::unauthorized()),
            Err(AuthError::Store(error)) => return Err(error.into()),
        };
        let user = caller.identifier();
        let resource = resource_of(&user).unwrap_or_else(|| app.resource());
        app.emulator()
            .intercept(resource, Credential::Token, &parts.method, parts.uri.path())
            .await?;
        check_scope(&caller)?;
        Ok(Self { user, token })
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooMany => Self::new(&realtime::TOO_MANY_SOCKETS),
            // Any other status than this makes the client ask again without a pause.
            Refusal::TooOften => Self::unavailable(),
        }
    }
}

fn check_scope(caller: &Caller) -> Result<(), ApiError> {
    if caller.has_any_scope(&SCOPES) {
        Ok(())
    } else {
        Err(ApiError::new(&realtime::SCOPE))
    }
}

/// The endpoint id in the query.
fn epid(uri: &Uri) -> Result<String, ApiError> {
    query_values(uri, "epid")
        .next()
        .filter(|epid| {
            (1..=MAX_EPID).contains(&epid.len()) && epid.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .ok_or_else(|| ApiError::bad_request("The parameter epid is missing or malformed."))
}

/// `https://host:port` as the client called it, with a port always, since the SDK takes it apart.
fn origin(app: &App, surface: Surface, uri: &Uri, headers: &HeaderMap) -> String {
    let host = authority(uri, headers).unwrap_or_else(|| app.endpoint().authority().to_owned());
    let bare = crate::http::auth::without_port(&host);
    if bare.len() == host.len() {
        format!("{}://{host}:{}", surface.scheme(), surface.default_port())
    } else {
        format!("{}://{host}", surface.scheme())
    }
}

fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}
