//! A client that speaks raw messages.

use std::time::Duration;

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    ClientMessage, Connected, EndReason, Hello, Join, Resume, ServerMessage, Welcome, join,
};
use anteroom_signaling::wire::{Encoding, Frame, decode_server, encode_client};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::common::Host;

/// Only reached when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    encoding: Encoding,
    /// Ids increase over a whole session.
    pub(crate) next_id: u32,
    pub(crate) last_seq: u64,
}

/// What came next.
#[derive(Debug)]
pub(crate) enum Next {
    Message(ServerMessage),
    Closed(Option<u16>),
}

pub(crate) fn url(host: &Host) -> String {
    let port = host.service.dev_http().unwrap().port().unwrap();
    format!("ws://127.0.0.1:{port}/signaling")
}

impl Client {
    pub(crate) async fn connect(host: &Host, encoding: Encoding) -> Self {
        let mut request = url(host).into_client_request().unwrap();
        let protocol = encoding.subprotocol().parse().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (socket, response) = tokio_tungstenite::connect_async(request).await.unwrap();
        assert_eq!(
            response.headers()["sec-websocket-protocol"],
            encoding.subprotocol()
        );
        Self {
            socket,
            encoding,
            next_id: 1,
            last_seq: 0,
        }
    }

    /// Connects and says hello.
    pub(crate) async fn hello(host: &Host, encoding: Encoding, token: &str) -> (Self, Welcome) {
        let mut client = Self::connect(host, encoding).await;
        let welcome = client.say_hello(token, None).await;
        (client, welcome)
    }

    /// A JSON client that asks to join the demo meeting.
    pub(crate) async fn guest(host: &Host, name: &str) -> Self {
        let (_, token) = host.guest(&["voip", "chat"]).await;
        let (mut client, _) = Self::hello(host, Encoding::Json, &token).await;
        client.join(&host.dev().meeting.join_url, name).await;
        client
    }

    /// A protobuf client of the Teams side, in the call of the demo meeting.
    pub(crate) async fn employee(host: &Host, upn: &str) -> (Self, Connected) {
        let token = host.sign_in(upn).await;
        let (mut client, _) = Self::hello(host, Encoding::Protobuf, &token).await;
        client.join(&host.dev().meeting.join_url, "").await;
        let connected = client.connected().await;
        (client, connected)
    }

    pub(crate) async fn alice(host: &Host) -> (Self, Connected) {
        Self::employee(host, "alice@contoso.example").await
    }

    pub(crate) async fn say_hello(&mut self, token: &str, resume: Option<Resume>) -> Welcome {
        let hello = Hello {
            token: token.to_owned(),
            resume,
            client: "test".to_owned(),
        };
        self.send(Said::Hello(hello)).await;
        self.expect(|body| match body {
            Body::Welcome(welcome) => Some(welcome),
            other => panic!("not welcome: {other:?}"),
        })
        .await
    }

    pub(crate) async fn join(&mut self, link: &str, name: &str) -> u32 {
        let locator = Some(join::Locator::MeetingLink(link.to_owned()));
        self.send(Said::Join(Join {
            locator,
            display_name: name.to_owned(),
        }))
        .await
    }

    pub(crate) async fn send(&mut self, body: Said) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        let frame = encode_client(self.encoding, &ClientMessage { id, body: Some(body) });
        self.send_raw(match frame {
            Frame::Binary(bytes) => Message::Binary(bytes.into()),
            Frame::Text(text) => Message::Text(text.into()),
        })
        .await;
        id
    }

    pub(crate) async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Next {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("no message in time");
            let message = match message {
                Some(Ok(Message::Text(text))) => decode_server(self.encoding, text.as_bytes()).unwrap(),
                Some(Ok(Message::Binary(bytes))) => decode_server(self.encoding, &bytes).unwrap(),
                Some(Ok(Message::Close(frame))) => return Next::Closed(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Next::Closed(None),
            };
            if message.seq != 0 {
                assert_eq!(message.seq, self.last_seq + 1, "numbers have no gaps");
                self.last_seq = message.seq;
            }
            return Next::Message(message);
        }
    }

    /// The next message that `wanted` picks; others are skipped.
    pub(crate) async fn expect<T>(&mut self, mut wanted: impl FnMut(Body) -> Option<T>) -> T {
        loop {
            match self.next().await {
                Next::Message(message) => {
                    if let Some(found) = message.body.and_then(&mut wanted) {
                        return found;
                    }
                }
                Next::Closed(code) => panic!("closed: {code:?}"),
            }
        }
    }

    /// The answer to a request; other messages are skipped.
    pub(crate) async fn answer(&mut self, id: u32) -> Body {
        loop {
            match self.next().await {
                Next::Message(message) if message.in_reply_to == id => return message.body.unwrap(),
                Next::Message(_) => {}
                Next::Closed(code) => panic!("closed: {code:?}"),
            }
        }
    }

    /// The key of the error that answers a request.
    pub(crate) async fn error(&mut self, id: u32) -> String {
        match self.answer(id).await {
            Body::Error(error) => error.key,
            other => panic!("not an error: {other:?}"),
        }
    }

    pub(crate) async fn connected(&mut self) -> Connected {
        self.expect(|body| match body {
            Body::Connected(connected) => Some(connected),
            Body::Denied(denied) => panic!("{denied:?}"),
            _ => None,
        })
        .await
    }

    /// `Denied` or `Ended`, and the close code that follows it.
    pub(crate) async fn over(&mut self) -> (EndReason, Option<u16>) {
        let reason = self
            .expect(|body| match body {
                Body::Denied(denied) => denied.reason,
                Body::Ended(ended) => ended.reason,
                _ => None,
            })
            .await;
        match self.next().await {
            Next::Closed(code) => (reason, code),
            Next::Message(message) => panic!("after the end: {message:?}"),
        }
    }

    /// Key of the end reason.
    pub(crate) async fn end_key(&mut self) -> String {
        self.over().await.0.key
    }

    /// Waits until somebody waits in the lobby, and tells who.
    pub(crate) async fn lobby_entry(&mut self) -> String {
        self.expect(|body| match body {
            Body::LobbyRoster(update) => update.upserted.first().map(|waiting| waiting.id.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until the connection is closed; gives the code.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Next::Closed(code) = self.next().await {
                return code;
            }
        }
    }

    pub(crate) async fn lobby(&mut self) -> anteroom_signaling::proto::lobby::Reason {
        self.expect(|body| match body {
            Body::Lobby(lobby) => Some(lobby.reason()),
            other => panic!("not in the lobby: {other:?}"),
        })
        .await
    }

    pub(crate) async fn chat(&mut self) -> (String, bool) {
        self.expect(|body| match body {
            Body::Chat(message) => Some((message.text, message.history)),
            _ => None,
        })
        .await
    }
}
