//! One subscription: when it starts, what is sent, what is sent again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::forwarder::{Forwarder, Writing};
use super::munger::{FrameNumbers, Incoming, Mapped, Munger, Origin, later};
use super::peer::Outlet;
use super::publisher::{Arrival, Track};
use super::queue::{Claim, Passage, Pending, Sent};
use super::selection::{Passing, Selection};
use super::stats::SubscriptionStats;
use super::{Content, MediaKind, Subscription};
use crate::pacer::{Class, Frame, FrameKind, PacketInfo};
use crate::payload::red::{MAX_BLOCK_LEN, MAX_TIMESTAMP_OFFSET, RedBlock};
use crate::rtcp::{ReportBlock, SenderInfo};
use crate::rtp::Packet;
use crate::rtp::rtx::{self, ORIGINAL_SEQUENCE_LEN, RtxHeader};

/// How often one packet is sent again.
const MAX_REPEATS: u8 = 10;

/// Packets sent again are remembered, to bound repetitions, in a table of this size.
const REMEMBERED: usize = 256;

/// Packets of which it is known how they were sent, by kind: no fewer than are kept for retransmission by default.
const KNOWN_SOUND: usize = 64;
const KNOWN_PICTURES: usize = 1024;

/// Least time between two repetitions of a packet.
const LEAST_REPEAT_INTERVAL: Duration = Duration::from_millis(10);

/// Packets left out that are remembered until those behind them are sent; more leave gaps.
const MAX_SKIPPED: usize = 512;

/// How many of the latest packets of sound are added to each for a subscriber that loses some.
const REDUNDANCY: usize = 2;

/// The loss from which on that is done, in 1/256: three percent; and for how long.
const LOSSY: u8 = 8;
const LOSSY_FOR: Duration = Duration::from_secs(15);

/// Sound that is sent once more with what comes after it.
#[derive(Debug)]
struct Redundant<'a> {
    blocks: [RedBlock<'a>; REDUNDANCY],
    count: usize,
}

impl Default for Redundant<'_> {
    fn default() -> Self {
        let nothing = RedBlock {
            payload_type: 0,
            timestamp_offset: 0,
            data: &[],
        };
        Self {
            blocks: [nothing; REDUNDANCY],
            count: 0,
        }
    }
}

impl<'a> Redundant<'a> {
    fn push(&mut self, block: RedBlock<'a>) {
        if let Some(place) = self.blocks.get_mut(self.count) {
            *place = block;
            self.count += 1;
        }
    }

    fn blocks(&self) -> &[RedBlock<'a>] {
        self.blocks.get(..self.count).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) subscription: Subscription,
    /// Slot of the track, when it is published in the same room.
    pub(super) track: Option<u32>,
    pub(super) munger: Munger,
    /// Counts our retransmissions, where they are a stream of their own.
    pub(super) rtx: Munger,
    forwarder: Forwarder,
    pub(super) selection: Selection,
    counters: Counters,
    /// By outgoing sequence number modulo its size. Empty before the first repetition.
    repeats: Vec<Repeat>,
    /// How packets were sent, by outgoing sequence number modulo its size, a power of two: what is sent again under the
    /// same number must be the same, byte for byte. Empty before the first packet.
    sent: Vec<Option<Sent>>,
    /// In the order of admissions and numbers.
    skipped: VecDeque<Skipped>,
    /// Admissions up to this one are over, though packets of them may still wait.
    lost_admission: u32,
    /// Changes whenever packets would be written in another way than before; the upper half, when they would be
    /// another track's.
    pub(super) revision: u32,
    /// Until then the sound before each packet is added to it.
    lossy_until: Option<Instant>,
    /// Pictures were dropped, so a keyframe has to be asked for.
    is_starved: bool,
    /// The timestamp of the latest keyframe.
    keyframe: Option<u32>,
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

/// A packet that is left out, to be noted when those before it have been written.
#[derive(Debug, Clone, Copy)]
struct Skipped {
    admission: u32,
    generation: u32,
    origin: u64,
    timestamp: u32,
    renumbers: bool,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Its length.
    Packet(usize),
    /// It is no longer wanted.
    Nothing,
    /// It was overwritten before it could be sent.
    Lost,
}

impl Subscriber {
    /// The numberings are new ones, or those that sent with the same SSRCs before.
    pub(super) fn new(subscription: Subscription, munger: Munger, rtx: Munger) -> Self {
        let clock_rate = subscription
            .codecs
            .first()
            .map_or(90_000, |codec| codec.clock_rate);
        Self {
            subscription,
            track: None,
            munger,
            rtx,
            forwarder: Forwarder::default(),
            selection: Selection::default(),
            counters: Counters::default(),
            repeats: Vec::new(),
            sent: Vec::new(),
            skipped: VecDeque::new(),
            lost_admission: 0,
            revision: 0,
            lossy_until: None,
            is_starved: false,
            keyframe: None,
            reports: [None; 2],
            reported: ReportBlock::default(),
            clock_rate,
        }
    }

    /// What counts its packets, by SSRC.
    pub(super) fn numberings(&self) -> impl Iterator<Item = (u32, &Munger)> {
        let rtx = self.subscription.rtx_ssrc.map(|ssrc| (ssrc, &self.rtx));
        [(self.subscription.ssrc, &self.munger)].into_iter().chain(rtx)
    }

    /// The same, when it is over.
    pub(super) fn into_numberings(self) -> impl Iterator<Item = (u32, Munger)> {
        let rtx = self.subscription.rtx_ssrc.map(|ssrc| (ssrc, self.rtx));
        [(self.subscription.ssrc, self.munger)].into_iter().chain(rtx)
    }

    /// Connects to a published track, or learns that its publication has changed.
    pub(super) fn link(&mut self, slot: u32, track: &Track) {
        self.track = Some(slot);
        let forwarder = Forwarder::new(&track.publication, &self.subscription);
        if forwarder != self.forwarder {
            self.forwarder = forwarder;
            self.revision = self.revision.wrapping_add(1);
            self.munger.forget();
        }
    }

    pub(super) fn unlink(&mut self) {
        self.track = None;
        self.revision = self.revision.wrapping_add(1 << 16);
        // Should the track come back, it is another one with generations of its own.
        self.munger.forget_source();
        self.selection = Selection::default();
    }

    /// Takes another description of the same subscription.
    pub(super) fn update(&mut self, subscription: Subscription) {
        if subscription != self.subscription {
            self.subscription = subscription;
            self.revision = self.revision.wrapping_add(1);
            self.munger.forget();
        }
    }

    /// There will be a pause; the subscriber shall not take it for loss, and it ends with a keyframe.
    pub(super) fn pause(&mut self) {
        self.selection.leave();
    }

    /// Queues a packet that has just arrived. Says whether a keyframe of the layer that is wanted has to be asked for.
    pub(super) fn forward(
        &mut self,
        now: Instant,
        track: &Track,
        arrival: &Arrival,
        packet: &Packet<'_>,
        outlet: &mut Outlet<'_>,
    ) -> bool {
        let Some(mut len) = self.forwarder.len(packet) else {
            return false;
        };
        let kind = track.publication.kind;
        let mut is_redundant = false;
        if self.lossy_until.is_some_and(|until| now < until) {
            let redundant = self.redundant(track, arrival.generation, arrival.sequence, packet);
            is_redundant = !redundant.is_empty();
            let added: usize = redundant.blocks().iter().map(RedBlock::len).sum();
            len += added + usize::from(is_redundant);
        }
        let timestamp = packet.timestamp();
        let is_paced = outlet.is_paced();
        let (starts, marks) = match self.selection.look(track, arrival, timestamp) {
            Passing::Waits => return self.is_starved && self.selection.wants(arrival.layer),
            Passing::Stays => return false,
            Passing::LeftOut => {
                self.leave_out(Skipped {
                    admission: self.selection.admission(),
                    generation: arrival.generation,
                    origin: arrival.sequence,
                    timestamp,
                    renumbers: arrival.picture.renumbers,
                });
                return false;
            }
            Passing::Goes { starts, marks } => (starts, marks),
        };
        if kind == MediaKind::Video {
            if arrival.picture.is_entry {
                self.keyframe = Some(timestamp);
            }
            let claim = if self.is_starved {
                Claim::Entry
            } else {
                Claim::Picture
            };
            if !is_paced && !outlet.has_room(claim, len) {
                // The rest of the frame is worth nothing, and neither are those that build on it. The subscriber sees no
                // gap and asks for nothing back: we ask for a keyframe.
                self.starve();
                return true;
            }
        } else if !is_paced && !outlet.has_room(Claim::Sound, len) {
            // Sound without room is lost on the way, and concealed there.
            return false;
        }
        let pending = Pending {
            subscription: outlet.subscription,
            revision: self.revision,
            arrived: now,
            kind,
            generation: arrival.generation,
            origin: arrival.sequence,
            timestamp,
            clock_rate: arrival.clock_rate,
            frame: arrival.picture.numbers,
            len,
            passage: Passage::First {
                admission: self.selection.admission(),
                starts,
                marks,
                is_redundant,
            },
            probe: None,
            order: 0,
        };
        let frame_kind = if self.keyframe == Some(timestamp) {
            FrameKind::Key
        } else if arrival.picture.is_discardable {
            FrameKind::Discardable
        } else {
            FrameKind::Delta
        };
        let info = PacketInfo {
            class: class(track),
            stream: self.subscription.ssrc,
            bytes: len,
            frame: Frame {
                number: timestamp.into(),
                kind: frame_kind,
                is_last: packet.marker() || marks,
            },
        };
        if outlet.push(now, pending, info) {
            self.is_starved = false;
            return false;
        }
        if outlet.needs_keyframe(self.subscription.ssrc) {
            self.starve();
            return true;
        }
        // The rest of a frame that nothing depends on.
        self.give_up(&pending);
        false
    }

    /// Whether a queued packet is still to be written as it was meant: one that is repeated exactly so, the others for
    /// the same track.
    pub(super) fn is_current(&self, pending: &Pending) -> bool {
        match pending.passage {
            Passage::Again { .. } => pending.revision == self.revision,
            Passage::First { .. } | Passage::Rtx { .. } => pending.revision >> 16 == self.revision >> 16,
        }
    }

    /// A packet waited in vain: those behind it are numbered as if it had not been.
    pub(super) fn give_up(&mut self, pending: &Pending) {
        if let Passage::First { admission, .. } = pending.passage
            && pending.kind == MediaKind::Video
        {
            self.leave_out(Skipped {
                admission,
                generation: pending.generation,
                origin: pending.origin,
                timestamp: pending.timestamp,
                renumbers: true,
            });
        }
    }

    /// Nothing but a keyframe makes sense now, and nobody else asks for it.
    pub(super) fn starve(&mut self) {
        self.selection.leave();
        self.is_starved = true;
    }

    /// Queues a packet again, when it is still there and was not sent too often.
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
        let Some(pending) = self.repetition(now, sequence, &origin, true, track, outlet.subscription) else {
            return;
        };
        if !outlet.has_room(Claim::Picture, pending.len) || !self.may_repeat(now, origin.out, rtt) {
            return;
        }
        let info = PacketInfo {
            class: Class::Retransmission,
            stream: self.subscription.ssrc,
            bytes: pending.len,
            frame: Frame {
                number: pending.timestamp.into(),
                kind: FrameKind::Delta,
                is_last: true,
            },
        };
        outlet.push(now, pending, info);
    }

    /// Something to send when a probe needs more than there is: what was sent a little while ago, `back` packets before
    /// the latest. Needs a stream of retransmissions.
    pub(super) fn padding(&self, now: Instant, back: u16, track: &Track, index: usize) -> Option<Pending> {
        self.subscription.rtx_ssrc?;
        let sequence = self.munger.highest()?.wrapping_sub(back);
        let origin = self.munger.origin(sequence)?;
        self.repetition(now, sequence, &origin, false, track, index)
            .filter(|pending| matches!(pending.passage, Passage::Rtx { .. }))
    }

    fn repetition(
        &self,
        now: Instant,
        sequence: u16,
        origin: &Origin,
        is_asked: bool,
        track: &Track,
        subscription: usize,
    ) -> Option<Pending> {
        let packet = Packet::parse(track.packet(origin.generation, origin.sequence)?).ok()?;
        let mut len = self.forwarder.len(&packet)?;
        let mapped = Mapped {
            sequence,
            timestamp: packet.timestamp().wrapping_add(origin.timestamp_offset),
            frame_offset: origin.frame_offset,
        };
        let sent = self.sent(sequence, origin.age);
        let passage = if self.subscription.rtx_ssrc.is_some() && self.forwarder.rtx(&packet).is_some() {
            len += ORIGINAL_SEQUENCE_LEN;
            Passage::Rtx {
                mapped,
                marks: sent.is_some_and(|sent| sent.marks),
                is_asked,
            }
        } else {
            // What had older sound added is not made once more: others have it, too.
            let sent = sent.filter(|sent| !sent.is_redundant)?;
            Passage::Again { mapped, sent }
        };
        Some(Pending {
            subscription,
            revision: self.revision,
            arrived: now,
            kind: track.publication.kind,
            generation: origin.generation,
            origin: origin.sequence,
            timestamp: packet.timestamp(),
            clock_rate: self.clock_rate,
            frame: FrameNumbers::default(),
            len,
            passage,
            probe: None,
            order: 0,
        })
    }

    /// Writes a queued packet to the front of `buffer`. `transport` is the next transport-wide number, which it uses
    /// unless it repeats a packet as it was.
    pub(super) fn write(
        &mut self,
        pending: &Pending,
        padding: u8,
        transport: u16,
        track: &Track,
        buffer: &mut [u8],
    ) -> Written {
        let bytes = track.packet(pending.generation, pending.origin);
        let Some(packet) = bytes.and_then(|bytes| Packet::parse(bytes).ok()) else {
            return Written::Lost;
        };
        let len = match pending.passage {
            Passage::First {
                admission,
                starts,
                marks,
                is_redundant,
            } => {
                if admission <= self.lost_admission {
                    return Written::Nothing;
                }
                let Some(mapped) = self.map(pending, admission, starts, track) else {
                    return Written::Nothing;
                };
                let sent = Sent {
                    sequence: mapped.sequence,
                    transport,
                    padding,
                    marks,
                    is_redundant,
                };
                if !self.note_sent(pending.kind, sent) {
                    return Written::Nothing;
                }
                let writing = Writing {
                    mapped,
                    marks,
                    padding,
                    transport,
                };
                let redundant = if is_redundant {
                    self.redundant(track, pending.generation, pending.origin, &packet)
                } else {
                    Redundant::default()
                };
                self.forwarder.write(&packet, writing, redundant.blocks(), buffer)
            }
            Passage::Again { mapped, sent } => {
                self.counters.retransmitted += 1;
                let writing = Writing {
                    mapped,
                    marks: sent.marks,
                    padding: sent.padding,
                    transport: sent.transport,
                };
                self.forwarder.write(&packet, writing, &[], buffer)
            }
            Passage::Rtx {
                mapped,
                marks,
                is_asked,
            } => {
                self.counters.retransmitted += u64::from(is_asked);
                let writing = Writing {
                    mapped,
                    marks,
                    padding: 0,
                    transport,
                };
                self.write_rtx(&packet, writing, buffer)
            }
        };
        let Some(len) = len else { return Written::Nothing };
        self.counters.packets += 1;
        self.counters.bytes += packet.payload().len() as u64;
        Written::Packet(len)
    }

    fn map(&mut self, pending: &Pending, admission: u32, starts: bool, track: &Track) -> Option<Mapped> {
        while let Some(skipped) = self.skipped.front() {
            let is_before = skipped.admission < admission
                || skipped.admission == admission && skipped.origin < pending.origin;
            if !is_before {
                break;
            }
            self.munger.skip(
                skipped.generation,
                skipped.origin,
                skipped.timestamp,
                skipped.renumbers,
            );
            self.skipped.pop_front();
        }
        let mut behind = None;
        if starts {
            let before = self.munger.generation();
            behind = before.and_then(|before| track.behind(pending.generation, before));
            self.munger.pause();
        }
        self.munger.map(
            pending.arrived,
            Incoming {
                generation: pending.generation,
                sequence: pending.origin,
                timestamp: pending.timestamp,
                clock_rate: pending.clock_rate,
                frame: pending.frame,
                behind,
            },
        )
    }

    fn write_rtx(&mut self, packet: &Packet<'_>, writing: Writing, buffer: &mut [u8]) -> Option<usize> {
        let (ssrc, payload_type) = (self.subscription.rtx_ssrc?, self.forwarder.rtx(packet)?);
        let len = self.forwarder.write(packet, writing, &[], buffer)?;
        let header = RtxHeader {
            ssrc,
            payload_type,
            sequence_number: self.rtx.count(),
        };
        rtx::wrap(buffer, len, header).ok()
    }

    /// The sound before a packet, as far as it is there, when it may be added.
    fn redundant<'a>(
        &self,
        track: &'a Track,
        generation: u32,
        sequence: u64,
        packet: &Packet<'_>,
    ) -> Redundant<'a> {
        let mut redundant = Redundant::default();
        let Some(payload_type) = self.forwarder.may_add_redundancy(packet) else {
            return redundant;
        };
        for back in (1..=REDUNDANCY as u64).rev() {
            let earlier = sequence
                .checked_sub(back)
                .and_then(|sequence| track.packet(generation, sequence));
            let Some(earlier) = earlier.and_then(|bytes| Packet::parse(bytes).ok()) else {
                continue;
            };
            let timestamp_offset = packet.timestamp().wrapping_sub(earlier.timestamp());
            if earlier.payload_type() != packet.payload_type()
                || !(1..=MAX_BLOCK_LEN).contains(&earlier.payload().len())
                || !(1..=MAX_TIMESTAMP_OFFSET).contains(&timestamp_offset)
            {
                continue;
            }
            redundant.push(RedBlock {
                payload_type,
                timestamp_offset,
                data: earlier.payload(),
            });
        }
        redundant
    }

    fn leave_out(&mut self, skipped: Skipped) {
        if self.skipped.len() >= MAX_SKIPPED {
            self.skipped.pop_front();
        }
        let place = self
            .skipped
            .iter()
            .rposition(|other| (other.admission, other.origin) < (skipped.admission, skipped.origin));
        self.skipped.insert(place.map_or(0, |place| place + 1), skipped);
    }

    /// A queued packet was overwritten before it could be sent.
    pub(super) fn lose(&mut self, kind: MediaKind) {
        if kind == MediaKind::Video {
            self.lost_admission = self.selection.admission();
            self.starve();
        }
    }

    /// Whether its packets have transport-wide numbers.
    pub(super) fn is_numbered(&self) -> bool {
        self.forwarder.is_numbered()
    }

    pub(super) fn count_keyframe_request(&mut self) {
        self.counters.plis += 1;
    }

    /// What to say about the stream, in the publisher's wall-clock time. `None` before the publisher has told it.
    pub(super) fn sender_info(&mut self, now: Instant, track: &Track) -> Option<SenderInfo> {
        if self.counters.packets == 0 {
            return None;
        }
        let source = track.source(self.munger.generation()?)?;
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
        if block.fraction_lost >= LOSSY {
            self.lossy_until = Some(now + LOSSY_FOR);
        }
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

    /// The simulcast layer of which a keyframe is needed, if one is.
    pub(super) fn needs_entry(&self, track: &Track) -> Option<usize> {
        self.selection.needs_entry(track)
    }

    /// Remembers how a packet is sent; `false` when one with its number was sent before.
    fn note_sent(&mut self, kind: MediaKind, sent: Sent) -> bool {
        if self.sent.is_empty() {
            let count = match kind {
                MediaKind::Audio => KNOWN_SOUND,
                MediaKind::Video => KNOWN_PICTURES,
            };
            self.sent = vec![None; count];
        }
        let index = usize::from(sent.sequence) % self.sent.len();
        let Some(known) = self.sent.get_mut(index) else {
            return false;
        };
        if known.is_some_and(|known| known.sequence == sent.sequence) {
            return false;
        }
        *known = Some(sent);
        true
    }

    /// How a packet was sent, `age` packets ago; `None` when that is forgotten or it was not yet.
    fn sent(&self, sequence: u16, age: u64) -> Option<Sent> {
        if age >= self.sent.len() as u64 {
            return None;
        }
        let sent = *self.sent.get(usize::from(sequence) % self.sent.len())?;
        sent.filter(|sent| sent.sequence == sequence)
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

/// How the pacer treats packets of a track.
const fn class(track: &Track) -> Class {
    match (track.publication.kind, track.publication.content) {
        (MediaKind::Audio, _) => Class::Audio,
        (MediaKind::Video, Content::Screen) => Class::Screen,
        (MediaKind::Video, Content::Camera) => Class::Video,
    }
}
