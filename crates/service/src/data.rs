//! The data directory: whose it is, and what lies in it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::config::io_reason;
use crate::error::StartError;

/// Name of the file by which a running service holds the directory.
pub(crate) const LOCK: &str = "lock";

/// Name of the database.
pub(crate) const DATABASE: &str = "anteroom.db";

/// Where a restore gathers its files, and puts the old database aside until the new one is in its place.
pub(crate) const RESTORING: &str = ".restoring";

/// Where the database is.
#[must_use]
pub fn database_path(data: &Path) -> PathBuf {
    data.join(DATABASE)
}

/// Looks for what a restore that was cut off has left behind; the lock must be held.
///
/// # Errors
/// The restore had begun to replace the data: it must be done again.
pub(crate) fn check_restored(path: &Path) -> Result<(), StartError> {
    let rest = path.join(RESTORING);
    if !rest.exists() {
        return Ok(());
    }
    if !database_path(path).exists() {
        return Err(StartError::RestoreUnfinished {
            path: path.to_owned(),
        });
    }
    // It had not begun, or it was done but for this.
    fs::remove_dir_all(&rest).map_err(|error| StartError::DataNotWritable {
        path: rest,
        reason: io_reason(&error),
    })
}

/// Makes the directory, tries whether it can be written, and takes its lock, which is held until the file is dropped.
///
/// # Errors
/// The directory cannot be made or written, or another process holds the lock.
pub(crate) fn lock(path: &Path) -> Result<File, StartError> {
    let failed = |error: io::Error| StartError::DataNotWritable {
        path: path.to_owned(),
        reason: io_reason(&error),
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed)?;
    let lock = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path.join(LOCK))
        .map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            return Err(StartError::DataInUse {
                path: path.to_owned(),
            });
        }
        Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
    }
    // The lock file may be writable in a directory that is not.
    let probe = path.join(".probe");
    fs::write(&probe, b"")
        .and_then(|()| fs::remove_file(&probe))
        .map_err(failed)?;
    Ok(lock)
}
