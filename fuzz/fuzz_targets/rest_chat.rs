//! See `anteroom_fuzz::rest_chat`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::rest_chat(data));
