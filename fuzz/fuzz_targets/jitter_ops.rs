//! See `anteroom_fuzz::jitter_ops`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::jitter_ops(data));
