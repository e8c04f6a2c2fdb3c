//! Media: the router's threads, and what offers mean for them.

mod candidates;
pub(crate) use candidates::interfaces;
mod control;
pub mod negotiate;
mod preflight;

pub use self::control::{MediaAddrs, MediaControl, start};
pub(crate) use self::preflight::Preflight;
