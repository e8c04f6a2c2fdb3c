//! Participants: listed, added, removed.

use anteroom_chat::Member;
use anteroom_chat::wire::identifier::IdentifierModel;
use anteroom_chat::wire::rest::{AddParticipantsRequest, AddParticipantsResult, ChatParticipant};
use anteroom_identity::id::CommunicationIdentifier;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::paging::{PageQuery, collection};
use super::{INVITE, TALK, at_thread, invalid_identifier, invalid_participants, required};
use crate::http::Surface;
use crate::http::auth::Bearer;
use crate::http::errors::{ApiError, json};
use crate::http::rate::Op;
use crate::http::request::{Body, Segments};
use crate::state::App;

pub(super) async fn list(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, TALK, &thread, Op::ListParticipants)?;
    let query = PageQuery::read(&uri)?;
    let members = app.chat().members(&caller, &thread).await?;
    let (items, next) = query.cut(&members, surface, &uri, &headers)?;
    Ok(collection(
        items.iter().map(ChatParticipant::from).collect(),
        next,
    ))
}

pub(super) async fn add(
    State(app): State<App>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, INVITE, &thread, Op::AddParticipants)?;
    let AddParticipantsRequest { participants } = required(&body)?;
    let members = participants
        .into_iter()
        .map(Member::try_from)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|invalid| invalid_identifier(invalid, "participants"))?;
    let refused = app.chat().add(&caller, &thread, members).await?;
    let result = AddParticipantsResult {
        invalid_participants: invalid_participants(&refused),
    };
    Ok(json(StatusCode::CREATED, &result))
}

pub(super) async fn remove(
    State(app): State<App>,
    bearer: Bearer,
    Segments(thread): Segments<String>,
    Body(body): Body,
) -> Result<StatusCode, ApiError> {
    let (caller, thread) = at_thread(&app, &bearer, INVITE, &thread, Op::RemoveParticipant)?;
    let model: IdentifierModel = required(&body)?;
    let id = CommunicationIdentifier::try_from(model)
        .map_err(|invalid| invalid_identifier(invalid, "communicationIdentifier"))?;
    app.chat().remove(&caller, &thread, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
