//! A fictional clinic's server that is told, by Anteroom's webhooks, who waits in a lobby and who is in a meeting, and
//! shows that to the clinic's own people.
//!
//! ```text
//! request ──▶ signature ──▶ event ──▶ journal ──▶ board ──▶ 204
//!             401           400, 415  500         GET /meetings
//! ```
//!
//! What comes is signed, may come twice, and may come while this program has just been started again. So it is verified
//! as it came, byte for byte; it is on disk before it is answered; and its id tells whether it was here before.

pub mod board;
pub mod config;
pub mod event;
pub mod hooks;
pub mod journal;
pub mod signature;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use time::OffsetDateTime;

use self::board::Board;
use self::event::Event;
use self::journal::Journal;
use self::signature::Secret;

/// Largest request that is read, in bytes. A chat message has up to 28 KiB.
const MAX_BODY: usize = 256 * 1024;

/// The program's state. Clones share it.
#[derive(Debug, Clone)]
pub struct Receiver {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    secrets: Vec<Secret>,
    allowed_origins: Vec<String>,
    records: Mutex<Records>,
}

/// What came so far: the journal, and what it says.
#[derive(Debug)]
struct Records {
    journal: Journal,
    board: Board,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recorded {
    New,
    Repeated,
}

impl Receiver {
    /// Goes on where a journal ends. One of `secrets` must have signed what comes: two of them while one replaces the
    /// other. `allowed_origins` are the host names of services that may ask whether they may send.
    ///
    /// # Errors
    /// The journal can be read or written no more.
    pub fn open(
        secrets: Vec<Secret>,
        allowed_origins: Vec<String>,
        journal: &std::path::Path,
    ) -> std::io::Result<Self> {
        let (journal, events) = Journal::open(journal, OffsetDateTime::now_utc())?;
        let mut board = Board::default();
        for event in &events {
            board.apply(event);
        }
        Ok(Self {
            inner: Arc::new(Inner {
                secrets,
                allowed_origins,
                records: Mutex::new(Records { journal, board }),
            }),
        })
    }

    /// What the service calls.
    pub fn hooks(&self) -> Router {
        Router::new()
            .route("/hook", post(hooks::take).options(hooks::handshake))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.clone())
    }

    /// What the clinic's own people look at: a port of its own, since names are on it.
    pub fn board(&self) -> Router {
        Router::new()
            .route("/meetings", get(meetings))
            .with_state(self.clone())
    }

    fn secrets(&self) -> &[Secret] {
        &self.inner.secrets
    }

    fn allows(&self, origin: &str) -> bool {
        let mut allowed = self.inner.allowed_origins.iter();
        allowed.any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }

    /// Writes an event down, once. It blocks for as long as the disk takes.
    fn record(&self, event: &Event, text: &str) -> std::io::Result<Recorded> {
        let mut records = self.records();
        if !records.journal.append(event, text, OffsetDateTime::now_utc())? {
            return Ok(Recorded::Repeated);
        }
        records.board.apply(event);
        Ok(Recorded::New)
    }

    fn records(&self) -> std::sync::MutexGuard<'_, Records> {
        self.inner.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn meetings(State(receiver): State<Receiver>) -> Response {
    let board = axum::Json(&receiver.records().board).into_response();
    ([(header::CACHE_CONTROL, "no-store")], board).into_response()
}
