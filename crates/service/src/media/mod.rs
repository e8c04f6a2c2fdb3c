//! Media: the router's threads, and what offers mean for them.

mod candidates;
pub(crate) use candidates::interfaces;
mod control;
pub mod negotiate;

pub use self::control::{MediaAddrs, MediaControl, start};
