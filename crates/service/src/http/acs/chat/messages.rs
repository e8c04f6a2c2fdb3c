//! Messages: sent, listed, changed, deleted.

use anteroom_chat::wire::rest::{ChatMessage, SendMessageRequest, SendMessageResult, UpdateMessageRequest};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::paging::{PageQuery, collection};
use super::{TALK, at_thread, message_id, repeatability, required, with_location};
use crate::http::Surface;
use crate::http::auth::Bearer;
use crate::http::errors::{ApiError, json};
use crate::http::rate::Op;
use crate::http::request::{Body, Segments};
use crate::state::App;

pub(super) async fn send(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::SendMessage)?;
    let request: SendMessageRequest = required(&body)?;
    let new = request.into_new_message(repeatability(&headers)?)?;
    let sent = app.chat().send(&caller, &thread, new).await?;
    let id = sent.message.id.to_string();
    let rest = format!("/messages/{id}");
    let response = json(StatusCode::CREATED, &SendMessageResult { id });
    Ok(with_location(response, surface, &uri, &headers, &thread, &rest))
}

pub(super) async fn list(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::ListMessages)?;
    let query = PageQuery::read(&uri)?;
    let start = query.start()?;
    let page = app
        .chat()
        .list(&caller, &thread, start, query.size, query.sync_state.clone())
        .await?;
    let next = page
        .next
        .map(|next| query.continued(surface, &uri, &headers, &next));
    Ok(collection(
        page.items.iter().map(ChatMessage::from).collect(),
        next,
    ))
}

pub(super) async fn message(
    State(app): State<App>,
    bearer: Bearer,
    Segments((thread, message)): Segments<(String, String)>,
) -> Result<Response, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::GetMessage)?;
    let message = app.chat().get(&caller, &thread, message_id(&message)?).await?;
    Ok(json(StatusCode::OK, &ChatMessage::from(&message)))
}

pub(super) async fn update(
    State(app): State<App>,
    bearer: Bearer,
    Segments((thread, message)): Segments<(String, String)>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::UpdateMessage)?;
    let request: UpdateMessageRequest = required(&body)?;
    let id = message_id(&message)?;
    app.chat().edit(&caller, &thread, id, request.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(
    State(app): State<App>,
    bearer: Bearer,
    Segments((thread, message)): Segments<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::DeleteMessage)?;
    app.chat().unsay(&caller, &thread, message_id(&message)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
