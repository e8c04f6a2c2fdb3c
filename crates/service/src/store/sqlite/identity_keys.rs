//! The keys that sign tokens.

use rusqlite::{Connection, params};
use time::OffsetDateTime;

use super::{StoreError, from_ms, to_ms};

/// A stored key. Secret.
#[derive(Clone)]
pub struct SigningKeyRow {
    /// PKCS#8 PEM.
    pub pem: String,
    /// When it was made.
    pub created: OffsetDateTime,
    /// `None`: it signs. Otherwise when the last token it signed has expired.
    pub verifies_until: Option<OffsetDateTime>,
}

impl std::fmt::Debug for SigningKeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeyRow")
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// All keys, the newest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn all(connection: &Connection) -> Result<Vec<SigningKeyRow>, StoreError> {
    let mut statement = connection
        .prepare("SELECT pkcs8_pem, created_ms, verifies_until_ms FROM signing_keys ORDER BY id DESC")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.map(|row| {
        let (pem, created, until): (String, i64, Option<i64>) = row?;
        Ok(SigningKeyRow {
            pem,
            created: from_ms(created)?,
            verifies_until: until.map(from_ms).transpose()?,
        })
    })
    .collect()
}

/// Makes this the key that signs. The one that did verifies until then; those whose time is over are deleted.
///
/// # Errors
/// Whatever SQLite says.
pub fn rotate(
    connection: &Connection,
    pem: &str,
    now: OffsetDateTime,
    verifies_until: OffsetDateTime,
) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM signing_keys WHERE verifies_until_ms <= ?1",
        [to_ms(now)],
    )?;
    connection.execute(
        "UPDATE signing_keys SET verifies_until_ms = ?1 WHERE verifies_until_ms IS NULL",
        [to_ms(verifies_until)],
    )?;
    connection.execute(
        "INSERT INTO signing_keys (pkcs8_pem, created_ms) VALUES (?1, ?2)",
        params![pem, to_ms(now)],
    )?;
    Ok(())
}
