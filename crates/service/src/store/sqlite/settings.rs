//! Named values of the installation.

use rusqlite::{Connection, OptionalExtension};

use super::StoreError;

/// The value stored under `name`.
///
/// # Errors
/// Whatever SQLite says.
pub fn get(connection: &Connection, name: &str) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// Stores `value` under `name`, replacing what was there.
///
/// # Errors
/// Whatever SQLite says.
pub fn set(connection: &Connection, name: &str, value: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?;
    statement.execute([name, value])?;
    Ok(())
}
