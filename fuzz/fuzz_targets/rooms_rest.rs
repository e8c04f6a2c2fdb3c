//! See `anteroom_fuzz::rooms_rest`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::rooms_rest(data));
