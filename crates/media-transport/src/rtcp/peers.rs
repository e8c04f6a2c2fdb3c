//! What the `rtcp` crate writes we read, and the other way round.
//!
//! Where the two differ, on purpose: it keeps a REMB's rate as a 32-bit float and refuses the exponents that have no place
//! there; it keeps the cumulative number of lost packets unsigned; the last of the zeros behind an SDES chunk is a count with
//! it; it marks the zeros behind a transport-wide feedback as
//! padding, as libwebrtc does, and we, as the draft has it, do not.

use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use rtcp::extended_report::{DLRRReport, DLRRReportBlock, ExtendedReport, ReceiverReferenceTimeReportBlock};
use rtcp::goodbye::Goodbye;
use rtcp::packet::{Packet as Theirs, marshal, unmarshal};
use rtcp::payload_feedbacks::full_intra_request::{FirEntry, FullIntraRequest};
use rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtcp::payload_feedbacks::receiver_estimated_maximum_bitrate::ReceiverEstimatedMaximumBitrate;
use rtcp::receiver_report::ReceiverReport;
use rtcp::reception_report::ReceptionReport;
use rtcp::sender_report::SenderReport;
use rtcp::source_description::{SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem};
use rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, RunLengthChunk, StatusChunkTypeTcc, StatusVectorChunk, SymbolSizeTypeTcc,
    SymbolTypeTcc, TransportLayerCc,
};
use rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};

use super::transport_cc::{PacketStatus, TICK, TwccRecorder};
use super::*;
use crate::test_clock;

fn theirs(bytes: &[u8]) -> Vec<Box<dyn Theirs + Send + Sync>> {
    unmarshal(&mut Bytes::copy_from_slice(bytes)).unwrap()
}

fn only<T: Clone + 'static>(bytes: &[u8]) -> T {
    let packets = theirs(bytes);
    assert_eq!(packets.len(), 1);
    packets[0].as_any().downcast_ref::<T>().unwrap().clone()
}

fn block(numbers: [u32; 6], fraction_lost: u8) -> (ReportBlock, ReceptionReport) {
    let [ssrc, lost, highest_sequence, jitter, last, delay] = numbers;
    let lost = lost & 0x7f_ffff;
    (
        ReportBlock {
            ssrc,
            fraction_lost,
            cumulative_lost: lost.cast_signed(),
            highest_sequence,
            jitter,
            last_sender_report: last,
            delay_since_last_sender_report: delay,
        },
        ReceptionReport {
            ssrc,
            fraction_lost,
            total_lost: lost,
            last_sequence_number: highest_sequence,
            jitter,
            last_sender_report: last,
            delay,
        },
    )
}

fn written(write: impl FnOnce(&mut CompoundWriter<'_>) -> Result<(), WriteError>) -> Vec<u8> {
    let mut buffer = [0; 4096];
    let mut writer = CompoundWriter::new(&mut buffer);
    write(&mut writer).unwrap();
    writer.finish().to_vec()
}

proptest! {
    #[test]
    fn reports_are_the_same(ssrc: u32, ntp: u64, counts: [u32; 3], blocks in vec((any::<[u32; 6]>(), any::<u8>()), 0..=31)) {
        let (ours, peers): (Vec<_>, Vec<_>) = blocks.into_iter().map(|(numbers, lost)| block(numbers, lost)).unzip();
        let [rtp_timestamp, packet_count, octet_count] = counts;
        let info = SenderInfo { ntp: NtpTime(ntp), rtp_timestamp, packet_count, octet_count };
        let sent = SenderReport {
            ssrc, ntp_time: ntp, rtp_time: rtp_timestamp, packet_count, octet_count, reports: peers.clone(),
            profile_extensions: Bytes::new(),
        };
        let received = ReceiverReport { ssrc, reports: peers, profile_extensions: Bytes::new() };
        let bytes = written(|writer| writer.sender_report(ssrc, &info, &ours));
        prop_assert_eq!(&marshal(&[Box::new(sent.clone())]).unwrap()[..], &bytes[..]);
        prop_assert_eq!(only::<SenderReport>(&bytes), sent);
        let bytes = written(|writer| writer.receiver_report(ssrc, &ours));
        prop_assert_eq!(&marshal(&[Box::new(received.clone())]).unwrap()[..], &bytes[..]);
        prop_assert_eq!(only::<ReceiverReport>(&bytes), received);
    }

    #[test]
    fn feedback_is_the_same(sender: u32, media: u32, start: u16, steps in vec(1_u16..40, 1..50), number: u8, rate in 1_u64..1 << 40) {
        let mut sequence = start;
        let mut lost: Vec<u16> = steps.iter().map(|step| { sequence = sequence.wrapping_add(*step); sequence }).collect();
        lost.dedup();
        let nack = TransportLayerNack { sender_ssrc: sender, media_ssrc: media, nacks: nack_pairs_from_sequence_numbers(&lost) };
        let bytes = marshal(&[Box::new(nack)]).unwrap();
        let Some(Ok(Packet::Nack(read))) = Compound::new(&bytes).next() else { panic!() };
        prop_assert_eq!(read.sequence_numbers().collect::<Vec<_>>(), lost.clone());
        let bytes = written(|writer| writer.nack(sender, media, lost.iter().copied()));
        let read: Vec<u16> = only::<TransportLayerNack>(&bytes).nacks.iter().flat_map(|pair| pair.packet_list()).collect();
        prop_assert_eq!(read, lost);

        let pli = PictureLossIndication { sender_ssrc: sender, media_ssrc: media };
        prop_assert_eq!(&marshal(&[Box::new(pli)]).unwrap()[..], &written(|writer| writer.picture_loss_indication(sender, media))[..]);
        let fir = FullIntraRequest { sender_ssrc: sender, media_ssrc: 0, fir: vec![FirEntry { ssrc: media, sequence_number: number }] };
        prop_assert_eq!(&marshal(&[Box::new(fir)]).unwrap()[..], &written(|writer| writer.full_intra_request(sender, media, number))[..]);

        let bytes = written(|writer| writer.remb(sender, rate, &[media]));
        let remb: ReceiverEstimatedMaximumBitrate = only(&bytes);
        prop_assert_eq!(&remb.ssrcs, &[media]);
        prop_assert!((f64::from(remb.bitrate) / rate as f64 - 1.0).abs() < 1e-4, "{} {rate}", remb.bitrate);
        let bytes = marshal(&[Box::new(remb)]).unwrap();
        let Some(Ok(Packet::Remb(read))) = Compound::new(&bytes).next() else { panic!() };
        prop_assert!(read.bits_per_second.abs_diff(rate) <= rate >> 14);
    }

    #[test]
    fn names_and_round_trips_are_the_same(ssrc: u32, name in "[a-z]{1,40}", reason in "[a-z]{1,20}", ntp: u64, times: [u32; 2]) {
        let item = SourceDescriptionItem { sdes_type: SdesType::SdesCname, text: Bytes::from(name.clone()) };
        let sdes = SourceDescription { chunks: vec![SourceDescriptionChunk { source: ssrc, items: vec![item] }] };
        let bytes = marshal(&[Box::new(sdes.clone())]).unwrap();
        let Some(Ok(Packet::SourceDescription(read))) = Compound::new(&bytes).next() else { panic!() };
        prop_assert_eq!(read.chunks().next().unwrap().cname(), Some(name.as_bytes()));
        prop_assert_eq!(only::<SourceDescription>(&written(|writer| writer.source_description(&[(ssrc, &name)]))), sdes);
        let bye = Goodbye { sources: vec![ssrc], reason: Bytes::from(reason.clone()) };
        let bytes = marshal(&[Box::new(bye)]).unwrap();
        let Some(Ok(Packet::Goodbye(read))) = Compound::new(&bytes).next() else { panic!() };
        prop_assert_eq!((read.ssrcs().collect::<Vec<_>>(), read.reason), (vec![ssrc], Some(reason.as_bytes())));

        let asked = ExtendedReport { sender_ssrc: ssrc, reports: vec![Box::new(ReceiverReferenceTimeReportBlock { ntp_timestamp: ntp })] };
        prop_assert_eq!(&marshal(&[Box::new(asked)]).unwrap()[..], &written(|writer| writer.receiver_reference_time(ssrc, NtpTime(ntp)))[..]);
        let [last, delay] = times;
        let report = DLRRReport { ssrc, last_rr: last, dlrr: delay };
        let answered = ExtendedReport { sender_ssrc: ssrc, reports: vec![Box::new(DLRRReportBlock { reports: vec![report] })] };
        let bytes = written(|writer| writer.reception_times(ssrc, &[ReceptionTime { ssrc, last, delay }]));
        prop_assert_eq!(&marshal(&[Box::new(answered)]).unwrap()[..], &bytes[..]);
    }

    #[test]
    fn transport_feedback_of_theirs_is_read(chunks in vec(chunk(), 1..8), count in 1_u16..200, base: u16, deltas in vec((0_i64..256, -32_768_i64..32_768), 200)) {
        let symbols: Vec<SymbolTypeTcc> = chunks.iter().flat_map(symbols).collect();
        let count = count.min(u16::try_from(symbols.len()).unwrap());
        let needed = chunks.iter().scan(0, |covered, chunk| {
            let goes_on = *covered < usize::from(count);
            *covered += symbols_len(chunk);
            goes_on.then_some(chunk.clone())
        });
        let (mut at, mut expected, mut recv_deltas) = (0, Vec::new(), Vec::new());
        for ((index, symbol), (small, large)) in (0..count).zip(&symbols).zip(deltas) {
            let delta = match symbol {
                SymbolTypeTcc::PacketReceivedSmallDelta => small,
                SymbolTypeTcc::PacketReceivedLargeDelta => large,
                _ => continue,
            };
            at += i32::try_from(delta).unwrap();
            expected.push((base.wrapping_add(index), at));
            recv_deltas.push(RecvDelta { type_tcc_packet: *symbol, delta: delta * 250 });
        }
        let feedback = TransportLayerCc {
            sender_ssrc: 1, media_ssrc: 2, base_sequence_number: base, packet_status_count: count, reference_time: 7,
            fb_pkt_count: 8, packet_chunks: needed.collect(), recv_deltas,
        };
        let bytes = marshal(&[Box::new(feedback)]).unwrap();
        let Some(Ok(Packet::TransportFeedback(read))) = Compound::new(&bytes).next() else {
            panic!("{:?}", Compound::new(&bytes).next())
        };
        prop_assert_eq!((read.status_count, read.reference_time, read.feedback_count), (count, 7, 8));
        prop_assert_eq!(read.arrivals().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn transport_feedback_of_ours_is_read(first: u16, steps in vec((1_u16..12, 0_u32..600), 1..100)) {
        let start: Instant = test_clock::start();
        let mut recorder = TwccRecorder::new(1);
        let (mut sequence, mut at) = (first, Duration::ZERO);
        for (gap, wait) in steps {
            recorder.receive(start + at, 2, sequence);
            sequence = sequence.wrapping_add(gap);
            at += TICK * wait;
        }
        let mut buffer = [0; 4096];
        let mut writer = CompoundWriter::new(&mut buffer);
        prop_assert!(recorder.write_feedback(start + at, &mut writer).unwrap());
        let bytes = writer.finish();
        let Some(Ok(Packet::TransportFeedback(ours))) = Compound::new(bytes).next() else { panic!() };
        let peer: TransportLayerCc = only(bytes);
        prop_assert_eq!((peer.base_sequence_number, peer.packet_status_count), (ours.base_sequence, ours.status_count));
        let symbols = peer.packet_chunks.iter().flat_map(symbols).take(usize::from(peer.packet_status_count));
        let received: Vec<bool> = symbols.map(|symbol| symbol != SymbolTypeTcc::PacketNotReceived).collect();
        let mut expected = Vec::new();
        let mut times = Vec::new();
        for status in ours.statuses() {
            match status {
                PacketStatus::NotReceived { count, .. } => expected.extend((0..count).map(|_| false)),
                PacketStatus::Received { at, .. } => { expected.push(true); times.push(at); }
            }
        }
        prop_assert_eq!(received, expected);
        let mut at = 0;
        let theirs: Vec<i32> = peer.recv_deltas.iter().map(|delta| { at += i32::try_from(delta.delta / 250).unwrap(); at }).collect();
        prop_assert_eq!(theirs, times);
    }
}

fn symbol_of(bits: u8) -> SymbolTypeTcc {
    match bits {
        0 => SymbolTypeTcc::PacketNotReceived,
        1 => SymbolTypeTcc::PacketReceivedSmallDelta,
        _ => SymbolTypeTcc::PacketReceivedLargeDelta,
    }
}

fn chunk() -> impl Strategy<Value = PacketStatusChunk> {
    let run = (0_u8..3, 1_u16..60).prop_map(|(bits, run_length)| {
        PacketStatusChunk::RunLengthChunk(RunLengthChunk {
            type_tcc: StatusChunkTypeTcc::RunLengthChunk,
            packet_status_symbol: symbol_of(bits),
            run_length,
        })
    });
    let vector = |symbol_size, symbols: Vec<u8>| {
        PacketStatusChunk::StatusVectorChunk(StatusVectorChunk {
            type_tcc: StatusChunkTypeTcc::StatusVectorChunk,
            symbol_size,
            symbol_list: symbols.into_iter().map(symbol_of).collect(),
        })
    };
    prop_oneof![
        run,
        vec(0_u8..2, 14).prop_map(move |symbols| vector(SymbolSizeTypeTcc::OneBit, symbols)),
        vec(0_u8..3, 7).prop_map(move |symbols| vector(SymbolSizeTypeTcc::TwoBit, symbols)),
    ]
}

fn symbols(chunk: &PacketStatusChunk) -> Vec<SymbolTypeTcc> {
    match chunk {
        PacketStatusChunk::RunLengthChunk(run) => vec![run.packet_status_symbol; usize::from(run.run_length)],
        PacketStatusChunk::StatusVectorChunk(vector) => vector.symbol_list.clone(),
    }
}

fn symbols_len(chunk: &PacketStatusChunk) -> usize {
    symbols(chunk).len()
}
