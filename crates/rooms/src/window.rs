//! When a room may be joined.

use time::{Duration, OffsetDateTime, UtcOffset};

use crate::error::WindowError;

/// Longest validity of a room, and the default (ACS Rooms API, `validUntil`): 180 days.
pub const MAX_VALIDITY: Duration = Duration::days(180);

/// How much longer than [`MAX_VALIDITY`] a window may be: a client that computes "180 days from now" itself has a clock
/// of its own, and one that is further off cannot even sign its requests.
pub const SLACK: Duration = Duration::minutes(5);

/// From when until when a room may be joined. In UTC, with whole microseconds, as the API prints them.
///
/// `from` is before `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: OffsetDateTime,
    until: OffsetDateTime,
}

impl Window {
    /// The window of a new room. Without `from` it starts now; without `until` it ends 180 days from **now**, whatever
    /// `from` is.
    ///
    /// # Errors
    /// See [`WindowError`].
    pub fn new(
        from: Option<OffsetDateTime>,
        until: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<Self, WindowError> {
        let from = from.unwrap_or(now);
        // The calendar ends in the year 9999, and so do rooms.
        let until = until.or_else(|| now.checked_add(MAX_VALIDITY));
        Self::checked(from, until.ok_or(WindowError::Range)?, now)
    }

    /// The window with one or both ends moved. Nothing given changes nothing, also when the window is over.
    ///
    /// # Errors
    /// See [`WindowError`].
    pub fn moved(
        self,
        from: Option<OffsetDateTime>,
        until: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<Self, WindowError> {
        if from.is_none() && until.is_none() {
            return Ok(self);
        }
        Self::checked(from.unwrap_or(self.from), until.unwrap_or(self.until), now)
    }

    /// A window as it was stored.
    ///
    /// # Errors
    /// [`WindowError::Range`] when it ends before it starts.
    pub fn stored(from: OffsetDateTime, until: OffsetDateTime) -> Result<Self, WindowError> {
        if until <= from {
            return Err(WindowError::Range);
        }
        Ok(Self {
            from: micros(from),
            until: micros(until),
        })
    }

    /// The first moment at which the room may be joined.
    #[must_use]
    pub const fn from(&self) -> OffsetDateTime {
        self.from
    }

    /// The first moment at which the room may not be joined any more.
    #[must_use]
    pub const fn until(&self) -> OffsetDateTime {
        self.until
    }

    fn checked(
        from: OffsetDateTime,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Self, WindowError> {
        let (from, until) = (micros(from), micros(until));
        if until <= now {
            return Err(WindowError::Past);
        }
        if until <= from || until - from > MAX_VALIDITY + SLACK {
            return Err(WindowError::Range);
        }
        Ok(Self { from, until })
    }
}

/// In UTC, without what is shorter than a microsecond.
pub(crate) fn micros(at: OffsetDateTime) -> OffsetDateTime {
    // Near the ends of the calendar another offset may have no date; comparing and storing work with any.
    let at = at.checked_to_offset(UtcOffset::UTC).unwrap_or(at);
    at.replace_microsecond(at.microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-20 10:00:00.123456 UTC);

    #[test]
    fn defaults_count_from_now() {
        let window = Window::new(None, None, NOW).unwrap();
        assert_eq!((window.from(), window.until()), (NOW, NOW + MAX_VALIDITY));
        let later = NOW + Duration::days(179);
        let window = Window::new(Some(later), None, NOW).unwrap();
        assert_eq!((window.from(), window.until()), (later, NOW + MAX_VALIDITY));
        assert_eq!(
            Window::new(Some(NOW + Duration::days(181)), None, NOW),
            Err(WindowError::Range)
        );
    }

    #[test]
    fn a_client_clock_may_be_a_little_off() {
        let until = NOW + MAX_VALIDITY + SLACK;
        assert!(Window::new(None, Some(until), NOW).is_ok());
        assert_eq!(
            Window::new(None, Some(until + Duration::microseconds(1)), NOW),
            Err(WindowError::Range)
        );
        let seven_months = Some(NOW + Duration::days(210));
        assert_eq!(Window::new(None, seven_months, NOW), Err(WindowError::Range));
    }

    #[test]
    fn the_end_is_after_the_start_and_in_the_future() {
        let day = Duration::days(1);
        assert_eq!(Window::new(None, Some(NOW - day), NOW), Err(WindowError::Past));
        assert_eq!(
            Window::new(Some(NOW - day), Some(NOW), NOW),
            Err(WindowError::Past)
        );
        assert_eq!(
            Window::new(Some(NOW + 2 * day), Some(NOW + day), NOW),
            Err(WindowError::Range)
        );
        assert_eq!(
            Window::new(Some(NOW + day), Some(NOW + day), NOW),
            Err(WindowError::Range)
        );
        // A room may have been open for a while.
        assert!(Window::new(Some(NOW - day), Some(NOW + day), NOW).is_ok());
    }

    #[test]
    fn moving_one_end_keeps_the_other() {
        let window = Window::new(None, None, NOW).unwrap();
        let from = NOW + Duration::days(3);
        let moved = window.moved(Some(from), None, NOW).unwrap();
        assert_eq!((moved.from(), moved.until()), (from, window.until()));
        let until = NOW + Duration::days(4);
        let moved = moved.moved(None, Some(until), NOW).unwrap();
        assert_eq!((moved.from(), moved.until()), (from, until));
        let over = NOW + Duration::days(300);
        assert_eq!(moved.moved(None, None, over), Ok(moved));
        assert_eq!(moved.moved(Some(NOW), None, over), Err(WindowError::Past));
    }

    #[test]
    fn keeps_microseconds_and_nothing_shorter() {
        let from = datetime!(2026-11-20 12:00:00.123456789 +02:00);
        let window = Window::new(Some(from), None, NOW).unwrap();
        assert_eq!(window.from(), datetime!(2026-11-20 10:00:00.123456 UTC));
        assert_eq!(window.from().offset(), UtcOffset::UTC);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_holds(
            from in proptest::option::of(-300_000_000_i64..300_000_000),
            until in proptest::option::of(-300_000_000_i64..300_000_000),
            again in proptest::option::of(-300_000_000_i64..300_000_000),
        ) {
            let at = |seconds: Option<i64>| seconds.map(|seconds| NOW + Duration::seconds(seconds));
            let mut windows = Vec::new();
            if let Ok(window) = Window::new(at(from), at(until), NOW) {
                windows.push(window);
                windows.extend(window.moved(at(again), None, NOW));
                windows.extend(window.moved(None, at(again), NOW));
            }
            for window in windows {
                prop_assert!(window.from() < window.until());
                prop_assert!(window.until() > NOW);
                prop_assert!(window.until() - window.from() <= MAX_VALIDITY + SLACK);
                prop_assert_eq!(Window::stored(window.from(), window.until()), Ok(window));
            }
        }
    }
}
