#![doc = include_str!("../README.md")]

pub mod admission;
pub mod error;
pub mod id;
pub mod role;
pub mod room;
pub mod service;
pub mod store;
pub mod window;
pub mod wire;

pub use self::admission::{Decision, Refusal, admit};
pub use self::error::{RoomError, StoreError};
pub use self::id::{ParseRoomIdError, RoomId};
pub use self::role::{Capability, ParseRoleError, Role};
pub use self::room::{Participant, Room};
pub use self::service::{
    NewRoom, Page, ParticipantChange, Repeatability, Repeated, RoomChanges, RoomService,
};
pub use self::store::{MemoryRoomStore, RoomStore};
pub use self::window::Window;
