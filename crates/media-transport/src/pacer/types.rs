use std::time::Duration;

use super::Class;
use crate::bwe::ProbeId;

/// Something that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outgoing<T> {
    /// A packet that was pushed.
    Packet {
        /// What was pushed.
        item: T,
        /// Its class.
        class: Class,
        /// Its size.
        bytes: usize,
        /// How long it waited.
        waited: Duration,
        /// The cluster it is part of.
        probe: Option<ProbeId>,
    },
    /// Padding is to be sent, about so much: old packets once more (RTX), or packets of padding alone.
    Padding {
        /// In bytes.
        bytes: usize,
        /// The cluster it is part of.
        probe: Option<ProbeId>,
    },
}

/// What the owner should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PacerEvent {
    /// Frames of this stream were given up, and nothing of it is let in before a keyframe.
    KeyframeNeeded {
        /// The owner's number of the stream.
        stream: u32,
    },
}

/// Figures of a [`Pacer`](super::Pacer).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PacerStats {
    /// Packets that wait.
    pub queued_packets: usize,
    /// Their bytes.
    pub queued_bytes: usize,
    /// Packets given up so far, or not let in.
    pub dropped_packets: u64,
    /// Bytes of padding asked for so far.
    pub padding_bytes: u64,
}
