//! Temporary directories.

use std::path::PathBuf;

/// A directory that is removed with everything in it when dropped.
#[derive(Debug)]
pub struct TempDir(tempfile::TempDir);

impl TempDir {
    /// Creates one under the system's temporary directory.
    ///
    /// # Panics
    /// When the system refuses; a test can do nothing about that.
    #[must_use]
    pub fn new() -> Self {
        Self(
            tempfile::Builder::new()
                .prefix("anteroom-test-")
                .tempdir()
                .expect("a temporary directory"),
        )
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// The path of something in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

impl Default for TempDir {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_gone_when_dropped() {
        let dir = super::TempDir::new();
        std::fs::write(dir.join("file"), "x").unwrap();
        let path = dir.path().to_owned();
        drop(dir);
        assert!(!path.exists());
    }
}
