//! Cursors over byte slices: big-endian, bounds-checked, allocation-free.

mod reader;
mod writer;

pub use reader::Reader;
pub use writer::{BufferFull, Writer};
