//! What can go wrong in a run.

use std::process::ExitStatus;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a client could not go on.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum ClientError {
    /// The server refused it, or what it said could not be used.
    #[error("signaling: {0}")]
    Signaling(String),
    /// There is no socket.
    #[error("no socket: {0}")]
    Socket(String),
    /// The transport could not be made.
    #[error("media: {0}")]
    Media(String),
    /// ICE or DTLS ended.
    #[error("media ended: {0}")]
    Closed(String),
    /// Nothing came of it in time.
    #[error("{waiting_for} took longer than {seconds} s")]
    Timeout {
        /// For what it waited.
        waiting_for: String,
        /// How long, in seconds.
        seconds: u64,
    },
    /// A worker that does not work.
    #[error("the worker: {0}")]
    Worker(String),
}

/// Why a run has no result.
#[derive(Debug, Error)]
pub(super) enum RunError {
    /// A worker process cannot be started.
    #[error("a worker process does not start: {0}")]
    Start(#[source] std::io::Error),
    /// A client failed.
    #[error("{client}: {error}")]
    Client {
        /// Which.
        client: String,
        /// Why.
        #[source]
        error: ClientError,
    },
    /// A worker process ended too early.
    #[error("a worker process ended with {0}")]
    Ended(ExitStatus),
    /// A worker said something else than what it was asked for.
    #[error("a worker process says {0:?}")]
    Unexpected(String),
    /// A worker does not say anything.
    #[error("{waiting_for}: nothing came of it within {patience:?}")]
    Timeout {
        /// For what the command waited.
        waiting_for: &'static str,
        /// How long.
        patience: Duration,
    },
    /// Nothing arrived while it counted.
    #[error("no packet arrived while it counted")]
    Nothing,
}

impl ClientError {
    pub(super) fn signaling(error: impl std::fmt::Display) -> Self {
        // `anyhow` prints its causes with `#`, others ignore it.
        Self::Signaling(format!("{error:#}"))
    }

    pub(super) fn media(error: impl std::fmt::Display) -> Self {
        Self::Media(error.to_string())
    }
}
