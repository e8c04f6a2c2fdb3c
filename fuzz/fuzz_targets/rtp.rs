//! See `anteroom_fuzz::rtp`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::rtp(data));
