//! Recordings of meetings: who speaks and shows is written to files, for as long as the meeting says that it is recorded.
//!
//! ```text
//!  media thread ─ tap (blocks of packets) ─▶ recorder's thread ─▶ DIR/recordings/MEETING/STARTED/
//!  meeting ─ who sends what, the end ────────▶                      recording.json, mixed.ogg, PARTICIPANT-N-SOURCE.webm
//! ```
//!
//! | file | role |
//! |---|---|
//! | `thread` | a thread for each recorded meeting: the clock, the queue, what ends a recording |
//! | `session` | one recording: packets to files, limits, what is flushed when |
//! | `track` | a microphone, camera or screen into Matroska, as it was sent |
//! | `timeline` | from RTP timestamps to time in a file |
//! | `mixed` | everybody together, in Ogg Opus |
//! | `manifest` | `recording.json` |
//! | `upkeep` | what a killed service has left behind, and what is too old |
//!
//! Who has to be silent or unseen because it does not agree to being recorded is paused by the meeting
//! (`meeting::machine::recording`), so that nothing of it comes here. Nothing is transcoded but for the mix. Whatever is in
//! a file at any time can be played: a killed service loses no more than the last second.

mod manifest;
mod mixed;
mod session;
#[cfg(test)]
mod tests;
mod thread;
mod timeline;
mod track;
mod upkeep;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anteroom_media_transport::router::{PeerId, RoomId};
use serde::{Deserialize, Serialize};

pub(crate) use self::manifest::{EndReason, MeetingInfo, Person};
pub(crate) use self::thread::{Recorder, Start};

/// Name of the directory in the data directory.
const DIRECTORY: &str = "recordings";

/// What is written when a meeting is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RecordingConfig {
    /// Whether anything is. Without, that a meeting is recorded is something that its participants are told, and no more.
    pub enabled: bool,
    /// Where recordings are; `recordings` in the data directory when not set.
    pub directory: Option<PathBuf>,
    /// After so long a recording ends, in seconds; 0 for no limit.
    pub max_duration_seconds: u64,
    /// With so many bytes a recording ends; 0 for no limit.
    pub max_bytes: u64,
    /// Meetings that are recorded at a time; each has a thread of its own.
    pub max_at_once: usize,
    /// Days after which a recording is deleted; for ever when not set.
    pub retention_days: Option<u32>,
}

impl Default for RecordingConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            directory: None,
            max_duration_seconds: 12 * 3600,
            max_bytes: 64 << 30,
            max_at_once: 32,
            retention_days: None,
        }
    }
}

/// The recordings of a service; clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Recordings(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    config: RecordingConfig,
    directory: PathBuf,
    figures: Arc<Figures>,
}

/// What recorders count.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    running: AtomicUsize,
    started: AtomicU64,
    failed: AtomicU64,
    bytes: AtomicU64,
    frames: AtomicU64,
    packets_dropped: AtomicU64,
    packets_missing: AtomicU64,
}

/// What recorders have counted up to some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct FiguresRead {
    pub(crate) running: u64,
    pub(crate) started: u64,
    pub(crate) failed: u64,
    pub(crate) bytes: u64,
    pub(crate) frames: u64,
    pub(crate) packets_dropped: u64,
    pub(crate) packets_missing: u64,
}

impl Recordings {
    pub(crate) fn new(config: &RecordingConfig, data: &Path) -> Self {
        let directory = config.directory.clone().unwrap_or_else(|| data.join(DIRECTORY));
        Self(Arc::new(Parts {
            config: config.clone(),
            directory,
            figures: Arc::default(),
        }))
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.0.config.enabled
    }

    /// Begins a recording in a thread of its own; `None` when there are as many as may be.
    pub(crate) fn start(&self, start: Start) -> Option<Recorder> {
        let Parts {
            config,
            directory,
            figures,
        } = &*self.0;
        let running = figures.running.fetch_add(1, Ordering::Relaxed);
        if running >= config.max_at_once {
            figures.running.fetch_sub(1, Ordering::Relaxed);
            tracing::warn!(running, "a meeting is not recorded: as many are as may be");
            return None;
        }
        figures.started.fetch_add(1, Ordering::Relaxed);
        thread::spawn(config, directory.clone(), Arc::clone(figures), start)
    }

    /// The recordings that a killed service has left behind; looked for before any is begun.
    pub(crate) fn unfinished(&self) -> Vec<PathBuf> {
        upkeep::unfinished(&self.0.directory)
    }

    /// Completes one of them.
    pub(crate) fn complete(directory: &Path) {
        upkeep::complete(directory);
    }

    /// Deletes what is older than recordings may be.
    pub(crate) fn delete_old(&self, now: time::OffsetDateTime) {
        if let Some(days) = self.0.config.retention_days {
            upkeep::delete_old(&self.0.directory, days, now);
        }
    }

    pub(crate) fn figures(&self) -> FiguresRead {
        let figures = &self.0.figures;
        let read = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        FiguresRead {
            running: figures.running.load(Ordering::Relaxed) as u64,
            started: read(&figures.started),
            failed: read(&figures.failed),
            bytes: read(&figures.bytes),
            frames: read(&figures.frames),
            packets_dropped: read(&figures.packets_dropped),
            packets_missing: read(&figures.packets_missing),
        }
    }
}

/// When a recording ends by itself.
#[derive(Debug, Clone, Copy)]
struct Limits {
    duration: Duration,
    bytes: u64,
}

impl Limits {
    const fn of(config: &RecordingConfig) -> Self {
        Self {
            duration: match config.max_duration_seconds {
                0 => Duration::MAX,
                seconds => Duration::from_secs(seconds),
            },
            bytes: match config.max_bytes {
                0 => u64::MAX,
                bytes => bytes,
            },
        }
    }
}

/// The id, among those of a room's peers, by which a recorder of it listens. Ids of peers and tracks count up in the lower
/// half and never get there.
pub(crate) const fn tap_of(room: RoomId, recordings_before: u32) -> PeerId {
    PeerId(room.0 << 32 | (u32::MAX - recordings_before) as u64)
}
