use std::time::Duration;

/// Counters since the start of the stream, named as in W3C `RTCInboundRtpStreamStats` where they exist there.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct JitterStats {
    /// `packetsReceived`: without duplicates.
    pub packets_received: u64,
    /// `packetsLost`: expected minus received, so a late packet is no longer lost (RFC 3550 §6.4.1).
    pub packets_lost: i64,
    /// `packetsDiscarded`: received, but too late, too many or malformed, so never played.
    pub packets_discarded: u64,
    /// `fecPacketsReceived`: packets that carried in-band redundancy.
    pub fec_packets_received: u64,
    /// `jitter`: RFC 3550 §6.4.1.
    pub jitter: Duration,
    /// `totalSamplesReceived`: samples pulled, all kinds together.
    pub total_samples_received: u64,
    /// `concealedSamples`: samples invented in the place of missing packets.
    pub concealed_samples: u64,
    /// `silentConcealedSamples`: the part of those invented when concealment had faded to silence.
    pub silent_concealed_samples: u64,
    /// `concealmentEvents`: runs of concealed samples.
    pub concealment_events: u64,
    /// `insertedSamplesForDeceleration`: to let the delay grow.
    pub inserted_samples_for_deceleration: u64,
    /// `removedSamplesForAcceleration`: to let the delay shrink.
    pub removed_samples_for_acceleration: u64,
    /// `jitterBufferDelay`: time from arrival to playout, summed over the emitted samples.
    pub jitter_buffer_delay: Duration,
    /// `jitterBufferTargetDelay`: the target at playout, summed over the emitted samples.
    pub jitter_buffer_target_delay: Duration,
    /// `jitterBufferEmittedCount`: samples that came from packets.
    pub jitter_buffer_emitted_count: u64,
    /// `totalAudioEnergy`: the sum of squared levels (full scale 1) times seconds.
    pub total_audio_energy: f64,
    /// `audioLevel`: root mean square of the last frame, 0 to 1.
    pub audio_level: f64,

    /// Received twice.
    pub packets_duplicated: u64,
    /// Samples recovered from in-band redundancy.
    pub fec_samples: u64,
    /// Samples recovered from deep redundancy.
    pub dred_samples: u64,
    /// Samples played from a copy in a later packet (RFC 2198).
    pub red_samples: u64,
    /// Samples of comfort noise or silence where nothing was sent.
    pub silence_samples: u64,
    /// The target delay now.
    pub target_delay: Duration,
    /// Sound that waits in the buffer now.
    pub buffered: Duration,
    /// Times the sender started over.
    pub restarts: u64,
}
