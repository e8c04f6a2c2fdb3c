//! Read receipts and typing. Both are answered with 200 and nothing: clients check that.

use anteroom_chat::wire::rest::{
    ChatMessageReadReceipt, SendReadReceiptRequest, SendTypingNotificationRequest,
};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::paging::{PageQuery, collection};
use super::{TALK, at_thread, message_id, required};
use crate::errors::any;
use crate::http::Surface;
use crate::http::auth::Bearer;
use crate::http::errors::ApiError;
use crate::http::rate::Op;
use crate::http::request::{Body, Segments, parse_json};
use crate::state::App;

pub(super) async fn list(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::ListReadReceipts)?;
    let query = PageQuery::read(&uri)?;
    let receipts = app.chat().receipts(&caller, &thread).await?;
    let (items, next) = query.cut(&receipts, surface, &uri, &headers)?;
    Ok(collection(
        items.iter().map(ChatMessageReadReceipt::from).collect(),
        next,
    ))
}

pub(super) async fn send(
    State(app): State<App>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::SendReadReceipt)?;
    let SendReadReceiptRequest { chat_message_id } = required(&body)?;
    let message = message_id(&chat_message_id)?;
    app.chat().read_up_to(&caller, &thread, message).await?;
    Ok(StatusCode::OK)
}

pub(super) async fn typing(
    State(app): State<App>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::SendTyping)?;
    let request: Option<SendTypingNotificationRequest> = parse_json(&body, &any::BODY_MALFORMED)?;
    let name = request.unwrap_or_default().sender_display_name;
    app.chat().typing(&caller, &thread, name).await?;
    Ok(StatusCode::OK)
}
