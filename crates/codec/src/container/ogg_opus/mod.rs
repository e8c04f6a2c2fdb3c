//! Opus in Ogg (RFC 7845): what `opusenc` writes and browsers play. The one place that knows `ogg`.

mod header;
mod pages;
mod reader;
mod writer;

pub use header::{OpusHead, OpusTags};
pub use reader::{OggPacket, Reader};
pub use writer::Writer;

#[cfg(test)]
mod tests;
