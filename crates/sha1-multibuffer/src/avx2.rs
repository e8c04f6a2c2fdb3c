//! Eight lanes in AVX2.

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_and_si256, _mm256_loadu_si256, _mm256_or_si256,
    _mm256_permute2x128_si256, _mm256_set_epi32, _mm256_set1_epi32, _mm256_shuffle_epi8, _mm256_sll_epi32,
    _mm256_srl_epi32, _mm256_storeu_si256, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64,
    _mm256_unpacklo_epi32, _mm256_unpacklo_epi64, _mm256_xor_si256,
};

use crate::hmac::BLOCK;
use crate::lanes::Kernel;

pub(crate) const LANES: usize = 8;

/// Proof that the processor has AVX2: the field is private, and only `detect` fills it.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

impl Kernel<LANES> for Avx2 {
    fn compress_blocks(self, states: &mut [[u32; LANES]; 5], blocks: [&[u8; BLOCK]; LANES], active: u32) {
        let active = std::array::from_fn(|lane| 0_u32.wrapping_sub(active >> lane & 1));
        // SAFETY: `self` exists, so `detect` found the feature that the function needs.
        unsafe { compress_blocks(states, blocks, &active) }
    }

    fn compress_words(self, states: &mut [[u32; LANES]; 5], words: &[[u32; LANES]; 16]) {
        // SAFETY: `self` exists, so `detect` found the feature that the function needs.
        unsafe { compress_words(states, words) }
    }
}

#[target_feature(enable = "avx2")]
fn compress_blocks(states: &mut [[u32; LANES]; 5], blocks: [&[u8; BLOCK]; LANES], active: &[u32; LANES]) {
    let mut low = [splat(0); 8];
    let mut high = [splat(0); 8];
    for ((low, high), block) in low.iter_mut().zip(&mut high).zip(blocks) {
        let (first, rest) = block.split_first_chunk::<32>().unwrap_or((&[0; 32], &[]));
        *low = load_big_endian(first);
        *high = load_big_endian(rest.first_chunk().unwrap_or(&[0; 32]));
    }
    let mut w = [splat(0); 16];
    let (first, second) = w.split_at_mut(8);
    first.copy_from_slice(&transpose(low));
    second.copy_from_slice(&transpose(high));
    compress(states, w, load(active));
}

#[target_feature(enable = "avx2")]
fn compress_words(states: &mut [[u32; LANES]; 5], words: &[[u32; LANES]; 16]) {
    let mut w = [splat(0); 16];
    for (vector, words) in w.iter_mut().zip(words) {
        *vector = load(words);
    }
    compress(states, w, splat(u32::MAX));
}

#[target_feature(enable = "avx2")]
#[inline]
fn compress(states: &mut [[u32; LANES]; 5], mut w: [__m256i; 16], active: __m256i) {
    let before = [
        load(&states[0]),
        load(&states[1]),
        load(&states[2]),
        load(&states[3]),
        load(&states[4]),
    ];
    let [mut a, mut b, mut c, mut d, mut e] = before;
    all_steps!(w, a, b, c, d, e);
    for ((state, before), new) in states.iter_mut().zip(before).zip([a, b, c, d, e]) {
        store(state, add(before, _mm256_and_si256(active, new)));
    }
}

/// From one vector per lane to one vector per word, eight words of each.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose(rows: [__m256i; 8]) -> [__m256i; 8] {
    let mut words = [splat(0); 8];
    // Of four rows each: the 128-bit part q of `quads[g][k]` has word 4q + k of rows 4g to 4g + 3.
    let mut quads = [[splat(0); 4]; 2];
    for (quad, rows) in quads.iter_mut().zip(rows.as_chunks::<4>().0) {
        let low01 = _mm256_unpacklo_epi32(rows[0], rows[1]);
        let high01 = _mm256_unpackhi_epi32(rows[0], rows[1]);
        let low23 = _mm256_unpacklo_epi32(rows[2], rows[3]);
        let high23 = _mm256_unpackhi_epi32(rows[2], rows[3]);
        *quad = [
            _mm256_unpacklo_epi64(low01, low23),
            _mm256_unpackhi_epi64(low01, low23),
            _mm256_unpacklo_epi64(high01, high23),
            _mm256_unpackhi_epi64(high01, high23),
        ];
    }
    let [first, second] = quads;
    for k in 0..4 {
        words[k] = _mm256_permute2x128_si256::<0x20>(first[k], second[k]);
        words[4 + k] = _mm256_permute2x128_si256::<0x31>(first[k], second[k]);
    }
    words
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_big_endian(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: the reference covers the 32 bytes that are read; this load needs no alignment.
    let bytes = unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) };
    let swap = _mm256_set_epi32(
        0x0c0d_0e0f,
        0x0809_0a0b,
        0x0405_0607,
        0x0001_0203,
        0x0c0d_0e0f,
        0x0809_0a0b,
        0x0405_0607,
        0x0001_0203,
    );
    _mm256_shuffle_epi8(bytes, swap)
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(words: &[u32; LANES]) -> __m256i {
    // SAFETY: the reference covers the 32 bytes that are read; this load needs no alignment.
    unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn store(words: &mut [u32; LANES], vector: __m256i) {
    // SAFETY: the reference covers the 32 bytes that are written; this store needs no alignment.
    unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), vector) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn splat(word: u32) -> __m256i {
    _mm256_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx2")]
#[inline]
fn add(x: __m256i, y: __m256i) -> __m256i {
    _mm256_add_epi32(x, y)
}

#[target_feature(enable = "avx2")]
#[inline]
fn rotate<const N: i32>(x: __m256i) -> __m256i {
    _mm256_or_si256(
        _mm256_sll_epi32(x, _mm_cvtsi32_si128(N)),
        _mm256_srl_epi32(x, _mm_cvtsi32_si128(32 - N)),
    )
}

#[target_feature(enable = "avx2")]
#[inline]
fn xor4(x: __m256i, y: __m256i, z: __m256i, v: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(x, y), _mm256_xor_si256(z, v))
}

/// Where x then y, else z.
#[target_feature(enable = "avx2")]
#[inline]
fn choose(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))
}

#[target_feature(enable = "avx2")]
#[inline]
fn parity(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_xor_si256(_mm256_xor_si256(x, y), z)
}

#[target_feature(enable = "avx2")]
#[inline]
fn majority(x: __m256i, y: __m256i, z: __m256i) -> __m256i {
    _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))
}
