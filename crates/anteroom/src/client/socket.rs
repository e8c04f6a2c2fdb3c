//! The signaling WebSocket: messages in, messages out.

use std::time::Duration;

use anteroom_signaling::proto::{ClientMessage, ServerMessage};
use anteroom_signaling::wire::{self, Encoding, Frame};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use url::Url;

use super::Error;
use super::tls::Trust;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// The client always speaks protobuf; the JSON encoding is for browsers.
const ENCODING: Encoding = Encoding::Protobuf;

#[derive(Debug)]
pub(super) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub(super) async fn connect(endpoint: &Url, trust: &Trust) -> Result<Self, Error> {
        let mut url = endpoint.join("/signaling").map_err(|_| Error::Endpoint)?;
        let scheme = if url.scheme() == "http" { "ws" } else { "wss" };
        url.set_scheme(scheme).map_err(|()| Error::Endpoint)?;
        let fault = |error: WsError| Error::Signaling(error.to_string());

        let mut request = url.as_str().into_client_request().map_err(fault)?;
        request.headers_mut().insert(
            "sec-websocket-protocol",
            HeaderValue::from_static(ENCODING.subprotocol()),
        );
        let config = WebSocketConfig::default()
            .max_message_size(Some(wire::MAX_MESSAGE_BYTES))
            .max_frame_size(None);
        let connector = match trust {
            Trust::System => None,
            Trust::Private(config) => Some(Connector::Rustls(config.clone())),
        };
        let connecting = connect_async_tls_with_config(request, Some(config), true, connector);
        let (stream, _) = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_| Error::Signaling("the service did not answer in time".to_owned()))?
            .map_err(fault)?;
        Ok(Self { stream })
    }

    pub(super) async fn send(&mut self, message: &ClientMessage) -> Result<(), Error> {
        let frame = match wire::encode_client(ENCODING, message) {
            Frame::Binary(bytes) => Message::binary(bytes),
            Frame::Text(text) => Message::text(text),
        };
        self.stream
            .send(frame)
            .await
            .map_err(|error| Error::Signaling(error.to_string()))
    }

    /// The next message, or `None` when the connection is over.
    pub(super) async fn receive(&mut self) -> Option<Result<ServerMessage, Error>> {
        loop {
            let bytes = match self.stream.next().await? {
                Ok(Message::Binary(bytes)) => bytes,
                Ok(Message::Close(_)) | Err(_) => return None,
                // Pings are answered by the library; text is not our encoding.
                Ok(_) => continue,
            };
            return Some(
                wire::decode_server(ENCODING, &bytes).map_err(|error| Error::Signaling(error.to_string())),
            );
        }
    }

    pub(super) async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.stream.close(None)).await;
    }
}
