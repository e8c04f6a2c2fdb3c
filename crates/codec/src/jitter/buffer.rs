use std::time::Instant;

use super::{Inserted, JitterConfig, JitterStats, Pulled};
use crate::{AudioFrame, Error, SILENCE};

/// The jitter buffer of one incoming stream, decoder included.
#[derive(Debug)]
pub struct JitterBuffer {
    stats: JitterStats,
}

impl JitterBuffer {
    /// A buffer with the given settings.
    ///
    /// # Errors
    /// [`Error::Setting`] when the delays contradict each other or no packet could be held.
    pub fn new(config: JitterConfig) -> Result<Self, Error> {
        if config.min_delay > config.max_delay || config.max_packets == 0 {
            return Err(Error::Setting("jitter buffer delays or size"));
        }
        Ok(Self {
            stats: JitterStats::default(),
        })
    }

    /// Takes an RTP packet's payload as it arrives.
    pub fn insert(&mut self, _now: Instant, _sequence: u16, _timestamp: u32, _payload: &[u8]) -> Inserted {
        Inserted::Buffered
    }

    /// Gives the next 10 ms; to be called every 10 ms.
    pub fn pull(&mut self, _now: Instant, out: &mut AudioFrame) -> Pulled {
        *out = SILENCE;
        Pulled::Silence
    }

    /// Counters.
    #[must_use]
    pub const fn stats(&self) -> &JitterStats {
        &self.stats
    }
}
