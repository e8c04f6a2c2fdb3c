//! Where things stand in a file of ours, and what is put there at the end.

use std::io::{Seek, SeekFrom, Write};

use super::{
    ebml::{self, Id},
    index::Index,
    track::Track,
};
use crate::Error;

/// Length of a seek head with three entries, each of 21 bytes; a void keeps its place until the end.
pub(super) const SEEK_HEAD_BYTES: u64 = 68;

/// Length of the duration element; a void keeps its place until the end.
pub(super) const DURATION_BYTES: u64 = 11;

/// Nanoseconds in one unit of time: WebM asks for milliseconds.
pub(super) const TIMESTAMP_SCALE: u64 = 1_000_000;

/// Offsets in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// First byte of the segment's content; its size is in the eight bytes before.
    pub(super) segment: u64,
    pub(super) seek_head: u64,
    pub(super) info: u64,
    pub(super) duration: u64,
    pub(super) tracks: u64,
}

impl Layout {
    /// Writes all that stands before the first cluster.
    pub(super) fn write(out: &mut Vec<u8>, tracks: &[Track]) -> Self {
        let doc_type: &[u8] = if tracks.iter().all(Track::is_webm) {
            b"webm"
        } else {
            b"matroska"
        };
        ebml::master(out, Id::EBML, |header| {
            ebml::unsigned(header, Id::EBML_VERSION, 1);
            ebml::unsigned(header, Id::EBML_READ_VERSION, 1);
            ebml::unsigned(header, Id::EBML_MAX_ID_LENGTH, 4);
            ebml::unsigned(header, Id::EBML_MAX_SIZE_LENGTH, 8);
            ebml::binary(header, Id::DOC_TYPE, doc_type);
            // 4 for the codec delay; what does not know that may still read from 2, the simple block, on.
            ebml::unsigned(header, Id::DOC_TYPE_VERSION, 4);
            ebml::unsigned(header, Id::DOC_TYPE_READ_VERSION, 2);
        });
        Id::SEGMENT.write(out);
        out.extend(ebml::UNKNOWN_SIZE);
        let segment = out.len() as u64;
        let seek_head = segment;
        ebml::void(out, SEEK_HEAD_BYTES);
        pad(out, seek_head + SEEK_HEAD_BYTES);
        let info = out.len() as u64;
        let mut inside = Vec::new();
        ebml::unsigned(&mut inside, Id::TIMESTAMP_SCALE, TIMESTAMP_SCALE);
        let name = concat!("anteroom-codec ", env!("CARGO_PKG_VERSION"));
        ebml::binary(&mut inside, Id::MUXING_APP, name.as_bytes());
        ebml::binary(&mut inside, Id::WRITING_APP, name.as_bytes());
        let before_duration = inside.len() as u64;
        ebml::void(&mut inside, DURATION_BYTES);
        pad(&mut inside, before_duration + DURATION_BYTES);
        ebml::binary(out, Id::INFO, &inside);
        let duration = out.len() as u64 - DURATION_BYTES;
        let tracks_at = out.len() as u64;
        ebml::master(out, Id::TRACKS, |entries| {
            for (number, track) in (1..).zip(tracks) {
                ebml::binary(entries, Id::TRACK_ENTRY, &track.entry(number));
            }
        });
        Self {
            segment,
            seek_head,
            info,
            duration,
            tracks: tracks_at,
        }
    }

    /// Writes the cues at `end`, the end of the last cluster, and fills in what was left open. Leftovers of a
    /// broken cluster between `end` and `old_length` become void.
    pub(super) fn complete(
        &self,
        sink: &mut (impl Write + Seek),
        index: &Index,
        end: u64,
        old_length: u64,
    ) -> Result<(), Error> {
        let cues = index.cues();
        let mut tail = Vec::new();
        if !cues.is_empty() {
            Id::CUES.write(&mut tail);
            ebml::write_size_as(&mut tail, cues.len() as u64, ebml::WIDE_SIZE);
            tail.extend(cues);
        }
        let mut new_length = end + tail.len() as u64;
        if old_length > new_length {
            // A void takes two bytes at least; where there is but one, it grows beyond the old end.
            let rest = (old_length - new_length).max(2);
            ebml::void(&mut tail, rest);
            new_length += rest;
        }
        // The order matters: a program killed in between leaves a file that is no worse than before.
        sink.seek(SeekFrom::Start(end))?;
        sink.write_all(&tail)?;
        sink.flush()?;
        let mut duration = Vec::new();
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of any meeting fit in 52 bits"
        )]
        ebml::float(&mut duration, Id::DURATION, index.end_ms() as f64);
        sink.seek(SeekFrom::Start(self.duration))?;
        sink.write_all(&duration)?;
        let cues_at = (!index.is_empty()).then_some(end);
        sink.seek(SeekFrom::Start(self.seek_head))?;
        sink.write_all(&self.seek_head_bytes(cues_at))?;
        let mut size = Vec::new();
        ebml::write_size_as(
            &mut size,
            new_length.saturating_sub(self.segment),
            ebml::WIDE_SIZE,
        );
        sink.seek(SeekFrom::Start(self.segment - ebml::WIDE_SIZE as u64))?;
        sink.write_all(&size)?;
        sink.flush()?;
        Ok(())
    }

    fn seek_head_bytes(&self, cues: Option<u64>) -> Vec<u8> {
        let mut out = Vec::new();
        ebml::master(&mut out, Id::SEEK_HEAD, |entries| {
            let places = [
                (Id::INFO, Some(self.info)),
                (Id::TRACKS, Some(self.tracks)),
                (Id::CUES, cues),
            ];
            for (id, at) in places {
                let Some(at) = at else { continue };
                ebml::master(entries, Id::SEEK, |seek| {
                    ebml::binary(seek, Id::SEEK_ID, &id.0.to_be_bytes());
                    let position = at.saturating_sub(self.segment).to_be_bytes();
                    ebml::binary(seek, Id::SEEK_POSITION, &position);
                });
            }
        });
        let left = SEEK_HEAD_BYTES.saturating_sub(out.len() as u64);
        if left >= 2 {
            ebml::void(&mut out, left);
            pad(&mut out, SEEK_HEAD_BYTES);
        }
        out
    }
}

/// Zeros up to `length`.
fn pad(out: &mut Vec<u8>, length: u64) {
    out.resize(usize::try_from(length).unwrap_or(out.len()), 0);
}
