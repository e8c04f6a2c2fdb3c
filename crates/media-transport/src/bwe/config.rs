use std::time::Duration;

use super::Bitrate;

/// What an [`Estimator`](super::Estimator) starts from and stays within. The defaults suit a subscriber of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EstimatorConfig {
    /// What the peer tells about what has arrived.
    pub source: FeedbackSource,
    /// The estimate before anything is known.
    pub start: Bitrate,
    /// The estimate is never below. Audio alone should fit.
    pub min: Bitrate,
    /// The estimate is never above.
    pub max: Bitrate,
    /// Most packets that are remembered until they are reported; older ones are forgotten.
    pub max_packets: usize,
    /// How long a packet is remembered.
    pub max_age: Duration,
    /// Loss, in percent, that may be the path's own. More than that is congestion.
    pub tolerated_loss_percent: u32,
    /// Whether faster rates are tried out with probe clusters.
    pub probing: Probing,
    /// Queueing delay above which [`target`](super::Estimator::target) is held below the estimate until it has gone.
    pub queue_allowance: Duration,
}

/// What the peer tells about what has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackSource {
    /// Transport-wide feedback: the arrival of each packet.
    TransportWide,
    /// Receiver reports (RFC 3550 §6.4) and, perhaps, REMB.
    ReceiverReports,
}

/// Whether faster rates are tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probing {
    /// At the start, after a fall or an outage, while the application sends less than it may, and now and then.
    On,
    /// Never.
    Off,
}

impl Default for EstimatorConfig {
    fn default() -> Self {
        Self {
            source: FeedbackSource::TransportWide,
            start: Bitrate::from_kbps(600),
            min: Bitrate::from_kbps(40),
            max: Bitrate::from_kbps(50_000),
            max_packets: 8192,
            max_age: Duration::from_secs(10),
            tolerated_loss_percent: 22,
            probing: Probing::On,
            queue_allowance: Duration::from_millis(50),
        }
    }
}
