//! A room, and who is invited.

use anteroom_identity::id::{AcsUserId, ResourceId};
use time::OffsetDateTime;

use crate::id::RoomId;
use crate::role::Role;
use crate::window::Window;

/// A room, without its participants. Times have microseconds and are in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its id, unique in the service.
    pub id: RoomId,
    /// The resource it belongs to; others never hear of it.
    pub resource: ResourceId,
    /// When it was made.
    pub created: OffsetDateTime,
    /// When it may be joined.
    pub window: Window,
    /// Whether its call may dial out to phone numbers. Kept for the API: there is no telephone network here.
    pub pstn_dial_out: bool,
}

/// Somebody who is invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub user: AcsUserId,
    /// As what.
    pub role: Role,
}
