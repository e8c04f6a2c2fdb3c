//! See `anteroom_fuzz::red`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::red(data));
