//! See `anteroom_fuzz::stun`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::stun(data));
