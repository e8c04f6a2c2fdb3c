//! See `anteroom_fuzz::video_files`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::video_files(data));
