//! Signaling of one participant, as few bytes as it takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, client_message, join::Locator};
use anteroom_signaling::session::{ClientConfig, ClientSession, Incoming};
use anteroom_signaling::wire::{self, Encoding, Frame};
use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use url::Url;

const ENCODING: Encoding = Encoding::Protobuf;

/// Buffer for reading, in bytes; the library's own is for few connections.
const READ_BUFFER: usize = 4 * 1024;

/// One participant's signaling.
pub(super) struct Seat {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: ClientSession,
}

impl Seat {
    /// Connects; nothing is asked for yet.
    pub(super) async fn open(
        endpoint: &Url,
        tls: Option<Arc<rustls::ClientConfig>>,
        token: String,
    ) -> anyhow::Result<Self> {
        let mut url = endpoint.join("/signaling")?;
        let scheme = if url.scheme() == "http" { "ws" } else { "wss" };
        let _ = url.set_scheme(scheme);
        let mut request = url.as_str().into_client_request()?;
        let protocol = HeaderValue::from_static(ENCODING.subprotocol());
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(wire::MAX_SERVER_MESSAGE_BYTES))
            .write_buffer_size(0);
        let tls = tls.map(Connector::Rustls);
        let connect = tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, tls);
        let (socket, _) = connect.await.context("opening a WebSocket")?;
        let mut session = ClientSession::new(ClientConfig {
            token,
            client: "load".to_owned(),
        });
        session.connected(Instant::now());
        Ok(Self { socket, session })
    }

    /// Asks to join, and waits until it is in.
    pub(super) async fn join(&mut self, link: &str) -> anyhow::Result<Duration> {
        let asked = Instant::now();
        self.session.request(client_message::Body::Join(proto::Join {
            locator: Some(Locator::MeetingLink(link.to_owned())),
            display_name: "Load".to_owned(),
        }));
        loop {
            match self.next().await? {
                Body::Connected(_) => return Ok(asked.elapsed()),
                Body::Denied(proto::Denied { reason }) | Body::Ended(proto::Ended { reason }) => {
                    bail!(
                        "a participant is not let in: {:?}",
                        reason.unwrap_or_default().key
                    )
                }
                _ => {}
            }
        }
    }

    /// Makes a request; the next [`next`](Self::next) sends it.
    pub(super) fn request(&mut self, body: client_message::Body) {
        self.session.request(body);
    }

    /// Says something that has no answer; the next [`next`](Self::next) sends it.
    pub(super) fn notify(&mut self, body: client_message::Body) -> anyhow::Result<()> {
        Ok(self.session.notify(body)?)
    }

    /// Sends what waits.
    pub(super) async fn flush(&mut self) -> anyhow::Result<()> {
        while let Some(message) = self.session.poll_outgoing(Instant::now()) {
            let message = match wire::encode_client(ENCODING, &message) {
                Frame::Binary(bytes) => Message::binary(bytes),
                Frame::Text(text) => Message::text(text),
            };
            self.socket.feed(message).await?;
        }
        self.socket.flush().await?;
        Ok(())
    }

    /// The next message of the service.
    pub(super) async fn next(&mut self) -> anyhow::Result<Body> {
        loop {
            self.flush().await?;
            let timeout = self.session.poll_timeout();
            let due = async {
                match timeout {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => {
                        let message = wire::decode_server(ENCODING, &bytes)?;
                        if let Some(Incoming::Message(message)) = self.session.handle_message(Instant::now(), message)?
                            && let Some(body) = message.body
                        {
                            return Ok(body);
                        }
                    }
                    Some(Ok(Message::Close(_))) | None => bail!("the service closed a socket"),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                },
                () = due => self.session.handle_timeout(Instant::now()),
            }
        }
    }
}
