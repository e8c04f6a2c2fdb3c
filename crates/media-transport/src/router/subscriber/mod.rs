//! One subscription: when it starts, what is sent, what is sent again.

mod redundancy;
mod repetition;
mod reports;
mod writing;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anteroom_prefetch as prefetch;

use self::repetition::Repeat;
use super::forwarder::Forwarder;
use super::munger::Munger;
use super::peer::Outlet;
use super::publisher::{Arrival, Track};
use super::queue::{Claim, Passage, Pending, Sent};
use super::selection::{Passing, Selection};
use super::stats::SubscriptionStats;
use super::{Content, MediaKind, Subscription, Voice};
use crate::pacer::{Class, Frame, FrameKind, PacketInfo};
use crate::payload::red::RedBlock;
use crate::rtcp::ReportBlock;
use crate::rtp::Packet;

/// Packets left out that are remembered until those behind them are sent; more leave gaps.
const MAX_SKIPPED: usize = 512;

#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) subscription: Subscription,
    pub(super) since: Instant,
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
    /// Of the track, when a packet of sound was last forwarded.
    spurt: u32,
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
    pub(super) fn new(now: Instant, subscription: Subscription, munger: Munger, rtx: Munger) -> Self {
        let clock_rate = subscription
            .codecs
            .first()
            .map_or(90_000, |codec| codec.clock_rate);
        Self {
            subscription,
            since: now,
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
            spurt: 0,
            is_starved: false,
            keyframe: None,
            reports: [None; 2],
            reported: ReportBlock::default(),
            clock_rate,
        }
    }

    /// See [`Peer::warm`](super::peer::Peer::warm).
    #[inline]
    pub(super) fn warm(&self, steps: u32) {
        if steps == 0 {
            prefetch::read(self);
            return;
        }
        self.forwarder.warm();
        self.munger.warm();
        let next = usize::from(self.munger.next());
        if let Some(sent) = self.sent.get(next % self.sent.len().max(1)) {
            prefetch::read(sent);
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
        if kind == MediaKind::Audio
            && self.subscription.voice == Voice::AmongLoudest
            && std::mem::replace(&mut self.spurt, track.spurt) != track.spurt
        {
            // It was not forwarded for a while, which is no loss.
            self.pause();
        }
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
}

/// How the pacer treats packets of a track.
const fn class(track: &Track) -> Class {
    match (track.publication.kind, track.publication.content) {
        (MediaKind::Audio, _) => Class::Audio,
        (MediaKind::Video, Content::Screen) => Class::Screen,
        (MediaKind::Video, Content::Camera) => Class::Video,
    }
}
