//! Whether the queue grows: the slope of the accumulated delay against an adaptive threshold
//! (draft-ietf-rmcat-gcc-02 §5.3 and §5.4, with a linear fit in place of the Kalman filter).

use super::inter_arrival::Delta;

/// Groups that the line is fitted to.
const WINDOW: usize = 20;

/// Weight of the past in the smoothed delay.
const SMOOTHING: f64 = 0.9;

/// Makes the slope comparable with a threshold in milliseconds.
const GAIN: f64 = 4.0;

/// Groups after which the slope has its full weight.
const MAX_DELTAS: u32 = 60;

/// The threshold at the start and its bounds, in milliseconds (§5.4).
const THRESHOLD: f64 = 12.5;
const MIN_THRESHOLD: f64 = 6.0;
const MAX_THRESHOLD: f64 = 600.0;

/// How fast the threshold follows upwards and downwards, per millisecond (§5.4).
const FOLLOW_UP: f64 = 0.0087;
const FOLLOW_DOWN: f64 = 0.039;

/// A slope that far above the threshold is a jump, which the threshold does not follow, in milliseconds (§5.4).
const MAX_FOLLOWED: f64 = 15.0;

/// How long the slope must be above the threshold, in milliseconds (§5.4).
const OVERUSE_TIME: f64 = 10.0;

/// What the delay says about the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Usage {
    /// The queue neither grows nor shrinks.
    #[default]
    Normal,
    /// The queue grows.
    Over,
    /// The queue shrinks.
    Under,
}

#[derive(Debug)]
pub(super) struct Trendline {
    /// Arrival time since the first group and smoothed delay, both in milliseconds; a ring.
    points: [(f64, f64); WINDOW],
    /// Groups so far.
    deltas: u32,
    next: usize,
    filled: usize,
    first_at: Option<i64>,
    accumulated: f64,
    smoothed: f64,
    threshold: f64,
    last_update: Option<i64>,
    trend: f64,
    /// How long the slope has been above the threshold, in milliseconds; `None` when it is not.
    above: Option<f64>,
    above_count: u32,
    usage: Usage,
}

impl Trendline {
    pub(super) fn new() -> Self {
        Self {
            points: [(0.0, 0.0); WINDOW],
            deltas: 0,
            next: 0,
            filled: 0,
            first_at: None,
            accumulated: 0.0,
            smoothed: 0.0,
            threshold: THRESHOLD,
            last_update: None,
            trend: 0.0,
            above: None,
            above_count: 0,
            usage: Usage::Normal,
        }
    }

    /// Forgets the delays, as when the path may have changed; what was learned about its noise stays.
    pub(super) fn reset(&mut self) {
        *self = Self {
            threshold: self.threshold,
            ..Self::new()
        };
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    pub(super) fn update(&mut self, delta: Delta) -> Usage {
        let difference = (delta.arrived - delta.sent) as f64 / 1000.0;
        let first_at = *self.first_at.get_or_insert(delta.at);
        self.deltas = (self.deltas + 1).min(1000);
        self.accumulated += difference;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        if let Some(point) = self.points.get_mut(self.next) {
            *point = ((delta.at - first_at) as f64 / 1000.0, self.smoothed);
        }
        self.next = (self.next + 1) % WINDOW;
        self.filled = (self.filled + 1).min(WINDOW);
        let slope = if self.filled == WINDOW { self.slope() } else { None };
        // Until there are enough points the last one stands.
        let slope = slope.unwrap_or(self.trend);
        self.detect(slope, delta.sent as f64 / 1000.0, delta.at);
        self.usage
    }

    /// Least squares; `None` when all points are at one time.
    fn slope(&self) -> Option<f64> {
        let count = self.filled as f64;
        let (sum_x, sum_y) = self
            .points
            .iter()
            .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (mut numerator, mut denominator) = (0.0, 0.0);
        for (x, y) in self.points {
            numerator += (x - mean_x) * (y - mean_y);
            denominator += (x - mean_x) * (x - mean_x);
        }
        (denominator > 0.0).then(|| numerator / denominator)
    }

    fn detect(&mut self, slope: f64, sent_ms: f64, at: i64) {
        if self.deltas < 2 {
            return;
        }
        let weighted = f64::from(self.deltas.min(MAX_DELTAS)) * slope * GAIN;
        if weighted > self.threshold {
            let above = self.above.map_or(sent_ms / 2.0, |above| above + sent_ms);
            self.above = Some(above);
            self.above_count += 1;
            if above > OVERUSE_TIME && self.above_count > 1 && slope >= self.trend {
                self.above = Some(0.0);
                self.above_count = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.above = None;
            self.above_count = 0;
            self.usage = if weighted < -self.threshold {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
        self.trend = slope;
        self.follow(weighted, at);
    }

    fn follow(&mut self, weighted: f64, at: i64) {
        let last = self.last_update.replace(at).unwrap_or(at);
        let size = weighted.abs();
        if size > self.threshold + MAX_FOLLOWED {
            return;
        }
        let speed = if size < self.threshold {
            FOLLOW_DOWN
        } else {
            FOLLOW_UP
        };
        let elapsed = ((at - last) as f64 / 1000.0).clamp(0.0, 100.0);
        self.threshold += speed * (size - self.threshold) * elapsed;
        self.threshold = self.threshold.clamp(MIN_THRESHOLD, MAX_THRESHOLD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups 20 ms apart that each arrive so much later than the one before.
    fn run(line: &mut Trendline, at: &mut i64, groups: u32, growth_us: i64) -> Usage {
        for _ in 0..groups {
            *at += 20_000 + growth_us;
            line.update(Delta {
                sent: 20_000,
                arrived: 20_000 + growth_us,
                at: *at,
            });
        }
        line.usage()
    }

    #[test]
    fn tells_growing_from_steady_from_shrinking() {
        let (mut line, mut at) = (Trendline::new(), 0);
        assert_eq!(run(&mut line, &mut at, 100, 0), Usage::Normal);
        assert_eq!(run(&mut line, &mut at, 20, 4_000), Usage::Over);
        assert_eq!(run(&mut line, &mut at, 40, -4_000), Usage::Under);
        assert_eq!(run(&mut line, &mut at, 100, 0), Usage::Normal);
    }

    #[test]
    fn jitter_is_not_growth() {
        let (mut line, mut at) = (Trendline::new(), 0);
        for i in 0..2000i64 {
            let growth = [3_000, -5_000, 1_000, 4_000, -3_000][(i % 5) as usize];
            assert_ne!(run(&mut line, &mut at, 1, growth), Usage::Over, "group {i}");
        }
    }

    #[test]
    fn absurd_differences_give_numbers() {
        let (mut line, mut at) = (Trendline::new(), 0);
        for growth in [3_000_000, -20_000, i64::from(i32::MAX), 0, -20_000] {
            run(&mut line, &mut at, 30, growth);
            assert!(line.trend.is_finite() && line.threshold.is_finite());
            assert!((MIN_THRESHOLD..=MAX_THRESHOLD).contains(&line.threshold));
        }
        line.reset();
        assert_eq!(run(&mut line, &mut at, 100, 0), Usage::Normal);
    }
}
