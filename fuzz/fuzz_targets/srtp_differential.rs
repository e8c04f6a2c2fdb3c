//! See `anteroom_fuzz::srtp_differential`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::srtp_differential(data));
