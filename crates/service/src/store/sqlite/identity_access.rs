//! Who of a directory may use a resource: applications, assignments for Teams Phone, identities of directory users.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use anteroom_identity::id::{AcsUserId, ObjectId, ResourceId, TenantId};

use super::{StoreError, to_ms};

/// A registered application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRow {
    /// Client id.
    pub client_id: String,
    /// Its object in the directory.
    pub object: ObjectId,
    /// Its tenant.
    pub tenant: TenantId,
    /// The resource it may use.
    pub resource: ResourceId,
    /// Name for people.
    pub name: String,
    /// SHA-256 of its secret, which is long and random.
    pub secret_sha256: Vec<u8>,
}

/// An assignment for Teams Phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentRow {
    /// `user` or `resourceAccount`.
    pub principal_type: String,
    /// The programs it is for; none: all.
    pub client_ids: Vec<String>,
}

/// Stores a new application.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_app(connection: &Connection, app: &AppRow, now: OffsetDateTime) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO app_registrations (client_id, object_id, tenant_id, resource_id, name, secret_sha256, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            app.client_id,
            app.object.to_string(),
            app.tenant.to_string(),
            app.resource.to_string(),
            app.name,
            app.secret_sha256,
            to_ms(now)
        ],
    )?;
    Ok(())
}

type AppColumns = (String, String, String, String, Vec<u8>);

/// The application with this client id.
///
/// # Errors
/// Whatever SQLite says.
pub fn app(connection: &Connection, client_id: &str) -> Result<Option<AppRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT object_id, tenant_id, resource_id, name, secret_sha256 FROM app_registrations WHERE client_id = ?1",
    )?;
    let row: Option<AppColumns> = statement
        .query_row([client_id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    row.map(|(object, tenant, resource, name, secret_sha256)| {
        Ok(AppRow {
            client_id: client_id.to_owned(),
            object: object.parse().map_err(|_| StoreError::Corrupt("object id"))?,
            tenant: tenant.parse().map_err(|_| StoreError::Corrupt("tenant id"))?,
            resource: resource.parse().map_err(|_| StoreError::Corrupt("resource id"))?,
            name,
            secret_sha256,
        })
    })
    .transpose()
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
