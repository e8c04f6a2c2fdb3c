//! Errors that several modules share.

use thiserror::Error;

/// A text is not the identifier it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed {what}")]
pub struct IdError {
    what: &'static str,
}

impl IdError {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { what }
    }

    /// What the text should have been.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }
}
