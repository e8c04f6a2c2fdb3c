//! Why a service could not start.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::ConfigError;
use crate::store::StoreError;
use crate::tls::TlsError;

/// Why a service could not start; each prints as one line that says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Somebody else has the port.
    #[error("cannot listen on {address}: the port is already in use (choose another with {option})")]
    PortTaken {
        /// The address asked for.
        address: SocketAddr,
        /// The option that changes it.
        option: &'static str,
    },
    /// The address cannot be listened on for another reason.
    #[error("cannot listen on {address} ({option}): {reason}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The option that changes it.
        option: &'static str,
        /// What the system said.
        reason: String,
    },
    /// The data directory cannot be created or written.
    #[error("the data directory {} is not writable: {reason}", path.display())]
    DataNotWritable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another running service uses the data directory.
    #[error("the data directory {} is in use by another running anteroom", path.display())]
    DataInUse {
        /// The directory.
        path: PathBuf,
    },
    /// A restore was cut off while it replaced the data.
    #[error("a restore into {} was cut off: do it again", path.display())]
    RestoreUnfinished {
        /// The directory.
        path: PathBuf,
    },
    /// The database cannot be opened or read.
    #[error("the data in {} cannot be used: {source}", path.display())]
    Store {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        source: StoreError,
    },
    /// The certificate or its key is missing, unreadable or wrong.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Media cannot start.
    #[error("media cannot start: {0}")]
    Media(String),
    /// Something that should not happen.
    #[error("cannot start: {0}")]
    Internal(String),
}
