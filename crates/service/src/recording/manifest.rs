//! `recording.json`: what a recording is of, who is in it, and which file is whose.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Name of the file.
pub(super) const FILE: &str = "recording.json";

/// The form of the file described here.
const VERSION: u32 = 1;

/// A recording, as `recording.json` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) version: u32,
    pub(super) meeting: MeetingInfo,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) started: OffsetDateTime,
    /// Nothing while it runs, or when the service was killed.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub(super) ended: Option<OffsetDateTime>,
    pub(super) end_reason: Option<EndReason>,
    /// Everybody together.
    pub(super) mixed: Option<MixedInfo>,
    pub(super) participants: Vec<ParticipantInfo>,
    /// Packets for which there was no room, since the disk was too slow.
    pub(super) packets_dropped: u64,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeetingInfo {
    /// The meeting's id.
    pub(crate) id: String,
    /// Its subject when the recording began.
    pub(crate) subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organizer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) thread_id: Option<String>,
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EndReason {
    /// Somebody stopped it, or the policy no longer allows it.
    Stopped,
    /// The call is over.
    MeetingEnded,
    /// The service stopped.
    ServiceStopped,
    /// It was as long as it may be.
    MaxDuration,
    /// It had as many bytes as it may have.
    MaxBytes,
    /// The disk is full.
    DiskFull,
    /// A file could not be written.
    WriteFailed,
    /// The service was killed; noted at its next start.
    ServiceKilled,
}

/// The file with everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MixedInfo {
    pub(super) file: String,
    pub(super) codec: String,
    /// Behind the start of the recording.
    pub(super) offset_ms: u64,
}

/// Somebody who is in the recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ParticipantInfo {
    #[serde(flatten)]
    pub(super) person: Person,
    pub(super) tracks: Vec<TrackInfo>,
}

/// Somebody in a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    /// The id in the call.
    pub(crate) id: String,
    /// `8:acs:…` or `8:orgid:…`.
    pub(crate) identity: String,
    pub(crate) display_name: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TrackInfo {
    pub(super) file: String,
    pub(super) source: Source,
    /// `opus`, `vp8`, `vp9`, `h264` or `av1`.
    pub(super) codec: String,
    /// The beginning of the file, behind the start of the recording.
    pub(super) offset_ms: u64,
    /// Nothing while it is being written.
    pub(super) duration_ms: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) frames: Option<u64>,
    /// Packets that never came.
    pub(super) packets_missing: Option<u64>,
}

/// What a track shows or has one hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Source {
    Microphone,
    Camera,
    Screen,
}

impl Source {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Microphone => "microphone",
            Self::Camera => "camera",
            Self::Screen => "screen",
        }
    }
}

impl Manifest {
    pub(super) const fn new(meeting: MeetingInfo, started: OffsetDateTime) -> Self {
        Self {
            version: VERSION,
            meeting,
            started,
            ended: None,
            end_reason: None,
            mixed: None,
            participants: Vec::new(),
            packets_dropped: 0,
        }
    }

    /// Puts the file in the place of the one before, so that there is a whole one at all times.
    pub(super) fn write(&self, directory: &Path) -> io::Result<()> {
        let unfinished = directory.join(".recording.json.new");
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        // What a killed service has left there is nobody's.
        let _ = fs::remove_file(&unfinished);
        let mut file = create(&unfinished)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&unfinished, directory.join(FILE))
    }

    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(directory.join(FILE))?)?)
    }
}

/// A new file that its owner alone can read.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    // Writers go back to complete a file, and a recovery reads it.
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A directory, and those above it, that its owner alone can read.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
