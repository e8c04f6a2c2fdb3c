//! Why joining or taking part failed.

use std::path::PathBuf;

use thiserror::Error;

/// What can go wrong on the client's side. A refusal by the meeting is not an error but an
/// [`Event::Ended`](super::Event::Ended).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither an endpoint was given nor does the link name one.
    #[error("the meeting link names no service; give its endpoint")]
    Endpoint,
    /// The CA file cannot be used.
    #[error("cannot use the CA file {}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The credential is of no use.
    #[error("{0}")]
    Credential(&'static str),
    /// A request failed before it was answered.
    #[error("cannot reach the service: {}", innermost(.0))]
    Http(#[source] reqwest::Error),
    /// The identity API could not be asked.
    #[error("cannot get a token: {0}")]
    Identity(#[source] anteroom_identity::client::Error),
    /// The identity API or the directory refused.
    #[error("the service refused ({status}): {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The service's sentence.
        message: String,
    },
    /// The service answered with something else than expected.
    #[error("the service gave an answer that this client does not understand")]
    UnexpectedAnswer,
    /// The signaling connection could not be made or was lost for good.
    #[error("the signaling connection failed: {0}")]
    Signaling(String),
    /// Media could not be set up.
    #[error("media failed: {0}")]
    Media(String),
    /// A sound could not be read, encoded or written.
    #[error(transparent)]
    Audio(#[from] anteroom_codec::Error),
}

/// The last error of a chain says what happened; the first ones only where.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
