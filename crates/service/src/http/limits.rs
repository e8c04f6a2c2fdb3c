//! Brakes on guessing passwords.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use super::failures::Wait;

use super::failures::Failures;
use crate::config::Limits;

/// Sign-ins looked at together; a guess cannot start before the one before it was counted.
const TOGETHER: usize = 2;

/// Sign-ins that may wait for their turn; more are sent away.
const WAITING: usize = 256;

/// Counts failed sign-ins per name and source, and per source.
#[derive(Debug, Clone)]
pub struct SignInLimits(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    failures: u32,
    failures_per_source: u32,
    counts: Failures<Key>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(String, IpAddr),
    Source(IpAddr),
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

impl SignInLimits {
    /// Limits as configured.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self(Arc::new(Parts {
            turns: Arc::new(Semaphore::new(TOGETHER)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            failures: limits.sign_in_failures,
            failures_per_source: limits.sign_in_failures_per_source,
            counts: Failures::new(Duration::from_secs(limits.sign_in_window_seconds)),
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
        let keys = [
            (Key::Name(name.to_owned(), source), self.0.failures),
            (Key::Source(source), self.0.failures_per_source),
        ];
        self.0.counts.check(&keys, now)
    }
}

impl Attempt {
    /// The password was right: earlier mistakes with this name are forgotten.
    pub fn succeeded(self) {
        self.limits.0.counts.forget(&Key::Name(self.name, self.source));
    }

    /// The name or the password was wrong.
    pub fn failed(self) {
        let now = Instant::now();
        let counts = &self.limits.0.counts;
        counts.count(Key::Name(self.name.clone(), self.source), now);
        counts.count(Key::Source(self.source), now);
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
