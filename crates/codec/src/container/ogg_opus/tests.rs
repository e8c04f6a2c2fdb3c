use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::{
    Error,
    container::ReadLimits,
    opus::{Application, Channels, Encoder, EncoderConfig, FrameDuration, MAX_PACKET_BYTES},
};

fn tone(length: usize) -> Vec<i16> {
    (0..length)
        .map(|i| crate::format::saturate((i as f32 * 0.03).sin() * 8000.0))
        .collect()
}

/// A file with `length` samples of sound, encoded and trimmed as a recorder would.
fn file(length: usize, config: EncoderConfig) -> Vec<u8> {
    let frame = config.frame_len();
    let mut encoder = Encoder::new(config).unwrap();
    let head = OpusHead::for_encoder(&encoder);
    let tags = OpusTags {
        comments: vec!["TITLE=a tone".to_owned()],
        ..OpusTags::default()
    };
    let mut writer = Writer::new(Vec::new(), 7, &head, &tags).unwrap();
    let end = length + usize::from(head.pre_skip);
    let mut sound = tone(length);
    sound.resize(end.next_multiple_of(frame), 0);
    let mut bytes = [0; MAX_PACKET_BYTES];
    for frame in sound.chunks(frame) {
        let length = encoder.encode(frame, &mut bytes).unwrap();
        writer.write_packet(&bytes[..length]).unwrap();
    }
    writer.finish(Some(end as u64)).unwrap()
}

#[test]
fn round_trips_to_the_sample() {
    for frame in [
        FrameDuration::Ms2_5,
        FrameDuration::Ms20,
        FrameDuration::Ms60,
        FrameDuration::Ms120,
    ] {
        for length in [1, 960, 48_000, 200_001] {
            let file = file(
                length,
                EncoderConfig {
                    frame,
                    ..EncoderConfig::default()
                },
            );
            let mut reader = Reader::new(Cursor::new(&file)).unwrap();
            assert_eq!(reader.head().pre_skip, 312);
            assert_eq!(reader.tags().comments, ["TITLE=a tone"]);
            let sound = reader.read_samples(ReadLimits::default()).unwrap();
            assert_eq!(sound.len(), length, "{frame:?}");
        }
    }
    let music = EncoderConfig {
        application: Application::Audio,
        bitrate_bps: 64_000,
        ..EncoderConfig::default()
    };
    let sound = Reader::new(Cursor::new(file(48_000, music)))
        .unwrap()
        .read_samples(ReadLimits::default())
        .unwrap();
    let original = tone(48_000);
    let (mut difference, mut power) = (0.0, 0.0);
    for (a, b) in original[9_600..40_000].iter().zip(&sound[9_600..40_000]) {
        difference += (f64::from(*a) - f64::from(*b)).powi(2);
        power += f64::from(*a).powi(2);
    }
    assert!(
        difference < power * 0.05,
        "pre-skip puts the sound in place: {}",
        difference / power
    );
}

#[test]
fn pages_hold_a_second_at_most_and_positions_are_right() {
    let file = file(200_000, EncoderConfig::default());
    let mut reader = Reader::new(Cursor::new(&file)).unwrap();
    let (mut position, mut on_page, mut last) = (0, 0, None);
    while let Some(packet) = reader.next_packet().unwrap() {
        position += packet.samples as u64;
        on_page += packet.samples;
        assert!(on_page <= 48_000);
        if let Some(granule) = packet.granule_position {
            assert_eq!(granule + packet.trim_end as u64, position);
            on_page = 0;
        }
        last = Some(packet);
    }
    assert_eq!(last.unwrap().granule_position, Some(200_312));
}

#[test]
fn refuses_what_is_no_opus_file() {
    let name = |bytes: &[u8]| match Reader::new(Cursor::new(bytes)) {
        Err(Error::Ogg(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(name(b""), "it ends before the headers");
    assert_eq!(name(&[0; 100]), "no Ogg page where one should start");
    assert_eq!(
        name(b"RIFF....WAVEfmt and so on, which is no Ogg"),
        "no Ogg page where one should start"
    );
    let good = file(960, EncoderConfig::default());
    let mut bad = good.clone();
    bad[30] ^= 1;
    assert_eq!(name(&bad), "a page with a wrong checksum");
    assert_eq!(name(&good[..40]), "it ends before the headers");
    for (at, value, reason) in [
        (0, b'o', "the first packet is no OpusHead"),
        (8, 0x10, "OpusHead of a later major version"),
        (9, 3, "mapping family 0 with neither 1 nor 2 channels"),
        (18, 1, "only mono and stereo streams (mapping family 0) are read"),
    ] {
        let mut head = OpusHead {
            channels: Channels::Mono,
            pre_skip: 0,
            input_sample_rate_hz: 0,
            output_gain_q8: 0,
        }
        .to_bytes();
        head[at] = value;
        assert!(
            matches!(OpusHead::parse(&head), Err(Error::Ogg(r)) if r == reason),
            "{reason}"
        );
    }
    assert!(OpusTags::parse(b"OpusTags\x00\x00\x00\x00\xff\xff\xff\xff").is_err());
    assert!(OpusTags::parse(b"OpusTags\xff\xff\xff\xff").is_err());
}

#[test]
fn a_file_cut_off_gives_what_is_there_and_a_limit_is_kept() {
    let file = file(200_000, EncoderConfig::default());
    let sound = Reader::new(Cursor::new(&file[..file.len() * 2 / 3]))
        .unwrap()
        .read_samples(ReadLimits::default())
        .unwrap();
    assert!(sound.len() > 48_000 && sound.len() < 200_000);
    let limits = ReadLimits {
        max_duration: std::time::Duration::from_secs(2),
    };
    assert!(matches!(
        Reader::new(Cursor::new(&file)).unwrap().read_samples(limits),
        Err(Error::TooLong { limit_seconds: 2 })
    ));
}

#[test]
fn a_packet_without_end_is_refused() {
    // Headers, then one packet continued over pages for ever.
    let good = file(960, EncoderConfig::default());
    let mut bytes = good.clone();
    for sequence in 2u32..40 {
        let mut page = b"OggS\0".to_vec();
        page.push(u8::from(sequence > 2));
        page.extend(u64::MAX.to_le_bytes());
        page.extend(7u32.to_le_bytes());
        page.extend(sequence.to_le_bytes());
        page.extend([0; 4]);
        page.push(255);
        page.extend([255; 255]);
        page.extend([0; 255 * 255]);
        let crc = crc(&page);
        page[22..26].copy_from_slice(&crc.to_le_bytes());
        if sequence == 2 {
            let end_of_headers = good
                .windows(4)
                .enumerate()
                .filter(|(_, w)| w == b"OggS")
                .nth(2)
                .unwrap()
                .0;
            bytes.truncate(end_of_headers);
        }
        bytes.extend(page);
    }
    let mut reader = Reader::new(Cursor::new(bytes)).unwrap();
    assert!(matches!(
        reader.next_packet(),
        Err(Error::Ogg("a packet over one megabyte"))
    ));
}

fn crc(page: &[u8]) -> u32 {
    page.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc: u32, _| {
            if crc >> 31 == 1 {
                crc << 1 ^ 0x04c1_1db7
            } else {
                crc << 1
            }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_can_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(mut reader) = Reader::new(Cursor::new(bytes)) {
            let _ = reader.read_samples(ReadLimits::default());
        }
    }

    #[test]
    fn no_damage_can_break_it(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        repair in any::<bool>(),
    ) {
        let mut bytes = file(4_800, EncoderConfig::default());
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if repair {
            // Checksums that fit let the damage reach what lies behind them.
            let starts: Vec<usize> = bytes.windows(4).enumerate().filter(|(_, w)| w == b"OggS").map(|(i, _)| i).collect();
            for (i, start) in starts.iter().enumerate() {
                let end = starts.get(i + 1).copied().unwrap_or(bytes.len());
                if end - start >= 27 {
                    bytes[start + 22..start + 26].fill(0);
                    let crc = crc(&bytes[*start..end]);
                    bytes[start + 22..start + 26].copy_from_slice(&crc.to_le_bytes());
                }
            }
        }
        if let Ok(mut reader) = Reader::new(Cursor::new(bytes))
            && let Ok(sound) = reader.read_samples(ReadLimits::default())
        {
            prop_assert!(sound.len() < 48_000 * 30);
        }
    }
}
