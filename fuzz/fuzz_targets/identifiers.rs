//! See `anteroom_fuzz::identifiers`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::identifiers(data));
