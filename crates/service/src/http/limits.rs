//! Brakes on guessing passwords.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Limits;

/// Sign-ins looked at together; a guess cannot start before the one before it was counted.
const TOGETHER: usize = 2;

/// Sign-ins that may wait for their turn; more are sent away.
const WAITING: usize = 256;

/// Names and sources remembered; beyond, the oldest window is forgotten.
const REMEMBERED: usize = 100_000;

/// Counts failed sign-ins per name and source, and per source.
#[derive(Debug, Clone)]
pub struct SignInLimits(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    failures: u32,
    failures_per_source: u32,
    window: Duration,
    counts: Mutex<HashMap<Key, Count>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(String, IpAddr),
    Source(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    since: Instant,
}

/// Permission to check one password. Say how it went.
#[derive(Debug)]
#[must_use]
pub struct Attempt {
    limits: SignInLimits,
    name: String,
    source: IpAddr,
    _turn: OwnedSemaphorePermit,
}

/// Too many failures: come back after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl SignInLimits {
    /// Limits as configured.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self(Arc::new(Parts {
            turns: Arc::new(Semaphore::new(TOGETHER)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            failures: limits.sign_in_failures,
            failures_per_source: limits.sign_in_failures_per_source,
            window: Duration::from_secs(limits.sign_in_window_seconds),
            counts: Mutex::default(),
        }))
    }

    /// Waits for a turn to check a password.
    ///
    /// # Errors
    /// [`Wait`]: too many failures, or too many others wait.
    pub async fn attempt(&self, name: &str, source: IpAddr) -> Result<Attempt, Wait> {
        let name = name.to_lowercase();
        // Refused ones do not queue up before others.
        self.check(&name, source, Instant::now())?;
        let busy = |_| Wait(Duration::from_secs(1));
        let _waiting = Arc::clone(&self.0.waiting).try_acquire_owned().map_err(busy)?;
        let turn = Arc::clone(&self.0.turns)
            .acquire_owned()
            .await
            .map_err(|_| Wait(Duration::from_secs(1)))?;
        self.check(&name, source, Instant::now())?;
        Ok(Attempt {
            limits: self.clone(),
            name,
            source,
            _turn: turn,
        })
    }

    fn check(&self, name: &str, source: IpAddr, now: Instant) -> Result<(), Wait> {
        let counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |key: &Key, most: u32| {
            let count = counts.get(key)?;
            let left = self
                .0
                .window
                .checked_sub(now.saturating_duration_since(count.since))?;
            (count.failures >= most && !left.is_zero()).then_some(left)
        };
        let by_name = wait(&Key::Name(name.to_owned(), source), self.0.failures);
        let by_source = wait(&Key::Source(source), self.0.failures_per_source);
        by_name.max(by_source).map_or(Ok(()), |left| Err(Wait(left)))
    }

    fn count_failure(&self, key: Key, now: Instant) {
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= REMEMBERED && !counts.contains_key(&key) {
            let window = self.0.window;
            counts.retain(|_, count| now.saturating_duration_since(count.since) < window);
            if counts.len() >= REMEMBERED
                && let Some(oldest) = counts
                    .iter()
                    .min_by_key(|(_, count)| count.since)
                    .map(|(key, _)| key.clone())
            {
                counts.remove(&oldest);
            }
        }
        let count = counts.entry(key).or_insert(Count {
            failures: 0,
            since: now,
        });
        if now.saturating_duration_since(count.since) >= self.0.window {
            *count = Count {
                failures: 0,
                since: now,
            };
        }
        count.failures = count.failures.saturating_add(1);
    }
}

impl Attempt {
    /// The password was right: earlier mistakes with this name are forgotten.
    pub fn succeeded(self) {
        let mut counts = self
            .limits
            .0
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        counts.remove(&Key::Name(self.name, self.source));
    }

    /// The name or the password was wrong.
    pub fn failed(self) {
        let now = Instant::now();
        self.limits
            .count_failure(Key::Name(self.name.clone(), self.source), now);
        self.limits.count_failure(Key::Source(self.source), now);
    }
}

impl Wait {
    /// Whole seconds, rounded up, at least 1.
    #[must_use]
    pub fn seconds(self) -> u64 {
        let whole = self.0.as_secs();
        let begun = u64::from(self.0.subsec_nanos() > 0);
        (whole + begun).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn limits(failures: u32, per_source: u32) -> SignInLimits {
        SignInLimits::new(&Limits {
            sign_in_failures: failures,
            sign_in_failures_per_source: per_source,
            sign_in_window_seconds: 60,
            ..Limits::default()
        })
    }

    #[tokio::test]
    async fn makes_a_name_wait_after_its_failures() {
        let limits = limits(2, 100);
        for _ in 0..2 {
            limits.attempt("Alice", HERE).await.unwrap().failed();
        }
        let wait = limits.attempt("alice", HERE).await.unwrap_err();
        assert!((1..=60).contains(&wait.seconds()), "{wait:?}");
        limits.attempt("bob", HERE).await.unwrap().succeeded();
        let elsewhere = IpAddr::from([192, 0, 2, 1]);
        limits.attempt("alice", elsewhere).await.unwrap().succeeded();
    }

    #[tokio::test]
    async fn success_forgets_the_name_and_not_the_source() {
        let limits = limits(2, 3);
        limits.attempt("alice", HERE).await.unwrap().failed();
        limits.attempt("alice", HERE).await.unwrap().succeeded();
        limits.attempt("alice", HERE).await.unwrap().failed();
        limits.attempt("carol", HERE).await.unwrap().failed();
        assert!(limits.attempt("dave", HERE).await.is_err());
    }

    #[tokio::test]
    async fn the_window_ends() {
        let limits = limits(1, 100);
        limits.attempt("alice", HERE).await.unwrap().failed();
        let now = Instant::now();
        assert!(limits.check("alice", HERE, now).is_err());
        assert!(limits.check("alice", HERE, now + Duration::from_secs(61)).is_ok());
    }
}
