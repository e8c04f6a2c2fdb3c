//! One remote audio track: from RTP payloads to frames of 10 ms.

use std::time::Instant;

use anteroom_codec::jitter::{JitterBuffer, JitterConfig, JitterStats};
use anteroom_codec::{AudioFrame, SILENCE};

use super::Error;

/// A track the service sends us.
#[derive(Debug)]
pub(super) struct RemoteTrack {
    /// The SSRC the service announced for it.
    pub(super) ssrc: u32,
    /// The payload type its Opus has.
    payload_type: u8,
    buffer: JitterBuffer,
}

impl RemoteTrack {
    pub(super) fn new(ssrc: u32, payload_type: u8) -> Result<Self, Error> {
        Ok(Self {
            ssrc,
            payload_type,
            buffer: JitterBuffer::new(JitterConfig::default())?,
        })
    }

    /// Takes a packet; other payload types are ignored.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        payload_type: u8,
        sequence: u16,
        timestamp: u32,
        payload: &[u8],
    ) {
        if payload_type == self.payload_type && !payload.is_empty() {
            self.buffer.insert(now, sequence, timestamp, payload);
        }
    }

    /// The next 10 ms.
    pub(super) fn pull(&mut self, now: Instant) -> AudioFrame {
        let mut frame = SILENCE;
        self.buffer.pull(now, &mut frame);
        frame
    }

    pub(super) fn stats(&self) -> &JitterStats {
        self.buffer.stats()
    }
}
