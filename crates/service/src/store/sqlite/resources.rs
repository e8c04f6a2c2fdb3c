//! ACS resources, their access keys, and the keys that sign tokens.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use anteroom_identity::id::ResourceId;

use super::{StoreError, to_ms};

/// A stored resource. The access keys are base64 text.
#[derive(Clone)]
pub struct ResourceRow {
    /// The resource's immutable id.
    pub id: ResourceId,
    /// First access key, base64.
    pub primary_key: String,
    /// Second access key, base64.
    pub secondary_key: String,
}

impl std::fmt::Debug for ResourceRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourceRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The first resource, if there is one.
///
/// # Errors
/// Whatever SQLite says.
pub fn first(connection: &Connection) -> Result<Option<ResourceRow>, StoreError> {
    let row = connection
        .query_row(
            "SELECT id, primary_key, secondary_key FROM resources ORDER BY created_ms LIMIT 1",
            [],
            |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    row.map(|(id, primary_key, secondary_key)| {
        let id = id.parse().map_err(|_| StoreError::Corrupt("resource id"))?;
        Ok(ResourceRow {
            id,
            primary_key,
            secondary_key,
        })
    })
    .transpose()
}

/// Stores a new resource.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, row: &ResourceRow, now: OffsetDateTime) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO resources (id, primary_key, secondary_key, created_ms) VALUES (?1, ?2, ?3, ?4)",
        params![row.id.to_string(), row.primary_key, row.secondary_key, to_ms(now)],
    )?;
    Ok(())
}

/// The newest signing key, PKCS#8 PEM.
///
/// # Errors
/// Whatever SQLite says.
pub fn signing_key(connection: &Connection) -> Result<Option<String>, StoreError> {
    Ok(connection
        .query_row(
            "SELECT pkcs8_pem FROM signing_keys ORDER BY id DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?)
}

/// Stores a new signing key.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_signing_key(connection: &Connection, pem: &str, now: OffsetDateTime) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO signing_keys (pkcs8_pem, created_ms) VALUES (?1, ?2)",
        params![pem, to_ms(now)],
    )?;
    Ok(())
}
