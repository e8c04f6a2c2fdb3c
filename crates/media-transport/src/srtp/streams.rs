use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

use crate::error::SrtpError;

/// The most synchronisation sources one context keeps in each direction.
///
/// Further ones are refused, never exchanged for old ones: forgetting an inbound stream would let its packets be
/// replayed, forgetting an outbound one would let a nonce be used twice.
pub const MAX_STREAMS: usize = 8192;

/// State by SSRC, bounded by [`MAX_STREAMS`].
pub(super) struct Streams<T> {
    entries: Vec<(u32, T)>,
    /// Where each SSRC is in `entries`.
    positions: HashMap<u32, usize, SsrcHash>,
    /// The position that was looked up last: packets of a stream come in a row.
    latest: usize,
}

impl<T> Streams<T> {
    /// `seed` must be unknown to the peer's attackers, so that SSRCs cannot be chosen to collide.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            entries: Vec::new(),
            positions: HashMap::with_hasher(SsrcHash { seed }),
            latest: 0,
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, ssrc: u32) -> Option<&mut T> {
        if self
            .entries
            .get(self.latest)
            .is_none_or(|(other, _)| *other != ssrc)
        {
            self.latest = *self.positions.get(&ssrc)?;
        }
        self.entries.get_mut(self.latest).map(|(_, state)| state)
    }

    /// Brings nearer the stream that was looked up last.
    #[inline]
    pub(super) fn warm(&self, steps: u32) {
        if steps == 0 {
            anteroom_prefetch::read(&self.entries);
            anteroom_prefetch::read(&self.latest);
        } else if let Some(entry) = self.entries.get(self.latest) {
            anteroom_prefetch::read(entry);
        }
    }

    /// Adds a stream that is not there yet.
    pub(super) fn insert(&mut self, ssrc: u32, state: T) -> Result<(), SrtpError> {
        if self.is_full() {
            return Err(SrtpError::TooManyStreams);
        }
        self.latest = self.entries.len();
        self.positions.insert(ssrc, self.latest);
        self.entries.push((ssrc, state));
        Ok(())
    }

    pub(super) const fn is_full(&self) -> bool {
        self.entries.len() >= MAX_STREAMS
    }
}

impl<T> fmt::Debug for Streams<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} streams", self.entries.len())
    }
}

/// A folded multiplication: one instruction or two, against dozens of nanoseconds for the default hash.
#[derive(Clone, Copy)]
struct SsrcHash {
    seed: u64,
}

impl BuildHasher for SsrcHash {
    type Hasher = SsrcHasher;

    #[inline]
    fn build_hasher(&self) -> SsrcHasher {
        SsrcHasher { state: self.seed }
    }
}

struct SsrcHasher {
    state: u64,
}

impl Hasher for SsrcHasher {
    #[inline]
    fn write_u32(&mut self, ssrc: u32) {
        const FACTOR: u128 = 0x9e37_79b9_7f4a_7c15;
        let product = u128::from(self.state ^ (u64::from(ssrc) << 16 | u64::from(ssrc))) * FACTOR;
        #[expect(clippy::cast_possible_truncation, reason = "both halves are folded into one")]
        let folded = (product >> 64) as u64 ^ product as u64;
        self.state = folded;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_streams_over_the_limit_and_keeps_the_old() {
        let mut streams = Streams::new(3);
        for ssrc in 0..u32::try_from(MAX_STREAMS).unwrap() {
            streams.insert(ssrc << 8, ssrc).unwrap();
        }
        assert_eq!(streams.insert(1, 0), Err(SrtpError::TooManyStreams));
        assert_eq!(streams.get_mut(255 << 8), Some(&mut 255));
        assert_eq!(streams.get_mut(1), None);
    }

    #[test]
    fn streams_that_take_turns_keep_their_own_state() {
        let mut streams = Streams::new(3);
        for ssrc in [7, 1, 9] {
            streams.insert(ssrc, 0).unwrap();
        }
        for ssrc in [9, 9, 1, 7, 1, 9] {
            *streams.get_mut(ssrc).unwrap() += ssrc;
            assert_eq!(streams.get_mut(8), None);
        }
        assert_eq!([7, 1, 9].map(|ssrc| *streams.get_mut(ssrc).unwrap()), [7, 2, 27]);
    }
}
