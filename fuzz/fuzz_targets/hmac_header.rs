//! See `anteroom_fuzz::hmac_header`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::hmac_header(data));
