//! See `anteroom_fuzz::sdp`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::sdp(data));
