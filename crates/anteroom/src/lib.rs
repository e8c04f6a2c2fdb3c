#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
pub mod client;

#[cfg(feature = "service")]
pub use anteroom_service as service;
