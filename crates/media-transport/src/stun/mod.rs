//! STUN as ICE uses it: Binding requests, indications and responses (RFC 8489, RFC 8445 §16).
//!
//! [`Message::parse`] checks the whole structure once and borrows from the datagram; nothing is allocated. A parsed
//! message is not an authentic one: call [`Message::verify_integrity`] before believing it.
//!
//! ```
//! use anteroom_media_transport::stun::{Class, Message, MessageBuilder, TransactionId};
//!
//! let mut buffer = [0; 128];
//! let mut builder = MessageBuilder::new(&mut buffer, Class::Request, TransactionId([7; 12])).unwrap();
//! builder.username("server", "client").unwrap();
//! let datagram = builder.finish_with_integrity("server password").unwrap();
//!
//! let message = Message::parse(datagram).unwrap();
//! assert_eq!(message.username(), Some(("server", "client")));
//! assert!(message.verify_integrity("server password"));
//! assert!(!message.verify_integrity("another password"));
//! ```

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod attribute;
mod builder;
mod crc32;
mod message;
#[cfg(test)]
mod tests;

pub use attribute::{AttributeType, ErrorCode};
pub use builder::MessageBuilder;
pub use message::{Class, Message, TransactionId, peek_username};

/// The fixed value behind the length of every message, RFC 8489 §5.
pub const MAGIC_COOKIE: u32 = 0x2112_a442;

/// Length of the header in bytes.
const HEADER_LEN: usize = 20;

/// Length of the MESSAGE-INTEGRITY value: a whole SHA-1.
const INTEGRITY_LEN: usize = 20;

/// The value that the CRC-32 of a fingerprint is XORed with, RFC 8489 §14.7.
const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// The Binding method, the only one ICE uses.
const METHOD_BINDING: u16 = 0x001;
