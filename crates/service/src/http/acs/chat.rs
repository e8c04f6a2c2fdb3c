//! ACS Chat: a thread's messages and members, for its members.

use anteroom_chat::wire::rest::{
    ChatMessage, ChatParticipant, ChatThreadProperties, Collection, SendMessageRequest, SendMessageResult,
    parse_time,
};
use anteroom_chat::{ChatError, ClientMessageId, MessageId, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use anteroom_identity::token::Scope;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use crate::errors::{any, chat as entry};
use crate::http::Surface;
use crate::http::auth::Bearer;
use crate::http::errors::{ApiError, json};
use crate::http::request::{Body, Segments, authority, parse_json, query_values};
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

/// The routes of this module.
pub fn router() -> Router<App> {
    Router::new()
        .route("/chat/threads/{thread}", get(properties))
        .route("/chat/threads/{thread}/messages", get(list).post(send))
        .route("/chat/threads/{thread}/messages/{message}", get(message))
        .route("/chat/threads/{thread}/participants", get(participants))
}

async fn properties(
    State(app): State<App>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
) -> Result<Response, ApiError> {
    let caller = member(&bearer)?;
    let properties = app.chat().properties(&caller, &thread_id(&thread)?).await?;
    Ok(json(StatusCode::OK, &ChatThreadProperties::from(&properties)))
}

async fn send(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let caller = member(&bearer)?;
    let thread = thread_id(&thread)?;
    let request: SendMessageRequest =
        parse_json(&body, &any::BODY_MALFORMED)?.ok_or_else(|| ApiError::new(&any::BODY_MISSING))?;
    let repeatability: Option<ClientMessageId> = headers
        .get(REPEATABILITY)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let sent = app
        .chat()
        .send(&caller, &thread, request.into_new_message(repeatability)?)
        .await?;
    let id = sent.message.id.to_string();
    let mut response = json(StatusCode::CREATED, &SendMessageResult { id: id.clone() });
    if let Some(host) = authority(&uri, &headers) {
        let location = format!(
            "{}://{host}/chat/threads/{}/messages/{id}",
            surface.scheme(),
            utf8_percent_encode(thread.as_str(), SEGMENT)
        );
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
    }
    Ok(response)
}

async fn list(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = member(&bearer)?;
    let thread = thread_id(&thread)?;
    let query = PageQuery::read(&uri)?;
    let start = match &query.start_time {
        Some(text) => Some(parse_time(text).ok_or_else(|| invalid("startTime"))?),
        None => None,
    };
    let page = app
        .chat()
        .list(&caller, &thread, start, query.size, query.sync_state.clone())
        .await?;
    let next_link = page.next.map(|next| {
        let mut link = Link::new(surface, &uri, &headers);
        link.add("syncState", &next);
        if let Some(size) = query.size {
            link.add("maxPageSize", &size.to_string());
        }
        if let Some(start) = &query.start_time {
            link.add("startTime", start);
        }
        link.finish(&uri)
    });
    Ok(collection(
        page.items.iter().map(ChatMessage::from).collect(),
        next_link,
    ))
}

async fn message(
    State(app): State<App>,
    bearer: Bearer,
    Segments((thread, message)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let caller = member(&bearer)?;
    let thread = thread_id(&thread)?;
    let id: MessageId = message
        .parse()
        .map_err(|_| ApiError::new(&entry::MESSAGE_NOT_FOUND))?;
    let message = app.chat().get(&caller, &thread, id).await?;
    Ok(json(StatusCode::OK, &ChatMessage::from(&message)))
}

async fn participants(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = member(&bearer)?;
    let query = PageQuery::read(&uri)?;
    let members = app.chat().members(&caller, &thread_id(&thread)?).await?;
    let size = usize::try_from(query.size.unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
    if size == 0 {
        return Err(invalid("maxPageSize"));
    }
    let skip = query.skip.unwrap_or(0);
    let page: Vec<ChatParticipant> = members
        .iter()
        .skip(skip)
        .take(size)
        .map(ChatParticipant::from)
        .collect();
    let next = skip.saturating_add(page.len());
    let next_link = (next < members.len() && !page.is_empty()).then(|| {
        let mut link = Link::new(surface, &uri, &headers);
        link.add("skip", &next.to_string());
        link.add("maxPageSize", &size.to_string());
        link.finish(&uri)
    });
    Ok(collection(page, next_link))
}

/// The caller, whose token must carry a scope for chat: all three may read and write.
fn member(Bearer(caller): &Bearer) -> Result<CommunicationIdentifier, ApiError> {
    if caller.has_any_scope(&[Scope::Chat, Scope::ChatJoin, Scope::ChatJoinLimited]) {
        Ok(caller.identifier())
    } else {
        Err(ApiError::new(&entry::SCOPE))
    }
}

/// What is no thread id is as unknown as a thread nobody has made.
fn thread_id(text: &str) -> Result<ThreadId, ApiError> {
    text.parse().map_err(|_| ApiError::new(&entry::THREAD_NOT_FOUND))
}

fn invalid(parameter: &'static str) -> ApiError {
    ApiError::new(&any::QUERY_INVALID)
        .with_message(format!("The query parameter {parameter} is not valid."))
        .with_target(parameter)
}

fn collection<T: Serialize>(value: Vec<T>, next_link: Option<String>) -> Response {
    json(StatusCode::OK, &Collection { value, next_link })
}

struct PageQuery {
    size: Option<u32>,
    skip: Option<usize>,
    start_time: Option<String>,
    sync_state: Option<String>,
}

impl PageQuery {
    fn read(uri: &Uri) -> Result<Self, ApiError> {
        let first = |name| query_values(uri, name).next();
        let size = first("maxPageSize").map(|text| text.parse().map_err(|_| invalid("maxPageSize")));
        let skip = first("skip").map(|text| text.parse().map_err(|_| invalid("skip")));
        Ok(Self {
            size: size.transpose()?,
            skip: skip.transpose()?,
            start_time: first("startTime"),
            sync_state: first("syncState"),
        })
    }
}

/// A link to the next page: absolute, with the authority that the client called, with all parameters.
struct Link {
    base: Option<String>,
    query: url::form_urlencoded::Serializer<'static, String>,
}

impl Link {
    fn new(surface: Surface, uri: &Uri, headers: &HeaderMap) -> Self {
        let base = authority(uri, headers).map(|host| format!("{}://{host}{}", surface.scheme(), uri.path()));
        Self {
            base,
            query: url::form_urlencoded::Serializer::new(String::new()),
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        self.query.append_pair(name, value);
    }

    fn finish(mut self, uri: &Uri) -> String {
        if let Some(version) = query_values(uri, "api-version").next() {
            self.query.append_pair("api-version", &version);
        }
        let base = self.base.unwrap_or_else(|| uri.path().to_owned());
        format!("{base}?{}", self.query.finish())
    }
}

impl From<ChatError> for ApiError {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::NotMember => Self::new(&entry::NOT_MEMBER),
            ChatError::NotSender => Self::new(&entry::NOT_SENDER),
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
