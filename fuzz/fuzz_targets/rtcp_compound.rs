//! See `anteroom_fuzz::rtcp_compound`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::rtcp_compound(data));
