//! See `anteroom_fuzz::chat_commands`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::chat_commands(data));
