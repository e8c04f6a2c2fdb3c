//! ACS JSON and the domain: turned into each other here, nothing else.

pub mod identifier;
pub mod notification;
pub mod rest;
mod time;
