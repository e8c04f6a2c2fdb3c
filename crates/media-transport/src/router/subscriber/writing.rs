//! From what waits to what is sent.

use super::super::forwarder::Writing;
use super::super::munger::{Incoming, Mapped};
use super::super::publisher::Track;
use super::super::queue::{Passage, Pending, Sent};
use super::redundancy::Redundant;
use super::{Subscriber, Written};
use crate::rtp::Packet;
use crate::rtp::rtx::{self, RtxHeader};

impl Subscriber {
    /// Writes a queued packet to the front of `buffer`. `transport` is the next transport-wide number, which it uses
    /// unless it repeats a packet as it was.
    pub(in crate::router) fn write(
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
}
