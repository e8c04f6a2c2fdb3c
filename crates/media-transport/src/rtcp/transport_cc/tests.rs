use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::error::ParseError;
use crate::rtcp::{Compound, CompoundWriter, Packet, WriteError};
use crate::test_clock;

/// A feedback packet with this base, count, chunks and deltas.
fn feedback(base: u16, count: u16, chunks: &[u16], deltas: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 1, 0, 0, 0, 2];
    body.extend_from_slice(&base.to_be_bytes());
    body.extend_from_slice(&count.to_be_bytes());
    body.extend_from_slice(&[0, 0, 5, 9]);
    body.extend(chunks.iter().flat_map(|chunk| chunk.to_be_bytes()));
    body.extend_from_slice(deltas);
    body
}

fn statuses(body: &[u8]) -> Vec<PacketStatus> {
    TransportFeedback::read(body).unwrap().statuses().collect()
}

fn received(sequence: u16, at: i32) -> PacketStatus {
    PacketStatus::Received { sequence, at }
}

fn lost(first: u16, count: u16) -> PacketStatus {
    PacketStatus::NotReceived { first, count }
}

#[test]
fn reads_every_kind_of_chunk() {
    let body = feedback(
        65_534,
        18,
        &[
            0x2003,                          // three small deltas
            0xc000 | 0b10_00_01_10_00_00_00, // large, none, small, large, and three that did not arrive
            0x8000 | 0b01_1000_0000_0001,    // one bit each, of which eight count
        ],
        &[1, 2, 3, 0xff, 0xfe, 4, 0x01, 0x00, 5, 6, 0],
    );
    let read = TransportFeedback::read(&body).unwrap();
    assert_eq!((read.sender_ssrc, read.media_ssrc), (1, 2));
    assert_eq!(
        (read.reference_time, read.feedback_count, read.reference_ticks()),
        (5, 9, 1280)
    );
    let expected = [
        received(65_534, 1),
        received(65_535, 3),
        received(0, 6),
        received(1, 4),
        lost(2, 1),
        received(3, 8),
        received(4, 264),
        lost(5, 3),
        lost(8, 1),
        received(9, 269),
        received(10, 275),
        lost(11, 5),
    ];
    assert_eq!(read.statuses().collect::<Vec<_>>(), expected);
    assert_eq!(read.arrival_count(), 8);
}

#[test]
fn what_a_packet_claims_is_not_looped_over() {
    let runs = [0x1fff; 9];
    let body = feedback(7, u16::MAX, &runs, &[]);
    let all = statuses(&body);
    assert!(all.len() <= 9, "{all:?}");
    let claimed: u32 = all
        .iter()
        .map(|status| match status {
            PacketStatus::NotReceived { count, .. } => u32::from(*count),
            PacketStatus::Received { .. } => 1,
        })
        .sum();
    assert_eq!(claimed, 65_535);
    let arrived = feedback(7, 8191, &[0x3fff], &[0; 100]);
    assert_eq!(
        TransportFeedback::read(&arrived).unwrap_err(),
        ParseError::truncated("receive delta")
    );
    // Runs of nothing are passed over; they cannot go on for longer than the packet.
    assert_eq!(statuses(&feedback(7, 1, &[0, 0, 0x2001], &[3])), [received(7, 3)]);
}

#[test]
fn refuses_what_does_not_add_up() {
    let refusal = |body: &[u8]| TransportFeedback::read(body).unwrap_err();
    assert_eq!(
        refusal(&feedback(0, 0, &[0x2001], &[1])),
        ParseError::invalid("packet status count")
    );
    assert_eq!(
        refusal(&feedback(0, 2, &[0x2001], &[])),
        ParseError::truncated("packet chunk")
    );
    assert_eq!(
        refusal(&feedback(0, 2, &[0x2002], &[1])),
        ParseError::truncated("receive delta")
    );
    let symbol = ParseError::invalid("packet status symbol");
    assert_eq!(refusal(&feedback(0, 1, &[0x6001], &[0; 8])), symbol);
    assert_eq!(
        refusal(&feedback(0, 2, &[0xc000 | 0b01_11 << 10], &[0; 8])),
        symbol
    );
    assert_eq!(
        statuses(&feedback(0, 1, &[0xc000 | 0b01_11 << 10], &[9, 0])),
        [received(0, 9)],
        "what is behind the last packet does not count"
    );
    assert_eq!(refusal(&[0; 15]), ParseError::truncated("transport feedback"));
}

#[test]
fn reference_times_go_on_over_the_wrap() {
    assert_eq!(unwrap_reference(0, 5), 1280);
    assert_eq!(unwrap_reference(0, 0xff_ffff), -256);
    let mut ticks = 0;
    for step in 0..100_u32 {
        let reference = step.wrapping_mul(0x7f_0000) & 0xff_ffff;
        ticks = unwrap_reference(ticks, reference);
        assert_eq!(ticks, i64::from(step) * 0x7f_0000 * 256);
    }
}

/// What one round of feedback says, with times in ticks since the epoch of the recorder, modulo the reference's wrap.
fn told(recorder: &mut TwccRecorder, now: Instant, room: usize) -> Vec<(u16, Option<i64>)> {
    let mut told = Vec::new();
    let mut buffer = vec![0; room];
    loop {
        let mut writer = CompoundWriter::new(&mut buffer);
        if !recorder.write_feedback(now, &mut writer).unwrap() {
            assert_eq!(recorder.poll_timeout(), None);
            return told;
        }
        let packets: Vec<_> = Compound::new(writer.finish()).collect();
        let [Ok(Packet::TransportFeedback(feedback))] = packets[..] else {
            panic!("{packets:?}")
        };
        for status in feedback.statuses() {
            match status {
                PacketStatus::NotReceived { first, count } => {
                    told.extend((0..count).map(|at| (first.wrapping_add(at), None)));
                }
                PacketStatus::Received { sequence, at } => {
                    told.push((
                        sequence,
                        Some(i64::from(feedback.reference_ticks()) + i64::from(at)),
                    ));
                }
            }
        }
    }
}

fn ticks(count: u32) -> Duration {
    TICK * count
}

#[test]
fn packets_that_come_late_are_told_and_duplicates_are_not() {
    let start = test_clock::start();
    let mut recorder = TwccRecorder::new(1);
    for (at, sequence) in [(0, 10), (4, 11), (8, 14), (9, 14), (12, 12)] {
        recorder.receive(start + ticks(at), 2, sequence);
    }
    assert_eq!(
        told(&mut recorder, start, 1200),
        [
            (10, Some(0)),
            (11, Some(4)),
            (12, Some(12)),
            (13, None),
            (14, Some(8))
        ]
    );
    recorder.receive(start + ticks(20), 2, 14);
    assert_eq!(recorder.poll_timeout(), None, "nothing new");
    recorder.receive(start + ticks(30), 2, 13);
    assert_eq!(told(&mut recorder, start, 1200), [(13, Some(30)), (14, Some(8))]);
    recorder.receive(start + ticks(40), 2, 9);
    assert_eq!(
        told(&mut recorder, start, 1200)[0],
        (9, Some(40)),
        "before the first"
    );
    recorder.receive(start + ticks(50), 2, 10_u16.wrapping_sub(129));
    assert_eq!(recorder.poll_timeout(), None, "too far back");
}

#[test]
fn jumps_do_not_take_memory_and_it_goes_on_behind_them() {
    let start = test_clock::start();
    let mut recorder = TwccRecorder::new(1);
    recorder.receive(start, 2, 0);
    recorder.receive(start, 2, 1023);
    assert_eq!(told(&mut recorder, start, 1200).len(), 1024);
    recorder.receive(start, 2, 1023 + 1024);
    assert_eq!(told(&mut recorder, start, 1200).len(), 1024);
    recorder.receive(start, 2, 20_000);
    assert_eq!(told(&mut recorder, start, 1200), [(20_000, Some(0))]);
    // One stray packet changes nothing, two in a row are a sender that counts anew.
    recorder.receive(start, 2, 3000);
    recorder.receive(start, 2, 20_001);
    recorder.receive(start, 2, 3000);
    assert_eq!(told(&mut recorder, start, 1200), [(20_001, Some(0))]);
    recorder.receive(start, 2, 3001);
    assert_eq!(told(&mut recorder, start, 1200), [(3001, Some(0))]);
}

#[test]
fn long_silences_and_the_wrap_of_the_reference_time_are_told() {
    let start = test_clock::start();
    let mut recorder = TwccRecorder::new(1);
    // The reference time wraps after 2³² ticks, which is twelve days.
    let wrap = TICK * u32::MAX + TICK;
    recorder.receive(start, 2, 1);
    recorder.receive(start + ticks(32_767), 2, 2);
    recorder.receive(start + ticks(32_767 + 32_768), 2, 3);
    recorder.receive(start + wrap - ticks(3), 2, 4);
    recorder.receive(start + wrap + ticks(3), 2, 5);
    let told = told(&mut recorder, start + wrap, 1200);
    let end = 1 << 32;
    assert_eq!(
        told,
        [
            (1, Some(0)),
            (2, Some(32_767)),
            (3, Some(65_535)),
            (4, Some(end - 3)),
            (5, Some(end + 3))
        ]
    );
}

#[test]
fn noting_and_telling_does_not_allocate() {
    let start = test_clock::start();
    let mut recorder = TwccRecorder::new(1);
    let mut buffer = [0; 1200];
    let allocated = allocation_counter::measure(|| {
        for number in 0..20_000_u32 {
            let now = start + TICK * (number * 9);
            let sequence = number
                .wrapping_mul(if number % 50 == 0 { 7 } else { 1 })
                .to_be_bytes();
            recorder.receive(now, 2, u16::from_be_bytes([sequence[2], sequence[3]]));
            if recorder.poll_timeout().is_some_and(|due| due <= now) {
                let mut writer = CompoundWriter::new(&mut buffer);
                recorder.write_feedback(now, &mut writer).unwrap();
                let mut packets = Compound::new(writer.finish());
                assert!(packets.all(|packet| packet.is_ok()));
            }
        }
    });
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn the_interval_follows_the_rate() {
    let start = test_clock::start();
    let mut now = start;
    let mut recorder = TwccRecorder::new(1);
    let mut sequence = 0;
    let mut interval = |recorder: &mut TwccRecorder, gap: Duration| {
        let (mut last, mut interval) = (now, Duration::ZERO);
        for _ in 0..1000 {
            now += gap;
            recorder.receive(now, 2, sequence);
            sequence = sequence.wrapping_add(1);
            if recorder.poll_timeout().is_some_and(|due| due <= now) {
                assert!(!told(recorder, now, 1200).is_empty());
                (last, interval) = (now, now - last);
            }
        }
        interval.as_millis()
    };
    assert_eq!(interval(&mut recorder, Duration::from_millis(1)), 50);
    assert_eq!(interval(&mut recorder, Duration::from_millis(4)), 80);
    assert_eq!(interval(&mut recorder, Duration::from_millis(20)), 100);
    // Many at once do not wait.
    let mut burst = TwccRecorder::new(1);
    (0..511).for_each(|sequence| burst.receive(start, 2, sequence));
    assert!(burst.poll_timeout().unwrap() > start);
    burst.receive(start, 2, 511);
    assert_eq!(burst.poll_timeout(), Some(start));
}

#[test]
fn refuses_a_buffer_without_room_and_tells_later() {
    let start = test_clock::start();
    let mut recorder = TwccRecorder::new(1);
    recorder.receive(start, 2, 1);
    let mut small = [0; 20];
    let mut writer = CompoundWriter::new(&mut small);
    assert_eq!(
        recorder.write_feedback(start, &mut writer),
        Err(WriteError::BufferTooSmall)
    );
    assert_eq!(writer.len(), 0);
    assert_eq!(told(&mut recorder, start, 24), [(1, Some(0))]);
}

proptest! {
    #[test]
    fn everything_that_arrives_is_told(
        first: u16,
        steps in vec((prop_oneof![8 => 1_u16..2, 2 => 2_u16..40, 1 => 40_u16..300], prop_oneof![8 => 0_u32..20, 2 => 0_u32..700, 1 => 0_u32..40_000]), 1..300),
        room in 28_usize..300,
    ) {
        let start = test_clock::start();
        let mut recorder = TwccRecorder::new(1);
        let (mut sequence, mut at, mut expected, mut all) = (first, 0, Vec::new(), Vec::new());
        for (step, (gap, wait)) in steps.iter().enumerate() {
            if step > 0 {
                for missing in 1..*gap {
                    expected.push((sequence.wrapping_add(missing), None));
                }
                sequence = sequence.wrapping_add(*gap);
                at += wait;
            }
            recorder.receive(start + ticks(at), 2, sequence);
            expected.push((sequence, Some(i64::from(at))));
            if recorder.poll_timeout().is_some_and(|due| due <= start + ticks(at)) {
                all.extend(told(&mut recorder, start + ticks(at), room));
            }
        }
        all.extend(told(&mut recorder, start + ticks(at), room));
        prop_assert_eq!(all, expected);
    }

    #[test]
    fn hostile_numbers_are_told_at_most_in_a_window(sequences in vec((any::<u16>(), 0_u32..5000), 0..200), room in 28_usize..1200) {
        let start = test_clock::start();
        let mut recorder = TwccRecorder::new(1);
        let mut at = 0;
        for (sequence, wait) in sequences {
            at += wait;
            recorder.receive(start + ticks(at), 2, sequence);
            if wait % 7 == 0 {
                prop_assert!(told(&mut recorder, start + ticks(at), room).len() <= 1024);
            }
        }
    }

    #[test]
    fn hostile_feedback_is_bounded_by_its_size(count: u16, rest in vec(any::<u8>(), 0..80)) {
        let body = feedback(9, count, &[], &rest);
        if let Ok(read) = TransportFeedback::read(&body) {
            let mut next = read.base_sequence;
            let mut steps = 0;
            for status in read.statuses() {
                steps += 1;
                next = match status {
                    PacketStatus::NotReceived { first, count } => {
                        prop_assert_eq!(first, next);
                        prop_assert!(count > 0);
                        next.wrapping_add(count)
                    }
                    PacketStatus::Received { sequence, .. } => {
                        prop_assert_eq!(sequence, next);
                        next.wrapping_add(1)
                    }
                };
            }
            prop_assert_eq!(next, read.base_sequence.wrapping_add(count));
            // Folding goes the same way, from any point.
            for skip in [0, 1, 5] {
                let mut one_by_one = read.statuses();
                let mut folded = read.statuses();
                (0..skip).for_each(|_| assert_eq!(one_by_one.next(), folded.next()));
                let mut all = Vec::new();
                folded.for_each(|status| all.push(status));
                let mut expected = Vec::new();
                for status in one_by_one {
                    expected.push(status);
                }
                prop_assert_eq!(all, expected);
            }
            prop_assert!(steps <= rest.len() * 8);
        }
    }
}
