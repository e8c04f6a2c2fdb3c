//! See `anteroom_fuzz::connection_string`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::connection_string(data));
