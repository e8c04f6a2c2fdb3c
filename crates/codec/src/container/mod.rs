//! Sound in files: [`wav`] and [`ogg_opus`]; sound with pictures: [`matroska`], which is WebM too;
//! pictures alone: [`ivf`] and [`annex_b`]. Files come from anywhere, so readers are bounded and answer with typed errors.

pub mod annex_b;
pub mod ivf;
pub mod matroska;
pub mod ogg_opus;
pub mod video;
pub mod wav;

use std::time::Duration;

/// How much sound a reader may bring into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Longest sound accepted, at 48 kHz mono 5.76 MB per minute.
    pub max_duration: Duration,
}

impl Default for ReadLimits {
    /// Ten minutes.
    fn default() -> Self {
        Self {
            max_duration: Duration::from_secs(600),
        }
    }
}

impl ReadLimits {
    fn too_long(self) -> crate::Error {
        crate::Error::TooLong {
            limit_seconds: self.max_duration.as_secs(),
        }
    }

    /// The limit in samples at `rate_hz`.
    fn samples(self, rate_hz: u32) -> u64 {
        let whole = self.max_duration.as_secs().saturating_mul(u64::from(rate_hz));
        whole.saturating_add(u64::from(self.max_duration.subsec_millis()) * u64::from(rate_hz) / 1000)
    }
}
