//! See `anteroom_fuzz::trouter_session`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::trouter_session(data));
