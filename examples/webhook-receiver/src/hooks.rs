//! What the service calls.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;

use crate::event::{Event, MEDIA_TYPE, NoEvent};
use crate::{Receiver, Recorded, signature};

/// `POST /hook`: an event. Everything but 2xx makes the service send it again, later.
pub async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    let now = OffsetDateTime::now_utc();
    // Before anything of it is looked at.
    let id = match signature::verify(receiver.secrets(), &headers, &body, now) {
        Ok(id) => id,
        Err(refused) => {
            tracing::warn!("refused: {refused}");
            return (StatusCode::UNAUTHORIZED, refused.to_string()).into_response();
        }
    };
    if !is_cloud_event(&headers) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    // What is signed is the header's id; the event's is the same.
    let event = std::str::from_utf8(&body)
        .map_err(|_| NoEvent)
        .and_then(Event::parse)
        .ok()
        .filter(|event| event.id == id);
    let Some(event) = event else {
        return (StatusCode::BAD_REQUEST, NoEvent.to_string()).into_response();
    };
    let write = move || {
        let recorded = receiver.record(&event, &String::from_utf8_lossy(&body))?;
        Ok::<_, std::io::Error>((event, recorded))
    };
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok((event, recorded))) => {
            tell(&event, recorded);
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(Err(error)) => {
            tracing::error!("the journal: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `OPTIONS /hook`: a service asks whether it may send (CloudEvents, HTTP 1.1 Web Hooks for Event Delivery, section 4).
///
/// It may also name an address to be called back with the answer. Nobody is: that would let anybody make this program
/// call what it likes.
pub async fn handshake(State(receiver): State<Receiver>, headers: HeaderMap) -> Response {
    let origin = headers.get("webhook-request-origin");
    match origin.and_then(|origin| origin.to_str().ok()) {
        Some(origin) if receiver.allows(origin) => (
            StatusCode::OK,
            [
                (header::ALLOW.as_str(), "POST"),
                ("webhook-allowed-origin", origin),
                ("webhook-allowed-rate", "*"),
            ],
        )
            .into_response(),
        _ => StatusCode::FORBIDDEN.into_response(),
    }
}

fn is_cloud_event(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(MEDIA_TYPE)
}

/// Names and texts stay out of the log.
fn tell(event: &Event, recorded: Recorded) {
    let meeting = event.data().meeting.as_ref();
    tracing::info!(
        kind = event.kind(),
        meeting = meeting.map(|meeting| meeting.id.as_str()),
        repeated = recorded == Recorded::Repeated,
        "told"
    );
}
