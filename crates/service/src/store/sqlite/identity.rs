//! ACS users.

use std::borrow::BorrowMut;

use anteroom_identity::id::AcsUserId;
use anteroom_identity::store::{IdentityStore, StoreError};
use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use super::to_ms;

/// [`IdentityStore`] over an open connection, owned or borrowed.
#[derive(Debug)]
pub struct SqliteIdentityStore<C>(C);

impl<C: BorrowMut<Connection>> SqliteIdentityStore<C> {
    /// Users in this database.
    pub const fn new(connection: C) -> Self {
        Self(connection)
    }
}

impl<C: BorrowMut<Connection>> IdentityStore for SqliteIdentityStore<C> {
    fn insert_user(&mut self, user: &AcsUserId, created: OffsetDateTime) -> Result<(), StoreError> {
        self.0
            .borrow()
            .prepare_cached("INSERT INTO identities (id, generation, created_ms) VALUES (?1, 0, ?2)")
            .and_then(|mut statement| statement.execute(params![user.to_string(), to_ms(created)]))
            .map(|_| ())
            .map_err(failed)
    }

    fn generation(&self, user: &AcsUserId) -> Result<Option<u64>, StoreError> {
        let generation: Option<i64> = self
            .0
            .borrow()
            .prepare_cached("SELECT generation FROM identities WHERE id = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([user.to_string()], |row| row.get(0))
                    .optional()
            })
            .map_err(failed)?;
        Ok(generation.map(i64::unsigned_abs))
    }

    fn revoke(&mut self, user: &AcsUserId) -> Result<Option<u64>, StoreError> {
        let generation: Option<i64> = self
            .0
            .borrow()
            .prepare_cached(
                "UPDATE identities SET generation = generation + 1 WHERE id = ?1 RETURNING generation",
            )
            .and_then(|mut statement| {
                // Read to the end: a statement that is left half way is not committed.
                let rows = statement.query_map([user.to_string()], |row| row.get(0))?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?.pop())
            })
            .map_err(failed)?;
        Ok(generation.map(i64::unsigned_abs))
    }

    fn delete(&mut self, user: &AcsUserId) -> Result<bool, StoreError> {
        self.0
            .borrow()
            .prepare_cached("DELETE FROM identities WHERE id = ?1")
            .and_then(|mut statement| statement.execute([user.to_string()]))
            .map(|deleted| deleted == 1)
            .map_err(failed)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn failed(error: rusqlite::Error) -> StoreError {
    StoreError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::migrations;

    fn store() -> SqliteIdentityStore<Connection> {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::run(&mut connection).unwrap();
        SqliteIdentityStore::new(connection)
    }

    anteroom_identity::identity_store_tests!(store());
}
