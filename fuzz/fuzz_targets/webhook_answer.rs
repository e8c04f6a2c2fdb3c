//! See `anteroom_fuzz::webhook_answer`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::webhook_answer(data));
