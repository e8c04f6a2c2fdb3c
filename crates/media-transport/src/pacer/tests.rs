use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::test_clock::start;

const VIDEO: u32 = 1;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn pacer(kbps: u64) -> Pacer<u32> {
    let config = PacerConfig {
        speed_percent: 100,
        ..PacerConfig::default()
    };
    Pacer::new(config, Bitrate::from_kbps(kbps))
}

fn packet(class: Class, stream: u32, bytes: usize) -> PacketInfo {
    PacketInfo {
        class,
        stream,
        bytes,
        frame: Frame {
            number: 0,
            kind: FrameKind::Delta,
            is_last: true,
        },
    }
}

/// Pushes a frame of so many packets of 1000 bytes; each item is the frame's number.
fn push_frame(pacer: &mut Pacer<u32>, now: Instant, number: u32, kind: FrameKind, packets: usize) -> usize {
    (1..=packets)
        .filter(|index| {
            let frame = Frame {
                number: number.into(),
                kind,
                is_last: *index == packets,
            };
            let info = PacketInfo {
                class: Class::Video,
                stream: VIDEO,
                bytes: 1000,
                frame,
            };
            pacer.push(now, info, number)
        })
        .count()
}

fn poll(pacer: &mut Pacer<u32>, now: Instant) -> Vec<u32> {
    let mut train = Vec::new();
    pacer.poll(now, &mut train);
    let item = |outgoing: Outgoing<u32>| match outgoing {
        Outgoing::Packet { item, .. } => Some(item),
        Outgoing::Padding { .. } => None,
    };
    train.into_iter().filter_map(item).collect()
}

/// Everything that leaves until the pacer is idle or the time is over.
fn drain(pacer: &mut Pacer<u32>, now: &mut Instant, until: Instant) -> Vec<u32> {
    let mut all = Vec::new();
    while let Some(at) = pacer.poll_timeout().filter(|at| *at <= until) {
        *now = at.max(*now);
        all.extend(poll(pacer, *now));
    }
    all
}

fn events(pacer: &mut Pacer<u32>) -> Vec<PacerEvent> {
    std::iter::from_fn(|| pacer.poll_event()).collect()
}

const NEEDED: PacerEvent = PacerEvent::KeyframeNeeded { stream: VIDEO };

#[test]
fn leaves_at_once_when_nothing_else_was_sent_and_at_the_rate_when_much_was() {
    let begin = start();
    let mut pacer = pacer(800);
    assert_eq!(pacer.poll_timeout(), None);
    for item in 0..100 {
        pacer.push(begin, packet(Class::Video, VIDEO, 100), item);
    }
    assert_eq!(pacer.poll_timeout(), Some(begin));
    // Five milliseconds of 100 bytes each in each train.
    assert_eq!(poll(&mut pacer, begin), [0, 1, 2, 3, 4]);
    assert_eq!(pacer.poll_timeout(), Some(begin + ms(5)));
    assert!(poll(&mut pacer, begin + ms(4)).is_empty());
    assert_eq!(poll(&mut pacer, begin + ms(5)), [5, 6, 7, 8, 9]);
    let mut now = begin + ms(5);
    let rest = drain(&mut pacer, &mut now, begin + ms(1000));
    assert_eq!(rest, (10..100).collect::<Vec<_>>());
    assert_eq!(now, begin + ms(95));
    assert_eq!(pacer.poll_timeout(), None);
}

#[test]
fn a_frame_leaves_at_once_on_a_clear_path_and_in_pieces_on_another() {
    let begin = start();
    let mut pacer = pacer(800);
    pacer.set_congestion(Congestion::Clear);
    let mut now = begin;
    for congestion in [Congestion::Clear, Congestion::None, Congestion::Clear] {
        pacer.set_congestion(congestion);
        for item in 0..40 {
            pacer.push(now, packet(Class::Video, VIDEO, 100), item);
        }
        let len = if congestion == Congestion::Clear { 40 } else { 5 };
        assert_eq!(poll(&mut pacer, now).len(), len);
        // No faster in all.
        let until = now + ms(100);
        drain(&mut pacer, &mut now, until);
        now += ms(40);
        assert_eq!(pacer.stats().queued_packets, 0);
    }
    for item in 0..60 {
        pacer.push(now, packet(Class::Video, VIDEO, 100), item);
    }
    assert_eq!(
        poll(&mut pacer, now).len(),
        42,
        "and what a late poll may make up for"
    );
    assert_eq!(pacer.poll_timeout(), Some(now + ms(40)));
}

#[test]
fn audio_never_waits_and_goes_first() {
    let now = start();
    let mut pacer = pacer(100);
    for item in 0..10 {
        pacer.push(now, packet(Class::Video, VIDEO, 1200), item);
    }
    assert_eq!(poll(&mut pacer, now), [0]);
    pacer.push(now, packet(Class::Retransmission, VIDEO, 1200), 100);
    pacer.push(now + ms(1), packet(Class::Audio, 9, 100), 200);
    assert_eq!(
        pacer.poll_timeout(),
        Some(now + ms(1)),
        "though the bucket is full"
    );
    assert_eq!(poll(&mut pacer, now + ms(1)), [200]);
    pacer.set_congestion(Congestion::Full);
    pacer.push(now + ms(2), packet(Class::Audio, 9, 100), 201);
    assert_eq!(
        poll(&mut pacer, now + ms(200)),
        [201],
        "and though the path is full"
    );
    pacer.set_congestion(Congestion::None);
    assert_eq!(
        poll(&mut pacer, now + ms(208)),
        [100],
        "retransmissions before video"
    );
}

#[test]
fn streams_share_and_a_screen_has_three_parts() {
    let mut now = start();
    let mut pacer = pacer(8_000);
    for _ in 0..60 {
        pacer.push(now, packet(Class::Video, 1, 1000), 1);
        pacer.push(now, packet(Class::Video, 2, 500), 2);
        pacer.push(now, packet(Class::Video, 2, 500), 2);
        pacer.push(now, packet(Class::Screen, 3, 1000), 3);
    }
    let until = now + ms(80);
    let out = drain(&mut pacer, &mut now, until);
    let bytes =
        |stream| out.iter().filter(|item| **item == stream).count() * if stream == 2 { 500 } else { 1000 };
    let (one, two, screen) = (bytes(1), bytes(2), bytes(3));
    assert!(one.abs_diff(two) <= 2_000, "{one} {two}");
    assert!(screen.abs_diff(3 * one) <= 6_000, "{one} {screen}");
}

#[test]
fn old_frames_go_when_a_complete_keyframe_is_behind_them() {
    let begin = start();
    let mut now = begin;
    let mut pacer = pacer(80);
    push_frame(&mut pacer, now, 1, FrameKind::Key, 2);
    assert_eq!(poll(&mut pacer, now), [1]);
    push_frame(&mut pacer, now, 2, FrameKind::Delta, 3);
    push_frame(&mut pacer, now, 3, FrameKind::Key, 3);
    push_frame(&mut pacer, now, 4, FrameKind::Delta, 1);
    pacer.set_rate(now, Bitrate::from_kbps(8_000));
    pacer.set_congestion(Congestion::Full);
    poll(&mut pacer, now + ms(500));
    pacer.set_congestion(Congestion::None);
    assert_eq!(events(&mut pacer), [NEEDED], "frame 4 is late, too");
    let out = drain(&mut pacer, &mut now, begin + ms(600));
    assert_eq!(out, [1, 3, 3, 3], "the keyframe that was begun is finished");
    assert_eq!(push_frame(&mut pacer, now, 5, FrameKind::Delta, 2), 0);
    assert!(pacer.needs_keyframe(VIDEO));
    assert_eq!(push_frame(&mut pacer, now, 6, FrameKind::Key, 2), 2);
    assert!(!pacer.needs_keyframe(VIDEO));
}

#[test]
fn frames_that_nothing_depends_on_go_first() {
    let mut now = start();
    let mut pacer = Pacer::new(
        PacerConfig {
            max_bytes: 6_000,
            ..PacerConfig::default()
        },
        Bitrate::from_kbps(10_000),
    );
    push_frame(&mut pacer, now, 1, FrameKind::Delta, 2);
    push_frame(&mut pacer, now, 2, FrameKind::Discardable, 2);
    push_frame(&mut pacer, now, 3, FrameKind::Delta, 2);
    // Of this one only the first packet comes before there is too much.
    assert_eq!(push_frame(&mut pacer, now, 4, FrameKind::Discardable, 3), 1);
    assert_eq!(events(&mut pacer), []);
    let until = now + ms(100);
    assert_eq!(drain(&mut pacer, &mut now, until), [1, 1, 3, 3]);
    assert_eq!(pacer.stats().queued_bytes, 0);
}

#[test]
fn a_frame_that_is_given_up_goes_whole_and_a_keyframe_is_asked_for_once() {
    let now = start();
    let mut pacer = Pacer::new(
        PacerConfig {
            max_bytes: 5_000,
            ..PacerConfig::default()
        },
        Bitrate::from_kbps(100),
    );
    push_frame(&mut pacer, now, 1, FrameKind::Delta, 3);
    assert_eq!(
        push_frame(&mut pacer, now, 2, FrameKind::Delta, 5),
        3,
        "the third one is too much"
    );
    assert_eq!(push_frame(&mut pacer, now, 3, FrameKind::Delta, 5), 0);
    assert_eq!(events(&mut pacer), [NEEDED]);
    assert_eq!(pacer.stats().queued_packets, 0);
    // Larger than everything that may wait: its rest is not let in, and the next one is asked for.
    assert_eq!(push_frame(&mut pacer, now, 4, FrameKind::Key, 8), 6);
    assert_eq!(events(&mut pacer), [NEEDED]);
}

#[test]
fn a_keyframe_on_a_slow_path_is_delivered() {
    let begin = start();
    let mut now = begin;
    // 20 packets of 1000 bytes take 1.6 s.
    let mut pacer = pacer(100);
    push_frame(&mut pacer, now, 1, FrameKind::Key, 20);
    let mut out = Vec::new();
    for number in 2..60 {
        let until = now + ms(33);
        out.extend(drain(&mut pacer, &mut now, until));
        now = until;
        push_frame(&mut pacer, now, number, FrameKind::Delta, 1);
    }
    assert_eq!(out[..20], [1; 20]);
    assert!(now < begin + ms(2_000));
}

#[test]
fn a_cluster_leaves_at_its_own_rate_with_media_and_padding() {
    let begin = start();
    let mut estimator = crate::bwe::Estimator::new(crate::bwe::EstimatorConfig::default(), begin);
    let mut pacer = pacer(600);
    let probe = estimator.poll_probe().unwrap();
    pacer.probe(begin, probe);
    for item in 0..2 {
        pacer.push(begin, packet(Class::Video, VIDEO, 1200), item);
    }
    let (mut now, mut bytes, mut padding, mut packets) = (begin, 0, 0, 0);
    let mut train = Vec::new();
    while let Some(at) = pacer.poll_timeout() {
        now = at.max(now);
        pacer.poll(now, &mut train);
        for outgoing in train.drain(..) {
            packets += 1;
            match outgoing {
                Outgoing::Packet {
                    bytes: more,
                    probe: id,
                    ..
                } => {
                    assert_eq!(id, Some(probe.id));
                    bytes += more;
                }
                Outgoing::Padding {
                    bytes: more,
                    probe: id,
                } => {
                    assert_eq!(id, Some(probe.id));
                    padding += more;
                }
            }
        }
    }
    assert_eq!((bytes, padding, packets), (2_400, 3_600, 5));
    // 1.8 Mbit/s: four gaps of 5.3 ms.
    assert!((ms(21)..ms(22)).contains(&(now - begin)), "{:?}", now - begin);
    assert_eq!(pacer.stats().padding_bytes, 3_600);
}

#[test]
fn what_comes_while_a_cluster_is_sent_is_part_of_it() {
    let begin = start();
    let mut estimator = crate::bwe::Estimator::new(crate::bwe::EstimatorConfig::default(), begin);
    let mut pacer = pacer(6000);
    let probe = estimator.poll_probe().unwrap();
    pacer.probe(begin, probe);
    let mut train = Vec::new();
    pacer.poll(begin, &mut train);
    assert!(matches!(train[..], [Outgoing::Padding { .. }]));
    train.clear();
    let mut now = begin + ms(2);
    for item in 0..3 {
        pacer.push(now, packet(Class::Video, VIDEO, 1200), item);
    }
    pacer.poll(now, &mut train);
    assert!(train.is_empty(), "it goes at the rate of the cluster");
    assert_eq!(pacer.ready_at(now), pacer.poll_timeout());
    while train.len() < 3 {
        now = pacer.poll_timeout().unwrap();
        pacer.poll(now, &mut train);
    }
    let id = Some(probe.id);
    let is_probe = |one: &Outgoing<u32>| matches!(one, Outgoing::Packet { probe, .. } if *probe == id);
    assert!(train.iter().all(is_probe), "{train:?}");
    // Three of 1200 bytes behind one at 1.8 Mbit/s.
    assert!((ms(15)..ms(17)).contains(&(now - begin)));
}

#[test]
fn without_padding_a_cluster_waits_for_media_and_is_given_up() {
    let now = start();
    let mut estimator = crate::bwe::Estimator::new(crate::bwe::EstimatorConfig::default(), now);
    let config = PacerConfig {
        padding_bytes: 0,
        ..PacerConfig::default()
    };
    let mut pacer: Pacer<u32> = Pacer::new(config, Bitrate::from_kbps(600));
    pacer.probe(now, estimator.poll_probe().unwrap());
    assert_eq!(pacer.poll_timeout(), None);
    pacer.push(now + ms(1100), packet(Class::Video, VIDEO, 1200), 1);
    let mut train = Vec::new();
    pacer.poll(now + ms(1100), &mut train);
    assert!(matches!(train[..], [Outgoing::Packet { probe: None, .. }]));
}

#[test]
fn a_removed_stream_leaves_nothing() {
    let now = start();
    let mut pacer = pacer(100);
    push_frame(&mut pacer, now, 1, FrameKind::Delta, 5);
    pacer.push(now, packet(Class::Video, 2, 700), 2);
    pacer.remove_stream(VIDEO);
    pacer.remove_stream(VIDEO);
    assert_eq!(
        (pacer.stats().queued_bytes, pacer.stats().queued_packets),
        (700, 1)
    );
    assert_eq!(poll(&mut pacer, now), [2]);
}

#[derive(Debug, Clone)]
enum Op {
    Frame {
        class: u8,
        stream: u32,
        kind: u8,
        packets: usize,
        bytes: usize,
    },
    Other {
        is_audio: bool,
        bytes: usize,
    },
    Poll {
        after_ms: u64,
    },
    Rate(u64),
    Congestion(bool),
    Remove(u32),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (0..2u8, 0..4u32, 0..3u8, 1..30usize, 0..1500usize).prop_map(|(class, stream, kind, packets, bytes)|
            Op::Frame { class, stream, kind, packets, bytes }),
        2 => (any::<bool>(), 0..1500usize).prop_map(|(is_audio, bytes)| Op::Other { is_audio, bytes }),
        6 => (0..60u64).prop_map(|after_ms| Op::Poll { after_ms }),
        1 => (0..5_000u64).prop_map(Op::Rate),
        1 => any::<bool>().prop_map(Op::Congestion),
        1 => (0..4u32).prop_map(Op::Remove),
    ]
}

/// What one stream's packets say when they come out: (frame, index, of, kind).
type Item = (u32, u64, usize, usize, FrameKind);

proptest! {
    /// Whatever happens: bounds hold, frames come in order, and a frame that depends on something comes only when all
    /// since the last keyframe has come whole.
    #[test]
    fn what_comes_out_can_be_decoded(ops in prop::collection::vec(op(), 1..200)) {
        let config = PacerConfig { max_bytes: 60_000, ..PacerConfig::default() };
        let mut now = start();
        let mut pacer: Pacer<Option<Item>> = Pacer::new(config, Bitrate::from_kbps(1000));
        let mut train = Vec::new();
        // By stream: the last frame pushed, and what has come out: the frame that is being received, packets of it,
        // and the last complete frame that something depends on.
        let mut pushed = [0u64; 4];
        let mut needed = [None::<u64>; 4];
        let mut chain: [std::collections::HashMap<u64, Option<u64>>; 4] = Default::default();
        let mut receiving = [(0u64, 0usize); 4];
        let mut complete: [std::collections::HashSet<u64>; 4] = Default::default();
        for op in ops {
            match op {
                Op::Frame { class, stream, kind, packets, bytes } => {
                    let index = stream as usize;
                    pushed[index] += 1;
                    let number = pushed[index];
                    let kind = match kind { 0 => FrameKind::Key, 1 => FrameKind::Delta, _ => FrameKind::Discardable };
                    // What this frame depends on: the last frame that is not discardable.
                    chain[index].insert(number, if kind == FrameKind::Key { None } else { needed[index] });
                    if kind != FrameKind::Discardable {
                        needed[index] = Some(number);
                    }
                    for i in 0..packets {
                        let frame = Frame { number, kind, is_last: i + 1 == packets };
                        let class = if class == 0 { Class::Screen } else { Class::Video };
                        let info = PacketInfo { class, stream, bytes, frame };
                        pacer.push(now, info, Some((stream, number, i, packets, kind)));
                        prop_assert!(pacer.stats().queued_bytes <= config.max_bytes);
                    }
                }
                Op::Other { is_audio, bytes } => {
                    let class = if is_audio { Class::Audio } else { Class::Retransmission };
                    pacer.push(now, packet(class, 9, bytes), None);
                }
                Op::Poll { after_ms } => {
                    now += ms(after_ms);
                    pacer.poll(now, &mut train);
                    prop_assert!(pacer.poll_timeout().is_none_or(|at| at > now || pacer.probes.is_empty()));
                    let mut has_other = false;
                    for outgoing in train.drain(..) {
                        let Outgoing::Packet { item, class, waited, .. } = outgoing else { continue };
                        prop_assert!(!(has_other && class == Class::Audio), "audio behind video");
                        has_other |= class != Class::Audio;
                        prop_assert!(waited < config.max_delay * 6);
                        let Some((stream, number, index, of, kind)) = item else { continue };
                        let at = stream as usize;
                        if index == 0 {
                            prop_assert!(number > receiving[at].0, "in order");
                            receiving[at] = (number, 0);
                            let needs = chain[at][&number];
                            prop_assert!(
                                kind == FrameKind::Key || needs.is_none_or(|needs| complete[at].contains(&needs)),
                                "{number} needs {needs:?}"
                            );
                        }
                        prop_assert_eq!(receiving[at], (number, index), "no hole in a frame");
                        receiving[at].1 += 1;
                        if index + 1 == of {
                            complete[at].insert(number);
                        }
                    }
                }
                Op::Rate(kbps) => pacer.set_rate(now, Bitrate::from_kbps(kbps)),
                Op::Congestion(is_full) =>
                    pacer.set_congestion(if is_full { Congestion::Full } else { Congestion::None }),
                Op::Remove(stream) => {
                    pacer.remove_stream(stream);
                    // Its owner starts again with a keyframe; here, with a frame that needs nothing.
                    needed[stream as usize] = None;
                }
            }
        }
    }
}

proptest! {
    /// Who lets packets of one stream pass where that is possible sends the same at the same time.
    #[test]
    fn what_passes_leaves_as_if_it_had_been_queued(
        stream in 0_u8..5,
        turns in prop::collection::vec((0_u64..40, 0_u8..6, prop::collection::vec((0_u8..8, 1_usize..1500), 0..12)), 1..60),
    ) {
        let (mut passing, mut queueing) = (pacer(1500), pacer(1500));
        let mut now = start();
        let mut frames = 0;
        for (turn, (wait, path, packets)) in turns.into_iter().enumerate() {
            now += ms(wait);
            let congestion = match path {
                0 => Congestion::Full,
                1 => Congestion::None,
                _ => Congestion::Clear,
            };
            for pacer in [&mut passing, &mut queueing] {
                pacer.set_rate(now, Bitrate::from_kbps(if path == 2 { 300 } else { 1500 }));
                pacer.set_congestion(congestion);
            }
            let mut sent = Vec::new();
            let item = u32::try_from(turn).unwrap();
            for (what, bytes) in packets {
                let class = match stream {
                    0 => Class::Audio,
                    1 => Class::Retransmission,
                    2 => Class::Screen,
                    _ => Class::Video,
                };
                frames += u64::from(what % 2);
                let kind = if what == 7 { FrameKind::Key } else { FrameKind::Delta };
                let frame = Frame { number: frames, kind, is_last: what == 5 };
                let info = PacketInfo { class, stream: stream.into(), bytes, frame };
                let passes = passing.pass(now, info);
                if passes {
                    sent.push(item);
                }
                let is_taken = passes || passing.push(now, info, item);
                prop_assert_eq!(is_taken, queueing.push(now, info, item));
            }
            passing.end_train();
            sent.extend(poll(&mut passing, now));
            prop_assert_eq!(&sent, &poll(&mut queueing, now));
            prop_assert_eq!(passing.poll_timeout(), queueing.poll_timeout());
            prop_assert_eq!(events(&mut passing), events(&mut queueing));
            prop_assert_eq!(passing.stats(), queueing.stats());
            while passing.poll_given_up().is_some() {}
            while queueing.poll_given_up().is_some() {}
        }
    }
}
