use super::symbol::{LARGE_DELTA, NOT_RECEIVED, RESERVED, SMALL_DELTA};
use super::{MAX_RUN, ONE_BIT_STATUSES, TICKS_PER_REFERENCE, TWO_BIT_STATUSES};
use crate::error::ParseError;

/// When packets arrived at the other end (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1), borrowed and checked:
/// the chunks cover all packets, and each packet that arrived has its delta.
#[derive(Debug, Clone, Copy)]
pub struct TransportFeedback<'a> {
    /// Who says so.
    pub sender_ssrc: u32,
    /// Any stream of the transport.
    pub media_ssrc: u32,
    /// The first transport-wide sequence number.
    pub base_sequence: u16,
    /// How many packets it is about, at least one.
    pub status_count: u16,
    /// In units of 64 ms, 24 bits; see [`unwrap_reference`](super::unwrap_reference).
    pub reference_time: u32,
    /// Number of this feedback.
    pub feedback_count: u8,
    chunks: &'a [[u8; 2]],
    deltas: &'a [u8],
}

/// What happened to the next packet, or to the next few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketStatus {
    /// Packets in a row that have not arrived.
    NotReceived {
        /// The first of them.
        first: u16,
        /// How many, at least one. The next status may go on with more.
        count: u16,
    },
    /// A packet that has arrived.
    Received {
        /// Its transport-wide sequence number.
        sequence: u16,
        /// When, in [`TICK`](super::TICK)s since [`TransportFeedback::reference_time`]. Not below that of the packet before
        /// when they arrived in order.
        at: i32,
    },
}

impl<'a> TransportFeedback<'a> {
    #[inline]
    pub(in crate::rtcp) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "transport feedback";
        let (header, rest) = body
            .split_first_chunk::<16>()
            .ok_or(ParseError::truncated(FIELD))?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, feedback_count] = *header;
        let status_count = u16::from_be_bytes([k, l]);
        if status_count == 0 {
            return Err(ParseError::invalid("packet status count"));
        }
        let chunks = rest.as_chunks().0;
        let (mut used, mut left, mut delta_bytes) = (0, status_count, 0);
        while left > 0 {
            let chunk = chunks.get(used).ok_or(ParseError::truncated("packet chunk"))?;
            let (covered, bytes) = Chunk::read(*chunk, left)
                .delta_bytes()
                .ok_or(ParseError::invalid("packet status symbol"))?;
            left -= covered;
            delta_bytes += bytes;
            used += 1;
        }
        let (chunks, deltas) = rest.split_at_checked(used * 2).unwrap_or_default();
        Ok(Self {
            sender_ssrc: u32::from_be_bytes([a, b, c, d]),
            media_ssrc: u32::from_be_bytes([e, f, g, h]),
            base_sequence: u16::from_be_bytes([i, j]),
            status_count,
            reference_time: u32::from_be_bytes([0, m, n, o]),
            feedback_count,
            chunks: chunks.as_chunks().0,
            // What follows is padding.
            deltas: deltas
                .get(..delta_bytes)
                .ok_or(ParseError::truncated("receive delta"))?,
        })
    }

    /// What happened to all packets, in the order of their numbers.
    #[must_use]
    #[inline]
    pub fn statuses(&self) -> PacketStatuses<'a> {
        PacketStatuses {
            chunks: self.chunks.iter(),
            deltas: self.deltas,
            chunk: Chunk::default(),
            sequence: self.base_sequence,
            left: self.status_count,
            at: 0,
        }
    }

    /// The packets that have arrived: number, and time in [`TICK`](super::TICK)s since the reference time.
    #[inline]
    pub fn arrivals(&self) -> impl Iterator<Item = (u16, i32)> + use<'a> {
        self.statuses().filter_map(|status| match status {
            PacketStatus::Received { sequence, at } => Some((sequence, at)),
            PacketStatus::NotReceived { .. } => None,
        })
    }

    /// How many packets have arrived.
    #[must_use]
    pub fn arrival_count(&self) -> usize {
        self.arrivals().count()
    }

    /// The reference time in [`TICK`](super::TICK)s, below 2³².
    #[must_use]
    pub const fn reference_ticks(&self) -> u32 {
        self.reference_time.wrapping_mul(TICKS_PER_REFERENCE)
    }
}

/// Iterates over what a [`TransportFeedback`] says. It takes one step for each packet that arrived and for each gap.
#[derive(Debug, Clone)]
pub struct PacketStatuses<'a> {
    chunks: std::slice::Iter<'a, [u8; 2]>,
    deltas: &'a [u8],
    chunk: Chunk,
    sequence: u16,
    left: u16,
    at: i32,
}

impl Iterator for PacketStatuses<'_> {
    type Item = PacketStatus;

    #[inline]
    fn next(&mut self) -> Option<PacketStatus> {
        while self.chunk.left == 0 {
            self.chunk = Chunk::read(*self.chunks.next()?, self.left);
            self.left -= self.chunk.left;
        }
        let sequence = self.sequence;
        let symbol = self.chunk.symbol();
        if symbol == NOT_RECEIVED {
            let count = self.chunk.skip_not_received();
            self.sequence = sequence.wrapping_add(count);
            return Some(PacketStatus::NotReceived {
                first: sequence,
                count,
            });
        }
        self.chunk.advance();
        self.sequence = sequence.wrapping_add(1);
        let delta = if symbol == SMALL_DELTA {
            let (delta, rest) = self.deltas.split_first()?;
            self.deltas = rest;
            i32::from(*delta)
        } else {
            let (delta, rest) = self.deltas.split_first_chunk()?;
            self.deltas = rest;
            i32::from(i16::from_be_bytes(*delta))
        };
        // At most 2¹⁶ deltas of less than 2¹⁵ ticks: the sum just fits.
        self.at = self.at.wrapping_add(delta);
        Some(PacketStatus::Received {
            sequence,
            at: self.at,
        })
    }
    /// `for_each` and what is made of it keep all in registers, which `next` cannot.
    #[inline]
    fn fold<B, F: FnMut(B, PacketStatus) -> B>(self, init: B, mut f: F) -> B {
        let Self {
            mut chunks,
            mut deltas,
            mut chunk,
            mut sequence,
            mut left,
            mut at,
        } = self;
        let mut folded = init;
        loop {
            while chunk.left > 0 {
                let symbol = chunk.symbol();
                if symbol == NOT_RECEIVED {
                    let (first, count) = (sequence, chunk.skip_not_received());
                    sequence = sequence.wrapping_add(count);
                    folded = f(folded, PacketStatus::NotReceived { first, count });
                    continue;
                }
                let delta = if symbol == SMALL_DELTA {
                    let Some((delta, rest)) = deltas.split_first() else {
                        return folded;
                    };
                    deltas = rest;
                    i32::from(*delta)
                } else {
                    let Some((delta, rest)) = deltas.split_first_chunk() else {
                        return folded;
                    };
                    deltas = rest;
                    i32::from(i16::from_be_bytes(*delta))
                };
                chunk.advance();
                at = at.wrapping_add(delta);
                folded = f(folded, PacketStatus::Received { sequence, at });
                sequence = sequence.wrapping_add(1);
            }
            let Some(next) = chunks.next() else {
                return folded;
            };
            chunk = Chunk::read(*next, left);
            left -= chunk.left;
        }
    }
}

/// A chunk with the statuses that are still to come.
#[derive(Debug, Clone, Copy, Default)]
struct Chunk {
    /// Two bits each, the next in the highest. Of a run only one.
    symbols: u32,
    left: u16,
    /// How far the next status is: two bits, none in a run.
    step: u8,
}

impl Chunk {
    /// Reads a chunk, of which at most `limit` statuses count.
    #[inline]
    fn read(chunk: [u8; 2], limit: u16) -> Self {
        let bits = u16::from_be_bytes(chunk);
        let symbols = u32::from(bits & 0x3fff);
        if bits & 0x8000 == 0 {
            return Self {
                symbols: u32::from(bits >> 13) << 30,
                left: (bits & MAX_RUN).min(limit),
                step: 0,
            };
        }
        let (symbols, count) = if bits & 0x4000 == 0 {
            (spread(symbols) << 4, ONE_BIT_STATUSES)
        } else {
            (symbols << 18, TWO_BIT_STATUSES)
        };
        Self {
            symbols,
            left: count.min(limit),
            step: 2,
        }
    }

    /// How many statuses the chunk has, and how many bytes of deltas they need; `None` with an undefined symbol.
    #[inline]
    fn delta_bytes(self) -> Option<(u16, usize)> {
        if self.step == 0 {
            let symbol = self.symbol();
            return (symbol != RESERVED).then(|| (self.left, usize::from(self.left) * usize::from(symbol)));
        }
        // What lies behind the last status does not count.
        let symbols = self.symbols & !(u32::MAX.checked_shr(2 * u32::from(self.left)).unwrap_or(0));
        let (small, large) = (symbols & 0x5555_5555, symbols >> 1 & 0x5555_5555);
        let bytes = small.count_ones() + 2 * large.count_ones();
        (small & large == 0).then_some((self.left, bytes as usize))
    }

    #[inline]
    const fn symbol(self) -> u16 {
        const { assert!(LARGE_DELTA <= 3) };
        (self.symbols >> 30) as u16
    }

    #[inline]
    const fn advance(&mut self) {
        self.left -= 1;
        self.symbols <<= self.step;
    }

    /// Takes all statuses up to the next packet that arrived.
    #[inline]
    fn skip_not_received(&mut self) -> u16 {
        let zeros = if self.step == 0 {
            self.left
        } else {
            // At most sixteen pairs.
            u16::try_from(self.symbols.leading_zeros() / 2)
                .unwrap_or_default()
                .min(self.left)
        };
        self.left -= zeros;
        self.symbols = self.symbols.checked_shl(2 * u32::from(zeros)).unwrap_or(0);
        zeros
    }
}

/// Puts each of the lower sixteen bits into the lower one of two.
#[inline]
const fn spread(bits: u32) -> u32 {
    let bits = (bits | bits << 8) & 0x00ff_00ff;
    let bits = (bits | bits << 4) & 0x0f0f_0f0f;
    let bits = (bits | bits << 2) & 0x3333_3333;
    (bits | bits << 1) & 0x5555_5555
}
