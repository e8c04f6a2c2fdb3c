//! Devices that wait for somebody to sign in elsewhere (RFC 8628).

use rusqlite::{Connection, OptionalExtension, params};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{StoreError, from_ms, to_ms};

/// A device that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// What the person types.
    pub user_code: String,
    /// The application on the device.
    pub client_id: String,
    /// The scope it asks for.
    pub scope: String,
    /// The sign-in that came of it.
    pub sign_in: Option<Uuid>,
    /// Whether the person said no.
    pub denied: bool,
    /// How long the device has to wait between two questions.
    pub interval: Duration,
    /// When it asked last.
    pub asked: Option<OffsetDateTime>,
    /// When the codes end.
    pub expires: OffsetDateTime,
}

const COLUMNS: &str = "user_code, client_id, scope, sign_in, denied, interval_ms, asked_ms, expires_ms";

/// Stores a device that begins to wait, unless `most` others do or one of them has the user code; whether it was stored.
/// Forgets those that ended a while ago: until then they are told that they did.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(
    connection: &Connection,
    sha256: &[u8],
    row: &DeviceRow,
    now: OffsetDateTime,
    most: u32,
) -> Result<bool, StoreError> {
    let ended = now - Duration::minutes(15);
    connection
        .prepare_cached("DELETE FROM device_codes WHERE expires_ms < ?1")?
        .execute([to_ms(ended)])?;
    let inserted = connection.execute(
        "INSERT OR IGNORE INTO device_codes (sha256, user_code, client_id, scope, interval_ms, expires_ms)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE (SELECT count(*) FROM device_codes) < ?7",
        params![
            sha256,
            row.user_code,
            row.client_id,
            row.scope,
            milliseconds(row.interval),
            to_ms(row.expires),
            most
        ],
    )?;
    Ok(inserted == 1)
}

/// The device with this code.
///
/// # Errors
/// Whatever SQLite says.
pub fn get(connection: &Connection, sha256: &[u8]) -> Result<Option<DeviceRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM device_codes WHERE sha256 = ?1");
    one(connection, &sql, params![sha256])
}

/// The device that shows this user code and still waits for somebody.
///
/// # Errors
/// Whatever SQLite says.
pub fn waiting(
    connection: &Connection,
    user_code: &str,
    now: OffsetDateTime,
) -> Result<Option<DeviceRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM device_codes
         WHERE user_code = ?1 AND expires_ms > ?2 AND sign_in IS NULL AND denied = 0"
    );
    one(connection, &sql, params![user_code, to_ms(now)])
}

/// Gives a device that still waits the sign-in that came of it; false when it waits no more.
///
/// # Errors
/// Whatever SQLite says.
pub fn approve(
    connection: &Connection,
    user_code: &str,
    sign_in: Uuid,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE device_codes SET sign_in = ?2
         WHERE user_code = ?1 AND expires_ms > ?3 AND sign_in IS NULL AND denied = 0",
        params![user_code, sign_in.to_string(), to_ms(now)],
    )?;
    Ok(changed == 1)
}

/// Tells a device that still waits that the person said no.
///
/// # Errors
/// Whatever SQLite says.
pub fn deny(connection: &Connection, user_code: &str) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE device_codes SET denied = 1 WHERE user_code = ?1 AND sign_in IS NULL",
        [user_code],
    )?;
    Ok(())
}

/// Notes that a device asked, and how long it has to wait from now on.
///
/// # Errors
/// Whatever SQLite says.
pub fn asked(
    connection: &Connection,
    sha256: &[u8],
    now: OffsetDateTime,
    interval: Duration,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE device_codes SET asked_ms = ?2, interval_ms = ?3 WHERE sha256 = ?1",
        params![sha256, to_ms(now), milliseconds(interval)],
    )?;
    Ok(())
}

/// Forgets a device, whose code is good once.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete(connection: &Connection, sha256: &[u8]) -> Result<(), StoreError> {
    connection.execute("DELETE FROM device_codes WHERE sha256 = ?1", [sha256])?;
    Ok(())
}

type Columns = (
    String,
    String,
    String,
    Option<String>,
    bool,
    i64,
    Option<i64>,
    i64,
);

fn one(
    connection: &Connection,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Option<DeviceRow>, StoreError> {
    let found: Option<Columns> = connection
        .prepare_cached(sql)?
        .query_row(values, |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
                row.get(6)?,
                row.get(7)?,
            ))
        })
        .optional()?;
    found.map(decode).transpose()
}

fn decode(
    (user_code, client_id, scope, sign_in, denied, interval_ms, asked_ms, expires_ms): Columns,
) -> Result<DeviceRow, StoreError> {
    let sign_in = sign_in.map(|id| Uuid::try_parse(&id)).transpose();
    Ok(DeviceRow {
        user_code,
        client_id,
        scope,
        sign_in: sign_in.map_err(|_| StoreError::Corrupt("sign-in"))?,
        denied,
        interval: Duration::milliseconds(interval_ms),
        asked: asked_ms.map(from_ms).transpose()?,
        expires: from_ms(expires_ms)?,
    })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.whole_milliseconds()).unwrap_or(i64::MAX)
}
