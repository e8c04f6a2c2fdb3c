use std::fmt;

use sha1::block_api::compress;

use crate::lanes::Tail;

/// A whole HMAC-SHA1 tag, before truncation.
pub type Tag = [u8; 20];

/// The five words of a SHA-1 state.
pub(crate) type State = [u32; 5];

/// FIPS 180-4 §5.3.1.
const INITIAL: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// Length of a block in bytes.
pub(crate) const BLOCK: usize = 64;

/// An HMAC-SHA1 key (RFC 2104): the two states behind its padded halves, so that a tag costs no hashing of the key.
#[derive(Clone)]
pub struct HmacSha1 {
    pub(crate) inner: State,
    pub(crate) outer: State,
}

impl HmacSha1 {
    /// Takes a key of any length; SRTP's have 20 bytes.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        if key.len() > BLOCK {
            block[..20].copy_from_slice(&bytes(hash(INITIAL, key, 0)));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let behind = |padding: u8| {
            let mut state = INITIAL;
            compress(&mut state, &[block.map(|byte| byte ^ padding)]);
            state
        };
        Self {
            inner: behind(0x36),
            outer: behind(0x5c),
        }
    }

    /// The tag of one message.
    #[must_use]
    #[inline]
    pub fn tag(&self, message: &[u8]) -> Tag {
        let inner = bytes(hash(self.inner, message, BLOCK));
        bytes(hash(self.outer, &inner, BLOCK))
    }
}

impl fmt::Debug for HmacSha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HmacSha1").finish_non_exhaustive()
    }
}

/// Hashes the rest of a message of which `before` bytes, a multiple of [`BLOCK`], are in `state` already.
#[inline]
fn hash(mut state: State, message: &[u8], before: usize) -> State {
    let (whole, rest) = message.as_chunks();
    compress(&mut state, whole);
    compress(&mut state, Tail::new(rest, before + message.len()).blocks());
    state
}

#[inline]
fn bytes(state: State) -> Tag {
    let mut tag = [0; 20];
    for (target, word) in tag.as_chunks_mut().0.iter_mut().zip(state) {
        *target = word.to_be_bytes();
    }
    tag
}
