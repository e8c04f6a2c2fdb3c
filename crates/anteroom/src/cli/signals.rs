//! Ctrl-C and SIGTERM.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Both ways of being asked to stop.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

/// Starts listening; from now on these signals no longer end the process by themselves.
pub(crate) fn stop() -> anyhow::Result<Stop> {
    let listen = |kind| signal(kind).context("cannot listen for signals");
    Ok(Stop {
        interrupt: listen(SignalKind::interrupt())?,
        terminate: listen(SignalKind::terminate())?,
    })
}

impl Stop {
    /// Waits until the process is asked to stop.
    pub(crate) async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
