//! Consistent copies of the database, and looking into one without changing it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{BUSY_TIMEOUT, StoreError};

/// Opens an existing database for reading; the service that owns it may run.
///
/// # Errors
/// The file is missing or is no database.
pub(crate) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// Bytes of the database, its log not counted.
///
/// # Errors
/// Whatever SQLite says.
pub(crate) fn size(connection: &Connection) -> Result<u64, StoreError> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    Ok(pragma("page_count")?.saturating_mul(pragma("page_size")?))
}

/// Writes the state of this moment into a new file. Writers go on meanwhile: a read transaction sees none of it, where
/// SQLite's backup API would start over at each write.
///
/// # Errors
/// The file exists, the disk is full, whatever SQLite says.
pub(crate) fn copy_into(connection: &Connection, file: &Path) -> Result<(), StoreError> {
    let file = file
        .to_str()
        .ok_or_else(|| StoreError::Sqlite("the path is not UTF-8".to_owned()))?;
    connection.execute("VACUUM INTO ?1", [file])?;
    Ok(())
}

/// Reads every page and index of a database, and the number of migrations it has seen.
///
/// # Errors
/// The file is no database or is damaged.
pub(crate) fn verify(path: &Path) -> Result<u32, StoreError> {
    let connection = open_read_only(path)?;
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if answer != "ok" {
        return Err(StoreError::Sqlite(answer));
    }
    Ok(
        connection.query_row("SELECT COALESCE(MAX(version), 0) FROM migrations", [], |row| {
            row.get(0)
        })?,
    )
}

/// Makes everything read from this connection come from the present moment.
///
/// # Errors
/// Whatever SQLite says.
pub(crate) fn freeze(connection: &Connection) -> Result<(), StoreError> {
    // The snapshot is taken by the first read.
    connection.execute_batch("BEGIN; SELECT COUNT(*) FROM migrations")?;
    Ok(())
}
