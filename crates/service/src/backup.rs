//! Copies of the data directory: taken while the service runs, put back while it does not.
//!
//! A backup is a directory with one consistent copy of the database, the files beside it (certificate authority,
//! connection strings) and `backup.json`, which names each file with its size and SHA-256. It holds the keys that sign
//! tokens: keep it as safe as the data directory.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::config::io_reason;
use crate::data::{self, DATABASE, LOCK, RESTORING};
use crate::error::StartError;
use crate::operator;
use crate::store::sqlite::{migrations, snapshot};
use crate::store::{StoreError, sqlite};

/// The list of what is in a backup.
const MANIFEST: &str = "backup.json";

/// Form of [`Manifest`].
const FORMAT: u32 = 1;

/// How often progress of the database's copy is told.
const TICK: Duration = Duration::from_millis(100);

/// Deepest directory that is copied; ours has one level.
const DEPTH: usize = 4;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    format: u32,
    /// When it was taken, RFC 3339.
    pub created_on: String,
    /// Version of the program that took it.
    pub program: String,
    /// Schema version of the database.
    pub schema: u32,
    /// The files, by their path in the directory.
    pub files: Vec<BackedUp>,
}

/// A file in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// Relative path with `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, as far as it is known.
    pub total: u64,
}

/// Why there is no backup, or why it was not put back; each prints as one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// There is nothing to back up.
    #[error("{} holds no data of anteroom", .0.display())]
    NoData(PathBuf),
    /// The directory has something in it.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A data directory that would be overwritten.
    #[error("{} holds data already; --force replaces it", .0.display())]
    WouldReplace(PathBuf),
    /// The directory is no backup.
    #[error("{} is no backup: {reason}", path.display())]
    NoBackup {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A file is not what was backed up.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// The backup is of a newer program.
    #[error(transparent)]
    TooNew(StoreError),
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The database cannot be read or copied.
    #[error(transparent)]
    Store(StoreError),
    /// The data directory cannot be taken.
    #[error(transparent)]
    Directory(StartError),
}

/// Copies the data directory `data` into the new or empty directory `into`. The service may run.
///
/// # Errors
/// [`BackupError`]; what was written so far is taken away. Cut off, it is left behind without its `backup.json`, so that
/// it is no backup.
pub fn backup(
    data: &Path,
    into: &Path,
    now: OffsetDateTime,
    mut progress: impl FnMut(Progress),
) -> Result<Manifest, BackupError> {
    let database = data::database_path(data);
    if !database.is_file() {
        return Err(BackupError::NoData(data.to_owned()));
    }
    let existed = into.exists();
    make_empty(into)?;
    let outcome = copy_all(data, &database, into, now, &mut progress);
    if outcome.is_err() {
        // The directory was empty. What is wrong is told; a rest is no backup.
        let _ = remove_directory(into);
        if existed {
            let _ = make_private_directory(into);
        }
    }
    outcome
}

fn copy_all(
    data: &Path,
    database: &Path,
    into: &Path,
    now: OffsetDateTime,
    progress: &mut impl FnMut(Progress),
) -> Result<Manifest, BackupError> {
    let copy = into.join(DATABASE);
    copy_database(database, &copy, progress)?;
    let mut names = vec![DATABASE.to_owned()];
    let skip = into.canonicalize().ok();
    copy_beside(data, into, Path::new(""), 0, skip.as_deref(), &mut names)?;
    let schema = snapshot::verify(&copy).map_err(BackupError::Store)?;
    let files = names
        .into_iter()
        .map(|path| describe(into, path))
        .collect::<Result<_, _>>()?;
    let manifest = Manifest {
        format: FORMAT,
        created_on: now.format(&Rfc3339).unwrap_or_default(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        files,
    };
    let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    let path = into.join(MANIFEST);
    // Written last, and whole or not at all.
    let unfinished = into.join(".backup.json");
    fs::write(&unfinished, text)
        .and_then(|()| File::open(&unfinished)?.sync_all())
        .and_then(|()| fs::rename(&unfinished, &path))
        .and_then(|()| sync_directory(into))
        .map_err(failed(&path))?;
    Ok(manifest)
}

/// Puts the backup in `from` into the data directory `data`, which no service may be using. A directory with data in it
/// is refused unless `replace`; the old data is gone then.
///
/// # Errors
/// [`BackupError`]; nothing is changed before every file of the backup has been checked and copied.
pub fn restore(
    from: &Path,
    data: &Path,
    replace: bool,
    mut progress: impl FnMut(Progress),
) -> Result<Manifest, BackupError> {
    let manifest = read_manifest(from)?;
    let total = manifest.files.iter().map(|file| file.bytes).sum();
    let mut done = 0;
    for file in &manifest.files {
        let found = describe(from, file.path.clone())?;
        if found != *file {
            return Err(BackupError::Damaged(format!("{} is not as it was", file.path)));
        }
        done += file.bytes;
        progress(Progress {
            done: done / 2,
            total,
        });
    }
    if manifest.schema > migrations::known() {
        return Err(BackupError::TooNew(StoreError::TooNew {
            found: manifest.schema,
            known: migrations::known(),
        }));
    }
    snapshot::verify(&from.join(DATABASE)).map_err(|error| BackupError::Damaged(error.to_string()))?;

    let _lock = data::lock(data).map_err(BackupError::Directory)?;
    let database = data::database_path(data);
    if database.exists() && !replace {
        return Err(BackupError::WouldReplace(data.to_owned()));
    }
    let gathered = data.join(RESTORING);
    // Of one that was cut off.
    remove_directory(&gathered)?;
    let outcome = gather(from, &gathered, &manifest, total, &mut progress);
    if outcome.is_err() {
        // What is wrong is told; that a rest stays is found at the next start.
        let _ = remove_directory(&gathered);
    }
    outcome?;
    put_in_place(&gathered, data, &manifest)?;
    progress(Progress { done: total, total });
    Ok(manifest)
}

/// Copies the files of a backup into a directory of their own: this takes long, and disks get full.
fn gather(
    from: &Path,
    into: &Path,
    manifest: &Manifest,
    total: u64,
    progress: &mut impl FnMut(Progress),
) -> Result<(), BackupError> {
    make_private_directory(into)?;
    let mut done = total / 2;
    for file in &manifest.files {
        let target = into.join(&file.path);
        if let Some(parent) = target.parent() {
            make_private_directory(parent)?;
        }
        copy_file(&from.join(&file.path), &target)?;
        done += file.bytes / 2;
        progress(Progress {
            done: done.min(total),
            total,
        });
    }
    sync_directory(into).map_err(failed(into))
}

/// Moves what was gathered into the data directory. The old database with its log, which must not be taken for the new
/// one's, goes aside first; cut off here, there is no database, and a start says why.
fn put_in_place(gathered: &Path, data: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let aside = gathered.join(".replaced");
    make_private_directory(&aside)?;
    for name in [
        DATABASE.to_owned(),
        format!("{DATABASE}-wal"),
        format!("{DATABASE}-shm"),
    ] {
        let old = data.join(&name);
        match fs::rename(&old, aside.join(&name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&old)(error)),
            _ => {}
        }
    }
    sync_directory(data).map_err(failed(data))?;
    // The database last: with it the restore is done.
    let (database, beside): (Vec<_>, Vec<_>) = manifest.files.iter().partition(|file| file.path == DATABASE);
    for file in beside.into_iter().chain(database) {
        let target = data.join(&file.path);
        if let Some(parent) = target.parent() {
            make_private_directory(parent)?;
        }
        fs::rename(gathered.join(&file.path), &target).map_err(failed(&target))?;
    }
    sync_directory(data).map_err(failed(data))?;
    remove_directory(gathered)
}

fn copy_database(from: &Path, to: &Path, progress: &mut impl FnMut(Progress)) -> Result<(), BackupError> {
    // Made here, so that SQLite does not make it readable for everybody; it fills an empty file.
    sqlite::make_private(to).map_err(BackupError::Store)?;
    let connection = snapshot::open_read_only(from).map_err(BackupError::Store)?;
    let total = snapshot::size(&connection).map_err(BackupError::Store)?;
    let (finished, wait) = mpsc::channel();
    let target = to.to_owned();
    let copying = std::thread::spawn(move || {
        let _ = finished.send(snapshot::copy_into(&connection, &target));
    });
    let outcome = loop {
        match wait.recv_timeout(TICK) {
            Ok(outcome) => break outcome,
            Err(RecvTimeoutError::Timeout) => {
                let done = fs::metadata(to).map_or(0, |metadata| metadata.len());
                progress(Progress {
                    done: done.min(total),
                    total,
                });
            }
            Err(RecvTimeoutError::Disconnected) => {
                break Err(StoreError::Sqlite("the copy was given up".to_owned()));
            }
        }
    };
    // It has sent its outcome, or panicked, which is told above.
    let _ = copying.join();
    outcome.map_err(BackupError::Store)?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(failed(to))?;
    progress(Progress { done: total, total });
    Ok(())
}

/// Copies the files beside the database, one directory after the other.
fn copy_beside(
    data: &Path,
    into: &Path,
    inside: &Path,
    depth: usize,
    skip: Option<&Path>,
    names: &mut Vec<String>,
) -> Result<(), BackupError> {
    let directory = data.join(inside);
    let mut entries = fs::read_dir(&directory)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(failed(&directory))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // The operator's file is of the run of a service, and a copy would lead to that one.
        let ours = inside.as_os_str().is_empty()
            && (name == LOCK || name == operator::FILE || name.starts_with(DATABASE));
        if ours || name.starts_with('.') {
            continue;
        }
        let relative = inside.join(&name);
        let kind = entry.file_type().map_err(failed(&entry.path()))?;
        if kind.is_dir() {
            // The backup may lie inside the data directory.
            let is_the_backup = skip.is_some() && entry.path().canonicalize().ok().as_deref() == skip;
            if depth < DEPTH && !is_the_backup && !entry.path().join(MANIFEST).exists() {
                make_private_directory(&into.join(&relative))?;
                copy_beside(data, into, &relative, depth + 1, skip, names)?;
            }
        } else if kind.is_file() {
            copy_file(&entry.path(), &into.join(&relative))?;
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            names.push(parts.join("/"));
        }
    }
    Ok(())
}

/// With the mode of the original, on disk when this returns.
fn copy_file(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::copy(from, to)
        .and_then(|_| File::open(to)?.sync_all())
        .map_err(failed(to))
}

fn read_manifest(from: &Path) -> Result<Manifest, BackupError> {
    let no_backup = |reason: String| BackupError::NoBackup {
        path: from.to_owned(),
        reason,
    };
    let text = fs::read(from.join(MANIFEST))
        .map_err(|error| no_backup(format!("{MANIFEST}: {}", io_reason(&error))))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|_| no_backup(format!("{MANIFEST} is unreadable")))?;
    if manifest.format != FORMAT {
        return Err(no_backup(format!("its format {} is not known", manifest.format)));
    }
    // A list that leads out of the directory is not one of ours.
    let inside = |path: &str| {
        !path.is_empty()
            && Path::new(path)
                .components()
                .all(|part| matches!(part, Component::Normal(_)))
    };
    if !manifest.files.iter().all(|file| inside(&file.path)) {
        return Err(no_backup(format!("{MANIFEST} names files outside of it")));
    }
    if !manifest.files.iter().any(|file| file.path == DATABASE) {
        return Err(no_backup("it holds no database".to_owned()));
    }
    Ok(manifest)
}

fn describe(directory: &Path, path: String) -> Result<BackedUp, BackupError> {
    let file = directory.join(&path);
    let digest = || -> io::Result<(u64, String)> {
        let mut reader = File::open(&file)?;
        let (mut context, mut bytes, mut buffer) = (Context::new(&SHA256), 0_u64, vec![0; 64 * 1024]);
        loop {
            let read = reader.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            context.update(&buffer[..read]);
            bytes += read as u64;
        }
        let digest = context.finish();
        let hex = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((bytes, hex))
    };
    let (bytes, sha256) = digest().map_err(failed(&file))?;
    Ok(BackedUp { path, bytes, sha256 })
}

fn make_empty(directory: &Path) -> Result<(), BackupError> {
    make_private_directory(directory)?;
    let mut entries = fs::read_dir(directory).map_err(failed(directory))?;
    if entries.next().is_some() {
        return Err(BackupError::NotEmpty(directory.to_owned()));
    }
    Ok(())
}

fn make_private_directory(directory: &Path) -> Result<(), BackupError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(failed(directory))
}

fn remove_directory(path: &Path) -> Result<(), BackupError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path)(error)),
        _ => Ok(()),
    }
}

/// Renames are on disk when their directory is.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| BackupError::Io {
        path: path.clone(),
        reason: io_reason(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::sqlite::settings;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-20 12:00 UTC);

    /// A data directory as a service leaves it.
    async fn data_directory(value: &str) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        fs::create_dir(data.path().join("tls")).unwrap();
        fs::write(data.path().join("tls/ca.pem"), "certificate").unwrap();
        fs::write(data.path().join(LOCK), "").unwrap();
        let store = Store::open(&data::database_path(data.path())).unwrap();
        write(&store, value).await;
        store.close().await;
        data
    }

    async fn write(store: &Store, value: &str) {
        let value = value.to_owned();
        store
            .write(move |connection| settings::set(connection, "value", &value))
            .await
            .unwrap();
    }

    async fn read(data: &Path) -> Option<String> {
        let store = Store::open(&data::database_path(data)).unwrap();
        let value = store
            .read(|connection| settings::get(connection, "value"))
            .await
            .unwrap();
        store.close().await;
        value
    }

    #[tokio::test]
    async fn what_was_backed_up_comes_back() {
        let data = data_directory("first").await;
        let place = tempfile::tempdir().unwrap();
        let copy = place.path().join("copy");
        let store = Store::open(&data::database_path(data.path())).unwrap();
        let manifest = backup(data.path(), &copy, NOW, |_| {}).unwrap();
        write(&store, "second").await;
        store.close().await;
        let names: Vec<_> = manifest.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(names, [DATABASE, "tls/ca.pem"]);

        let empty = place.path().join("restored");
        let mut last = None;
        assert_eq!(
            restore(&copy, &empty, false, |now| last = Some(now)).unwrap(),
            manifest
        );
        assert!(last.is_some_and(|last| last.done == last.total));
        assert_eq!(read(&empty).await.as_deref(), Some("first"));
        assert_eq!(
            fs::read_to_string(empty.join("tls/ca.pem")).unwrap(),
            "certificate"
        );

        let refused = restore(&copy, data.path(), false, |_| {});
        assert!(matches!(refused, Err(BackupError::WouldReplace(_))));
        assert_eq!(read(data.path()).await.as_deref(), Some("second"));
        restore(&copy, data.path(), true, |_| {}).unwrap();
        assert_eq!(read(data.path()).await.as_deref(), Some("first"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = data_directory("first").await;
        let place = tempfile::tempdir().unwrap();
        let copy = place.path().join("copy");
        backup(data.path(), &copy, NOW, |_| {}).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&copy), 0o700);
        assert_eq!(mode(&copy.join(DATABASE)), 0o600);
    }

    #[tokio::test]
    async fn a_damaged_or_foreign_backup_changes_nothing() {
        let data = data_directory("kept").await;
        let place = tempfile::tempdir().unwrap();
        let copy = place.path().join("copy");
        backup(data.path(), &copy, NOW, |_| {}).unwrap();

        fs::write(copy.join("tls/ca.pem"), "other").unwrap();
        let refused = restore(&copy, data.path(), true, |_| {});
        assert!(matches!(refused, Err(BackupError::Damaged(_))), "{refused:?}");
        fs::remove_file(copy.join("tls/ca.pem")).unwrap();
        assert!(matches!(
            restore(&copy, data.path(), true, |_| {}),
            Err(BackupError::Io { .. })
        ));

        for text in [
            "",
            "{}",
            r#"{"format":1,"createdOn":"","program":"","schema":1,"files":[{"path":"../x","bytes":0,"sha256":""}]}"#,
            r#"{"format":1,"createdOn":"","program":"","schema":1,"files":[]}"#,
            r#"{"format":2,"createdOn":"","program":"","schema":1,"files":[]}"#,
        ] {
            fs::write(copy.join(MANIFEST), text).unwrap();
            let refused = restore(&copy, data.path(), true, |_| {});
            assert!(
                matches!(refused, Err(BackupError::NoBackup { .. })),
                "{text}: {refused:?}"
            );
        }
        assert_eq!(read(data.path()).await.as_deref(), Some("kept"));
    }

    #[tokio::test]
    async fn a_restore_that_cannot_be_finished_changes_nothing() {
        let data = data_directory("kept").await;
        let place = tempfile::tempdir().unwrap();
        let copy = place.path().join("copy");
        let other = data_directory("other").await;
        fs::write(other.path().join("tls/more.pem"), "more").unwrap();
        backup(other.path(), &copy, NOW, |_| {}).unwrap();
        // It is checked, and gone when it is copied: as when the disk gets full in between.
        let mut checked = 0;
        let refused = restore(&copy, data.path(), true, |_| {
            checked += 1;
            if checked == 3 {
                fs::remove_file(copy.join("tls/more.pem")).unwrap();
            }
        });
        assert!(matches!(refused, Err(BackupError::Io { .. })), "{refused:?}");
        assert_eq!(read(data.path()).await.as_deref(), Some("kept"));
        assert!(!data.path().join(RESTORING).exists());
    }

    #[tokio::test]
    async fn a_restore_that_was_cut_off_is_noticed() {
        let data = data_directory("old").await;
        let place = tempfile::tempdir().unwrap();
        let copy = place.path().join("copy");
        backup(data.path(), &copy, NOW, |_| {}).unwrap();
        let gathered = data.path().join(RESTORING);

        // While it copied: the old data is whole.
        fs::create_dir(&gathered).unwrap();
        data::check_restored(data.path()).unwrap();
        assert!(!gathered.exists());

        // While it moved: there is no database.
        fs::create_dir(&gathered).unwrap();
        fs::rename(data::database_path(data.path()), gathered.join(DATABASE)).unwrap();
        assert!(matches!(
            data::check_restored(data.path()),
            Err(StartError::RestoreUnfinished { .. })
        ));
        restore(&copy, data.path(), false, |_| {}).unwrap();
        assert_eq!(read(data.path()).await.as_deref(), Some("old"));
        data::check_restored(data.path()).unwrap();
        assert!(!gathered.exists());
    }

    #[tokio::test]
    async fn refuses_what_is_in_use_full_or_empty() {
        let data = data_directory("first").await;
        let place = tempfile::tempdir().unwrap();
        let copy = place.path().join("copy");
        backup(data.path(), &copy, NOW, |_| {}).unwrap();
        assert!(matches!(
            backup(data.path(), &copy, NOW, |_| {}),
            Err(BackupError::NotEmpty(_))
        ));
        assert!(matches!(
            backup(&copy.join("tls"), &place.path().join("x"), NOW, |_| {}),
            Err(BackupError::NoData(_))
        ));
        let held = data::lock(data.path()).unwrap();
        assert!(matches!(
            restore(&copy, data.path(), true, |_| {}),
            Err(BackupError::Directory(StartError::DataInUse { .. }))
        ));
        drop(held);
    }
}
