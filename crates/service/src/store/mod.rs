//! Storage. The only module that knows SQL.
//!
//! One thread owns the one writing connection. Writes that wait together are committed together: each runs in a
//! savepoint of its own, so that one that fails undoes itself alone, and one `fsync` makes all of them durable before
//! any of them is answered. What was acknowledged survives a power cut (WAL, `synchronous=FULL`). A few threads with
//! connections of their own read meanwhile, each call from one snapshot.

pub mod sqlite;

mod readers;
mod writer;

use std::path::Path;
use std::sync::Arc;

use self::readers::Readers;
use self::writer::Writer;

/// The open database, as calls to [`Store::read`] and [`Store::write`] get it.
pub type Connection = rusqlite::Connection;

/// The connection within a write. A transaction is open already: what is to be undone alone takes a
/// [`savepoint`](rusqlite::Connection::savepoint).
pub type Tx = rusqlite::Connection;

/// A handle to the database; clones share its threads.
#[derive(Debug, Clone)]
pub struct Store(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    writer: Writer,
    readers: Readers,
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

impl Store {
    /// Opens or creates the database file and brings its schema up to date.
    ///
    /// # Errors
    /// The file cannot be opened or created, is no database, or is of a newer program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = sqlite::open(path)?;
        let readers = Readers::start(path)?;
        let writer = Writer::start(connection)?;
        Ok(Self(Arc::new(Parts { writer, readers })))
    }

    /// Reads, beside others who read and while somebody writes. All of `f` sees one state of the data: a write that was
    /// answered before this call is in it. Writing is refused.
    ///
    /// # Errors
    /// What `f` returns, or [`StoreError::Closed`] when the database is closed or `f` panicked.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    {
        self.0.readers.read(f).await
    }

    /// Writes. Calls run one at a time in the order they were made; `Ok` means that what `f` wrote is on the disk, `Err`
    /// that nothing of it is. When the caller goes away, `f` runs all the same.
    ///
    /// # Errors
    /// What `f` returns, what SQLite says to the commit, or [`StoreError::Closed`] when the database is closed or `f`
    /// panicked.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        self.write_then(f, |_| {}).await
    }

    /// As [`Store::write`]; `after` gets what `f` gave once it is on the disk and before the caller is answered. All
    /// `after`s run on one thread in the order of the commits.
    ///
    /// # Errors
    /// As [`Store::write`]; then `after` does not run.
    pub async fn write_then<T, E, F, A>(&self, f: F, after: A) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, E> + Send + 'static,
        A: FnOnce(&T) + Send + 'static,
    {
        self.0.writer.write(f, after).await
    }

    /// Finishes the calls made so far, writes the log back into the database file and closes it.
    pub async fn close(&self) {
        self.0.readers.close().await;
        self.0.writer.close().await;
    }
}

#[cfg(test)]
mod tests;
