use std::time::Duration;

use super::Trace;

/// What a link does to packets. The default is a perfect wire without delay.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkConfig {
    /// Propagation delay of every packet.
    pub delay: Duration,
    /// Additional delay, evenly distributed from zero to this. Jitter alone does not reorder.
    pub jitter: Duration,
    /// Part of the packets that is lost, 0 to 1.
    pub loss: f64,
    /// Mean number of packets lost in a row; 1 for independent losses (Gilbert's model).
    pub mean_burst: f64,
    /// Losses of a channel with a good and a bad state, in addition to `loss`.
    pub channel: Option<GilbertElliott>,
    /// Part of the packets that is held back and overtaken, 0 to 1.
    pub reorder: f64,
    /// How long those are held back.
    pub reorder_delay: Duration,
    /// Part of the packets that comes twice, 0 to 1.
    pub duplicate: f64,
    /// Capacity in bits per second; `None` or 0 for no limit.
    pub bandwidth_bps: Option<u64>,
    /// Capacity as it was recorded; counts instead of `bandwidth_bps`.
    pub trace: Option<Trace>,
    /// Longest wait in the queue in front of a limited link; more is dropped (drop-tail). With a trace, at its mean
    /// rate.
    pub queue: Duration,
    /// Most bytes in that queue; counts instead of `queue`.
    pub queue_bytes: Option<usize>,
    /// Nothing passes: what is sent is lost, and what waits goes on waiting.
    pub outage: bool,
}

/// A channel with two states, each with its own loss (Elliott's extension of Gilbert's model). Probabilities are per
/// packet, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GilbertElliott {
    /// From the good state to the bad one.
    pub to_bad: f64,
    /// From the bad state to the good one; its inverse is the mean length of a bad phase, in packets.
    pub to_good: f64,
    /// Loss in the good state.
    pub loss_good: f64,
    /// Loss in the bad state.
    pub loss_bad: f64,
}

impl GilbertElliott {
    /// The mean loss in the long run.
    #[must_use]
    pub fn mean_loss(&self) -> f64 {
        let sum = self.to_bad + self.to_good;
        let bad = if sum > 0.0 { self.to_bad / sum } else { 0.0 };
        bad * self.loss_bad + (1.0 - bad) * self.loss_good
    }
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            mean_burst: 1.0,
            channel: None,
            reorder: 0.0,
            reorder_delay: Duration::from_millis(30),
            duplicate: 0.0,
            bandwidth_bps: None,
            trace: None,
            queue: Duration::from_millis(200),
            queue_bytes: None,
            outage: false,
        }
    }
}

impl LinkConfig {
    /// A home network over Wi-Fi: 15 ms, 10 ms of jitter, half a percent lost, rarely out of order.
    #[must_use]
    pub fn wifi() -> Self {
        Self {
            delay: Duration::from_millis(15),
            jitter: Duration::from_millis(10),
            loss: 0.005,
            reorder: 0.002,
            ..Self::default()
        }
    }

    /// A train: 60 ms, 60 ms of jitter, 3 percent lost in bursts of three.
    #[must_use]
    pub fn mobile() -> Self {
        Self {
            delay: Duration::from_millis(60),
            jitter: Duration::from_millis(60),
            loss: 0.03,
            mean_burst: 3.0,
            reorder: 0.005,
            duplicate: 0.002,
            ..Self::default()
        }
    }

    /// A link of so many bits per second and nothing else.
    #[must_use]
    pub fn limited(bandwidth_bps: u64) -> Self {
        Self {
            bandwidth_bps: Some(bandwidth_bps),
            ..Self::default()
        }
    }

    /// A link as it was recorded.
    #[must_use]
    pub fn traced(trace: Trace) -> Self {
        Self {
            trace: Some(trace),
            ..Self::default()
        }
    }

    /// With this part of the packets lost.
    #[must_use]
    pub fn loss(mut self, loss: f64) -> Self {
        self.loss = loss;
        self
    }

    /// With this propagation delay.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// With at most this much jitter.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// With a queue of this length in front of the limited link; seconds of it are a bloated buffer.
    #[must_use]
    pub fn queue(mut self, queue: Duration) -> Self {
        self.queue = queue;
        self.queue_bytes = None;
        self
    }

    /// With a queue of so many bytes in front of the limited link.
    #[must_use]
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = Some(bytes);
        self
    }

    /// With losses of a channel with two states.
    #[must_use]
    pub fn channel(mut self, channel: GilbertElliott) -> Self {
        self.channel = Some(channel);
        self
    }

    /// The same link, cut.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.outage = true;
        self
    }
}
