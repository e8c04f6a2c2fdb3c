//! A network link in virtual time: bytes go in at one instant and come out at another, or not at all.
//!
//! The same seed and the same calls give the same deliveries.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

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
    /// Part of the packets that is held back and overtaken, 0 to 1.
    pub reorder: f64,
    /// How long those are held back.
    pub reorder_delay: Duration,
    /// Part of the packets that comes twice, 0 to 1.
    pub duplicate: f64,
    /// Capacity in bits per second; `None` for no limit.
    pub bandwidth_bps: Option<u64>,
    /// Longest wait in the queue in front of a limited link; more is dropped.
    pub queue: Duration,
}

impl Default for LinkConfig {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            jitter: Duration::ZERO,
            loss: 0.0,
            mean_burst: 1.0,
            reorder: 0.0,
            reorder_delay: Duration::from_millis(30),
            duplicate: 0.0,
            bandwidth_bps: None,
            queue: Duration::from_millis(200),
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

    /// With this part of the packets lost.
    #[must_use]
    pub fn loss(mut self, loss: f64) -> Self {
        self.loss = loss;
        self
    }
}

/// One direction of a link.
#[derive(Debug)]
pub struct Link {
    config: LinkConfig,
    rng: StdRng,
    /// By time of delivery, then order of sending.
    in_flight: BTreeMap<(Instant, u64), Vec<u8>>,
    sent: u64,
    dropped: u64,
    /// Whether the last packet was lost, for losses in a row.
    losing: bool,
    /// When the last packet leaves the limited link.
    free_at: Option<Instant>,
    /// The latest delivery so far, for jitter without reordering.
    latest: Option<Instant>,
}

/// What came out of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// When.
    pub at: Instant,
    /// What.
    pub bytes: Vec<u8>,
}

impl Link {
    /// A link whose fate is decided by `seed`.
    #[must_use]
    pub fn new(config: LinkConfig, seed: u64) -> Self {
        Self {
            config,
            rng: StdRng::seed_from_u64(seed),
            in_flight: BTreeMap::new(),
            sent: 0,
            dropped: 0,
            losing: false,
            free_at: None,
            latest: None,
        }
    }

    /// Changes what the link does to packets from now on.
    pub fn reconfigure(&mut self, config: LinkConfig) {
        self.config = config;
    }

    /// Sends a packet.
    pub fn send(&mut self, now: Instant, bytes: &[u8]) {
        self.sent += 1;
        // Always the same number of draws per packet, so that settings do not shift each other's luck.
        let [loss, reorder, duplicate, jitter, jitter_again] =
            std::array::from_fn(|_| self.rng.random::<f64>());
        self.losing = self.is_lost(loss);
        let Some(through) = self.through_queue(now, bytes.len()).filter(|_| !self.losing) else {
            self.dropped += 1;
            return;
        };
        let mut at = through + self.config.delay + self.config.jitter.mul_f64(jitter);
        if reorder < self.config.reorder {
            at += self.config.reorder_delay;
        } else {
            at = self.latest.map_or(at, |latest| latest.max(at));
            self.latest = Some(at);
        }
        if duplicate < self.config.duplicate {
            let again = at + self.config.jitter.mul_f64(jitter_again);
            self.in_flight.insert((again, self.sent * 2 + 1), bytes.to_vec());
        }
        self.in_flight.insert((at, self.sent * 2), bytes.to_vec());
    }

    /// Takes the next packet that is there at `now`.
    pub fn receive(&mut self, now: Instant) -> Option<Delivery> {
        let entry = self
            .in_flight
            .first_entry()
            .filter(|entry| entry.key().0 <= now)?;
        let ((at, _), bytes) = entry.remove_entry();
        Some(Delivery { at, bytes })
    }

    /// When the next packet comes out.
    #[must_use]
    pub fn next_delivery(&self) -> Option<Instant> {
        self.in_flight.first_key_value().map(|((at, _), _)| *at)
    }

    /// Packets sent, and how many of them were dropped.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.sent, self.dropped)
    }

    /// Two states: losing or not. The chances to change are such that the mean loss and the mean run come out.
    fn is_lost(&self, luck: f64) -> bool {
        let loss = self.config.loss.clamp(0.0, 1.0);
        let stay = 1.0 - 1.0 / self.config.mean_burst.max(1.0);
        if self.config.mean_burst <= 1.0 || loss >= 1.0 {
            return luck < loss;
        }
        if self.losing {
            luck < stay
        } else {
            luck < loss * (1.0 - stay) / (1.0 - loss)
        }
    }

    /// When the packet has left the limited link; `None` when the queue is full.
    fn through_queue(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        let Some(rate) = self.config.bandwidth_bps.filter(|rate| *rate > 0) else {
            return Some(now);
        };
        let start = self.free_at.map_or(now, |free| free.max(now));
        if start.saturating_duration_since(now) > self.config.queue {
            return None;
        }
        let end = start + Duration::from_secs_f64(bytes as f64 * 8.0 / rate as f64);
        self.free_at = Some(end);
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn run(config: LinkConfig, seed: u64, packets: u32) -> Vec<(u32, Duration)> {
        let mut clock = Clock::new();
        let start = clock.now();
        let mut link = Link::new(config, seed);
        let mut out = Vec::new();
        let mut take = |link: &mut Link, now| {
            while let Some(delivery) = link.receive(now) {
                assert!(delivery.at <= now);
                let number = u32::from_be_bytes(delivery.bytes[..4].try_into().unwrap());
                out.push((number, delivery.at - start));
            }
        };
        for i in 0..packets {
            let mut packet = vec![0; 100];
            packet[..4].copy_from_slice(&i.to_be_bytes());
            link.send(clock.now(), &packet);
            let now = clock.advance(Duration::from_millis(20));
            take(&mut link, now);
        }
        while let Some(at) = link.next_delivery() {
            take(&mut link, at);
        }
        out
    }

    #[test]
    fn a_perfect_wire_delivers_everything_at_once() {
        let out = run(LinkConfig::default(), 1, 50);
        assert_eq!(out.len(), 50);
        assert!(
            out.iter()
                .enumerate()
                .all(|(i, (n, at))| i == *n as usize && *at == Duration::from_millis(20) * *n)
        );
    }

    #[test]
    fn same_seed_same_fate() {
        assert_eq!(
            run(LinkConfig::mobile(), 7, 500),
            run(LinkConfig::mobile(), 7, 500)
        );
        assert_ne!(
            run(LinkConfig::mobile(), 7, 500),
            run(LinkConfig::mobile(), 8, 500)
        );
    }

    #[test]
    fn loses_the_part_it_is_told_to_also_in_bursts() {
        for mean_burst in [1.0, 4.0] {
            let out = run(
                LinkConfig {
                    loss: 0.2,
                    mean_burst,
                    ..LinkConfig::default()
                },
                3,
                20_000,
            );
            let lost = 20_000 - out.len();
            assert!((3_500..4_500).contains(&lost), "{lost}");
            let runs = out.windows(2).filter(|w| w[1].0 > w[0].0 + 1).count();
            let mean = lost as f64 / runs as f64;
            let expected = if mean_burst == 1.0 { 1.25 } else { 4.0 };
            assert!((mean - expected).abs() < 0.3, "{mean}");
        }
    }

    #[test]
    fn jitter_keeps_order_and_reordering_does_not() {
        let jitter = LinkConfig {
            jitter: Duration::from_millis(80),
            ..LinkConfig::default()
        };
        assert!(run(jitter, 5, 500).is_sorted_by_key(|(n, _)| *n));
        let out = run(
            LinkConfig {
                reorder: 0.1,
                ..LinkConfig::default()
            },
            5,
            500,
        );
        assert_eq!(out.len(), 500);
        assert!(!out.is_sorted_by_key(|(n, _)| *n));
        assert!(out.is_sorted_by_key(|(_, at)| *at));
    }

    #[test]
    fn duplicates_and_limits_bandwidth() {
        let out = run(
            LinkConfig {
                duplicate: 0.5,
                ..LinkConfig::default()
            },
            5,
            1000,
        );
        assert!((1_400..1_600).contains(&out.len()), "{}", out.len());
        // 100 bytes every 20 ms are 40 kbit/s; half of that fits.
        let out = run(
            LinkConfig {
                bandwidth_bps: Some(20_000),
                ..LinkConfig::default()
            },
            5,
            1000,
        );
        assert!((500..520).contains(&out.len()), "{}", out.len());
        assert!(
            out.iter()
                .all(|(n, at)| *at - Duration::from_millis(20) * *n <= Duration::from_millis(240))
        );
    }
}
