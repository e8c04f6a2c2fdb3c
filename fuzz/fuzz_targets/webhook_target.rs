//! See `anteroom_fuzz::webhook_target`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::webhook_target(data));
