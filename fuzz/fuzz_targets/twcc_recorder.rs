//! See `anteroom_fuzz::twcc_recorder`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::twcc_recorder(data));
