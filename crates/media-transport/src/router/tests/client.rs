//! A client that sends made-up media, notes what it gets, and asks again for what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Instant;

use super::*;
use crate::rtcp::transport_cc::TwccRecorder;
use crate::rtcp::{Compound, CompoundWriter, NtpTime, Packet as Rtcp, ReportBlock, SenderInfo};
use crate::rtp::rtx::{self, RtxHeader};
use crate::rtp::{Packet, PacketBuilder};
use crate::session::{PeerSession, Received};
use crate::{PeerEvent, SRTP_MAX_OVERHEAD};

/// A packet a client got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Got {
    pub(super) at: Instant,
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) payload_type: u8,
    pub(super) marker: bool,
    pub(super) extensions: Vec<(u8, Vec<u8>)>,
    pub(super) payload: Vec<u8>,
}

/// RTCP a client got, by kind.
#[derive(Debug, Default)]
pub(super) struct Reports {
    pub(super) plis: Vec<(Instant, u32)>,
    pub(super) nacked: Vec<(u32, u16)>,
    pub(super) rembs: Vec<(u64, Vec<u32>)>,
    pub(super) sender: Vec<(Instant, u32, SenderInfo)>,
    pub(super) blocks: Vec<ReportBlock>,
    pub(super) names: Vec<(u32, Vec<u8>)>,
    pub(super) goodbyes: Vec<u32>,
    /// Transport-wide numbers that arrived.
    pub(super) arrivals: Vec<u16>,
}

pub(super) struct Client {
    pub(super) session: PeerSession,
    pub(super) address: SocketAddr,
    pub(super) events: Vec<PeerEvent>,
    pub(super) got: Vec<Got>,
    pub(super) reports: Reports,
    /// Whether it asks for missing packets, and answers when it is asked.
    pub(super) nacks: bool,
    /// Sent packets in the clear, by SSRC and sequence number.
    sent: BTreeMap<(u32, u16), Vec<u8>>,
    /// Missing sequence numbers by SSRC.
    missing: BTreeMap<u32, BTreeSet<u16>>,
    highest: BTreeMap<u32, u16>,
    /// The id of transport-wide numbers in what it gets, and when they arrived, if it tells.
    pub(super) recorder: Option<(u8, TwccRecorder)>,
    /// Payload type and SSRC in which it sends again, and whether somebody asked for what.
    pub(super) repairs_with: Option<(u8, u32)>,
    repairs: u16,
    /// SSRC of retransmissions it gets, and whose packets they repeat: they count as those.
    pub(super) repaired_by: Vec<(u32, u32)>,
    /// Datagrams to put on the network.
    pub(super) out: Vec<(SocketAddr, Vec<u8>)>,
}

impl Client {
    pub(super) fn new(session: PeerSession, address: SocketAddr) -> Self {
        Self {
            session,
            address,
            events: vec![],
            got: vec![],
            reports: Reports::default(),
            nacks: false,
            sent: BTreeMap::new(),
            missing: BTreeMap::new(),
            highest: BTreeMap::new(),
            recorder: None,
            repairs_with: None,
            repairs: 0,
            repaired_by: vec![],
            out: vec![],
        }
    }

    /// Sends a packet in the clear, protected.
    pub(super) fn send_rtp(&mut self, packet: &[u8]) {
        let parsed = Packet::parse(packet).unwrap();
        self.sent
            .insert((parsed.ssrc(), parsed.sequence_number()), packet.to_vec());
        self.send_protected(packet, false);
    }

    pub(super) fn send_rtcp(&mut self, write: impl FnOnce(&mut CompoundWriter<'_>)) {
        let mut buffer = [0; 1200];
        let mut writer = CompoundWriter::new(&mut buffer);
        writer.receiver_report(1, &[]).unwrap();
        write(&mut writer);
        let compound = writer.finish().to_vec();
        self.send_protected(&compound, true);
    }

    pub(super) fn send_sender_report(&mut self, ssrc: u32, ntp: NtpTime, rtp_timestamp: u32) {
        let info = SenderInfo {
            ntp,
            rtp_timestamp,
            packet_count: 1,
            octet_count: 1,
        };
        self.send_rtcp(|writer| writer.sender_report(ssrc, &info, &[]).unwrap());
    }

    /// 20 ms of "sound" with a level.
    pub(super) fn speak(&mut self, ssrc: u32, sequence: u16, timestamp: u32, level: u8) {
        let mut buffer = [0; 200];
        let payload = [sequence.to_be_bytes().as_slice(), &[0xaa; 60]].concat();
        let len = PacketBuilder::new(OPUS, sequence, timestamp, ssrc)
            .extension(1, &[level])
            .extension(4, b"a")
            .write(&payload, &mut buffer)
            .unwrap();
        self.send_rtp(&buffer[..len]);
    }

    /// One packet of a VP8 picture, the whole of it unless it is not the `first`.
    pub(super) fn film(&mut self, ssrc: u32, sequence: u16, timestamp: u32, picture: Picture) {
        let mut buffer = [0; 1200];
        let descriptor: [u8; 2] = match picture {
            Picture::Key => [0x10, 0x00],
            Picture::Inter => [0x10, 0x01],
            Picture::Rest => [0x00, 0x00],
        };
        let payload = [descriptor.as_slice(), &sequence.to_be_bytes(), &[0x55; 900]].concat();
        let len = PacketBuilder::new(VP8, sequence, timestamp, ssrc)
            .marker(true)
            .extension(4, b"v")
            .extension(3, &[1])
            .write(&payload, &mut buffer)
            .unwrap();
        self.send_rtp(&buffer[..len]);
    }

    fn send_protected(&mut self, packet: &[u8], is_rtcp: bool) {
        let Some((_, destination)) = self.session.selected_path() else {
            return;
        };
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0);
        let len = if is_rtcp {
            self.session.protect_rtcp(&mut buffer, packet.len()).unwrap()
        } else {
            self.session.protect_rtp(&mut buffer, packet.len()).unwrap()
        };
        buffer.truncate(len);
        self.out.push((destination, buffer));
    }

    /// Sends a packet again in a stream of its own.
    pub(super) fn send_repair(&mut self, packet: &[u8]) {
        let Some((payload_type, ssrc)) = self.repairs_with else {
            return;
        };
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + 2, 0);
        self.repairs += 1;
        let header = RtxHeader {
            ssrc,
            payload_type,
            sequence_number: self.repairs,
        };
        let len = rtx::wrap(&mut buffer, packet.len(), header).unwrap();
        self.send_protected(&buffer[..len], false);
    }

    /// When it has to tell what arrived.
    pub(super) fn feedback_due(&self) -> Option<Instant> {
        self.recorder.as_ref()?.1.poll_timeout()
    }

    pub(super) fn send_feedback(&mut self, now: Instant) {
        let Some((id, mut recorder)) = self.recorder.take() else {
            return;
        };
        while recorder.poll_timeout().is_some_and(|at| at <= now) {
            let mut more = false;
            self.send_rtcp(|writer| {
                writer.receiver_report(1, &[]).unwrap();
                more = recorder.write_feedback(now, writer).unwrap();
            });
            if !more {
                break;
            }
        }
        self.recorder = Some((id, recorder));
    }

    /// Asks for everything that is missing.
    pub(super) fn ask_again(&mut self) {
        let missing: Vec<_> = self
            .missing
            .iter()
            .filter(|(_, set)| !set.is_empty())
            .map(|(s, m)| (*s, m.clone()))
            .collect();
        for (ssrc, missing) in missing {
            self.send_rtcp(|writer| writer.nack(1, ssrc, missing.into_iter()).unwrap());
        }
    }

    pub(super) fn handle_datagram(&mut self, now: Instant, source: SocketAddr, mut datagram: Vec<u8>) {
        match self
            .session
            .handle_datagram(now, source, self.address, &mut datagram)
        {
            Received::Rtp(packet) => {
                let packet = packet.to_vec();
                self.handle_rtp(now, &packet);
            }
            Received::Rtcp(compound) => {
                let compound = compound.to_vec();
                self.handle_rtcp(now, &compound);
            }
            Received::Consumed | Received::Dropped(_) => {}
        }
    }

    pub(super) fn drain(&mut self) {
        let mut buffer = Vec::new();
        while let Some(transmit) = self.session.poll_transmit(&mut buffer) {
            self.out.push((transmit.destination, buffer.clone()));
        }
        while let Some(event) = self.session.poll_event() {
            self.events.push(event);
        }
    }

    /// What came with an SSRC, in the order of arrival.
    pub(super) fn got(&self, ssrc: u32) -> Vec<&Got> {
        self.got.iter().filter(|got| got.ssrc == ssrc).collect()
    }

    /// Sequence numbers that came with an SSRC, each once, counted from the first.
    pub(super) fn numbers(&self, ssrc: u32) -> BTreeSet<i32> {
        let got = self.got(ssrc);
        let Some(first) = got.first() else {
            return BTreeSet::new();
        };
        got.iter()
            .map(|got| i32::from(got.sequence.wrapping_sub(first.sequence).cast_signed()))
            .collect()
    }

    fn handle_rtp(&mut self, now: Instant, bytes: &[u8]) {
        let packet = Packet::parse(bytes).unwrap();
        let (mut ssrc, mut sequence, mut payload) =
            (packet.ssrc(), packet.sequence_number(), packet.payload());
        if let Some((id, recorder)) = &mut self.recorder
            && let Some([a, b]) = packet.extension(*id)
        {
            recorder.receive(now, ssrc, u16::from_be_bytes([*a, *b]));
        }
        let repairs = self.repaired_by.iter().find(|(repeats, _)| *repeats == ssrc);
        if let Some((_, of)) = repairs.copied() {
            let (original, rest) = payload.split_first_chunk().unwrap();
            (ssrc, sequence, payload) = (of, u16::from_be_bytes(*original), rest);
            let is_missed = |missing: &BTreeSet<u16>| missing.contains(&sequence);
            // What it has already is padding.
            if !self.missing.get(&ssrc).is_some_and(is_missed) {
                return;
            }
        }
        if self.nacks {
            let missing = self.missing.entry(ssrc).or_default();
            missing.remove(&sequence);
            let highest = self.highest.entry(ssrc).or_insert(sequence);
            while sequence.wrapping_sub(*highest).cast_signed() > 0 {
                *highest = highest.wrapping_add(1);
                if *highest != sequence {
                    missing.insert(*highest);
                }
            }
        }
        self.got.push(Got {
            at: now,
            ssrc,
            sequence,
            timestamp: packet.timestamp(),
            payload_type: packet.payload_type(),
            marker: packet.marker(),
            extensions: packet
                .extensions()
                .map(|(id, value)| (id, value.to_vec()))
                .collect(),
            payload: payload.to_vec(),
        });
    }

    fn handle_rtcp(&mut self, now: Instant, compound: &[u8]) {
        let mut again = Vec::new();
        for packet in Compound::new(compound) {
            match packet.unwrap() {
                Rtcp::PictureLossIndication(pli) => self.reports.plis.push((now, pli.media_ssrc)),
                Rtcp::Nack(nack) => {
                    again.extend(nack.sequence_numbers().map(|number| (nack.media_ssrc, number)))
                }
                Rtcp::Remb(remb) => self
                    .reports
                    .rembs
                    .push((remb.bits_per_second, remb.ssrcs().collect())),
                Rtcp::SenderReport(report) => self.reports.sender.push((now, report.ssrc, report.info)),
                Rtcp::ReceiverReport(report) => self.reports.blocks.extend(report.blocks()),
                Rtcp::SourceDescription(sdes) => {
                    let names = sdes
                        .chunks()
                        .map(|chunk| (chunk.ssrc, chunk.cname().unwrap().to_vec()));
                    self.reports.names.extend(names);
                }
                Rtcp::Goodbye(bye) => self.reports.goodbyes.extend(bye.ssrcs()),
                Rtcp::TransportFeedback(feedback) => {
                    let arrivals = feedback.arrivals().map(|(sequence, _)| sequence);
                    self.reports.arrivals.extend(arrivals);
                }
                other => panic!("a router does not say {other:?}"),
            }
        }
        for lost in &again {
            if let Some(packet) = self.sent.get(lost).filter(|_| self.nacks).cloned() {
                if self.repairs_with.is_some() {
                    self.send_repair(&packet);
                } else {
                    self.send_protected(&packet, false);
                }
            }
        }
        self.reports.nacked.extend(again);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Picture {
    Key,
    Inter,
    /// A later packet of either.
    Rest,
}
