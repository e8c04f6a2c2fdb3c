//! See `anteroom_fuzz::invite`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::invite(data));
