//! What servers of others need so that `anteroom load sfu --whip … --whep …` can measure them: WHIP (RFC 9725) and WHEP in
//! front, their addresses and the process to measure said in a line of JSON.
//!
//! | program | server |
//! |---|---|
//! | `str0m-sfu` | the least that forwards with str0m |
//! | `janus-whip` | Janus with its videoroom plugin, as it comes, and nothing of its media in between |

use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post};
use tokio::net::TcpListener;

/// What a client does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It sends (WHIP).
    Publisher,
    /// It receives what the publisher sends (WHEP).
    Subscriber,
}

/// A session that has begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Its number.
    pub session: u64,
    /// The description that answers the client's.
    pub answer: String,
}

/// A server with sessions.
pub trait Server: Send + Sync + 'static {
    /// Answers a client's offer.
    ///
    /// # Errors
    /// The server refuses it.
    fn begin(&self, side: Side, offer: String) -> impl Future<Output = anyhow::Result<Begun>> + Send;

    /// Ends a session, if there is one with this number.
    fn end(&self, session: u64) -> impl Future<Output = ()> + Send;
}

/// Answers at `listen` until standard input ends. `pid` is the process that forwards.
///
/// # Errors
/// The address cannot be listened on.
pub async fn serve<S: Server>(server: Arc<S>, listen: SocketAddr, pid: u32) -> anyhow::Result<()> {
    let doors = Router::new()
        .route("/whip", post(publish::<S>))
        .route("/whep", post(subscribe::<S>))
        .route("/session/{session}", delete(end::<S>))
        .with_state(server);
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("listening on {listen}"))?;
    let base = format!("http://{}", listener.local_addr()?);
    let announcement =
        serde_json::json!({ "whip": format!("{base}/whip"), "whep": format!("{base}/whep"), "pid": pid });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{announcement}")?;
    out.flush()?;
    drop(out);
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // An error is an end, too.
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    tokio::select! {
        served = axum::serve(listener, doors) => served.context("HTTP"),
        _ = end => Ok(()),
    }
}

async fn publish<S: Server>(State(server): State<Arc<S>>, offer: String) -> Response {
    begin(&*server, Side::Publisher, offer).await
}

async fn subscribe<S: Server>(State(server): State<Arc<S>>, offer: String) -> Response {
    begin(&*server, Side::Subscriber, offer).await
}

async fn begin<S: Server>(server: &S, side: Side, offer: String) -> Response {
    match server.begin(side, offer).await {
        Ok(Begun { session, answer }) => {
            let headers = [
                (LOCATION, format!("/session/{session}")),
                (CONTENT_TYPE, "application/sdp".to_owned()),
            ];
            (StatusCode::CREATED, headers, answer).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

async fn end<S: Server>(State(server): State<Arc<S>>, Path(session): Path<u64>) -> StatusCode {
    server.end(session).await;
    StatusCode::OK
}
