//! `GET /signaling`: one WebSocket per participant, speaking `anteroom.v1.proto` or `anteroom.v1.json`.
//!
//! A session is a task of its own that outlives its connection for the resume window; a connection is the socket with
//! the encoding it was opened with.

pub(crate) mod connection;
mod greeting;
mod session;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anteroom_signaling::wire::{Encoding, MAX_MESSAGE_BYTES};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, FromRequestParts as _, Request, State};
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;
use axum::response::{IntoResponse as _, Response};

use self::connection::Connection;
use crate::errors::any;
use crate::http::errors::ApiError;
use crate::state::App;

/// When a client that found too many connections may try again.
const RETRY_SECONDS: u64 = 5;

/// Buffers of a WebSocket, in bytes: a participant says little, and there are thousands of them.
const READ_BUFFER: usize = 1024;
/// Every message is sent as it comes.
const WRITE_BUFFER: usize = 0;

/// Opens a signaling connection. Refused with an HTTP answer: 400 without a subprotocol this service speaks, 429
/// over the limits of connections, 503 when the service stops.
pub async fn upgrade(State(app): State<App>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let source = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| {
            address.ip().to_canonical()
        });
    let offered: Vec<Encoding> = parts
        .headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| Encoding::from_subprotocol(name.trim()))
        .collect();
    let socket = match WebSocketUpgrade::from_request_parts(&mut parts, &app).await {
        Ok(socket) => socket,
        Err(refused) => return refused.into_response(),
    };
    // The client's order is its preference (RFC 6455 §1.9).
    let Some(encoding) = offered.first().copied() else {
        let known = Encoding::ALL.map(Encoding::subprotocol).join(", ");
        let text = format!("This WebSocket speaks these subprotocols: {known}.");
        return ApiError::new(&any::WEBSOCKET_HANDSHAKE)
            .with_message(text)
            .into_response();
    };
    let busy = app.registry().busy();
    let Some(slot) = app.registry().connection_slot(source) else {
        return ApiError::new(&any::TOO_MANY_CONNECTIONS)
            .with_retry_after(RETRY_SECONDS)
            .into_response();
    };
    if app.registry().is_stopping() {
        return ApiError::unavailable().into_response();
    }
    socket
        .protocols([encoding.subprotocol()])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| {
            let connection = Connection::new(socket, encoding, source, slot, busy);
            greeting::run(app, connection)
        })
}
