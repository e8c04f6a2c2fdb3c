//! Sound that is sent once more with what comes after it, to a subscriber that loses some (RFC 2198).

use super::super::publisher::Track;
use super::Subscriber;
use crate::payload::red::{MAX_BLOCK_LEN, MAX_TIMESTAMP_OFFSET, RedBlock};
use crate::rtp::Packet;

/// How many of the latest packets of sound are added to each for a subscriber that loses some.
const REDUNDANCY: usize = 2;

/// Sound that is sent once more with what comes after it.
#[derive(Debug)]
pub(super) struct Redundant<'a> {
    blocks: [RedBlock<'a>; REDUNDANCY],
    count: usize,
}

impl Default for Redundant<'_> {
    fn default() -> Self {
        let nothing = RedBlock {
            payload_type: 0,
            timestamp_offset: 0,
            data: &[],
        };
        Self {
            blocks: [nothing; REDUNDANCY],
            count: 0,
        }
    }
}

impl<'a> Redundant<'a> {
    fn push(&mut self, block: RedBlock<'a>) {
        if let Some(place) = self.blocks.get_mut(self.count) {
            *place = block;
            self.count += 1;
        }
    }

    pub(super) fn blocks(&self) -> &[RedBlock<'a>] {
        self.blocks.get(..self.count).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl Subscriber {
    /// The sound before a packet, as far as it is there, when it may be added.
    pub(super) fn redundant<'a>(
        &self,
        track: &'a Track,
        generation: u32,
        sequence: u64,
        packet: &Packet<'_>,
    ) -> Redundant<'a> {
        let mut redundant = Redundant::default();
        let Some(payload_type) = self.forwarder.may_add_redundancy(packet) else {
            return redundant;
        };
        for back in (1..=REDUNDANCY as u64).rev() {
            let earlier = sequence
                .checked_sub(back)
                .and_then(|sequence| track.packet(generation, sequence));
            let Some(earlier) = earlier.and_then(|bytes| Packet::parse(bytes).ok()) else {
                continue;
            };
            let timestamp_offset = packet.timestamp().wrapping_sub(earlier.timestamp());
            if earlier.payload_type() != packet.payload_type()
                || !(1..=MAX_BLOCK_LEN).contains(&earlier.payload().len())
                || !(1..=MAX_TIMESTAMP_OFFSET).contains(&timestamp_offset)
            {
                continue;
            }
            redundant.push(RedBlock {
                payload_type,
                timestamp_offset,
                data: earlier.payload(),
            });
        }
        redundant
    }
}
