//! How often something may happen.

use std::time::{Duration, Instant};

/// Lets things happen at a steady pace, with bursts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace(Option<Instant>);

impl Pace {
    /// Whether one more may happen now: `burst` at once, and then one every `interval`.
    pub(crate) fn allows(&mut self, now: Instant, interval: Duration, burst: u32) -> bool {
        let next = self.0.map_or(now, |next| next.max(now));
        if next.saturating_duration_since(now) > interval * burst.saturating_sub(1) {
            return false;
        }
        self.0 = Some(next + interval);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_a_steady_pace() {
        let (mut pace, second) = (Pace::default(), Duration::from_secs(1));
        let start = Instant::now();
        let count = |pace: &mut Pace, now| (0..10).filter(|_| pace.allows(now, second, 3)).count();
        assert_eq!(count(&mut pace, start), 3);
        assert_eq!(count(&mut pace, start + second - Duration::from_millis(1)), 0);
        assert_eq!(count(&mut pace, start + second), 1);
        assert_eq!(count(&mut pace, start + second * 60), 3);
    }
}
