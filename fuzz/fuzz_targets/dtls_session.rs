//! See `anteroom_fuzz::dtls_session`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::dtls_session(data));
