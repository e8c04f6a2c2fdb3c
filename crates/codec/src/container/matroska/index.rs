//! What has been written, as far as the end of the file has to tell: where to jump, and how long it is.

use super::ebml::{self, Id};

/// Least time between two places to jump to, in milliseconds; keyframes may come much faster.
const MIN_VIDEO_GAP_MS: u64 = 500;

/// Least time between two places to jump to in a file without pictures.
const MIN_AUDIO_GAP_MS: u64 = 5_000;

/// Places to jump to: in a file with pictures the keyframes of its first video track, else clusters.
///
/// It grows by 24 bytes for a place: less than 5 MB for a day with a keyframe each half second.
#[derive(Debug)]
pub(super) struct Index {
    /// The track cues are for.
    track: u8,
    is_video: bool,
    cues: Vec<Cue>,
    end_ms: u64,
}

#[derive(Debug, Clone, Copy)]
struct Cue {
    time_ms: u64,
    /// From the start of the segment's content.
    cluster: u64,
}

impl Index {
    /// `video` is the number of the first video track.
    pub(super) const fn new(video: Option<u8>) -> Self {
        let (track, is_video) = match video {
            Some(track) => (track, true),
            None => (1, false),
        };
        Self {
            track,
            is_video,
            cues: Vec::new(),
            end_ms: 0,
        }
    }

    /// Takes note of a block in the cluster that starts at `cluster`, from the start of the segment's content.
    pub(super) fn block(&mut self, cluster: u64, track: u8, time_ms: u64, is_keyframe: bool, length_ms: u64) {
        self.end_ms = self.end_ms.max(time_ms.saturating_add(length_ms));
        let gap = if self.is_video {
            MIN_VIDEO_GAP_MS
        } else {
            MIN_AUDIO_GAP_MS
        };
        let is_due = self
            .cues
            .last()
            .is_none_or(|last| last.cluster != cluster && time_ms >= last.time_ms.saturating_add(gap));
        if is_due && is_keyframe && (track == self.track || !self.is_video) {
            self.cues.push(Cue { time_ms, cluster });
        }
    }

    /// When the last block ends.
    pub(super) const fn end_ms(&self) -> u64 {
        self.end_ms
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.cues.is_empty()
    }

    /// What is inside the cues element (RFC 9559 §5.1.5).
    pub(super) fn cues(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for cue in &self.cues {
            ebml::master(&mut out, Id::CUE_POINT, |point| {
                ebml::unsigned(point, Id::CUE_TIME, cue.time_ms);
                ebml::master(point, Id::CUE_TRACK_POSITIONS, |position| {
                    ebml::unsigned(position, Id::CUE_TRACK, u64::from(self.track));
                    ebml::unsigned(position, Id::CUE_CLUSTER_POSITION, cue.cluster);
                });
            });
        }
        out
    }
}
