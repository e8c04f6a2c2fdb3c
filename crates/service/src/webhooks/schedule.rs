//! When an event is sent again, and when that is given up: decisions without sockets, storage or clock.
//!
//! ```text
//!            ┌──────────── 2xx ───────────▶ Delivered
//!  pending ──┤
//!     ▲      ├─ 410 ─▶ webhook disabled ─▶ pending, until it is enabled or too old
//!     │      └─ anything else ─┬─ would be too old by then ──▶ Dropped
//!     └──── Again (pause) ─────┤
//!                              └─ no success for days ──▶ webhook disabled
//! ```

use std::time::Duration;

use time::OffsetDateTime;

use super::settings::WebhookConfig;

/// Longest pause that a target may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// How often and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Pause after the first failure.
    pub first: Duration,
    /// Longest pause of ours.
    pub longest: Duration,
    /// Age at which an event is dropped.
    pub max_age: Duration,
    /// Time without a success after which a webhook is disabled.
    pub disable_after: Duration,
}

impl From<&WebhookConfig> for RetryPolicy {
    fn from(config: &WebhookConfig) -> Self {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        Self {
            first: seconds(config.first_retry_seconds.max(1)),
            longest: seconds(
                config
                    .longest_retry_seconds
                    .max(config.first_retry_seconds)
                    .max(1),
            ),
            max_age: seconds(config.max_age_hours.max(1)) * 3600,
            disable_after: seconds(config.disable_after_days.max(1)) * 24 * 3600,
        }
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The target answered.
    Status {
        /// The HTTP status.
        code: u16,
        /// The pause it asks for.
        retry_after: Option<Duration>,
    },
    /// It did not.
    Failed(Failure),
}

/// Why a target did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Its address is one that must not be sent to.
    AddressRefused,
    /// It has no address, or cannot be connected to, or its certificate is wrong.
    Unreachable,
    /// It did not answer in time.
    TimedOut,
    /// The connection broke, or the answer is no HTTP.
    Broken,
}

impl Failure {
    /// In a word, for lists.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressRefused => "address refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed out",
            Self::Broken => "broken connection",
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status { code, .. } => write!(f, "{code}"),
            Self::Failed(failure) => f.write_str(failure.as_str()),
        }
    }
}

impl Answer {
    /// Whether the target has taken the event. Redirections are not followed, and count as failures.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Status { code: 200..=299, .. })
    }

    /// How long the target wants to be left alone by all events, not just this one.
    #[must_use]
    pub fn hold(&self) -> Option<Duration> {
        match self {
            Self::Status {
                code: 429 | 503,
                retry_after: Some(pause),
            } => Some((*pause).min(LONGEST_RETRY_AFTER)),
            _ => None,
        }
    }
}

/// An event that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When it happened.
    pub created: OffsetDateTime,
    /// How often it was sent, this time included.
    pub attempts: u32,
    /// Since when the webhook has had no success; `None` when the last attempt was one.
    pub failing_since: Option<OffsetDateTime>,
}

/// What becomes of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It has arrived.
    Delivered,
    /// It is sent again then.
    Again(OffsetDateTime),
    /// It is given up: it would be too old.
    Dropped,
    /// No more is sent to this target.
    Disable(Disabled),
}

/// Why a webhook is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabled {
    /// The target answered 410 Gone.
    Gone,
    /// There was no success for too long.
    Failing,
}

impl Disabled {
    /// In words, for lists.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "the target answered 410 Gone",
            Self::Failing => "the target failed for days",
        }
    }
}

/// Decides. `random` is from 0 to 1, and spreads attempts out.
#[must_use]
pub fn next(policy: &RetryPolicy, sent: &Sent, answer: &Answer, now: OffsetDateTime, random: f64) -> Next {
    if answer.is_success() {
        return Next::Delivered;
    }
    let (gone, asked) = match answer {
        Answer::Status { code, retry_after } => (*code == 410, *retry_after),
        Answer::Failed(_) => (false, None),
    };
    if gone {
        return Next::Disable(Disabled::Gone);
    }
    if sent
        .failing_since
        .is_some_and(|since| now - since >= policy.disable_after)
    {
        return Next::Disable(Disabled::Failing);
    }
    let asked = asked.unwrap_or_default().min(LONGEST_RETRY_AFTER);
    let at = now + pause(policy, sent.attempts, random).max(asked);
    if is_too_old(policy, sent.created, at) {
        Next::Dropped
    } else {
        Next::Again(at)
    }
}

/// Whether an event of that time is not worth sending any more.
#[must_use]
pub fn is_too_old(policy: &RetryPolicy, created: OffsetDateTime, now: OffsetDateTime) -> bool {
    now - created >= policy.max_age
}

/// The pause after so many failures: doubled each time, from half of it up to all of it by chance.
fn pause(policy: &RetryPolicy, attempts: u32, random: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(31);
    let full = policy.first.saturating_mul(1 << doublings).min(policy.longest);
    let random = if random.is_finite() {
        random.clamp(0.0, 1.0)
    } else {
        1.0
    };
    full.mul_f64(0.5 + random / 2.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    const POLICY: RetryPolicy = RetryPolicy {
        first: Duration::from_secs(5),
        longest: HOUR,
        max_age: Duration::from_secs(72 * 3600),
        disable_after: Duration::from_secs(5 * 24 * 3600),
    };

    fn start() -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
    }

    fn sent(attempts: u32) -> Sent {
        Sent {
            created: start(),
            attempts,
            failing_since: None,
        }
    }

    fn status(code: u16) -> Answer {
        Answer::Status {
            code,
            retry_after: None,
        }
    }

    fn asking(code: u16, pause: Duration) -> Answer {
        Answer::Status {
            code,
            retry_after: Some(pause),
        }
    }

    /// The pauses of an event that is sent again and again from its creation on, until something else happens.
    fn pauses(policy: &RetryPolicy, answer: &Answer, random: f64) -> (Vec<Duration>, Next) {
        let mut now = start();
        let mut pauses = Vec::new();
        for attempts in 1.. {
            match next(policy, &sent(attempts), answer, now, random) {
                Next::Again(at) => {
                    pauses.push(Duration::try_from(at - now).unwrap());
                    now = at;
                }
                other => return (pauses, other),
            }
        }
        unreachable!()
    }

    #[test]
    fn what_counts_as_success() {
        for code in [200, 201, 202, 204, 299] {
            assert_eq!(
                next(&POLICY, &sent(1), &status(code), start(), 0.5),
                Next::Delivered
            );
        }
        for code in [
            101, 301, 302, 307, 308, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503,
        ] {
            assert!(
                matches!(
                    next(&POLICY, &sent(1), &status(code), start(), 0.5),
                    Next::Again(_)
                ),
                "{code}"
            );
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_until_the_event_is_too_old() {
        let (longest, end) = pauses(&POLICY, &Answer::Failed(Failure::TimedOut), 1.0);
        let seconds: Vec<u64> = longest.iter().take(11).map(Duration::as_secs).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]);
        assert_eq!(end, Next::Dropped);
        let total: Duration = longest.iter().sum();
        assert!(
            total < POLICY.max_age && total + POLICY.longest >= POLICY.max_age,
            "{total:?}"
        );
        let (shortest, _) = pauses(&POLICY, &Answer::Failed(Failure::TimedOut), 0.0);
        assert_eq!(shortest[0], Duration::from_millis(2500));
        assert_eq!(shortest[10], HOUR / 2);
    }

    #[test]
    fn the_target_may_ask_for_a_longer_pause() {
        let again = |answer| match next(&POLICY, &sent(1), &answer, start(), 1.0) {
            Next::Again(at) => at - start(),
            other => panic!("{other:?}"),
        };
        assert_eq!(again(asking(503, HOUR)), HOUR);
        assert_eq!(again(asking(429, HOUR)), HOUR);
        assert_eq!(again(asking(500, HOUR)), HOUR);
        // Never less than our own pause, and no more than a day.
        assert_eq!(again(asking(503, Duration::ZERO)), Duration::from_secs(5));
        assert_eq!(again(asking(503, Duration::MAX)), LONGEST_RETRY_AFTER);
        assert_eq!(asking(503, HOUR).hold(), Some(HOUR));
        assert_eq!(asking(500, HOUR).hold(), None);
        assert_eq!(status(503).hold(), None);
    }

    #[test]
    fn a_pause_beyond_the_age_drops_at_once() {
        let policy = RetryPolicy {
            max_age: HOUR,
            ..POLICY
        };
        let answer = asking(503, HOUR);
        assert_eq!(next(&policy, &sent(1), &answer, start(), 1.0), Next::Dropped);
        assert!(is_too_old(&policy, start(), start() + HOUR));
        assert!(!is_too_old(&policy, start(), start() + HOUR / 2));
    }

    #[test]
    fn gone_and_failing_for_days_disable() {
        let disable = Next::Disable(Disabled::Gone);
        assert_eq!(next(&POLICY, &sent(1), &status(410), start(), 0.5), disable);
        let failing = Sent {
            failing_since: Some(start() - POLICY.disable_after),
            ..sent(1)
        };
        let disable = Next::Disable(Disabled::Failing);
        assert_eq!(next(&POLICY, &failing, &status(500), start(), 0.5), disable);
        assert_eq!(
            next(&POLICY, &failing, &status(200), start(), 0.5),
            Next::Delivered
        );
        let almost = Sent {
            failing_since: Some(start() - POLICY.disable_after + HOUR),
            ..sent(1)
        };
        let again = next(&POLICY, &almost, &status(500), start(), 0.5);
        assert!(matches!(again, Next::Again(_)), "{again:?}");
    }

    proptest! {
        #[test]
        fn pauses_stay_within_their_bounds(
            attempts: u32, random: f64, asked in proptest::option::of(any::<u64>()), age in 0_u64..400_000,
        ) {
            let now = start() + Duration::from_secs(age);
            let answer = Answer::Status { code: 500, retry_after: asked.map(Duration::from_secs) };
            match next(&POLICY, &sent(attempts), &answer, now, random) {
                Next::Again(at) => {
                    let pause = Duration::try_from(at - now).unwrap();
                    prop_assert!(pause >= POLICY.first / 2);
                    prop_assert!(pause <= LONGEST_RETRY_AFTER);
                    prop_assert!(at < start() + POLICY.max_age);
                }
                Next::Dropped => prop_assert!(now + LONGEST_RETRY_AFTER >= start() + POLICY.max_age),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
