use std::{io::Cursor, sync::LazyLock};

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

/// Twelve seconds of something that is not the same anywhere, in a file large enough to be halved several times,
/// and the sound it decodes to.
static LONG: LazyLock<(Vec<u8>, Vec<i16>)> = LazyLock::new(|| {
    let config = EncoderConfig {
        application: Application::Audio,
        bitrate_bps: 400_000,
        ..EncoderConfig::default()
    };
    let mut encoder = Encoder::new(config).unwrap();
    let head = OpusHead::for_encoder(&encoder);
    let mut writer = Writer::new(Vec::new(), 7, &head, &OpusTags::default()).unwrap();
    let mut bytes = [0; MAX_PACKET_BYTES];
    let sweep: Vec<i16> = (0..600 * 960)
        .map(|i| {
            let t = i as f32 / 48_000.0;
            crate::format::saturate((t * t * 900.0).sin() * 6000.0 + (t * 3000.0).sin() * 3000.0)
        })
        .collect();
    for frame in sweep.chunks(960) {
        let length = encoder.encode(frame, &mut bytes).unwrap();
        writer.write_packet(&bytes[..length]).unwrap();
    }
    let file = writer.finish(Some(575_000)).unwrap();
    let sound = read(&file);
    (file, sound)
});

fn read(file: &[u8]) -> Vec<i16> {
    Reader::new(Cursor::new(file))
        .unwrap()
        .read_samples(ReadLimits::default())
        .unwrap()
}

#[test]
fn says_its_length_without_losing_its_place() {
    let (file, sound) = &*LONG;
    let mut reader = Reader::new(Cursor::new(file)).unwrap();
    assert_eq!(reader.length().unwrap(), 575_000 - 312);
    assert_eq!(reader.length().unwrap(), sound.len() as u64);
    assert_eq!(reader.read_samples(ReadLimits::default()).unwrap(), *sound);
    assert_eq!(reader.length().unwrap(), sound.len() as u64);
}

#[test]
fn a_place_behind_the_end_leaves_nothing() {
    let (file, sound) = &*LONG;
    let mut reader = Reader::new(Cursor::new(file)).unwrap();
    for place in [sound.len() as u64, u64::MAX] {
        reader.seek(place).unwrap();
        assert_eq!(
            reader.read_samples(ReadLimits::default()).unwrap(),
            [] as [i16; 0]
        );
    }
    reader.seek(0).unwrap();
    assert_eq!(reader.read_samples(ReadLimits::default()).unwrap(), *sound);
}

#[test]
fn streams_one_behind_the_other_follow_without_a_gap() {
    let config = EncoderConfig::default();
    let (one, mut other) = (file(48_000, config.clone()), file(10_000, config));
    let both = [&one[..], &other].concat();
    let (first, second) = (read(&one), read(&other));
    // As `cat` makes them, with the same serial number, and as RFC 3533 wants them.
    assert_eq!(read(&both), [&first[..], &second].concat());
    set_serial(&mut other, 8);
    let both = [&one[..], &other].concat();
    assert_eq!(read(&both), [&first[..], &second].concat());
    // The first was cut off before its end.
    let cut = [&one[..one.len() - 100], &other].concat();
    let joined = read(&cut);
    assert!(joined.ends_with(&second) && joined.len() < first.len() + second.len());

    let mut reader = Reader::new(Cursor::new(&both)).unwrap();
    assert_eq!(reader.length().unwrap(), 48_000);
    while reader.next_packet().unwrap().is_some() {}
    assert!(reader.next_stream().unwrap());
    assert_eq!(reader.length().unwrap(), 10_000);
    reader.seek(9_000).unwrap();
    assert_eq!(reader.read_samples(ReadLimits::default()).unwrap().len(), 1_000);
    assert!(!reader.next_stream().unwrap());
}

#[test]
fn a_stream_beside_it_is_passed_over() {
    let (mine, mut beside) = (
        file(48_000, EncoderConfig::default()),
        file(960, EncoderConfig::default()),
    );
    set_serial(&mut beside, 9);
    let page = |bytes: &[u8], index: usize| {
        let starts = page_starts(bytes);
        let end = starts.get(index + 1).copied().unwrap_or(bytes.len());
        bytes[starts[index]..end].to_vec()
    };
    let mut mixed = [page(&mine, 0), page(&beside, 0)].concat();
    for index in 1..page_starts(&mine).len() {
        mixed.extend(page(&mine, index));
        if index < 3 {
            mixed.extend(page(&beside, index));
        }
    }
    assert_eq!(read(&mixed), read(&file(48_000, EncoderConfig::default())));
}

#[test]
fn damage_costs_the_pages_it_hits_and_positions_stay_right() {
    let (file, sound) = &*LONG;
    let starts = page_starts(file);
    let mut damaged = file.clone();
    damaged[starts[5] + 100] ^= 1;
    let lost = read(&damaged);
    assert_eq!(sound.len() - lost.len(), 48_000);
    // And with rubbish between two pages.
    let mut rubbish = file[..starts[5]].to_vec();
    rubbish.extend(b"OggS, which is not a page at all, and then some OggOggS");
    rubbish.extend(&file[starts[5]..]);
    assert_eq!(read(&rubbish), *sound);
    let mut reader = Reader::new(Cursor::new(&damaged)).unwrap();
    let (mut holes, mut end) = (0, 0);
    while let Some(packet) = reader.next_packet().unwrap() {
        holes += usize::from(packet.after_hole);
        end = packet.granule_position.unwrap_or(end);
    }
    assert_eq!((holes, end), (1, 575_000));
}

#[test]
fn refuses_a_file_of_fronts_without_pages() {
    let mut file = file(960, EncoderConfig::default());
    let sound_at = page_starts(&file)[2];
    file.truncate(sound_at);
    for _ in 0..1000 {
        file.extend(b"OggS\0\0");
        file.extend([1; 40]);
    }
    let mut reader = Reader::new(Cursor::new(&file)).unwrap();
    assert!(matches!(
        reader.next_packet(),
        Err(Error::Ogg("a page with a wrong checksum"))
    ));
}

#[test]
fn a_killed_writer_leaves_all_but_the_last_second() {
    /// What a crash would leave: bytes that were flushed.
    #[derive(Default)]
    struct Flushed {
        pending: Vec<u8>,
        safe: Vec<u8>,
    }
    impl std::io::Write for Flushed {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.pending.extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            self.safe.append(&mut self.pending);
            Ok(())
        }
    }
    for frame in [FrameDuration::Ms2_5, FrameDuration::Ms20, FrameDuration::Ms120] {
        let mut encoder = Encoder::new(EncoderConfig {
            frame,
            ..EncoderConfig::default()
        })
        .unwrap();
        let head = OpusHead::for_encoder(&encoder);
        let mut writer = Writer::new(Flushed::default(), 7, &head, &OpusTags::default()).unwrap();
        let mut bytes = [0; MAX_PACKET_BYTES];
        for sound in tone(150_000).chunks_exact(encoder.config().frame_len()) {
            let length = encoder.encode(sound, &mut bytes).unwrap();
            writer.write_packet(&bytes[..length]).unwrap();
            let safe = &writer.sink().safe;
            let mut reader = Reader::new(Cursor::new(safe)).unwrap();
            let saved = reader.length().unwrap() + u64::from(head.pre_skip);
            assert!(writer.position() <= saved.max(312) + 48_000);
        }
        assert!(read(&writer.sink().safe).len() >= 96_000);
    }
}

fn page_starts(bytes: &[u8]) -> Vec<usize> {
    let is_start = |(at, window): (usize, &[u8])| (window == b"OggS").then_some(at);
    bytes.windows(4).enumerate().filter_map(is_start).collect()
}

fn set_serial(bytes: &mut [u8], serial: u32) {
    for start in page_starts(bytes) {
        bytes[start + 14..start + 18].copy_from_slice(&serial.to_le_bytes());
    }
    repair_checksums(bytes);
}

fn repair_checksums(bytes: &mut [u8]) {
    let starts = page_starts(bytes);
    for (i, start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(bytes.len());
        if end - start >= 27 {
            bytes[start + 22..start + 26].fill(0);
            let crc = crc(&bytes[*start..end]);
            bytes[start + 22..start + 26].copy_from_slice(&crc.to_le_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_place_sounds_as_when_read_from_the_start(place in 0..570_000usize) {
        let (file, sound) = &*LONG;
        let mut reader = Reader::new(Cursor::new(file)).unwrap();
        reader.seek(place as u64).unwrap();
        // At least the pre-roll, where there is so much before it; at most that, a page and a packet.
        prop_assert!(reader.skip() >= 3840.min(place as u64 + 312));
        prop_assert!(reader.skip() <= 3840 + 48_000 + 5_760);
        let found = reader.read_samples(ReadLimits::default()).unwrap();
        let expected = &sound[place..];
        prop_assert_eq!(found.len(), expected.len());
        let power = |samples: &mut dyn Iterator<Item = f64>| samples.map(|sample| sample * sample).sum::<f64>();
        let between = |ours: &[i16], theirs: &[i16]| {
            power(&mut ours.iter().zip(theirs).map(|(a, b)| f64::from(*a) - f64::from(*b)))
        };
        let off = between(&found, expected);
        let all = power(&mut expected.iter().map(|sample| f64::from(*sample)));
        // A decoder that starts elsewhere settles to -40 dB nearly everywhere, to -29 dB in the worst place known. One sample
        // beside it would be -27 dB where the sweep is slowest, and worse than the place itself wherever that is.
        prop_assert!(off <= all * 1e-2, "{off} of {all}");
        if let ([_, later @ ..], [_, expected_later @ ..]) = (found.as_slice(), expected) {
            let beside = between(later, expected).min(between(&found, expected_later));
            prop_assert!(off <= all * 1e-4 || off < beside, "{off} and {beside} of {all}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_reads_to_its_last_whole_page(cut in any::<prop::sample::Index>()) {
        let (file, sound) = &*LONG;
        let starts = page_starts(file);
        let cut = starts[2] + cut.index(file.len() - starts[2]);
        let whole = starts.iter().filter(|start| **start <= cut).count() - 3;
        let found = read(&file[..cut]);
        // 50 packets on each page.
        prop_assert_eq!(found.len(), (whole * 48_000).saturating_sub(312));
        prop_assert_eq!(&found[..], &sound[..found.len()]);
    }
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
        seek in any::<u64>(),
    ) {
        let mut bytes = file(4_800, EncoderConfig::default());
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if repair {
            // Checksums that fit let the damage reach what lies behind them.
            repair_checksums(&mut bytes);
        }
        if let Ok(mut reader) = Reader::new(Cursor::new(bytes)) {
            let _ = reader.length();
            let _ = reader.seek(seek);
            if let Ok(sound) = reader.read_samples(ReadLimits::default()) {
                prop_assert!(sound.len() < 48_000 * 30);
            }
        }
    }
}
