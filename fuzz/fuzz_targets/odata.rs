//! See `anteroom_fuzz::odata`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::odata(data));
