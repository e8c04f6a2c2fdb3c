//! What the benches share: two implementations measured in turns, so that a noisy minute hits both, and one ratio.

use std::fmt;
use std::time::{Duration, Instant};

/// Runs an operation that many times and says how long that took, preparation not counted.
pub type Timed<'a> = &'a mut dyn FnMut(u64) -> Duration;

/// How long so many operations take.
pub fn times(operations: u64, mut operation: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..operations {
        operation();
    }
    start.elapsed()
}

/// Times per operation of ours and of a peer, measured in the same run.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Median of ours, in nanoseconds.
    pub ours_ns: f64,
    /// Median of the peer's, in nanoseconds.
    pub peer_ns: f64,
}

impl Comparison {
    /// Measures in `passes` (at least one) interleaved passes of `operations` each.
    pub fn measure(passes: usize, operations: u32, ours: Timed<'_>, peer: Timed<'_>) -> Self {
        let mut our_passes = Vec::with_capacity(passes);
        let mut peer_passes = Vec::with_capacity(passes);
        for _ in 0..passes.max(1) {
            our_passes.push(ours(u64::from(operations)));
            peer_passes.push(peer(u64::from(operations)));
        }
        Self {
            ours_ns: median_ns(our_passes, operations),
            peer_ns: median_ns(peer_passes, operations),
        }
    }

    /// Ours in units of the peer's: below one is faster.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.ours_ns / self.peer_ns
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ours {:.0} ns, peer {:.0} ns, ratio {:.2}",
            self.ours_ns,
            self.peer_ns,
            self.ratio()
        )
    }
}

fn median_ns(mut passes: Vec<Duration>, operations: u32) -> f64 {
    passes.sort_unstable();
    let median = passes.get(passes.len() / 2).copied().unwrap_or_default();
    median.as_secs_f64() * 1e9 / f64::from(operations.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_median_of_each_side() {
        let mut ours = [5, 1, 3].into_iter();
        let mut peer = [6, 60, 6].into_iter();
        let mut next_ours = |operations: u64| Duration::from_nanos(operations * ours.next().unwrap());
        let mut next_peer = |operations: u64| Duration::from_nanos(operations * peer.next().unwrap());
        let comparison = Comparison::measure(3, 1000, &mut next_ours, &mut next_peer);
        assert_eq!(comparison.to_string(), "ours 3 ns, peer 6 ns, ratio 0.50");
    }
}
