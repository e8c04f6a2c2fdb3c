use proptest::prelude::*;

use super::*;
use crate::container::{annex_b, ivf};

const VP8: &[u8] = include_bytes!("../../../tests/data/pattern-vp8.ivf");
const VP9: &[u8] = include_bytes!("../../../tests/data/pattern-vp9.ivf");
const AV1: &[u8] = include_bytes!("../../../tests/data/pattern-av1.ivf");
const H264: &[u8] = include_bytes!("../../../tests/data/pattern.h264");

fn ivf_frames(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = ivf::Reader::new(bytes).unwrap();
    std::iter::from_fn(|| reader.next_frame().unwrap())
        .map(|frame| frame.data)
        .collect()
}

fn h264_frames() -> Vec<Vec<u8>> {
    let mut reader = annex_b::Reader::new(H264);
    std::iter::from_fn(|| reader.next_unit().unwrap()).collect()
}

#[test]
fn finds_the_keyframes_of_real_encoders_and_their_size() {
    for (format, frames, size) in [
        (VideoFormat::Vp8, ivf_frames(VP8), (64, 48)),
        (VideoFormat::Vp9, ivf_frames(VP9), (64, 48)),
        (VideoFormat::Av1, ivf_frames(AV1), (64, 64)),
        (VideoFormat::H264, h264_frames(), (64, 48)),
    ] {
        assert_eq!(frames.len(), 20, "{format:?}");
        for (i, frame) in frames.iter().enumerate() {
            // One each second.
            assert_eq!(format.is_keyframe(frame), i % 10 == 0, "{format:?} {i}");
        }
        assert_eq!(format.keyframe_size(&frames[0]).unwrap(), size, "{format:?}");
    }
}

#[test]
fn writes_the_records_that_another_muxer_writes() {
    // From the same frames, `ffmpeg -c copy` into Matroska and `mkvinfo -a`.
    let config = AvcConfig::from_annex_b(&h264_frames()[0]).unwrap();
    let (sps, pps) = (
        [
            0x67, 0x42, 0xc0, 0x0a, 0xda, 0x11, 0xec, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00,
            0x05, 0x03, 0xc4, 0x89, 0xa8,
        ],
        [0x68, 0xce, 0x03, 0x9c, 0x80],
    );
    let head = [0x01, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0x00, 0x15];
    assert_eq!(config.as_bytes(), [&head[..], &sps, &[1, 0, 5], &pps].concat());
    let config = Av1Config::from_temporal_unit(&ivf_frames(AV1)[0]).unwrap();
    let header = [
        0x0a, 0x0a, 0x00, 0x00, 0x00, 0x02, 0xaf, 0xff, 0x9b, 0x5f, 0x20, 0x08,
    ];
    assert_eq!(
        config.as_bytes(),
        [&[0x81, 0x00, 0x0c, 0x00][..], &header].concat()
    );
}

#[test]
fn reads_the_parameters_of_high_profile_pictures_with_cropping() {
    // 1920 by 1080 of profile 100: 68 rows of macroblocks, of which 8 pixels are cut.
    let sps = [
        0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x5a, 0x80, 0x80, 0x80, 0xa0,
        0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x07, 0x81, 0xe3, 0x06, 0x32, 0xc0,
    ];
    let config = AvcConfig::new(&[&sps], &[&[0x68, 0xeb, 0xe3, 0xcb, 0x22, 0xc0]]).unwrap();
    assert_eq!(config.size(), (1920, 1080));
    // 4:2:0, eight bits, no extensions.
    assert!(config.as_bytes().ends_with(&[0xfd, 0xf8, 0xf8, 0]));
}

#[test]
fn refuses_what_no_decoder_could_start_with() {
    let reason = |format: VideoFormat, frame: &[u8]| match format.keyframe_size(frame) {
        Err(Error::Video(reason)) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(VideoFormat::Vp8, &ivf_frames(VP8)[1]), "no VP8 keyframe");
    assert_eq!(reason(VideoFormat::Vp9, &ivf_frames(VP9)[1]), "no VP9 keyframe");
    assert_eq!(reason(VideoFormat::Vp9, &[0x82]), "a truncated VP9 frame header");
    assert_eq!(reason(VideoFormat::Vp9, &[0]), "no VP9 frame");
    assert_eq!(
        reason(VideoFormat::Av1, &ivf_frames(AV1)[1]),
        "an AV1 temporal unit without sequence header"
    );
    assert_eq!(reason(VideoFormat::Av1, &[0x0a, 0x7f, 0]), "a truncated AV1 unit");
    assert_eq!(
        reason(VideoFormat::H264, &h264_frames()[1]),
        "an H.264 access unit without an IDR picture"
    );
    assert_eq!(
        reason(VideoFormat::H264, &[0, 0, 1, 0x65, 0x88]),
        "H.264 without parameter sets"
    );
}

proptest! {
    #[test]
    fn no_damage_can_break_it(
        kind in 0..4usize,
        damage in proptest::collection::vec((0..60usize, any::<u8>()), 0..6),
        length in 0..400usize,
    ) {
        let (format, frames) = [
            (VideoFormat::Vp8, ivf_frames(VP8)),
            (VideoFormat::Vp9, ivf_frames(VP9)),
            (VideoFormat::Av1, ivf_frames(AV1)),
            (VideoFormat::H264, h264_frames()),
        ][kind].clone();
        let mut frame = frames[0].clone();
        frame.truncate(length);
        for (at, value) in damage {
            if let Some(byte) = frame.get_mut(at) {
                *byte = value;
            }
        }
        if let Ok((width, height)) = format.keyframe_size(&frame) {
            prop_assert!(width > 0 && height > 0);
        }
        let mut out = Vec::new();
        let _ = length_prefixed(&frame, &mut out);
        let _ = without_delimiters(&frame, &mut out);
    }
}
