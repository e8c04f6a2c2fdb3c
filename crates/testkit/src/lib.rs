#![doc = include_str!("../README.md")]

pub mod clock;
pub mod dir;
pub mod net;
pub mod netem;
pub mod process;
