//! What a killed service has left behind, and what is too old.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anteroom_codec::container::matroska;
use time::{Duration, OffsetDateTime};

use super::manifest::{self, EndReason, Manifest};

/// The recordings that no end is known of, before any is begun.
pub(super) fn unfinished(root: &Path) -> Vec<PathBuf> {
    let all = recordings(root);
    let is_open = |path: &PathBuf| Manifest::read(path).is_ok_and(|manifest| manifest.end_reason.is_none());
    all.into_iter().filter(is_open).collect()
}

/// Completes what a killed service has left behind: files can be played without, but do not say how long they are.
pub(super) fn complete(directory: &Path) {
    let Ok(mut manifest) = Manifest::read(directory) else {
        return;
    };
    let mut latest = None;
    for track in manifest
        .participants
        .iter_mut()
        .flat_map(|participant| &mut participant.tracks)
    {
        // Names in a manifest are ours, and plain.
        let Some(name) = Path::new(&track.file).file_name() else {
            continue;
        };
        let path = directory.join(name);
        let repaired = File::options()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(anteroom_codec::Error::from)
            .and_then(|mut file| matroska::repair(&mut file));
        if let Err(error) = repaired {
            tracing::warn!(%error, file = %path.display(), "a recording that was cut off is left as it is");
        }
        track.bytes = track
            .bytes
            .or_else(|| fs::metadata(&path).ok().map(|file| file.len()));
        let written = fs::metadata(&path).and_then(|file| file.modified()).ok();
        latest = latest.max(written);
    }
    manifest.ended = latest.map(OffsetDateTime::from);
    manifest.end_reason = Some(EndReason::ServiceKilled);
    match manifest.write(directory) {
        Ok(()) => tracing::info!(directory = %directory.display(), "completed a recording that was cut off"),
        Err(error) => {
            tracing::warn!(%error, directory = %directory.display(), "a recording cannot be completed")
        }
    }
}

/// Deletes recordings that began so many days ago and have ended.
pub(super) fn delete_old(root: &Path, days: u32, now: OffsetDateTime) {
    for directory in recordings(root) {
        let Ok(manifest) = Manifest::read(&directory) else {
            continue;
        };
        if manifest.end_reason.is_none() || manifest.started + Duration::days(days.into()) > now {
            continue;
        }
        match fs::remove_dir_all(&directory) {
            Ok(()) => tracing::info!(directory = %directory.display(), "deleted a recording by its age"),
            Err(error) => tracing::warn!(%error, "a recording cannot be deleted; this is tried again"),
        }
        // Gone with its last recording; others stay.
        if let Some(of_meeting) = directory.parent() {
            let _ = fs::remove_dir(of_meeting);
        }
    }
}

/// The directories with a manifest.
fn recordings(root: &Path) -> Vec<PathBuf> {
    let below = |path: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        // A link leads elsewhere, which is not ours.
        let directories = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        directories.map(|entry| entry.path()).collect()
    };
    let all = below(root).into_iter().flat_map(|meeting| below(&meeting));
    all.filter(|path| path.join(manifest::FILE).is_file()).collect()
}
