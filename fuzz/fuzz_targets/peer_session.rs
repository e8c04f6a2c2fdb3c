//! See `anteroom_fuzz::peer_session`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::peer_session(data));
