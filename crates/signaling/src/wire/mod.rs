//! Two encodings of one message type: protobuf and its JSON mapping.
//!
//! # The JSON mapping
//!
//! Subprotocol `anteroom.v1.json`, one JSON object per text message, following the protobuf JSON mapping:
//!
//! - Field names are lowerCamelCase (`inReplyTo`); the schema's own names (`in_reply_to`) are read too.
//! - The `body` of a message is one member named after it: `{"id":1,"hello":{"token":"…"}}`. Two bodies are an error.
//! - Fields with their default value (`""`, `0`, `false`, an empty list, `…_UNSPECIFIED`) are left out by the writer;
//!   a reader takes a missing field or `null` for the default.
//! - 64-bit integers (`seq`, `lastSeq`, `createdMs`, `sinceMs`) are written as strings, and read as strings or numbers.
//! - Enumerations are written by name (`"ROLE_ATTENDEE"`), and read by name or number. Unknown names mean
//!   `…_UNSPECIFIED`.
//! - Members that are not in the schema are ignored.
//!
//! # Bounds
//!
//! A client message is at most [`MAX_MESSAGE_BYTES`] long in either encoding, a server message at most
//! [`MAX_SERVER_MESSAGE_BYTES`]. Nesting is bounded too: 100 levels in protobuf, 128 in JSON, far above the four the
//! schema has. Malformed input is a [`DecodeError`], never a panic.

mod json;
mod protobuf;
mod shared;

use thiserror::Error;

pub use self::shared::SharedBody;
use crate::proto::{ClientMessage, ServerMessage};

/// Longest message a client may send, in bytes, in either encoding.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// Longest message of a server in bytes, as it travels. A server's own limit for what it makes is
/// [`MAX_MESSAGE_BYTES`] of protobuf; as JSON the same message can be several times as long.
pub const MAX_SERVER_MESSAGE_BYTES: usize = 2 * 1024 * 1024;

/// How messages are written on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Protobuf in binary WebSocket messages.
    Protobuf,
    /// The protobuf JSON mapping in text WebSocket messages.
    Json,
}

impl Encoding {
    /// Both encodings, the one to prefer first.
    pub const ALL: [Self; 2] = [Self::Protobuf, Self::Json];

    /// The encoding a WebSocket subprotocol (RFC 6455 §1.9) stands for: `anteroom.v1.proto` or `anteroom.v1.json`.
    #[must_use]
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|encoding| encoding.subprotocol() == name)
    }

    /// The WebSocket subprotocol of this encoding.
    #[must_use]
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Protobuf => "anteroom.v1.proto",
            Self::Json => "anteroom.v1.json",
        }
    }
}

/// One WebSocket message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A binary message, from [`Encoding::Protobuf`].
    Binary(Vec<u8>),
    /// A text message, from [`Encoding::Json`].
    Text(String),
}

impl Frame {
    /// The payload.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Binary(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
        }
    }
}

/// Why bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Longer than allowed.
    #[error("message of {len} bytes is longer than the {max} allowed")]
    TooLarge {
        /// Length of what came, in bytes.
        len: usize,
        /// The limit, in bytes.
        max: usize,
    },
    /// Not a protobuf message of this schema, or nested too deep.
    #[error("malformed protobuf message")]
    Protobuf,
    /// Not JSON, or JSON that does not fit the schema, or nested too deep.
    #[error("malformed JSON message at line {line}, column {column}")]
    Json {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault in bytes, from 1; 0 for a fault in the message as a whole.
        column: usize,
    },
}

/// Reads what a client sent.
///
/// A message whose `body` is missing or not of this version decodes to `body: None`.
///
/// # Errors
///
/// [`DecodeError`] when the bytes are not a message or more than [`MAX_MESSAGE_BYTES`].
pub fn decode_client(encoding: Encoding, bytes: &[u8]) -> Result<ClientMessage, DecodeError> {
    bounded(bytes, MAX_MESSAGE_BYTES)?;
    match encoding {
        Encoding::Protobuf => protobuf::decode(bytes),
        Encoding::Json => json::decode(bytes),
    }
}

/// Reads what a server sent.
///
/// # Errors
///
/// [`DecodeError`] when the bytes are not a message or more than [`MAX_SERVER_MESSAGE_BYTES`].
pub fn decode_server(encoding: Encoding, bytes: &[u8]) -> Result<ServerMessage, DecodeError> {
    bounded(bytes, MAX_SERVER_MESSAGE_BYTES)?;
    match encoding {
        Encoding::Protobuf => protobuf::decode(bytes),
        Encoding::Json => json::decode(bytes),
    }
}

/// Writes a client's message. In JSON, enumeration values that the schema does not have become `…_UNSPECIFIED`.
#[must_use]
pub fn encode_client(encoding: Encoding, message: &ClientMessage) -> Frame {
    match encoding {
        Encoding::Protobuf => Frame::Binary(protobuf::encode(message)),
        Encoding::Json => Frame::Text(json::encode_client(message)),
    }
}

/// Writes a server's message. In JSON, enumeration values that the schema does not have become `…_UNSPECIFIED`.
#[must_use]
pub fn encode_server(encoding: Encoding, message: &ServerMessage) -> Frame {
    match encoding {
        Encoding::Protobuf => Frame::Binary(protobuf::encode(message)),
        Encoding::Json => Frame::Text(json::encode_server(message)),
    }
}

fn bounded(bytes: &[u8], max: usize) -> Result<(), DecodeError> {
    if bytes.len() > max {
        return Err(DecodeError::TooLarge {
            len: bytes.len(),
            max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
