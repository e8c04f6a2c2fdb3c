//! See `anteroom_fuzz::icalendar`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| anteroom_fuzz::icalendar(data));
