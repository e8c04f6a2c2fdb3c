//! The rate that loss allows, with losses of chance told from those of congestion.
//!
//! A path is taken to have two properties: an inherent loss that does not depend on what is sent, and a bandwidth above
//! which everything more is lost. The rate goes down only when a lower bandwidth makes the losses of the last seconds
//! much more likely than the present one does; constant loss at different rates is explained by inherent loss alone.
//! Without such evidence a limit rises again.

use std::time::{Duration, Instant};

use super::{Bitrate, EstimatorConfig};

/// Observations that are kept.
const WINDOW: usize = 16;

/// An observation covers at least this.
const MIN_DURATION: Duration = Duration::from_millis(250);

/// and so many packets, unless it gets this long.
const MIN_PACKETS: u32 = 12;
const MAX_DURATION: Duration = Duration::from_secs(2);

/// Weight of an observation compared with the next one.
const AGEING: f64 = 0.88;

/// Fewer say nothing.
const MIN_OBSERVATIONS: usize = 3;

/// Lower bandwidths that are tried as an explanation, in percent of the present one; and what arrives.
const LOWER: [u32; 5] = [97, 92, 85, 75, 60];

/// How much more likely an explanation must make what was observed, as a logarithm, before the rate goes down for it.
const SIGNIFICANT: f64 = 6.5;

/// Steps of a limit upwards, in percent, and how far ahead is looked for what speaks against the fast one.
const SLOW: u32 = 101;
const FAST: u32 = 103;
const FAR: u32 = 125;

/// A limit does not rise while the loss is so far above the least of the last 10 to 20 seconds; of so many observations
/// each.
const MARGIN: f64 = 0.05;
const FLOOR_KEPT: u32 = 40;

/// A limit does not rise further above what is sent, while more than this is lost.
const AHEAD: f64 = 1.15;
const MIN_LOSS: f64 = 0.005;

#[derive(Debug, Clone, Copy, Default)]
struct Observation {
    packets: f64,
    lost: f64,
    /// Bits per second.
    rate: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Partial {
    since: Option<Instant>,
    last: Option<Instant>,
    packets: u32,
    lost: u32,
    bytes: u64,
}

#[derive(Debug)]
pub(super) struct LossControl {
    /// A ring.
    observations: [Observation; WINDOW],
    next: usize,
    filled: usize,
    partial: Partial,
    min: Bitrate,
    tolerated: f64,
    /// What the path carries before it loses; `None` while loss does not say.
    limit: Option<Bitrate>,
    inherent: f64,
    floor: Floor,
}

/// The least average loss of the last observations.
#[derive(Debug, Clone, Copy)]
struct Floor {
    current: f64,
    previous: f64,
    count: u32,
}

impl Floor {
    const NONE: Self = Self {
        current: 1.0,
        previous: 1.0,
        count: 0,
    };

    fn add(&mut self, loss: f64) {
        self.count += 1;
        if self.count > FLOOR_KEPT {
            *self = Self {
                previous: self.current,
                ..Self::NONE
            };
        }
        self.current = self.current.min(loss);
    }

    fn get(self) -> f64 {
        self.current.min(self.previous)
    }
}

impl LossControl {
    pub(super) fn new(config: &EstimatorConfig) -> Self {
        Self {
            observations: [Observation::default(); WINDOW],
            next: 0,
            filled: 0,
            partial: Partial::default(),
            min: config.min,
            tolerated: f64::from(config.tolerated_loss_percent.min(50)) / 100.0,
            limit: None,
            inherent: 0.0,
            floor: Floor::NONE,
        }
    }

    /// A packet that was sent at `sent` and is known to be lost or not.
    pub(super) fn add(&mut self, sent: Instant, bytes: u32, is_lost: bool) {
        let partial = &mut self.partial;
        partial.since = Some(partial.since.map_or(sent, |since| since.min(sent)));
        partial.last = Some(partial.last.map_or(sent, |last| last.max(sent)));
        partial.packets = partial.packets.saturating_add(1);
        partial.lost = partial.lost.saturating_add(u32::from(is_lost));
        partial.bytes = partial.bytes.saturating_add(u64::from(bytes));
    }

    /// A packet that was only late.
    pub(super) fn correct(&mut self) {
        self.partial.lost = self.partial.lost.saturating_sub(1);
    }

    /// Forgets all of it, as behind an outage.
    pub(super) fn reset(&mut self) {
        (self.next, self.filled) = (0, 0);
        self.partial = Partial::default();
        self.limit = None;
        self.inherent = 0.0;
        self.floor = Floor::NONE;
    }

    /// The rate that loss allows; `None` when it sets no limit.
    pub(super) fn limit(&self) -> Option<Bitrate> {
        self.limit
    }

    /// The loss that is the path's own, 0 to 0.5.
    pub(super) fn inherent_loss(&self) -> f64 {
        self.inherent
    }

    /// The mean loss of the window, 0 to 1, the latest counting most.
    pub(super) fn average_loss(&self) -> f64 {
        let (packets, lost) = self
            .weighted()
            .fold((0.0, 0.0), |(packets, lost), (weight, one)| {
                (packets + weight * one.packets, lost + weight * one.lost)
            });
        if packets > 0.0 {
            (lost / packets).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// Looks at what has come since the last time. `delay_based` is what delay allows.
    pub(super) fn update(&mut self, delay_based: Bitrate, throughput: Option<Bitrate>) {
        if !self.close() || self.filled < MIN_OBSERVATIONS {
            return;
        }
        self.floor.add(self.average_loss());
        let present = self.limit.unwrap_or(delay_based).min(delay_based);
        let (as_is, inherent) = self.explain(present);
        self.inherent = inherent;
        let mut lower: Option<(f64, Bitrate)> = None;
        let arrives = throughput.filter(|throughput| *throughput < present);
        for bandwidth in LOWER
            .map(|percent| present.percent(percent))
            .into_iter()
            .chain(arrives)
        {
            let (likelihood, _) = self.explain(bandwidth.max(self.min));
            if lower.is_none_or(|(most, _)| likelihood > most) {
                lower = Some((likelihood, bandwidth));
            }
        }
        let is_clear = |likelihood: &f64| *likelihood > as_is + SIGNIFICANT;
        let next = match lower.filter(|(likelihood, _)| is_clear(likelihood)) {
            Some((_, bandwidth)) => bandwidth,
            // More than can be tolerated goes down even when that explains nothing.
            None if self.average_loss() > self.tolerated + 0.08 => {
                arrives.unwrap_or(present).max(present.percent(85))
            }
            None => present.percent(self.growth(present, as_is)),
        };
        let next = next.max(self.min);
        self.limit = (next < delay_based).then_some(next);
    }

    /// How far a limit rises in one step, in percent: slowly into what was seen to lose, fast otherwise.
    fn growth(&self, present: Bitrate, as_is: f64) -> u32 {
        // Much more is lost than before: by what is sent, perhaps, and only not clearly so.
        if self.average_loss() > self.floor.get() + MARGIN {
            return 100;
        }
        // Beyond what is sent nothing speaks for it either, unless nothing is lost at all.
        let sent = self.weighted().next().map_or(0.0, |(_, latest)| latest.rate);
        if present.as_f64() > sent * AHEAD && self.average_loss() > MIN_LOSS {
            return 100;
        }
        let (likelihood, _) = self.explain(present.percent(FAR));
        if likelihood < as_is - 1.0 { SLOW } else { FAST }
    }

    /// Makes an observation of what has been collected, when that is enough.
    fn close(&mut self) -> bool {
        let Partial {
            since: Some(since),
            last: Some(last),
            packets,
            lost,
            bytes,
        } = self.partial
        else {
            return false;
        };
        let duration = last.saturating_duration_since(since);
        if duration < MIN_DURATION || (packets < MIN_PACKETS && duration < MAX_DURATION) {
            return false;
        }
        self.partial = Partial::default();
        let rate = Bitrate::from_bytes(bytes, duration).map_or(0.0, Bitrate::as_f64);
        if let Some(place) = self.observations.get_mut(self.next) {
            *place = Observation {
                packets: packets.into(),
                lost: lost.min(packets).into(),
                rate,
            };
        }
        self.next = (self.next + 1) % WINDOW;
        self.filled = (self.filled + 1).min(WINDOW);
        true
    }

    /// The latest first, with weights.
    fn weighted(&self) -> impl Iterator<Item = (f64, Observation)> {
        let mut weight = 1.0;
        (0..self.filled).filter_map(move |age| {
            let one = self
                .observations
                .get((self.next + 2 * WINDOW - 1 - age) % WINDOW)?;
            let result = (weight, *one);
            weight *= AGEING;
            Some(result)
        })
    }

    /// The inherent loss that fits best to a bandwidth: what is lost beyond what is too much.
    fn fit(&self, bandwidth: f64) -> f64 {
        let (passed, lost) = self.weighted().fold((0.0, 0.0), |(passed, lost), (weight, one)| {
            let excess = one.packets * excess(one.rate, bandwidth);
            (
                passed + weight * (one.packets - excess),
                lost + weight * (one.lost - excess),
            )
        });
        if passed > 0.0 {
            (lost / passed).clamp(0.0, self.tolerated)
        } else {
            0.0
        }
    }

    /// How likely a bandwidth, with the inherent loss that fits best to it, makes what was observed, as a logarithm; and
    /// that loss.
    fn explain(&self, bandwidth: Bitrate) -> (f64, f64) {
        let bandwidth = bandwidth.as_f64();
        let inherent = self.fit(bandwidth);
        let likelihood = self.weighted().map(|(weight, one)| {
            let loss = inherent + (1.0 - inherent) * excess(one.rate, bandwidth);
            let loss = loss.clamp(1e-4, 1.0 - 1e-4);
            weight * (one.lost * loss.ln() + (one.packets - one.lost) * (1.0 - loss).ln())
        });
        (likelihood.sum(), inherent)
    }
}

/// The part of what is sent that is above the bandwidth, 0 to 1.
fn excess(rate: f64, bandwidth: f64) -> f64 {
    if rate > bandwidth && rate > 0.0 {
        1.0 - bandwidth / rate
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    struct Path {
        control: LossControl,
        now: Instant,
        count: u64,
    }

    impl Path {
        fn new() -> Self {
            Self {
                control: LossControl::new(&EstimatorConfig::default()),
                now: start(),
                count: 0,
            }
        }

        /// Sends at this rate for a second; each packet is lost when `is_lost` says so of its number.
        fn send(&mut self, kbps: u64, delay_based: u64, is_lost: impl Fn(u64) -> bool) {
            let packets = kbps / 8;
            let gap = Duration::from_secs(1) / u32::try_from(packets).unwrap();
            let mut arrived = 0;
            for i in 0..packets {
                self.count += 1;
                let lost = is_lost(self.count);
                arrived += u64::from(!lost);
                self.control.add(self.now, 1000, lost);
                self.now += gap;
                if i % (packets / 10).max(1) == 0 {
                    let throughput = Bitrate::from_kbps(kbps * arrived / (i + 1));
                    self.control
                        .update(Bitrate::from_kbps(delay_based), Some(throughput));
                }
            }
        }

        fn allowed(&self, delay_based: u64) -> Bitrate {
            let delay_based = Bitrate::from_kbps(delay_based);
            self.control
                .limit()
                .map_or(delay_based, |limit| limit.min(delay_based))
        }
    }

    /// 0 to 99, by a multiplicative hash, so that it is not periodic.
    fn luck(number: u64) -> u64 {
        ((number * 2_654_435_761) >> 8) % 100
    }

    #[test]
    fn chance_losses_set_no_limit() {
        for percent in [1, 5, 15] {
            let mut path = Path::new();
            for second in 0..30u64 {
                let kbps = 1000 + second % 5 * 100;
                path.send(kbps, 1500, |n| luck(n) < percent);
                if second > 5 {
                    assert!(
                        path.allowed(1500) > Bitrate::from_kbps(1250),
                        "{second} {:?}",
                        path.allowed(1500)
                    );
                }
            }
            let inherent = path.control.inherent_loss();
            assert!((inherent - percent as f64 / 100.0).abs() < 0.04, "{inherent}");
        }
    }

    #[test]
    fn loss_that_comes_with_the_rate_is_its_limit() {
        let mut path = Path::new();
        let mut rate = 700;
        for second in 0..30 {
            // A policer at 1000 kbit/s.
            path.send(rate, 2000, |n| luck(n) >= 100 * 1000 / rate.max(1000));
            rate = path.allowed(2000).as_bps() / 1000;
            if second > 8 {
                assert!((850..1350).contains(&rate), "{second}: {rate}");
            }
        }
    }

    #[test]
    fn more_loss_than_is_tolerated_goes_down() {
        let mut path = Path::new();
        for _ in 0..10 {
            path.send(1000, 1000, |n| n % 2 == 0);
        }
        assert!(path.allowed(1000) < Bitrate::from_kbps(600));
        for _ in 0..20 {
            path.send(500, 1000, |_| false);
        }
        assert_eq!(path.allowed(1000), Bitrate::from_kbps(1000));
    }

    #[test]
    fn nothing_is_divided_by_nothing() {
        let mut control = LossControl::new(&EstimatorConfig {
            min: Bitrate::ZERO,
            ..EstimatorConfig::default()
        });
        let now = start();
        assert!(control.average_loss() == 0.0);
        for i in 0..100u64 {
            control.add(now + Duration::from_millis(i * 100), 0, true);
            control.update(Bitrate::ZERO, Some(Bitrate::ZERO));
        }
        assert!(control.average_loss() > 0.9 && control.inherent_loss().is_finite());
    }
}
