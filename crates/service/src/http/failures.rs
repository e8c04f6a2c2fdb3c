//! How many failures there were: windows per key, whatever the keys are.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Keys remembered; beyond, the oldest windows are forgotten.
const REMEMBERED: usize = 100_000;

/// One in so many is forgotten when there are too many, so that room is not made again at once.
const FORGOTTEN_PART: usize = 16;

/// Too many failures: come back after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl Wait {
    /// Whole seconds, rounded up, at least 1.
    #[must_use]
    pub fn seconds(self) -> u64 {
        let whole = self.0.as_secs();
        let begun = u64::from(self.0.subsec_nanos() > 0);
        (whole + begun).max(1)
    }
}

/// Failures by key. A key's window begins with its first failure; when it is over, the key is as if never seen.
#[derive(Debug)]
pub(crate) struct Failures<K> {
    window: Duration,
    counts: Mutex<HashMap<K, Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    since: Instant,
}

impl<K: Eq + Hash> Failures<K> {
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            counts: Mutex::default(),
        }
    }

    /// Whether none of the keys has as many failures as it may.
    ///
    /// # Errors
    /// [`Wait`], until all of them may go on.
    pub(crate) fn check(&self, keys: &[(K, u32)], now: Instant) -> Result<(), Wait> {
        self.check_locked(&self.counts(), keys, now)
    }

    /// Counts a failure of each key, before it is known to be one; [`give_back`](Self::give_back) when it is none. Of many
    /// at the same time none slips through.
    ///
    /// # Errors
    /// As [`check`](Self::check); then nothing is counted.
    pub(crate) fn take(&self, keys: &[(K, u32)], now: Instant) -> Result<(), Wait>
    where
        K: Clone,
    {
        let mut counts = self.counts();
        self.check_locked(&counts, keys, now)?;
        for (key, _) in keys {
            self.count_locked(&mut counts, key.clone(), now);
        }
        Ok(())
    }

    /// Counts a failure.
    pub(crate) fn count(&self, key: K, now: Instant) {
        self.count_locked(&mut self.counts(), key, now);
    }

    /// Takes one failure of a key back.
    pub(crate) fn give_back(&self, key: &K) {
        if let Some(count) = self.counts().get_mut(key) {
            count.failures = count.failures.saturating_sub(1);
        }
    }

    /// Takes all failures of a key back.
    pub(crate) fn forget(&self, key: &K) {
        self.counts().remove(key);
    }

    fn check_locked(&self, counts: &HashMap<K, Count>, keys: &[(K, u32)], now: Instant) -> Result<(), Wait> {
        let wait = |(key, most): &(K, u32)| {
            let count = counts.get(key)?;
            let left = self
                .window
                .checked_sub(now.saturating_duration_since(count.since))?;
            (count.failures >= *most && !left.is_zero()).then_some(left)
        };
        keys.iter()
            .filter_map(wait)
            .max()
            .map_or(Ok(()), |left| Err(Wait(left)))
    }

    fn count_locked(&self, counts: &mut HashMap<K, Count>, key: K, now: Instant) {
        if counts.len() >= REMEMBERED && !counts.contains_key(&key) {
            self.make_room(counts, now);
        }
        let fresh = Count {
            failures: 0,
            since: now,
        };
        let count = counts.entry(key).or_insert(fresh);
        if now.saturating_duration_since(count.since) >= self.window {
            *count = fresh;
        }
        count.failures = count.failures.saturating_add(1);
    }

    fn make_room(&self, counts: &mut HashMap<K, Count>, now: Instant) {
        counts.retain(|_, count| now.saturating_duration_since(count.since) < self.window);
        if counts.len() < REMEMBERED {
            return;
        }
        let mut begun: Vec<Instant> = counts.values().map(|count| count.since).collect();
        let (_, last, _) = begun.select_nth_unstable(REMEMBERED / FORGOTTEN_PART);
        let last = *last;
        counts.retain(|_, count| count.since > last);
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<K, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    #[test]
    fn a_key_waits_until_its_window_is_over() {
        let failures = Failures::new(WINDOW);
        let start = Instant::now();
        let keys = [("a", 2), ("b", 5)];
        for at in [0, 10] {
            assert_eq!(failures.take(&keys, start + Duration::from_secs(at)), Ok(()));
        }
        let now = start + Duration::from_secs(20);
        assert_eq!(failures.take(&keys, now), Err(Wait(Duration::from_secs(40))));
        assert_eq!(
            failures.check(&[("b", 3)], now),
            Ok(()),
            "a refusal does not count"
        );
        assert_eq!(failures.check(&[("c", 1)], now), Ok(()));
        assert_eq!(failures.take(&keys, start + WINDOW), Ok(()));
        assert_eq!(
            failures.check(&[("a", 2)], start + WINDOW),
            Ok(()),
            "a new window has begun"
        );
    }

    #[test]
    fn what_was_no_failure_is_given_back() {
        let failures = Failures::new(WINDOW);
        let now = Instant::now();
        for _ in 0..10 {
            assert_eq!(failures.take(&[("a", 1)], now), Ok(()));
            failures.give_back(&"a");
        }
        failures.count("a", now);
        assert!(failures.take(&[("a", 1)], now).is_err());
        failures.forget(&"a");
        assert_eq!(failures.take(&[("a", 1)], now), Ok(()));
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let failures = Failures::new(WINDOW);
        let start = Instant::now();
        let at = |n: u32| start + Duration::from_micros(u64::from(n));
        for n in 0..250_000_u32 {
            failures.count(n, at(n));
            assert!(n % 1000 != 0 || failures.counts().len() <= REMEMBERED);
        }
        let now = at(250_000);
        assert!(
            failures.check(&[(249_999, 1)], now).is_err(),
            "the newest are known"
        );
        assert_eq!(failures.check(&[(0, 1)], now), Ok(()), "the oldest are forgotten");
        // When windows are over, room is made without forgetting anybody else.
        for n in 300_000..301_000_u32 {
            failures.count(n, now + WINDOW);
        }
        assert_eq!(failures.counts().len(), 1000);
    }
}
