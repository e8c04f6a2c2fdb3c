//! Files with sound and pictures.

use std::io::Cursor;
use std::time::Duration;

use anteroom_codec::container::matroska::{self, MatroskaWriter, Repaired, Track, VideoCodec};
use anteroom_codec::container::ogg_opus::{self, OpusHead};
use anteroom_codec::container::video::{Av1Config, AvcConfig, VideoFormat};
use anteroom_codec::container::{ReadLimits, annex_b, ivf, wav};
use anteroom_codec::opus::Channels;

/// A WAV file and an Ogg-Opus file: read, measured, and sought in. Wherever reading starts, no more comes than was left.
pub fn sound_files(data: &[u8]) {
    let limits = ReadLimits {
        max_duration: Duration::from_secs(5),
    };
    let _ = wav::read(data, limits);
    let Ok(mut reader) = ogg_opus::Reader::new(Cursor::new(data)) else {
        return;
    };
    let length = reader.length();
    let whole = reader.read_samples(limits);
    if let (Ok(length), Ok(whole)) = (length, &whole) {
        let Ok(mut reader) = ogg_opus::Reader::new(Cursor::new(data)) else {
            panic!("it could be read before");
        };
        for place in [0, 1, length / 2, length, u64::MAX] {
            if reader.seek(place).is_ok() {
                let _ = reader.next_packet();
                let _ = reader.read_samples(limits);
            }
        }
        assert!(whole.len() <= 5 * 48_000);
    }
    let Ok(mut reader) = ogg_opus::Reader::new(data) else {
        panic!("it could be read before");
    };
    loop {
        match reader.next_packet() {
            Ok(Some(packet)) => assert!(packet.trim_end <= packet.samples),
            Ok(None) if reader.next_stream().is_ok_and(|is_there| is_there) => {}
            Err(anteroom_codec::Error::Packet(_)) => {}
            Ok(None) | Err(_) => return,
        }
    }
}

/// An IVF file, an H.264 byte stream, a Matroska file to be repaired. What pictures there are go into a Matroska file, which
/// has to be whole wherever it is cut.
pub fn video_files(data: &[u8]) {
    let mut file = Cursor::new(data.to_vec());
    if let Ok(Repaired::Completed { .. }) = matroska::repair(&mut file) {
        assert!(matches!(matroska::repair(&mut file), Ok(Repaired::Whole)));
    }
    for format in [
        VideoFormat::Vp8,
        VideoFormat::Vp9,
        VideoFormat::H264,
        VideoFormat::Av1,
    ] {
        let _ = format.keyframe_size(data);
    }
    let mut frames = Vec::new();
    if let Ok(mut reader) = ivf::Reader::new(data) {
        let format = reader.header().format;
        while let Ok(Some(frame)) = reader.next_frame() {
            frames.push((frame.timestamp, frame.data));
        }
        store(format, &frames, data.len());
    }
    let mut reader = annex_b::Reader::new(data);
    frames.clear();
    while let Ok(Some(unit)) = reader.next_unit() {
        assert!(annex_b::nal_units(&unit).count() > 0);
        frames.push((Duration::from_millis(40), unit));
    }
    store(VideoFormat::H264, &frames, data.len());
}

fn store(format: VideoFormat, frames: &[(Duration, Vec<u8>)], cut: usize) {
    let start = frames.iter().find(|(_, frame)| format.is_keyframe(frame));
    let Some((_, first)) = start else { return };
    let Ok((width, height)) = format.keyframe_size(first) else {
        panic!("a keyframe has a size");
    };
    let codec = match format {
        VideoFormat::Vp8 => VideoCodec::Vp8,
        VideoFormat::Vp9 => VideoCodec::Vp9,
        VideoFormat::H264 => VideoCodec::H264(AvcConfig::from_annex_b(first).expect("it has a size")),
        _ => VideoCodec::Av1(Av1Config::from_temporal_unit(first).expect("it has a size")),
    };
    let sound = Track::opus(OpusHead {
        channels: Channels::Mono,
        pre_skip: 312,
        input_sample_rate_hz: 0,
        output_gain_q8: 0,
    });
    let tracks = [sound, Track::video(codec, width, height)];
    let mut file = MatroskaWriter::create(Vec::new(), &tracks).expect("the tracks are sound");
    for (time, frame) in frames {
        let _ = file.write(0, *time, true, frame);
        let _ = file.write(1, *time, format.is_keyframe(frame), frame);
    }
    let mut bytes = file.finish().expect("memory does not fail");
    bytes.truncate(bytes.len().saturating_sub(cut % 997));
    let mut file = Cursor::new(bytes);
    match matroska::repair(&mut file) {
        Ok(Repaired::Completed { .. }) => {
            assert!(matches!(matroska::repair(&mut file), Ok(Repaired::Whole)));
        }
        // Cut so early that there is not even a head.
        Err(anteroom_codec::Error::Matroska("it ends before the first cluster")) => {}
        other => panic!("{other:?}"),
    }
}
