//! A clock that moves only when told to.

use std::time::{Duration, Instant};

/// Virtual time for a test: starts somewhere, and advances by hand.
#[derive(Debug, Clone)]
pub struct Clock {
    start: Instant,
    now: Instant,
}

impl Clock {
    /// A clock that stands at its start.
    #[must_use]
    pub fn new() -> Self {
        let start = Instant::now();
        Self { start, now: start }
    }

    /// The present.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.now.saturating_duration_since(self.start)
    }

    /// Moves on and returns the new present.
    pub fn advance(&mut self, by: Duration) -> Instant {
        self.now += by;
        self.now
    }

    /// Moves on to `instant`; stays when that is in the past.
    pub fn advance_to(&mut self, instant: Instant) -> Instant {
        self.now = self.now.max(instant);
        self.now
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_only_forward_and_only_when_told() {
        let mut clock = Clock::new();
        let start = clock.now();
        assert_eq!(clock.now(), start);
        assert_eq!(
            clock.advance(Duration::from_secs(2)),
            start + Duration::from_secs(2)
        );
        clock.advance_to(start);
        assert_eq!(clock.elapsed(), Duration::from_secs(2));
    }
}
