//! See `anteroom_fuzz::telephony`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::telephony(data));
