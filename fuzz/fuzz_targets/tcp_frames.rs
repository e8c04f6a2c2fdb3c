//! See `anteroom_fuzz::tcp_frames`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::tcp_frames(data));
