//! How late packets come, and from that, how long to wait for them.
//!
//! All times are in samples at 48 kHz. A packet's *relative delay* is how much longer it travelled than the
//! fastest packet of the last few seconds; the target delay is a high percentile of those.

use std::collections::VecDeque;

/// Width of a histogram bucket: 5 ms.
const BUCKET: i64 = 240;

/// Buckets: up to one second.
const BUCKETS: usize = 200;

/// Part of the packets that shall come in time.
const MOST: f32 = 0.99;

/// Part of the packets whose redundancy shall come in time: fewer, because only few are lost.
const MANY: f32 = 0.8;

/// Weight that a packet keeps when the next one comes: at 50 packets per second, memory of about ten seconds.
const MEMORY: f32 = 0.998;

/// The fastest packet is looked for in blocks of half a second …
const BLOCK: i64 = 24_000;

/// … of which this many are remembered, so that clock drift and new routes are followed within five seconds.
const BLOCKS: usize = 10;

#[derive(Debug)]
pub(super) struct DelayEstimator {
    /// Per block: its number and the least (arrival − timestamp) in it. At most [`BLOCKS`], numbers ascending.
    fastest: VecDeque<(i64, i64)>,
    histogram: [f32; BUCKETS],
    /// The delays that let [`MOST`] and [`MANY`] packets come in time.
    quantiles: (i64, i64),
    observed: u32,
    /// Smoothed change of transit time, RFC 3550 §6.4.1.
    jitter: f64,
    last_transit: Option<i64>,
    last_arrival: i64,
}

impl DelayEstimator {
    pub(super) fn new() -> Self {
        Self {
            fastest: VecDeque::with_capacity(BLOCKS + 1),
            histogram: [0.0; BUCKETS],
            quantiles: (0, 0),
            observed: 0,
            jitter: 0.0,
            last_transit: None,
            last_arrival: 0,
        }
    }

    /// Forgets the relation between the sender's clock and ours, but not what the network is like.
    pub(super) fn rebase(&mut self) {
        self.fastest.clear();
        self.last_transit = None;
    }

    /// Takes note of a packet and returns its relative delay.
    pub(super) fn observe(&mut self, arrival: i64, timestamp: i64) -> i64 {
        let transit = arrival - timestamp;
        self.last_arrival = arrival;
        if let Some(last) = self.last_transit.replace(transit) {
            self.jitter += ((transit - last).abs() as f64 - self.jitter) / 16.0;
        }
        let block = arrival.div_euclid(BLOCK);
        match self.fastest.back_mut() {
            Some((number, least)) if *number >= block => *least = transit.min(*least),
            _ => self.fastest.push_back((block, transit)),
        }
        while self
            .fastest
            .front()
            .is_some_and(|(number, _)| *number <= block - BLOCKS as i64)
        {
            self.fastest.pop_front();
        }
        let relative = self.delay(arrival, timestamp);
        let bucket = usize::try_from(relative / BUCKET).unwrap_or(0).min(BUCKETS - 1);
        let keep = MEMORY.min(self.observed as f32 / (self.observed + 1) as f32);
        for weight in &mut self.histogram {
            *weight *= keep;
        }
        self.histogram[bucket] += 1.0 - keep;
        self.observed = self.observed.saturating_add(1).min(1 << 20);
        self.quantiles = (self.quantile(MOST), self.quantile(MANY));
        relative
    }

    /// How long after the fastest possible arrival of `timestamp` the moment `now` is.
    pub(super) fn delay(&self, now: i64, timestamp: i64) -> i64 {
        let base = self.fastest.iter().map(|(_, least)| *least).min();
        base.map_or(0, |base| now - timestamp - base)
    }

    /// The delay that lets almost all packets come in time; 0 before the first.
    pub(super) const fn for_most(&self) -> i64 {
        self.quantiles.0
    }

    /// The delay that lets four of five packets come in time; 0 before the first.
    pub(super) const fn for_many(&self) -> i64 {
        self.quantiles.1
    }

    /// Packets seen, saturating.
    pub(super) const fn observed(&self) -> u32 {
        self.observed
    }

    /// When the last packet came.
    pub(super) const fn last_arrival(&self) -> i64 {
        self.last_arrival
    }

    /// Interarrival jitter in samples.
    pub(super) const fn jitter(&self) -> f64 {
        self.jitter
    }

    fn quantile(&self, part: f32) -> i64 {
        let mut sum = 0.0;
        for (upper_edge, weight) in (1..).zip(self.histogram) {
            sum += weight;
            if sum >= part {
                return upper_edge * BUCKET;
            }
        }
        // Rounding may leave the sum of all short of it.
        BUCKETS as i64 * BUCKET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_covers_almost_all_packets_and_recovers() {
        let mut delay = DelayEstimator::new();
        // Every tenth packet is 75 ms late.
        for i in 0..1000 {
            delay.observe(i * 960 + if i % 10 == 9 { 3600 } else { 0 }, i * 960);
        }
        assert_eq!(delay.for_most(), 16 * BUCKET);
        assert_eq!(delay.for_many(), BUCKET);
        for i in 1000..4000 {
            delay.observe(i * 960, i * 960);
        }
        assert_eq!(delay.for_most(), BUCKET);
        assert!(delay.jitter() < 1.0);
    }

    #[test]
    fn follows_a_new_route_within_five_seconds() {
        let mut delay = DelayEstimator::new();
        for i in 0..500 {
            delay.observe(i * 960, i * 960);
        }
        // 200 ms slower from now on.
        for i in 500..760 {
            delay.observe(i * 960 + 9600, i * 960);
        }
        assert_eq!(delay.delay(760 * 960 + 9600, 760 * 960), 0);
    }
}
