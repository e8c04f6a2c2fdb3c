use std::io;
use std::net::SocketAddr;

use thiserror::Error;

/// Why media could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NetError {
    /// Another program has the port.
    #[error("UDP {0} is taken by another program")]
    PortTaken(SocketAddr),
    /// The address is not one of this machine.
    #[error("{0} is not an address of this machine")]
    NoSuchAddress(SocketAddr),
    /// The socket could not be opened.
    #[error("cannot listen on UDP {address}: {error}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// There are not so many ports from the first one on.
    #[error("there are no {count} ports from {first} on")]
    PortRange {
        /// The port of the first thread.
        first: u16,
        /// The number of threads.
        count: usize,
    },
    /// The TCP port could not be opened.
    #[error("cannot listen on TCP {address}: {error}")]
    ListenTcp {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// The thread could not be started.
    #[error("cannot start the media thread: {0}")]
    Thread(#[source] io::Error),
}

impl NetError {
    pub(super) fn listen(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::PortTaken(address),
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress(address),
            _ => Self::Listen { address, error },
        }
    }
}

/// Why a command did not reach a media thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SendError {
    /// The queue is full: the thread is overloaded. The command is lost.
    #[error("the media thread's queue is full")]
    Full,
    /// The thread has ended.
    #[error("the media thread has ended")]
    Ended,
}
