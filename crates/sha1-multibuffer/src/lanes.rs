//! What all vector kernels share: padding, and lanes that end at different times.

use crate::hmac::{BLOCK, State};
use crate::{Job, Tag};

/// SHA-1 of `N` independent states in the lanes of vectors: `states[w][lane]` is word `w` of that lane's state.
pub(crate) trait Kernel<const N: usize>: Copy {
    /// Adds one block to each lane whose bit is set in `active`.
    fn compress_blocks(self, states: &mut [[u32; N]; 5], blocks: [&[u8; BLOCK]; N], active: u32);

    /// Adds one block to all lanes, given as its words: `words[i][lane]`.
    fn compress_words(self, states: &mut [[u32; N]; 5], words: &[[u32; N]; 16]);
}

/// The blocks behind the whole ones of a message: what is left of it, and SHA-1's padding (FIPS 180-4 §5.1.1).
#[derive(Clone, Copy)]
pub(crate) struct Tail {
    bytes: [u8; 2 * BLOCK],
    blocks: usize,
}

impl Tail {
    const EMPTY: Self = Self {
        bytes: [0; 2 * BLOCK],
        blocks: 0,
    };

    /// `rest` is less than a block, and ends a message of `length` bytes, what was hashed before it included.
    #[inline]
    pub(crate) fn new(rest: &[u8], length: usize) -> Self {
        let mut tail = Self::EMPTY;
        tail.fill(rest, length);
        tail
    }

    /// As [`new`](Self::new), in place of an empty one.
    #[inline]
    fn fill(&mut self, rest: &[u8], length: usize) {
        self.bytes[..rest.len()].copy_from_slice(rest);
        self.bytes[rest.len()] = 0x80;
        // The end mark and the length take nine bytes.
        self.blocks = if rest.len() + 9 <= BLOCK { 1 } else { 2 };
        let end = self.blocks * BLOCK;
        self.bytes[end - 8..end].copy_from_slice(&(8 * length as u64).to_be_bytes());
    }

    #[inline]
    pub(crate) fn blocks(&self) -> &[[u8; BLOCK]] {
        &self.bytes.as_chunks().0[..self.blocks]
    }
}

/// Blocks in the inner hash of a message, the key's not counted.
#[inline]
pub(crate) const fn blocks(message: &[u8]) -> usize {
    (message.len() + 8) / BLOCK + 1
}

/// Tags of at most `N` jobs, one per lane.
pub(crate) fn tags<const N: usize>(kernel: impl Kernel<N>, jobs: &[Job<'_>], tags: &mut [Tag]) {
    let jobs = &jobs[..jobs.len().min(N)];
    let Some(first) = jobs.first() else {
        return;
    };
    // Lanes without a job look at the first one's blocks, and are not active.
    let mut whole = [first.message.as_chunks::<BLOCK>().0; N];
    let mut tails = [Tail::EMPTY; N];
    for ((whole, tail), job) in whole.iter_mut().zip(&mut tails).zip(jobs) {
        let (blocks, rest) = job.message.as_chunks();
        *whole = blocks;
        tail.fill(rest, BLOCK + job.message.len());
    }
    let mut inner = transposed(jobs, |job| job.key.inner);
    let all = u32::MAX >> (32 - jobs.len());
    let common = whole.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
    for index in 0..common {
        let mut blocks = [&[0; BLOCK]; N];
        for (block, whole) in blocks.iter_mut().zip(&whole) {
            *block = &whole[index];
        }
        kernel.compress_blocks(&mut inner, blocks, all);
    }
    let longest = jobs.iter().map(|job| blocks(job.message)).max().unwrap_or(0);
    for index in common..longest {
        let mut active = 0;
        let blocks = std::array::from_fn(|lane| {
            let blocks = whole[lane];
            let block = match index.checked_sub(blocks.len()) {
                None => Some(&blocks[index]),
                Some(behind) => tails[lane].blocks().get(behind),
            };
            if block.is_some() {
                active |= 1 << lane;
            }
            block.unwrap_or(&[0; BLOCK])
        });
        kernel.compress_blocks(&mut inner, blocks, active & all);
    }

    // The outer hash has one block in every lane: the inner digest, the end mark, and the length of both together.
    let mut outer = transposed(jobs, |job| job.key.outer);
    let mut words = [[0; N]; 16];
    words[..5].copy_from_slice(&inner);
    words[5] = [0x8000_0000; N];
    words[15] = [8 * (64 + 20); N];
    kernel.compress_words(&mut outer, &words);

    for (lane, tag) in tags.iter_mut().enumerate().take(jobs.len()) {
        for (target, word) in tag.as_chunks_mut().0.iter_mut().zip(&outer) {
            *target = word[lane].to_be_bytes();
        }
    }
}

fn transposed<const N: usize>(jobs: &[Job<'_>], state: impl Fn(&Job<'_>) -> State) -> [[u32; N]; 5] {
    let mut states = [[0; N]; 5];
    for (lane, job) in jobs.iter().enumerate() {
        for (words, word) in states.iter_mut().zip(state(job)) {
            words[lane] = word;
        }
    }
    states
}
