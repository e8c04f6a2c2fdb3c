//! Rooms of all resources.

use anteroom_identity::id::{AcsUserId, ResourceId};
use anteroom_rooms::{
    NewRoom, Page, Participant, ParticipantChange, Repeatability, Repeated, Room, RoomChanges, RoomError,
    RoomId, RoomService,
};
use time::OffsetDateTime;
use tokio::sync::broadcast;

use crate::bus::Topic;
use crate::clock::Clock;
use crate::store::sqlite::SqliteRoomStore;
use crate::store::{Connection, Store, StoreError};

/// Changes a slow listener may be behind before it must look at everything again.
const CHANGES_KEPT: usize = 256;

/// A room, its times or its participants have changed, or it was deleted. Sent after the change is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomChanged(pub RoomId);

/// Makes, changes and finds rooms; clones are the same rooms.
#[derive(Debug, Clone)]
pub struct Rooms {
    store: Store,
    clock: Clock,
    changes: Topic<RoomChanged>,
}

/// Why an operation on rooms failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomsError {
    /// Refused, or the database failed within the operation.
    #[error(transparent)]
    Room(#[from] RoomError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

type Service<'c> = RoomService<SqliteRoomStore<&'c mut Connection>>;

impl Rooms {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            changes: Topic::new(CHANGES_KEPT),
        }
    }

    /// Makes a room.
    ///
    /// # Errors
    /// As [`RoomService::create`].
    pub async fn create(
        &self,
        resource: ResourceId,
        new: NewRoom,
        repeatability: Option<Repeatability>,
    ) -> Result<Repeated, RoomsError> {
        self.write(
            move |rooms, now| rooms.create(resource, &new, repeatability.as_ref(), rand::random::<u64>, now),
            |_| None,
        )
        .await
    }

    /// A room.
    ///
    /// # Errors
    /// As [`RoomService::get`].
    pub async fn get(&self, resource: ResourceId, id: RoomId) -> Result<Room, RoomsError> {
        self.read(move |rooms| rooms.get(resource, id)).await
    }

    /// A page of the rooms of a resource.
    ///
    /// # Errors
    /// As [`RoomService::list`].
    pub async fn list(&self, resource: ResourceId, from: Option<String>) -> Result<Page<Room>, RoomsError> {
        self.read(move |rooms| rooms.list(resource, from.as_deref()))
            .await
    }

    /// Changes a room.
    ///
    /// # Errors
    /// As [`RoomService::update`].
    pub async fn update(
        &self,
        resource: ResourceId,
        id: RoomId,
        changes: RoomChanges,
    ) -> Result<Room, RoomsError> {
        self.write(
            move |rooms, now| rooms.update(resource, id, changes, now),
            move |_| [id],
        )
        .await
    }

    /// Deletes a room; its call ends.
    ///
    /// # Errors
    /// As [`RoomService::delete`].
    pub async fn delete(&self, resource: ResourceId, id: RoomId) -> Result<(), RoomsError> {
        self.write(move |rooms, _| rooms.delete(resource, id), move |()| [id])
            .await
    }

    /// A page of the participants of a room.
    ///
    /// # Errors
    /// As [`RoomService::participants`].
    pub async fn participants(
        &self,
        resource: ResourceId,
        id: RoomId,
        from: Option<String>,
    ) -> Result<Page<Participant>, RoomsError> {
        self.read(move |rooms| rooms.participants(resource, id, from.as_deref()))
            .await
    }

    /// Changes who is invited to a room.
    ///
    /// # Errors
    /// As [`RoomService::update_participants`].
    pub async fn update_participants(
        &self,
        resource: ResourceId,
        id: RoomId,
        changes: Vec<ParticipantChange>,
    ) -> Result<(), RoomsError> {
        self.write(
            move |rooms, _| rooms.update_participants(resource, id, &changes),
            move |()| [id],
        )
        .await
    }

    /// A room to join, whatever its resource, and who is invited; `None` when there is no such room.
    ///
    /// # Errors
    /// The database failed.
    pub async fn invited(&self, id: RoomId) -> Result<Option<(Room, Vec<Participant>)>, RoomsError> {
        self.read(move |rooms| rooms.invited(id)).await
    }

    /// Takes somebody out of all rooms, and of their calls.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget(&self, user: AcsUserId) -> Result<(), RoomsError> {
        self.write(
            move |rooms, _| rooms.forget(&user),
            |left: &Vec<RoomId>| left.clone(),
        )
        .await?;
        Ok(())
    }

    /// Changes from now on. A receiver that lags must look at its rooms again.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<RoomChanged> {
        self.changes.subscribe()
    }

    async fn read<T, F>(&self, f: F) -> Result<T, RoomsError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Service<'_>) -> Result<T, RoomError> + Send + 'static,
    {
        self.store
            .read(move |connection| Ok(f(&mut RoomService::new(SqliteRoomStore::new(connection)))?))
            .await
    }

    /// Writes, and tells of the rooms that have changed once that is on the disk and before the caller hears of it: who
    /// joins afterwards finds the call up to date.
    async fn write<T, F, R, C>(&self, f: F, changed: C) -> Result<T, RoomsError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Service<'_>, OffsetDateTime) -> Result<T, RoomError> + Send + 'static,
        C: FnOnce(&T) -> R + Send + 'static,
        R: IntoIterator<Item = RoomId>,
    {
        let now = self.clock.now();
        let changes = self.changes.clone();
        self.store
            .write_then(
                move |connection| Ok(f(&mut RoomService::new(SqliteRoomStore::new(connection)), now)?),
                move |written| {
                    for room in changed(written) {
                        changes.publish(RoomChanged(room));
                    }
                },
            )
            .await
    }
}
