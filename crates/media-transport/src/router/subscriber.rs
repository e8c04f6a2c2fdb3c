//! One subscription: when it starts, what is sent, what is sent again.

use std::time::{Duration, Instant};

use super::forwarder::{Forwarder, MAX_GROWTH};
use super::munger::{Mapped, Munger, later};
use super::peer::Outlet;
use super::publisher::{Arrival, Track};
use super::stats::SubscriptionStats;
use super::{MediaKind, Subscription};
use crate::rtcp::{ReportBlock, SenderInfo};
use crate::rtp::Packet;

/// How often one packet is sent again.
const MAX_REPEATS: u8 = 10;

/// Packets sent again are remembered, to bound repetitions, in a table of this size.
const REMEMBERED: usize = 256;

/// Least time between two repetitions of a packet.
const LEAST_REPEAT_INTERVAL: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) subscription: Subscription,
    /// Slot of the track, when it is published in the same room.
    pub(super) track: Option<u32>,
    pub(super) munger: Munger,
    forwarder: Forwarder,
    counters: Counters,
    /// By outgoing sequence number modulo its size. Empty before the first repetition.
    repeats: Vec<Repeat>,
    /// [`NtpTime::middle`](crate::rtcp::NtpTime::middle) of the latest two sender reports, and when they were sent.
    reports: [Option<(u32, Instant)>; 2],
    /// What the subscriber last reported.
    reported: ReportBlock,
    clock_rate: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    packets: u64,
    bytes: u64,
    retransmitted: u64,
    nacks: u64,
    plis: u64,
}

#[derive(Debug, Clone, Copy)]
struct Repeat {
    sequence: u64,
    count: u8,
    last: Instant,
}

impl Subscriber {
    /// `munger` is a new one, or the one that sent with the same SSRC before.
    pub(super) fn new(subscription: Subscription, munger: Munger) -> Self {
        let clock_rate = subscription
            .codecs
            .first()
            .map_or(90_000, |codec| codec.clock_rate);
        Self {
            subscription,
            track: None,
            munger,
            forwarder: Forwarder::default(),
            counters: Counters::default(),
            repeats: Vec::new(),
            reports: [None; 2],
            reported: ReportBlock::default(),
            clock_rate,
        }
    }

    /// Connects to a published track, or learns that its publication has changed.
    pub(super) fn link(&mut self, slot: u32, track: &Track) {
        self.track = Some(slot);
        let forwarder = Forwarder::new(&track.publication, &self.subscription);
        if forwarder != self.forwarder {
            self.forwarder = forwarder;
            self.munger.forget();
        }
    }

    pub(super) fn unlink(&mut self) {
        self.track = None;
        // Should the track come back, it is another one with generations of its own.
        self.munger.forget_source();
    }

    /// Takes another description of the same subscription.
    pub(super) fn update(&mut self, subscription: Subscription) {
        if subscription != self.subscription {
            self.subscription = subscription;
            self.munger.forget();
        }
    }

    /// Sends a packet that has just arrived.
    pub(super) fn forward(
        &mut self,
        now: Instant,
        kind: MediaKind,
        arrival: &Arrival,
        packet: &Packet<'_>,
        outlet: &mut Outlet<'_>,
    ) {
        if kind == MediaKind::Video && self.needs_entry(arrival.generation) && !arrival.is_entry {
            return;
        }
        let mapped = self.munger.map(
            now,
            arrival.generation,
            arrival.sequence,
            packet.timestamp(),
            arrival.clock_rate,
        );
        let Some(mapped) = mapped else { return };
        if self.send(packet, mapped, outlet) {
            self.counters.packets += 1;
            self.counters.bytes += packet.payload().len() as u64;
        }
    }

    /// Sends a packet again, when it is still there and was not sent too often.
    pub(super) fn retransmit(
        &mut self,
        now: Instant,
        sequence: u16,
        rtt: Option<Duration>,
        track: &Track,
        outlet: &mut Outlet<'_>,
    ) {
        self.counters.nacks += 1;
        let Some(origin) = self.munger.origin(sequence) else {
            return;
        };
        let Some(bytes) = track.buffer.get(origin.generation, origin.sequence) else {
            return;
        };
        let Ok(packet) = Packet::parse(bytes) else { return };
        if !self.may_repeat(now, origin.out, rtt) {
            return;
        }
        let timestamp = packet.timestamp().wrapping_add(origin.timestamp_offset);
        if self.send(&packet, Mapped { sequence, timestamp }, outlet) {
            self.counters.packets += 1;
            self.counters.bytes += packet.payload().len() as u64;
            self.counters.retransmitted += 1;
            outlet.count_retransmission();
        }
    }

    pub(super) fn count_keyframe_request(&mut self) {
        self.counters.plis += 1;
    }

    /// What to say about the stream, in the publisher's wall-clock time. `None` before the publisher has told it.
    pub(super) fn sender_info(&mut self, now: Instant, track: &Track) -> Option<SenderInfo> {
        if self.counters.packets == 0 {
            return None;
        }
        let source = track.active()?;
        let (info, at) = source.report?;
        let offset = self.munger.timestamp_offset(source.generation)?;
        let elapsed = now.saturating_duration_since(at);
        let ntp = info.ntp.later(elapsed);
        self.reports = [Some((ntp.middle(), now)), self.reports[0]];
        #[expect(clippy::cast_possible_truncation, reason = "the wire's counts wrap")]
        let (packet_count, octet_count) = (self.counters.packets as u32, self.counters.bytes as u32);
        Some(SenderInfo {
            ntp,
            rtp_timestamp: later(info.rtp_timestamp.wrapping_add(offset), elapsed, self.clock_rate),
            packet_count,
            octet_count,
        })
    }

    /// Takes what the subscriber says about the stream; the round-trip time, if that follows.
    pub(super) fn handle_report(&mut self, now: Instant, block: &ReportBlock) -> Option<Duration> {
        self.reported = *block;
        let (_, sent) = self
            .reports
            .into_iter()
            .flatten()
            .find(|(ntp, _)| *ntp == block.last_sender_report)?;
        let delay = u64::from(block.delay_since_last_sender_report);
        let delay = Duration::from_nanos(delay * 1_000_000_000 / 65_536);
        now.saturating_duration_since(sent).checked_sub(delay)
    }

    pub(super) fn stats(&self) -> SubscriptionStats {
        let Counters {
            packets,
            bytes,
            retransmitted,
            nacks,
            plis,
        } = self.counters;
        let rate = u64::from(self.clock_rate.max(1));
        SubscriptionStats {
            track: self.subscription.track,
            packets,
            bytes,
            packets_retransmitted: retransmitted,
            nacks_received: nacks,
            plis_received: plis,
            packets_lost: self.reported.cumulative_lost,
            fraction_lost: self.reported.fraction_lost,
            jitter: Duration::from_nanos(u64::from(self.reported.jitter) * 1_000_000_000 / rate),
        }
    }

    /// Whether video of this source has not started, so that only a keyframe makes sense.
    pub(super) fn needs_entry(&self, generation: u32) -> bool {
        self.munger.needs_entry(generation)
    }

    fn send(&self, packet: &Packet<'_>, mapped: Mapped, outlet: &mut Outlet<'_>) -> bool {
        outlet.send_rtp(packet.payload().len() + MAX_GROWTH, |buffer| {
            self.forwarder
                .write(&self.subscription, packet, mapped, buffer)
                .and_then(Result::ok)
        })
    }

    fn may_repeat(&mut self, now: Instant, sequence: u64, rtt: Option<Duration>) -> bool {
        if self.repeats.is_empty() {
            self.repeats = vec![
                Repeat {
                    sequence: u64::MAX,
                    count: 0,
                    last: now
                };
                REMEMBERED
            ];
        }
        // Smaller than the table, so it fits.
        let index = usize::try_from(sequence % REMEMBERED as u64).unwrap_or(0);
        let Some(repeat) = self.repeats.get_mut(index) else {
            return false;
        };
        if repeat.sequence != sequence {
            *repeat = Repeat {
                sequence,
                count: 1,
                last: now,
            };
            return true;
        }
        // A request that was on its way when the answer left is not another one.
        let interval = rtt.map_or(LEAST_REPEAT_INTERVAL, |rtt| (rtt / 2).max(LEAST_REPEAT_INTERVAL));
        if repeat.count >= MAX_REPEATS || now.saturating_duration_since(repeat.last) < interval {
            return false;
        }
        repeat.count += 1;
        repeat.last = now;
        true
    }
}
