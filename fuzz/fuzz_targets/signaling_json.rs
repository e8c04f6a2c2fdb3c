//! See `anteroom_fuzz::signaling_json`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::signaling_json(data));
