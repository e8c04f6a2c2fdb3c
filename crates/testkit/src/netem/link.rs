use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::LinkConfig;
use super::bottleneck::{Bottleneck, Capacity};

/// A limit that is lifted lets go of everything at once.
const UNLIMITED: Capacity<'_> = Capacity::Rate(u64::MAX / 2);

/// One direction of a link.
#[derive(Debug)]
pub struct Link {
    config: LinkConfig,
    /// When the configuration came into force, for the time in its trace.
    since: Option<Instant>,
    /// What the link does later, in order.
    steps: VecDeque<(Instant, LinkConfig)>,
    rng: StdRng,
    /// Of its own, so that a channel does not shift the luck of the rest.
    channel_rng: StdRng,
    is_bad: bool,
    bottleneck: Bottleneck<Traveller>,
    /// By time of delivery, then order of sending.
    in_flight: BTreeMap<(Instant, u64), (Duration, Vec<u8>)>,
    sent: u64,
    dropped: u64,
    /// Whether the last packet was lost, for losses in a row.
    losing: bool,
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
    /// How long it took to get through the queue and the limited link; its own transmission time included.
    pub queued: Duration,
}

/// A packet whose fate is decided and that has not met it yet.
#[derive(Debug)]
struct Traveller {
    number: u64,
    bytes: Vec<u8>,
    is_lost: bool,
    reorder: f64,
    duplicate: f64,
    jitter: f64,
    jitter_again: f64,
}

impl Link {
    /// A link whose fate is decided by `seed`.
    #[must_use]
    pub fn new(config: LinkConfig, seed: u64) -> Self {
        Self {
            config,
            since: None,
            steps: VecDeque::new(),
            rng: StdRng::seed_from_u64(seed),
            channel_rng: StdRng::seed_from_u64(seed ^ 0x6769_6c62_6572_7400),
            is_bad: false,
            bottleneck: Bottleneck::new(),
            in_flight: BTreeMap::new(),
            sent: 0,
            dropped: 0,
            losing: false,
            latest: None,
        }
    }

    /// Changes what the link does to packets from now on, those in its queue included.
    pub fn reconfigure(&mut self, config: LinkConfig) {
        self.config = config;
        self.since = None;
    }

    /// Changes what the link does from `at` on. Steps may be given in any order.
    pub fn schedule(&mut self, at: Instant, config: LinkConfig) {
        let place = self.steps.partition_point(|(other, _)| *other <= at);
        self.steps.insert(place, (at, config));
    }

    /// Sends a packet.
    pub fn send(&mut self, now: Instant, bytes: &[u8]) {
        self.advance(now);
        self.sent += 1;
        // Always the same number of draws per packet, so that settings do not shift each other's luck.
        let [loss, reorder, duplicate, jitter, jitter_again] =
            std::array::from_fn(|_| self.rng.random::<f64>());
        self.losing = self.is_lost(loss);
        let traveller = Traveller {
            number: self.sent,
            bytes: bytes.to_vec(),
            is_lost: self.is_lost_in_channel() || self.losing,
            reorder,
            duplicate,
            jitter,
            jitter_again,
        };
        if self.config.outage {
            self.dropped += 1;
            return;
        }
        let Some(capacity) = capacity(&self.config, self.since.unwrap_or(now)) else {
            self.leave(now, Duration::ZERO, traveller);
            return;
        };
        let fits = match self.config.queue_bytes {
            Some(most) => self.bottleneck.bytes() + bytes.len() <= most,
            None => self.bottleneck.wait(capacity) <= self.config.queue,
        };
        if fits {
            self.bottleneck.push(now, bytes.len(), traveller);
        } else {
            self.dropped += 1;
        }
    }

    /// Takes the next packet that is there at `now`.
    pub fn receive(&mut self, now: Instant) -> Option<Delivery> {
        self.advance(now);
        let entry = self
            .in_flight
            .first_entry()
            .filter(|entry| entry.key().0 <= now)?;
        let ((at, _), (queued, bytes)) = entry.remove_entry();
        Some(Delivery { at, bytes, queued })
    }

    /// When to look again: nothing comes out before, and something may come out then. `None` while nothing is on its
    /// way, or while all that is waits behind an outage without an end.
    #[must_use]
    pub fn next_delivery(&self) -> Option<Instant> {
        let arrival = self.in_flight.first_key_value().map(|((at, _), _)| *at);
        let departure = self.since.and_then(|since| {
            let capacity = capacity(&self.config, since).unwrap_or(UNLIMITED);
            self.bottleneck.next_departure(capacity)
        });
        let is_waiting = self.bottleneck.bytes() > 0;
        let step = self.steps.front().map(|(at, _)| *at).filter(|_| is_waiting);
        [arrival, departure, step].into_iter().flatten().min()
    }

    /// Packets sent, and how many of them were dropped.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.sent, self.dropped)
    }

    /// Bytes in the queue in front of the limited link.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.bottleneck.bytes()
    }

    /// What the link does now.
    #[must_use]
    pub const fn config(&self) -> &LinkConfig {
        &self.config
    }

    /// Lets time pass: steps, and what leaves the queue.
    fn advance(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        while let Some((at, config)) = self.steps.pop_front_if(|(at, _)| *at <= now) {
            self.serve(at);
            self.config = config;
            self.since = Some(at);
        }
        self.serve(now);
    }

    fn serve(&mut self, until: Instant) {
        if self.bottleneck.bytes() == 0 {
            return;
        }
        let capacity = capacity(&self.config, self.since.unwrap_or(until)).unwrap_or(UNLIMITED);
        let mut left = Vec::new();
        let out = |at, queued, traveller| left.push((at, queued, traveller));
        self.bottleneck.serve(until, capacity, out);
        for (at, queued, traveller) in left {
            self.leave(at, queued, traveller);
        }
    }

    /// Behind the bottleneck: loss, or delay and arrival.
    fn leave(&mut self, at: Instant, queued: Duration, traveller: Traveller) {
        if traveller.is_lost {
            self.dropped += 1;
            return;
        }
        let mut at = at + self.config.delay + self.config.jitter.mul_f64(traveller.jitter);
        if traveller.reorder < self.config.reorder {
            at += self.config.reorder_delay;
        } else {
            at = self.latest.map_or(at, |latest| latest.max(at));
            self.latest = Some(at);
        }
        let key = traveller.number * 2;
        if traveller.duplicate < self.config.duplicate {
            let again = at + self.config.jitter.mul_f64(traveller.jitter_again);
            self.in_flight
                .insert((again, key + 1), (queued, traveller.bytes.clone()));
        }
        self.in_flight.insert((at, key), (queued, traveller.bytes));
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

    fn is_lost_in_channel(&mut self) -> bool {
        let Some(channel) = self.config.channel else {
            return false;
        };
        let [change, loss] = std::array::from_fn(|_| self.channel_rng.random::<f64>());
        let chance = if self.is_bad {
            channel.to_good
        } else {
            channel.to_bad
        };
        self.is_bad ^= change < chance;
        loss < if self.is_bad {
            channel.loss_bad
        } else {
            channel.loss_good
        }
    }
}

/// How fast the link is that has been what it is since `since`; `None` without a limit.
fn capacity(config: &LinkConfig, since: Instant) -> Option<Capacity<'_>> {
    if config.outage {
        return Some(Capacity::None);
    }
    if let Some(trace) = &config.trace {
        return Some(Capacity::Trace(trace, since));
    }
    config.bandwidth_bps.filter(|rate| *rate > 0).map(Capacity::Rate)
}
