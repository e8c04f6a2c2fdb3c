//! RTP and RTCP beside the `rtp` and `rtcp` crates, and what either allocates:
//!
//! - `rtp/parse`: a browser's audio packet with four one-byte header extensions; every fixed field and three extension
//!   values are read.
//! - `rtp/rewrite`: its SSRC, sequence number, timestamp, payload type and two extension values are changed. Ours is read
//!   and changed in place; the peer's, already read, is changed and its header written.
//! - `rtcp/compound`: a receiver report, a NACK and a transport-wide feedback about twenty packets, every field read.
//!
//! str0m's parser of headers is private, so it cannot be called here.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anteroom_benches::{Comparison, Timed, times};
use anteroom_media_transport::rtcp::transport_cc::{PacketStatus, TwccRecorder};
use anteroom_media_transport::rtcp::{Compound, CompoundWriter, Packet as Rtcp, ReportBlock};
use anteroom_media_transport::rtp::{ExtensionKind, ExtensionMap, Packet, PacketMut};
use bytes::Bytes;
use criterion::Criterion;
use webrtc_util::marshal::{Marshal, Unmarshal};

/// Id of the audio level.
const LEVEL: u8 = 1;
/// Id of the absolute send time.
const SEND_TIME: u8 = 2;
/// Id of the transport-wide sequence number.
const SEQUENCE: u8 = 3;
/// Id of the media section.
const MID: u8 = 4;

fn browser_packet() -> Vec<u8> {
    let mut packet = vec![0x90, 0xef, 0x12, 0x34, 0, 1, 2, 3, 0xca, 0xfe, 0xba, 0xbe];
    packet.extend([0xbe, 0xde, 0, 4]);
    // Padded to whole words.
    packet.extend([0x10, 0x85, 0x22, 1, 2, 3, 0x31, 0, 7, 0x40, b'0', 0, 0, 0, 0, 0]);
    packet.resize(packet.len() + 160, 0x42);
    packet
}

fn browser_report() -> Vec<u8> {
    let start = Instant::now();
    let mut recorder = TwccRecorder::new(1);
    for number in (0..22).filter(|number| number % 10 != 3) {
        recorder.receive(
            start + Duration::from_millis(u64::from(number) * 3),
            2,
            500 + number,
        );
    }
    let mut buffer = [0; 256];
    let mut writer = CompoundWriter::new(&mut buffer);
    let block = ReportBlock {
        ssrc: 2,
        jitter: 7,
        ..ReportBlock::default()
    };
    writer.receiver_report(1, &[block]).expect("room");
    writer.nack(1, 2, [10, 11, 14].into_iter()).expect("room");
    assert!(recorder.write_feedback(start, &mut writer).expect("room"));
    writer.finish().to_vec()
}

fn read(packet: &[u8], map: &ExtensionMap) {
    let packet = Packet::parse(black_box(packet)).expect("a good packet");
    black_box((packet.marker(), packet.payload_type(), packet.sequence_number()));
    black_box((packet.timestamp(), packet.ssrc(), packet.payload()));
    let values = packet.extension_values(black_box(map));
    black_box(values.audio_level());
    black_box(values.transport_sequence());
    black_box(values.value(ExtensionKind::Mid));
}

fn read_by_peer(packet: &Bytes) {
    let packet = rtp::packet::Packet::unmarshal(&mut black_box(packet).clone()).expect("a good packet");
    let header = &packet.header;
    black_box((header.marker, header.payload_type, header.sequence_number));
    black_box((header.timestamp, header.ssrc, &packet.payload));
    for id in [LEVEL, SEQUENCE, MID] {
        black_box(header.get_extension(id));
    }
}

fn rewrite(bytes: &mut [u8], number: u16) {
    let mut packet = PacketMut::parse(black_box(bytes)).expect("a good packet");
    packet.set_ssrc(black_box(0x5eed));
    packet.set_sequence_number(number);
    packet.set_timestamp(black_box(960));
    packet.set_payload_type(black_box(96));
    packet.set_marker(black_box(false));
    packet.rewrite_extensions(|id, value| {
        match id {
            SEQUENCE => write(value, &number.to_be_bytes()),
            MID => write(value, b"1"),
            SEND_TIME => write(value, &[0, 1, 2]),
            _ => {}
        }
        id
    });
}

fn write(value: &mut [u8], new: &[u8]) {
    if value.len() == new.len() {
        value.copy_from_slice(new);
    }
}

fn rewrite_by_peer(header: &mut rtp::header::Header, number: u16, [mid, time]: &[Bytes; 2], out: &mut [u8]) {
    header.ssrc = black_box(0x5eed);
    header.sequence_number = number;
    header.timestamp = black_box(960);
    header.payload_type = black_box(96);
    header.marker = black_box(false);
    let sequence = Bytes::copy_from_slice(&number.to_be_bytes());
    header.set_extension(SEQUENCE, sequence).expect("an extension");
    header.set_extension(MID, mid.clone()).expect("an extension");
    header
        .set_extension(SEND_TIME, time.clone())
        .expect("an extension");
    black_box(header.marshal_to(out).expect("room"));
}

fn read_report(report: &[u8]) {
    for packet in Compound::new(black_box(report)) {
        match packet.expect("a good report") {
            Rtcp::ReceiverReport(report) => report.blocks().for_each(|block| {
                black_box(block);
            }),
            Rtcp::Nack(nack) => nack.sequence_numbers().for_each(|number| {
                black_box(number);
            }),
            Rtcp::TransportFeedback(feedback) => feedback.statuses().for_each(|status| {
                if let PacketStatus::Received { sequence, at } = status {
                    black_box((sequence, at));
                }
            }),
            _ => unreachable!("three kinds are in it"),
        }
    }
}

fn read_report_by_peer(report: &Bytes) {
    black_box(rtcp::packet::unmarshal(&mut black_box(report).clone()).expect("a good report"));
}

/// Both in turns, the ratio, and that ours allocates nothing.
#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn compare(
    criterion: &mut Criterion,
    name: &str,
    peer_name: &str,
    ours: &mut dyn FnMut(),
    peer: &mut dyn FnMut(),
) {
    let allocations = allocation_counter::measure(&mut *ours).count_total;
    assert_eq!(allocations, 0, "{name} allocates");
    let theirs = allocation_counter::measure(&mut *peer).count_total;
    let mut ours = |operations| times(operations, &mut *ours);
    let mut peer = |operations| times(operations, &mut *peer);
    let mut group = criterion.benchmark_group(name);
    group.bench_function("anteroom", |bencher| bencher.iter_custom(&mut ours));
    group.bench_function(peer_name, |bencher| bencher.iter_custom(&mut peer));
    group.finish();
    let (ours, peer): (Timed<'_>, Timed<'_>) = (&mut ours, &mut peer);
    println!(
        "{name}: {}; allocations {allocations} and {theirs}\n",
        Comparison::measure(21, 50_000, ours, peer)
    );
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    let packet = browser_packet();
    let shared = Bytes::from(packet.clone());
    let map = ExtensionMap::new()
        .with(ExtensionKind::AudioLevel, LEVEL)
        .with(ExtensionKind::AbsSendTime, SEND_TIME)
        .with(ExtensionKind::TransportSequence, SEQUENCE)
        .with(ExtensionKind::Mid, MID);
    compare(
        &mut criterion,
        "rtp/parse",
        "rtp",
        &mut || read(&packet, &map),
        &mut || read_by_peer(&shared),
    );

    let mut changed = packet.clone();
    let mut header = rtp::packet::Packet::unmarshal(&mut shared.clone())
        .expect("a good packet")
        .header;
    let values = [Bytes::from_static(b"1"), Bytes::from_static(&[0, 1, 2])];
    let (mut number, mut peer_number, mut out) = (0_u16, 0_u16, [0; 256]);
    compare(
        &mut criterion,
        "rtp/rewrite",
        "rtp",
        &mut || {
            number = number.wrapping_add(1);
            rewrite(&mut changed, number);
        },
        &mut || {
            peer_number = peer_number.wrapping_add(1);
            rewrite_by_peer(&mut header, peer_number, &values, &mut out);
        },
    );

    let report = browser_report();
    let shared = Bytes::from(report.clone());
    compare(
        &mut criterion,
        "rtcp/compound",
        "rtcp",
        &mut || read_report(&report),
        &mut || read_report_by_peer(&shared),
    );
    criterion.final_summary();
}
