//! SQLite: opening, migrating, closing, and one file of statements per subject.

pub mod applications;
pub mod attendance;
pub mod calendar;
pub mod device_codes;
pub mod directory;
pub mod external;
pub mod groups;
pub mod identity_access;
pub mod identity_keys;
pub mod meetings;
pub mod migrations;
pub mod resources;
pub mod settings;
pub mod sign_ins;
pub(crate) mod snapshot;
pub mod webhooks;

mod chat;
mod identity;
mod rooms;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use time::OffsetDateTime;

use super::StoreError;

pub use chat::{RosterCache, SqliteChatStore};
pub use identity::SqliteIdentityStore;
pub use rooms::SqliteRoomStore;

/// How long a statement waits for another process's lock (a backup tool reading the file).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Memory for pages of the writing connection and of each reading one, in KiB (negative is SQLite's way to say so).
const WRITER_CACHE: i64 = -16_384;
const READER_CACHE: i64 = -8_192;

/// How much of the file may be read through a memory map, in bytes.
const MMAP_BYTES: i64 = 256 * 1024 * 1024;

/// Statements kept ready: more than there are in the program.
const STATEMENTS: usize = 256;

/// Pages (of 4 KiB) of the log after which it is written back into the file: a longer log makes writers wait longer.
const CHECKPOINT_PAGES: i64 = 1_000;

/// What is kept of the log file once it was written back, in bytes.
const LOG_BYTES: i64 = 64 * 1024 * 1024;

/// Opens or creates the file with our settings and brings the schema up to date.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    make_private(path)?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS, fsync leaves data in the drive's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    settings_of_all(&connection, WRITER_CACHE)?;
    migrations::run(&mut connection)?;
    Ok(connection)
}

/// Opens a file that is [`open`] already, for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    settings_of_all(&connection, READER_CACHE)?;
    Ok(connection)
}

fn settings_of_all(connection: &Connection, cache: i64) -> Result<(), StoreError> {
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", cache)?;
    connection.pragma_update(None, "mmap_size", MMAP_BYTES)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// Makes a new file readable by its owner only: it holds the signing key. SQLite gives its log the same mode.
///
/// # Errors
/// What the system says, unless the file exists.
pub(crate) fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Sqlite(error.to_string()))
        }
        _ => Ok(()),
    }
}

/// Writes the log back and closes.
pub(super) fn close(connection: Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE")?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Unix milliseconds, the form in which times are stored.
pub(crate) fn to_ms(at: OffsetDateTime) -> i64 {
    at.unix_timestamp()
        .saturating_mul(1000)
        .saturating_add(i64::from(at.millisecond()))
}

/// The time of stored Unix milliseconds.
pub(crate) fn from_ms(ms: i64) -> Result<OffsetDateTime, StoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .map_err(|_| StoreError::Corrupt("time"))
}
