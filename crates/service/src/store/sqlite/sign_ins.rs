//! Sign-ins of people with applications: codes, refresh tokens, and that they were revoked.

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::StoreError;

/// Whether a sign-in is known and not revoked.
///
/// # Errors
/// Whatever SQLite says.
pub fn holds(connection: &Connection, id: Uuid) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT revoked = 0 FROM sign_ins WHERE id = ?1")?;
    let holds: Option<bool> = statement
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?;
    Ok(holds.unwrap_or(false))
}
