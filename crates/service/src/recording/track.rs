//! A microphone, camera or screen: its packets in order, as frames, into Matroska files.
//!
//! A track has more than one file when its codec or the parameters of it change, or when it was silent for long.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anteroom_codec::Error;
use anteroom_codec::container::matroska::{MatroskaWriter, Track, VideoCodec};
use anteroom_codec::container::ogg_opus::OpusHead;
use anteroom_codec::container::video::{Av1Config, AvcConfig, VideoFormat};
use anteroom_codec::opus::Channels;
use anteroom_media_transport::payload::assemble::{
    Assembled, Assembler, Frame, FrameCodec, Limits, RtpPayload,
};
use anteroom_media_transport::payload::red::RedPayload;
use anteroom_media_transport::router::{CodecName, Content, MediaKind, TapPacket};

use super::manifest::{Source, TrackInfo, create};
use super::timeline::Timeline;

/// Sound behind a missing packet is held for so long: what is sent again comes earlier or never.
const PATIENCE: Duration = Duration::from_millis(200);

/// A track that sends nothing for so long ends its file.
const IDLE: Duration = Duration::from_secs(60);

/// Files of one track; who goes on changing is not recorded beyond.
const MAX_PARTS: usize = 100;

/// A track and its files.
pub(super) struct TrackRecorder {
    directory: PathBuf,
    /// What names of files begin with.
    stem: String,
    start: Instant,
    source: Source,
    codec: CodecName,
    timeline: Timeline,
    generation: Option<u32>,
    format: Format,
    file: Option<Open>,
    /// In the order in which they began; the last one may be open.
    files: Vec<TrackInfo>,
    /// Bytes of the files that are no longer open.
    bytes: u64,
    last: Instant,
    /// What has happened since it was last asked.
    news: News,
    out: Vec<Assembled>,
}

/// What has happened to a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct News {
    /// Files began or ended.
    pub(super) files: bool,
    /// Pictures wait for a keyframe.
    pub(super) needs_keyframe: bool,
    pub(super) frames: u64,
    pub(super) packets_missing: u64,
}

enum Format {
    Sound(Order),
    Pictures {
        assembler: Box<Assembler>,
        format: VideoFormat,
        /// Nothing can be written up to the next keyframe.
        waits: bool,
        missing: u64,
    },
    /// Nothing that is known here.
    Other,
}

struct Open {
    writer: MatroskaWriter<File>,
    /// What a decoder is told first, in front of the file.
    parameters: Vec<u8>,
    offset: Duration,
    frames: u64,
    missing: u64,
    /// Something is not in the file yet.
    is_dirty: bool,
}

impl TrackRecorder {
    /// `stem` is safe in a file's name.
    pub(super) fn new(directory: &Path, stem: String, start: Instant, packet: &TapPacket<'_>) -> Self {
        let source = match (packet.kind, packet.content) {
            (MediaKind::Audio, _) => Source::Microphone,
            (MediaKind::Video, Content::Camera) => Source::Camera,
            (MediaKind::Video, Content::Screen) => Source::Screen,
        };
        Self {
            directory: directory.to_owned(),
            stem,
            start,
            source,
            codec: packet.codec,
            timeline: Timeline::new(packet.clock_rate, start),
            generation: None,
            format: Format::of(packet.codec),
            file: None,
            files: Vec::new(),
            bytes: 0,
            last: packet.at,
            news: News::default(),
            out: Vec::new(),
        }
    }

    /// Takes a packet. A frame that cannot be written for what it is is left out.
    pub(super) fn handle_packet(&mut self, packet: &TapPacket<'_>) -> Result<(), Error> {
        self.last = packet.at;
        if self.codec != packet.codec {
            self.close()?;
            self.codec = packet.codec;
            self.timeline = Timeline::new(packet.clock_rate, self.start);
            self.format = Format::of(packet.codec);
        }
        if self.generation.replace(packet.generation) != Some(packet.generation) {
            self.format.restart();
        }
        match &mut self.format {
            Format::Sound(order) => {
                let Some(payload) = sound(packet) else {
                    return Ok(());
                };
                order.push(packet.at, packet.sequence, packet.timestamp, payload);
                self.write_sound(packet.at)
            }
            Format::Pictures { assembler, .. } => {
                let mut out = std::mem::take(&mut self.out);
                let payload = RtpPayload {
                    sequence: packet.sequence,
                    timestamp: packet.timestamp,
                    marker: packet.marker,
                    payload: packet.payload,
                };
                assembler.push(payload, &mut out);
                let mut written = Ok(());
                for one in out.drain(..) {
                    written = written.and_then(|()| match one {
                        Assembled::Frame(frame) => self.write_picture(packet.at, packet.generation, &frame),
                        _ => {
                            self.news.needs_keyframe = true;
                            Ok(())
                        }
                    });
                }
                self.out = out;
                self.count_missing();
                written
            }
            Format::Other => Ok(()),
        }
    }

    /// Writes what was held, and ends files of tracks that are silent.
    pub(super) fn tick(&mut self, now: Instant) -> Result<(), Error> {
        if matches!(self.format, Format::Sound(_)) {
            self.write_sound(now)?;
        }
        if now.saturating_duration_since(self.last) >= IDLE {
            return self.close();
        }
        match &mut self.file {
            Some(open) if open.is_dirty => {
                open.is_dirty = false;
                open.writer.flush()
            }
            _ => Ok(()),
        }
    }

    /// Completes the file that is open.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        if let Format::Sound(order) = &mut self.format {
            order.give_up();
            self.write_sound(self.last)?;
        }
        let Some(open) = self.file.take() else {
            return Ok(());
        };
        let duration = open.writer.duration();
        let mut bytes = open.writer.bytes_written();
        let file = open.writer.finish_seekable();
        if let Ok(written) = file.as_ref().map(|file| file.metadata()) {
            bytes = written.map_or(bytes, |file| file.len());
        }
        self.bytes += bytes;
        if let Some(info) = self.files.last_mut() {
            info.duration_ms = Some(millis(duration));
            info.bytes = Some(bytes);
            info.frames = Some(open.frames);
            info.packets_missing = Some(open.missing);
        }
        self.news.files = true;
        file.map(drop)
    }

    /// Whether a keyframe has to be asked for, since the last call.
    pub(super) const fn take_keyframe_need(&mut self) -> bool {
        std::mem::replace(&mut self.news.needs_keyframe, false)
    }

    /// What has happened since the last call.
    pub(super) fn take_news(&mut self) -> News {
        std::mem::take(&mut self.news)
    }

    pub(super) fn files(&self) -> &[TrackInfo] {
        &self.files
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes + self.file.as_ref().map_or(0, |open| open.writer.bytes_written())
    }

    fn write_sound(&mut self, now: Instant) -> Result<(), Error> {
        while let Format::Sound(order) = &mut self.format
            && let Some(next) = order.next(now)
        {
            let (missing, Some(generation)) = (order.take_missing(), self.generation) else {
                return Ok(());
            };
            let time = self.timeline.place(next.at, generation, next.timestamp);
            if self.file.is_none() {
                let head = OpusHead {
                    // Packets tell how many they have; a decoder for two takes both.
                    channels: Channels::Stereo,
                    pre_skip: 0,
                    input_sample_rate_hz: anteroom_codec::SAMPLE_RATE_HZ,
                    output_gain_q8: 0,
                };
                self.open(&Track::opus(head), Vec::new(), time, "opus", "webm")?;
            }
            self.note_missing(missing);
            self.write(time, true, &next.payload)?;
        }
        Ok(())
    }

    fn write_picture(&mut self, at: Instant, generation: u32, frame: &Frame) -> Result<(), Error> {
        let Format::Pictures { format, waits, .. } = &mut self.format else {
            return Ok(());
        };
        let format = *format;
        if frame.is_keyframe {
            *waits = false;
            let Some((codec, parameters, size)) = parameters(format, frame) else {
                // A decoder could do nothing with it, nor with what follows.
                *waits = true;
                self.news.needs_keyframe = true;
                return Ok(());
            };
            let is_other = |open: &Open| open.parameters != parameters;
            if self.file.as_ref().is_some_and(is_other) {
                self.close()?;
            }
            if self.file.is_none() {
                #[expect(clippy::cast_possible_truncation, reason = "the lower bits are meant")]
                let time = self.timeline.place(at, generation, frame.timestamp as u32);
                let (name, extension) = match format {
                    VideoFormat::Vp8 => ("vp8", "webm"),
                    VideoFormat::Vp9 => ("vp9", "webm"),
                    VideoFormat::Av1 => ("av1", "webm"),
                    _ => ("h264", "mkv"),
                };
                self.open(
                    &Track::video(codec, size.0, size.1),
                    parameters,
                    time,
                    name,
                    extension,
                )?;
            }
        } else if *waits {
            return Ok(());
        }
        if self.file.is_none() {
            // It ended while the track was silent; what goes on is of no use without a keyframe.
            self.news.needs_keyframe = true;
            return Ok(());
        }
        #[expect(clippy::cast_possible_truncation, reason = "the lower bits are meant")]
        let time = self.timeline.place(at, generation, frame.timestamp as u32);
        self.write(time, frame.is_keyframe, &frame.data)
    }

    fn write(&mut self, time: Duration, is_keyframe: bool, data: &[u8]) -> Result<(), Error> {
        let Some(open) = &mut self.file else { return Ok(()) };
        let time = time.saturating_sub(open.offset);
        match open.writer.write(0, time, is_keyframe, data) {
            Ok(()) => {
                open.frames += 1;
                open.is_dirty = true;
                self.news.frames += 1;
                Ok(())
            }
            Err(error @ Error::Io(_)) => Err(error),
            Err(error) => {
                tracing::debug!(%error, file = self.stem, "a frame is left out of a recording");
                Ok(())
            }
        }
    }

    fn open(
        &mut self,
        track: &Track,
        parameters: Vec<u8>,
        offset: Duration,
        codec: &str,
        extension: &str,
    ) -> Result<(), Error> {
        if self.files.len() >= MAX_PARTS {
            return Ok(());
        }
        let part = match self.files.len() {
            0 => String::new(),
            before => format!("-{}", before + 1),
        };
        let name = format!("{}-{}{part}.{extension}", self.stem, self.source.as_str());
        let file = create(&self.directory.join(&name))?;
        let writer = MatroskaWriter::create(file, std::slice::from_ref(track))?;
        self.file = Some(Open {
            writer,
            parameters,
            offset,
            frames: 0,
            missing: 0,
            is_dirty: false,
        });
        self.files.push(TrackInfo {
            file: name,
            source: self.source,
            codec: codec.to_owned(),
            offset_ms: millis(offset),
            duration_ms: None,
            bytes: None,
            frames: None,
            packets_missing: None,
        });
        self.news.files = true;
        Ok(())
    }

    fn count_missing(&mut self) {
        let Format::Pictures {
            assembler, missing, ..
        } = &mut self.format
        else {
            return;
        };
        let now = assembler.stats().packets_missing;
        let more = now.saturating_sub(std::mem::replace(missing, now));
        self.note_missing(more);
    }

    fn note_missing(&mut self, more: u64) {
        self.news.packets_missing += more;
        if let Some(open) = &mut self.file {
            open.missing += more;
        }
    }
}

impl Format {
    fn of(codec: CodecName) -> Self {
        let (codec, format) = match codec {
            CodecName::Opus => return Self::Sound(Order::default()),
            CodecName::Vp8 => (FrameCodec::Vp8, VideoFormat::Vp8),
            CodecName::Vp9 { .. } => (FrameCodec::Vp9, VideoFormat::Vp9),
            CodecName::H264 { .. } => (FrameCodec::H264, VideoFormat::H264),
            CodecName::Av1 { .. } => (FrameCodec::Av1, VideoFormat::Av1),
            _ => return Self::Other,
        };
        Self::Pictures {
            assembler: Box::new(Assembler::new(codec, Limits::default())),
            format,
            waits: false,
            missing: 0,
        }
    }

    fn restart(&mut self) {
        match self {
            Self::Sound(order) => order.restart(),
            Self::Pictures { assembler, .. } => assembler.restart(),
            Self::Other => {}
        }
    }
}

/// What a decoder is told before the first picture, and how large that is; `None` when the frame does not tell.
fn parameters(format: VideoFormat, frame: &Frame) -> Option<(VideoCodec, Vec<u8>, (u16, u16))> {
    let said = |codec: VideoCodec| {
        let size = frame.size.or_else(|| format.keyframe_size(&frame.data).ok())?;
        Some((codec, Vec::new(), size))
    };
    let (codec, parameters, size) = match format {
        VideoFormat::Vp8 => said(VideoCodec::Vp8)?,
        VideoFormat::Vp9 => said(VideoCodec::Vp9)?,
        VideoFormat::H264 => {
            let config = AvcConfig::from_annex_b(&frame.data).ok()?;
            let (bytes, size) = (config.as_bytes().to_vec(), config.size());
            (VideoCodec::H264(config), bytes, size)
        }
        VideoFormat::Av1 => {
            let config = Av1Config::from_temporal_unit(&frame.data).ok()?;
            let (bytes, size) = (config.as_bytes().to_vec(), config.size());
            (VideoCodec::Av1(config), bytes, size)
        }
        _ => return None,
    };
    (size.0 > 0 && size.1 > 0).then_some((codec, parameters, size))
}

/// The packet of Opus in a packet of sound.
pub(super) fn sound<'a>(packet: &TapPacket<'a>) -> Option<&'a [u8]> {
    let payload = match packet.is_red {
        true => RedPayload::read(packet.payload).ok()?.primary,
        false => packet.payload,
    };
    Some(payload).filter(|_| packet.codec == CodecName::Opus)
}

/// Puts sound in order.
#[derive(Default)]
struct Order {
    next: Option<u64>,
    /// By sequence number; as many as come within [`PATIENCE`].
    waiting: BTreeMap<u64, Sound>,
    missing: u64,
}

struct Sound {
    at: Instant,
    timestamp: u32,
    payload: Vec<u8>,
}

/// More are not waited with, whatever comes.
const MAX_WAITING: usize = 50;

impl Order {
    fn push(&mut self, at: Instant, sequence: u64, timestamp: u32, payload: &[u8]) {
        if self.next.is_some_and(|next| sequence < next) {
            return;
        }
        let payload = payload.to_vec();
        self.waiting.entry(sequence).or_insert(Sound {
            at,
            timestamp,
            payload,
        });
    }

    fn next(&mut self, now: Instant) -> Option<Sound> {
        loop {
            let first = self.waiting.first_entry()?;
            let next = *self.next.get_or_insert_with(|| *first.key());
            let is_over = now.saturating_duration_since(first.get().at) >= PATIENCE;
            if *first.key() != next && !is_over && self.waiting.len() <= MAX_WAITING {
                return None;
            }
            let (sequence, sound) = self.waiting.pop_first()?;
            self.missing += sequence.saturating_sub(next);
            self.next = Some(sequence.saturating_add(1));
            // Padding has its place in the numbering, and no sound.
            if !sound.payload.is_empty() {
                return Some(sound);
            }
        }
    }

    fn take_missing(&mut self) -> u64 {
        std::mem::take(&mut self.missing)
    }

    /// What is missing does not come any more.
    fn give_up(&mut self) {
        self.next = self.waiting.keys().next().copied().or(self.next);
    }

    fn restart(&mut self) {
        *self = Self::default();
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
