use std::collections::VecDeque;

use super::{BLOCK_HEADER_LEN, MAX_BLOCK_LEN, MAX_BLOCKS, MAX_TIMESTAMP_OFFSET, PRIMARY_HEADER_LEN};
use crate::Error;

/// A payload of at most this many bytes says that there is nothing to hear (Opus DTX: a table of contents and at most one
/// byte more). It is the same limit libwebrtc has.
const MAX_DTX_LEN: usize = 2;

/// Makes redundant payloads: remembers the last payloads, and sends them once more before the new one.
///
/// Payloads that say only that there is silence (two bytes or fewer), or are longer than [`MAX_BLOCK_LEN`], are sent but not
/// repeated, and a payload further back than [`MAX_TIMESTAMP_OFFSET`] is not repeated either: after a pause there is no
/// redundancy. Every payload is repeated at most [`PackerConfig::blocks`] times.
#[derive(Debug, Clone)]
pub struct Packer {
    config: PackerConfig,
    /// The last payloads, the newest last; at most `config.reach()`, and all within [`MAX_TIMESTAMP_OFFSET`] of the newest.
    earlier: VecDeque<Earlier>,
    /// Buffers to use again; with `earlier` at most `MAX_BLOCKS` of them.
    spare: Vec<Vec<u8>>,
}

/// Settings of a [`Packer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackerConfig {
    /// The payload type of what is packed, 0..=127.
    pub payload_type: u8,
    /// How many earlier payloads are repeated, 0..=[`MAX_BLOCKS`]. 1 repairs single losses, 2 pairs of them.
    pub blocks: usize,
    /// How many packets the repeated ones are apart: with 1, the last packets are repeated; with 2, every other of them,
    /// which withstands losses in pairs with one block, but needs one more packet of delay. At least 1, and
    /// `blocks × distance` at most [`MAX_BLOCKS`].
    pub distance: usize,
    /// No redundancy is added that would make the packet longer than this, in bytes. The new payload is always sent.
    pub max_bytes: usize,
}

impl PackerConfig {
    /// One redundant block as browsers send it, in packets of at most 1200 bytes.
    #[must_use]
    pub const fn new(payload_type: u8) -> Self {
        Self {
            payload_type,
            blocks: 1,
            distance: 1,
            max_bytes: 1200,
        }
    }

    /// How many packets back the earliest repeated one is.
    const fn reach(&self) -> usize {
        self.blocks * self.distance
    }

    fn validate(&self) -> Result<(), Error> {
        if self.payload_type > 0x7f {
            return Err(Error::Setting("a payload type must be 0 to 127"));
        }
        if self.blocks > MAX_BLOCKS
            || self.distance == 0
            || self.blocks.saturating_mul(self.distance) > MAX_BLOCKS
        {
            return Err(Error::Setting("redundancy must reach 0 to 8 packets back"));
        }
        Ok(())
    }
}

impl Packer {
    /// A packer that remembers nothing yet.
    ///
    /// # Errors
    /// [`Error::Setting`] for a value out of range.
    pub fn new(config: PackerConfig) -> Result<Self, Error> {
        config.validate()?;
        Ok(Self {
            config,
            earlier: VecDeque::with_capacity(MAX_BLOCKS),
            spare: Vec::with_capacity(MAX_BLOCKS),
        })
    }

    /// Writes a redundant payload to the front of `out` and returns its length: `payload` with the RTP timestamp
    /// `timestamp`, and earlier ones before it. `payload.len() + 1` bytes and room for the redundancy, at most
    /// [`PackerConfig::max_bytes`] together, are needed; what does not fit into `out` is left out.
    ///
    /// An empty payload means that nothing is sent: nothing is written, and nothing changes.
    ///
    /// # Errors
    /// [`PackError`] when `out` cannot even hold the new payload. Nothing is written or remembered then.
    pub fn pack(&mut self, timestamp: u32, payload: &[u8], out: &mut [u8]) -> Result<usize, PackError> {
        if payload.is_empty() {
            return Ok(0);
        }
        let needed = PRIMARY_HEADER_LEN + payload.len();
        let got = out.len();
        if got < needed {
            return Err(PackError { needed, got });
        }
        // A step back, or a pause: all that is remembered is of no use.
        if let Some(newest) = self.earlier.back()
            && !(1..=MAX_TIMESTAMP_OFFSET).contains(&newest.offset(timestamp))
        {
            self.reset();
        }
        let chosen = self.choose(timestamp, self.config.max_bytes.min(got).saturating_sub(needed));
        let length = write(self.config.payload_type, &chosen, payload, out);
        self.remember(timestamp, payload);
        // All of `chosen` had room, so the length is there.
        length.ok_or(PackError { needed, got })
    }

    /// Changes how much is repeated; what is remembered stays.
    ///
    /// # Errors
    /// [`Error::Setting`] for a value out of range; the old settings stay then.
    pub fn set_config(&mut self, config: PackerConfig) -> Result<(), Error> {
        config.validate()?;
        self.config = config;
        self.forget_beyond(config.reach());
        Ok(())
    }

    /// Forgets earlier payloads, as at the start of a stream.
    pub fn reset(&mut self) {
        self.forget_beyond(0);
    }

    /// The settings in force.
    #[must_use]
    pub const fn config(&self) -> &PackerConfig {
        &self.config
    }

    /// The earlier payloads to repeat, the earliest first, for at most `room` bytes. The newest matter most.
    fn choose(&self, timestamp: u32, mut room: usize) -> [Option<(u32, &[u8])>; MAX_BLOCKS] {
        let mut chosen = [None; MAX_BLOCKS];
        let candidates = self
            .earlier
            .iter()
            .rev()
            .skip(self.config.distance - 1)
            .step_by(self.config.distance)
            .take(self.config.blocks);
        for (slot, earlier) in chosen.iter_mut().rev().zip(candidates) {
            if earlier.payload.is_empty() {
                continue;
            }
            let offset = earlier.offset(timestamp);
            let length = BLOCK_HEADER_LEN + earlier.payload.len();
            if offset > MAX_TIMESTAMP_OFFSET || length > room {
                break;
            }
            *slot = Some((offset, &earlier.payload[..]));
            room -= length;
        }
        chosen
    }

    fn remember(&mut self, timestamp: u32, payload: &[u8]) {
        let reach = self.config.reach();
        if reach == 0 {
            return;
        }
        self.forget_beyond(reach - 1);
        let mut kept = self.spare.pop().unwrap_or_default();
        kept.clear();
        if (MAX_DTX_LEN + 1..=MAX_BLOCK_LEN).contains(&payload.len()) {
            kept.extend_from_slice(payload);
        }
        self.earlier.push_back(Earlier {
            timestamp,
            payload: kept,
        });
    }

    fn forget_beyond(&mut self, count: usize) {
        while self.earlier.len() > count {
            self.spare.extend(self.earlier.pop_front().map(|old| old.payload));
        }
    }
}

/// There is no room for the new payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("buffer of {got} bytes where {needed} are needed")]
pub struct PackError {
    /// The size, in bytes, that would have been enough for the payload without redundancy.
    pub needed: usize,
    /// The size of the buffer handed in.
    pub got: usize,
}

#[derive(Debug, Clone)]
struct Earlier {
    timestamp: u32,
    /// At most [`MAX_BLOCK_LEN`] bytes; empty for what is not to be repeated.
    payload: Vec<u8>,
}

impl Earlier {
    const fn offset(&self, now: u32) -> u32 {
        now.wrapping_sub(self.timestamp)
    }
}

/// `None` when `out` is too small, or a block too long for its header.
fn write(payload_type: u8, blocks: &[Option<(u32, &[u8])>], primary: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        out.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
        at += bytes.len();
        Some(())
    };
    for &(offset, data) in blocks.iter().flatten() {
        let header =
            (0x80 | u32::from(payload_type)) << 24 | offset << 10 | u32::try_from(data.len()).ok()?;
        put(&header.to_be_bytes())?;
    }
    put(&[payload_type])?;
    for (_, data) in blocks.iter().flatten() {
        put(data)?;
    }
    put(primary)?;
    Some(at)
}
