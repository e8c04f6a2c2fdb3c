//! Media: the router's thread, and what offers mean for it.

mod candidates;
pub(crate) use candidates::interfaces;
mod control;
pub mod negotiate;

pub use self::control::{MediaControl, start};
