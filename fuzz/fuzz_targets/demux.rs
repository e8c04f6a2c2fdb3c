//! See `anteroom_fuzz::demux`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::demux(data));
