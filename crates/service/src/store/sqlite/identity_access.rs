//! Who of a directory may use a resource: assignments for Teams Phone, identities of directory users.

use rusqlite::{Connection, OptionalExtension, params};

use anteroom_identity::id::{AcsUserId, ObjectId, ResourceId, TenantId};

use super::StoreError;

/// An assignment for Teams Phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentRow {
    /// `user` or `resourceAccount`.
    pub principal_type: String,
    /// The programs it is for; none: all.
    pub client_ids: Vec<String>,
}

/// Creates or replaces an assignment; whether it is new.
///
/// # Errors
/// Whatever SQLite says.
pub fn put_assignment(
    connection: &Connection,
    resource: ResourceId,
    tenant: TenantId,
    object: ObjectId,
    assignment: &AssignmentRow,
) -> Result<bool, StoreError> {
    let new = self::assignment(connection, resource, tenant, object)?.is_none();
    let client_ids =
        serde_json::to_string(&assignment.client_ids).map_err(|_| StoreError::Corrupt("client ids"))?;
    connection.execute(
        "INSERT INTO teams_assignments (resource_id, tenant_id, object_id, principal_type, client_ids)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET principal_type = excluded.principal_type, client_ids = excluded.client_ids",
        params![
            resource.to_string(),
            tenant.to_string(),
            object.to_string(),
            assignment.principal_type,
            client_ids
        ],
    )?;
    Ok(new)
}

/// An assignment.
///
/// # Errors
/// Whatever SQLite says.
pub fn assignment(
    connection: &Connection,
    resource: ResourceId,
    tenant: TenantId,
    object: ObjectId,
) -> Result<Option<AssignmentRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT principal_type, client_ids FROM teams_assignments
         WHERE resource_id = ?1 AND tenant_id = ?2 AND object_id = ?3",
    )?;
    let row: Option<(String, String)> = statement
        .query_row(
            [resource.to_string(), tenant.to_string(), object.to_string()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    row.map(|(principal_type, client_ids)| {
        Ok(AssignmentRow {
            principal_type,
            client_ids: serde_json::from_str(&client_ids).map_err(|_| StoreError::Corrupt("client ids"))?,
        })
    })
    .transpose()
}

/// Removes an assignment, if it is there.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete_assignment(
    connection: &Connection,
    resource: ResourceId,
    tenant: TenantId,
    object: ObjectId,
) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM teams_assignments WHERE resource_id = ?1 AND tenant_id = ?2 AND object_id = ?3",
        [resource.to_string(), tenant.to_string(), object.to_string()],
    )?;
    Ok(())
}

/// The identity that a directory's user has in a resource.
///
/// # Errors
/// Whatever SQLite says.
pub fn entra_identity(
    connection: &Connection,
    resource: ResourceId,
    tenant: TenantId,
    object: ObjectId,
) -> Result<Option<AcsUserId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT identity FROM entra_identities WHERE resource_id = ?1 AND tenant_id = ?2 AND object_id = ?3",
    )?;
    let id: Option<String> = statement
        .query_row(
            [resource.to_string(), tenant.to_string(), object.to_string()],
            |row| row.get(0),
        )
        .optional()?;
    id.map(|id| id.parse().map_err(|_| StoreError::Corrupt("identity")))
        .transpose()
}

/// Remembers the identity, which must be stored, of a directory's user.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_entra_identity(
    connection: &Connection,
    tenant: TenantId,
    object: ObjectId,
    identity: &AcsUserId,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO entra_identities (resource_id, tenant_id, object_id, identity) VALUES (?1, ?2, ?3, ?4)",
        [
            identity.resource().to_string(),
            tenant.to_string(),
            object.to_string(),
            identity.to_string(),
        ],
    )?;
    Ok(())
}
