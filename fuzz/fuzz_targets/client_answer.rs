//! See `anteroom_fuzz::client_answer`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::client_answer(data));
