use super::symbol::{LARGE_DELTA, NOT_RECEIVED, SMALL_DELTA};
use super::{MAX_RUN, ONE_BIT_STATUSES, TICKS_PER_REFERENCE, TWO_BIT_STATUSES};
use crate::rtcp::WriteError;
use crate::wire::{BufferFull, Writer};

/// The fields of a feedback before its statuses.
#[derive(Debug, Clone, Copy)]
pub(in crate::rtcp) struct Feedback {
    pub(in crate::rtcp) sender_ssrc: u32,
    pub(in crate::rtcp) media_ssrc: u32,
    pub(in crate::rtcp) feedback_count: u8,
    pub(in crate::rtcp) base_sequence: u16,
}

/// Writes the body of a feedback about as many of `arrivals` as fit, and returns how many. The first is that of
/// `base_sequence`; `None` is a packet that did not arrive, the others are times in ticks, modulo 2³².
///
/// It ends early where a delta does not fit its field. Packets that did not arrive at the end of what is written are left
/// for the next feedback.
pub(in crate::rtcp) fn write(
    writer: &mut Writer<'_>,
    room: usize,
    feedback: Feedback,
    arrivals: impl Iterator<Item = Option<u32>> + Clone,
) -> Result<u16, WriteError> {
    const HEADER_LEN: usize = 16;
    let first = arrivals.clone().flatten().next().ok_or(WriteError::Empty)?;
    let reference = first & !(TICKS_PER_REFERENCE - 1);
    // All that is written is a multiple of four bytes.
    let room = room & !3;

    writer.u32(feedback.sender_ssrc)?;
    writer.u32(feedback.media_ssrc)?;
    writer.u16(feedback.base_sequence)?;
    let count_at = writer.position();
    writer.u16(0)?;
    writer.u24(reference / TICKS_PER_REFERENCE)?;
    writer.u8(feedback.feedback_count)?;

    let plan = plan(room.saturating_sub(HEADER_LEN), reference, arrivals.clone());
    if plan == 0 {
        return Err(WriteError::BufferTooSmall);
    }
    let mut chunk = PendingChunk::default();
    let mut before = reference;
    for arrival in arrivals.clone().take(usize::from(plan)) {
        let symbol = symbol(&mut before, arrival).map_or(NOT_RECEIVED, |(symbol, _)| symbol);
        if !chunk.takes(symbol) {
            writer.u16(chunk.emit())?;
        }
        chunk.add(symbol);
    }
    writer.u16(chunk.emit_last())?;
    let mut before = reference;
    for arrival in arrivals.take(usize::from(plan)) {
        match symbol(&mut before, arrival) {
            Some((SMALL_DELTA, delta)) => writer.u8(delta.to_be_bytes()[1])?,
            Some((LARGE_DELTA, delta)) => writer.u16(delta.cast_unsigned())?,
            _ => {}
        }
    }
    writer
        .set_u16(count_at, plan)
        .map_err(|BufferFull| WriteError::BufferTooSmall)?;
    writer.align(4)?;
    Ok(plan)
}

/// How many statuses fit: up to the last that arrived, before a delta that has no field.
fn plan(room: usize, reference: u32, arrivals: impl Iterator<Item = Option<u32>>) -> u16 {
    let (mut chunk, mut before) = (PendingChunk::default(), reference);
    // The chunk that is being filled takes two bytes, whatever comes.
    let (mut bytes, mut plan) = (2, 0);
    for (count, arrival) in (1..=u16::MAX).zip(arrivals) {
        let Some((symbol, _)) = symbol(&mut before, arrival) else {
            return plan;
        };
        if !chunk.takes(symbol) {
            chunk.emit();
            bytes += 2;
        }
        chunk.add(symbol);
        bytes += usize::from(symbol);
        if bytes > room {
            return plan;
        }
        if arrival.is_some() {
            plan = count;
        }
    }
    plan
}

/// The symbol of a packet and its delta to the one that arrived before; `None` when the delta has no field.
fn symbol(before: &mut u32, arrival: Option<u32>) -> Option<(u16, i16)> {
    let Some(at) = arrival else {
        return Some((NOT_RECEIVED, 0));
    };
    let delta = i16::try_from(at.wrapping_sub(*before).cast_signed()).ok()?;
    *before = at;
    let symbol = if (0..=255).contains(&delta) {
        SMALL_DELTA
    } else {
        LARGE_DELTA
    };
    Some((symbol, delta))
}

/// Statuses that are not written yet, and fit one chunk of some kind.
///
/// Invariant: either all are the same, or there are at most 14, and at most 7 when one has a large delta.
#[derive(Debug, Clone, Copy, Default)]
struct PendingChunk {
    /// Two bits each, the last in the lowest; the latest sixteen of a longer run.
    symbols: u32,
    count: u16,
    first: u16,
    differ: bool,
    has_large: bool,
}

impl PendingChunk {
    /// Whether one more goes into the same chunk.
    fn takes(&self, symbol: u16) -> bool {
        let same = !self.differ && (symbol == self.first || self.count == 0);
        (same && self.count < MAX_RUN)
            || self.count < TWO_BIT_STATUSES
            || (self.count < ONE_BIT_STATUSES && !self.has_large && symbol != LARGE_DELTA)
    }

    fn add(&mut self, symbol: u16) {
        if self.count == 0 {
            self.first = symbol;
        }
        self.symbols = self.symbols << 2 | u32::from(symbol);
        self.differ |= symbol != self.first;
        self.has_large |= symbol == LARGE_DELTA;
        self.count += 1;
    }

    /// Takes a chunk out, full as far as its kind allows; what does not go into it stays.
    fn emit(&mut self) -> u16 {
        if !self.differ || self.has_large || self.count == ONE_BIT_STATUSES {
            return self.emit_last();
        }
        // More than seven, and what comes next has a large delta.
        let rest = self.count - TWO_BIT_STATUSES;
        let chunk = two_bit(self.symbols >> (2 * rest), TWO_BIT_STATUSES);
        let pending = *self;
        *self = Self::default();
        for at in (0..rest).rev() {
            self.add(lower(pending.symbols >> (2 * at) & 3));
        }
        chunk
    }

    /// Takes everything out.
    fn emit_last(&mut self) -> u16 {
        let pending = std::mem::take(self);
        if !pending.differ {
            pending.first << 13 | pending.count
        } else if pending.has_large {
            two_bit(pending.symbols, pending.count)
        } else {
            one_bit(pending.symbols, pending.count)
        }
    }
}

/// A status vector chunk of at most seven statuses; those that are missing did not arrive, and do not count either.
fn two_bit(symbols: u32, count: u16) -> u16 {
    0xc000 | lower(symbols << (2 * (TWO_BIT_STATUSES - count)) & 0x3fff)
}

/// A status vector chunk of at most fourteen statuses without large deltas.
fn one_bit(symbols: u32, count: u16) -> u16 {
    let bits = (0..count).fold(0, |bits, at| bits | (symbols >> (2 * at) & 1) << at);
    0x8000 | lower(bits << (ONE_BIT_STATUSES - count))
}

/// For values of at most sixteen bits.
fn lower(value: u32) -> u16 {
    let [_, _, a, b] = value.to_be_bytes();
    u16::from_be_bytes([a, b])
}
