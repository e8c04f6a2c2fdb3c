//! Why something could not be done, and what names have to be like.

use crate::store::StoreError;

/// Longest name of anything, in characters.
pub(super) const MAX_NAME: usize = 256;

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// There is none of this name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// There is one of this name already.
    #[error("there is {0} of that name already")]
    Exists(&'static str),
    /// Several have this name.
    #[error("several applications have that name; use the client id")]
    Ambiguous,
    /// An argument that cannot be.
    #[error("{argument}: {reason}")]
    Invalid {
        /// Which one.
        argument: &'static str,
        /// Why.
        reason: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) fn invalid(argument: &'static str, reason: impl Into<String>) -> AdminError {
    AdminError::Invalid {
        argument,
        reason: reason.into(),
    }
}

pub(super) fn check_name(argument: &'static str, name: &str) -> Result<(), AdminError> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > MAX_NAME || name.chars().any(char::is_control) {
        return Err(invalid(
            argument,
            format!("1 to {MAX_NAME} characters, none of them for control"),
        ));
    }
    Ok(())
}
