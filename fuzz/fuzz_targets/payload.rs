//! See `anteroom_fuzz::payload`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::payload(data));
