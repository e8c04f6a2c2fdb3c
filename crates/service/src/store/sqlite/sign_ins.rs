//! Sign-ins of people with applications: codes, refresh tokens, browsers' sessions, and that they were revoked.
//!
//! What is redeemed stays until it ends, so that a second use is seen and ends the sign-in.

use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;
use uuid::Uuid;

use anteroom_identity::id::ObjectId;

use super::{StoreError, from_ms, to_ms};

/// A sign-in of a person with an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInRow {
    /// Its id, the claim `sid`.
    pub id: Uuid,
    /// The application.
    pub client_id: String,
    /// The person.
    pub user: ObjectId,
    /// When the person last showed the password.
    pub auth: OffsetDateTime,
}

/// What an authorization code stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRow {
    /// The redirect URI of the request.
    pub redirect_uri: String,
    /// The scope of the request.
    pub scope: String,
    /// The nonce of the request.
    pub nonce: Option<String>,
    /// The S256 code challenge of the request.
    pub challenge: Option<String>,
}

/// A browser in which a person is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRow {
    /// The person.
    pub user: ObjectId,
    /// When the person showed the password.
    pub auth: OffsetDateTime,
}

/// Stores a new sign-in; forgets those that ended.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(
    connection: &Connection,
    row: &SignInRow,
    now: OffsetDateTime,
    expires: OffsetDateTime,
) -> Result<(), StoreError> {
    for table in [
        "sign_ins",
        "authorization_codes",
        "refresh_tokens",
        "browser_sessions",
    ] {
        let sql = format!("DELETE FROM {table} WHERE expires_ms < ?1");
        connection.prepare_cached(&sql)?.execute([to_ms(now)])?;
    }
    connection.execute(
        "INSERT INTO sign_ins (id, client_id, user_id, auth_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            row.id.to_string(),
            row.client_id,
            row.user.to_string(),
            to_ms(row.auth),
            to_ms(expires)
        ],
    )?;
    Ok(())
}

/// Whether a sign-in is known and not revoked.
///
/// # Errors
/// Whatever SQLite says.
pub fn holds(connection: &Connection, id: Uuid) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT revoked = 0 FROM sign_ins WHERE id = ?1")?;
    let holds: Option<bool> = statement
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?;
    Ok(holds.unwrap_or(false))
}

/// A sign-in that is known and not revoked.
///
/// # Errors
/// Whatever SQLite says.
pub fn get(connection: &Connection, id: Uuid) -> Result<Option<SignInRow>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT client_id, user_id, auth_ms FROM sign_ins WHERE id = ?1 AND revoked = 0")?;
    let found: Option<(String, String, i64)> = statement
        .query_row([id.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    found
        .map(|(client_id, user, auth)| {
            Ok(SignInRow {
                id,
                client_id,
                user: user.parse().map_err(|_| StoreError::Corrupt("object id"))?,
                auth: from_ms(auth)?,
            })
        })
        .transpose()
}

/// Ends a sign-in and all that came of it.
///
/// # Errors
/// Whatever SQLite says.
pub fn revoke(connection: &Connection, id: Uuid) -> Result<(), StoreError> {
    connection.execute("UPDATE sign_ins SET revoked = 1 WHERE id = ?1", [id.to_string()])?;
    Ok(())
}

/// Ends all of a user's sign-ins, in browsers, too.
///
/// # Errors
/// Whatever SQLite says.
pub fn revoke_all(connection: &Connection, user: ObjectId) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE sign_ins SET revoked = 1 WHERE user_id = ?1",
        [user.to_string()],
    )?;
    connection.execute(
        "DELETE FROM browser_sessions WHERE user_id = ?1",
        [user.to_string()],
    )?;
    Ok(())
}

/// Stores an authorization code.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_code(
    connection: &Connection,
    sha256: &[u8],
    sign_in: Uuid,
    code: &CodeRow,
    expires: OffsetDateTime,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO authorization_codes (sha256, sign_in, redirect_uri, scope, nonce, challenge, expires_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            sha256,
            sign_in.to_string(),
            code.redirect_uri,
            code.scope,
            code.nonce,
            code.challenge,
            to_ms(expires)
        ],
    )?;
    Ok(())
}

/// Uses up a code of this application. `None` for one that is unknown, of another application, expired, or used before;
/// the last ends the sign-in it came of (RFC 6749 §4.1.2).
///
/// # Errors
/// Whatever SQLite says.
pub fn redeem_code(
    connection: &Connection,
    sha256: &[u8],
    client_id: &str,
    now: OffsetDateTime,
) -> Result<Option<(SignInRow, CodeRow)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, s.client_id, s.user_id, s.auth_ms, s.revoked, c.used <> 0, c.expires_ms,
                c.redirect_uri, c.scope, c.nonce, c.challenge
         FROM authorization_codes c JOIN sign_ins s ON s.id = c.sign_in
         WHERE c.sha256 = ?1 AND s.client_id = ?2",
    )?;
    let found = statement
        .query_row(params![sha256, client_id], |row| {
            let code = CodeRow {
                redirect_uri: row.get(7)?,
                scope: row.get(8)?,
                nonce: row.get(9)?,
                challenge: row.get(10)?,
            };
            Ok((redeemable(row)?, code))
        })
        .optional()?;
    let Some((redeemable, code)) = found else {
        return Ok(None);
    };
    let sql = "UPDATE authorization_codes SET used = 1 WHERE sha256 = ?1";
    connection.prepare_cached(sql)?.execute([sha256])?;
    Ok(redeemable.redeem(connection, now)?.map(|sign_in| (sign_in, code)))
}

/// Stores a refresh token; its sign-in lives as long.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_refresh_token(
    connection: &Connection,
    sha256: &[u8],
    sign_in: Uuid,
    scope: &str,
    expires: OffsetDateTime,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO refresh_tokens (sha256, sign_in, scope, expires_ms) VALUES (?1, ?2, ?3, ?4)",
        params![sha256, sign_in.to_string(), scope, to_ms(expires)],
    )?;
    connection.execute(
        "UPDATE sign_ins SET expires_ms = max(expires_ms, ?2) WHERE id = ?1",
        params![sign_in.to_string(), to_ms(expires)],
    )?;
    Ok(())
}

/// Uses up a refresh token of this application, and gives its sign-in and scope. `None` for one that is unknown, of
/// another application, expired, or used before; the last ends the sign-in it came of (RFC 9700 §4.14.2).
///
/// # Errors
/// Whatever SQLite says.
pub fn redeem_refresh_token(
    connection: &Connection,
    sha256: &[u8],
    client_id: &str,
    now: OffsetDateTime,
) -> Result<Option<(SignInRow, String)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, s.client_id, s.user_id, s.auth_ms, s.revoked, t.used_ms IS NOT NULL, t.expires_ms, t.scope
         FROM refresh_tokens t JOIN sign_ins s ON s.id = t.sign_in
         WHERE t.sha256 = ?1 AND s.client_id = ?2",
    )?;
    let found = statement
        .query_row(params![sha256, client_id], |row| {
            Ok((redeemable(row)?, row.get(7)?))
        })
        .optional()?;
    let Some((redeemable, scope)) = found else {
        return Ok(None);
    };
    let sql = "UPDATE refresh_tokens SET used_ms = ?2 WHERE sha256 = ?1 AND used_ms IS NULL";
    connection
        .prepare_cached(sql)?
        .execute(params![sha256, to_ms(now)])?;
    Ok(redeemable
        .redeem(connection, now)?
        .map(|sign_in| (sign_in, scope)))
}

/// A code or a refresh token, as both are stored.
struct Redeemable {
    sign_in: String,
    client_id: String,
    user: String,
    auth_ms: i64,
    revoked: bool,
    used: bool,
    expires_ms: i64,
}

fn redeemable(row: &rusqlite::Row<'_>) -> rusqlite::Result<Redeemable> {
    Ok(Redeemable {
        sign_in: row.get(0)?,
        client_id: row.get(1)?,
        user: row.get(2)?,
        auth_ms: row.get(3)?,
        revoked: row.get(4)?,
        used: row.get(5)?,
        expires_ms: row.get(6)?,
    })
}

impl Redeemable {
    fn redeem(self, connection: &Connection, now: OffsetDateTime) -> Result<Option<SignInRow>, StoreError> {
        let id = Uuid::try_parse(&self.sign_in).map_err(|_| StoreError::Corrupt("sign-in"))?;
        if self.used {
            revoke(connection, id)?;
        }
        if self.used || self.revoked || to_ms(now) >= self.expires_ms {
            return Ok(None);
        }
        Ok(Some(SignInRow {
            id,
            client_id: self.client_id,
            user: self.user.parse().map_err(|_| StoreError::Corrupt("object id"))?,
            auth: from_ms(self.auth_ms)?,
        }))
    }
}

/// Stores a browser's session.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert_session(
    connection: &Connection,
    sha256: &[u8],
    session: &SessionRow,
    expires: OffsetDateTime,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO browser_sessions (sha256, user_id, auth_ms, expires_ms) VALUES (?1, ?2, ?3, ?4)",
        params![
            sha256,
            session.user.to_string(),
            to_ms(session.auth),
            to_ms(expires)
        ],
    )?;
    Ok(())
}

/// The session of a browser, if it has not ended.
///
/// # Errors
/// Whatever SQLite says.
pub fn session(
    connection: &Connection,
    sha256: &[u8],
    now: OffsetDateTime,
) -> Result<Option<SessionRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT user_id, auth_ms FROM browser_sessions WHERE sha256 = ?1 AND expires_ms > ?2",
    )?;
    let row: Option<(String, i64)> = statement
        .query_row(params![sha256, to_ms(now)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(user, auth)| {
        Ok(SessionRow {
            user: user.parse().map_err(|_| StoreError::Corrupt("object id"))?,
            auth: from_ms(auth)?,
        })
    })
    .transpose()
}

/// Ends a browser's session, if there is one.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete_session(connection: &Connection, sha256: &[u8]) -> Result<(), StoreError> {
    connection.execute("DELETE FROM browser_sessions WHERE sha256 = ?1", [sha256])?;
    Ok(())
}
