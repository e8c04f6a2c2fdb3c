#![doc = include_str!("../README.md")]

pub mod proto;
pub mod sdp;
pub mod session;
pub mod wire;
