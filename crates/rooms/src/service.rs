//! Rooms of a resource: the operations of the API over a store.

use anteroom_identity::id::{AcsUserId, ResourceId};
use time::{Duration, OffsetDateTime};

use crate::error::{RoomError, StoreError};
use crate::id::RoomId;
use crate::role::Role;
use crate::room::{Participant, Room};
use crate::store::{RoomPosition, RoomStore};
use crate::window::{Window, micros};

/// Rooms on one page of a list.
pub const ROOMS_PER_PAGE: usize = 50;
/// Participants on one page of a list.
pub const PARTICIPANTS_PER_PAGE: usize = 50;
/// Most participants of a room. A call has fewer (350 on ACS), but not everybody comes.
pub const MAX_PARTICIPANTS: usize = 1000;
/// How long a request to create a room is remembered under its `Repeatability-Request-ID`.
pub const REPEATABLE_FOR: Duration = Duration::hours(1);

/// Ids drawn before giving up. There are 10¹⁵ of them.
const DRAWS: usize = 16;

/// The rooms in a store.
///
/// Every operation reads and writes; run each in one transaction. The resource is that of the caller: rooms of another
/// one do not exist for it.
#[derive(Debug)]
pub struct RoomService<S> {
    store: S,
}

/// A room to make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRoom {
    /// From when it may be joined; now when not given.
    pub valid_from: Option<OffsetDateTime>,
    /// Until when; 180 days from now when not given.
    pub valid_until: Option<OffsetDateTime>,
    /// Whether its call may dial out to phone numbers.
    pub pstn_dial_out: bool,
    /// Who is invited. Removals are allowed and mean nothing.
    pub participants: Vec<ParticipantChange>,
}

/// Changes of a room; what is not given stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoomChanges {
    /// From when it may be joined.
    pub valid_from: Option<OffsetDateTime>,
    /// Until when.
    pub valid_until: Option<OffsetDateTime>,
    /// Whether its call may dial out to phone numbers.
    pub pstn_dial_out: Option<bool>,
}

/// Somebody to invite, to give another role, or to take off the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParticipantChange {
    /// Who.
    pub user: AcsUserId,
    /// As what; `None` takes them off the list, if they are on it.
    pub role: Option<Role>,
}

/// What makes a request to create a room repeatable: the same id again gives the first room again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeatability(String);

/// A text cannot name a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request id has 1 to 128 printable ASCII characters")]
pub struct RepeatabilityError;

/// A room, and whether this request or an earlier one made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repeated {
    /// Made now.
    First(Room),
    /// Made by an earlier request of the same id; as it was then.
    Again(Room),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Names the place where the next page starts, in digits and `-`; missing on the last page.
    pub next: Option<String>,
}

impl Repeatability {
    /// A request by the value of `Repeatability-Request-ID`, an opaque text.
    ///
    /// # Errors
    /// [`RepeatabilityError`] when it is empty, longer than 128 bytes or not printable ASCII.
    pub fn new(request_id: &str) -> Result<Self, RepeatabilityError> {
        if !(1..=128).contains(&request_id.len()) || !request_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RepeatabilityError);
        }
        Ok(Self(request_id.to_owned()))
    }
}

impl Repeated {
    /// The room.
    #[must_use]
    pub fn into_room(self) -> Room {
        match self {
            Self::First(room) | Self::Again(room) => room,
        }
    }
}

impl<S: RoomStore> RoomService<S> {
    /// The rooms in this store.
    pub const fn new(store: S) -> Self {
        Self { store }
    }

    /// Makes a room. `random` draws 64 random bits, from which the id is made.
    ///
    /// # Errors
    /// [`RoomError::Window`], [`RoomError::Participant`], [`RoomError::TooManyParticipants`], [`RoomError::Store`].
    pub fn create(
        &mut self,
        resource: ResourceId,
        new: &NewRoom,
        repeatability: Option<&Repeatability>,
        mut random: impl FnMut() -> u64,
        now: OffsetDateTime,
    ) -> Result<Repeated, RoomError> {
        let since = now
            .checked_sub(REPEATABLE_FOR)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        if let Some(Repeatability(request)) = repeatability
            && let Some(room) = self.store.made_by(resource, request, since)?
        {
            return Ok(Repeated::Again(room));
        }
        let window = Window::new(new.valid_from, new.valid_until, now)?;
        of_resource(resource, &new.participants)?;
        let created = micros(now);
        for _ in 0..DRAWS {
            let room = Room {
                id: RoomId::from_random(random()),
                resource,
                created,
                window,
                pstn_dial_out: new.pstn_dial_out,
            };
            if !self.store.insert(&room)? {
                continue;
            }
            if let Err(error) = self.apply(room.id, &new.participants) {
                self.store.delete(room.id)?;
                return Err(error);
            }
            if let Some(Repeatability(request)) = repeatability {
                self.store.remember(request, &room, since)?;
            }
            return Ok(Repeated::First(room));
        }
        Err(RoomError::Store(StoreError("no free id was found".to_owned())))
    }

    /// A room.
    ///
    /// # Errors
    /// [`RoomError::NotFound`], [`RoomError::Store`].
    pub fn get(&self, resource: ResourceId, id: RoomId) -> Result<Room, RoomError> {
        let room = self.store.room(id)?;
        room.filter(|room| room.resource == resource)
            .ok_or(RoomError::NotFound)
    }

    /// The rooms of a resource, newest first, [`ROOMS_PER_PAGE`] on a page; `from` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`RoomError::Continuation`], [`RoomError::Store`].
    pub fn list(&self, resource: ResourceId, from: Option<&str>) -> Result<Page<Room>, RoomError> {
        let before = from.map(position).transpose()?;
        let mut items = self.store.rooms(resource, before, ROOMS_PER_PAGE + 1)?;
        let more = items.len() > ROOMS_PER_PAGE;
        items.truncate(ROOMS_PER_PAGE);
        let next = items.last().filter(|_| more).map(|room| {
            let RoomPosition { created_us, id } = RoomPosition::of(room);
            format!("{created_us}-{id}")
        });
        Ok(Page { items, next })
    }

    /// Changes a room.
    ///
    /// # Errors
    /// [`RoomError::NotFound`], [`RoomError::Window`], [`RoomError::Store`].
    pub fn update(
        &mut self,
        resource: ResourceId,
        id: RoomId,
        changes: RoomChanges,
        now: OffsetDateTime,
    ) -> Result<Room, RoomError> {
        let mut room = self.get(resource, id)?;
        let RoomChanges {
            valid_from,
            valid_until,
            pstn_dial_out,
        } = changes;
        room.window = room.window.moved(valid_from, valid_until, now)?;
        room.pstn_dial_out = pstn_dial_out.unwrap_or(room.pstn_dial_out);
        if self.store.update(&room)? {
            Ok(room)
        } else {
            Err(RoomError::NotFound)
        }
    }

    /// Deletes a room.
    ///
    /// # Errors
    /// [`RoomError::NotFound`], [`RoomError::Store`].
    pub fn delete(&mut self, resource: ResourceId, id: RoomId) -> Result<(), RoomError> {
        self.get(resource, id)?;
        self.store.delete(id)?;
        Ok(())
    }

    /// Who is invited to a room, in the order of invitation, [`PARTICIPANTS_PER_PAGE`] on a page; `from` is
    /// [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`RoomError::NotFound`], [`RoomError::Continuation`], [`RoomError::Store`].
    pub fn participants(
        &self,
        resource: ResourceId,
        id: RoomId,
        from: Option<&str>,
    ) -> Result<Page<Participant>, RoomError> {
        self.get(resource, id)?;
        let after = from
            .map(|text| number(text).and_then(|place| u64::try_from(place).ok()))
            .map(|place| place.ok_or(RoomError::Continuation))
            .transpose()?;
        let mut items = self.store.participants(id, after, PARTICIPANTS_PER_PAGE + 1)?;
        let more = items.len() > PARTICIPANTS_PER_PAGE;
        items.truncate(PARTICIPANTS_PER_PAGE);
        let next = items.last().filter(|_| more).map(|(place, _)| place.to_string());
        let items = items.into_iter().map(|(_, participant)| participant).collect();
        Ok(Page { items, next })
    }

    /// Changes who is invited, in this order: all of it or nothing.
    ///
    /// # Errors
    /// [`RoomError::NotFound`], [`RoomError::Participant`], [`RoomError::TooManyParticipants`], [`RoomError::Store`].
    pub fn update_participants(
        &mut self,
        resource: ResourceId,
        id: RoomId,
        changes: &[ParticipantChange],
    ) -> Result<(), RoomError> {
        self.get(resource, id)?;
        of_resource(resource, changes)?;
        self.apply(id, changes)
    }

    /// A room to join, whatever its resource, and all who are invited; `None` when there is no such room.
    ///
    /// # Errors
    /// [`RoomError::Store`].
    pub fn invited(&self, id: RoomId) -> Result<Option<(Room, Vec<Participant>)>, RoomError> {
        let Some(room) = self.store.room(id)? else {
            return Ok(None);
        };
        let list = self.store.participants(id, None, MAX_PARTICIPANTS)?;
        Ok(Some((
            room,
            list.into_iter().map(|(_, participant)| participant).collect(),
        )))
    }

    /// Takes somebody out of all rooms; those it was in.
    ///
    /// # Errors
    /// [`RoomError::Store`].
    pub fn forget(&mut self, user: &AcsUserId) -> Result<Vec<RoomId>, RoomError> {
        Ok(self.store.forget(user)?)
    }

    fn apply(&mut self, id: RoomId, changes: &[ParticipantChange]) -> Result<(), RoomError> {
        // Counted beforehand, so that nothing is changed when it is too much.
        let mut count = self.store.participant_count(id)?;
        let mut on_list: std::collections::BTreeMap<AcsUserId, bool> = std::collections::BTreeMap::new();
        for change in changes {
            let before = match on_list.get(&change.user) {
                Some(before) => *before,
                None => self.store.participant(id, &change.user)?.is_some(),
            };
            let after = change.role.is_some();
            match (before, after) {
                (false, true) => count += 1,
                (true, false) => count = count.saturating_sub(1),
                _ => {}
            }
            on_list.insert(change.user, after);
        }
        if count > MAX_PARTICIPANTS {
            return Err(RoomError::TooManyParticipants);
        }
        Ok(self.store.change_participants(id, changes)?)
    }
}

/// Only users of a resource may be invited to its rooms: its keys say nothing about others.
fn of_resource(resource: ResourceId, changes: &[ParticipantChange]) -> Result<(), RoomError> {
    if changes.iter().all(|change| change.user.resource() == resource) {
        Ok(())
    } else {
        Err(RoomError::Participant)
    }
}

fn position(text: &str) -> Result<RoomPosition, RoomError> {
    text.split_once('-')
        .and_then(|(created, id)| {
            Some(RoomPosition {
                created_us: number(created)?,
                id: id.parse().ok()?,
            })
        })
        .ok_or(RoomError::Continuation)
}

/// Digits alone; `parse` would take a sign too.
fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
