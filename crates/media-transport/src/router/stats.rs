use std::time::Duration;

use super::TrackId;

/// Figures of one peer since it was added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PeerStats {
    /// Whether its transport is connected.
    pub connected: bool,
    /// RTP packets received from it.
    pub packets_received: u64,
    /// Their bytes, headers included, after decryption.
    pub bytes_received: u64,
    /// RTP packets sent to it, retransmissions included.
    pub packets_sent: u64,
    /// Their bytes, headers included, before encryption.
    pub bytes_sent: u64,
    /// RTP packets sent to it again because it asked.
    pub packets_retransmitted: u64,
    /// Packets not sent since its queue was full.
    pub packets_dropped: u64,
    /// Datagrams from it that were refused: broken, not authentic, replayed, or of no known stream.
    pub datagrams_refused: u64,
    /// How long it waited for its first packet of sound since it was connected, had subscribed, and there was something
    /// to forward; `None` before that packet.
    pub first_audio: Option<Duration>,
    /// The same for the first packet of a keyframe.
    pub first_video: Option<Duration>,
    /// Round-trip time, from its receiver reports.
    pub rtt: Option<Duration>,
    /// What it publishes.
    pub publications: Vec<PublicationStats>,
    /// What it receives.
    pub subscriptions: Vec<SubscriptionStats>,
}

/// Figures of one published track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicationStats {
    /// The track.
    pub track: TrackId,
    /// Packets received.
    pub packets: u64,
    /// Payload bytes received.
    pub bytes: u64,
    /// Packets missing from the current stream so far, retransmitted ones not counted.
    pub packets_lost: u64,
    /// Packets that came in streams of retransmissions and were missing.
    pub packets_repaired: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter: Duration,
    /// Sequence numbers asked for again, repetitions included.
    pub nacks_sent: u64,
    /// Keyframes asked for.
    pub plis_sent: u64,
    /// Keyframes seen.
    pub keyframes: u64,
}

/// Figures of one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionStats {
    /// The track.
    pub track: TrackId,
    /// Packets sent, retransmissions included.
    pub packets: u64,
    /// Payload bytes sent.
    pub bytes: u64,
    /// Packets sent again.
    pub packets_retransmitted: u64,
    /// Sequence numbers the subscriber asked for again.
    pub nacks_received: u64,
    /// Keyframes the subscriber asked for.
    pub plis_received: u64,
    /// Cumulative loss the subscriber reported; negative when it saw duplicates.
    pub packets_lost: i32,
    /// Loss since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Jitter the subscriber reported.
    pub jitter: Duration,
}
