//! Sixteen lanes in AVX-512.

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m512i, __mmask16, _mm512_add_epi32, _mm512_loadu_si512, _mm512_mask_add_epi32, _mm512_rol_epi32,
    _mm512_set1_epi32, _mm512_set4_epi32, _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_storeu_si512,
    _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32,
    _mm512_unpacklo_epi64, _mm512_xor_si512,
};

use crate::hmac::BLOCK;
use crate::lanes::Kernel;

pub(crate) const LANES: usize = 16;

/// Proof that the processor has AVX-512 F and BW: the field is private, and only `detect` fills it.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")).then_some(Self(()))
    }
}

impl Kernel<LANES> for Avx512 {
    fn compress_blocks(self, states: &mut [[u32; LANES]; 5], blocks: [&[u8; BLOCK]; LANES], active: u32) {
        #[expect(clippy::cast_possible_truncation, reason = "one bit per lane")]
        let active = active as __mmask16;
        // SAFETY: `self` exists, so `detect` found the features that the function needs.
        unsafe { compress_blocks(states, blocks, active) }
    }

    fn compress_words(self, states: &mut [[u32; LANES]; 5], words: &[[u32; LANES]; 16]) {
        // SAFETY: `self` exists, so `detect` found the features that the function needs.
        unsafe { compress_words(states, words) }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn compress_blocks(states: &mut [[u32; LANES]; 5], blocks: [&[u8; BLOCK]; LANES], active: __mmask16) {
    let mut w = [splat(0); 16];
    for (row, block) in w.iter_mut().zip(blocks) {
        *row = load_big_endian(block);
    }
    compress(states, transpose(w), active);
}

#[target_feature(enable = "avx512f,avx512bw")]
fn compress_words(states: &mut [[u32; LANES]; 5], words: &[[u32; LANES]; 16]) {
    let mut w = [splat(0); 16];
    for (vector, words) in w.iter_mut().zip(words) {
        *vector = load(words);
    }
    compress(states, w, __mmask16::MAX);
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn compress(states: &mut [[u32; LANES]; 5], mut w: [__m512i; 16], active: __mmask16) {
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
        store(state, _mm512_mask_add_epi32(before, active, before, new));
    }
}

/// From one vector per lane to one vector per word.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn transpose(rows: [__m512i; 16]) -> [__m512i; 16] {
    let mut words = [splat(0); 16];
    // Of four rows each: the 128-bit part q of `quads[g][k]` has word 4q + k of rows 4g to 4g + 3.
    let mut quads = [[splat(0); 4]; 4];
    for (quad, rows) in quads.iter_mut().zip(rows.as_chunks::<4>().0) {
        let low01 = _mm512_unpacklo_epi32(rows[0], rows[1]);
        let high01 = _mm512_unpackhi_epi32(rows[0], rows[1]);
        let low23 = _mm512_unpacklo_epi32(rows[2], rows[3]);
        let high23 = _mm512_unpackhi_epi32(rows[2], rows[3]);
        *quad = [
            _mm512_unpacklo_epi64(low01, low23),
            _mm512_unpackhi_epi64(low01, low23),
            _mm512_unpacklo_epi64(high01, high23),
            _mm512_unpackhi_epi64(high01, high23),
        ];
    }
    let [first, second, third, fourth] = quads;
    for k in 0..4 {
        let even_low = _mm512_shuffle_i32x4::<0x88>(first[k], second[k]);
        let odd_low = _mm512_shuffle_i32x4::<0xdd>(first[k], second[k]);
        let even_high = _mm512_shuffle_i32x4::<0x88>(third[k], fourth[k]);
        let odd_high = _mm512_shuffle_i32x4::<0xdd>(third[k], fourth[k]);
        words[k] = _mm512_shuffle_i32x4::<0x88>(even_low, even_high);
        words[4 + k] = _mm512_shuffle_i32x4::<0x88>(odd_low, odd_high);
        words[8 + k] = _mm512_shuffle_i32x4::<0xdd>(even_low, even_high);
        words[12 + k] = _mm512_shuffle_i32x4::<0xdd>(odd_low, odd_high);
    }
    words
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn load_big_endian(block: &[u8; BLOCK]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; this load needs no alignment.
    let bytes = unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    let swap = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    _mm512_shuffle_epi8(bytes, swap)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn load(words: &[u32; LANES]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; this load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn store(words: &mut [u32; LANES], vector: __m512i) {
    // SAFETY: the reference covers the 64 bytes that are written; this store needs no alignment.
    unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), vector) }
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn splat(word: u32) -> __m512i {
    _mm512_set1_epi32(word.cast_signed())
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn add(x: __m512i, y: __m512i) -> __m512i {
    _mm512_add_epi32(x, y)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn rotate<const N: i32>(x: __m512i) -> __m512i {
    _mm512_rol_epi32::<N>(x)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn xor4(x: __m512i, y: __m512i, z: __m512i, v: __m512i) -> __m512i {
    _mm512_xor_si512(parity(x, y, z), v)
}

/// Where x then y, else z.
#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn choose(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xca>(x, y, z)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn parity(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0x96>(x, y, z)
}

#[target_feature(enable = "avx512f,avx512bw")]
#[inline]
fn majority(x: __m512i, y: __m512i, z: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<0xe8>(x, y, z)
}
