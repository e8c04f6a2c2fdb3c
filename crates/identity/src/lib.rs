#![doc = include_str!("../README.md")]

#[cfg(feature = "client")]
pub mod client;
pub mod error;
pub mod id;
pub mod service;
pub mod signing;
pub mod store;
pub mod token;
pub mod wire;
