//! The one place that reads the wall clock, and the clock that a test can set.

use std::fmt;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};
use tokio::sync::watch;

/// Longest sleep before the clock is looked at anew: the system's clock may be set as well.
const NAP: StdDuration = StdDuration::from_secs(60);

/// Years a clock may be set to: in them every form of time that is written has room.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9000;

/// Wall-clock time for tokens, validity and chat; clones are the same clock.
///
/// In development mode it can be set and stepped ([`Clock::set`]), for tests of what happens when time passes. What
/// clients sign with their own clock is compared with [`Clock::system_now`].
#[derive(Clone)]
pub struct Clock(Arc<Parts>);

struct Parts {
    system: Box<dyn Fn() -> OffsetDateTime + Send + Sync>,
    shift: watch::Sender<Shift>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shift {
    Running(Duration),
    Stopped(OffsetDateTime),
}

/// Whether a clock that was set goes on from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// It goes on.
    Running,
    /// It stands until it is set or stepped.
    Stopped,
}

/// The time asked for is not within the years 1970 to 9000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a clock can be set to the years 1970 to 9000")]
pub struct OutOfRange;

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(OffsetDateTime::now_utc)
    }

    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(Parts {
            system: Box::new(now),
            shift: watch::Sender::new(Shift::Running(Duration::ZERO)),
        }))
    }

    /// The time now, UTC.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.at(*self.0.shift.borrow())
    }

    /// The time now, whatever this clock was set to.
    #[must_use]
    pub fn system_now(&self) -> OffsetDateTime {
        (self.0.system)()
    }

    /// Whether the clock goes.
    #[must_use]
    pub fn motion(&self) -> Motion {
        match *self.0.shift.borrow() {
            Shift::Running(_) => Motion::Running,
            Shift::Stopped(_) => Motion::Stopped,
        }
    }

    /// Sets the clock.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn set(&self, to: OffsetDateTime, motion: Motion) -> Result<(), OutOfRange> {
        let to = checked(to)?;
        self.0.shift.send_replace(match motion {
            Motion::Running => Shift::Running(to - self.system_now()),
            Motion::Stopped => Shift::Stopped(to),
        });
        Ok(())
    }

    /// Sets the clock forward, or back; a stopped one stays stopped.
    ///
    /// # Errors
    /// [`OutOfRange`].
    pub fn step(&self, by: Duration) -> Result<(), OutOfRange> {
        let mut outcome = Ok(());
        self.0.shift.send_if_modified(|shift| {
            let to = self
                .at(*shift)
                .checked_add(by)
                .ok_or(OutOfRange)
                .and_then(checked);
            match to {
                Ok(to) => {
                    *shift = match *shift {
                        Shift::Running(by_now) => Shift::Running(by_now + by),
                        Shift::Stopped(_) => Shift::Stopped(to),
                    };
                    true
                }
                Err(error) => {
                    outcome = Err(error);
                    false
                }
            }
        });
        outcome
    }

    /// Lets the clock be the system's again.
    pub fn reset(&self) {
        self.0.shift.send_replace(Shift::Running(Duration::ZERO));
    }

    /// Resolves once the clock is set, stepped or reset after this call: timers look at it anew then.
    pub fn changed(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut shift = self.0.shift.subscribe();
        async move {
            // Without the clock nothing changes any more.
            if shift.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Resolves when this clock shows `at` or later, however it got there.
    pub async fn sleep_until(&self, at: OffsetDateTime) {
        loop {
            let changed = self.changed();
            let left = at - self.now();
            let Ok(left) = StdDuration::try_from(left) else {
                return;
            };
            if left.is_zero() {
                return;
            }
            let nap = match self.motion() {
                // Timers count in milliseconds: not to wake before the time has come.
                Motion::Running => left.saturating_add(StdDuration::from_millis(1)).min(NAP),
                Motion::Stopped => NAP,
            };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    fn at(&self, shift: Shift) -> OffsetDateTime {
        match shift {
            Shift::Running(by) => {
                let now = self.system_now();
                now.checked_add(by).unwrap_or(now)
            }
            Shift::Stopped(at) => at,
        }
    }
}

fn checked(at: OffsetDateTime) -> Result<OffsetDateTime, OutOfRange> {
    let at = at.checked_to_offset(time::UtcOffset::UTC).ok_or(OutOfRange)?;
    if YEARS.contains(&at.year()) {
        Ok(at)
    } else {
        Err(OutOfRange)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-11-20 12:00 UTC);

    /// A clock over a system whose time the test says.
    fn clock() -> (Clock, Arc<Mutex<OffsetDateTime>>) {
        let system = Arc::new(Mutex::new(START));
        let read = Arc::clone(&system);
        (Clock::new(move || *read.lock().unwrap()), system)
    }

    #[test]
    fn is_set_stepped_and_reset() {
        let (clock, system) = clock();
        clock
            .set(datetime!(2030-01-01 0:00 UTC), Motion::Running)
            .unwrap();
        *system.lock().unwrap() += Duration::seconds(5);
        assert_eq!(clock.now(), datetime!(2030-01-01 0:00:05 UTC));
        assert_eq!(clock.system_now(), START + Duration::seconds(5));
        clock.step(Duration::hours(-2)).unwrap();
        assert_eq!(clock.now(), datetime!(2029-12-31 22:00:05 UTC));

        clock.set(datetime!(2030-01-01 0:00 +2), Motion::Stopped).unwrap();
        *system.lock().unwrap() += Duration::seconds(5);
        assert_eq!(clock.now(), datetime!(2029-12-31 22:00 UTC));
        assert_eq!(clock.motion(), Motion::Stopped);
        clock.step(Duration::days(1)).unwrap();
        assert_eq!(clock.now(), datetime!(2030-01-01 22:00 UTC));
        assert_eq!(clock.motion(), Motion::Stopped);

        clock.reset();
        assert_eq!(clock.now(), clock.system_now());
        assert_eq!(clock.motion(), Motion::Running);
    }

    #[test]
    fn stays_within_its_years() {
        let (clock, _) = clock();
        for to in [datetime!(1969-12-31 23:59 UTC), datetime!(9001-01-01 0:00 UTC)] {
            assert_eq!(clock.set(to, Motion::Running), Err(OutOfRange));
        }
        for by in [Duration::MAX, Duration::MIN, Duration::days(365 * 7_000)] {
            assert_eq!(clock.step(by), Err(OutOfRange));
        }
        assert_eq!(clock.now(), START, "nothing was changed");
    }

    #[tokio::test]
    async fn sleepers_wake_when_the_clock_gets_there() {
        let (clock, _) = clock();
        let wake = START + Duration::hours(3);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(wake).await }
        });
        tokio::task::yield_now().await;
        clock.step(Duration::hours(2)).unwrap();
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.step(Duration::hours(1)).unwrap();
        sleeper.await.unwrap();
        // What is over is over.
        clock.sleep_until(START).await;
    }

    #[tokio::test]
    async fn sleepers_wake_as_time_goes_by() {
        let clock = Clock::system();
        let wake = clock.now() + Duration::milliseconds(30);
        clock.sleep_until(wake).await;
        assert!(clock.now() >= wake);
    }
}
