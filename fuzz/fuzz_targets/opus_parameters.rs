//! See `anteroom_fuzz::opus_parameters`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::opus_parameters(data));
