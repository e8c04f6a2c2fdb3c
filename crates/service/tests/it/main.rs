//! The service over real sockets. One program: each further one would compile and link the whole service again.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod administration;
mod chat;
mod chat_client;
mod chat_threads;
mod common;
mod emulator;
mod errors;
mod external;
mod graph;
mod hostile;
mod identity;
mod identity_client;
mod notifications;
mod oauth;
mod retention;
mod rooms;
mod signaling;
mod start;
mod surfaces;
mod webhooks;
mod whip;
