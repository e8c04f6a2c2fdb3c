//! The jitter buffer: packets in as the network delivers them, 10 ms of sound out whenever the listener asks.

mod buffer;
mod delay;
mod playout;
mod queue;
mod sequence;
mod sound;
mod stats;
mod stretch;
#[cfg(test)]
mod tests;

pub use buffer::JitterBuffer;
pub use stats::JitterStats;

use std::time::Duration;

/// Settings of a [`JitterBuffer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JitterConfig {
    /// The delay to start with, before anything is known about the network.
    pub initial_delay: Duration,
    /// The least the target delay can become.
    pub min_delay: Duration,
    /// The most the target delay can become.
    pub max_delay: Duration,
    /// Packets held at most; more push out the oldest.
    pub max_packets: usize,
    /// How much the decoder computes, 0 to 10: from 5 on, losses are concealed by a neural network. Anything but 0 needs the
    /// feature `dred`.
    pub decoder_complexity: u8,
    /// Whether deep redundancy (DRED) in packets is used. Needs the feature `dred`.
    pub dred: bool,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self {
            initial_delay: Duration::from_millis(40),
            min_delay: Duration::from_millis(20),
            max_delay: Duration::from_millis(500),
            max_packets: 200,
            decoder_complexity: 0,
            dred: false,
        }
    }
}

/// What became of a packet handed to [`JitterBuffer::insert`]. None of these needs a reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Inserted {
    /// It waits for its turn.
    Buffered,
    /// It, or one with its sequence number, was there before.
    Duplicate,
    /// Its time had passed.
    Late,
    /// It is no Opus packet, or no redundant payload with one in it.
    Malformed,
    /// It does not fit to the stream; should the next one agree with it, the stream starts over there.
    Suspicious,
    /// The sender started over (sequence or timestamp jumped), and this packet is the first of the new stream.
    Restarted,
}

/// Where the sound that [`JitterBuffer::pull`] gave came from; mixed frames name the last kind in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Pulled {
    /// Nothing is being said: before the first packet, in a DTX pause (comfort noise), after the stream ended.
    Silence,
    /// Packets in their normal way.
    Decoded,
    /// At least partly from a copy that came with a later packet (RFC 2198).
    Red,
    /// At least partly from the in-band redundancy in the packet after a lost one.
    Fec,
    /// At least partly from the deep redundancy in a packet after lost ones.
    Dred,
    /// At least partly invented, because a packet is missing.
    Concealed,
}
