use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::error::ParseError;

fn parse(bytes: &[u8]) -> Vec<Result<Packet<'_>, ParseError>> {
    Compound::new(bytes).collect()
}

fn refusal(bytes: &[u8]) -> ParseError {
    let packets = parse(bytes);
    assert_eq!(packets.len(), 1, "nothing follows an error");
    packets[0].unwrap_err()
}

/// Reads everything a packet has, so that an iterator that panics is found.
fn exhaust(packet: &Packet<'_>) -> usize {
    match packet {
        Packet::SenderReport(report) => report.blocks().count(),
        Packet::ReceiverReport(report) => report.blocks().count(),
        Packet::SourceDescription(sdes) => sdes.chunks().map(|chunk| chunk.items().count()).sum(),
        Packet::Goodbye(bye) => bye.ssrcs().count(),
        Packet::Nack(nack) => nack.sequence_numbers().count(),
        Packet::FullIntraRequest(fir) => fir.entries().count(),
        Packet::Remb(remb) => remb.ssrcs().count(),
        Packet::PictureLossIndication(_) => 1,
        Packet::TransportFeedback(feedback) => feedback.statuses().count(),
        Packet::ExtendedReport(report) => report.blocks().count(),
        Packet::Unknown(unknown) => unknown.body.len(),
    }
}

#[test]
fn refuses_broken_framing() {
    assert_eq!(refusal(&[0x80, 201, 0]), ParseError::truncated("RTCP header"));
    assert_eq!(refusal(&[0x40, 201, 0, 0]), ParseError::invalid("RTCP version"));
    assert_eq!(refusal(&[0x80, 201, 0, 1]), ParseError::truncated("RTCP packet"));
    assert_eq!(refusal(&[0xa0, 201, 0, 0]), ParseError::truncated("RTCP padding"));
    for count in [0, 9] {
        assert_eq!(
            refusal(&[0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, count]),
            ParseError::invalid("RTCP padding")
        );
    }
}

#[test]
fn takes_padding_by_single_bytes_before_other_packets() {
    let mut bytes = vec![0xaf, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 3, 0, 1, 0, 0, 5, 6];
    bytes.extend_from_slice(&[0x20, 1, 9, 1]);
    bytes.extend_from_slice(&[0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
    let packets = parse(&bytes);
    let [
        Ok(Packet::TransportFeedback(feedback)),
        Ok(Packet::PictureLossIndication(_)),
    ] = packets[..]
    else {
        panic!("{packets:?}")
    };
    assert!(feedback.arrivals().eq([(3, 9)]));
    bytes[23] = 2;
    assert_eq!(refusal(&bytes), ParseError::truncated("receive delta"));
}

#[test]
fn refuses_counts_that_do_not_fit() {
    assert_eq!(
        refusal(&[0x81, 201, 0, 1, 0, 0, 0, 1]),
        ParseError::truncated("report blocks")
    );
    assert_eq!(
        refusal(&[0x80, 200, 0, 1, 0, 0, 0, 1]),
        ParseError::truncated("sender report")
    );
    assert_eq!(
        refusal(&[0x82, 203, 0, 1, 0, 0, 0, 1]),
        ParseError::truncated("BYE sources")
    );
    assert_eq!(
        refusal(&[0x80, 203, 0, 2, 1, b'x', 0, 0, 0, 0, 0, 0]),
        ParseError::leftover("BYE")
    );
    assert_eq!(
        refusal(&[0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]),
        ParseError::truncated("NACK")
    );
    assert_eq!(
        refusal(&[0x81, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0]),
        ParseError::leftover("PLI")
    );
    assert_eq!(refusal(&[0x81, 202, 0, 0]), ParseError::truncated("SDES chunk"));
    assert_eq!(
        refusal(&[0x81, 202, 0, 2, 0, 0, 0, 1, 1, 5, b'x', b'y']),
        ParseError::truncated("SDES text")
    );
    assert_eq!(
        refusal(&[0x80, 202, 0, 1, 0, 0, 0, 1]),
        ParseError::leftover("source description")
    );
}

#[test]
fn refuses_a_remb_whose_rate_has_no_64_bits() {
    let mut remb = vec![0x8f, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0];
    remb.extend_from_slice(b"REMB");
    remb.extend_from_slice(&[0, 0xff, 0xff, 0xff]);
    assert_eq!(refusal(&remb), ParseError::invalid("REMB bitrate"));
}

#[test]
fn keeps_what_it_does_not_read() {
    let bytes = [
        0x85, 204, 0, 1, 9, 8, 7, 6, 0x83, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,
    ];
    let packets = parse(&bytes);
    let Ok(Packet::Unknown(first)) = packets[0] else {
        panic!("{packets:?}")
    };
    assert_eq!(
        (first.packet_type, first.count, first.body),
        (PacketType::APPLICATION, 5, &[9, 8, 7, 6][..])
    );
    let Ok(Packet::Unknown(second)) = packets[1] else {
        panic!("{packets:?}")
    };
    assert_eq!(
        (second.packet_type, second.count),
        (PacketType::PAYLOAD_FEEDBACK, 3)
    );
}

#[test]
fn skips_extensions_of_reports() {
    let packets_bytes = [0x80, 201, 0, 2, 0, 0, 0, 1, 1, 2, 3, 4];
    let packets = parse(&packets_bytes);
    assert!(matches!(packets[..], [Ok(Packet::ReceiverReport(report))] if report.blocks().count() == 0));
}

#[test]
fn round_trip_times_of_receivers_read_back() {
    let mut buffer = [0; 128];
    let mut writer = CompoundWriter::new(&mut buffer);
    let times = [1, 2].map(|ssrc| ReceptionTime {
        ssrc,
        last: 3,
        delay: 4,
    });
    writer.receiver_reference_time(7, NtpTime(8)).unwrap();
    writer.reception_times(9, &times).unwrap();
    assert_eq!(
        writer.reception_times(9, &[times[0]; 32]),
        Err(WriteError::TooMany)
    );
    let bytes = writer.finish();
    let [
        Ok(Packet::ExtendedReport(asked)),
        Ok(Packet::ExtendedReport(answered)),
    ] = parse(bytes)[..]
    else {
        panic!("{bytes:?}")
    };
    assert_eq!(asked.ssrc, 7);
    assert_eq!(
        asked.blocks().collect::<Vec<_>>(),
        [XrBlock::ReceiverReferenceTime(NtpTime(8))]
    );
    let Some(XrBlock::DelaySinceLast(entries)) = answered.blocks().next() else {
        panic!("{answered:?}")
    };
    assert!(entries.iter().map(ReceptionTime::read).eq(times));
}

#[test]
fn refuses_broken_extended_reports() {
    let block = |bytes: [u8; 8]| {
        let mut report = vec![0x80, 207, 0, 3, 0, 0, 0, 1];
        report.extend_from_slice(&bytes);
        report
    };
    assert_eq!(
        refusal(&block([4, 0, 0, 1, 0, 0, 0, 0])),
        ParseError::truncated("XR reference time")
    );
    assert_eq!(
        refusal(&block([5, 0, 0, 1, 0, 0, 0, 0])),
        ParseError::leftover("XR DLRR")
    );
    assert_eq!(
        refusal(&block([9, 0, 0, 2, 0, 0, 0, 0])),
        ParseError::truncated("XR block")
    );
    let report = block([9, 7, 0, 1, 1, 2, 3, 4]);
    let Ok(Packet::ExtendedReport(report)) = parse(&report)[0] else {
        panic!()
    };
    let unknown = XrBlock::Unknown {
        block_type: 9,
        body: &[1, 2, 3, 4],
    };
    assert!(report.blocks().eq([unknown]));
}

#[test]
fn a_nack_takes_as_many_as_fit() {
    let lost: Vec<u16> = (0..100).map(|at| at * 17).collect();
    let mut buffer = [0; 12 + 4 * 30 + 3];
    let mut writer = CompoundWriter::new(&mut buffer);
    assert_eq!(writer.nack_fitting(1, 2, &lost), Ok(30));
    assert_eq!(writer.nack_fitting(1, 2, &lost), Err(WriteError::BufferTooSmall));
    let bytes = writer.finish();
    let Ok(Packet::Nack(nack)) = parse(bytes)[0] else {
        panic!()
    };
    assert!(nack.sequence_numbers().eq(lost[..30].iter().copied()));

    let mut buffer = [0; 16];
    let dense: Vec<u16> = (65_530..=65_535).chain(0..30).collect();
    let mut writer = CompoundWriter::new(&mut buffer);
    assert_eq!(writer.nack_fitting(1, 2, &dense), Ok(17));
    assert_eq!(writer.len(), 16);
    assert_eq!(
        CompoundWriter::new(&mut [0; 99]).nack_fitting(1, 2, &[]),
        Err(WriteError::Empty)
    );
}

#[test]
fn ntp_time_goes_on() {
    let time = NtpTime(7 << 32 | 0xc000_0000);
    assert_eq!(
        time.later(Duration::from_millis(500)),
        NtpTime(8 << 32 | 0x4000_0000)
    );
    assert_eq!(time.middle(), 7 << 16 | 0xc000);
}

#[test]
fn writer_refuses_and_keeps_what_was_there() {
    let mut buffer = [0; 24];
    let mut writer = CompoundWriter::new(&mut buffer);
    writer.receiver_report(1, &[]).unwrap();
    assert_eq!(
        writer.receiver_report(1, &[ReportBlock::default()]),
        Err(WriteError::BufferTooSmall)
    );
    assert_eq!(writer.goodbye(&[0; 32]), Err(WriteError::TooMany));
    assert_eq!(writer.nack(1, 2, std::iter::empty()), Err(WriteError::Empty));
    assert_eq!(
        writer.source_description(&[(1, &"x".repeat(256))]),
        Err(WriteError::TooLong)
    );
    writer.picture_loss_indication(1, 2).unwrap();
    let bytes = writer.finish();
    assert_eq!(bytes.len(), 20);
    assert!(matches!(
        parse(bytes)[..],
        [
            Ok(Packet::ReceiverReport(_)),
            Ok(Packet::PictureLossIndication(_))
        ]
    ));
}

#[test]
fn nack_masks_follow_the_wrap() {
    let mut buffer = [0; 64];
    let mut writer = CompoundWriter::new(&mut buffer);
    let lost = [65_530, 65_531, 10, 11, 500];
    writer.nack(1, 2, lost.into_iter()).unwrap();
    let bytes = writer.finish();
    assert_eq!(
        bytes.len(),
        12 + 3 * 4,
        "65530 and its 16 followers hold 65531 and 10"
    );
    let Ok(Packet::Nack(nack)) = parse(bytes)[0] else {
        panic!()
    };
    assert_eq!(nack.sequence_numbers().collect::<Vec<_>>(), lost);
}

fn block() -> impl Strategy<Value = ReportBlock> {
    (any::<u32>(), any::<u8>(), -(1 << 23)..1 << 23, any::<[u32; 4]>()).prop_map(
        |(ssrc, fraction_lost, cumulative_lost, [highest_sequence, jitter, last, delay])| ReportBlock {
            ssrc,
            fraction_lost,
            cumulative_lost,
            highest_sequence,
            jitter,
            last_sender_report: last,
            delay_since_last_sender_report: delay,
        },
    )
}

proptest! {
    #[test]
    fn reports_read_back(ssrc: u32, ntp: u64, rest: [u32; 3], blocks in vec(block(), 0..=MAX_COUNT)) {
        let [rtp_timestamp, packet_count, octet_count] = rest;
        let info = SenderInfo { ntp: NtpTime(ntp), rtp_timestamp, packet_count, octet_count };
        let mut buffer = [0; 2048];
        let mut writer = CompoundWriter::new(&mut buffer);
        writer.sender_report(ssrc, &info, &blocks).unwrap();
        writer.receiver_report(ssrc, &blocks).unwrap();
        let packets = parse(writer.finish());
        prop_assert_eq!(packets.len(), 2);
        let Ok(Packet::SenderReport(sent)) = packets[0] else { panic!() };
        prop_assert_eq!((sent.ssrc, sent.info), (ssrc, info));
        prop_assert_eq!(sent.blocks().collect::<Vec<_>>(), blocks.clone());
        let Ok(Packet::ReceiverReport(received)) = packets[1] else { panic!() };
        prop_assert_eq!(received.blocks().collect::<Vec<_>>(), blocks);
    }

    #[test]
    fn names_and_goodbyes_read_back(names in vec((any::<u32>(), "[a-z]{0,40}"), 0..=MAX_COUNT)) {
        let borrowed: Vec<_> = names.iter().map(|(ssrc, name)| (*ssrc, name.as_str())).collect();
        let ssrcs: Vec<_> = names.iter().map(|(ssrc, _)| *ssrc).collect();
        let mut buffer = [0; 4096];
        let mut writer = CompoundWriter::new(&mut buffer);
        writer.source_description(&borrowed).unwrap();
        writer.goodbye(&ssrcs).unwrap();
        let packets = parse(writer.finish());
        let Ok(Packet::SourceDescription(sdes)) = packets[0] else { panic!("{packets:?}") };
        let read: Vec<_> = sdes.chunks().map(|chunk| (chunk.ssrc, chunk.cname().unwrap().to_vec())).collect();
        let expected: Vec<_> = names.iter().map(|(ssrc, name)| (*ssrc, name.as_bytes().to_vec())).collect();
        prop_assert_eq!(read, expected);
        let Ok(Packet::Goodbye(bye)) = packets[1] else { panic!("{packets:?}") };
        prop_assert_eq!(bye.ssrcs().collect::<Vec<_>>(), ssrcs);
        prop_assert_eq!(bye.reason, None);
    }

    #[test]
    fn feedback_reads_back(sender: u32, media: u32, start: u16, steps in vec(1_u16..40, 1..50), rate: u64, number: u8) {
        let mut sequence = start;
        let lost: Vec<u16> = steps.iter().map(|step| { sequence = sequence.wrapping_add(*step); sequence }).collect();
        let mut buffer = [0; 1024];
        let mut writer = CompoundWriter::new(&mut buffer);
        writer.nack(sender, media, lost.iter().copied()).unwrap();
        writer.full_intra_request(sender, media, number).unwrap();
        writer.remb(sender, rate, &[media, sender]).unwrap();
        let packets = parse(writer.finish());
        let Ok(Packet::Nack(nack)) = packets[0] else { panic!("{packets:?}") };
        prop_assert_eq!((nack.sender_ssrc, nack.media_ssrc), (sender, media));
        prop_assert_eq!(nack.sequence_numbers().collect::<Vec<_>>(), lost);
        let Ok(Packet::FullIntraRequest(fir)) = packets[1] else { panic!("{packets:?}") };
        prop_assert_eq!(fir.entries().collect::<Vec<_>>(), vec![(media, number)]);
        let Ok(Packet::Remb(remb)) = packets[2] else { panic!("{packets:?}") };
        prop_assert!(remb.bits_per_second <= rate && rate - remb.bits_per_second <= rate >> 17);
        prop_assert_eq!(remb.ssrcs().collect::<Vec<_>>(), vec![media, sender]);
    }

    #[test]
    fn hostile_bytes_never_panic(bytes in vec(any::<u8>(), 0..300)) {
        let packets = parse(&bytes);
        prop_assert!(packets.len() <= bytes.len() / 4 + 1);
        packets.iter().flatten().for_each(|packet| { exhaust(packet); });
    }

    #[test]
    fn hostile_bodies_never_panic(kind in 199_u8..209, count in 0_u8..32, padded: bool, body in vec(any::<u8>(), 0..30)) {
        let mut bytes = vec![0x80 | count | u8::from(padded) << 5, kind, 0, 0];
        bytes.extend(body.iter().flat_map(|byte| [0, *byte, 0, byte.wrapping_mul(3)]));
        bytes[3] = u8::try_from(body.len()).unwrap();
        parse(&bytes).iter().flatten().for_each(|packet| { exhaust(packet); });
    }
}
