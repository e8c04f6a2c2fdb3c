//! See `anteroom_fuzz::meeting_link`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::meeting_link(data));
