//! How much a subscriber gets at a time: what its path carries, when packets leave, and what it reports.

use std::time::{Duration, Instant};

use super::publisher::Track;
use super::queue::Pending;
use super::slots::Slots;
use super::subscriber::Subscriber;
use super::{MediaKind, RouterConfig};
use crate::bwe::{Bitrate, Estimator, EstimatorConfig, PacketResult, ProbeId};
use crate::pacer::{Class, Outgoing, Pacer, PacerConfig, PacerEvent, PacketInfo};
use crate::rtcp::transport_cc::{PacketStatus, TICK, TransportFeedback, unwrap_reference};

/// Most packets of one report that count.
const MAX_RESULTS: usize = 8192;

/// Zero of the subscriber's clock, in ticks: whatever its first reference time is, no time is below.
const FIRST_REFERENCE: i64 = 1 << 33;

/// Probes repeat so many of the latest packets, one after the other.
const PADDING_TURNS: u16 = 16;

/// The size of what is repeated, about.
const PADDING_BYTES: usize = 1100;

/// What a packet takes on the path beside itself, in bytes: headers of IPv4 and UDP, and the tag of SRTP. Small packets
/// would otherwise make the path look narrow, and layers that have many look small.
pub(super) const OVERHEAD: usize = 20 + 8 + 16;

/// A subscriber that tells when packets arrive.
#[derive(Debug)]
pub(super) struct Pace {
    pub(super) estimator: Estimator,
    pacer: Pacer<Pending>,
    /// The next transport-wide number.
    next: u64,
    /// Of the latest feedback.
    reference: i64,
    results: Vec<PacketResult>,
    train: Vec<Outgoing<Pending>>,
    padding_turn: u16,
    /// When the pacer was told what the path carries.
    told: Option<Instant>,
}

impl Pace {
    pub(super) fn new(now: Instant, config: &RouterConfig) -> Self {
        let estimator = Estimator::new(EstimatorConfig::default(), now);
        let pacer = PacerConfig {
            max_bytes: config.max_queued_bytes,
            ..PacerConfig::default()
        };
        Self {
            pacer: Pacer::new(pacer, estimator.target()),
            estimator,
            next: 0,
            reference: FIRST_REFERENCE,
            results: Vec::new(),
            train: Vec::new(),
            padding_turn: 0,
            told: None,
        }
    }

    /// Brings itself nearer.
    #[inline]
    pub(super) fn warm(&self, steps: u32) {
        if steps == 0 {
            anteroom_prefetch::read(self);
        }
    }

    /// Whether there is something to send or to look at now.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.pacer.poll_timeout().is_some_and(|at| at <= now)
    }

    /// When something that was pushed can leave; `None` when that depends on a report.
    pub(super) fn ready_at(&self, now: Instant) -> Option<Instant> {
        self.pacer.ready_at(now)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let timers = [self.pacer.poll_timeout(), self.estimator.poll_timeout()];
        timers.into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.estimator.poll_timeout().is_some_and(|at| at <= now) {
            self.estimator.handle_timeout(now);
            self.told = None;
            self.tell(now);
        }
    }

    /// Whether a packet may leave at once.
    pub(super) fn pass(&mut self, now: Instant, info: PacketInfo) -> bool {
        // Only who is woken learns what has changed.
        if self.told != Some(now) && info.class != Class::Audio && !self.pacer.is_ready(now) {
            return false;
        }
        self.tell(now);
        self.pacer.pass(now, info)
    }

    /// No more come that pass together.
    pub(super) fn end_train(&mut self) {
        self.pacer.end_train();
    }

    /// Tells the pacer what the path carries.
    fn tell(&mut self, now: Instant) {
        if self.told.replace(now) == Some(now) {
            return;
        }
        self.pacer.set_rate(now, self.estimator.target());
        self.pacer.set_congestion(self.estimator.congestion());
        while let Some(probe) = self.estimator.poll_probe() {
            self.pacer.probe(now, probe);
        }
    }

    /// Takes a packet; `false` when its frame was given up.
    pub(super) fn push(&mut self, now: Instant, info: PacketInfo, pending: Pending) -> bool {
        self.pacer.push(now, info, pending)
    }

    /// Whether nothing of a stream is let in before a keyframe.
    pub(super) fn needs_keyframe(&self, stream: u32) -> bool {
        self.pacer.needs_keyframe(stream)
    }

    /// Appends what leaves now to `out`, and to `starved` the streams whose publishers have to be asked for a keyframe.
    pub(super) fn leave(
        &mut self,
        now: Instant,
        subscriptions: &mut [Subscriber],
        tracks: &Slots<Track>,
        mut out: impl FnMut(Pending),
        starved: &mut Vec<usize>,
    ) {
        self.tell(now);
        if self.pacer.is_idle() {
            return;
        }
        let has_rtx = subscriptions.iter().any(|s| s.subscription.rtx_ssrc.is_some());
        self.pacer.set_padding(if has_rtx { PADDING_BYTES } else { 0 });
        if self.pacer.is_probing()
            && let Some(next) = self.padding(now, subscriptions, tracks)
        {
            // A cluster that counts on more than it gets is slower than it should be.
            self.pacer.set_padding(next.len);
        }
        let mut train = std::mem::take(&mut self.train);
        self.pacer.poll(now, &mut train);
        for outgoing in train.drain(..) {
            match outgoing {
                Outgoing::Packet { mut item, probe, .. } => {
                    item.probe = probe;
                    out(item);
                }
                Outgoing::Padding { probe, .. } => {
                    if let Some(mut padding) = self.padding(now, subscriptions, tracks) {
                        self.padding_turn = (self.padding_turn + 1) % PADDING_TURNS;
                        padding.probe = probe;
                        out(padding);
                    }
                }
            }
        }
        self.train = train;
        self.hear_pacer(subscriptions, starved);
    }

    /// Takes note of what the pacer gave up.
    pub(super) fn hear_pacer(&mut self, subscriptions: &mut [Subscriber], starved: &mut Vec<usize>) {
        while let Some(pending) = self.pacer.poll_given_up() {
            if let Some(subscriber) = subscriptions.get_mut(pending.subscription) {
                subscriber.give_up(&pending);
            }
        }
        while let Some(event) = self.pacer.poll_event() {
            let PacerEvent::KeyframeNeeded { stream } = event;
            let index = subscriptions
                .iter()
                .position(|one| one.subscription.ssrc == stream);
            if let Some((index, subscriber)) =
                index.and_then(|index| Some((index, subscriptions.get_mut(index)?)))
            {
                subscriber.starve();
                starved.push(index);
            }
        }
    }

    /// Something to fill a probe with: one of the latest packets of pictures once more.
    fn padding(&self, now: Instant, subscriptions: &[Subscriber], tracks: &Slots<Track>) -> Option<Pending> {
        let turn = self.padding_turn;
        subscriptions.iter().enumerate().find_map(|(index, subscriber)| {
            let track = subscriber.track.and_then(|track| tracks.get(track))?;
            (track.publication.kind == MediaKind::Video).then_some(())?;
            subscriber
                .padding(now, turn, track, index)
                .or_else(|| subscriber.padding(now, 0, track, index))
        })
    }

    /// The transport-wide number of the next packet.
    #[expect(clippy::cast_possible_truncation, reason = "the wire has the lower bits")]
    pub(super) const fn number(&self) -> u16 {
        self.next as u16
    }

    /// A packet with that number leaves.
    pub(super) fn sent(&mut self, now: Instant, bytes: usize, probe: Option<ProbeId>) {
        self.estimator.sent(now, self.next, bytes + OVERHEAD, probe);
        self.next += 1;
    }

    /// Takes what the subscriber tells.
    pub(super) fn handle_feedback(&mut self, now: Instant, feedback: &TransportFeedback<'_>) {
        self.reference = unwrap_reference(self.reference, feedback.reference_time);
        self.results.clear();
        let newest = self.number().wrapping_sub(1);
        let mut result = |sequence: u16, arrival: Option<Duration>| {
            let back = u64::from(newest.wrapping_sub(sequence));
            // Numbers that were not given yet are none, and more than these nobody remembers.
            if self.results.len() < MAX_RESULTS
                && let Some(sequence) = (self.next.saturating_sub(1)).checked_sub(back)
            {
                self.results.push(PacketResult { sequence, arrival });
            }
        };
        for status in feedback.statuses() {
            match status {
                PacketStatus::NotReceived { first, count } => {
                    for step in 0..count {
                        result(first.wrapping_add(step), None);
                    }
                }
                PacketStatus::Received { sequence, at } => {
                    let ticks = u64::try_from(self.reference.saturating_add(at.into())).unwrap_or(0);
                    result(
                        sequence,
                        Some(Duration::from_micros(ticks.saturating_mul(TICK_MICROS))),
                    );
                }
            }
        }
        self.estimator.feedback(now, &self.results);
        self.told = None;
        // What waits for a report leaves with it, without a packet or a timeout that would wake it.
        self.tell(now);
    }

    /// Subscriptions have other places now: `place` says where the one with an SSRC is.
    pub(super) fn replace(&mut self, before: &[u32], place: impl Fn(u32) -> Option<usize>) {
        for ssrc in before.iter().filter(|ssrc| place(**ssrc).is_none()) {
            self.pacer.remove_stream(*ssrc);
        }
        for pending in self.pacer.items_mut() {
            let ssrc = before.get(pending.subscription);
            pending.subscription = ssrc.and_then(|ssrc| place(*ssrc)).unwrap_or(usize::MAX);
        }
    }

    /// What the path carries.
    pub(super) fn estimate(&self) -> Bitrate {
        self.estimator.estimate()
    }
}

const TICK_MICROS: u64 = 250;
const _: () = assert!(TICK.as_micros() == TICK_MICROS as u128);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::transport_cc::TwccRecorder;
    use crate::rtcp::{Compound, CompoundWriter, Packet};
    use crate::test_clock::start;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn send(pace: &mut Pace, recorder: &mut TwccRecorder, now: Instant, packets: usize) {
        for _ in 0..packets {
            recorder.receive(now + ms(20), 1, pace.number());
            pace.sent(now, 1200, None);
        }
    }

    fn report(pace: &mut Pace, recorder: &mut TwccRecorder, now: Instant) {
        let mut buffer = [0; 1200];
        let mut writer = CompoundWriter::new(&mut buffer);
        recorder.write_feedback(now, &mut writer).unwrap();
        for packet in Compound::new(writer.finish()) {
            let Ok(Packet::TransportFeedback(feedback)) = packet else {
                panic!("{packet:?}")
            };
            pace.handle_feedback(now, &feedback);
        }
    }

    /// Who waits for a report is let go by it, whether or not anything else wakes it.
    #[test]
    fn a_report_opens_a_full_path() {
        let now = start();
        let (mut pace, mut recorder) = (Pace::new(now, &RouterConfig::default()), TwccRecorder::new(1));
        send(&mut pace, &mut recorder, now, 1);
        report(&mut pace, &mut recorder, now + ms(40));
        send(&mut pace, &mut recorder, now + ms(50), 100);
        pace.tell(now + ms(50));
        let later = now + ms(1000);
        assert!(!pace.pacer.is_ready(later), "full, however long it waits");
        report(&mut pace, &mut recorder, later);
        assert!(pace.pacer.is_ready(later));
    }
}
