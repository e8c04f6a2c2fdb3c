//! See `anteroom_fuzz::authorization_request`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::authorization_request(data));
