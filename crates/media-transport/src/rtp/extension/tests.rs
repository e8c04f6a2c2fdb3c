use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::error::ParseError;
use crate::rtcp::NtpTime;
use crate::rtp::{Packet, PacketBuilder};

#[test]
fn every_kind_has_its_name_and_slot() {
    let mut map = ExtensionMap::new();
    for (id, kind) in (1..).zip(ExtensionKind::ALL) {
        assert_eq!(ExtensionKind::from_uri(kind.uri()), Some(kind));
        assert!(kind.slot() > 0 && kind.slot() < map::KIND_SLOTS);
        map.set(kind, id);
    }
    for (id, kind) in (1..).zip(ExtensionKind::ALL) {
        assert_eq!((map.id(kind), map.kind(id)), (Some(id), Some(kind)));
    }
    assert_eq!(
        ExtensionKind::from_uri("urn:ietf:params:rtp-hdrext:toffset"),
        None
    );
}

#[test]
fn an_id_has_one_extension_and_an_extension_one_id() {
    let mut map = ExtensionMap::new()
        .with(ExtensionKind::Mid, 4)
        .with(ExtensionKind::Rid, 5);
    map.set(ExtensionKind::Mid, 5);
    assert_eq!(
        (map.id(ExtensionKind::Mid), map.id(ExtensionKind::Rid)),
        (Some(5), None)
    );
    assert_eq!((map.kind(4), map.kind(5)), (None, Some(ExtensionKind::Mid)));
    map.set(ExtensionKind::Mid, 0);
    assert_eq!(map, ExtensionMap::new());
    map.set(ExtensionKind::Mid, 5);
    map.set(ExtensionKind::Mid, 5);
    assert_eq!(map.id(ExtensionKind::Mid), Some(5));
}

#[test]
fn finds_all_values_in_either_form() {
    let map = ExtensionMap::new()
        .with(ExtensionKind::AudioLevel, 1)
        .with(ExtensionKind::TransportSequence, 3)
        .with(ExtensionKind::Mid, 4)
        .with(ExtensionKind::DependencyDescriptor, 13);
    for long in [&b"0123"[..], &[7; 40]] {
        let mut buffer = [0; 128];
        let length = PacketBuilder::new(111, 1, 2, 3)
            .extension(4, b"audio")
            .extension(9, b"?")
            .extension(3, &[0x12, 0x34])
            .extension(1, &[0x80 | 30])
            .extension(13, long)
            .extension(1, &[1])
            .write(b"sound", &mut buffer)
            .unwrap();
        let packet = Packet::parse(&buffer[..length]).unwrap();
        let values = packet.extension_values(&map);
        assert_eq!(
            values.audio_level(),
            Some(AudioLevel {
                below_overload_db: 30,
                is_voice: true
            }),
            "the first of two"
        );
        assert_eq!(values.transport_sequence(), Some(TransportSequence(0x1234)));
        assert_eq!(values.mid().unwrap().as_str(), "audio");
        assert_eq!(values.dependency_descriptor(), Some(long));
        assert_eq!((values.rid(), values.abs_send_time()), (None, None));
    }
}

#[test]
fn refuses_values_of_the_wrong_length() {
    let truncated = ParseError::truncated;
    let leftover = ParseError::leftover;
    assert_eq!(AudioLevel::read(&[]), Err(truncated("audio level")));
    assert_eq!(AbsSendTime::read(&[1, 2]), Err(truncated("abs-send-time")));
    assert_eq!(AbsSendTime::read(&[1, 2, 3, 4]), Err(leftover("abs-send-time")));
    assert_eq!(
        TransportSequence::read(&[1]).unwrap_err().kind,
        truncated("").kind
    );
    assert_eq!(
        VideoOrientation::read(&[1, 2]),
        Err(leftover("video orientation"))
    );
    assert_eq!(VideoContentType::read(&[]), Err(truncated("video content type")));
    assert_eq!(PlayoutDelay::read(&[0, 0]), Err(truncated("playout delay")));
    assert_eq!(
        PlayoutDelay::read(&[0, 0x20, 1]),
        Err(ParseError::invalid("playout delay"))
    );
    assert_eq!(AbsCaptureTime::read(&[0; 7]), Err(truncated("abs-capture-time")));
    assert_eq!(AbsCaptureTime::read(&[0; 12]), Err(truncated("abs-capture-time")));
    assert_eq!(AbsCaptureTime::read(&[0; 17]), Err(leftover("abs-capture-time")));
    assert_eq!(FrameMarking::read(&[0; 4]), Err(leftover("frame marking")));
    for bad in [&b""[..], b"a b", b"0123456789abcdefg", &[0xc3, 0xa4], b"a\0"] {
        assert_eq!(StreamId::read(bad), Err(ParseError::invalid("stream id")));
    }
}

#[test]
fn send_times_wrap_after_64_seconds() {
    let early = AbsSendTime::at(Duration::from_millis(63_900));
    let late = AbsSendTime::at(Duration::from_millis(64_100));
    assert_eq!(AbsSendTime::at(Duration::from_secs(1)).to_bytes(), [4, 0, 0]);
    assert_eq!(AbsSendTime::at(Duration::from_secs(64)).ticks(), 0);
    assert!((52_428..=52_430).contains(&late.ticks_since(early)));
    assert!((-52_430..=-52_428).contains(&early.ticks_since(late)));
    assert_eq!(AbsSendTime::read(&late.to_bytes()), Ok(late));
}

#[test]
fn reads_frame_markings_of_every_length() {
    let short = FrameMarking::read(&[0b1010_1111]).unwrap();
    assert!(short.start_of_frame && !short.end_of_frame && short.is_independent && !short.is_discardable);
    assert_eq!(
        (short.base_layer_sync, short.temporal_id, short.layer_id),
        (false, 0, None)
    );
    let long = FrameMarking::read(&[0b0101_1010, 0x40, 9]).unwrap();
    assert!(long.end_of_frame && long.is_discardable && long.base_layer_sync);
    assert_eq!(
        (long.temporal_id, long.layer_id, long.tl0_pic_idx),
        (2, Some(0x40), Some(9))
    );
}

proptest! {
    #[test]
    fn values_read_back(
        db in 0_u8..128, is_voice: bool, bits in 0_u8..16, sequence: u16, min in 0_u64..41_000, max in 0_u64..41_000,
        captured: u64, clock_offset: Option<i64>, name in "[-_a-zA-Z0-9]{1,16}",
    ) {
        let level = AudioLevel { below_overload_db: db, is_voice };
        prop_assert_eq!(AudioLevel::read(&level.to_bytes()), Ok(level));
        let orientation = VideoOrientation::read(&[bits]).unwrap();
        prop_assert_eq!(orientation.to_bytes(), [bits]);
        let sequence = TransportSequence(sequence);
        prop_assert_eq!(TransportSequence::read(&sequence.to_bytes()), Ok(sequence));
        let delay = PlayoutDelay::new(Duration::from_millis(min), Duration::from_millis(max));
        prop_assert_eq!(PlayoutDelay::read(&delay.to_bytes()), Ok(delay));
        prop_assert_eq!(delay.min().as_millis(), u128::from(min.min(40_950) / 10 * 10));
        prop_assert!(delay.max() >= delay.min() && delay.max() <= PlayoutDelay::LONGEST);
        let time = AbsCaptureTime { captured: NtpTime(captured), clock_offset };
        let (bytes, length) = time.to_bytes();
        prop_assert_eq!(AbsCaptureTime::read(&bytes[..length]), Ok(time));
        let id = StreamId::read(name.as_bytes()).unwrap();
        prop_assert_eq!((id.as_str(), id.to_string()), (name.as_str(), name.clone()));
    }

    #[test]
    fn one_walk_finds_what_single_searches_find(
        block in proptest::collection::vec(any::<u8>(), 0..80), two_byte: bool, ids in any::<[u8; 12]>(),
    ) {
        let mut bytes = vec![0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend_from_slice(if two_byte { &[0x10, 0] } else { &[0xbe, 0xde] });
        let words = u16::try_from(block.len() / 4).unwrap();
        bytes.extend_from_slice(&words.to_be_bytes());
        bytes.extend_from_slice(&block);
        let packet = Packet::parse(&bytes).unwrap();
        let mut map = ExtensionMap::new();
        for (kind, id) in ExtensionKind::ALL.into_iter().zip(ids) {
            map.set(kind, if two_byte { id } else { id % 15 });
        }
        let values = packet.extension_values(&map);
        for kind in ExtensionKind::ALL {
            prop_assert_eq!(values.value(kind), map.id(kind).and_then(|id| packet.extension(id)));
        }
    }
}
