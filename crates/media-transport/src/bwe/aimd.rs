//! The rate that delay allows: additive or multiplicative increase, multiplicative decrease
//! (draft-ietf-rmcat-gcc-02 §5.5).

use std::time::{Duration, Instant};

use super::capacity::LinkCapacity;
use super::trendline::Usage;
use super::{Bitrate, EstimatorConfig};

/// What is left of the measured throughput at overuse.
const BACKOFF: f64 = 0.85;

/// How long it is doubted that a path carries less, when little was sent and the queue is short. A keyframe makes one.
const DOUBTED: Duration = Duration::from_secs(2);

/// How far the capacity, a mean, may be from the throughput that was backed off from, as a part of it.
const BACKOFF_SLACK: f64 = 0.05;

/// The same, of the rate, beside others that keep a queue of at least this length.
const BACKOFF_BESIDE_OTHERS: f64 = 0.95;
const STANDING_QUEUE: Duration = Duration::from_millis(30);

/// How far below a known capacity the rate returns to at once when the queue is empty again.
const RETURN_PERCENT: u32 = 94;

/// Growth per second while the capacity is unknown.
const GROWTH: f64 = 1.08;

/// Growth per second up to what was there before.
const RETURN_GROWTH: f64 = 1.6;

/// Less than this is no queue.
const LEAST_QUEUE: Duration = Duration::from_millis(10);

/// What comes out of a queue of at least this length is what the path carries, however little it was asked to carry before.
const LONG_QUEUE: Duration = Duration::from_millis(75);

/// Least additive growth, in bits per second per second.
const LEAST_ADDED_BPS: f64 = 8_000.0;

/// A packet, for the additive increase of one per response time, in bits.
const PACKET_BITS: f64 = 9_600.0;

/// What an update is based on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation {
    pub(super) usage: Usage,
    /// Throughput over half a second, and over the last moments.
    pub(super) throughput: Option<Bitrate>,
    pub(super) recent_throughput: Option<Bitrate>,
    /// What the path loses whatever is sent, 0 to below 1; it is no sign of its capacity.
    pub(super) inherent_loss: f64,
    pub(super) queue_delay: Duration,
    /// The part of it that others keep up.
    pub(super) standing_queue: Duration,
    pub(super) rtt: Duration,
    pub(super) is_application_limited: bool,
    /// What is sent arrives more slowly than it was sent.
    pub(super) is_held_up: bool,
}

#[derive(Debug)]
pub(super) struct RateControl {
    rate: Bitrate,
    min: Bitrate,
    max: Bitrate,
    capacity: LinkCapacity,
    last_update: Option<Instant>,
    last_decrease: Option<Instant>,
    /// When and from where the rate was lowered though little was sent, which says nothing of what the path carries.
    lowered: Option<(Instant, Bitrate)>,
    /// Whether a throughput has ever counted; until then overuse halves the rate.
    has_measured: bool,
}

impl RateControl {
    pub(super) fn new(config: &EstimatorConfig) -> Self {
        Self {
            rate: config.start.clamp(config.min, config.max.max(config.min)),
            min: config.min,
            max: config.max.max(config.min),
            capacity: LinkCapacity::new(),
            last_update: None,
            last_decrease: None,
            lowered: None,
            has_measured: false,
        }
    }

    pub(super) fn rate(&self) -> Bitrate {
        self.rate
    }

    /// The rate, or what it returns to as soon as the queue is empty for which it was lowered.
    pub(super) fn sustained(&self) -> Bitrate {
        // What is further below was not lowered for a queue of ours.
        let known = self.capacity.estimate();
        let known = known.filter(|known| self.rate >= known.scale(BACKOFF - BACKOFF_SLACK));
        let lowered = self.lowered.zip(self.last_update);
        let before = lowered.and_then(|((at, before), now)| {
            let is_recent = now.saturating_duration_since(at) < DOUBTED;
            (is_recent && self.rate >= before.scale(BACKOFF * BACKOFF)).then_some(before)
        });
        [known, before]
            .into_iter()
            .flatten()
            .map(|rate| rate.percent(RETURN_PERCENT))
            .fold(self.rate, Bitrate::max)
    }

    pub(super) fn last_decrease(&self) -> Option<Instant> {
        self.last_decrease
    }

    /// Takes a rate that was measured by other means.
    pub(super) fn set(&mut self, now: Instant, rate: Bitrate) {
        if self.capacity.estimate().is_some_and(|capacity| capacity < rate) {
            self.capacity.reset();
        }
        self.rate = rate.clamp(self.min, self.max);
        self.last_update = Some(now);
    }

    /// As behind an outage: what was known about the path is not.
    pub(super) fn forget(&mut self) {
        self.capacity.reset();
        self.lowered = None;
        self.last_update = None;
    }

    pub(super) fn update(&mut self, now: Instant, observation: &Observation) {
        let elapsed = self
            .last_update
            .map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        self.last_update = Some(now);
        match observation.usage {
            Usage::Over => self.decrease(now, observation),
            // The queue that has built up empties first.
            Usage::Under => {}
            Usage::Normal => self.increase(now, elapsed.min(Duration::from_secs(1)), observation),
        }
    }

    fn decrease(&mut self, now: Instant, observation: &Observation) {
        let recent = observation.recent_throughput.or(observation.throughput);
        let recent = recent.map(|rate| without_loss(rate, observation.inherent_loss));
        let pause = observation
            .rtt
            .clamp(Duration::from_millis(30), Duration::from_millis(250));
        let is_soon = self
            .last_decrease
            .is_some_and(|last| now.saturating_duration_since(last) < pause);
        let is_far_below = recent.is_some_and(|recent| recent < self.rate.percent(50));
        if is_soon && !is_far_below {
            return;
        }
        let Some(throughput) = recent else {
            if !self.has_measured {
                self.lower(now, self.rate.percent(50));
            }
            return;
        };
        self.has_measured = true;
        // When little is sent, or no queue is left, what arrives is not what the path carries; out of a long queue of its
        // own it is.
        let own = observation.queue_delay.saturating_sub(observation.standing_queue);
        let fills = observation.is_held_up && own >= LONG_QUEUE;
        let is_idle = observation.is_application_limited && !fills;
        if is_idle || observation.queue_delay < LEAST_QUEUE {
            let is_old = |(at, _)| now.saturating_duration_since(at) >= DOUBTED;
            if self.lowered.is_none_or(is_old) {
                self.lowered = Some((now, self.rate));
            }
            self.lower(now, throughput.max(self.rate).scale(BACKOFF));
            return;
        }
        self.lowered = None;
        // Who fills the queue all the time takes everything from who makes room for it.
        if observation.standing_queue > STANDING_QUEUE {
            self.lower(now, self.rate.scale(BACKOFF_BESIDE_OTHERS));
            return;
        }
        let mut rate = throughput.scale(BACKOFF);
        if rate > self.rate {
            // Less than the rate was sent: the throughput says more about the moments before.
            rate = self
                .capacity
                .estimate()
                .map_or(self.rate, |capacity| capacity.scale(BACKOFF));
        }
        self.capacity.measure(throughput);
        self.lower(now, rate);
    }

    fn lower(&mut self, now: Instant, rate: Bitrate) {
        self.rate = rate.min(self.rate).clamp(self.min, self.max);
        self.last_decrease = Some(now);
    }

    fn increase(&mut self, now: Instant, elapsed: Duration, observation: &Observation) {
        let Some(throughput) = observation.throughput else {
            return;
        };
        self.has_measured = true;
        let throughput = without_loss(throughput, observation.inherent_loss);
        if self.capacity.is_exceeded(throughput) {
            self.capacity.reset();
        }
        // Nobody knows whether more would pass when the rate is not used.
        if observation.is_application_limited {
            return;
        }
        let limit = throughput.percent(150).saturating_add(Bitrate::from_kbps(10));
        let pause = observation.rtt.max(Duration::from_millis(100));
        let is_soon = self
            .last_decrease
            .is_some_and(|last| now.saturating_duration_since(last) < pause);
        if self.rate >= limit || is_soon {
            return;
        }
        let seconds = elapsed.as_secs_f64();
        let grown = match self.capacity.estimate() {
            Some(capacity) => {
                let known = capacity.percent(RETURN_PERCENT);
                if self.rate < known && observation.queue_delay < Duration::from_millis(25) {
                    self.rate.scale(RETURN_GROWTH.powf(seconds)).min(known)
                } else {
                    self.rate
                }
                .saturating_add(self.added(seconds, observation.rtt))
            }
            None => self
                .rate
                .scale(GROWTH.powf(seconds))
                .saturating_add(Bitrate::from_bps(1000)),
        };
        self.rate = grown.min(limit.max(self.rate)).clamp(self.min, self.max);
    }

    /// One packet for each response time, that of the receiver's feedback included.
    fn added(&self, seconds: f64, rtt: Duration) -> Bitrate {
        let response = rtt.as_secs_f64() + 0.1;
        let frame_bits = self.rate.as_f64() / 30.0;
        let packets = (frame_bits / PACKET_BITS).ceil().max(1.0);
        let per_second = (frame_bits / packets / response).max(LEAST_ADDED_BPS);
        Bitrate::from_f64(per_second * seconds)
    }
}

/// What the throughput would have been had nothing been lost by chance.
fn without_loss(throughput: Bitrate, loss: f64) -> Bitrate {
    throughput.scale(1.0 / (1.0 - loss.clamp(0.0, 0.5)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    fn observation(usage: Usage, throughput: u64) -> Observation {
        Observation {
            usage,
            throughput: Some(Bitrate::from_kbps(throughput)),
            recent_throughput: Some(Bitrate::from_kbps(throughput)),
            inherent_loss: 0.0,
            queue_delay: Duration::from_millis(if usage == Usage::Over { 50 } else { 0 }),
            standing_queue: Duration::ZERO,
            rtt: Duration::from_millis(50),
            is_application_limited: false,
            is_held_up: usage == Usage::Over,
        }
    }

    fn control(kbps: u64) -> RateControl {
        RateControl::new(&EstimatorConfig {
            start: Bitrate::from_kbps(kbps),
            ..EstimatorConfig::default()
        })
    }

    #[test]
    fn grows_eight_percent_a_second_and_not_beyond_what_arrives() {
        let (mut now, mut control) = (start(), control(1000));
        for _ in 0..=20 {
            control.update(now, &observation(Usage::Normal, 1000));
            now += Duration::from_millis(50);
        }
        let rate = control.rate().as_bps();
        assert!((1_080_000..1_110_000).contains(&rate), "{rate}");
        for _ in 0..2000 {
            control.update(now, &observation(Usage::Normal, 1000));
            now += Duration::from_millis(50);
        }
        assert_eq!(control.rate(), Bitrate::from_kbps(1510));
    }

    #[test]
    fn overuse_falls_below_what_arrives_once_per_round_trip() {
        let (now, mut control) = (start(), control(2000));
        control.update(now, &observation(Usage::Over, 1000));
        assert_eq!(control.rate(), Bitrate::from_kbps(850));
        control.update(now + Duration::from_millis(20), &observation(Usage::Over, 800));
        assert_eq!(control.rate(), Bitrate::from_kbps(850));
        control.update(now + Duration::from_millis(70), &observation(Usage::Over, 800));
        assert_eq!(control.rate(), Bitrate::from_kbps(680));
    }

    #[test]
    fn comes_back_fast_to_what_is_known_and_slowly_beyond() {
        let (mut now, mut control) = (start(), control(1000));
        control.update(now, &observation(Usage::Over, 1000));
        now += Duration::from_millis(200);
        for _ in 0..10 {
            control.update(now, &observation(Usage::Normal, 850));
            now += Duration::from_millis(50);
        }
        let rate = control.rate().as_bps();
        assert!((930_000..990_000).contains(&rate), "{rate}");
        for _ in 0..20 {
            control.update(now, &observation(Usage::Normal, 950));
            now += Duration::from_millis(50);
        }
        let later = control.rate().as_bps();
        assert!(later > rate && later < rate + 80_000, "{rate} {later}");
    }

    #[test]
    fn an_application_that_sends_less_teaches_nothing() {
        let (mut now, mut control) = (start(), control(1000));
        for _ in 0..100 {
            let observation = Observation {
                is_application_limited: true,
                ..observation(Usage::Normal, 100)
            };
            control.update(now, &observation);
            now += Duration::from_millis(50);
        }
        assert_eq!(control.rate(), Bitrate::from_kbps(1000));
    }

    #[test]
    fn an_application_that_sends_less_does_not_pull_the_rate_down_to_that() {
        let (now, mut control) = (start(), control(1000));
        let observation = Observation {
            is_application_limited: true,
            ..observation(Usage::Over, 100)
        };
        control.update(now, &observation);
        assert_eq!(control.rate(), Bitrate::from_kbps(850));
        assert_eq!(control.capacity.estimate(), None);
    }

    #[test]
    fn what_comes_out_of_a_long_queue_of_its_own_is_what_the_path_carries() {
        let long = Observation {
            is_application_limited: true,
            queue_delay: Duration::from_millis(100),
            ..observation(Usage::Over, 400)
        };
        let rate = |observation: &Observation| {
            let mut control = control(1000);
            control.update(start(), observation);
            (control.rate(), control.sustained())
        };
        let kbps = Bitrate::from_kbps;
        assert_eq!(rate(&long), (kbps(340), kbps(376)));
        let others = Observation {
            is_held_up: false,
            ..long
        };
        assert_eq!(rate(&others), (kbps(850), kbps(940)));
        let standing = Observation {
            standing_queue: Duration::from_millis(90),
            ..long
        };
        assert_eq!(rate(&standing), (kbps(850), kbps(940)));
    }

    #[test]
    fn what_was_there_before_a_doubtful_fall_is_sustained_for_a_while() {
        let (now, mut control) = (start(), control(1000));
        let short = Observation {
            is_application_limited: true,
            ..observation(Usage::Over, 300)
        };
        control.update(now, &short);
        assert_eq!(control.sustained(), Bitrate::from_kbps(940));
        let quiet = Observation {
            is_application_limited: true,
            ..observation(Usage::Normal, 300)
        };
        control.update(now + DOUBTED / 2, &quiet);
        assert_eq!(control.sustained(), Bitrate::from_kbps(940));
        control.update(now + DOUBTED, &quiet);
        assert_eq!(control.sustained(), Bitrate::from_kbps(850));
        // Who falls further did not fall for nothing.
        for step in 0..3_u32 {
            control.update(now + 2 * DOUBTED + Duration::from_millis(100) * step, &short);
        }
        assert_eq!(control.sustained(), control.rate());
    }

    #[test]
    fn chance_losses_do_not_count_against_the_capacity() {
        let (now, mut control) = (start(), control(1000));
        let observation = Observation {
            inherent_loss: 0.2,
            ..observation(Usage::Over, 800)
        };
        control.update(now, &observation);
        assert_eq!(control.rate(), Bitrate::from_kbps(850));
    }
}
