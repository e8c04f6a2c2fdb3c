//! When to try out a faster rate.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::probe::{ProbeRequest, Trust};
use super::{Bitrate, EstimatorConfig, Probing};

/// The first two clusters, in percent of the start.
const FIRST: [u32; 2] = [300, 600];

/// A cluster behind a successful one, and the regular ones, in percent of the estimate.
const FURTHER: u32 = 200;

/// An estimate of this part of the last cluster's rate is a success, in percent.
const SUCCESS: u32 = 70;

/// How long a result may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between clusters while the application does not use the estimate, and while it does.
const LIMITED_INTERVAL: Duration = Duration::from_secs(5);
const GROWTH_INTERVAL: Duration = Duration::from_secs(3);

/// Between clusters towards what is needed for something better: the first, and while they find that it is not there.
const NEEDED_INTERVAL: Duration = Duration::from_secs(1);
const NEEDED_INTERVAL_MAX: Duration = Duration::from_secs(3);

/// Such a cluster goes a little beyond what is needed, and at least so far beyond the estimate, in percent.
const NEEDED: u32 = 105;
const NEEDED_STEP: u32 = 120;

/// An estimate so much above that before the last such cluster is a success, in percent.
const NEEDED_SUCCESS: u32 = 110;

/// A fall to less than this part is tried again once, in percent.
const FALL: u32 = 66;

/// What is tried again of what there was before a fall, in percent; and not more than so many percent of the estimate.
const BEFORE_FALL: u32 = 85;
const MOST_AFTER_FALL: u32 = 300;

/// A fall is tried again not before and not after this.
const FALL_SETTLES: Duration = Duration::from_millis(1500);
const FALL_EXPIRES: Duration = Duration::from_secs(6);

/// Requests that wait to be taken.
const MAX_WAITING: usize = 4;

/// What the prober goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) estimate: Bitrate,
    /// Since when the application has not used the estimate.
    pub(super) limited_since: Option<Instant>,
    /// No queue, no loss limit, no recent decrease.
    pub(super) is_calm: bool,
}

#[derive(Debug)]
pub(super) struct Prober {
    is_on: bool,
    max: Bitrate,
    estimate: Bitrate,
    /// More than this is of no use.
    wanted: Bitrate,
    /// What something better would take; it is worth trying soon.
    needed: Option<Bitrate>,
    /// Time between clusters towards it, and the estimate before the last one.
    needed_interval: Duration,
    needed_from: Bitrate,
    next_id: u32,
    waiting: VecDeque<ProbeRequest>,
    last: Option<(Instant, Bitrate)>,
    /// The estimate when it was asked for.
    before_last: Bitrate,
    /// The highest estimate of the last seconds.
    peak: Option<(Instant, Bitrate)>,
    /// When the estimate fell, and from where.
    fall: Option<(Instant, Bitrate)>,
}

impl Prober {
    pub(super) fn new(config: &EstimatorConfig, now: Instant) -> Self {
        let mut prober = Self {
            is_on: config.probing == Probing::On,
            max: config.max,
            estimate: config.start,
            wanted: Bitrate::MAX,
            needed: None,
            needed_interval: NEEDED_INTERVAL,
            needed_from: Bitrate::ZERO,
            next_id: 0,
            waiting: VecDeque::new(),
            last: None,
            before_last: Bitrate::ZERO,
            peak: None,
            fall: None,
        };
        for percent in FIRST {
            prober.request(now, config.start.percent(percent), Trust::Full);
        }
        prober
    }

    pub(super) fn set_wanted(&mut self, wanted: Bitrate) {
        self.wanted = wanted;
    }

    pub(super) fn set_needed(&mut self, needed: Option<Bitrate>) {
        self.needed = needed;
    }

    pub(super) fn take(&mut self) -> Option<ProbeRequest> {
        self.waiting.pop_front()
    }

    /// After each report: the next cluster behind a success, or the next regular one.
    pub(super) fn update(&mut self, now: Instant, situation: &Situation) {
        let estimate = situation.estimate;
        self.estimate = estimate;
        self.notice_fall(now, estimate);
        let since_last = self.last.map(|(at, _)| now.saturating_duration_since(at));
        if since_last.is_some_and(|since| since < PATIENCE) {
            // What was known before is no success.
            let is_success = self
                .last
                .is_some_and(|(_, rate)| estimate > rate.percent(SUCCESS))
                && estimate > self.before_last;
            if is_success && self.waiting.is_empty() && estimate < self.ceiling() {
                self.request(now, estimate.percent(FURTHER), Trust::Step);
            }
            return;
        }
        if !situation.is_calm || estimate >= self.ceiling() {
            return;
        }
        if let Some((at, before)) = self.fall {
            let since = now.saturating_duration_since(at);
            if since < FALL_SETTLES {
                return;
            }
            self.fall = None;
            if since <= FALL_EXPIRES {
                let rate = before.percent(BEFORE_FALL).min(estimate.percent(MOST_AFTER_FALL));
                self.request(now, rate, Trust::Full);
                return;
            }
        }
        if self.needed.is_some_and(|needed| estimate < needed) {
            self.try_needed(now, estimate, since_last);
            return;
        }
        self.needed_interval = NEEDED_INTERVAL;
        let interval = if situation.limited_since.is_some() {
            LIMITED_INTERVAL
        } else {
            GROWTH_INTERVAL
        };
        if since_last.is_none_or(|since| since >= interval) {
            self.request(now, estimate.percent(FURTHER), Trust::Step);
        }
    }

    /// Behind an outage: what there was before may be there again.
    pub(super) fn recover(&mut self, now: Instant, before: Bitrate) {
        self.waiting.clear();
        (self.peak, self.fall) = (None, None);
        self.request(now, before.percent(50), Trust::Full);
        self.request(now, before, Trust::Full);
    }

    /// Something better is not far: less is risked than by the regular clusters, and more often.
    fn try_needed(&mut self, now: Instant, estimate: Bitrate, since_last: Option<Duration>) {
        let is_success = estimate >= self.needed_from.percent(NEEDED_SUCCESS);
        if is_success {
            self.needed_interval = NEEDED_INTERVAL;
        }
        if since_last.is_some_and(|since| since < self.needed_interval) {
            return;
        }
        if !is_success {
            self.needed_interval = (self.needed_interval * 3 / 2).min(NEEDED_INTERVAL_MAX);
        }
        self.needed_from = estimate;
        let needed = self.needed.unwrap_or(estimate).percent(NEEDED);
        let rate = needed
            .max(estimate.percent(NEEDED_STEP))
            .min(estimate.percent(MOST_AFTER_FALL));
        self.request(now, rate, Trust::Step);
    }

    fn notice_fall(&mut self, now: Instant, estimate: Bitrate) {
        let peak = self
            .peak
            .filter(|(at, rate)| estimate < *rate && now.saturating_duration_since(*at) < FALL_EXPIRES);
        match peak {
            Some((_, rate)) if estimate < rate.percent(FALL) => {
                self.fall = Some((now, rate));
                self.peak = Some((now, estimate));
            }
            Some(peak) => self.peak = Some(peak),
            None => self.peak = Some((now, estimate)),
        }
    }

    fn ceiling(&self) -> Bitrate {
        self.max.min(self.wanted)
    }

    fn request(&mut self, now: Instant, rate: Bitrate, trust: Trust) {
        // A little above what is wanted, so that what is wanted is not at the edge of what was measured.
        let rate = rate.min(self.max).min(self.wanted.percent(125));
        if !self.is_on || self.waiting.len() >= MAX_WAITING || rate == Bitrate::ZERO {
            return;
        }
        self.waiting
            .push_back(ProbeRequest::new(self.next_id, rate, trust));
        self.next_id = self.next_id.wrapping_add(1);
        self.last = Some((now, rate));
        self.before_last = self.estimate;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    fn calm(kbps: u64) -> Situation {
        Situation {
            estimate: Bitrate::from_kbps(kbps),
            limited_since: None,
            is_calm: true,
        }
    }

    fn taken(prober: &mut Prober) -> Vec<u64> {
        std::iter::from_fn(|| prober.take())
            .map(|request| request.rate.as_bps() / 1000)
            .collect()
    }

    #[test]
    fn begins_with_two_and_goes_on_while_they_succeed() {
        let now = start();
        let mut prober = Prober::new(&EstimatorConfig::default(), now);
        assert_eq!(taken(&mut prober), [1800, 3600]);
        prober.update(now + Duration::from_millis(100), &calm(1800));
        assert!(taken(&mut prober).is_empty());
        prober.update(now + Duration::from_millis(200), &calm(3400));
        assert_eq!(taken(&mut prober), [6800]);
        prober.update(now + Duration::from_millis(300), &calm(3500));
        assert!(taken(&mut prober).is_empty());
    }

    #[test]
    fn tries_now_and_then_when_calm_and_not_beyond_what_is_wanted() {
        let now = start();
        let mut prober = Prober::new(&EstimatorConfig::default(), now);
        taken(&mut prober);
        let later = now + GROWTH_INTERVAL;
        prober.update(
            later,
            &Situation {
                is_calm: false,
                ..calm(500)
            },
        );
        assert!(taken(&mut prober).is_empty());
        prober.update(later, &calm(500));
        prober.update(later, &calm(500));
        assert_eq!(taken(&mut prober), [1000]);
        prober.set_wanted(Bitrate::from_kbps(600));
        let later = later + GROWTH_INTERVAL;
        prober.update(
            later,
            &Situation {
                limited_since: Some(later),
                ..calm(500)
            },
        );
        assert!(
            taken(&mut prober).is_empty(),
            "an application that is limited is tried less often"
        );
        prober.update(later, &calm(500));
        assert_eq!(taken(&mut prober), [750]);
        prober.update(later + LIMITED_INTERVAL, &calm(600));
        assert!(taken(&mut prober).is_empty());
    }

    #[test]
    fn tries_once_what_there_was_before_a_fall_or_an_outage() {
        let now = start();
        let mut prober = Prober::new(&EstimatorConfig::default(), now);
        taken(&mut prober);
        let fallen = now + Duration::from_secs(2);
        prober.update(now + Duration::from_millis(1100), &calm(2000));
        taken(&mut prober);
        prober.update(
            fallen,
            &Situation {
                is_calm: false,
                ..calm(900)
            },
        );
        prober.update(fallen + Duration::from_secs(1), &calm(900));
        assert!(taken(&mut prober).is_empty());
        prober.update(fallen + FALL_SETTLES, &calm(900));
        assert_eq!(taken(&mut prober), [1700]);
        prober.recover(fallen + FALL_SETTLES, Bitrate::from_kbps(800));
        assert_eq!(taken(&mut prober), [400, 800]);
    }

    #[test]
    fn tries_what_something_better_needs_soon_and_ever_less_often_while_it_is_not_there() {
        let now = start();
        let mut prober = Prober::new(&EstimatorConfig::default(), now);
        taken(&mut prober);
        prober.set_wanted(Bitrate::from_kbps(2000));
        prober.set_needed(Some(Bitrate::from_kbps(500)));
        let limited = |kbps| Situation {
            limited_since: Some(now),
            ..calm(kbps)
        };
        let mut tries = Vec::new();
        for step in 0..300_u32 {
            prober.update(now + Duration::from_millis(100) * step, &limited(400));
            tries.extend(taken(&mut prober).into_iter().map(|rate| (step / 10, rate)));
        }
        // A little more than what is needed, after 1, 1, 1.5, 2.25 and then each 3 seconds.
        assert_eq!(tries[..5], [(1, 525), (2, 525), (3, 525), (5, 525), (8, 525)]);
        assert!((11..=13).contains(&tries.len()), "{tries:?}");
        // Once there is more, the next ones follow at once.
        let later = now + Duration::from_secs(34);
        prober.update(later, &limited(400));
        taken(&mut prober);
        prober.update(later + Duration::from_millis(100), &limited(520));
        assert_eq!(taken(&mut prober), [1040]);
        // A step that is far away is not taken at once.
        let later = later + Duration::from_secs(4);
        prober.set_needed(Some(Bitrate::from_kbps(1900)));
        prober.update(later, &limited(400));
        assert_eq!(taken(&mut prober), [1200]);
    }

    #[test]
    fn can_be_switched_off() {
        let config = EstimatorConfig {
            probing: Probing::Off,
            ..EstimatorConfig::default()
        };
        let now = start();
        let mut prober = Prober::new(&config, now);
        prober.update(now + GROWTH_INTERVAL, &calm(500));
        assert!(taken(&mut prober).is_empty());
    }
}
