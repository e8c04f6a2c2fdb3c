//! Applications of a directory: registrations, secrets, redirect URIs, permissions, access policies.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use anteroom_identity::id::{ObjectId, ResourceId, TenantId};

use super::{StoreError, from_ms, to_ms};

/// The grantee of an access policy that is for everybody of the tenant.
pub const GLOBAL: &str = "Global";

/// A registered application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRow {
    /// Client id.
    pub client_id: String,
    /// Its object in the directory.
    pub object: ObjectId,
    /// Its tenant.
    pub tenant: TenantId,
    /// The ACS resource it may use.
    pub resource: Option<ResourceId>,
    /// Name for people.
    pub name: String,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// When it was registered.
    pub created: OffsetDateTime,
}

/// RFC 6749 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// Keeps a secret.
    Confidential,
    /// Runs on people's devices and can keep none.
    Public,
}

/// A secret of an application, without the secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// By which it is deleted.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// SHA-256 of it.
    pub sha256: Vec<u8>,
    /// When it was made.
    pub created: OffsetDateTime,
    /// When it ends; never if none.
    pub expires: Option<OffsetDateTime>,
}

/// Who acts with a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionKind {
    /// The application for itself: the claim `roles`.
    Application,
    /// The application for a user: the claim `scp`.
    Delegated,
}

impl PermissionKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Delegated => "delegated",
        }
    }
}

/// Stores a new application.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, row: &ApplicationRow) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO applications (client_id, object_id, tenant_id, resource_id, name, public, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            row.client_id,
            row.object.to_string(),
            row.tenant.to_string(),
            row.resource.map(|resource| resource.to_string()),
            row.name,
            row.kind == ClientKind::Public,
            to_ms(row.created)
        ],
    )?;
    Ok(())
}

/// Deletes an application with all that is its own; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete(connection: &Connection, client_id: &str) -> Result<bool, StoreError> {
    Ok(connection.execute("DELETE FROM applications WHERE client_id = ?1", [client_id])? == 1)
}

const COLUMNS: &str = "client_id, object_id, tenant_id, resource_id, name, public, created_ms";

type Columns = (String, String, String, Option<String>, String, bool, i64);

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
    ))
}

fn decode(
    (client_id, object, tenant, resource, name, public, created): Columns,
) -> Result<ApplicationRow, StoreError> {
    Ok(ApplicationRow {
        client_id,
        object: object.parse().map_err(|_| StoreError::Corrupt("object id"))?,
        tenant: tenant.parse().map_err(|_| StoreError::Corrupt("tenant id"))?,
        resource: resource
            .map(|resource| resource.parse().map_err(|_| StoreError::Corrupt("resource id")))
            .transpose()?,
        name,
        kind: if public {
            ClientKind::Public
        } else {
            ClientKind::Confidential
        },
        created: from_ms(created)?,
    })
}

/// The application with this client id.
///
/// # Errors
/// Whatever SQLite says.
pub fn get(connection: &Connection, client_id: &str) -> Result<Option<ApplicationRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM applications WHERE client_id = lower(?1)");
    let mut statement = connection.prepare_cached(&sql)?;
    let row = statement.query_row([client_id], columns).optional()?;
    row.map(decode).transpose()
}

/// All applications by tenant and name.
///
/// # Errors
/// Whatever SQLite says.
pub fn list(connection: &Connection) -> Result<Vec<ApplicationRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM applications ORDER BY tenant_id, name, client_id");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], columns)?;
    rows.map(|row| decode(row?)).collect()
}

/// Adds a secret.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_secret(connection: &Connection, client_id: &str, secret: &SecretRow) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO application_secrets (id, client_id, name, sha256, created_ms, expires_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            secret.id,
            client_id,
            secret.name,
            secret.sha256,
            to_ms(secret.created),
            secret.expires.map(to_ms)
        ],
    )?;
    Ok(())
}

/// Deletes a secret; false when the application has none with this id.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete_secret(connection: &Connection, client_id: &str, id: &str) -> Result<bool, StoreError> {
    let deleted = connection.execute(
        "DELETE FROM application_secrets WHERE client_id = ?1 AND id = ?2",
        [client_id, id],
    )?;
    Ok(deleted == 1)
}

/// An application's secrets, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn secrets(connection: &Connection, client_id: &str) -> Result<Vec<SecretRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, name, sha256, created_ms, expires_ms FROM application_secrets WHERE client_id = ?1
         ORDER BY created_ms, id",
    )?;
    let rows = statement.query_map([client_id], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get::<_, i64>(3)?,
            row.get::<_, Option<i64>>(4)?,
        ))
    })?;
    rows.map(|row| {
        let (id, name, sha256, created, expires) = row?;
        Ok(SecretRow {
            id,
            name,
            sha256,
            created: from_ms(created)?,
            expires: expires.map(from_ms).transpose()?,
        })
    })
    .collect()
}

/// Adds a redirect URI, unless it is there.
///
/// # Errors
/// Whatever SQLite says.
pub fn add_redirect(connection: &Connection, client_id: &str, uri: &str) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO application_redirects (client_id, uri) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [client_id, uri],
    )?;
    Ok(())
}

/// An application's redirect URIs.
///
/// # Errors
/// Whatever SQLite says.
pub fn redirects(connection: &Connection, client_id: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT uri FROM application_redirects WHERE client_id = ?1 ORDER BY uri")?;
    let rows = statement.query_map([client_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Grants a permission, unless it is granted.
///
/// # Errors
/// Whatever SQLite says.
pub fn grant(
    connection: &Connection,
    client_id: &str,
    kind: PermissionKind,
    permission: &str,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO application_permissions (client_id, kind, permission) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        [client_id, kind.name(), permission],
    )?;
    Ok(())
}

/// Takes a permission back; false when it was not granted.
///
/// # Errors
/// Whatever SQLite says.
pub fn revoke(
    connection: &Connection,
    client_id: &str,
    kind: PermissionKind,
    permission: &str,
) -> Result<bool, StoreError> {
    let revoked = connection.execute(
        "DELETE FROM application_permissions WHERE client_id = ?1 AND kind = ?2 AND permission = ?3",
        [client_id, kind.name(), permission],
    )?;
    Ok(revoked == 1)
}

/// The permissions granted to an application, by name.
///
/// # Errors
/// Whatever SQLite says.
pub fn permissions(
    connection: &Connection,
    client_id: &str,
    kind: PermissionKind,
) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT permission FROM application_permissions WHERE client_id = ?1 AND kind = ?2 ORDER BY permission",
    )?;
    let rows = statement.query_map([client_id, kind.name()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Lets an application act for a user's meetings, or ([`GLOBAL`]) everybody's of its tenant.
///
/// # Errors
/// Whatever SQLite says.
pub fn grant_access_policy(
    connection: &Connection,
    client_id: &str,
    grantee: &str,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO application_access_policies (client_id, grantee) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [client_id, grantee],
    )?;
    Ok(())
}

/// Takes back what [`grant_access_policy`] gave; false when there was nothing.
///
/// # Errors
/// Whatever SQLite says.
pub fn revoke_access_policy(
    connection: &Connection,
    client_id: &str,
    grantee: &str,
) -> Result<bool, StoreError> {
    let revoked = connection.execute(
        "DELETE FROM application_access_policies WHERE client_id = ?1 AND grantee = ?2",
        [client_id, grantee],
    )?;
    Ok(revoked == 1)
}

/// For whom an application may act: object ids and [`GLOBAL`].
///
/// # Errors
/// Whatever SQLite says.
pub fn access_policies(connection: &Connection, client_id: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT grantee FROM application_access_policies WHERE client_id = ?1 ORDER BY grantee",
    )?;
    let rows = statement.query_map([client_id], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether an application may act for this user's meetings. A user of another tenant never.
///
/// # Errors
/// Whatever SQLite says.
pub fn access_policy_allows(
    connection: &Connection,
    client_id: &str,
    user: ObjectId,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (
             SELECT 1 FROM application_access_policies p
             JOIN applications a ON a.client_id = p.client_id
             JOIN directory_users u ON u.tenant_id = a.tenant_id
             WHERE a.client_id = ?1 AND u.object_id = ?2 AND p.grantee IN (u.object_id, ?3))",
    )?;
    Ok(statement.query_row([client_id, &user.to_string(), GLOBAL], |row| row.get(0))?)
}
