//! Redundant audio (RFC 2198): a packet carries the sound of earlier ones once more, before its own.
//!
//! The payload format `audio/red` as browsers speak it: one type of payload (Opus) inside, one or two redundant blocks,
//! which are earlier payloads byte for byte. [`Packer`] makes such payloads, [`unpack`] takes them apart:
//!
//! ```text
//! |1| type (7) | timestamp offset (14) | length (10) |   once for each redundant block, the earliest first
//! |0| type (7) |                                          of what the packet is about
//! redundant data ...  primary data
//! ```
//!
//! Neither knows RTP headers: the caller gives and takes payloads and timestamps.
#![warn(clippy::indexing_slicing)]

mod packer;
#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that indexes badly fails")]
mod tests;

pub use packer::{PackError, Packer, PackerConfig};

/// How far back a redundant block can be, in units of the RTP clock: 14 bits, 341 ms at 48 kHz.
pub const MAX_TIMESTAMP_OFFSET: u32 = (1 << 14) - 1;
/// How long a redundant block can be, in bytes: 10 bits.
pub const MAX_BLOCK_LEN: usize = (1 << 10) - 1;
/// Most redundant blocks this crate reads and writes. Browsers send one or two.
pub const MAX_BLOCKS: usize = 8;

const BLOCK_HEADER_LEN: usize = 4;
const PRIMARY_HEADER_LEN: usize = 1;

/// Takes a payload apart. All headers are read and all lengths checked before anything is returned.
///
/// # Errors
/// [`UnpackError`] for a payload that ends too early or has more than [`MAX_BLOCKS`] redundant blocks.
pub fn unpack(payload: &[u8]) -> Result<Payload<'_>, UnpackError> {
    let mut rest = payload;
    let (mut count, mut data_len) = (0, 0);
    let primary_type = loop {
        let (&first, others) = rest.split_first().ok_or(UnpackError::Headers)?;
        if first & 0x80 == 0 {
            rest = others;
            break first;
        }
        if count == MAX_BLOCKS {
            return Err(UnpackError::TooManyBlocks);
        }
        let (header, others) = rest.split_first_chunk().ok_or(UnpackError::Headers)?;
        data_len += Header::read(*header).data_len;
        count += 1;
        rest = others;
    };
    let (data, primary) = rest.split_at_checked(data_len).ok_or(UnpackError::Block)?;
    Ok(Payload {
        primary,
        primary_type,
        headers: payload.as_chunks().0.get(..count).unwrap_or_default(),
        data,
    })
}

/// A redundant payload, borrowed and checked: all blocks are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload<'a> {
    /// The packet's own sound. Empty when the packet has only redundancy.
    pub primary: &'a [u8],
    /// The payload type of that, 0..=127.
    pub primary_type: u8,
    headers: &'a [[u8; BLOCK_HEADER_LEN]],
    data: &'a [u8],
}

impl<'a> Payload<'a> {
    /// The sound of earlier packets, in the order of the packet: the earliest first, if the sender keeps to the RFC.
    /// Blocks may be empty, may repeat an offset, and may have any type, that of RED itself included.
    pub fn redundant(&self) -> impl Iterator<Item = Block<'a>> + Clone + use<'a> {
        let mut data = self.data;
        self.headers.iter().map_while(move |header| {
            let header = Header::read(*header);
            let (block, rest) = data.split_at_checked(header.data_len)?;
            data = rest;
            Some(Block {
                payload_type: header.payload_type,
                timestamp_offset: header.timestamp_offset,
                data: block,
            })
        })
    }

    /// Everything in the packet: the redundant blocks, and last, with offset 0, its own sound. 1 to [`MAX_BLOCKS`] + 1.
    pub fn blocks(&self) -> impl Iterator<Item = Block<'a>> + Clone + use<'a> {
        let primary = Block {
            payload_type: self.primary_type,
            timestamp_offset: 0,
            data: self.primary,
        };
        self.redundant().chain([primary])
    }
}

/// The sound of one packet, earlier or this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// Its payload type, 0..=127.
    pub payload_type: u8,
    /// How much earlier it is, in units of the RTP clock, 0..=[`MAX_TIMESTAMP_OFFSET`].
    pub timestamp_offset: u32,
    /// A redundant block has at most [`MAX_BLOCK_LEN`] bytes.
    pub data: &'a [u8],
}

/// Why a payload is not a redundant payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum UnpackError {
    /// It ends within its headers.
    #[error("RED headers are truncated")]
    Headers,
    /// A redundant block runs past the end.
    #[error("a RED block is truncated")]
    Block,
    /// More than [`MAX_BLOCKS`] redundant blocks.
    #[error("too many RED blocks")]
    TooManyBlocks,
}

/// The header of a redundant block.
struct Header {
    payload_type: u8,
    timestamp_offset: u32,
    data_len: usize,
}

impl Header {
    const fn read(bytes: [u8; BLOCK_HEADER_LEN]) -> Self {
        let bits = u32::from_be_bytes(bytes);
        Self {
            payload_type: bytes[0] & 0x7f,
            timestamp_offset: bits >> 10 & MAX_TIMESTAMP_OFFSET,
            data_len: (bits & 0x3ff) as usize,
        }
    }
}
