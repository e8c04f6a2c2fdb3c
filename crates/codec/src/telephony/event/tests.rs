use std::time::{Duration, Instant};

use anteroom_testkit::clock::Clock;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::telephony::ParseError;

const TIMEOUT: Duration = Duration::from_millis(130);

fn start() -> Instant {
    Clock::new().now()
}

fn digit(digit: char) -> Event {
    Event::from_digit(digit).unwrap()
}

fn series(key: char, timestamp: u32, length: u32) -> Vec<EventPacket> {
    EventSender::digit(digit(key), 10, timestamp, 160, length)
        .unwrap()
        .collect()
}

/// Time at 8 kHz.
fn after(ticks: u32) -> Duration {
    Duration::from_micros(u64::from(ticks) * 125)
}

/// Everything that is polled, as text: `5↓ 5↑800`.
fn told(receiver: &mut EventReceiver) -> String {
    let mut words = Vec::new();
    while let Some(happened) = receiver.poll() {
        words.push(match happened {
            Happened::Started { event, volume } => {
                assert!(volume < 64);
                format!("{event}↓")
            }
            Happened::Ended {
                event,
                duration_ticks,
                cause,
            } => match cause {
                EndCause::EndBit => format!("{event}↑{duration_ticks}"),
                EndCause::NextEvent => format!("{event}↑{duration_ticks}next"),
                EndCause::Timeout => format!("{event}↑{duration_ticks}timeout"),
            },
        });
    }
    words.join(" ")
}

/// Feeds packets at their times.
fn feed<'p>(
    receiver: &mut EventReceiver,
    begin: Instant,
    packets: impl IntoIterator<Item = &'p EventPacket>,
) {
    for packet in packets {
        receiver
            .receive(
                begin + after(packet.after_ticks),
                packet.timestamp,
                &packet.payload,
            )
            .unwrap();
    }
}

#[test]
fn reports_are_four_bytes() {
    let report = EventReport {
        event: Event::POUND,
        end: true,
        volume: 10,
        duration_ticks: 0x1234,
    };
    assert_eq!(report.to_bytes(), [11, 0x8A, 0x12, 0x34]);
    assert_eq!(EventReport::from_bytes([11, 0x8A, 0x12, 0x34]), report);
    // The reserved bit is not looked at.
    assert_eq!(EventReport::from_bytes([11, 0xCA, 0x12, 0x34]), report);
    let loud = EventReport {
        volume: 200,
        ..report
    };
    assert_eq!(loud.to_bytes()[1], 0x80 | 63);
}

#[test]
fn payloads_are_whole_reports() {
    assert_eq!(parse(&[]).err(), Some(ParseError::Empty));
    for length in [1, 3, 5, 7] {
        assert_eq!(
            parse(&vec![0; length]).err(),
            Some(ParseError::EventLength { length })
        );
    }
    assert_eq!(parse(&[0; 4 * MAX_REPORTS]).unwrap().count(), MAX_REPORTS);
    assert_eq!(
        parse(&[0; 4 * MAX_REPORTS + 4]).err(),
        Some(ParseError::TooManyEvents)
    );
}

#[test]
fn keys_have_their_codes() {
    for (code, key) in (0..).zip("0123456789*#ABCD".chars()) {
        assert_eq!(Event::from_digit(key), Some(Event(code)));
        assert_eq!(Event(code).digit(), Some(key));
    }
    assert_eq!(Event::from_digit('d'), Some(Event(15)));
    assert_eq!(Event::from_digit('E'), None);
    assert_eq!(Event::FLASH.digit(), None);
    assert_eq!(format!("{} {}", Event::STAR, Event::FLASH), "* event 16");
}

#[test]
fn a_digit_is_a_series_with_three_ends() {
    let packets = series('5', 1000, 500);
    let seen: Vec<_> = packets
        .iter()
        .map(|p| {
            let report = EventReport::from_bytes(p.payload);
            (
                p.after_ticks,
                p.marker,
                p.timestamp,
                report.end,
                report.duration_ticks,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (160, true, 1000, false, 160),
            (320, false, 1000, false, 320),
            (480, false, 1000, false, 480),
            (500, false, 1000, true, 500),
            (660, false, 1000, true, 500),
            (820, false, 1000, true, 500),
        ]
    );
}

#[test]
fn a_key_can_be_held_as_long_as_one_likes() {
    let mut sender = EventSender::press(Event::STAR, 0, 7, 160).unwrap();
    for i in 1..=100 {
        let packet = sender.next().unwrap();
        assert_eq!(packet.after_ticks, 160 * i);
        assert!(!EventReport::from_bytes(packet.payload).end);
    }
    // Not shorter than what was reported.
    sender.release(5);
    assert_eq!(sender.length_ticks(), Some(16_000));
    let ends: Vec<_> = sender.map(|p| EventReport::from_bytes(p.payload)).collect();
    assert_eq!(ends.len(), 3);
    assert!(ends.iter().all(|r| r.end && r.duration_ticks == 16_000));
}

#[test]
fn refuses_settings_that_make_no_sense() {
    for (volume, interval, length) in [(64, 160, 800), (0, 0, 800), (0, 65_536, 800), (0, 160, 0)] {
        let refused = EventSender::digit(Event::STAR, volume, 0, interval, length);
        assert!(matches!(refused, Err(crate::Error::Setting(_))));
    }
}

#[test]
fn a_long_event_is_cut_into_segments_and_put_together_again() {
    for length in [65_534, 65_535, 65_536, 131_069, 131_070, 131_071, 300_000] {
        for interval in [160, 65_535, 13_107] {
            let begin = 0xFFFF_0000;
            let packets: Vec<_> = EventSender::digit(digit('1'), 10, begin, interval, length)
                .unwrap()
                .collect();
            assert_eq!(packets.iter().filter(|p| p.marker).count(), 1);
            let segments: Vec<u32> = packets.iter().map(|p| p.timestamp.wrapping_sub(begin)).collect();
            assert!(segments.iter().all(|s| s % 65_535 == 0));
            assert_eq!(segments.last(), Some(&((length - 1) / 65_535 * 65_535)));
            // Time goes on from packet to packet, and nothing is said twice but the end.
            assert!(packets.windows(2).all(|p| p[0].after_ticks < p[1].after_ticks));
            let mut receiver = EventReceiver::new(Duration::from_secs(20));
            feed(&mut receiver, start(), &packets);
            assert_eq!(told(&mut receiver), format!("1↓ 1↑{length}"), "every {interval}");
        }
    }
}

#[test]
fn repetitions_of_the_end_are_one_end() {
    let mut receiver = EventReceiver::new(TIMEOUT);
    let begin = start();
    feed(&mut receiver, begin, &series('7', 8000, 800));
    assert_eq!(told(&mut receiver), "7↓ 7↑800");
    assert_eq!(receiver.next_timeout(), None);
    assert_eq!(receiver.stats().repeated, 2);
    // The same key again, right after: a key of its own.
    feed(&mut receiver, begin + after(1000), &series('7', 9000, 400));
    assert_eq!(told(&mut receiver), "7↓ 7↑400");
}

#[test]
fn any_packets_may_be_lost_but_one() {
    let packets = series('9', 77, 800);
    for kept in 1u32..1 << packets.len() {
        let mut receiver = EventReceiver::new(TIMEOUT);
        let begin = start();
        let arrived = (0..)
            .zip(&packets)
            .filter(|(i, _)| kept >> i & 1 == 1)
            .map(|(_, p)| p);
        let longest = arrived
            .clone()
            .map(|p| EventReport::from_bytes(p.payload).duration_ticks)
            .max()
            .unwrap();
        // The longest gap, 120 ms, is shorter than the timeout; the receiver is asked when it wants to be.
        let mut receiver_time = begin;
        for packet in arrived.clone() {
            receiver_time = begin + after(packet.after_ticks);
            receiver
                .receive(receiver_time, packet.timestamp, &packet.payload)
                .unwrap();
        }
        let has_end = arrived.clone().any(|p| EventReport::from_bytes(p.payload).end);
        if let Some(at) = receiver.next_timeout() {
            assert!(!has_end);
            assert_eq!(at, receiver_time + TIMEOUT);
            receiver.handle_timeout(at - Duration::from_millis(1));
            assert!(receiver.active().is_some(), "not before its time");
            receiver.handle_timeout(at);
        }
        let how = if has_end { "" } else { "timeout" };
        let text = told(&mut receiver);
        assert_eq!(text, format!("9↓ 9↑{longest}{how}"), "{kept:b}");
    }
}

#[test]
fn a_next_event_ends_the_one_before() {
    let mut receiver = EventReceiver::new(TIMEOUT);
    let begin = start();
    let first: Vec<_> = series('1', 1000, 480).into_iter().take(2).collect();
    feed(&mut receiver, begin, &first);
    feed(&mut receiver, begin + after(640), &series('2', 1640, 480));
    assert_eq!(told(&mut receiver), "1↓ 1↑320next 2↓ 2↑480");
    // What comes of the first now comes too late.
    feed(&mut receiver, begin + after(1800), &series('1', 1000, 480)[2..]);
    assert_eq!(told(&mut receiver), "");
    assert_eq!(receiver.stats().late, 3);
}

#[test]
fn several_events_fit_into_one_packet() {
    let mut receiver = EventReceiver::new(TIMEOUT);
    let mut payload = Vec::new();
    for (key, ticks) in [('1', 400), ('2', 480), ('3', 160)] {
        let report = EventReport {
            event: digit(key),
            end: key != '3',
            volume: 8,
            duration_ticks: ticks,
        };
        payload.extend(report.to_bytes());
    }
    receiver.receive(start(), 5000, &payload).unwrap();
    assert_eq!(told(&mut receiver), "1↓ 1↑400 2↓ 2↑480 3↓");
    assert_eq!(receiver.active(), Some((digit('3'), 160)));
    // The same packet again, as redundancy would bring it: nothing new.
    receiver.receive(start(), 5000, &payload).unwrap();
    assert_eq!(told(&mut receiver), "");
}

#[test]
fn a_stream_that_starts_over_is_heard() {
    let mut receiver = EventReceiver::new(TIMEOUT);
    feed(&mut receiver, start(), &series('1', 4_000_000_000, 400));
    feed(
        &mut receiver,
        start() + after(2000),
        &series('2', 3_000_000_000, 400),
    );
    assert_eq!(told(&mut receiver), "1↓ 1↑400 2↓ 2↑400");
}

#[test]
fn who_does_not_poll_loses_changes_and_no_memory() {
    let mut receiver = EventReceiver::new(TIMEOUT);
    for i in 0..10_000u32 {
        let report = EventReport {
            event: Event(1),
            end: true,
            volume: 0,
            duration_ticks: 1,
        };
        receiver.receive(start(), i * 10, &report.to_bytes()).unwrap();
    }
    assert_eq!(receiver.stats().dropped, 20_000 - 256);
    assert_eq!(std::iter::from_fn(|| receiver.poll()).count(), 256);
}

proptest! {
    /// Loss of up to half, duplicates and reordering within three packets: every key of which anything arrives in order
    /// is told exactly once, never longer than it was, begun and ended in turns.
    #[test]
    fn a_bad_network_makes_no_keys_up(seed in any::<u64>(), loss in 0u32..50, length in 200u32..2000) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut sent: Vec<(u32, EventPacket)> = Vec::new();
        for key in 0..8u8 {
            let timestamp = u32::from(key) * 4000;
            let packets = EventSender::digit(Event(key), 1, timestamp, 160, length).unwrap();
            sent.extend(packets.map(|p| (timestamp + p.after_ticks + rng.random_range(0..400), p)));
        }
        sent.retain(|_| !rng.random_ratio(loss, 100));
        sent.sort_by_key(|(at, _)| *at);
        let mut receiver = EventReceiver::new(TIMEOUT);
        let begin = start();
        for (at, packet) in &sent {
            receiver.receive(begin + after(*at), packet.timestamp, &packet.payload).unwrap();
        }
        receiver.handle_timeout(begin + Duration::from_secs(60));
        let mut down = None;
        let mut keys = Vec::new();
        while let Some(happened) = receiver.poll() {
            match happened {
                Happened::Started { event, .. } => prop_assert_eq!(down.replace(event), None),
                Happened::Ended { event, duration_ticks, .. } => {
                    prop_assert_eq!(down.take(), Some(event));
                    prop_assert!(duration_ticks <= u64::from(length));
                    keys.push(event);
                }
            }
        }
        prop_assert_eq!(down, None);
        let mut arrived: Vec<Event> = sent.iter().map(|(_, p)| EventReport::from_bytes(p.payload).event).collect();
        arrived.sort_unstable();
        arrived.dedup();
        prop_assert_eq!(keys, arrived);
    }
}
