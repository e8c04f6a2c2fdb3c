//! ACS Rooms: who may meet when, for the application's back end.

use anteroom_rooms::wire::{
    Collection, CreateRoomRequest, ParticipantMap, RequestError, RoomModel, RoomParticipant,
    UpdateParticipantsRequest, UpdateRoomRequest,
};
use anteroom_rooms::{Repeatability, RoomChanges, RoomError, RoomId};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::plain_version;
use crate::errors::{Entry, rooms as entry};
use crate::http::Surface;
use crate::http::auth::Signed;
use crate::http::errors::{ApiError, Detail, json};
use crate::http::request::{Segments, authority, parse_json, query_values};
use crate::rooms::RoomsError;
use crate::state::App;
use crate::store::StoreError;

/// Names the request to create a room, so that repeating it makes no second one.
const REQUEST_ID: HeaderName = HeaderName::from_static("repeatability-request-id");
/// When the client first sent that request, an IMF-fixdate.
const FIRST_SENT: HeaderName = HeaderName::from_static("repeatability-first-sent");
/// Says whether we looked at the two headers above.
const RESULT: HeaderName = HeaderName::from_static("repeatability-result");

/// The query parameter that names where a page starts; Azure's has the same name.
const NEXT: &str = "nextLink";

/// The routes of this module.
pub fn router() -> Router<App> {
    Router::new()
        .route("/rooms", get(list).post(create))
        .route("/rooms/{room}", get(read).patch(update).delete(remove))
        .route(
            "/rooms/{room}/participants",
            get(participants).patch(update_participants),
        )
}

async fn create(State(app): State<App>, headers: HeaderMap, signed: Signed) -> Response {
    let repeatability = match repeatability(&headers) {
        Ok(repeatability) => repeatability,
        Err(error) => return with_result(error.into_response(), "rejected"),
    };
    let repeatable = repeatability.is_some();
    let answer = create_room(&app, signed, repeatability).await.into_response();
    if repeatable {
        with_result(answer, "accepted")
    } else {
        answer
    }
}

async fn create_room(
    app: &App,
    Signed { resource, body }: Signed,
    repeatability: Option<Repeatability>,
) -> Result<Response, ApiError> {
    let request: CreateRoomRequest = parse_json(&body, &entry::INVALID)?.unwrap_or_default();
    let new = request.into_new_room().map_err(|error| match error {
        RequestError::RawId => ApiError::new(&entry::IDENTIFIER_INVALID),
        RequestError::Role => ApiError::new(&entry::PARTICIPANTS_INVALID),
    })?;
    let made = app
        .rooms()
        .create(resource, new, repeatability)
        .await
        .map_err(|error| refused(error, &entry::IDENTIFIER_INVALID))?;
    let room = RoomModel::from(&made.into_room());
    let location = HeaderValue::from_str(&room.id).ok();
    let mut response = json(StatusCode::CREATED, &room);
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn list(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    uri: Uri,
    headers: HeaderMap,
    Signed { resource, .. }: Signed,
) -> Result<Response, ApiError> {
    let page = app.rooms().list(resource, start(&uri)?).await?;
    let link = page.next.map(|next| next_link(surface, &uri, &headers, &next));
    Ok(collection(page.items.iter().map(RoomModel::from).collect(), link))
}

async fn read(
    State(app): State<App>,
    Segments(room): Segments<String>,
    Signed { resource, .. }: Signed,
) -> Result<Response, ApiError> {
    let room = app.rooms().get(resource, room_id(&room)?).await?;
    Ok(json(StatusCode::OK, &RoomModel::from(&room)))
}

async fn update(
    State(app): State<App>,
    Segments(room): Segments<String>,
    Signed { resource, body }: Signed,
) -> Result<Response, ApiError> {
    let id = room_id(&room)?;
    let request: UpdateRoomRequest = parse_json(&body, &entry::INVALID)?.unwrap_or_default();
    let room = app
        .rooms()
        .update(resource, id, RoomChanges::from(request))
        .await?;
    Ok(json(StatusCode::OK, &RoomModel::from(&room)))
}

async fn remove(
    State(app): State<App>,
    Segments(room): Segments<String>,
    Signed { resource, .. }: Signed,
) -> Result<StatusCode, ApiError> {
    app.rooms().delete(resource, room_id(&room)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn participants(
    State(app): State<App>,
    Extension(surface): Extension<Surface>,
    Segments(room): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
    Signed { resource, .. }: Signed,
) -> Result<Response, ApiError> {
    let page = app
        .rooms()
        .participants(resource, room_id(&room)?, start(&uri)?)
        .await?;
    let link = page.next.map(|next| next_link(surface, &uri, &headers, &next));
    Ok(collection(
        page.items.iter().map(RoomParticipant::from).collect(),
        link,
    ))
}

async fn update_participants(
    State(app): State<App>,
    Segments(room): Segments<String>,
    Signed { resource, body }: Signed,
) -> Result<Response, ApiError> {
    let id = room_id(&room)?;
    let request: UpdateParticipantsRequest = parse_json(&body, &entry::INVALID)?.unwrap_or_default();
    let map: ParticipantMap = request.participants.unwrap_or_default();
    let changes = map
        .into_changes()
        .map_err(|_| ApiError::new(&entry::PARTICIPANTS_INVALID))?;
    app.rooms().update_participants(resource, id, changes).await?;
    Ok(json(StatusCode::OK, &serde_json::json!({})))
}

/// The pair of headers, both or none.
fn repeatability(headers: &HeaderMap) -> Result<Option<Repeatability>, ApiError> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(&REQUEST_ID), text(&FIRST_SENT)) {
        (None, None) => Ok(None),
        (Some(id), Some(sent)) if httpdate::parse_http_date(sent).is_ok() => Repeatability::new(id)
            .map(Some)
            .map_err(|_| ApiError::new(&entry::REPEATABILITY_INVALID)),
        _ => Err(ApiError::new(&entry::REPEATABILITY_INVALID)),
    }
}

fn with_result(mut response: Response, result: &'static str) -> Response {
    response
        .headers_mut()
        .insert(RESULT, HeaderValue::from_static(result));
    response
}

fn room_id(text: &str) -> Result<RoomId, ApiError> {
    text.parse().map_err(|_| ApiError::new(&entry::ID_INVALID))
}

/// Where the page starts; given at most once.
fn start(uri: &Uri) -> Result<Option<String>, ApiError> {
    let mut given = query_values(uri, NEXT);
    let start = given.next();
    if given.next().is_some() {
        return Err(refused(RoomError::Continuation.into(), &entry::INVALID));
    }
    Ok(start)
}

/// The address of the next page: the authority that the client called, and nothing that clients re-encode before they
/// sign it.
fn next_link(surface: Surface, uri: &Uri, headers: &HeaderMap, next: &str) -> String {
    let version = query_values(uri, "api-version").next().unwrap_or_default();
    let host = authority(uri, headers).unwrap_or_default();
    format!(
        "{}://{host}{}?{NEXT}={next}&api-version={}",
        surface.scheme(),
        uri.path(),
        plain_version(&version)
    )
}

fn collection<T: serde::Serialize>(value: Vec<T>, next_link: Option<String>) -> Response {
    json(StatusCode::OK, &Collection { value, next_link })
}

/// What an error is in HTTP; `stranger` when it is about a participant.
fn refused(error: RoomsError, stranger: &'static Entry) -> ApiError {
    let invalid = |target: &'static str, message: String| {
        ApiError::new(&entry::INVALID).with_details([Detail {
            code: "BadArgument".into(),
            message: message.into(),
            target: Some(target.into()),
        }])
    };
    match error {
        RoomsError::Room(RoomError::NotFound) => ApiError::new(&entry::NOT_FOUND),
        RoomsError::Room(RoomError::Window(error)) => invalid("ValidUntil", error.to_string()),
        RoomsError::Room(RoomError::Participant) => ApiError::new(stranger),
        RoomsError::Room(RoomError::TooManyParticipants) => ApiError::new(&entry::PARTICIPANTS_INVALID),
        RoomsError::Room(error @ RoomError::Continuation) => invalid(NEXT, error.to_string()),
        RoomsError::Room(error) => StoreError::Sqlite(error.to_string()).into(),
        RoomsError::Store(error) => error.into(),
    }
}

impl From<RoomsError> for ApiError {
    fn from(error: RoomsError) -> Self {
        refused(error, &entry::PARTICIPANTS_INVALID)
    }
}
