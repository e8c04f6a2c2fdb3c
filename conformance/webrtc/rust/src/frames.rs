//! Files of frames: length (u32), RTP timestamp (u64) and bytes of each, in little endian.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::Kind;

/// Plays a file's frames round and round.
pub(crate) struct Player {
    pub(crate) kind: Kind,
    frames: Vec<Vec<u8>>,
    at: usize,
    number: u64,
    started: Option<Instant>,
}

/// Where frames that arrived are written.
pub(crate) struct Record {
    pub(crate) kind: Kind,
    file: File,
}

impl Player {
    pub(crate) fn new(kind: Kind, path: &Path) -> Result<Self> {
        let data = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let (mut frames, mut rest) = (Vec::new(), data.as_slice());
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*length))?;
            let (frame, tail) = tail
                .get(8..)
                .and_then(|tail| tail.split_at_checked(length))
                .context("a file of frames that ends early")?;
            frames.push(frame.to_vec());
            rest = tail;
        }
        anyhow::ensure!(!frames.is_empty(), "{} has no frames", path.display());
        Ok(Self {
            kind,
            frames,
            at: 0,
            number: 0,
            started: None,
        })
    }

    /// RTP ticks of a frame.
    pub(crate) const fn ticks(&self) -> u32 {
        match self.kind {
            Kind::Audio => 960,
            Kind::Video => 6000,
        }
    }

    /// Frames before the next one.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// When the next frame is to be sent; the first one now.
    pub(crate) fn due(&mut self, now: Instant) -> Instant {
        let each = match self.kind {
            Kind::Audio => Duration::from_millis(20),
            Kind::Video => Duration::from_secs(1) / 15,
        };
        let frames = u32::try_from(self.number).unwrap_or(u32::MAX);
        *self.started.get_or_insert(now) + each * frames
    }

    pub(crate) fn next(&mut self) -> &[u8] {
        let at = self.at;
        self.at = (at + 1) % self.frames.len();
        self.number += 1;
        self.frames.get(at).map_or(&[], Vec::as_slice)
    }

    /// The first picture stands for itself.
    pub(crate) const fn rewind(&mut self) {
        self.at = 0;
    }
}

impl Record {
    pub(crate) fn new(kind: Kind, path: &Path) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
        Ok(Self { kind, file })
    }

    pub(crate) fn add(&mut self, timestamp: u64, frame: &[u8]) -> Result<()> {
        let mut record = u32::try_from(frame.len())?.to_le_bytes().to_vec();
        record.extend(timestamp.to_le_bytes());
        record.extend(frame);
        Ok(self.file.write_all(&record)?)
    }
}
