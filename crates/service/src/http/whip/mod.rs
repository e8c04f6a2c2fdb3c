//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): media into a meeting and out of it with HTTP alone.
//!
//! A session is a participant like any other, lobby and policy included: the answer comes once it has been let in. It
//! takes part by media alone and is over with it, or with `DELETE`.
//!
//! | | |
//! |---|---|
//! | `program` | what a player is sent of what everybody publishes |
//! | `session` | the participant |
//! | `sessions` | which sessions run |

mod program;
mod session;
pub(crate) mod sessions;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anteroom_identity::id::CommunicationIdentifier;
use anteroom_signaling::proto::TrackSource;
use anteroom_signaling::sdp::{Description, Fragment, MAX_SDP_BYTES, MediaKind};
use anteroom_signaling::session::JoinLocator;
use axum::Router;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tower_http::cors::{Any, CorsLayer};

use self::session::{Begun, Kind, Session, Wish};
use self::sessions::{Command, Patch, Patched};
use super::auth::{Bearer, Caller};
use super::errors::ApiError;
use super::request::{Body, Segments, query_values};
use crate::errors::{any, whip as entry};
use crate::meeting::caller::CALL_SCOPES;
use crate::state::App;

/// The type of descriptions (RFC 8866).
const SDP: &str = "application/sdp";

/// The type of fragments of them (RFC 8840).
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// Longest name, link or id in an address, in bytes.
const MAX_PARAMETER: usize = 4096;

/// When a client that found too many connections may try again.
const RETRY_SECONDS: u64 = 5;

/// The routes of this module.
pub(super) fn router() -> Router<App> {
    let session = || axum::routing::patch(patch).delete(end);
    Router::new()
        .route("/whip", post(publish))
        .route("/whip/{meeting}", post(publish))
        .route("/whip/session/{id}", session())
        .route("/whep", post(play))
        .route("/whep/{meeting}", post(play))
        .route("/whep/session/{id}", session())
        .method_not_allowed_fallback(super::method_not_allowed)
        .layer(cors())
        .layer(map_response(accepts))
}

/// Pages of any origin: what is asked for is authorized by a token, never by a cookie.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH])
        .expose_headers([header::LOCATION, header::ETAG, header::LINK, header::RETRY_AFTER])
        .max_age(std::time::Duration::from_secs(3600))
}

/// What can be posted, for who asks with `OPTIONS` (RFC 9725 §4.2).
async fn accepts(mut response: Response) -> Response {
    let sdp = HeaderValue::from_static(SDP);
    response.headers_mut().insert(ACCEPT_POST, sdp);
    response
}

async fn publish(entrance: Entrance) -> Result<Response, ApiError> {
    let kind = Kind::publisher(&entrance.offer, entrance.address.screen)?;
    begin(entrance, kind).await
}

async fn play(entrance: Entrance) -> Result<Response, ApiError> {
    let kind = Kind::player(&entrance.offer, entrance.address.participant.clone())?;
    begin(entrance, kind).await
}

async fn begin(entrance: Entrance, kind: Kind) -> Result<Response, ApiError> {
    let Entrance {
        app,
        caller,
        source,
        address,
        offer,
    } = entrance;
    let slot = app.registry().connection_slot(source);
    let slot =
        slot.ok_or_else(|| ApiError::new(&any::TOO_MANY_CONNECTIONS).with_retry_after(RETRY_SECONDS))?;
    let path = kind.path();
    let wish = Wish {
        caller,
        name: address.name.unwrap_or_else(|| kind.name().to_owned()),
        locator: address.locator,
        source,
        consents: address.consents,
        offer,
        kind,
    };
    let (reply, answer) = oneshot::channel();
    tokio::spawn(Session::new(app, wish, slot).run(reply));
    let Begun { id, sdp, etag } = answer.await.map_err(|_| ApiError::internal())??;
    let headers = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, format!("{path}/session/{id}")),
        (header::ETAG, etag),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (ACCEPT_PATCH, FRAGMENT.to_owned()),
    ];
    Ok((StatusCode::CREATED, headers, sdp).into_response())
}

/// `PATCH`: candidates, which are not needed, or new credentials of ICE (RFC 9725 §4.3).
async fn patch(
    State(app): State<App>,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    Bearer(caller): Bearer,
    Body(body): Body,
) -> Result<Response, ApiError> {
    let session = running(&app, &id, &caller.identifier())?;
    expect_type(&headers, FRAGMENT)?;
    let text = std::str::from_utf8(&body).map_err(|_| ApiError::new(&entry::BAD_FRAGMENT))?;
    let fragment = Fragment::parse(text).map_err(|_| ApiError::new(&entry::BAD_FRAGMENT))?;
    let tag = headers
        .get(header::IF_MATCH)
        .ok_or_else(|| ApiError::new(&entry::PRECONDITION_REQUIRED))?;
    let patch = Patch {
        if_match: tag.to_str().unwrap_or_default().to_owned(),
        credentials: fragment.credentials,
    };
    let (reply, answer) = oneshot::channel();
    let sent = session.send(Command::Patch(patch, reply)).await;
    sent.map_err(|_| ApiError::not_found())?;
    match answer.await.map_err(|_| ApiError::not_found())?? {
        Patched::Noted => Ok(StatusCode::NO_CONTENT.into_response()),
        Patched::Restarted { fragment, etag } => {
            let headers = [
                (header::CONTENT_TYPE, FRAGMENT.to_owned()),
                (header::ETAG, etag),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            Ok((StatusCode::OK, headers, fragment).into_response())
        }
    }
}

/// `DELETE`: answered once the participant has left.
async fn end(
    State(app): State<App>,
    Segments(id): Segments<String>,
    Bearer(caller): Bearer,
) -> Result<Response, ApiError> {
    let session = running(&app, &id, &caller.identifier())?;
    let (reply, left) = oneshot::channel();
    let sent = session.send(Command::Delete(reply)).await;
    sent.map_err(|_| ApiError::not_found())?;
    // It may have ended by itself meanwhile.
    let _ = left.await;
    Ok(StatusCode::OK.into_response())
}

/// A session of this caller. Others learn nothing of it.
fn running(app: &App, id: &str, caller: &CommunicationIdentifier) -> Result<mpsc::Sender<Command>, ApiError> {
    app.media_sessions()
        .find(id, caller)
        .ok_or_else(ApiError::not_found)
}

fn offer(headers: &HeaderMap, Body(body): &Body) -> Result<Description, ApiError> {
    expect_type(headers, SDP)?;
    let refused = |why: String| {
        ApiError::new(&entry::BAD_DESCRIPTION).with_message(format!("The description is refused: {why}."))
    };
    if body.len() > MAX_SDP_BYTES {
        return Err(refused("it is too long".to_owned()));
    }
    let text = std::str::from_utf8(body).map_err(|_| refused("it is not UTF-8".to_owned()))?;
    Description::parse(text).map_err(|error| refused(error.to_string()))
}

fn expect_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), ApiError> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if given.trim().eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        let message = format!("The body has to be of the type {wanted}.");
        Err(ApiError::new(&entry::NOT_SDP).with_message(message))
    }
}

/// A request that begins a session.
struct Entrance {
    app: App,
    caller: Caller,
    source: IpAddr,
    address: Address,
    offer: Description,
}

impl FromRequest<App> for Entrance {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let Bearer(caller) = Bearer::from_request_parts(&mut parts, app).await?;
        if !caller.has_any_scope(&CALL_SCOPES) {
            return Err(ApiError::forbidden());
        }
        let Segments(Names { meeting }) = Segments::from_request_parts(&mut parts, app).await?;
        let address = Address::read(meeting, &parts.uri)?;
        let source = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| {
                peer.ip().to_canonical()
            });
        let headers = parts.headers.clone();
        let body = Body::from_request(Request::from_parts(parts, body), app).await?;
        Ok(Self {
            app: app.clone(),
            caller,
            source,
            address,
            offer: offer(&headers, &body)?,
        })
    }
}

/// What the path of a session's beginning may name.
#[derive(Deserialize)]
struct Names {
    meeting: Option<String>,
}

/// What the address of a session's beginning says.
struct Address {
    locator: JoinLocator,
    /// The name of a guest.
    name: Option<String>,
    /// Video is a screen.
    screen: bool,
    /// Agrees to being recorded.
    consents: bool,
    /// Whom a player wants to see and hear.
    participant: Option<String>,
}

impl Address {
    fn read(meeting: Option<String>, uri: &Uri) -> Result<Self, ApiError> {
        let one = |name: &'static str| {
            let mut values = query_values(uri, name);
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some(value), None) if value.len() <= MAX_PARAMETER => Ok(Some(value)),
                _ => Err(invalid(name)),
            }
        };
        let is = |name, yes: &str, no: &str| match one(name)? {
            Some(value) if value == yes => Ok(true),
            Some(value) if value != no => Err(invalid(name)),
            _ => Ok(false),
        };
        let locator = match (meeting, one("link")?, one("room")?) {
            (Some(meeting_id), None, None) => JoinLocator::MeetingId {
                meeting_id,
                passcode: one("p")?.unwrap_or_default(),
            },
            (None, Some(link), None) => JoinLocator::MeetingLink(link),
            (None, None, Some(room)) => JoinLocator::RoomId(room),
            _ => return Err(ApiError::new(&entry::MEETING_AMBIGUOUS)),
        };
        Ok(Self {
            locator,
            name: one("name")?,
            screen: is("source", "screen", "camera")?,
            consents: is("consent", "true", "false")?,
            participant: one("participant")?,
        })
    }
}

fn invalid(name: &'static str) -> ApiError {
    let message = format!("The query parameter {name} is not valid.");
    ApiError::new(&any::QUERY_INVALID)
        .with_message(message)
        .with_target(name)
}

impl Kind {
    /// What a publisher's sections are for: its first audio is the microphone, its first video the camera or the screen,
    /// a second one the other.
    fn publisher(offer: &Description, screen: bool) -> Result<Self, ApiError> {
        let (mut audio, mut video) = (
            vec![TrackSource::Microphone],
            vec![TrackSource::Screen, TrackSource::Camera],
        );
        if screen {
            video.reverse();
        }
        let mut sections = Vec::new();
        for section in offer.sections.iter().filter(|section| !section.rejected) {
            let sources = match section.kind {
                MediaKind::Audio => &mut audio,
                MediaKind::Video => &mut video,
                MediaKind::Application | MediaKind::Other => continue,
            };
            if !section.direction.sends() {
                continue;
            }
            match sources.pop() {
                Some(source) => sections.push((section.mid.clone(), source)),
                None => return Err(unusable("it sends more than one voice or two pictures")),
            }
        }
        let idle = |section: &anteroom_signaling::sdp::MediaSection| {
            !section.rejected
                && section.direction.receives()
                && !section.direction.sends()
                && matches!(section.kind, MediaKind::Audio | MediaKind::Video)
        };
        if sections.is_empty() || offer.sections.iter().any(idle) {
            return Err(unusable("each of its sections has to send"));
        }
        Ok(Self::Publisher(sections))
    }

    fn player(offer: &Description, participant: Option<String>) -> Result<Self, ApiError> {
        let media = || {
            let is_media = |kind| matches!(kind, MediaKind::Audio | MediaKind::Video);
            offer
                .sections
                .iter()
                .filter(move |section| !section.rejected && is_media(section.kind))
        };
        if media().count() == 0 || !media().all(|section| section.direction.receives()) {
            return Err(unusable("each of its sections has to receive"));
        }
        Ok(Self::Player(program::Program::new(participant)))
    }
}

fn unusable(why: &str) -> ApiError {
    ApiError::new(&entry::BAD_DESCRIPTION).with_message(format!("The description is refused: {why}."))
}
