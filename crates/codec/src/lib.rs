#![doc = include_str!("../README.md")]

mod error;
pub mod format;

pub mod container;
pub mod jitter;
pub mod level;
pub mod mix;
pub mod opus;
pub mod red;
pub mod resample;
pub mod similarity;
pub mod telephony;

pub use error::Error;
pub use format::{AudioFrame, FRAME_DURATION, FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE, samples_to_duration};
