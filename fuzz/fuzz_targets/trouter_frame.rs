//! See `anteroom_fuzz::trouter_frame`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::trouter_frame(data));
