#![doc = include_str!("../README.md")]

pub mod admission;
pub mod audit;
mod capability;
mod display_name;
pub mod graph;
pub mod link;
pub mod lobby;
pub mod policy;
mod role;

pub use self::capability::{Capability, CapabilitySet, ParseCapabilityError};
pub use self::display_name::{DisplayName, DisplayNameError};
pub use self::role::Role;
