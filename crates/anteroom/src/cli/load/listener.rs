//! A listener to real-time notifications that costs little: thousands run in one process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anteroom_chat::trouter::{
    Allocation, ClientConfig, ClientEvent, ClientSession, Handshake, Registration, Transport,
};
use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::StatusCode;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use super::api::{Api, User};

/// Buffer for reading, in bytes; the library's own is for few connections.
const READ_BUFFER: usize = 4 * 1024;

/// An open socket that is connected and registered.
pub(super) struct Listener {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: ClientSession,
}

impl Listener {
    pub(super) async fn connect(api: &Api, user: &User, epid: &str) -> anyhow::Result<Self> {
        let base = api.connection.endpoint.as_str().trim_end_matches('/');
        let query = format!("v=v4&cor_id=load&con_num=1_1&epid={epid}");
        let allocate = api.http().post(format!("{base}/v4/a?{query}"));
        let answer = allocate.header("x-skypetoken", &user.token).send().await?;
        if answer.status() != StatusCode::OK {
            bail!("the allocation answers {}", answer.status());
        }
        let allocation: Allocation = answer.json().await?;
        let shake_hands = api.http().get(format!("{base}/socket.io/1/?{query}"));
        let answer = shake_hands.header("x-skypetoken", &user.token).send().await?;
        if answer.status() != StatusCode::OK {
            bail!("the handshake answers {}", answer.status());
        }
        let handshake: Handshake = answer.text().await?.parse()?;
        let address = format!("{base}/socket.io/1/websocket/{}?{query}", handshake.sid);
        let request = address.replacen("http", "ws", 1).into_client_request()?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0);
        let tls = api.tls.clone().map(Connector::Rustls);
        let connect = tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, tls);
        let (socket, _) = connect.await.context("opening a WebSocket")?;
        let mut listener = Self {
            socket,
            session: ClientSession::new(ClientConfig::default(), Transport::WebSocket, Instant::now()),
        };
        if listener.next().await? != ClientEvent::Connected {
            bail!("the service does not say that it is connected");
        }
        let registration = Registration::of_chat_client(epid, &allocation.surl, Duration::from_secs(7200));
        let register = api.http().post(format!("{base}/v3/registrations"));
        let answer = register
            .header("x-skypetoken", &user.token)
            .json(&registration)
            .send()
            .await?;
        if answer.status() != StatusCode::ACCEPTED {
            bail!("the registration answers {}", answer.status());
        }
        Ok(listener)
    }

    /// Calls `heard` with the body of each notification until the socket ends, which is an error.
    pub(super) async fn listen(mut self, heard: Arc<dyn Fn(&str) + Send + Sync>) -> anyhow::Result<()> {
        loop {
            match self.next().await? {
                ClientEvent::Notification(request) => {
                    heard(&request.body);
                    self.session.answer(Instant::now(), request.id, 200);
                }
                ClientEvent::Ended(end) => bail!("a socket ended: {end:?}"),
                _ => {}
            }
        }
    }

    async fn next(&mut self) -> anyhow::Result<ClientEvent> {
        loop {
            if let Some(event) = self.session.poll_event() {
                return Ok(event);
            }
            while let Some(packet) = self.session.poll_transmit() {
                self.socket.feed(Message::text(packet)).await?;
            }
            self.socket.flush().await?;
            let Some(deadline) = self.session.poll_timeout() else {
                bail!("a socket ended");
            };
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.session.handle_packet(Instant::now(), &text),
                    Some(Ok(Message::Close(_))) | None => bail!("the service closed a socket"),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error.into()),
                },
                () = tokio::time::sleep_until(deadline.into()) => self.session.handle_timeout(Instant::now()),
            }
        }
    }
}
