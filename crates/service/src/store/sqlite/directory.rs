//! Tenants and directory users.

use rusqlite::{Connection, OptionalExtension, Row, params};

use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::policy::{TenantPolicies, TenantSettings};

use super::StoreError;

/// A directory user as stored.
#[derive(Debug, Clone)]
pub struct UserRow {
    /// The user's object id.
    pub object: ObjectId,
    /// The tenant the user belongs to.
    pub tenant: TenantId,
    /// Sign-in name, compared without regard to case.
    pub upn: String,
    /// Name shown to others.
    pub display_name: String,
    /// PHC string; empty for who has no password.
    pub password_hash: String,
    /// Whether the user may change what is set for the tenant.
    pub is_admin: bool,
    /// Whether the user may sign in, and tokens of the user are taken.
    pub enabled: bool,
}

/// Which property users are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrder {
    /// The sign-in name.
    Upn,
    /// The display name; users of the same name by object id. Letters beyond ASCII come by their code, capitals first.
    DisplayName,
    /// The object id.
    Id,
}

/// Some users of a tenant, in order.
#[derive(Debug, Clone)]
pub struct UserScan {
    /// The tenant.
    pub tenant: TenantId,
    /// What they are sorted by.
    pub order: UserOrder,
    /// Whether the last come first.
    pub descending: bool,
    /// Only those after a user with this value of the property and this object id.
    pub after: Option<(String, String)>,
    /// How many.
    pub limit: u32,
}

/// What is set for a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TenantRow {
    /// Settings of the tenant itself.
    pub settings: TenantSettings,
    /// Its policies.
    pub policies: TenantPolicies,
}

const USER_COLUMNS: &str = "object_id, tenant_id, upn, display_name, password_hash, is_admin, enabled";

/// The tenant with this name or id.
///
/// # Errors
/// Whatever SQLite says.
pub fn tenant(connection: &Connection, name_or_id: &str) -> Result<Option<TenantId>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM tenants WHERE id = lower(?1) OR name = ?1")?;
    let id: Option<String> = statement.query_row([name_or_id], |row| row.get(0)).optional()?;
    id.map(|id| id.parse().map_err(|_| StoreError::Corrupt("tenant id")))
        .transpose()
}

/// Stores a new tenant.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_tenant(
    connection: &Connection,
    tenant: TenantId,
    name: &str,
    settings: &TenantSettings,
) -> Result<(), StoreError> {
    let settings = encode(settings)?;
    connection.execute(
        "INSERT INTO tenants (id, name, settings) VALUES (?1, ?2, ?3)",
        params![tenant.to_string(), name, settings],
    )?;
    Ok(())
}

/// Names and ids of all tenants.
///
/// # Errors
/// Whatever SQLite says.
pub fn tenants(connection: &Connection) -> Result<Vec<(TenantId, String)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, name FROM tenants ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (id, name) = row?;
        Ok((id.parse().map_err(|_| StoreError::Corrupt("tenant id"))?, name))
    })
    .collect()
}

/// Stores a new user.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_user(connection: &Connection, user: &UserRow) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO directory_users (object_id, tenant_id, upn, display_name, password_hash, is_admin, enabled)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            user.object.to_string(),
            user.tenant.to_string(),
            user.upn,
            user.display_name,
            user.password_hash,
            user.is_admin,
            user.enabled
        ],
    )?;
    Ok(())
}

/// Deletes a user with all that is the user's own; false when the user is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete_user(connection: &Connection, object: ObjectId) -> Result<bool, StoreError> {
    let deleted = connection.execute(
        "DELETE FROM directory_users WHERE object_id = ?1",
        [object.to_string()],
    )?;
    // An access policy names its user without a reference, since it may be for everybody.
    connection.execute(
        "DELETE FROM application_access_policies WHERE grantee = ?1",
        [object.to_string()],
    )?;
    Ok(deleted == 1)
}

/// Replaces a user's password; false when the user is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn set_password(connection: &Connection, object: ObjectId, hash: &str) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE directory_users SET password_hash = ?2 WHERE object_id = ?1",
        [&object.to_string(), hash],
    )?;
    Ok(changed == 1)
}

/// Whether a user may change what is set for the tenant; false when the user is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn set_admin(connection: &Connection, object: ObjectId, admin: bool) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE directory_users SET is_admin = ?2 WHERE object_id = ?1",
        params![object.to_string(), admin],
    )?;
    Ok(changed == 1)
}

/// Whether a user may sign in; false when the user is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn set_enabled(connection: &Connection, object: ObjectId, enabled: bool) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE directory_users SET enabled = ?2 WHERE object_id = ?1",
        params![object.to_string(), enabled],
    )?;
    Ok(changed == 1)
}

/// The user with this sign-in name.
///
/// # Errors
/// Whatever SQLite says.
pub fn user_by_upn(connection: &Connection, upn: &str) -> Result<Option<UserRow>, StoreError> {
    let sql = format!("SELECT {USER_COLUMNS} FROM directory_users WHERE upn = ?1");
    user_where(connection, &sql, upn)
}

/// The user with this object id.
///
/// # Errors
/// Whatever SQLite says.
pub fn user(connection: &Connection, object: ObjectId) -> Result<Option<UserRow>, StoreError> {
    let sql = format!("SELECT {USER_COLUMNS} FROM directory_users WHERE object_id = ?1");
    user_where(connection, &sql, &object.to_string())
}

/// All users of a tenant by sign-in name.
///
/// # Errors
/// Whatever SQLite says.
pub fn users(connection: &Connection, tenant: TenantId) -> Result<Vec<UserRow>, StoreError> {
    let sql = format!("SELECT {USER_COLUMNS} FROM directory_users WHERE tenant_id = ?1 ORDER BY upn");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([tenant.to_string()], columns)?;
    rows.map(|row| decode_user(row?)).collect()
}

/// Users of a tenant with a text in one of their names, by sign-in name. Letters beyond ASCII have to be of the same case.
///
/// # Errors
/// Whatever SQLite says.
pub fn search_users(
    connection: &Connection,
    tenant: TenantId,
    text: &str,
    limit: u32,
) -> Result<Vec<UserRow>, StoreError> {
    let sql = format!(
        "SELECT {USER_COLUMNS} FROM directory_users WHERE tenant_id = ?1
         AND (instr(lower(upn), lower(?2)) > 0 OR instr(lower(display_name), lower(?2)) > 0)
         ORDER BY upn LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![tenant.to_string(), text, limit], columns)?;
    rows.map(|row| decode_user(row?)).collect()
}

/// Some users of a tenant, in order.
///
/// # Errors
/// Whatever SQLite says.
pub fn users_in_order(connection: &Connection, scan: &UserScan) -> Result<Vec<UserRow>, StoreError> {
    let column = match scan.order {
        UserOrder::Upn => "upn",
        UserOrder::DisplayName => "display_name COLLATE NOCASE",
        UserOrder::Id => "object_id",
    };
    let (direction, beyond) = if scan.descending {
        ("DESC", "<")
    } else {
        ("ASC", ">")
    };
    let bound = match &scan.after {
        Some(_) => format!("AND ({column}, object_id) {beyond} (?3, ?4)"),
        None => "AND ?3 IS NULL AND ?4 IS NULL".to_owned(),
    };
    let sql = format!(
        "SELECT {USER_COLUMNS} FROM directory_users WHERE tenant_id = ?1 {bound}
         ORDER BY {column} {direction}, object_id {direction} LIMIT ?2"
    );
    let (key, object) = scan.after.clone().unzip();
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![scan.tenant.to_string(), scan.limit, key, object], columns)?;
    rows.map(|row| decode_user(row?)).collect()
}

/// How many users a tenant has.
///
/// # Errors
/// Whatever SQLite says.
pub fn count_users(connection: &Connection, tenant: TenantId) -> Result<u64, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT count(*) FROM directory_users WHERE tenant_id = ?1")?;
    Ok(statement.query_row([tenant.to_string()], |row| row.get(0))?)
}

/// What is set for a tenant; `None` when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn tenant_row(connection: &Connection, tenant: TenantId) -> Result<Option<TenantRow>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT settings, policies FROM tenants WHERE id = ?1")?;
    let row: Option<(String, String)> = statement
        .query_row([tenant.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(settings, policies)| {
        Ok(TenantRow {
            settings: serde_json::from_str(&settings).map_err(|_| StoreError::Corrupt("tenant settings"))?,
            policies: serde_json::from_str(&policies).map_err(|_| StoreError::Corrupt("tenant policies"))?,
        })
    })
    .transpose()
}

/// Replaces what is set for a tenant; false when it is unknown.
///
/// # Errors
/// Whatever SQLite says.
pub fn set_tenant_row(
    connection: &Connection,
    tenant: TenantId,
    row: &TenantRow,
) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE tenants SET settings = ?2, policies = ?3 WHERE id = ?1",
        params![tenant.to_string(), encode(&row.settings)?, encode(&row.policies)?],
    )?;
    Ok(changed == 1)
}

fn user_where(connection: &Connection, sql: &str, value: &str) -> Result<Option<UserRow>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    statement
        .query_row([value], columns)
        .optional()?
        .map(decode_user)
        .transpose()
}

type UserColumns = (String, String, String, String, String, bool, bool);

fn columns(row: &Row<'_>) -> rusqlite::Result<UserColumns> {
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

fn decode_user(
    (object, tenant, upn, display_name, password_hash, is_admin, enabled): UserColumns,
) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        object: object.parse().map_err(|_| StoreError::Corrupt("object id"))?,
        tenant: tenant.parse().map_err(|_| StoreError::Corrupt("tenant id"))?,
        upn,
        display_name,
        password_hash,
        is_admin,
        enabled,
    })
}

fn encode(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("settings"))
}
