//! A file whose writer was killed, made whole.

use std::{
    io::{BufReader, ErrorKind, Read, Seek, SeekFrom, Write},
    time::Duration,
};

use super::{
    ebml::{self, Id, Size},
    index::Index,
    layout::{DURATION_BYTES, Layout, SEEK_HEAD_BYTES},
};
use crate::{Error, opus::packet};

/// Most of a file that its head can take: tracks with names and parameter sets.
const MAX_HEAD_BYTES: u64 = 1 << 20;

/// Most that may be left of a cluster that was being written: 4 MiB and a large frame. More behind the last good
/// cluster is another kind of damage, which is left alone.
const MAX_LEFTOVER_BYTES: u64 = 64 << 20;

/// Longest Opus packet looked into for its length, with its block's header.
const MAX_OPUS_BYTES: u64 = 1 << 12;

/// Bytes of a cluster before its content: identifier and size.
const CLUSTER_HEAD: u64 = 4 + ebml::WIDE_SIZE as u64;

/// What [`repair`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repaired {
    /// The file was ended properly; nothing was changed.
    Whole,
    /// The file plays to `duration` now, and players can jump about in it.
    Completed {
        /// How long it is.
        duration: Duration,
        /// Bytes of a broken cluster that were given up.
        lost_bytes: u64,
    },
}

/// Ends a file that [`MatroskaWriter`](super::MatroskaWriter) left unfinished: the whole frames of its last cluster
/// are kept, and cues, duration and sizes are added.
///
/// It may be killed and called again.
///
/// # Errors
/// [`Error::Matroska`] when the file is not by this crate's writer, holds no head, or is damaged in its middle;
/// nothing is changed then. [`Error::Io`].
pub fn repair(file: &mut (impl Read + Write + Seek)) -> Result<Repaired, Error> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut scan = Scan {
        source: BufReader::new(&mut *file),
        position: length,
        length,
    };
    let head = scan.read(0, MAX_HEAD_BYTES)?;
    let Some(head) = Head::parse(&head)? else {
        return Ok(Repaired::Whole);
    };
    let found = scan.clusters(&head)?;
    drop(scan);
    if length - found.end > MAX_LEFTOVER_BYTES && !found.has_cues {
        return Err(Error::Matroska("it is damaged in its middle"));
    }
    if let Some((at, size)) = found.cut {
        let mut bytes = Vec::new();
        ebml::write_size_as(&mut bytes, size, ebml::WIDE_SIZE);
        file.seek(SeekFrom::Start(at + 4))?;
        file.write_all(&bytes)?;
    }
    head.layout.complete(file, &found.index, found.end, length)?;
    Ok(Repaired::Completed {
        duration: Duration::from_millis(found.index.end_ms()),
        lost_bytes: if found.has_cues { 0 } else { length - found.end },
    })
}

/// Everything before the first cluster.
struct Head {
    layout: Layout,
    /// Number, and whether it is video and Opus.
    tracks: Vec<(u8, bool, bool)>,
    /// Where the first cluster starts.
    end: u64,
}

impl Head {
    /// `None` when the segment's size is known: the file was ended.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Error> {
        const FOREIGN: Error = Error::Matroska("not a file this crate has written");
        const SHORT: Error = Error::Matroska("it ends before the first cluster");
        let mut rest = bytes;
        let offset = |rest: &[u8]| (bytes.len() - rest.len()) as u64;
        match ebml::take(&mut rest) {
            Some((Id::EBML, _)) => {}
            Some(_) => return Err(FOREIGN),
            None if bytes.iter().zip(Id::EBML.0.to_be_bytes()).all(|(a, b)| *a == b) => return Err(SHORT),
            None => return Err(FOREIGN),
        }
        let (id, width) = ebml::read_id(rest).ok_or(SHORT)?;
        rest = rest.get(width..).ok_or(SHORT)?;
        let (size, width) = ebml::read_size(rest).ok_or(SHORT)?;
        rest = rest.get(width..).ok_or(SHORT)?;
        if id != Id::SEGMENT || width != ebml::WIDE_SIZE {
            return Err(FOREIGN);
        }
        if size != Size::Unknown {
            return Ok(None);
        }
        let segment = offset(rest);
        let (id, inside) = ebml::take(&mut rest).ok_or(SHORT)?;
        let mut place = offset(rest) - segment;
        if id == Id::SEEK_HEAD && place < SEEK_HEAD_BYTES {
            // Ended without cues; the rest of the place is void.
            ebml::take(&mut rest).ok_or(SHORT)?;
            place = offset(rest) - segment;
        }
        if place != SEEK_HEAD_BYTES || id == Id::VOID && inside.is_empty() {
            return Err(FOREIGN);
        }
        let info = offset(rest);
        let (id, inside) = ebml::take(&mut rest).ok_or(SHORT)?;
        let duration = offset(rest).saturating_sub(DURATION_BYTES);
        let mut last = inside
            .len()
            .checked_sub(usize::try_from(DURATION_BYTES).unwrap_or(0))
            .and_then(|start| inside.get(start..))
            .ok_or(FOREIGN)?;
        match ebml::take(&mut last) {
            Some((Id::VOID | Id::DURATION, _)) if last.is_empty() && id == Id::INFO => {}
            _ => return Err(FOREIGN),
        }
        let tracks = offset(rest);
        let (id, mut entries) = ebml::take(&mut rest).ok_or(SHORT)?;
        if id != Id::TRACKS {
            return Err(FOREIGN);
        }
        let layout = Layout {
            segment,
            seek_head: segment,
            info,
            duration,
            tracks,
        };
        let mut parsed = Vec::new();
        while let Some((_, mut entry)) = ebml::take(&mut entries) {
            let (mut number, mut is_video, mut is_opus) = (0, false, false);
            while let Some((id, value)) = ebml::take(&mut entry) {
                match id {
                    Id::TRACK_NUMBER => number = ebml::read_unsigned(value).unwrap_or(0),
                    Id::TRACK_TYPE => is_video = value == [1],
                    Id::CODEC_ID => is_opus = value == b"A_OPUS",
                    _ => {}
                }
            }
            match u8::try_from(number) {
                Ok(number @ 1..=126) => parsed.push((number, is_video, is_opus)),
                _ => return Err(FOREIGN),
            }
        }
        Ok(Some(Self {
            layout,
            tracks: parsed,
            end: offset(rest),
        }))
    }
}

/// What stands behind the head.
struct Found {
    index: Index,
    /// Where the last whole cluster or block ends.
    end: u64,
    /// A cluster that was cut, and what its size has to be now.
    cut: Option<(u64, u64)>,
    /// An earlier end was itself cut short.
    has_cues: bool,
}

struct Scan<R> {
    source: BufReader<R>,
    /// Where `source` is.
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Scan<R> {
    /// Up to `most` bytes from `at`; fewer at the end of the file.
    fn read(&mut self, at: u64, most: u64) -> Result<Vec<u8>, Error> {
        match (i64::try_from(at), i64::try_from(self.position)) {
            (Ok(to), Ok(from)) => self.source.seek_relative(to - from)?,
            _ => return Err(Error::Matroska("a file beyond all bounds")),
        }
        self.position = at;
        let wanted = usize::try_from(most.min(self.length.saturating_sub(at))).unwrap_or(0);
        let mut out = vec![0; wanted];
        match self.source.read_exact(&mut out) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(Error::Matroska("it became shorter while it was read"));
            }
            Err(error) => return Err(error.into()),
        }
        self.position += wanted as u64;
        Ok(out)
    }

    /// The element at `at`: identifier, where its content starts, and the content's length, which may lie.
    fn element(&mut self, at: u64) -> Result<Option<(Id, u64, u64)>, Error> {
        let head = self.read(at, CLUSTER_HEAD)?;
        let Some((id, id_width)) = ebml::read_id(&head) else {
            return Ok(None);
        };
        let size = head.get(id_width..).and_then(ebml::read_size);
        let Some((Size::Known(size), size_width)) = size else {
            return Ok(None);
        };
        Ok(Some((id, at + (id_width + size_width) as u64, size)))
    }

    fn clusters(&mut self, head: &Head) -> Result<Found, Error> {
        let video = head.tracks.iter().find(|(_, is_video, _)| *is_video);
        let mut found = Found {
            index: Index::new(video.map(|(number, ..)| *number)),
            end: head.end,
            cut: None,
            has_cues: false,
        };
        let mut newest = [0; 127];
        while let Some((id, start, size)) = self.element(found.end)? {
            if id != Id::CLUSTER {
                found.has_cues = id == Id::CUES;
                break;
            }
            if start != found.end + CLUSTER_HEAD {
                return Err(Error::Matroska("not a file this crate has written"));
            }
            let cluster = found.end;
            match start.checked_add(size) {
                Some(end) if end <= self.length => {
                    self.blocks(head, cluster, end, &mut found.index, &mut newest)?;
                    found.end = end;
                }
                _ => {
                    let end = self.blocks(head, cluster, self.length, &mut found.index, &mut newest)?;
                    // A cluster without a block is not worth keeping.
                    if let Some(end) = end {
                        found.cut = Some((cluster, end - start));
                        found.end = end;
                    }
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Notes a cluster's blocks; where the last whole one ends.
    fn blocks(
        &mut self,
        head: &Head,
        cluster: u64,
        end: u64,
        index: &mut Index,
        newest: &mut [u64; 127],
    ) -> Result<Option<u64>, Error> {
        let (mut at, mut last) = (cluster + CLUSTER_HEAD, None);
        let mut base = 0;
        while at < end
            && let Some((id, start, size)) = self.element(at)?
            && let Some(next) = start.checked_add(size).filter(|next| *next <= end)
        {
            at = next;
            if id == Id::TIMESTAMP {
                base = ebml::read_unsigned(&self.read(start, size.min(8))?).unwrap_or(0);
            }
            if id != Id::SIMPLE_BLOCK {
                continue;
            }
            let block = self.read(start, size.min(MAX_OPUS_BYTES))?;
            let Some((&[number, t0, t1, flags], data)) = block.split_first_chunk() else {
                continue;
            };
            let number = number & 0x7f;
            let Some((_, _, is_opus)) = head.tracks.iter().find(|track| track.0 == number) else {
                continue;
            };
            let time = base.saturating_add_signed(i64::from(i16::from_be_bytes([t0, t1])));
            let mut length = packet::duration_samples(data)
                .ok()
                .filter(|_| *is_opus)
                .map(|samples| samples as u64 / 48);
            if let Some(newest) = newest.get_mut(usize::from(number)) {
                length = length.or_else(|| Some(time.saturating_sub(*newest).min(1000)));
                *newest = time;
            }
            let offset = cluster - head.layout.segment;
            index.block(offset, number, time, flags & 0x80 != 0, length.unwrap_or(0));
            last = Some(at);
        }
        Ok(last)
    }
}
