//! Cursors over byte slices: big-endian, bounds-checked, allocation-free.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod reader;
mod writer;

pub use reader::Reader;
pub use writer::{BufferFull, Writer};
