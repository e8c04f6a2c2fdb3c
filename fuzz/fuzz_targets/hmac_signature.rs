//! See `anteroom_fuzz::hmac_signature`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::hmac_signature(data));
