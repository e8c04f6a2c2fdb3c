//! Where rooms are kept.

mod memory;
#[doc(hidden)]
pub mod suite;

use anteroom_identity::id::{AcsUserId, ResourceId};
use time::OffsetDateTime;

pub use self::memory::MemoryRoomStore;
use crate::error::StoreError;
use crate::id::RoomId;
use crate::room::{Participant, Room};
use crate::service::ParticipantChange;

/// Keeps rooms, who is invited, and which requests made which room.
///
/// Reads see every write before them; a write happens whole or not at all. [`room_store_tests!`](crate::room_store_tests)
/// checks an implementation. Every method fails with [`StoreError`] when the store does.
pub trait RoomStore {
    /// A room, whatever its resource.
    ///
    /// # Errors
    /// The store failed.
    fn room(&self, id: RoomId) -> Result<Option<Room>, StoreError>;

    /// The rooms of a resource, newest first, of the same microsecond the higher id first.
    ///
    /// # Errors
    /// The store failed.
    fn rooms(
        &self,
        resource: ResourceId,
        before: Option<RoomPosition>,
        limit: usize,
    ) -> Result<Vec<Room>, StoreError>;

    /// A participant of a room.
    ///
    /// # Errors
    /// The store failed.
    fn participant(&self, id: RoomId, user: &AcsUserId) -> Result<Option<Participant>, StoreError>;

    /// The participants of a room with their places, in the order in which they were added; a changed role keeps the
    /// place. Only those after a place.
    ///
    /// # Errors
    /// The store failed.
    fn participants(
        &self,
        id: RoomId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Participant)>, StoreError>;

    /// How many participants a room has.
    ///
    /// # Errors
    /// The store failed.
    fn participant_count(&self, id: RoomId) -> Result<usize, StoreError>;

    /// Adds a room without participants; false, and nothing changed, when the id is taken.
    ///
    /// # Errors
    /// The store failed.
    fn insert(&mut self, room: &Room) -> Result<bool, StoreError>;

    /// Replaces what is said of a room, apart from its id, resource and creation; false when there is none.
    ///
    /// # Errors
    /// The store failed.
    fn update(&mut self, room: &Room) -> Result<bool, StoreError>;

    /// Removes a room with its participants; false when there is none.
    ///
    /// # Errors
    /// The store failed.
    fn delete(&mut self, id: RoomId) -> Result<bool, StoreError>;

    /// Changes the participants of a room that exists.
    ///
    /// # Errors
    /// The store failed, or there is no such room.
    fn change_participants(&mut self, id: RoomId, changes: &[ParticipantChange]) -> Result<(), StoreError>;

    /// Takes somebody out of all rooms; those it was in.
    ///
    /// # Errors
    /// The store failed.
    fn forget(&mut self, user: &AcsUserId) -> Result<Vec<RoomId>, StoreError>;

    /// The room that a request made, as it was then; `None` when there was no such request since then.
    ///
    /// # Errors
    /// The store failed.
    fn made_by(
        &self,
        resource: ResourceId,
        request: &str,
        since: OffsetDateTime,
    ) -> Result<Option<Room>, StoreError>;

    /// Remembers the room that a request made, and forgets requests from before a time.
    ///
    /// # Errors
    /// The store failed.
    fn remember(
        &mut self,
        request: &str,
        room: &Room,
        forget_before: OffsetDateTime,
    ) -> Result<(), StoreError>;
}

/// The place of a room in the list of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomPosition {
    /// When the room was made, in microseconds of Unix time.
    pub created_us: i64,
    /// The room.
    pub id: RoomId,
}

impl RoomPosition {
    /// The place of a room.
    #[must_use]
    pub fn of(room: &Room) -> Self {
        Self {
            created_us: unix_us(room.created),
            id: room.id,
        }
    }
}

/// Microseconds of Unix time, the form in which times of rooms are stored: nothing is lost.
#[must_use]
pub fn unix_us(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX)
}

/// The time of microseconds of Unix time; `None` beyond the years 0 to 9999.
#[must_use]
pub fn from_unix_us(us: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(us) * 1000).ok()
}
