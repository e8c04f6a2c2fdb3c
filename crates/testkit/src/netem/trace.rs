use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

/// Bytes that one opportunity takes.
pub(super) const OPPORTUNITY_BYTES: usize = 1500;

/// Most opportunities of a trace: ten minutes at 20 Mbit/s, 8 MB of memory.
const MAX_OPPORTUNITIES: usize = 1_000_000;

/// Longest period of a trace, in milliseconds: a day.
const MAX_PERIOD_MS: u32 = 24 * 60 * 60 * 1000;

/// A recorded link in Mahimahi's format: each line is a time in milliseconds since the start of the recording at which
/// the link took 1500 bytes. Lines are in order, several may be equal, and the last one is the period: when the trace
/// is at its end it starts again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Invariant: not empty, in order, and the last one is greater than zero.
    opportunities_ms: Arc<[u32]>,
}

/// Why a trace was refused. Lines count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// There is no opportunity in it.
    #[error("the trace is empty")]
    Empty,
    /// The last time is zero, so that the trace has no length.
    #[error("the trace has no length")]
    NoPeriod,
    /// A line that is not a number of milliseconds, or more than a day.
    #[error("line {0} is not a time in milliseconds")]
    NotATime(usize),
    /// A time before that of the line above.
    #[error("line {0} goes back in time")]
    OutOfOrder(usize),
    /// More than a million lines.
    #[error("the trace is too long")]
    TooLong,
}

impl Trace {
    /// Reads a trace. Empty lines and white space around a number are ignored.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut opportunities = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            if opportunities.len() >= MAX_OPPORTUNITIES {
                return Err(TraceError::TooLong);
            }
            let number = index + 1;
            let at = line
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| line.parse().ok());
            let at = at.flatten().filter(|at| *at <= MAX_PERIOD_MS);
            let at: u32 = at.ok_or(TraceError::NotATime(number))?;
            if opportunities.last().is_some_and(|last| at < *last) {
                return Err(TraceError::OutOfOrder(number));
            }
            opportunities.push(at);
        }
        match opportunities.last() {
            None => Err(TraceError::Empty),
            Some(0) => Err(TraceError::NoPeriod),
            Some(_) => Ok(Self {
                opportunities_ms: opportunities.into(),
            }),
        }
    }

    /// The time after which it repeats.
    #[must_use]
    pub fn period(&self) -> Duration {
        Duration::from_millis(self.opportunities_ms.last().copied().unwrap_or(1).into())
    }

    /// The mean capacity, in bits per second.
    #[must_use]
    pub fn mean_bps(&self) -> u64 {
        self.capacity_bps(Duration::ZERO, self.period())
    }

    /// The mean capacity between two times since the start, in bits per second; 0 for an empty interval.
    #[must_use]
    pub fn capacity_bps(&self, from: Duration, to: Duration) -> u64 {
        let millis = to.saturating_sub(from).as_millis();
        if millis == 0 {
            return 0;
        }
        let count = self.count_before(to).saturating_sub(self.count_before(from));
        let bits = u128::from(count) * 8 * OPPORTUNITY_BYTES as u128;
        u64::try_from(bits * 1000 / millis).unwrap_or(u64::MAX)
    }

    /// When the opportunity with this number is, counted from 0 and through all repetitions.
    pub(super) fn opportunity(&self, number: u64) -> Duration {
        let len = self.opportunities_ms.len() as u64;
        let (round, index) = (number / len, number % len);
        let index = usize::try_from(index).unwrap_or(0);
        let within = self.opportunities_ms.get(index).copied().unwrap_or(0);
        let round = u32::try_from(round).unwrap_or(u32::MAX);
        self.period().saturating_mul(round) + Duration::from_millis(within.into())
    }

    /// How many opportunities there are up to and with this time.
    pub(super) fn count_before(&self, time: Duration) -> u64 {
        let period = self.period().as_millis();
        let (rounds, rest) = (time.as_millis() / period, time.as_millis() % period);
        let within = self
            .opportunities_ms
            .partition_point(|at| u128::from(*at) <= rest);
        let len = self.opportunities_ms.len() as u128;
        u64::try_from(rounds * len)
            .unwrap_or(u64::MAX)
            .saturating_add(within as u64)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_no_trace() {
        let refused = |text: &str| Trace::parse(text).unwrap_err();
        assert_eq!(refused(""), TraceError::Empty);
        assert_eq!(refused("\n \r\n"), TraceError::Empty);
        assert_eq!(refused("0\n0\n"), TraceError::NoPeriod);
        assert_eq!(refused("1\nx\n"), TraceError::NotATime(2));
        assert_eq!(refused("1\n\n-5\n"), TraceError::NotATime(3));
        assert_eq!(refused("+5\n"), TraceError::NotATime(1));
        assert_eq!(refused("1.5\n"), TraceError::NotATime(1));
        assert_eq!(refused("86400001\n"), TraceError::NotATime(1));
        assert_eq!(refused("99999999999999999999\n"), TraceError::NotATime(1));
        assert_eq!(refused("5\n4\n"), TraceError::OutOfOrder(2));
        assert_eq!(refused(&"1\n".repeat(MAX_OPPORTUNITIES + 1)), TraceError::TooLong);
    }

    #[test]
    fn repeats_after_its_last_line() {
        let trace = Trace::parse("0\r\n5\n5\n10\n").unwrap();
        assert_eq!(trace.period(), Duration::from_millis(10));
        assert_eq!(trace.mean_bps(), 4 * 12_000 * 100);
        let times: Vec<_> = (0..9).map(|n| trace.opportunity(n).as_millis()).collect();
        assert_eq!(times, [0, 5, 5, 10, 10, 15, 15, 20, 20]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9\n\r .x-]{0,200}") {
            if let Ok(trace) = Trace::parse(&text) {
                prop_assert!(trace.period() > Duration::ZERO);
                prop_assert!(trace.opportunity(1000) >= trace.opportunity(999));
            }
        }
    }
}
