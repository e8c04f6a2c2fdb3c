//! Redundant audio (RFC 2198): a packet carries the sound of earlier ones once more, before its own.

use crate::error::ParseError;
use crate::rtp::WriteError;
use crate::wire::{Reader, Writer};

/// How far back a redundant block can be: 14 bits.
pub const MAX_TIMESTAMP_OFFSET: u32 = (1 << 14) - 1;
/// How long a redundant block can be: 10 bits.
pub const MAX_BLOCK_LEN: usize = (1 << 10) - 1;
/// Most redundant blocks this crate reads and writes. Browsers send one or two.
pub const MAX_BLOCKS: usize = 8;

/// A redundant payload, borrowed and checked: all blocks are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedPayload<'a> {
    /// The packet's own sound.
    pub primary: &'a [u8],
    /// The payload type of that.
    pub primary_type: u8,
    headers: &'a [[u8; 4]],
    data: &'a [u8],
}

/// The sound of an earlier packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedBlock<'a> {
    /// Its payload type, 0..=127.
    pub payload_type: u8,
    /// How much earlier it is, in units of the RTP clock, 0..=[`MAX_TIMESTAMP_OFFSET`].
    pub timestamp_offset: u32,
    /// At most [`MAX_BLOCK_LEN`] bytes.
    pub data: &'a [u8],
}

impl RedBlock<'_> {
    /// What it adds to a payload, in bytes: its header and its data.
    #[must_use]
    pub const fn len(&self) -> usize {
        4 + self.data.len()
    }

    /// Whether it has no data.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.data.is_empty()
    }
}

impl<'a> RedPayload<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// [`ParseError`] when a block runs past the end, or there are more than [`MAX_BLOCKS`].
    pub fn read(payload: &'a [u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "RED block header";
        let mut reader = Reader::new(payload);
        let (mut count, mut data_len) = (0, 0);
        let primary_type = loop {
            let first = reader.u8(FIELD)?;
            if first & 0x80 == 0 {
                break first;
            }
            if count == MAX_BLOCKS {
                return Err(ParseError::invalid("RED block count"));
            }
            data_len += (reader.u24(FIELD)? & 0x3ff) as usize;
            count += 1;
        };
        let data = reader.bytes(data_len, "RED block")?;
        Ok(Self {
            primary: reader.rest(),
            primary_type,
            headers: payload.get(..count * 4).unwrap_or_default().as_chunks().0,
            data,
        })
    }

    /// The sound of earlier packets, the earliest first.
    pub fn redundant(&self) -> impl Iterator<Item = RedBlock<'a>> + Clone + use<'a> {
        let mut data = Reader::new(self.data);
        self.headers.iter().map_while(move |header| {
            let bits = u32::from_be_bytes(*header);
            Some(RedBlock {
                payload_type: header[0] & 0x7f,
                timestamp_offset: bits >> 10 & MAX_TIMESTAMP_OFFSET,
                data: data.bytes((bits & 0x3ff) as usize, "RED block").ok()?,
            })
        })
    }
}

/// Writes a redundant payload to the front of `buffer` and returns its length. `redundant` are earlier sounds, the earliest
/// first; those that are too long or too far back for their fields are left out, and so are empty ones and all but the last
/// [`MAX_BLOCKS`].
///
/// # Errors
/// [`WriteError::BufferTooSmall`]; [`WriteError::PayloadType`] for one over 127.
pub fn write<'a>(
    primary_type: u8,
    primary: &[u8],
    redundant: impl Iterator<Item = RedBlock<'a>> + Clone,
    buffer: &mut [u8],
) -> Result<usize, WriteError> {
    let fits = |block: &RedBlock<'_>| {
        block.timestamp_offset <= MAX_TIMESTAMP_OFFSET
            && block.payload_type < 0x80
            && (1..=MAX_BLOCK_LEN).contains(&block.data.len())
    };
    if primary_type > 0x7f {
        return Err(WriteError::PayloadType);
    }
    let blocks = redundant.filter(fits);
    let skip = blocks.clone().count().saturating_sub(MAX_BLOCKS);
    let mut writer = Writer::new(buffer);
    for block in blocks.clone().skip(skip) {
        // Both have been checked to fit.
        let length = u32::try_from(block.data.len()).unwrap_or_default();
        writer.u8(0x80 | block.payload_type)?;
        writer.u24(block.timestamp_offset << 10 | length)?;
    }
    writer.u8(primary_type)?;
    for block in blocks.skip(skip) {
        writer.bytes(block.data)?;
    }
    writer.bytes(primary)?;
    Ok(writer.position())
}

/// Gives the blocks of a redundant payload another type, where they have the type `from`.
pub fn rename(payload: &mut [u8], from: u8, to: u8) {
    if from == to || to > 0x7f {
        return;
    }
    let mut rest = payload;
    while let Some((header, others)) = rest.split_first_mut() {
        if *header & 0x7f == from {
            *header = *header & 0x80 | to;
        }
        if *header & 0x80 == 0 {
            return;
        }
        rest = others.get_mut(3..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn block(timestamp_offset: u32, data: &[u8]) -> RedBlock<'_> {
        RedBlock {
            payload_type: 111,
            timestamp_offset,
            data,
        }
    }

    #[test]
    fn reads_blocks_and_what_is_new() {
        let payload = [
            0x80 | 111,
            0x1e,
            0x00,
            2,
            0x80 | 111,
            0x0f,
            0x00,
            1,
            111,
            1,
            2,
            3,
            4,
            5,
        ];
        let read = RedPayload::read(&payload).unwrap();
        assert!(read.redundant().eq([block(1920, &[1, 2]), block(960, &[3])]));
        assert_eq!((read.primary_type, read.primary), (111, &[4, 5][..]));
        let alone = RedPayload::read(&[111]).unwrap();
        assert_eq!((alone.redundant().count(), alone.primary.len()), (0, 0));
        let truncated = ParseError::truncated;
        assert_eq!(RedPayload::read(&payload[..11]), Err(truncated("RED block")));
        assert_eq!(
            RedPayload::read(&payload[..8]),
            Err(truncated("RED block header"))
        );
        assert_eq!(
            RedPayload::read(&payload[..6]),
            Err(truncated("RED block header"))
        );
        let many = [[0x80, 0, 0, 0]; 9].concat();
        assert_eq!(
            RedPayload::read(&many),
            Err(ParseError::invalid("RED block count"))
        );
    }

    #[test]
    fn what_has_no_field_is_left_out() {
        let long = [0; MAX_BLOCK_LEN + 1];
        let redundant = [
            block(1 << 14, b"far"),
            block(2, &long),
            block(3, b""),
            block(4, b"good"),
        ];
        let mut buffer = [0; 64];
        let length = write(96, b"new", redundant.into_iter(), &mut buffer).unwrap();
        let read = RedPayload::read(&buffer[..length]).unwrap();
        assert!(read.redundant().eq([block(4, b"good")]));
        assert_eq!(read.primary, b"new");
        let many: Vec<_> = (0..12).map(|at| block(at, b"x")).collect();
        let length = write(96, b"new", many.iter().copied(), &mut buffer).unwrap();
        let read = RedPayload::read(&buffer[..length]).unwrap();
        assert!(read.redundant().eq(many[4..].iter().copied()));
        assert_eq!(
            write(96, b"new", many.into_iter(), &mut buffer[..20]),
            Err(WriteError::BufferTooSmall)
        );
        assert_eq!(
            write(128, b"", [].into_iter(), &mut buffer),
            Err(WriteError::PayloadType)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            primary_type in 0_u8..128, primary in vec(any::<u8>(), 0..300),
            blocks in vec((0_u8..128, 0..=MAX_TIMESTAMP_OFFSET, vec(any::<u8>(), 1..=MAX_BLOCK_LEN)), 0..=3),
        ) {
            let blocks: Vec<_> = blocks
                .iter()
                .map(|(payload_type, offset, data)| RedBlock { payload_type: *payload_type, timestamp_offset: *offset, data })
                .collect();
            let mut buffer = [0; 4096];
            let length = write(primary_type, &primary, blocks.iter().copied(), &mut buffer).unwrap();
            let read = RedPayload::read(&buffer[..length]).unwrap();
            prop_assert_eq!(read.redundant().collect::<Vec<_>>(), blocks);
            prop_assert_eq!((read.primary_type, read.primary), (primary_type, &primary[..]));
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in vec(any::<u8>(), 0..80)) {
            if let Ok(read) = RedPayload::read(&bytes) {
                let redundant: usize = read.redundant().map(|block| block.data.len()).sum();
                prop_assert!(redundant + read.primary.len() < bytes.len());
            }
        }
    }
}
