//! Packets over TCP, for networks that let nothing else through (RFC 6544, RFC 4571).
//!
//! A connection carries what UDP would carry, each packet behind its length: [`Deframer`] finds the packets in the stream,
//! [`push_frame`] writes them. To everything above, the far end of a connection is an address like any other:
//! [`TcpRemote`] says which it is, and keeps it apart from the same address of UDP and from other connections.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod address;
mod frame;

pub use address::TcpRemote;
pub(crate) use address::plain;
pub use frame::{Deframer, FrameError, LENGTH_BYTES, frames_mut, push_frame};
