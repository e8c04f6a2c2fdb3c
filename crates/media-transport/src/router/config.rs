use std::num::NonZeroUsize;
use std::time::Duration;

use super::train::MAX_PADDING;
use crate::dtls::DtlsBackend;

/// Bounds and policies of a [`Router`](super::Router). The defaults suit a machine with some gigabytes of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouterConfig {
    /// Most peers at a time.
    pub max_peers: usize,
    /// Most publications of a peer. A camera, a screen and a microphone are three.
    pub max_publications_per_peer: usize,
    /// Most subscriptions of a peer.
    pub max_subscriptions_per_peer: usize,
    /// Most sources that one publication may go through at a time; the least recently heard one is forgotten for a
    /// new one.
    pub max_sources_per_publication: usize,
    /// Packets kept per video track: for retransmission, and while they wait for the socket. At least 32 are.
    pub video_buffer_packets: usize,
    /// Bytes kept per video track, at least 16 KiB; allocated with its first packet.
    pub video_buffer_bytes: usize,
    /// Packets kept per audio track, as for video; late audio is of no use, so these are few. At least 32 are.
    pub audio_buffer_packets: usize,
    /// Bytes kept per audio track, at least 16 KiB; allocated with its first packet.
    pub audio_buffer_bytes: usize,
    /// Bytes of media that may wait for the socket per peer. What is over is dropped: of pictures the rest of the frame
    /// and everything up to the next keyframe, which is asked for. An eighth is kept free for sound.
    pub max_queued_bytes: usize,
    /// The most RTP padding a packet gets so that it can be sent together with others, in bytes, at most 254; 0 for
    /// none. What is given in a case follows from what it saves.
    pub max_train_padding: u8,
    /// Least time between two keyframe requests to a publisher, but for a few on behalf of who has just begun to watch.
    pub keyframe_interval: Duration,
    /// The most a publisher is told (by REMB) to spend on each video track, in bits per second; `None` sends no REMB.
    pub video_ceiling_bits_per_second: Option<u64>,
    /// Most entries of a list of active speakers.
    pub max_speakers: usize,
    /// Microphones of a room that are forwarded at a time: those of its loudest speakers, by the levels of RFC 6464. Those
    /// that tell no level are forwarded besides. `None` forwards all.
    pub max_voices: Option<NonZeroUsize>,
    /// The library that makes handshakes.
    pub dtls: DtlsBackend,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            max_peers: 10_000,
            max_publications_per_peer: 16,
            max_subscriptions_per_peer: 2048,
            max_sources_per_publication: 8,
            video_buffer_packets: 1024,
            video_buffer_bytes: 512 * 1024,
            audio_buffer_packets: 32,
            audio_buffer_bytes: 16 * 1024,
            max_queued_bytes: 256 * 1024,
            max_train_padding: MAX_PADDING,
            keyframe_interval: Duration::from_millis(500),
            video_ceiling_bits_per_second: Some(2_500_000),
            max_speakers: 8,
            max_voices: NonZeroUsize::new(5),
            dtls: DtlsBackend::default(),
        }
    }
}
