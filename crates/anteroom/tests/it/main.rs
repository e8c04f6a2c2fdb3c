//! The program as its users run it, and the crate as those who build on it do. One test program: each further one
//! would link the whole service again.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod common;
mod durability;
mod emulator;
mod groups;
mod link;
mod load;
mod media_threads;
mod meeting_recording;
mod operating;
mod program;
mod recording;
mod resource;
mod rooms;
mod tenant;
mod webhook;
mod whole_loop;
