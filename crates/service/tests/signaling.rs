//! Signaling over real sockets: from `Hello` to the end reason, in both encodings.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "signaling/chat.rs"]
mod chat;
#[path = "signaling/client.rs"]
mod client;
#[path = "common/mod.rs"]
mod common;
#[path = "signaling/graph.rs"]
mod graph;
#[path = "signaling/input.rs"]
mod input;
#[path = "signaling/joining.rs"]
mod joining;
#[path = "signaling/life.rs"]
mod life;
#[path = "signaling/media.rs"]
mod media;
#[path = "signaling/names.rs"]
mod names;
#[path = "signaling/operations.rs"]
mod operations;
#[path = "signaling/resuming.rs"]
mod resuming;
#[path = "signaling/rooms.rs"]
mod rooms;
