//! RTP packets (RFC 3550 §5) and their header extensions (RFC 8285).
//!
//! [`Packet::parse`] checks the structure once and borrows from the datagram; [`PacketMut`] does the same and changes it in
//! place; [`PacketBuilder`] writes into the caller's slice. None allocates.
//!
//! | module | what |
//! |---|---|
//! | [`extension`] | header extensions: by id, by what they mean, and their values |
//! | [`dependency`] | the dependency descriptor: which frames a decode target needs |
//! | [`rtx`] | retransmissions (RFC 4588) |
//!
//! ```
//! use anteroom_media_transport::rtp::{Packet, PacketBuilder};
//!
//! let mut buffer = [0; 64];
//! let length = PacketBuilder::new(111, 7, 960, 0x5eed)
//!     .marker(true)
//!     .extension(1, b"mic")
//!     .write(b"sound", &mut buffer)?;
//!
//! let packet = Packet::parse(&buffer[..length])?;
//! assert_eq!((packet.payload_type(), packet.sequence_number(), packet.timestamp()), (111, 7, 960));
//! assert_eq!(packet.extension(1), Some(&b"mic"[..]));
//! assert_eq!(packet.payload(), b"sound");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
pub mod dependency;
pub mod extension;
mod packet;
mod packet_mut;
mod padding;
#[cfg(test)]
mod peers;
pub mod rtx;
mod sequence;
#[cfg(test)]
mod tests;

pub use builder::{MAX_EXTENSIONS, PacketBuilder, WriteError};
pub use extension::{ExtensionKind, ExtensionMap, ExtensionValues, Extensions};
pub use packet::Packet;
pub use packet_mut::PacketMut;
pub use padding::{pad_to, unpad};
pub use sequence::{SequenceExtender, SequenceNumber, extend_timestamp};

/// Length of the header without sources and extensions, in bytes.
pub const FIXED_HEADER_LEN: usize = 12;

/// The "defined by profile" word of one-byte extensions (RFC 8285 §4.2).
const ONE_BYTE_PROFILE: u16 = 0xbede;

/// The upper twelve bits of that word for two-byte extensions; the lower four are free (RFC 8285 §4.3).
const TWO_BYTE_PROFILE: u16 = 0x1000;
