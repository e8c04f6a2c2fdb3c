//! ACS resources and their access keys.

use rusqlite::{Connection, Row, params};
use time::OffsetDateTime;

use anteroom_identity::id::ResourceId;
use anteroom_identity::signing::KeySlot;

use super::{StoreError, from_ms, to_ms};

/// A stored resource. The access keys are base64 text.
#[derive(Clone)]
pub struct ResourceRow {
    /// The resource's immutable id.
    pub id: ResourceId,
    /// Name for people; empty for none.
    pub name: String,
    /// First and second access key, base64.
    pub keys: [String; 2],
    /// How often each was rotated.
    pub rotations: [u32; 2],
    /// When it was made.
    pub created: OffsetDateTime,
}

impl std::fmt::Debug for ResourceRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourceRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// All resources, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn all(connection: &Connection) -> Result<Vec<ResourceRow>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT id, name, primary_key, secondary_key, primary_rotation, secondary_rotation, created_ms
         FROM resources ORDER BY created_ms, id",
    )?;
    let rows = statement.query_map([], |row| Ok(decode(row)))?;
    rows.map(|row| row?).collect()
}

fn decode(row: &Row<'_>) -> Result<ResourceRow, StoreError> {
    let id: String = row.get(0)?;
    Ok(ResourceRow {
        id: id.parse().map_err(|_| StoreError::Corrupt("resource id"))?,
        name: row.get(1)?,
        keys: [row.get(2)?, row.get(3)?],
        rotations: [row.get(4)?, row.get(5)?],
        created: from_ms(row.get(6)?)?,
    })
}

/// Stores a new resource.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, row: &ResourceRow) -> Result<(), StoreError> {
    let [primary, secondary] = &row.keys;
    let [primary_rotation, secondary_rotation] = row.rotations;
    connection.execute(
        "INSERT INTO resources
         (id, name, primary_key, secondary_key, primary_rotation, secondary_rotation, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            row.id.to_string(),
            row.name,
            primary,
            secondary,
            primary_rotation,
            secondary_rotation,
            to_ms(row.created)
        ],
    )?;
    Ok(())
}

/// Replaces one access key; whether the resource is there.
///
/// # Errors
/// Whatever SQLite says.
pub fn rotate(
    connection: &Connection,
    resource: ResourceId,
    slot: KeySlot,
    key: &str,
) -> Result<bool, StoreError> {
    let sql = match slot {
        KeySlot::Primary => {
            "UPDATE resources SET primary_key = ?2, primary_rotation = primary_rotation + 1 WHERE id = ?1"
        }
        KeySlot::Secondary => {
            "UPDATE resources SET secondary_key = ?2, secondary_rotation = secondary_rotation + 1 WHERE id = ?1"
        }
    };
    Ok(connection.execute(sql, params![resource.to_string(), key])? == 1)
}
