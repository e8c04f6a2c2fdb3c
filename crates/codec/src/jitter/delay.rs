//! How late packets come, and from that, how long to wait for them.
//!
//! All times are in samples at 48 kHz. A packet's *relative delay* is how much longer it travelled than the
//! fastest packet of the last few seconds; the target delay is the 97th percentile of those.

use std::collections::VecDeque;

/// Width of a histogram bucket: 10 ms.
const BUCKET: i64 = 480;

/// Buckets: up to one second.
const BUCKETS: usize = 100;

/// Part of the packets that shall come in time.
const QUANTILE: f64 = 0.97;

/// Weight that a packet keeps when the next one comes: at 50 packets per second, memory of about ten seconds.
const MEMORY: f64 = 0.998;

/// The fastest packet is looked for in blocks of half a second …
const BLOCK: i64 = 24_000;

/// … of which this many are remembered, so that clock drift and new routes are followed within five seconds.
const BLOCKS: usize = 10;

#[derive(Debug)]
pub(super) struct DelayEstimator {
    /// Per block: its number and the least (arrival − timestamp) in it. At most [`BLOCKS`], numbers ascending.
    fastest: VecDeque<(i64, i64)>,
    histogram: [f64; BUCKETS],
    observed: u32,
    /// Smoothed change of transit time, RFC 3550 §6.4.1.
    jitter: f64,
    last_transit: Option<i64>,
}

impl DelayEstimator {
    pub(super) fn new() -> Self {
        Self {
            fastest: VecDeque::with_capacity(BLOCKS + 1),
            histogram: [0.0; BUCKETS],
            observed: 0,
            jitter: 0.0,
            last_transit: None,
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
        let keep = MEMORY.min(f64::from(self.observed) / f64::from(self.observed + 1));
        for weight in &mut self.histogram {
            *weight *= keep;
        }
        self.histogram[bucket] += 1.0 - keep;
        self.observed = self.observed.saturating_add(1).min(1 << 20);
        relative
    }

    /// How long after the fastest possible arrival of `timestamp` the moment `now` is.
    pub(super) fn delay(&self, now: i64, timestamp: i64) -> i64 {
        let base = self.fastest.iter().map(|(_, least)| *least).min();
        base.map_or(0, |base| now - timestamp - base)
    }

    /// The delay that lets [`QUANTILE`] of the packets come in time; 0 before the first.
    pub(super) fn quantile(&self) -> i64 {
        let mut sum = 0.0;
        for (upper_edge, weight) in (1..).zip(self.histogram) {
            sum += weight;
            if sum >= QUANTILE {
                return upper_edge * BUCKET;
            }
        }
        0
    }

    /// Packets seen, saturating.
    pub(super) const fn observed(&self) -> u32 {
        self.observed
    }

    /// Interarrival jitter in samples.
    pub(super) const fn jitter(&self) -> f64 {
        self.jitter
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
        assert_eq!(delay.quantile(), 8 * BUCKET);
        for i in 1000..4000 {
            delay.observe(i * 960, i * 960);
        }
        assert_eq!(delay.quantile(), BUCKET);
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
