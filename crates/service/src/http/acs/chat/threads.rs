//! Threads: made, listed, changed, deleted.

use anteroom_chat::Member;
use anteroom_chat::wire::rest::{
    ChatThreadItem, ChatThreadProperties, CreateThreadRequest, CreateThreadResult, UpdateThreadRequest,
};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::paging::{PageQuery, collection};
use super::{
    MANAGE, TALK, at_thread, invalid_identifier, invalid_participants, repeatability, required, who,
    with_location,
};
use crate::chat::WantedThread;
use crate::http::Surface;
use crate::http::auth::Bearer;
use crate::http::errors::{ApiError, json};
use crate::http::rate::Op;
use crate::http::request::{Body, Segments};
use crate::state::App;

pub(super) async fn create(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    uri: Uri,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let who = who(&app, &bearer, MANAGE)?;
    who.count(&app, Op::CreateThread, None)?;
    let CreateThreadRequest {
        topic,
        participants,
        metadata,
        retention_policy,
    } = required(&body)?;
    let members = participants
        .into_iter()
        .map(Member::try_from)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|invalid| invalid_identifier(invalid, "participants"))?;
    let wanted = WantedThread {
        topic,
        members,
        metadata,
        retention: retention_policy.unwrap_or_default(),
        request: repeatability(&headers)?,
    };
    let (created, refused) = app.chat().create(&who.id, wanted).await?;
    let result = CreateThreadResult {
        chat_thread: ChatThreadProperties::from(&created.properties),
        invalid_participants: invalid_participants(&refused),
    };
    let response = json(StatusCode::CREATED, &result);
    let thread = &created.properties.id;
    Ok(with_location(response, surface, &uri, &headers, thread, ""))
}

pub(super) async fn list(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let who = who(&app, &bearer, TALK)?;
    who.count(&app, Op::ListThreads, None)?;
    let query = PageQuery::read(&uri)?;
    let start = query.start()?;
    let page = app
        .chat()
        .threads(&who.id, start, query.size, query.sync_state.clone())
        .await?;
    let next = page
        .next
        .map(|next| query.continued(surface, &uri, &headers, &next));
    Ok(collection(
        page.items.iter().map(ChatThreadItem::from).collect(),
        next,
    ))
}

pub(super) async fn properties(
    State(app): State<App>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
) -> Result<Response, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::GetThread)?;
    let properties = app.chat().properties(&caller, &thread).await?;
    Ok(json(StatusCode::OK, &ChatThreadProperties::from(&properties)))
}

pub(super) async fn update(
    State(app): State<App>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, MANAGE, &thread, Op::UpdateThread)?;
    let request: UpdateThreadRequest = required(&body)?;
    app.chat().update(&caller, &thread, request.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(
    State(app): State<App>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
) -> Result<StatusCode, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, MANAGE, &thread, Op::DeleteThread)?;
    app.chat().delete(&caller, &thread).await?;
    Ok(StatusCode::NO_CONTENT)
}
