use super::encoder::IDS;
use super::network::Network;
use super::*;
use crate::payload::red::RedPayload;
use crate::rtcp::ReportBlock;
use crate::rtp::{PacketBuilder, rtx};

const RTX: u8 = 97;

/// The first client films with retransmissions in a stream of their own, the second watches.
fn stage(seed: u64) -> (Network, usize, usize) {
    let mut network = Network::new(seed);
    let joined = network.join(1, 2);
    let (publisher, viewer) = (joined[0], joined[1]);
    let mut codec = vp8(VP8);
    codec.rtx = Some(RTX);
    network.publish(
        publisher,
        vec![Publication {
            ssrcs: vec![50],
            repairs: vec![Repair { ssrc: 51, of: 50 }],
            codecs: vec![codec],
            extensions: IDS,
            ..Publication::new(TrackId(5), MediaKind::Video, "v")
        }],
    );
    network.clients[publisher].repairs_with = Some((RTX, 51));
    let mut codec = vp8(101);
    codec.rtx = Some(102);
    network.subscribe(
        viewer,
        vec![Subscription {
            rtx_ssrc: Some(61),
            codecs: vec![codec],
            ..Subscription::new(TrackId(5), "w", 60)
        }],
    );
    (network, publisher, viewer)
}

/// A packet of a picture; the first is a keyframe.
fn film(network: &mut Network, client: usize, sequence: u16) -> Vec<u8> {
    let mut buffer = vec![0; 500];
    let begin = if sequence == 0 { [0x10, 0x00] } else { [0x10, 0x01] };
    let payload = [begin.as_slice(), &sequence.to_be_bytes(), &[0x55; 300]].concat();
    let len = PacketBuilder::new(VP8, sequence, u32::from(sequence) * 3000, 50)
        .marker(true)
        .extension(4, b"v")
        .write(&payload, &mut buffer)
        .unwrap();
    buffer.truncate(len);
    network.clients[client].send_rtp(&buffer);
    buffer
}

#[test]
fn what_the_publisher_repeats_in_another_stream_is_forwarded_as_if_it_had_come() {
    let (mut network, publisher, viewer) = stage(1);
    network.clients[publisher].nacks = true;
    network.run(ms(100));
    film(&mut network, publisher, 0);
    network.run(ms(50));
    network.loss = 0.2;
    for sequence in 1..200 {
        film(&mut network, publisher, sequence);
        network.run(ms(10));
    }
    network.loss = 0.0;
    network.run(ms(500));
    let stats = network.stats(publisher).publications[0];
    assert!(stats.packets_repaired > 20, "{stats:?}");
    assert!(stats.packets_lost > 20, "the path lost them: {stats:?}");
    let numbers = network.clients[viewer].numbers(60);
    assert!(numbers.len() > 150 && numbers.iter().all(|number| (0..200).contains(number)));
}

#[test]
fn subscribers_get_in_another_stream_what_they_miss() {
    let (mut network, publisher, viewer) = stage(2);
    network.run(ms(100));
    for sequence in 0..40 {
        film(&mut network, publisher, sequence);
        network.run(ms(10));
    }
    let first = network.clients[viewer].got(60)[0].sequence;
    let missed = [first.wrapping_add(7), first.wrapping_add(30)];
    network.clients[viewer].send_rtcp(|writer| writer.nack(1, 60, missed.into_iter()).unwrap());
    network.run(ms(100));
    assert_eq!(
        network.clients[viewer].got(60).len(),
        40,
        "nothing comes twice in the stream itself"
    );
    let repaired = network.clients[viewer].got(61);
    let originals: Vec<(u8, u16, u8)> = repaired
        .iter()
        .map(|got| {
            let original = u16::from_be_bytes([got.payload[0], got.payload[1]]);
            (got.payload_type, original.wrapping_sub(first), got.payload[5])
        })
        .collect();
    assert_eq!(originals, [(102, 7, 7), (102, 30, 30)]);
    assert_eq!(repaired[1].sequence, repaired[0].sequence.wrapping_add(1));
    assert_eq!(network.stats(viewer).packets_retransmitted, 2);
}

#[test]
fn repeated_packets_that_nobody_misses_are_padding() {
    let (mut network, publisher, viewer) = stage(3);
    network.run(ms(100));
    let mut last = vec![];
    for sequence in 0..10 {
        last = film(&mut network, publisher, sequence);
        network.run(ms(10));
    }
    for _ in 0..5 {
        network.clients[publisher].send_repair(&last);
        network.run(ms(10));
    }
    // Of another numbering altogether, of no packet, and of a source nobody knows.
    let mut strange = last.clone();
    strange[2..4].copy_from_slice(&30_000_u16.to_be_bytes());
    network.clients[publisher].send_repair(&strange);
    let mut empty = [0; 100];
    let len = PacketBuilder::new(RTX, 500, 0, 51)
        .padding(80)
        .write(&[], &mut empty)
        .unwrap();
    network.clients[publisher].send_rtp(&empty[..len]);
    let mut unknown = [0; 400];
    unknown[..last.len()].copy_from_slice(&last);
    let header = rtx::RtxHeader {
        ssrc: 999,
        payload_type: RTX,
        sequence_number: 1,
    };
    let len = rtx::wrap(&mut unknown, last.len(), header).unwrap();
    network.clients[publisher].send_rtp(&unknown[..len]);
    network.run(ms(100));
    assert_eq!(network.clients[viewer].got.len(), 10);
    assert_eq!(network.stats(publisher).publications[0].packets_repaired, 0);
    film(&mut network, publisher, 10);
    network.run(ms(50));
    assert_eq!(network.clients[viewer].numbers(60).len(), 11);
}

#[test]
fn numbers_of_the_stream_of_retransmissions_are_never_used_twice() {
    let (mut network, publisher, viewer) = stage(4);
    network.run(ms(100));
    for sequence in 0..10 {
        film(&mut network, publisher, sequence);
        network.run(ms(10));
    }
    let mut seen = BTreeSet::new();
    for round in 0..4 {
        let newest = network.clients[viewer].got(60).last().unwrap().sequence;
        network.clients[viewer].send_rtcp(|writer| writer.nack(1, 60, [newest].into_iter()).unwrap());
        network.run(ms(100));
        let mut codec = vp8(101);
        codec.rtx = Some(102);
        let again = Subscription {
            rtx_ssrc: Some(61),
            codecs: vec![codec],
            ..Subscription::new(TrackId(5), "w", 60)
        };
        network.subscribe(viewer, vec![]);
        network.subscribe(viewer, vec![again]);
        network.run(ms(600));
        let key = 20 + round * 20;
        let mut packet = vec![0; 100];
        let len = PacketBuilder::new(VP8, key, u32::from(key) * 3000, 50)
            .extension(4, b"v")
            .write(&[0x10, 0x00, 1, 2], &mut packet)
            .unwrap();
        network.clients[publisher].send_rtp(&packet[..len]);
        network.run(ms(50));
    }
    for got in network.clients[viewer].got(61) {
        assert!(seen.insert(got.sequence), "{} twice", got.sequence);
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

/// Speaks for so many packets of 20 ms, and says which of the listener's packets came, and which sound is in them, as
/// numbers of the speaker's.
fn listen(red: Option<u8>, seed: u64) -> (usize, BTreeSet<u16>) {
    let mut network = Network::new(seed);
    let joined = network.join(1, 2);
    let (speaker, listener) = (joined[0], joined[1]);
    network.publish(speaker, vec![microphone(1, &[11])]);
    let mut codec = opus(100);
    codec.red = red;
    network.subscribe(
        listener,
        vec![Subscription {
            codecs: vec![codec],
            ..Subscription::new(TrackId(1), "s", 21)
        }],
    );
    network.run(ms(100));
    let address = network.clients[listener].address;
    let mut heard = BTreeSet::new();
    let mut reported = 0;
    let mut before = 0;
    for sequence in 0..3000_u16 {
        network.clients[speaker].speak(11, sequence, u32::from(sequence) * 960, 30);
        network.lossy = Some((address, 0.15));
        network.run(ms(20));
        network.lossy = None;
        if sequence % 50 == 49 {
            let got = network.clients[listener].got(21).len();
            let lost = 50_usize.saturating_sub(got - before);
            before = got;
            reported += 1;
            let block = ReportBlock {
                ssrc: 21,
                fraction_lost: u8::try_from(lost * 256 / 50).unwrap_or(255),
                ..ReportBlock::default()
            };
            network.clients[listener].send_rtcp(|writer| writer.receiver_report(1, &[block]).unwrap());
            network.run(Duration::ZERO);
        }
    }
    assert_eq!(reported, 60);
    network.run(ms(100));
    let got = network.clients[listener].got(21);
    for packet in &got {
        let mut note = |sound: &[u8]| heard.insert(u16::from_be_bytes([sound[0], sound[1]]));
        if packet.payload_type == 101 {
            let red = RedPayload::read(&packet.payload).unwrap();
            note(red.primary);
            for block in red.redundant() {
                note(block.data);
            }
        } else {
            note(&packet.payload);
        }
    }
    (got.len(), heard)
}

#[test]
fn who_loses_sound_gets_the_sound_before_with_each_packet() {
    let (packets, heard) = listen(Some(101), 7);
    assert!((2400..2700).contains(&packets), "{packets}: 15 % are lost");
    // Before the first report nothing can be done.
    let after = heard.range(100..2990).count();
    assert!(after * 1000 >= 2890 * 990, "{after} of 2890");
    let (packets, heard) = listen(None, 7);
    assert_eq!(heard.len(), packets, "none is added where it is not taken");
}
