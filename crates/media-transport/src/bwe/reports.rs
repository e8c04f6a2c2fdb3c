//! The rate by receiver reports alone (draft-ietf-rmcat-gcc-02 §6), for peers without transport-wide feedback.

use std::time::{Duration, Instant};

use super::{Bitrate, EstimatorConfig};

/// Losses below and above, in percent, are a reason to grow and to shrink (§6).
const GROW_BELOW: u64 = 2;
const SHRINK_ABOVE: u64 = 10;

/// Growth per second, in percent.
const GROWTH: u32 = 108;

/// Least time between two steps upwards and, with the round-trip time, downwards.
const GROW_INTERVAL: Duration = Duration::from_secs(1);
const SHRINK_INTERVAL: Duration = Duration::from_millis(300);

/// Fewer packets say nothing about loss; reports are added up until there are so many.
const MIN_PACKETS: u64 = 20;

/// Without reports for so long the rate goes down, to four fifths each second.
const SILENCE: Duration = Duration::from_secs(5);
const SILENCE_STEP: Duration = Duration::from_secs(1);
const SILENCE_PERCENT: u32 = 80;

#[derive(Debug)]
pub(super) struct ReportControl {
    rate: Bitrate,
    min: Bitrate,
    max: Bitrate,
    lost: u64,
    expected: u64,
    last_growth: Option<Instant>,
    last_shrink: Option<Instant>,
    /// When the rate goes down without a report.
    deadline: Option<Instant>,
}

impl ReportControl {
    pub(super) fn new(config: &EstimatorConfig) -> Self {
        Self {
            rate: config.start.clamp(config.min, config.max.max(config.min)),
            min: config.min,
            max: config.max.max(config.min),
            lost: 0,
            expected: 0,
            last_growth: None,
            last_shrink: None,
            deadline: None,
        }
    }

    pub(super) fn rate(&self) -> Bitrate {
        self.rate
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Something is sent that a report should follow.
    pub(super) fn sent(&mut self, now: Instant) {
        self.deadline.get_or_insert(now + SILENCE);
    }

    pub(super) fn report(
        &mut self,
        now: Instant,
        lost: u64,
        expected: u64,
        rtt: Duration,
        is_application_limited: bool,
    ) {
        self.deadline = Some(now + SILENCE);
        self.lost = self.lost.saturating_add(lost.min(expected));
        self.expected = self.expected.saturating_add(expected);
        if self.expected < MIN_PACKETS {
            return;
        }
        let (lost, expected) = (std::mem::take(&mut self.lost), std::mem::take(&mut self.expected));
        let percent = u32::try_from(lost.saturating_mul(100) / expected).unwrap_or(100);
        if u64::from(percent) < GROW_BELOW {
            let is_due = passed(self.last_growth, now, GROW_INTERVAL);
            if is_due && !is_application_limited {
                self.last_growth = Some(now);
                self.rate = self.rate.percent(GROWTH).saturating_add(Bitrate::from_kbps(1));
            }
        } else if u64::from(percent) > SHRINK_ABOVE && passed(self.last_shrink, now, SHRINK_INTERVAL + rtt) {
            (self.last_shrink, self.last_growth) = (Some(now), Some(now));
            self.rate = self.rate.percent(100 - percent / 2);
        }
        self.rate = self.rate.clamp(self.min, self.max);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|at| at <= now) {
            self.deadline = Some(now + SILENCE_STEP);
            self.rate = self.rate.percent(SILENCE_PERCENT).clamp(self.min, self.max);
        }
    }
}

fn passed(last: Option<Instant>, now: Instant, interval: Duration) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= interval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    const RTT: Duration = Duration::from_millis(50);

    #[test]
    fn grows_holds_and_shrinks_by_loss() {
        let mut now = start();
        let mut control = ReportControl::new(&EstimatorConfig::default());
        let mut report = |lost| {
            now += Duration::from_secs(1);
            control.report(now, lost, 100, RTT, false);
            control.rate().as_bps()
        };
        assert_eq!(report(0), 649_000);
        assert_eq!(report(5), 649_000);
        assert_eq!(report(20), 584_100);
        assert_eq!(report(100), 292_050);
    }

    #[test]
    fn few_packets_are_added_up_and_nonsense_is_bounded() {
        let now = start();
        let mut control = ReportControl::new(&EstimatorConfig::default());
        control.report(now, 10, 10, RTT, false);
        assert_eq!(control.rate(), Bitrate::from_kbps(600));
        control.report(now, u64::MAX, 10, RTT, false);
        assert_eq!(control.rate(), Bitrate::from_kbps(300));
        for _ in 0..100 {
            control.report(now + Duration::from_secs(9), u64::MAX, u64::MAX, RTT, false);
        }
        assert!(control.rate() >= EstimatorConfig::default().min);
    }

    #[test]
    fn silence_goes_down_to_the_least() {
        let mut now = start();
        let mut control = ReportControl::new(&EstimatorConfig::default());
        assert_eq!(control.deadline(), None);
        control.sent(now);
        assert_eq!(control.deadline(), Some(now + SILENCE));
        for _ in 0..40 {
            now = control.deadline().unwrap();
            control.handle_timeout(now);
        }
        assert_eq!(control.rate(), EstimatorConfig::default().min);
    }
}
