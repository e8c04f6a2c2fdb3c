//! A target of webhooks that keeps what it gets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anteroom_service::webhooks::signature::Secret;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Only reached when something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What is answered, once; 204 when nothing is left.
pub(crate) enum Reply {
    Status(u16),
    With(u16, &'static str, &'static str),
    /// Nothing, ever.
    Silence,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The name of the event, without its prefix.
    pub(crate) fn kind(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.strip_prefix("io.github.anteroom-project.")
            .unwrap()
            .to_owned()
    }

    pub(crate) fn is_signed_with(&self, secret: &Secret) -> bool {
        let timestamp = self.header("webhook-timestamp").parse().unwrap();
        let (id, signatures) = (self.header("webhook-id"), self.header("webhook-signature"));
        secret.verifies(id, timestamp, &self.body, signatures)
    }
}

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    got: mpsc::UnboundedReceiver<Got>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    got: mpsc::UnboundedSender<Got>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, got) = mpsc::unbounded_channel();
        let replies = Arc::<Mutex<VecDeque<Reply>>>::default();
        let shared = Shared {
            replies: Arc::clone(&replies),
            got: sender,
        };
        let router = Router::new().fallback(take).with_state(shared);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            replies,
            got,
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?key=1", self.address)
    }

    pub(crate) fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().unwrap().extend(replies);
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Got {
        tokio::time::timeout(PATIENCE, self.got.recv())
            .await
            .expect("no request in time")
            .unwrap()
    }

    /// The names of the next events.
    pub(crate) async fn kinds(&mut self, count: usize) -> Vec<String> {
        let mut kinds = Vec::new();
        for _ in 0..count {
            kinds.push(self.next().await.kind());
        }
        kinds
    }

    /// Whether nothing has come that was not looked at.
    pub(crate) fn is_quiet(&self) -> bool {
        self.got.is_empty()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let reply = shared.replies.lock().unwrap().pop_front();
    let got = Got {
        method,
        path: uri.to_string(),
        headers,
        body,
    };
    // A test that is over looks at nothing.
    let _ = shared.got.send(got);
    match reply {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(Reply::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Reply::With(status, name, value)) => {
            (StatusCode::from_u16(status).unwrap(), [(name, value)]).into_response()
        }
        Some(Reply::Silence) => std::future::pending().await,
    }
}
