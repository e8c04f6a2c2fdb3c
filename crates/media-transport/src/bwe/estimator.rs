use std::time::{Duration, Instant};

use super::acked::Throughput;
use super::aimd::{Observation, RateControl};
use super::alr::ApplicationLimit;
use super::history::{History, News, Sent};
use super::inter_arrival::InterArrival;
use super::loss::LossControl;
use super::path::PathDelay;
use super::probe::{Found, ProbeId, ProbeRequest, ProbeResults, Trust};
use super::prober::{Prober, Situation};
use super::reports::ReportControl;
use super::trendline::{Trendline, Usage};
use super::{Bitrate, EstimatorConfig, FeedbackSource};

/// Throughput is measured over this, and over this after a change.
const WINDOW: Duration = Duration::from_millis(500);
const RECENT_WINDOW: Duration = Duration::from_millis(200);

/// The round-trip time before one is known.
const DEFAULT_RTT: Duration = Duration::from_millis(200);

/// What the target is lowered by while there is a queue: all of it, were it longer than its allowance by this.
const QUEUE_SCALE: Duration = Duration::from_millis(250);

/// and never by more than this part.
const MOST_LOWERED: f64 = 0.6;

/// Bytes that may be in flight whatever the rate.
const LEAST_WINDOW: u64 = 12_000;

/// Time's worth of bytes in flight beyond the round trip and two intervals of feedback.
const WINDOW_SLACK: Duration = Duration::from_millis(100);

/// What one cluster may add while the rate is in use, in percent of it.
const STEP_PERCENT: u32 = 150;

/// What is left of the rate after each silence, in percent.
const SILENCE_PERCENT: u32 = 60;

/// Fewer packets without a report may just have been lost, as when somebody listens and nobody speaks.
const SILENT_PACKETS: u32 = 3;

/// Bounds of a silence that makes the rate go down.
const MIN_SILENCE: Duration = Duration::from_millis(500);
const MAX_SILENCE: Duration = Duration::from_secs(2);

/// Calm is a queue below this, and no decrease for so long.
const CALM_QUEUE: Duration = Duration::from_millis(25);
const CALM_TIME: Duration = Duration::from_millis(1000);

/// A path that has been calm for so long carries more than is sent: whoever is at its limit tries for more, and finds it,
/// in less.
const CLEAR_TIME: Duration = Duration::from_secs(5);

/// What is known of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacketResult {
    /// Its number, as given to [`Estimator::sent`].
    pub sequence: u64,
    /// When it arrived, by the receiver's clock, since whatever moment that counts from; `None` when it did not arrive.
    pub arrival: Option<Duration>,
}

/// How full the path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Congestion {
    /// It carries everything, and has for some seconds: a frame may leave at once.
    Clear,
    /// It may be near what it carries.
    #[default]
    None,
    /// More is on its way than it should hold: only audio should follow.
    Full,
}

/// Figures of an [`Estimator`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct EstimatorStats {
    /// See [`Estimator::estimate`].
    pub estimate: Bitrate,
    /// See [`Estimator::target`].
    pub target: Bitrate,
    /// What delay allows.
    pub delay_based: Bitrate,
    /// What loss allows; `None` when it sets no limit.
    pub loss_based: Option<Bitrate>,
    /// What the peer allows (REMB).
    pub remote: Option<Bitrate>,
    /// What arrived over the last half second.
    pub throughput: Option<Bitrate>,
    /// Loss of the last seconds, 0 to 1.
    pub loss: f64,
    /// What delay says.
    pub usage: Usage,
    /// Smoothed round-trip time.
    pub rtt: Option<Duration>,
    /// Delay above the least of the last seconds, smoothed.
    pub queue_delay: Duration,
    /// Sent and not reported.
    pub in_flight_bytes: u64,
    /// Whether the application sends much less than it may.
    pub is_application_limited: bool,
}

/// How much can be sent to one peer. See the [module](super) for its use.
#[derive(Debug)]
pub struct Estimator {
    config: EstimatorConfig,
    /// Zero of the microseconds in which the parts count.
    origin: Instant,
    history: History,
    groups: InterArrival,
    line: Trendline,
    throughput: Throughput,
    rate: RateControl,
    loss: LossControl,
    limit: ApplicationLimit,
    probes: ProbeResults,
    prober: Prober,
    reports: ReportControl,
    path: PathDelay,
    remote: Option<Bitrate>,
    last_feedback: Option<Instant>,
    /// Since when there has been no queue and no limit.
    calm_since: Option<Instant>,
    /// Smoothed time between two reports.
    interval: Duration,
    /// Packets since the last report, and when the one was sent from which on silence counts.
    unanswered_packets: u32,
    unanswered: Option<Instant>,
    /// The estimate before the reports stopped.
    before_silence: Option<Bitrate>,
    /// Whether the last packet that arrived was of a cluster.
    was_probe: bool,
}

impl Estimator {
    /// An estimator that knows nothing, with its first probe clusters waiting.
    #[must_use]
    pub fn new(config: EstimatorConfig, now: Instant) -> Self {
        Self {
            config,
            origin: now,
            history: History::new(config.max_packets),
            groups: InterArrival::default(),
            line: Trendline::new(),
            throughput: Throughput::default(),
            rate: RateControl::new(&config),
            loss: LossControl::new(&config),
            limit: ApplicationLimit::default(),
            probes: ProbeResults::default(),
            prober: Prober::new(&config, now),
            reports: ReportControl::new(&config),
            path: PathDelay::new(),
            remote: None,
            last_feedback: None,
            calm_since: None,
            interval: Duration::from_millis(100),
            unanswered_packets: 0,
            unanswered: None,
            before_silence: None,
            was_probe: false,
        }
    }

    /// A packet of so many bytes, headers of RTP included, leaves now. Sequence numbers are the transport-wide ones
    /// without their wrapping around; one that is not above the last is ignored.
    pub fn sent(&mut self, now: Instant, sequence: u64, bytes: usize, probe: Option<ProbeId>) {
        self.limit.sent(now, bytes, self.estimate());
        if self.config.source == FeedbackSource::ReceiverReports {
            self.reports.sent(now);
            return;
        }
        if let Some(before) = now.checked_sub(self.config.max_age) {
            self.history.expire(before);
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if self.history.push(now, sequence, bytes, probe) {
            self.unanswered_packets = self.unanswered_packets.saturating_add(1);
            if self.unanswered_packets >= SILENT_PACKETS {
                self.unanswered.get_or_insert(now);
            }
        }
    }

    /// What the peer reports, in the order of sequence numbers. Unknown and repeated ones are ignored.
    pub fn feedback(&mut self, now: Instant, results: &[PacketResult]) {
        if self.config.source != FeedbackSource::TransportWide {
            return;
        }
        if let Some(first) = results.first() {
            self.history.settle_before(first.sequence);
        }
        let mut newest: Option<(i64, Instant)> = None;
        let mut probed = None;
        let mut has_news = false;
        for result in results {
            let Some(news) = self.history.report(result.sequence, result.arrival.is_some()) else {
                continue;
            };
            has_news = true;
            let sent = match news {
                News::Lost(sent) => {
                    self.loss.add(sent.at, sent.bytes, true);
                    continue;
                }
                News::Received(sent) => {
                    self.loss.add(sent.at, sent.bytes, false);
                    sent
                }
                News::Late(sent) => {
                    self.loss.correct();
                    sent
                }
            };
            let Some(arrived) = result.arrival.and_then(micros) else {
                continue;
            };
            if newest.is_none_or(|(latest, _)| arrived >= latest) {
                newest = Some((arrived, sent.at));
            }
            probed = self.arrived(now, &sent, arrived).or(probed);
        }
        if !has_news {
            return;
        }
        self.history.trim();
        if let Some((_, sent)) = newest {
            self.path.add_rtt(now, now.saturating_duration_since(sent));
        }
        self.path.close(now);
        self.note_interval(now);
        self.update(now, probed);
    }

    /// What the peer itself takes for the limit (REMB). It counts until the next one.
    pub fn remote_limit(&mut self, limit: Bitrate) {
        self.remote = Some(limit);
    }

    /// Losses of a receiver report, summed over the streams it tells about: packets lost and expected since the last
    /// one. Counts for [`FeedbackSource::ReceiverReports`] only.
    pub fn receiver_report(&mut self, now: Instant, lost: u64, expected: u64, rtt: Option<Duration>) {
        if self.config.source != FeedbackSource::ReceiverReports {
            return;
        }
        if let Some(rtt) = rtt {
            self.path.add_rtt(now, rtt);
        }
        let rtt = self.path.rtt().unwrap_or(DEFAULT_RTT);
        let is_limited = self.limit.since().is_some();
        self.reports.report(now, lost, expected, rtt, is_limited);
    }

    /// More than this would be of no use, so that no more is looked for: the sum of everything that could be sent.
    pub fn set_wanted(&mut self, wanted: Bitrate) {
        self.prober.set_wanted(wanted);
    }

    /// More than this would be of use now, since something better could be sent then; `None` when nothing is better.
    /// It is looked for sooner than what is merely [wanted](Self::set_wanted).
    pub fn set_needed(&mut self, needed: Option<Bitrate>) {
        self.prober.set_needed(needed);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.reports.handle_timeout(now);
        if self.silence_ends().is_none_or(|at| now < at) {
            return;
        }
        let estimate = self.estimate();
        self.before_silence.get_or_insert(estimate);
        self.rate.set(now, estimate.percent(SILENCE_PERCENT));
        // What was sent is gone; otherwise it would forbid to send what a report could answer.
        self.history.settle_all();
        self.unanswered = Some(now);
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.config.source {
            FeedbackSource::TransportWide => self.silence_ends(),
            FeedbackSource::ReceiverReports => self.reports.deadline(),
        }
    }

    /// A cluster to send.
    pub fn poll_probe(&mut self) -> Option<ProbeRequest> {
        if self.config.source != FeedbackSource::TransportWide {
            return None;
        }
        let request = self.prober.take()?;
        self.probes.expect(request);
        Some(request)
    }

    /// What the path carries, as far as is known. Changes slowly but for falls: what an allocator shares.
    #[must_use]
    pub fn estimate(&self) -> Bitrate {
        self.limited(self.rate.rate())
    }

    /// What need not be given up: the estimate, or what it soon returns to when it was only lowered for a queue to drain.
    #[must_use]
    pub fn sustained(&self) -> Bitrate {
        self.limited(self.rate.sustained())
    }

    /// What should be sent now: the estimate, or less while a queue has to drain. For pacers and encoders.
    #[must_use]
    pub fn target(&self) -> Bitrate {
        // What others keep in the queue does not drain by sending less.
        let own = self.path.remaining_queue();
        let own = own.saturating_sub(self.path.standing_queue());
        let excess = own.saturating_sub(self.config.queue_allowance);
        if excess.is_zero() {
            return self.estimate();
        }
        let lowered = (excess.as_secs_f64() / QUEUE_SCALE.as_secs_f64()).min(MOST_LOWERED);
        // What comes out of a queue of its own is what the path carries, before the estimate knows.
        let carried = self.throughput.held_up(RECENT_WINDOW).unwrap_or(Bitrate::MAX);
        let rate = self.estimate().min(carried);
        rate.scale(1.0 - lowered).max(self.config.min)
    }

    /// How full the path is.
    #[must_use]
    pub fn congestion(&self) -> Congestion {
        let Some(rtt) = self.path.least_rtt() else {
            return Congestion::None;
        };
        let time = rtt + self.path.standing_queue() + 2 * self.interval + WINDOW_SLACK;
        let window = self.estimate().bytes_in(time).max(LEAST_WINDOW);
        if self.history.in_flight_bytes() > window {
            return Congestion::Full;
        }
        let calm = self.last_feedback.zip(self.calm_since);
        if calm.is_some_and(|(last, since)| last.saturating_duration_since(since) >= CLEAR_TIME) {
            Congestion::Clear
        } else {
            Congestion::None
        }
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> EstimatorStats {
        EstimatorStats {
            estimate: self.estimate(),
            target: self.target(),
            delay_based: self.rate.rate(),
            loss_based: self.loss.limit(),
            remote: self.remote,
            throughput: self.throughput.rate(WINDOW),
            loss: self.loss.average_loss(),
            usage: self.line.usage(),
            rtt: self.path.rtt(),
            queue_delay: self.path.queue(),
            in_flight_bytes: self.history.in_flight_bytes(),
            is_application_limited: self.limit.since().is_some(),
        }
    }

    /// A packet that has arrived; the rate that its cluster has found.
    fn arrived(&mut self, now: Instant, sent: &Sent, arrived: i64) -> Option<Found> {
        let sent_at = micros(sent.at.saturating_duration_since(self.origin))?;
        self.throughput.add(sent_at, arrived, sent.bytes);
        self.path.add(now, sent_at, arrived);
        let was_probe = std::mem::replace(&mut self.was_probe, sent.probe.is_some());
        if let Some(id) = sent.probe {
            // A cluster makes a queue of its own, which says nothing about the rate: delay is not compared across it.
            if !was_probe {
                self.groups.reset();
            }
            return self.probes.add(id, sent_at, arrived, sent.bytes);
        }
        if let Some(delta) = self.groups.add(sent_at, arrived) {
            self.line.update(delta);
        }
        None
    }

    /// What is left of what delay allows.
    fn limited(&self, delay_based: Bitrate) -> Bitrate {
        let own = match self.config.source {
            FeedbackSource::TransportWide => delay_based.min(self.loss.limit().unwrap_or(Bitrate::MAX)),
            FeedbackSource::ReceiverReports => self.reports.rate(),
        };
        let remote = self.remote.unwrap_or(Bitrate::MAX);
        own.min(remote).min(self.config.max).max(self.config.min)
    }

    fn note_interval(&mut self, now: Instant) {
        if let Some(last) = self.last_feedback.replace(now) {
            let interval = now.saturating_duration_since(last);
            let interval = interval.clamp(Duration::from_millis(20), Duration::from_millis(250));
            self.interval = (self.interval * 7 + interval) / 8;
        }
        self.unanswered = None;
        self.unanswered_packets = 0;
    }

    fn update(&mut self, now: Instant, probed: Option<Found>) {
        if let Some(before) = self.before_silence.take() {
            self.calm_since = None;
            self.forget();
            self.prober.recover(now, before);
            return;
        }
        let throughput = self.throughput.rate(WINDOW);
        // The line says what was so on average over its points; a queue that shrinks already needs no more room.
        let usage = match self.line.usage() {
            Usage::Over if self.path.is_shrinking() => Usage::Under,
            usage => usage,
        };
        let observation = Observation {
            usage,
            throughput,
            recent_throughput: self.throughput.rate(RECENT_WINDOW),
            inherent_loss: self.loss.inherent_loss(),
            queue_delay: self.path.queue(),
            standing_queue: self.path.standing_queue(),
            rtt: self.path.rtt().unwrap_or(DEFAULT_RTT),
            // What loss does not let pass does not try the path either.
            is_application_limited: self.limit.since().is_some() || self.loss.limit().is_some(),
            is_held_up: self.throughput.held_up(RECENT_WINDOW).is_some(),
        };
        if let Some(found) = probed.filter(|found| found.rate > self.rate.rate())
            && observation.usage != Usage::Over
        {
            let step = self.rate.rate().percent(STEP_PERCENT);
            let is_whole = found.trust == Trust::Full || observation.is_application_limited;
            self.rate.set(
                now,
                if is_whole {
                    found.rate
                } else {
                    found.rate.min(step)
                },
            );
        } else {
            self.rate.update(now, &observation);
        }
        self.loss.update(self.rate.rate(), throughput);
        let is_settled = self
            .rate
            .last_decrease()
            .is_none_or(|last| now.saturating_duration_since(last) >= CALM_TIME);
        let situation = Situation {
            estimate: self.estimate(),
            limited_since: self.limit.since(),
            is_calm: is_settled
                && self.line.usage() == Usage::Normal
                && self.path.queue() < CALM_QUEUE
                && self.loss.limit().is_none(),
        };
        self.calm_since = situation.is_calm.then(|| self.calm_since.unwrap_or(now));
        self.prober.update(now, &situation);
    }

    /// What was measured before a silence is not true behind it.
    fn forget(&mut self) {
        self.groups.reset();
        self.line.reset();
        self.throughput.reset();
        self.loss.reset();
        self.rate.forget();
        self.path.forget_queue();
    }

    fn silence_ends(&self) -> Option<Instant> {
        let rtt = self.path.rtt().unwrap_or(DEFAULT_RTT);
        let silence = (3 * rtt + 2 * self.interval).clamp(MIN_SILENCE, MAX_SILENCE);
        Some(self.unanswered? + silence)
    }
}

/// `None` beyond a hundred thousand years.
fn micros(time: Duration) -> Option<i64> {
    const MOST: i64 = i64::MAX / 4;
    i64::try_from(time.as_micros())
        .ok()
        .filter(|micros| *micros < MOST)
}
