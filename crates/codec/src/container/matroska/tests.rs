use std::{io::Cursor, time::Duration};

use matroska_demuxer::{Frame, MatroskaFile};
use proptest::prelude::*;

use super::*;
use crate::{
    Error,
    container::{
        annex_b, ivf,
        ogg_opus::OpusHead,
        video::{Av1Config, AvcConfig, VideoFormat},
    },
    opus::{Channels, Encoder, EncoderConfig, MAX_PACKET_BYTES},
};

const HEAD: OpusHead = OpusHead {
    channels: Channels::Mono,
    pre_skip: 312,
    input_sample_rate_hz: 48_000,
    output_gain_q8: 0,
};

/// One frame as it is given to the writer.
#[derive(Debug, Clone)]
struct Given {
    track: usize,
    time: Duration,
    is_keyframe: bool,
    data: Vec<u8>,
}

/// Three seconds of sound in packets of 20 ms, and the pictures of a pattern, one each 100 ms.
fn meeting(format: VideoFormat) -> (Vec<Track>, Vec<Given>) {
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    let mut packet = [0; MAX_PACKET_BYTES];
    let mut given: Vec<Given> = (0..150)
        .map(|i| {
            let length = encoder.encode(&[0; 960], &mut packet).unwrap();
            Given {
                track: 0,
                time: Duration::from_millis(20) * i,
                is_keyframe: true,
                data: packet[..length].to_vec(),
            }
        })
        .collect();
    let pictures = pictures(format);
    let codec = match format {
        VideoFormat::Vp8 => VideoCodec::Vp8,
        VideoFormat::Vp9 => VideoCodec::Vp9,
        VideoFormat::H264 => VideoCodec::H264(AvcConfig::from_annex_b(&pictures[0]).unwrap()),
        VideoFormat::Av1 => VideoCodec::Av1(Av1Config::from_temporal_unit(&pictures[0]).unwrap()),
    };
    let (width, height) = format.keyframe_size(&pictures[0]).unwrap();
    given.extend((0..).zip(pictures).map(|(i, data)| Given {
        track: 1,
        time: Duration::from_millis(100) * i + Duration::from_millis(3),
        is_keyframe: format.is_keyframe(&data),
        data,
    }));
    given.sort_by_key(|given| given.time);
    let tracks = vec![
        Track::opus(HEAD).named("everybody"),
        Track::video(codec, width, height),
    ];
    (tracks, given)
}

fn pictures(format: VideoFormat) -> Vec<Vec<u8>> {
    let file: &[u8] = match format {
        VideoFormat::Vp8 => include_bytes!("../../../tests/data/pattern-vp8.ivf"),
        VideoFormat::Vp9 => include_bytes!("../../../tests/data/pattern-vp9.ivf"),
        VideoFormat::Av1 => include_bytes!("../../../tests/data/pattern-av1.ivf"),
        VideoFormat::H264 => {
            let mut reader = annex_b::Reader::new(&include_bytes!("../../../tests/data/pattern.h264")[..]);
            return std::iter::from_fn(|| reader.next_unit().unwrap()).collect();
        }
    };
    let mut reader = ivf::Reader::new(file).unwrap();
    std::iter::from_fn(|| reader.next_frame().unwrap())
        .map(|frame| frame.data)
        .collect()
}

fn writer(tracks: &[Track], given: &[Given]) -> MatroskaWriter<Cursor<Vec<u8>>> {
    let mut writer = MatroskaWriter::create(Cursor::new(Vec::new()), tracks).unwrap();
    for given in given {
        writer
            .write(given.track, given.time, given.is_keyframe, &given.data)
            .unwrap();
    }
    writer
}

/// What another reader finds. A file that breaks off ends where it does.
fn frames(bytes: &[u8]) -> Vec<Frame> {
    let Ok(mut file) = MatroskaFile::open(Cursor::new(bytes)) else {
        return Vec::new();
    };
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while file.next_frame(&mut frame).unwrap_or(false) {
        frames.push(frame.clone());
    }
    frames
}

fn assert_same(given: &[Given], frames: &[Frame]) {
    assert_eq!(given.len(), frames.len());
    for (given, frame) in given.iter().zip(frames) {
        assert_eq!(frame.track, given.track as u64 + 1);
        assert_eq!(Duration::from_millis(frame.timestamp), given.time);
        assert_eq!(frame.is_keyframe, Some(given.is_keyframe));
        assert_eq!(frame.data, given.data);
    }
}

#[test]
fn another_reader_finds_the_tracks_and_every_frame() {
    for (format, codec_id) in [(VideoFormat::Vp8, "V_VP8"), (VideoFormat::Vp9, "V_VP9")] {
        let (tracks, given) = meeting(format);
        for bytes in [
            writer(&tracks, &given).finish().unwrap().into_inner(),
            writer(&tracks, &given).finish_seekable().unwrap().into_inner(),
        ] {
            assert_same(&given, &frames(&bytes));
            let file = MatroskaFile::open(Cursor::new(&bytes)).unwrap();
            assert_eq!(file.ebml_header().doc_type(), "webm");
            let [sound, video] = file.tracks() else {
                panic!("two tracks")
            };
            assert_eq!((sound.codec_id(), sound.name()), ("A_OPUS", Some("everybody")));
            assert_eq!(sound.codec_private(), Some(&HEAD.to_bytes()[..]));
            assert_eq!(
                (sound.codec_delay(), sound.seek_pre_roll()),
                (Some(6_500_000), Some(80_000_000))
            );
            assert_eq!(sound.audio().unwrap().sampling_frequency(), 48_000.0);
            assert_eq!(video.codec_id(), codec_id);
            let video = video.video().unwrap();
            assert_eq!((video.pixel_width().get(), video.pixel_height().get()), (64, 48));
        }
    }
}

#[test]
fn h264_becomes_length_prefixed_and_the_file_matroska() {
    let (tracks, given) = meeting(VideoFormat::H264);
    let bytes = writer(&tracks, &given).finish_seekable().unwrap().into_inner();
    let file = MatroskaFile::open(Cursor::new(&bytes)).unwrap();
    assert_eq!(file.ebml_header().doc_type(), "matroska");
    let video = &file.tracks()[1];
    assert_eq!(video.codec_id(), "V_MPEG4/ISO/AVC");
    assert_eq!(video.codec_private().unwrap()[..2], [1, 66]);
    for (given, frame) in given
        .iter()
        .zip(frames(&bytes))
        .filter(|(given, _)| given.track == 1)
    {
        let mut rest = &frame.data[..];
        let mut units = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk() {
            let (unit, after) = after.split_at(u32::from_be_bytes(*length) as usize);
            units.push(unit);
            rest = after;
        }
        let expected: Vec<&[u8]> = annex_b::nal_units(&given.data).collect();
        assert_eq!(units, expected);
    }
}

#[test]
fn av1_loses_its_temporal_delimiters() {
    let (tracks, given) = meeting(VideoFormat::Av1);
    let bytes = writer(&tracks, &given).finish_seekable().unwrap().into_inner();
    let file = MatroskaFile::open(Cursor::new(&bytes)).unwrap();
    assert_eq!(file.ebml_header().doc_type(), "webm");
    assert_eq!(file.tracks()[1].codec_private().unwrap()[0], 0x81);
    for (given, frame) in given
        .iter()
        .zip(frames(&bytes))
        .filter(|(given, _)| given.track == 1)
    {
        assert_eq!(given.data[..2], [0x12, 0]);
        assert_eq!(frame.data, given.data[2..]);
    }
}

#[test]
fn a_finished_file_knows_its_length_and_players_can_jump() {
    let (tracks, given) = meeting(VideoFormat::Vp8);
    let bytes = writer(&tracks, &given).finish_seekable().unwrap().into_inner();
    let mut file = MatroskaFile::open(Cursor::new(&bytes)).unwrap();
    assert_eq!(file.info().duration(), Some(3000.0));
    for (to, first) in [(0, 0), (1003, 1003), (1500, 1500)] {
        file.seek(to).unwrap();
        let mut frame = Frame::default();
        assert!(file.next_frame(&mut frame).unwrap());
        assert_eq!(frame.timestamp, first);
    }
}

#[test]
fn clusters_start_with_keyframes_and_last_a_second_at_most() {
    let (tracks, given) = meeting(VideoFormat::Vp8);
    let mut sizes = Vec::new();
    let mut file = MatroskaWriter::create(Vec::new(), &tracks).unwrap();
    for given in &given {
        let before = file.bytes_written();
        file.write(given.track, given.time, given.is_keyframe, &given.data)
            .unwrap();
        if file.bytes_written() > before {
            sizes.push(given.time.as_millis());
        }
    }
    // At the keyframes at 3 ms and 1003 ms; after that, each second.
    assert_eq!(sizes, [3, 1003, 2020]);
}

#[test]
fn late_frames_are_put_in_order_and_time_never_goes_back_in_a_track() {
    let opus = [0xf8, 0xff, 0xfe];
    let tracks = [Track::opus(HEAD), Track::opus(HEAD)];
    let mut file = MatroskaWriter::create(Vec::new(), &tracks).unwrap();
    for (track, ms) in [
        (0, 0),
        (0, 100),
        (1, 40),
        (0, 90),
        (0, 1200),
        (1, 900),
        (0, 90_000),
        (1, 1000),
        (0, u64::MAX),
    ] {
        file.write(track, Duration::from_millis(ms), true, &opus).unwrap();
    }
    let times: Vec<(u64, u64)> = frames(&file.finish().unwrap())
        .iter()
        .map(|frame| (frame.track, frame.timestamp))
        .collect();
    // What is 89 s late cannot be said: 16 bits of milliseconds are 32 s to either side.
    assert_eq!(times.len(), 9);
    assert_eq!(
        times[..7],
        [
            (1, 0),
            (2, 40),
            (1, 100),
            (1, 100),
            (2, 900),
            (1, 1200),
            (2, 58_000 - 32_000)
        ]
    );
}

#[test]
fn refuses_what_cannot_be_written() {
    let setting = |tracks: &[Track]| match MatroskaWriter::create(Vec::new(), tracks) {
        Err(Error::Setting(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(setting(&[]), "a file has 1 to 126 tracks");
    assert_eq!(
        setting(&vec![Track::opus(HEAD); 127]),
        "a file has 1 to 126 tracks"
    );
    let no_size = "a video track without width or height";
    assert_eq!(setting(&[Track::video(VideoCodec::Vp8, 0, 1)]), no_size);
    let (tracks, _) = meeting(VideoFormat::H264);
    let mut file = MatroskaWriter::create(Vec::new(), &tracks).unwrap();
    let written = file.bytes_written();
    let zero = Duration::ZERO;
    assert!(matches!(
        file.write(2, zero, true, &[1]),
        Err(Error::Setting("no such track"))
    ));
    assert!(matches!(file.write(0, zero, true, &[]), Err(Error::Packet(_))));
    let empty = "a frame with nothing in it";
    assert!(matches!(file.write(1, zero, true, &[7; 5]), Err(Error::Video(reason)) if reason == empty));
    file.flush().unwrap();
    assert_eq!(file.bytes_written(), written);
}

#[test]
fn a_whole_file_needs_no_repair_and_others_are_left_alone() {
    let (tracks, given) = meeting(VideoFormat::Vp8);
    let mut file = writer(&tracks, &given).finish_seekable().unwrap();
    let before = file.get_ref().clone();
    assert_eq!(repair(&mut file).unwrap(), Repaired::Whole);
    assert_eq!(*file.get_ref(), before);
    let foreign = "not a file this crate has written";
    for bytes in [b"RIFF....WAVE".to_vec(), vec![0; 100]] {
        let mut file = Cursor::new(bytes.clone());
        assert!(matches!(repair(&mut file), Err(Error::Matroska(reason)) if reason == foreign));
        assert_eq!(*file.get_ref(), bytes);
    }
}

/// The frames of `given` as they stand in the file, as far as `bytes` are there: the measure for any cut.
fn whole_before(bytes: &[u8], cut: usize, all: &[Frame]) -> usize {
    // Each frame's bytes are looked for behind those of the frame before.
    let mut at = 0;
    all.iter()
        .take_while(|frame| {
            let found = bytes[at..]
                .windows(frame.data.len())
                .position(|window| window == frame.data)
                .unwrap();
            at += found + frame.data.len();
            at <= cut
        })
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_file_cut_anywhere_plays_up_to_there_and_can_be_repaired(
        cut in any::<prop::sample::Index>(),
        h264 in any::<bool>(),
    ) {
        let (tracks, given) = meeting(if h264 { VideoFormat::H264 } else { VideoFormat::Vp8 });
        let bytes = writer(&tracks, &given).finish().unwrap().into_inner();
        let all = frames(&bytes);
        let cut = cut.index(bytes.len() + 1);
        let whole = whole_before(&bytes, cut, &all);
        let read = frames(&bytes[..cut]);
        prop_assert!(read.len() >= whole, "{} of {whole} frames", read.len());
        prop_assert!(read.iter().zip(&all).take(whole).all(|(a, b)| a.data == b.data && a.timestamp == b.timestamp));

        let mut file = Cursor::new(bytes[..cut].to_vec());
        match repair(&mut file) {
            Ok(Repaired::Completed { duration, .. }) => {
                let bytes = file.get_ref();
                let read = frames(bytes);
                prop_assert_eq!(read.len(), whole);
                // That reader takes no file without clusters.
                if whole > 0 {
                    let opened = MatroskaFile::open(Cursor::new(bytes)).unwrap();
                    prop_assert_eq!(opened.info().duration(), Some(duration.as_millis() as f64));
                }
                let last = read.iter().map(|frame| frame.timestamp).max().unwrap_or(0);
                prop_assert!(duration >= Duration::from_millis(last));
                prop_assert_eq!(repair(&mut file).unwrap(), Repaired::Whole);
            }
            Err(Error::Matroska("it ends before the first cluster")) => prop_assert_eq!(whole, 0),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn no_damage_can_break_the_repair(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        near_start in any::<bool>(),
    ) {
        let (tracks, given) = meeting(VideoFormat::Vp8);
        let mut bytes = writer(&tracks, &given).finish().unwrap().into_inner();
        for (at, value) in damage {
            let at = at.index(if near_start { 400 } else { bytes.len() });
            bytes[at] = value;
        }
        let length = bytes.len();
        let mut file = Cursor::new(bytes);
        let _ = repair(&mut file);
        prop_assert!(file.get_ref().len() <= length + 1000);
    }
}
