//! What is sent again, and how it was sent the first time.

use std::time::{Duration, Instant};

use super::super::MediaKind;
use super::super::munger::{FrameNumbers, Mapped, Origin};
use super::super::peer::Outlet;
use super::super::publisher::Track;
use super::super::queue::{Claim, Passage, Pending, Sent};
use super::Subscriber;
use crate::pacer::{Class, Frame, FrameKind, PacketInfo};
use crate::rtp::Packet;
use crate::rtp::rtx::ORIGINAL_SEQUENCE_LEN;

/// How often one packet is sent again.
const MAX_REPEATS: u8 = 10;

/// Packets sent again are remembered, to bound repetitions, in a table of this size.
const REMEMBERED: usize = 256;

/// Packets of which it is known how they were sent, by kind: no fewer than are kept for retransmission by default.
const KNOWN_SOUND: usize = 64;
const KNOWN_PICTURES: usize = 1024;

/// Least time between two repetitions of a packet.
const LEAST_REPEAT_INTERVAL: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy)]
pub(super) struct Repeat {
    sequence: u64,
    count: u8,
    last: Instant,
}

impl Subscriber {
    /// Queues a packet again, when it is still there and was not sent too often.
    pub(in crate::router) fn retransmit(
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
    pub(in crate::router) fn padding(
        &self,
        now: Instant,
        back: u16,
        track: &Track,
        index: usize,
    ) -> Option<Pending> {
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

    /// Remembers how a packet is sent; `false` when one with its number was sent before.
    pub(super) fn note_sent(&mut self, kind: MediaKind, sent: Sent) -> bool {
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
