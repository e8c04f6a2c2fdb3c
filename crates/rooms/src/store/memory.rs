//! Rooms in memory.

use std::collections::BTreeMap;

use anteroom_identity::id::{AcsUserId, ResourceId};
use time::OffsetDateTime;

use super::{RoomPosition, RoomStore, unix_us};
use crate::error::StoreError;
use crate::id::RoomId;
use crate::room::{Participant, Room};
use crate::service::ParticipantChange;

/// Rooms in memory, for tests and as a model of what other stores do.
#[derive(Debug, Default)]
pub struct MemoryRoomStore {
    rooms: BTreeMap<RoomId, Entry>,
    /// By resource and request.
    requests: BTreeMap<(ResourceId, String), Room>,
    next_place: u64,
}

#[derive(Debug)]
struct Entry {
    room: Room,
    participants: BTreeMap<u64, Participant>,
}

impl MemoryRoomStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Entry {
    fn place_of(&self, user: &AcsUserId) -> Option<u64> {
        let mut places = self.participants.iter();
        places
            .find(|(_, participant)| participant.user == *user)
            .map(|(place, _)| *place)
    }
}

impl RoomStore for MemoryRoomStore {
    fn room(&self, id: RoomId) -> Result<Option<Room>, StoreError> {
        Ok(self.rooms.get(&id).map(|entry| entry.room.clone()))
    }

    fn rooms(
        &self,
        resource: ResourceId,
        before: Option<RoomPosition>,
        limit: usize,
    ) -> Result<Vec<Room>, StoreError> {
        let place = |room: &Room| (unix_us(room.created), room.id);
        let mut rooms: Vec<Room> = self
            .rooms
            .values()
            .map(|entry| &entry.room)
            .filter(|room| room.resource == resource)
            .filter(|room| before.is_none_or(|before| place(room) < (before.created_us, before.id)))
            .cloned()
            .collect();
        rooms.sort_by_key(|room| std::cmp::Reverse(place(room)));
        rooms.truncate(limit);
        Ok(rooms)
    }

    fn participant(&self, id: RoomId, user: &AcsUserId) -> Result<Option<Participant>, StoreError> {
        let Some(entry) = self.rooms.get(&id) else {
            return Ok(None);
        };
        let place = entry.place_of(user);
        Ok(place.and_then(|place| entry.participants.get(&place).copied()))
    }

    fn participants(
        &self,
        id: RoomId,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, Participant)>, StoreError> {
        let Some(entry) = self.rooms.get(&id) else {
            return Ok(Vec::new());
        };
        Ok(entry
            .participants
            .iter()
            .filter(|(place, _)| after.is_none_or(|after| **place > after))
            .map(|(place, participant)| (*place, *participant))
            .take(limit)
            .collect())
    }

    fn participant_count(&self, id: RoomId) -> Result<usize, StoreError> {
        Ok(self.rooms.get(&id).map_or(0, |entry| entry.participants.len()))
    }

    fn insert(&mut self, room: &Room) -> Result<bool, StoreError> {
        if self.rooms.contains_key(&room.id) {
            return Ok(false);
        }
        let entry = Entry {
            room: room.clone(),
            participants: BTreeMap::new(),
        };
        self.rooms.insert(room.id, entry);
        Ok(true)
    }

    fn update(&mut self, room: &Room) -> Result<bool, StoreError> {
        let Some(entry) = self.rooms.get_mut(&room.id) else {
            return Ok(false);
        };
        entry.room.window = room.window;
        entry.room.pstn_dial_out = room.pstn_dial_out;
        Ok(true)
    }

    fn delete(&mut self, id: RoomId) -> Result<bool, StoreError> {
        Ok(self.rooms.remove(&id).is_some())
    }

    fn change_participants(&mut self, id: RoomId, changes: &[ParticipantChange]) -> Result<(), StoreError> {
        let entry = self
            .rooms
            .get_mut(&id)
            .ok_or_else(|| StoreError("no such room".to_owned()))?;
        for change in changes {
            let place = entry.place_of(&change.user);
            match (change.role, place) {
                (Some(role), place) => {
                    let place = place.unwrap_or_else(|| {
                        self.next_place += 1;
                        self.next_place
                    });
                    let user = change.user;
                    entry.participants.insert(place, Participant { user, role });
                }
                (None, Some(place)) => {
                    entry.participants.remove(&place);
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn forget(&mut self, user: &AcsUserId) -> Result<Vec<RoomId>, StoreError> {
        let mut left = Vec::new();
        for (id, entry) in &mut self.rooms {
            if let Some(place) = entry.place_of(user) {
                entry.participants.remove(&place);
                left.push(*id);
            }
        }
        Ok(left)
    }

    fn made_by(
        &self,
        resource: ResourceId,
        request: &str,
        since: OffsetDateTime,
    ) -> Result<Option<Room>, StoreError> {
        let made = self.requests.get(&(resource, request.to_owned()));
        Ok(made.filter(|room| room.created >= since).cloned())
    }

    fn remember(
        &mut self,
        request: &str,
        room: &Room,
        forget_before: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.requests.retain(|_, made| made.created >= forget_before);
        self.requests
            .insert((room.resource, request.to_owned()), room.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MemoryRoomStore;

    crate::room_store_tests!(MemoryRoomStore::new());
}
