//! Signaling over real sockets: from `Hello` to the end reason, in both encodings.

mod chat;
pub(crate) mod client;
mod graph;
mod groups;
mod input;
mod joining;
mod life;
mod media;
mod names;
mod operations;
mod preflight;
mod resuming;
mod rooms;
mod signs;
