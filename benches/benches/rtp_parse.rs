//! RTP parsing beside the `rtp` crate: a browser's audio packet with four one-byte header extensions, every fixed field
//! and three extension values read.

use std::hint::black_box;
use std::time::Duration;

use anteroom_benches::{Comparison, times};
use anteroom_media_transport::rtp::Packet;
use bytes::Bytes;
use criterion::Criterion;
use webrtc_util::marshal::Unmarshal;

/// Ids of the extensions that are read.
const READ: [u8; 3] = [1, 3, 4];

fn browser_packet() -> Vec<u8> {
    let mut packet = vec![0x90, 0xef, 0x12, 0x34, 0, 1, 2, 3, 0xca, 0xfe, 0xba, 0xbe];
    packet.extend([0xbe, 0xde, 0, 4]);
    // Audio level, absolute send time, transport-wide sequence number, mid; padded to whole words.
    packet.extend([0x10, 0x85, 0x22, 1, 2, 3, 0x31, 0, 7, 0x40, b'0', 0, 0, 0, 0, 0]);
    packet.resize(packet.len() + 160, 0x42);
    packet
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    let packet = browser_packet();
    let shared = Bytes::from(packet.clone());
    let mut ours = |operations| {
        times(operations, || {
            let packet = Packet::parse(black_box(&packet)).expect("a good packet");
            black_box((packet.marker(), packet.payload_type(), packet.sequence_number()));
            black_box((packet.timestamp(), packet.ssrc(), packet.payload()));
            for id in READ {
                black_box(packet.extension(id));
            }
        })
    };
    let mut peer = |operations| {
        times(operations, || {
            let packet =
                rtp::packet::Packet::unmarshal(&mut black_box(&shared).clone()).expect("a good packet");
            let header = &packet.header;
            black_box((header.marker, header.payload_type, header.sequence_number));
            black_box((header.timestamp, header.ssrc, &packet.payload));
            for id in READ {
                black_box(header.get_extension(id));
            }
        })
    };
    let mut group = criterion.benchmark_group("rtp/parse");
    group.bench_function("anteroom", |bencher| bencher.iter_custom(&mut ours));
    group.bench_function("rtp", |bencher| bencher.iter_custom(&mut peer));
    group.finish();
    println!(
        "rtp/parse: {}\n",
        Comparison::measure(11, 20_000, &mut ours, &mut peer)
    );
    criterion.final_summary();
}
