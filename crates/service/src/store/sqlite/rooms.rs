//! Rooms, who is invited, and the requests that made them.

use std::borrow::BorrowMut;

use anteroom_identity::id::{AcsUserId, ResourceId};
use anteroom_rooms::store::{RoomPosition, RoomStore, from_unix_us, unix_us};
use anteroom_rooms::{Participant, ParticipantChange, Room, RoomId, StoreError, Window};
use rusqlite::{Connection, OptionalExtension, Row, params};
use time::OffsetDateTime;

/// [`RoomStore`] over an open connection, owned or borrowed. Writes of several statements are whole only in a
/// transaction of the caller's.
#[derive(Debug)]
pub struct SqliteRoomStore<C>(C);

impl<C: BorrowMut<Connection>> SqliteRoomStore<C> {
    /// Rooms in this database.
    pub const fn new(connection: C) -> Self {
        Self(connection)
    }

    fn connection(&self) -> &Connection {
        self.0.borrow()
    }

    /// Runs a statement; how many rows it changed.
    fn execute(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<usize, StoreError> {
        let mut statement = self.connection().prepare_cached(sql).map_err(failed)?;
        statement.execute(parameters).map_err(failed)
    }
}

impl<C: BorrowMut<Connection>> RoomStore for SqliteRoomStore<C> {
    fn room(&self, id: RoomId) -> Result<Option<Room>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT id, resource, created_us, from_us, until_us, pstn FROM rooms WHERE id = ?1",
            )
            .map_err(failed)?;
        let row = statement
            .query_row([id.to_string()], |row| Ok(room(row)))
            .optional();
        row.map_err(failed)?.transpose()
    }

    fn rooms(
        &self,
        resource: ResourceId,
        before: Option<RoomPosition>,
        limit: usize,
    ) -> Result<Vec<Room>, StoreError> {
        let (created_us, id) = before.map_or((i64::MAX, String::new()), |before| {
            (before.created_us, before.id.to_string())
        });
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT id, resource, created_us, from_us, until_us, pstn FROM rooms
                 WHERE resource = ?1 AND (created_us, id) < (?2, ?3)
                 ORDER BY created_us DESC, id DESC LIMIT ?4",
            )
            .map_err(failed)?;
        let rows = statement
            .query_map(
                params![resource.to_string(), created_us, id, count(limit)],
                |row| Ok(room(row)),
            )
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?).collect()
    }

    fn participant(&self, id: RoomId, user: &AcsUserId) -> Result<Option<Participant>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT place, user, role FROM room_participants WHERE room = ?1 AND user = ?2")
            .map_err(failed)?;
        let row = statement
            .query_row([id.to_string(), user.to_string()], |row| Ok(participant(row)))
            .optional();
        let found = row.map_err(failed)?.transpose()?;
        Ok(found.map(|(_, participant)| participant))
    }

    fn participants(
        &self,
        id: RoomId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Participant)>, StoreError> {
        // Places start at 1.
        let after = after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT place, user, role FROM room_participants WHERE room = ?1 AND place > ?2
                 ORDER BY place LIMIT ?3",
            )
            .map_err(failed)?;
        let rows = statement
            .query_map(params![id.to_string(), after, count(limit)], |row| {
                Ok(participant(row))
            })
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?).collect()
    }

    fn participant_count(&self, id: RoomId) -> Result<usize, StoreError> {
        let count: i64 = self
            .connection()
            .prepare_cached("SELECT COUNT(*) FROM room_participants WHERE room = ?1")
            .and_then(|mut statement| statement.query_row([id.to_string()], |row| row.get(0)))
            .map_err(failed)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn insert(&mut self, room: &Room) -> Result<bool, StoreError> {
        let inserted = self.execute(
            "INSERT OR IGNORE INTO rooms (id, resource, created_us, from_us, until_us, pstn)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                room.id.to_string(),
                room.resource.to_string(),
                unix_us(room.created),
                unix_us(room.window.from()),
                unix_us(room.window.until()),
                room.pstn_dial_out,
            ],
        )?;
        Ok(inserted == 1)
    }

    fn update(&mut self, room: &Room) -> Result<bool, StoreError> {
        let updated = self.execute(
            "UPDATE rooms SET from_us = ?2, until_us = ?3, pstn = ?4 WHERE id = ?1",
            params![
                room.id.to_string(),
                unix_us(room.window.from()),
                unix_us(room.window.until()),
                room.pstn_dial_out,
            ],
        )?;
        Ok(updated == 1)
    }

    fn delete(&mut self, id: RoomId) -> Result<bool, StoreError> {
        let deleted = self.execute("DELETE FROM rooms WHERE id = ?1", [id.to_string()])?;
        Ok(deleted == 1)
    }

    fn change_participants(&mut self, id: RoomId, changes: &[ParticipantChange]) -> Result<(), StoreError> {
        let room = id.to_string();
        if self.room(id)?.is_none() {
            return Err(StoreError("no such room".to_owned()));
        }
        for ParticipantChange { user, role } in changes {
            let user = user.to_string();
            match role {
                Some(role) => self.execute(
                    "INSERT INTO room_participants (room, user, role) VALUES (?1, ?2, ?3)
                     ON CONFLICT (room, user) DO UPDATE SET role = excluded.role",
                    [&room, &user, role.as_str()],
                )?,
                None => self.execute(
                    "DELETE FROM room_participants WHERE room = ?1 AND user = ?2",
                    [&room, &user],
                )?,
            };
        }
        Ok(())
    }

    fn forget(&mut self, user: &AcsUserId) -> Result<Vec<RoomId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached("DELETE FROM room_participants WHERE user = ?1 RETURNING room")
            .map_err(failed)?;
        let rows = statement
            .query_map([user.to_string()], |row| row.get::<_, String>(0))
            .map_err(failed)?;
        // Read to the end: a statement that is left half way is not done.
        let rooms: Vec<String> = rows.collect::<Result<_, _>>().map_err(failed)?;
        rooms
            .iter()
            .map(|id| id.parse().map_err(|_| corrupt("room id")))
            .collect()
    }

    fn made_by(
        &self,
        resource: ResourceId,
        request: &str,
        since: OffsetDateTime,
    ) -> Result<Option<Room>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT id, resource, created_us, from_us, until_us, pstn FROM room_requests
                 WHERE resource = ?1 AND request = ?2 AND created_us >= ?3",
            )
            .map_err(failed)?;
        let row = statement
            .query_row(params![resource.to_string(), request, unix_us(since)], |row| {
                Ok(room(row))
            })
            .optional();
        row.map_err(failed)?.transpose()
    }

    fn remember(
        &mut self,
        request: &str,
        room: &Room,
        forget_before: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM room_requests WHERE created_us < ?1",
            [unix_us(forget_before)],
        )?;
        self.execute(
            "INSERT OR REPLACE INTO room_requests (resource, request, id, created_us, from_us, until_us, pstn)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                room.resource.to_string(),
                request,
                room.id.to_string(),
                unix_us(room.created),
                unix_us(room.window.from()),
                unix_us(room.window.until()),
                room.pstn_dial_out,
            ],
        )?;
        Ok(())
    }
}

fn room(row: &Row<'_>) -> Result<Room, StoreError> {
    let at = |column: &str| {
        let us: i64 = row.get(column).map_err(failed)?;
        from_unix_us(us).ok_or_else(|| corrupt("time"))
    };
    let id: String = row.get("id").map_err(failed)?;
    let resource: String = row.get("resource").map_err(failed)?;
    Ok(Room {
        id: id.parse().map_err(|_| corrupt("room id"))?,
        resource: resource.parse().map_err(|_| corrupt("resource id"))?,
        created: at("created_us")?,
        window: Window::stored(at("from_us")?, at("until_us")?).map_err(|_| corrupt("window"))?,
        pstn_dial_out: row.get("pstn").map_err(failed)?,
    })
}

fn participant(row: &Row<'_>) -> Result<(u64, Participant), StoreError> {
    let place: i64 = row.get("place").map_err(failed)?;
    let user: String = row.get("user").map_err(failed)?;
    let role: String = row.get("role").map_err(failed)?;
    let participant = Participant {
        user: user.parse().map_err(|_| corrupt("user id"))?,
        role: role.parse().map_err(|_| corrupt("role"))?,
    };
    Ok((place.unsigned_abs(), participant))
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn failed(error: rusqlite::Error) -> StoreError {
    StoreError(error.to_string())
}

fn corrupt(what: &str) -> StoreError {
    StoreError(format!("stored {what} is unreadable"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::migrations;

    fn store() -> SqliteRoomStore<Connection> {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        migrations::run(&mut connection).unwrap();
        SqliteRoomStore::new(connection)
    }

    anteroom_rooms::room_store_tests!(store());
}
