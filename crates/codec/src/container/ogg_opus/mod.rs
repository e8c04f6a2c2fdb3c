//! Opus in Ogg (RFC 7845): what `opusenc` writes and browsers play. The one place that knows the crate `ogg`,
//! which writes; reading takes more than it offers: damage is skipped, and places are looked for.

mod header;
mod pages;
mod reader;
mod seek;
mod writer;

pub use header::{OpusHead, OpusTags};
pub use reader::{OggPacket, Reader};
pub use writer::Writer;

#[cfg(test)]
mod tests;
