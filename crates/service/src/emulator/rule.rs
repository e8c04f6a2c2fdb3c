//! One rule: what goes wrong, where, how often.

use std::time::{Duration, Instant};

use anteroom_identity::id::ResourceId;

use super::Pattern;

/// Longest latency.
pub const MAX_LATENCY: Duration = Duration::from_secs(120);

/// Longest time a rule may be in force.
pub const MAX_TIME: Duration = Duration::from_secs(24 * 3600);

/// Most calls a rule may be for.
const MAX_CALLS: u32 = 1_000_000;

/// Longest `Retry-After`, in seconds.
const MAX_RETRY_AFTER: u64 = 86_400;

/// The statuses that can be answered in an operation's place.
pub const STATUSES: [u16; 7] = [401, 403, 429, 500, 502, 503, 504];

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The answer comes later by so much.
    Latency(Duration),
    /// An error instead of the operation, which is not done.
    Status {
        /// One of [`STATUSES`].
        status: u16,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// The caller's token counts as expired: 401, as if it had. Requests signed with an access key are not concerned.
    ExpiredToken,
    /// A notification socket is cut when it opens or would be sent an event. Requests are not concerned.
    DropSocket,
}

/// A rule to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule {
    operation: Pattern,
    fault: Fault,
    calls: Option<u32>,
    time: Option<Duration>,
}

/// A rule in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique in the service.
    pub id: u64,
    /// Only requests of this resource meet it.
    pub resource: ResourceId,
    /// Which operations meet it.
    pub operation: Pattern,
    /// What goes wrong.
    pub fault: Fault,
    /// Calls it is still for; `None`: any number.
    pub remaining: Option<u32>,
    /// When it ends; `None`: when its calls are used up.
    pub until: Option<Instant>,
    /// Calls that met it.
    pub hits: u64,
}

/// Why a rule is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// Neither a number of calls nor a time.
    #[error("a rule needs a count, or a time in seconds")]
    Endless,
    /// The number of calls is out of range.
    #[error("a rule is for 1 to 1,000,000 calls")]
    Calls,
    /// The time is out of range.
    #[error("a rule is in force for 1 second to 24 hours")]
    Time,
    /// The latency is out of range.
    #[error("a latency is 1 to 120,000 milliseconds")]
    Latency,
    /// The status is none that can be answered.
    #[error("the status is one of 401, 403, 429, 500, 502, 503, 504")]
    Status,
    /// The retry time is out of range.
    #[error("a retry time is at most 86,400 seconds")]
    RetryAfter,
    /// The resource has as many rules as it may.
    #[error("there are too many rules")]
    TooMany,
    /// The service does not run in development mode.
    #[error("there are no controls outside development mode")]
    Disabled,
}

impl NewRule {
    /// A rule for so many calls, or for so long, or until the first of both.
    ///
    /// # Errors
    /// See [`RuleError`].
    pub fn new(
        operation: Pattern,
        fault: Fault,
        calls: Option<u32>,
        time: Option<Duration>,
    ) -> Result<Self, RuleError> {
        match fault {
            Fault::Latency(latency) if latency.is_zero() || latency > MAX_LATENCY => {
                return Err(RuleError::Latency);
            }
            Fault::Status { status, .. } if !STATUSES.contains(&status) => return Err(RuleError::Status),
            Fault::Status {
                retry_after: Some(seconds),
                ..
            } if seconds > MAX_RETRY_AFTER => return Err(RuleError::RetryAfter),
            _ => {}
        }
        match (calls, time) {
            (None, None) => return Err(RuleError::Endless),
            (Some(calls), _) if !(1..=MAX_CALLS).contains(&calls) => return Err(RuleError::Calls),
            (_, Some(time)) if time.is_zero() || time > MAX_TIME => return Err(RuleError::Time),
            _ => {}
        }
        Ok(Self {
            operation,
            fault,
            calls,
            time,
        })
    }
}

impl Rule {
    pub(super) fn new(id: u64, resource: ResourceId, new: NewRule, now: Instant) -> Self {
        let NewRule {
            operation,
            fault,
            calls,
            time,
        } = new;
        Self {
            id,
            resource,
            operation,
            fault,
            remaining: calls,
            until: time.map(|time| now + time),
            hits: 0,
        }
    }

    /// Uses the rule once; false when it is used up.
    pub(super) fn take(&mut self) -> bool {
        match &mut self.remaining {
            Some(0) => return false,
            Some(remaining) => *remaining -= 1,
            None => {}
        }
        self.hits += 1;
        true
    }
}
