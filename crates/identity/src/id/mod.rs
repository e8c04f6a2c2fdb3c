//! Identifiers of Azure Communication Services and of the directory.
//!
//! Each parses from, and prints as, its wire form; parsing what was printed gives the same value.

mod communication;
mod directory;

pub use self::communication::{
    AcsUserId, Cloud, CommunicationIdentifier, PhoneNumber, TeamsAppId, TeamsExtensionUserId, TeamsUserId,
};
pub use self::directory::{ObjectId, ResourceId, TenantId};
