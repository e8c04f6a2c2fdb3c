//! See `anteroom_fuzz::router_ops`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::router_ops(data));
