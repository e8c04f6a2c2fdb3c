//! Who people are at external providers.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use anteroom_identity::id::{ObjectId, TenantId};

use super::{StoreError, to_ms};

/// A person at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// The provider's issuer.
    pub issuer: String,
    /// Who it is there.
    pub subject: String,
}

/// Whom of a tenant a person at a provider is linked to.
///
/// # Errors
/// Whatever SQLite says.
pub fn user(
    connection: &Connection,
    tenant: TenantId,
    identity: &ExternalIdentity,
) -> Result<Option<ObjectId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT user_id FROM external_identities WHERE tenant_id = ?1 AND issuer = ?2 AND subject = ?3",
    )?;
    let found: Option<String> = statement
        .query_row(
            params![tenant.to_string(), identity.issuer, identity.subject],
            |row| row.get(0),
        )
        .optional()?;
    found
        .map(|id| id.parse().map_err(|_| StoreError::Corrupt("object id")))
        .transpose()
}

/// Links a person at a provider to a user of that tenant, instead of whom it was linked to before.
///
/// # Errors
/// Whatever SQLite says.
pub fn link(
    connection: &Connection,
    tenant: TenantId,
    identity: &ExternalIdentity,
    user: ObjectId,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO external_identities (tenant_id, issuer, subject, user_id, linked_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            tenant.to_string(),
            identity.issuer,
            identity.subject,
            user.to_string(),
            to_ms(now)
        ],
    )?;
    Ok(())
}

/// Takes a user's links to an issuer away; how many there were.
///
/// # Errors
/// Whatever SQLite says.
pub fn unlink(connection: &Connection, user: ObjectId, issuer: &str) -> Result<usize, StoreError> {
    Ok(connection.execute(
        "DELETE FROM external_identities WHERE user_id = ?1 AND issuer = ?2",
        params![user.to_string(), issuer],
    )?)
}

/// Who a user is at providers.
///
/// # Errors
/// Whatever SQLite says.
pub fn of_user(connection: &Connection, user: ObjectId) -> Result<Vec<ExternalIdentity>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT issuer, subject FROM external_identities WHERE user_id = ?1 ORDER BY issuer, subject",
    )?;
    let rows = statement.query_map([user.to_string()], |row| {
        Ok(ExternalIdentity {
            issuer: row.get(0)?,
            subject: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
