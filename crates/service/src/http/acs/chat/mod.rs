//! ACS Chat: threads, what is said in them, who is in them, how far each has read.

mod messages;
mod paging;
mod participants;
mod receipts;
mod threads;

use anteroom_chat::wire::identifier::InvalidIdentifier;
use anteroom_chat::wire::rest::ErrorDetail;
use anteroom_chat::{ChatError, ClientMessageId, MessageId, ThreadId};
use anteroom_identity::id::{CommunicationIdentifier, ResourceId};
use anteroom_identity::token::Scope;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{get, post};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::de::DeserializeOwned;

use crate::chat::{Refusal, Refused};
use crate::errors::{any, chat as entry};
use crate::http::Surface;
use crate::http::auth::{Bearer, Caller};
use crate::http::errors::ApiError;
use crate::http::rate::Op;
use crate::http::request::{authority, parse_json};
use crate::state::App;

/// What is escaped in a path segment that we write: `19%3A…@thread.v2`.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b':')
    .add(b'?');

/// Header by which a client that repeats a request says so.
const REPEATABILITY: &str = "repeatability-request-id";

/// Scopes that allow creating, changing and deleting threads.
const MANAGE: &[Scope] = &[Scope::Chat];

/// Scopes that allow adding and removing participants.
const INVITE: &[Scope] = &[Scope::Chat, Scope::ChatJoin];

/// Scopes that allow everything else.
const TALK: &[Scope] = &[Scope::Chat, Scope::ChatJoin, Scope::ChatJoinLimited];

/// The routes of this module.
pub fn router() -> Router<App> {
    Router::new()
        .without_v07_checks()
        .route("/chat/threads", get(threads::list).post(threads::create))
        .route(
            "/chat/threads/{thread}",
            get(threads::properties)
                .patch(threads::update)
                .delete(threads::delete),
        )
        .route(
            "/chat/threads/{thread}/messages",
            get(messages::list).post(messages::send),
        )
        .route(
            "/chat/threads/{thread}/messages/{message}",
            get(messages::message)
                .patch(messages::update)
                .delete(messages::delete),
        )
        .route("/chat/threads/{thread}/participants", get(participants::list))
        .route(
            "/chat/threads/{thread}/participants/:add",
            post(participants::add),
        )
        .route(
            "/chat/threads/{thread}/participants/:remove",
            post(participants::remove),
        )
        .route(
            "/chat/threads/{thread}/readReceipts",
            get(receipts::list).post(receipts::send),
        )
        .route("/chat/threads/{thread}/typing", post(receipts::typing))
}

/// Who calls, with the right to do so.
struct Who {
    id: CommunicationIdentifier,
    resource: ResourceId,
}

/// The caller, whose token must carry one of these scopes.
fn who(app: &App, Bearer(caller): &Bearer, scopes: &[Scope]) -> Result<Who, ApiError> {
    if !caller.has_any_scope(scopes) {
        return Err(ApiError::new(&entry::SCOPE));
    }
    let resource = match caller {
        Caller::Guest(claims) => claims.user.resource(),
        Caller::Directory(_) => app.resource(),
    };
    Ok(Who {
        id: caller.identifier(),
        resource,
    })
}

impl Who {
    /// Counts a call of this operation.
    fn count(&self, app: &App, op: Op, thread: Option<&ThreadId>) -> Result<(), ApiError> {
        app.rates().check(op, self.resource, Some(&self.id), thread)
    }
}

/// The caller and the thread of a call to it that has been counted.
fn at_thread(
    app: &App,
    bearer: &Bearer,
    scopes: &[Scope],
    thread: &str,
    op: Op,
) -> Result<(CommunicationIdentifier, ThreadId), ApiError> {
    let who = who(app, bearer, scopes)?;
    // What is no thread id is as unknown as a thread nobody has made.
    let thread: ThreadId = thread
        .parse()
        .map_err(|_| ApiError::from(ChatError::ThreadNotFound))?;
    who.count(app, op, Some(&thread))?;
    Ok((who.id, thread))
}

/// What is no message id is as unknown as a message nobody has sent.
fn message_id(text: &str) -> Result<MessageId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::from(ChatError::MessageNotFound))
}

/// A body that has to be there.
fn required<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    parse_json(body, &any::BODY_MALFORMED)?.ok_or_else(|| ApiError::new(&any::BODY_MISSING))
}

/// The client's own name for its request, if it gave one.
fn repeatability(headers: &HeaderMap) -> Result<Option<ClientMessageId>, ApiError> {
    let Some(value) = headers.get(REPEATABILITY) else {
        return Ok(None);
    };
    let name = value.to_str().ok().and_then(|text| text.parse().ok());
    name.map(Some).ok_or_else(|| {
        ApiError::new(&entry::BAD_REQUEST)
            .with_message("A repeatability request id has 1 to 64 printable characters.")
            .with_target(REPEATABILITY)
    })
}

/// Names the place of something new: `https://host/chat/threads/19%3A…@thread.v2…`.
fn with_location(
    mut response: Response,
    surface: Surface,
    uri: &Uri,
    headers: &HeaderMap,
    thread: &ThreadId,
    rest: &str,
) -> Response {
    if let Some(host) = authority(uri, headers) {
        let thread = utf8_percent_encode(thread.as_str(), SEGMENT);
        let location = format!("{}://{host}/chat/threads/{thread}{rest}", surface.scheme());
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
    }
    response
}

/// Participants who could not be added; clients find theirs by the raw id.
fn invalid_participants(refused: &[Refused]) -> Vec<ErrorDetail> {
    let detail = |Refused { id, why }: &Refused| {
        let (code, message) = match why {
            Refusal::Unknown => (StatusCode::NOT_FOUND, "The participant was not found."),
            _ => (
                StatusCode::FORBIDDEN,
                "The participant cannot be added to a thread of this resource.",
            ),
        };
        ErrorDetail {
            code: code.as_u16().to_string(),
            message: message.to_owned(),
            target: Some(id.to_string()),
            ..ErrorDetail::default()
        }
    };
    refused.iter().map(detail).collect()
}

/// An object that names nobody, or several.
fn invalid_identifier(InvalidIdentifier: InvalidIdentifier, target: &'static str) -> ApiError {
    ApiError::new(&entry::BAD_REQUEST)
        .with_message("Invalid format for communication identifier.")
        .with_target(target)
}

impl From<ChatError> for ApiError {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::NotMember => Self::new(&entry::NOT_MEMBER),
            ChatError::NotSender => Self::new(&entry::NOT_SENDER),
            ChatError::HostManaged => Self::new(&entry::HOST_MANAGED),
            ChatError::ThreadNotFound => Self::new(&entry::THREAD_NOT_FOUND),
            ChatError::MessageNotFound => Self::new(&entry::MESSAGE_NOT_FOUND),
            ChatError::ThreadExists => Self::new(&entry::THREAD_EXISTS),
            ChatError::TooLarge(_) => Self::new(&entry::TOO_LARGE).with_target("content"),
            ChatError::BadRequest { target, message } => Self::new(&entry::BAD_REQUEST)
                .with_message(message)
                .with_target(target),
            error => {
                tracing::error!(%error, "chat failed");
                Self::new(&entry::UNAVAILABLE)
            }
        }
    }
}
