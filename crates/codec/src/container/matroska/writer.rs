use std::{
    io::{Seek, Write},
    time::Duration,
};

use super::{
    ebml::{self, Id},
    index::Index,
    layout::Layout,
    track::{Kind, Track, VideoCodec},
};
use crate::{Error, container::video, opus::packet};

/// Most tracks of a file.
pub const MAX_TRACKS: usize = 126;

/// Longest cluster, and so the most that is lost when a writer is killed.
pub const MAX_CLUSTER: Duration = Duration::from_secs(1);

/// [`MAX_CLUSTER`] in the file's unit of time.
const MAX_CLUSTER_MS: u64 = 1000;

/// Frames kept in memory before a cluster is written early.
const MAX_CLUSTER_BYTES: usize = 4 << 20;

/// How far a block may lie from its cluster's start: 16 bits, signed (RFC 9559 §10.2), in milliseconds.
const MAX_OFFSET_MS: u64 = 32_000;

/// Writes a file from tracks that come in side by side.
///
/// The sink has to be at its start, and the writer needs no buffering below it: it hands over whole clusters. They
/// are written when a keyframe of the first video track comes, after [`MAX_CLUSTER`], after 4 MiB, and by
/// [`flush`](Self::flush); each is followed by a flush of the sink.
pub struct MatroskaWriter<W: Write> {
    sink: W,
    tracks: Vec<TrackState>,
    layout: Layout,
    index: Index,
    /// Number of the first video track.
    video: Option<u8>,
    /// Bytes written so far.
    written: u64,
    /// The cluster being filled, in the order of arrival; sorted when it is written.
    blocks: Vec<Block>,
    /// Bytes in `blocks`; at most [`MAX_CLUSTER_BYTES`] and one frame.
    block_bytes: usize,
    /// Time of the cluster written last; they never go back.
    cluster_ms: u64,
}

struct TrackState {
    kind: Kind,
    /// Time of its newest block: within a track time never goes back.
    newest_ms: u64,
}

struct Block {
    track: u8,
    time_ms: u64,
    length_ms: u64,
    is_keyframe: bool,
    data: Vec<u8>,
}

impl<W: Write> MatroskaWriter<W> {
    /// Writes everything up to the first cluster. It is WebM when WebM allows all codings, Matroska with H.264.
    ///
    /// # Errors
    /// [`Error::Setting`] without tracks, for more than [`MAX_TRACKS`] and for video without size; [`Error::Io`].
    pub fn create(mut sink: W, tracks: &[Track]) -> Result<Self, Error> {
        if tracks.is_empty() || tracks.len() > MAX_TRACKS {
            return Err(Error::Setting("a file has 1 to 126 tracks"));
        }
        tracks.iter().try_for_each(Track::check)?;
        let mut head = Vec::new();
        let layout = Layout::write(&mut head, tracks);
        sink.write_all(&head)?;
        sink.flush()?;
        let video = (1..).zip(tracks).find(|(_, track)| track.is_video());
        let video = video.map(|(number, _)| number);
        Ok(Self {
            sink,
            tracks: tracks
                .iter()
                .map(|track| TrackState {
                    kind: track.kind.clone(),
                    newest_ms: 0,
                })
                .collect(),
            layout,
            index: Index::new(video),
            video,
            written: head.len() as u64,
            blocks: Vec::new(),
            block_bytes: 0,
            cluster_ms: 0,
        })
    }

    /// Adds one frame: an Opus packet, a VP8 or VP9 frame, an H.264 access unit in Annex B form, or an AV1
    /// temporal unit.
    ///
    /// `track` counts the tracks given to [`create`](Self::create) from 0. `timestamp` is when the frame begins,
    /// from the start of the file; the file keeps milliseconds. Frames of different tracks may come out of order; those
    /// of one cluster are put in order. Within a track time does not go back: what claims to be earlier than the
    /// frame before it gets that one's time. `is_keyframe` says that a decoder can start there; it is of no account
    /// for sound.
    ///
    /// # Errors
    /// [`Error::Setting`] for a track there is none of; [`Error::Packet`] and [`Error::Video`] for a frame that
    /// is malformed or holds nothing; nothing is written then. [`Error::Io`].
    pub fn write(
        &mut self,
        track: usize,
        timestamp: Duration,
        is_keyframe: bool,
        data: &[u8],
    ) -> Result<(), Error> {
        let (Some(state), Ok(number)) = (self.tracks.get_mut(track), u8::try_from(track + 1)) else {
            return Err(Error::Setting("no such track"));
        };
        let frame = state.kind.frame(data)?;
        let time_ms = u64::try_from(timestamp.as_millis()).unwrap_or(u64::MAX >> 8);
        let time_ms = time_ms.min(u64::MAX >> 8).max(state.newest_ms);
        let (is_sound, newest_ms) = (matches!(state.kind, Kind::Opus(_)), state.newest_ms);
        state.newest_ms = time_ms;
        let block = Block {
            track: number,
            time_ms,
            // Pictures last as long as the one before them did, as far as is known.
            length_ms: frame.length_ms.unwrap_or_else(|| (time_ms - newest_ms).min(1000)),
            is_keyframe: is_keyframe || is_sound,
            data: frame.data,
        };
        let is_too_long = self
            .blocks
            .first()
            .is_some_and(|first| time_ms >= first.time_ms.saturating_add(MAX_CLUSTER_MS));
        if is_too_long
            || self.block_bytes + block.data.len() > MAX_CLUSTER_BYTES
            || block.is_keyframe && Some(number) == self.video
        {
            self.write_cluster()?;
        }
        self.block_bytes += block.data.len();
        self.blocks.push(block);
        Ok(())
    }

    /// Writes what is still in memory, at most a second of sound: for a time when nothing comes.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn flush(&mut self) -> Result<(), Error> {
        self.write_cluster()
    }

    /// Bytes given to the sink so far.
    #[must_use]
    pub const fn bytes_written(&self) -> u64 {
        self.written
    }

    /// When the newest frame written or held ends.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let held = self
            .blocks
            .iter()
            .map(|block| block.time_ms.saturating_add(block.length_ms));
        Duration::from_millis(held.max().unwrap_or(0).max(self.index.end_ms()))
    }

    /// Ends the file where it is, for a sink that cannot go back, and returns the sink. The file plays but says
    /// neither how long it is nor where to jump.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(mut self) -> Result<W, Error> {
        self.write_cluster()?;
        Ok(self.sink)
    }

    /// Ends the file with cues, duration and size, and returns the sink.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish_seekable(mut self) -> Result<W, Error>
    where
        W: Seek,
    {
        self.write_cluster()?;
        self.layout
            .complete(&mut self.sink, &self.index, self.written, self.written)?;
        Ok(self.sink)
    }

    fn write_cluster(&mut self) -> Result<(), Error> {
        // Stable: frames of one time stay in the order they came in, and those of one track always do.
        self.blocks.sort_by_key(|block| block.time_ms);
        let (Some(first), Some(last)) = (self.blocks.first(), self.blocks.last()) else {
            return Ok(());
        };
        let base = first
            .time_ms
            .max(self.cluster_ms)
            .max(last.time_ms.saturating_sub(MAX_OFFSET_MS));
        let mut inside = Vec::with_capacity(self.block_bytes + 16 * self.blocks.len());
        ebml::unsigned(&mut inside, Id::TIMESTAMP, base);
        let offset = self.written - self.layout.segment;
        for block in self.blocks.drain(..) {
            let distance = i16::try_from(block.time_ms.abs_diff(base).min(MAX_OFFSET_MS)).unwrap_or(0);
            let relative = if block.time_ms < base { -distance } else { distance };
            Id::SIMPLE_BLOCK.write(&mut inside);
            ebml::write_size(&mut inside, block.data.len() as u64 + 4);
            inside.push(0x80 | block.track);
            inside.extend(relative.to_be_bytes());
            inside.push(if block.is_keyframe { 0x80 } else { 0 });
            inside.extend(&block.data);
            self.index.block(
                offset,
                block.track,
                block.time_ms,
                block.is_keyframe,
                block.length_ms,
            );
        }
        self.block_bytes = 0;
        self.cluster_ms = base;
        let mut head = Vec::new();
        Id::CLUSTER.write(&mut head);
        // Eight bytes, so that a repair can set it whatever it is.
        ebml::write_size_as(&mut head, inside.len() as u64, ebml::WIDE_SIZE);
        head.append(&mut inside);
        self.sink.write_all(&head)?;
        self.sink.flush()?;
        self.written += head.len() as u64;
        Ok(())
    }
}

/// A frame as it stands in the file.
struct Frame {
    data: Vec<u8>,
    /// Where the frame itself tells.
    length_ms: Option<u64>,
}

impl Kind {
    fn frame(&self, data: &[u8]) -> Result<Frame, Error> {
        let mut out = Vec::new();
        let mut length_ms = None;
        match self {
            Self::Opus(_) => {
                length_ms = Some(packet::duration_samples(data)? as u64 / 48);
                out.extend(data);
            }
            Self::Video { codec, .. } => {
                match codec {
                    VideoCodec::Vp8 | VideoCodec::Vp9 => out.extend(data),
                    VideoCodec::H264(_) => video::length_prefixed(data, &mut out)?,
                    VideoCodec::Av1(_) => video::without_delimiters(data, &mut out)?,
                }
                if out.is_empty() {
                    return Err(Error::Video("a frame with nothing in it"));
                }
            }
        }
        Ok(Frame { data: out, length_ms })
    }
}

impl<W: Write> std::fmt::Debug for MatroskaWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MatroskaWriter")
            .field("tracks", &self.tracks.len())
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
