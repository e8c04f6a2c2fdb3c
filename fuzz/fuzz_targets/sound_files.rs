//! See `anteroom_fuzz::sound_files`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::sound_files(data));
