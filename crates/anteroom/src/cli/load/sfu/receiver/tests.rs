use anteroom_media_transport::rtcp::Compound;
use anteroom_media_transport::rtp::PacketBuilder;

use super::*;

const VIDEO: u8 = 96;

fn receiver() -> Receiver {
    let mut receiver = Receiver::new(1);
    receiver.agree(vec![(VIDEO, Kind::Video), (111, Kind::Audio)]);
    receiver.measure(100, 200);
    receiver
}

/// A packet sent at some moment, the start of a keyframe or not.
fn take(
    receiver: &mut Receiver,
    now: Instant,
    number: u16,
    sent: u64,
    starts: bool,
    ends: bool,
) -> Option<Arrived> {
    let mut payload = [0; 40];
    payload[0] = u8::from(starts) << 4;
    probe::write(&mut payload, sent);
    let mut bytes = [0; 100];
    let length = PacketBuilder::new(VIDEO, number, 7, 9)
        .marker(ends)
        .write(&payload, &mut bytes)
        .unwrap();
    receiver.packet(now, &Packet::parse(&bytes[..length]).unwrap(), length)
}

/// What is asked for: numbers, and how many keyframes.
fn asked(receiver: &mut Receiver, now: Instant) -> (Vec<u16>, usize) {
    let mut out = [0; 1200];
    let length = receiver.requests(now, &mut out);
    let (mut numbers, mut keyframes) = (Vec::new(), 0);
    for packet in Compound::new(&out[..length]) {
        match packet.unwrap() {
            Rtcp::Nack(nack) => numbers.extend(nack.sequence_numbers()),
            Rtcp::PictureLossIndication(_) => keyframes += 1,
            other => panic!("{other:?}"),
        }
    }
    (numbers, keyframes)
}

#[test]
fn losses_are_asked_for_again_and_what_comes_late_is_told_apart() {
    let (mut receiver, start) = (receiver(), Instant::now());
    // Sent before it counts: only the order is known from it.
    assert_eq!(
        take(&mut receiver, start, 65_533, 99, true, true).unwrap().sent,
        None
    );
    for number in [65_534, 65_535, 2, 4, 5] {
        assert_eq!(
            take(&mut receiver, start, number, 150, false, true).unwrap().sent,
            Some(150)
        );
    }
    assert_eq!(asked(&mut receiver, start), (vec![], 0), "it may be on its way");
    // 3 comes by itself; 0 and 1 do not.
    assert_eq!(
        take(&mut receiver, start, 3, 150, false, true).unwrap().sent,
        Some(150)
    );
    let later = start + PATIENCE;
    assert_eq!(asked(&mut receiver, later).0, [0, 1]);
    assert!(asked(&mut receiver, later).0.is_empty());
    assert_eq!(
        take(&mut receiver, later, 0, 150, false, true).unwrap().sent,
        None
    );
    assert_eq!(take(&mut receiver, later, 0, 150, false, true), None);
    for round in 1..=MAX_REQUESTS {
        let wanted: &[u16] = if round < MAX_REQUESTS { &[1] } else { &[] };
        assert_eq!(
            asked(&mut receiver, later + AGAIN * u32::from(round)).0,
            wanted,
            "{round}"
        );
    }
    // Sent when it counts no more.
    assert_eq!(
        take(&mut receiver, later, 6, 200, false, true).unwrap().sent,
        None
    );
    let Received {
        packets,
        expected,
        reordered,
        duplicates,
        recovered,
        nacked,
        streams,
        ..
    } = receiver.counted();
    assert_eq!((packets, expected), (7, 8), "65534 to 5, and 1 never came");
    assert_eq!((reordered, duplicates, recovered), (1, 1, 1));
    assert_eq!((nacked, streams), (2 + u64::from(MAX_REQUESTS) - 1, 1));
}

#[test]
fn a_keyframe_is_whole_when_all_of_it_came_and_asked_for_when_none_does() {
    let (mut receiver, start) = (receiver(), Instant::now());
    let whole = |arrived: Option<Arrived>| arrived.unwrap().completes_keyframe;
    assert!(
        !whole(take(&mut receiver, start, 1, 150, false, true)),
        "begins in the middle"
    );
    assert_eq!(asked(&mut receiver, start).1, 0);
    let later = start + KEYFRAME_INTERVAL;
    assert_eq!(asked(&mut receiver, later).1, 1);
    assert_eq!(asked(&mut receiver, later).1, 0, "not again so soon");
    assert!(!whole(take(&mut receiver, later, 2, 150, true, false)));
    assert!(
        !whole(take(&mut receiver, later, 4, 150, false, true)),
        "3 is missing"
    );
    assert!(whole(take(&mut receiver, later, 3, 150, false, false)));
    assert!(
        !whole(take(&mut receiver, later, 5, 150, true, true)),
        "not the first"
    );
    assert_eq!(asked(&mut receiver, later + Duration::from_secs(9)).1, 0);
}

#[test]
fn what_the_server_sends_of_itself_is_neither_forwarded_nor_lost() {
    let (mut receiver, start) = (receiver(), Instant::now());
    let padding = |receiver: &mut Receiver, number: u16| {
        let mut bytes = [0; 100];
        let length = PacketBuilder::new(VIDEO, number, 7, 9)
            .padding(50)
            .write(&[], &mut bytes)
            .unwrap();
        receiver.packet(start, &Packet::parse(&bytes[..length]).unwrap(), length)
    };
    for number in [1, 2, 5] {
        take(&mut receiver, start, number, 150, true, true);
    }
    // One behind the others is not even between them.
    for number in [3, 6] {
        let arrived = padding(&mut receiver, number).unwrap();
        assert_eq!((arrived.sent, arrived.completes_keyframe), (None, false));
    }
    let Received {
        packets, expected, ..
    } = receiver.counted();
    assert_eq!((packets, expected), (3, 4), "only 4 is missing");
}

#[test]
fn other_payload_types_are_none_of_ours() {
    let (mut receiver, start) = (Receiver::new(1), Instant::now());
    assert_eq!(take(&mut receiver, start, 1, 150, true, true), None);
    assert_eq!(receiver.counted().streams, 0);
}

#[test]
fn reports_tell_of_losses() {
    let (mut receiver, start) = (receiver(), Instant::now());
    for number in [1, 2, 4] {
        take(&mut receiver, start, number, 150, true, true);
    }
    let mut out = [0; 1200];
    let length = receiver.report(start, "me", &mut out);
    let Some(Ok(Rtcp::ReceiverReport(report))) = Compound::new(&out[..length]).next() else {
        panic!("no report")
    };
    let block = report.blocks().next().unwrap();
    assert_eq!((block.cumulative_lost, block.fraction_lost), (1, 64));
}
