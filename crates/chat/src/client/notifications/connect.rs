//! From the configuration to an open socket.

use std::time::Duration;

use anteroom_identity::client::pipeline::{Method, Request};
use anteroom_identity::client::{ClientOptions, Error};
use tokio::time::Instant;
use tokio_tungstenite::Connector as TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::Url;
use uuid::Uuid;

use super::super::ChatClient;
use super::link::Link;
use crate::trouter::{
    Allocation, ConnectParams, Handshake, RealTimeConfig, ReconnectTarget, Registration, Transport,
};

/// The version of the configuration that is asked for, whatever the version of the chat API.
const CONFIG_VERSION: &str = "2024-09-01";

/// Who gives numbers to notifications that outlive their socket.
const ISSUER: &str = "anteroom";

/// Longest registration, and how long before its end it is renewed.
const REGISTRATION: Duration = Duration::from_secs(7200);
const RENEWAL: Duration = Duration::from_secs(30);

/// After a registration that failed.
const RETRY: Duration = Duration::from_secs(123);

/// What the handshake's numbers are longer by in practice.
const HEARTBEAT_SLACK: Duration = Duration::from_secs(2);

/// Opens sockets of one endpoint.
pub(super) struct Connector {
    client: ChatClient,
    config: RealTimeConfig,
    endpoint_id: Uuid,
    session_id: Uuid,
    attempts: u64,
    allocation: Option<Allocation>,
    register_at: Instant,
}

/// No socket.
pub(super) enum ConnectError {
    /// The token is not accepted.
    Refused(Error),
    /// Anything else; may be better next time.
    Failed,
}

impl From<Error> for ConnectError {
    fn from(error: Error) -> Self {
        match error.status() {
            Some(401) => Self::Refused(error),
            _ => Self::Failed,
        }
    }
}

impl Connector {
    pub(super) async fn configure(client: ChatClient) -> Result<Self, Error> {
        let mut request = client
            .pipeline
            .request(Method::Get, "/chat/config/realTimeNotifications");
        request
            .url
            .set_query(Some(&format!("api-version={CONFIG_VERSION}")));
        let config: RealTimeConfig = client.pipeline.json(request, &[200]).await?;
        Ok(Self {
            client,
            config,
            endpoint_id: Uuid::new_v4(),
            session_id: Uuid::new_v4(),
            attempts: 0,
            allocation: None,
            register_at: Instant::now() + REGISTRATION,
        })
    }

    /// An open socket that has said it is connected.
    pub(super) async fn connect(&mut self, target: ReconnectTarget) -> Result<Link, ConnectError> {
        if target == ReconnectTarget::NewEndpoint {
            self.allocation = None;
        }
        let allocation = self.allocate().await?;
        let query = self.query(&allocation.connectparams);
        let handshake = self.shake_hands(&allocation, &query).await?;
        if !handshake.transports.contains(&Transport::WebSocket) {
            return Err(ConnectError::Failed);
        }
        let address = format!(
            "{}socket.io/1/websocket/{}?{query}",
            allocation.socketio, handshake.sid
        );
        let mut address = Url::parse(&address).map_err(|_| ConnectError::Failed)?;
        let scheme = if address.scheme() == "http" { "ws" } else { "wss" };
        address.set_scheme(scheme).map_err(|()| ConnectError::Failed)?;
        let request = address
            .as_str()
            .into_client_request()
            .map_err(|_| ConnectError::Failed)?;
        let config = WebSocketConfig::default().max_message_size(Some(4 * 1024 * 1024));
        let tls = tls_of(self.client.pipeline.options());
        let (socket, _) = tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, tls)
            .await
            .map_err(|_| ConnectError::Failed)?;
        self.allocation = Some(allocation);
        Link::open(socket, handshake.heartbeat + HEARTBEAT_SLACK)
            .await
            .ok_or(ConnectError::Failed)
    }

    /// Whether a number names the same notification on every socket.
    pub(super) fn numbers_outlive_sockets(&self) -> bool {
        let issuer = self
            .allocation
            .as_ref()
            .and_then(|allocation| allocation.connectparams.get("issuer"));
        issuer.as_deref() == Some(ISSUER)
    }

    /// Registers the newest socket. A failure is no reason to give the socket up.
    pub(super) async fn register(&mut self) {
        let outcome = self.try_register().await;
        let next = if outcome.is_ok() {
            REGISTRATION - RENEWAL
        } else {
            RETRY
        };
        self.register_at = Instant::now() + next;
    }

    pub(super) fn register_again_in(&self) -> Duration {
        self.register_at.saturating_duration_since(Instant::now())
    }

    /// Says that nobody listens any more.
    pub(super) async fn unregister(&self) {
        let address = format!(
            "{}/v3/registrations/{}",
            self.config.registrar_service_url, self.endpoint_id
        );
        if let Ok(request) = self.request(Method::Delete, &address).await {
            let _ = self.client.pipeline.send(request, &[200, 202, 204]).await;
        }
    }

    async fn try_register(&self) -> Result<(), Error> {
        let Some(allocation) = &self.allocation else {
            return Ok(());
        };
        let id = self.endpoint_id.to_string();
        let registration = Registration::of_chat_client(&id, &allocation.surl, REGISTRATION);
        let address = format!("{}/v3/registrations", self.config.registrar_service_url);
        let request = self
            .request(Method::Post, &address)
            .await?
            .with_json(&registration)?
            .repeatable();
        let answer = self.client.pipeline.send(request, &[200, 201, 202, 204]);
        answer.await.map(drop)
    }

    async fn allocate(&mut self) -> Result<Allocation, Error> {
        self.attempts += 1;
        let base = match &self.allocation {
            Some(before) => before.socketio.trim_end_matches('/'),
            None => self.config.trouter_service_url.trim_end_matches('/'),
        };
        let mut address = format!(
            "{base}/v4/a?cor_id={}&con_num={}&epid={}",
            self.session_id, self.attempts, self.endpoint_id
        );
        if let Some(before) = &self.allocation {
            address = format!("{address}&{}&v=v4", before.connectparams.to_query());
        }
        let request = self.request(Method::Post, &address).await?.repeatable();
        self.client.pipeline.json(request, &[200]).await
    }

    async fn shake_hands(&self, allocation: &Allocation, query: &str) -> Result<Handshake, ConnectError> {
        let address = format!("{}socket.io/1/?{query}", allocation.socketio);
        let request = self.request(Method::Get, &address).await?;
        let answer = self.client.pipeline.send(request, &[200]).await?;
        std::str::from_utf8(&answer.body)
            .ok()
            .and_then(|body| body.parse().ok())
            .ok_or(ConnectError::Failed)
    }

    fn query(&self, params: &ConnectParams) -> String {
        let ccid = self.allocation.as_ref().map_or("", |allocation| &allocation.ccid);
        format!(
            "{}&v=v4&timeout=40&auth=true&epid={}&cor_id={}&con_num={}&ccid={ccid}",
            params.to_query(),
            self.endpoint_id,
            self.session_id,
            self.attempts
        )
    }

    async fn request(&self, method: Method, address: &str) -> Result<Request, Error> {
        let url = Url::parse(address).map_err(|_| Error::UnexpectedAnswer("address"))?;
        let token = self.client.credential.token().await?;
        Ok(Request::new(method, url).with_header("x-skypetoken", &token.token))
    }
}

fn tls_of(options: &ClientOptions) -> Option<TlsConnector> {
    options
        .tls()
        .map(|tls| TlsConnector::Rustls(std::sync::Arc::clone(tls)))
}
