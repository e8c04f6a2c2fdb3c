//! The microphone's RTP stream.

use anteroom_media_transport::rtp::PacketBuilder;
use anteroom_media_transport::{PeerSession, SRTP_MAX_OVERHEAD};
use rand::{Rng, RngExt as _};

use super::negotiation::{MICROPHONE_MID, Outgoing};

/// Longest RTP header written here: fixed part, extension block with section name and level.
const MAX_HEADER: usize = 12 + 4 + 24;

#[derive(Debug)]
pub(super) struct Sender {
    outgoing: Outgoing,
    sequence: u16,
    timestamp: u32,
    packets: u64,
    octets: u64,
    /// The last tick said nothing: the next packet begins a talkspurt (RFC 3551 §4.1).
    was_silent: bool,
    timestamp_of_last: Option<u32>,
}

impl Sender {
    pub(super) fn new(outgoing: Outgoing, rng: &mut impl Rng) -> Self {
        Self {
            outgoing,
            // RFC 3550 §5.1: both start at random; the lower half leaves the first roll-over unambiguous.
            sequence: rng.random::<u16>() >> 1,
            timestamp: rng.random(),
            packets: 0,
            octets: 0,
            was_silent: true,
            timestamp_of_last: None,
        }
    }

    pub(super) fn outgoing(&self) -> Outgoing {
        self.outgoing
    }

    pub(super) fn packets(&self) -> u64 {
        self.packets
    }

    pub(super) fn octets(&self) -> u64 {
        self.octets
    }

    pub(super) fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Time goes on by this many samples.
    pub(super) fn advance(&mut self, samples: usize) {
        let samples = u32::try_from(samples).unwrap_or_default();
        if let Some(last) = self.timestamp_of_last {
            self.was_silent = last != self.timestamp;
        }
        self.timestamp = self.timestamp.wrapping_add(samples);
    }

    /// Writes and protects one packet into `out`; its length, or `None` when it cannot be sent yet.
    pub(super) fn packet(
        &mut self,
        session: &mut PeerSession,
        level: u8,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        out.clear();
        out.resize(MAX_HEADER + payload.len() + SRTP_MAX_OVERHEAD, 0);
        let mut builder = PacketBuilder::new(
            self.outgoing.payload_type,
            self.sequence,
            self.timestamp,
            self.outgoing.ssrc,
        )
        .marker(self.was_silent);
        if let Some(id) = self.outgoing.mid_extension {
            builder = builder.extension(id, MICROPHONE_MID.as_bytes());
        }
        let level = [level];
        if let Some(id) = self.outgoing.level_extension {
            builder = builder.extension(id, &level);
        }
        let length = builder.write(payload, out).ok()?;
        let protected = session.protect_rtp(out, length).ok()?;
        self.sequence = self.sequence.wrapping_add(1);
        self.packets += 1;
        self.octets += payload.len() as u64;
        self.timestamp_of_last = Some(self.timestamp);
        Some(protected)
    }
}
