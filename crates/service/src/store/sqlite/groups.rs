//! Groups of a directory.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use anteroom_identity::id::{ObjectId, TenantId};

use super::{StoreError, to_ms};

/// A group as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// Object id.
    pub object: ObjectId,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Name, unique in the tenant without regard to case.
    pub display_name: String,
}

type Columns = (String, String, String);

fn columns(row: &rusqlite::Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn decode((object, tenant, display_name): Columns) -> Result<GroupRow, StoreError> {
    Ok(GroupRow {
        object: object.parse().map_err(|_| StoreError::Corrupt("object id"))?,
        tenant: tenant.parse().map_err(|_| StoreError::Corrupt("tenant id"))?,
        display_name,
    })
}

/// Stores a new group.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, group: &GroupRow, now: OffsetDateTime) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO directory_groups (object_id, tenant_id, display_name, created_ms) VALUES (?1, ?2, ?3, ?4)",
        params![
            group.object.to_string(),
            group.tenant.to_string(),
            group.display_name,
            to_ms(now)
        ],
    )?;
    Ok(())
}

/// Deletes a group; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete(connection: &Connection, group: ObjectId) -> Result<bool, StoreError> {
    let deleted = connection.execute(
        "DELETE FROM directory_groups WHERE object_id = ?1",
        [group.to_string()],
    )?;
    Ok(deleted == 1)
}

/// The group of a tenant with this name or object id.
///
/// # Errors
/// Whatever SQLite says.
pub fn find(
    connection: &Connection,
    tenant: TenantId,
    name_or_id: &str,
) -> Result<Option<GroupRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT object_id, tenant_id, display_name FROM directory_groups
         WHERE tenant_id = ?1 AND (object_id = lower(?2) OR display_name = ?2)",
    )?;
    let row = statement
        .query_row([&tenant.to_string(), name_or_id], columns)
        .optional()?;
    row.map(decode).transpose()
}

/// All groups of a tenant by name.
///
/// # Errors
/// Whatever SQLite says.
pub fn list(connection: &Connection, tenant: TenantId) -> Result<Vec<GroupRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT object_id, tenant_id, display_name FROM directory_groups WHERE tenant_id = ?1 ORDER BY display_name",
    )?;
    let rows = statement.query_map([tenant.to_string()], columns)?;
    rows.map(|row| decode(row?)).collect()
}

/// The members of a group.
///
/// # Errors
/// Whatever SQLite says.
pub fn members(connection: &Connection, group: ObjectId) -> Result<Vec<ObjectId>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT user_id FROM directory_group_members WHERE group_id = ?1 ORDER BY user_id")?;
    let rows = statement.query_map([group.to_string()], |row| row.get::<_, String>(0))?;
    rows.map(|id| id?.parse().map_err(|_| StoreError::Corrupt("object id")))
        .collect()
}

/// The groups that a user is a member of, in the order of their ids.
///
/// # Errors
/// Whatever SQLite says.
pub fn of_user(connection: &Connection, user: ObjectId) -> Result<Vec<ObjectId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT group_id FROM directory_group_members WHERE user_id = ?1 ORDER BY group_id",
    )?;
    let rows = statement.query_map([user.to_string()], |row| row.get::<_, String>(0))?;
    rows.map(|id| id?.parse().map_err(|_| StoreError::Corrupt("object id")))
        .collect()
}

/// Adds a member, unless it is one.
///
/// # Errors
/// Whatever SQLite says.
pub fn add_member(connection: &Connection, group: ObjectId, user: ObjectId) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO directory_group_members (group_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [group.to_string(), user.to_string()],
    )?;
    Ok(())
}

/// Removes a member; false when it was none.
///
/// # Errors
/// Whatever SQLite says.
pub fn remove_member(connection: &Connection, group: ObjectId, user: ObjectId) -> Result<bool, StoreError> {
    let removed = connection.execute(
        "DELETE FROM directory_group_members WHERE group_id = ?1 AND user_id = ?2",
        [group.to_string(), user.to_string()],
    )?;
    Ok(removed == 1)
}
