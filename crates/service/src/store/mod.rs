//! Storage. The only module that knows SQL.
//!
//! One thread owns the one writing connection; callers send it closures and wait for the answer. A call that has
//! returned `Ok` is committed to disk (WAL, `synchronous=FULL`), so what was acknowledged survives a power cut.

pub mod sqlite;

use std::path::Path;

use tokio::sync::{mpsc, oneshot};

/// Calls that may wait for the database thread; more make callers wait.
const QUEUE_CALLS: usize = 1024;

/// The open database, as calls to [`Store::call`] get it.
pub type Connection = rusqlite::Connection;

/// A handle to the database; clones share one connection.
#[derive(Debug, Clone)]
pub struct Store {
    calls: mpsc::Sender<Call>,
}

/// Why a call to the database failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database is closed, the service is stopping.
    #[error("the database is closed")]
    Closed,
    /// SQLite refused: disk full, I/O error, corrupt file, broken constraint.
    #[error("database: {0}")]
    Sqlite(String),
    /// A stored value does not have the form this program writes.
    #[error("stored {0} is unreadable")]
    Corrupt(&'static str),
    /// The data was written by a newer program.
    #[error("the data was written by a newer version (schema {found}, this program knows {known})")]
    TooNew {
        /// Schema version of the file.
        found: u32,
        /// Newest version this program knows.
        known: u32,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error.to_string())
    }
}

enum Call {
    Run(Box<dyn FnOnce(&mut Connection) + Send>),
    Close(oneshot::Sender<()>),
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Run(_) => "Run",
            Self::Close(_) => "Close",
        })
    }
}

impl Store {
    /// Opens or creates the database file and brings its schema up to date.
    ///
    /// # Errors
    /// The file cannot be opened or created, is no database, or is of a newer program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = sqlite::open(path)?;
        let (calls, queue) = mpsc::channel(QUEUE_CALLS);
        std::thread::Builder::new()
            .name("anteroom-store".to_owned())
            .spawn(move || run(connection, queue))
            .map_err(|error| StoreError::Sqlite(error.to_string()))?;
        Ok(Self { calls })
    }

    /// Runs `f` on the database thread. Calls run one at a time in the order they were made.
    ///
    /// `f` opens its own transaction when it writes more than one statement.
    ///
    /// # Errors
    /// What `f` returns, or [`StoreError::Closed`].
    pub async fn call<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        let run = Call::Run(Box::new(move |connection| {
            // The caller may have gone; what `f` wrote stays written.
            let _ = answer.send(f(connection));
        }));
        self.calls
            .send(run)
            .await
            .map_err(|_| E::from(StoreError::Closed))?;
        wait.await.map_err(|_| E::from(StoreError::Closed))?
    }

    /// Finishes the calls made so far, writes the log back into the database file and closes it.
    pub async fn close(&self) {
        let (done, wait) = oneshot::channel();
        if self.calls.send(Call::Close(done)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

fn run(mut connection: Connection, mut queue: mpsc::Receiver<Call>) {
    let mut closed = None;
    while let Some(call) = queue.blocking_recv() {
        match call {
            Call::Run(f) => {
                // A bug in one call must not take the database from all others: rusqlite rolls an open transaction
                // back when it is dropped by the unwinding.
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(&mut connection)));
                if outcome.is_err() {
                    tracing::error!("a database call panicked");
                }
            }
            Call::Close(done) => {
                closed = Some(done);
                break;
            }
        }
    }
    drop(queue);
    if let Err(error) = sqlite::close(connection) {
        tracing::warn!(%error, "closing the database");
    }
    if let Some(done) = closed {
        let _ = done.send(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panicking_call_leaves_the_database_usable() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("test.db")).unwrap();
        let panicked = store
            .call(|connection| -> Result<(), StoreError> {
                let _open = connection.transaction()?;
                panic!("a bug");
            })
            .await;
        assert_eq!(panicked, Err(StoreError::Closed));
        store
            .call(|connection| sqlite::settings::set(connection, "a", "1"))
            .await
            .unwrap();
        let value = store
            .call(|connection| sqlite::settings::get(connection, "a"))
            .await
            .unwrap();
        assert_eq!(value.as_deref(), Some("1"));
    }

    #[tokio::test]
    async fn refuses_calls_after_close() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("test.db")).unwrap();
        store.close().await;
        let refused = store
            .call(|connection| sqlite::settings::set(connection, "a", "1"))
            .await;
        assert_eq!(refused, Err(StoreError::Closed));
    }
}
