//! A client of real-time notifications.

use std::time::{Duration, Instant};

use anteroom_chat::trouter::{
    Allocation, ClientConfig, ClientEvent, ClientSession, Handshake, Registration, SeenNotifications,
    Transport,
};
use anteroom_chat::wire::notification::ChatNotification;
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

use crate::common::{Host, expect};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Nothing here takes so long, unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) name: &'static str,
}

impl User {
    pub(crate) async fn new(host: &Host, name: &'static str) -> Self {
        let (id, token) = host.guest(&["chat"]).await;
        Self { id, token, name }
    }
}

enum Link {
    Socket(Box<Socket>),
    Polling {
        url: String,
        token: String,
        client: reqwest::Client,
    },
    None,
}

pub(crate) struct Listener {
    pub(crate) user: String,
    epid: String,
    surl: String,
    session: ClientSession,
    seen: SeenNotifications,
    link: Link,
}

async fn allocate(host: &Host, user: &User, epid: &str) -> Allocation {
    let response = host
        .post(&format!("/v4/a?cor_id=x&con_num=1_1&epid={epid}"))
        .header("x-skypetoken", &user.token)
        .send()
        .await
        .unwrap();
    serde_json::from_value(expect(response, 200).await).unwrap()
}

async fn shake_hands(host: &Host, user: &User, epid: &str, allocation: &Allocation) -> String {
    let query = allocation.connectparams.to_query();
    let response = host
        .get(&format!("/socket.io/1/?{query}&v=v4&epid={epid}&t=1"))
        .header("x-skypetoken", &user.token)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let handshake: Handshake = response.text().await.unwrap().parse().unwrap();
    assert_eq!(
        handshake.transports,
        [Transport::WebSocket, Transport::XhrPolling]
    );
    handshake.sid
}

pub(crate) async fn handshake(host: &Host, user: &User, epid: &str) -> String {
    let allocation = allocate(host, user, epid).await;
    shake_hands(host, user, epid, &allocation).await
}

pub(crate) async fn open_socket(host: &Host, sid: &str) -> Socket {
    let url = host
        .url(&format!("/socket.io/1/websocket/{sid}?v=v4"))
        .replace("https://", "wss://");
    let pem = std::fs::read(host.dir.path().join("tls/ca.pem")).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(rustls::pki_types::CertificateDer::from_pem_slice(&pem).unwrap())
        .unwrap();
    let tls = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let request = url.into_client_request().unwrap();
    let connector = Connector::Rustls(std::sync::Arc::new(tls));
    let connect = tokio_tungstenite::connect_async_tls_with_config(request, None, true, Some(connector));
    connect.await.unwrap().0
}

impl Listener {
    pub(crate) async fn connect(host: &Host, user: &User, epid: &str) -> Self {
        let listener = Self::connect_unregistered(host, user, epid).await;
        listener.register(host, user).await;
        listener
    }

    pub(crate) async fn connect_unregistered(host: &Host, user: &User, epid: &str) -> Self {
        let mut listener = Self::new(user, epid, Transport::WebSocket);
        listener.open(host, user).await;
        listener
    }

    pub(crate) async fn poll(host: &Host, user: &User, epid: &str) -> Self {
        let mut listener = Self::new(user, epid, Transport::XhrPolling);
        let sid = handshake(host, user, epid).await;
        listener.link = Link::Polling {
            url: host.url(&format!("/socket.io/1/xhr-polling/{sid}")),
            token: user.token.clone(),
            client: host.client.clone(),
        };
        assert_eq!(listener.next_event().await, ClientEvent::Connected);
        listener
    }

    /// A poll whose answer does not reach the session.
    pub(crate) async fn lose_a_poll(&mut self) -> String {
        self.flush().await;
        let Link::Polling { url, token, client } = &self.link else {
            panic!()
        };
        let request = client.get(url).header("x-skypetoken", token);
        request.send().await.unwrap().text().await.unwrap()
    }

    /// A new socket in place of the one that seems lost.
    pub(crate) async fn poll_again(&mut self, host: &Host, user: &User) {
        let epid = self.epid.clone();
        let seen = std::mem::take(&mut self.seen);
        *self = Self::poll(host, user, &epid).await;
        self.seen = seen;
        self.register(host, user).await;
    }

    fn new(user: &User, epid: &str, transport: Transport) -> Self {
        Self {
            user: user.id.clone(),
            epid: epid.to_owned(),
            surl: String::new(),
            session: ClientSession::new(ClientConfig::default(), transport, Instant::now()),
            seen: SeenNotifications::default(),
            link: Link::None,
        }
    }

    async fn open(&mut self, host: &Host, user: &User) {
        let allocation = allocate(host, user, &self.epid).await;
        let sid = shake_hands(host, user, &self.epid, &allocation).await;
        self.surl = allocation.surl;
        self.session = ClientSession::new(ClientConfig::default(), Transport::WebSocket, Instant::now());
        self.link = Link::Socket(Box::new(open_socket(host, &sid).await));
        assert_eq!(self.next_event().await, ClientEvent::Connected);
    }

    pub(crate) async fn register(&self, host: &Host, user: &User) {
        let registration = Registration::of_chat_client(&self.epid, &self.surl, Duration::from_secs(7200));
        let response = host
            .post("/v3/registrations")
            .header("x-skypetoken", &user.token)
            .json(&registration)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 202);
    }

    pub(crate) async fn unregister(&self, host: &Host, user: &User) {
        let target = host.url(&format!("/v3/registrations/{}", self.epid));
        let request = host.client.delete(target);
        let response = request.header("x-skypetoken", &user.token).send().await.unwrap();
        assert_eq!(response.status(), 202);
    }

    pub(crate) async fn reconnect(&mut self, host: &Host, user: &User) {
        self.open(host, user).await;
        self.register(host, user).await;
    }

    /// Drops the connection, without a word.
    pub(crate) fn drop_socket(&mut self) {
        self.link = Link::None;
    }

    /// The next notification, answered.
    pub(crate) async fn next(&mut self) -> ChatNotification {
        let event = self.next_event().await;
        let ClientEvent::Notification(request) = event else {
            panic!("{event:?}")
        };
        self.session.answer(Instant::now(), request.id, 200);
        self.flush().await;
        assert!(self.seen.insert(request.id), "{} came twice", request.id);
        ChatNotification::parse(&request.body).unwrap()
    }

    /// The next thing that happens.
    pub(crate) async fn next_event(&mut self) -> ClientEvent {
        tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(event) = self.session.poll_event() {
                    return event;
                }
                self.flush().await;
                self.receive().await;
            }
        })
        .await
        .unwrap()
    }

    /// Waits until the service has everything that was sent: its answer to a ping comes after.
    pub(crate) async fn settle(&mut self) {
        let Link::Socket(socket) = &mut self.link else {
            panic!()
        };
        socket
            .send(Message::text("5:900+::{\"name\":\"ping\"}"))
            .await
            .unwrap();
        loop {
            let packet = self.read_packet().await;
            self.session.handle_packet(Instant::now(), &packet);
            self.flush().await;
            if packet == "6:::900+[\"pong\"]" {
                return;
            }
        }
    }

    /// The next packet, not handled.
    pub(crate) async fn read_packet(&mut self) -> String {
        let Link::Socket(socket) = &mut self.link else {
            panic!()
        };
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
        message.unwrap().unwrap().into_text().unwrap().to_string()
    }

    /// Reads what is left until the connection ends.
    pub(crate) async fn drain_until_closed(&mut self) {
        let Link::Socket(socket) = &mut self.link else {
            panic!()
        };
        tokio::time::timeout(PATIENCE, async { while let Some(Ok(_)) = socket.next().await {} })
            .await
            .unwrap();
    }

    async fn flush(&mut self) {
        while let Some(packet) = self.session.poll_transmit() {
            match &mut self.link {
                // A socket that the service has closed takes nothing more.
                Link::Socket(socket) => drop(socket.send(Message::text(packet)).await),
                Link::Polling { url, token, client } => {
                    let request = client.post(&*url).header("x-skypetoken", &*token).body(packet);
                    assert_eq!(request.send().await.unwrap().status(), 200);
                }
                Link::None => panic!(),
            }
        }
    }

    async fn receive(&mut self) {
        match &mut self.link {
            Link::Socket(socket) => match socket.next().await {
                Some(Ok(Message::Text(text))) => self.session.handle_packet(Instant::now(), &text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            },
            Link::Polling { url, token, client } => {
                let response = client
                    .get(&*url)
                    .header("x-skypetoken", &*token)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(response.status(), 200);
                self.session
                    .handle_body(Instant::now(), &response.text().await.unwrap());
            }
            Link::None => panic!(),
        }
    }
}
