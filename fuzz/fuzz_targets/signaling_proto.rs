//! See `anteroom_fuzz::signaling_proto`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::signaling_proto(data));
