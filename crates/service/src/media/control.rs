//! The control plane's end of the media thread.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anteroom_media_transport::Certificate;
use anteroom_media_transport::net::{
    MediaCommands, MediaHandle, MediaThread, NetConfig, NetError, SendError,
};
use anteroom_media_transport::router::{Command, Event, RouterConfig};
use tokio::sync::mpsc;

use super::candidates::{candidates, interfaces};
use super::negotiate::Environment;
use crate::config::Config;
use crate::error::StartError;

/// How long to wait before a command is offered again to a media thread that is behind.
const RETRY: Duration = Duration::from_millis(1);

/// Commands go here; clones reach the same media thread.
#[derive(Debug, Clone)]
pub struct MediaControl {
    commands: MediaCommands,
    /// Gone once the thread has been told to stop.
    handle: Arc<Mutex<Option<MediaHandle>>>,
    environment: Environment,
    /// Every command, for those who look on.
    #[cfg(test)]
    sent: Arc<Mutex<Vec<Command>>>,
}

/// Starts the media thread: gives its control, its events and the UDP address it listens on.
///
/// # Errors
/// The port is taken or cannot be listened on, no certificate can be made.
pub fn start(config: &Config) -> Result<(MediaControl, mpsc::Receiver<Event>, SocketAddr), StartError> {
    let certificate = Certificate::generate().map_err(|error| StartError::Media(error.to_string()))?;
    let (mut handle, listening) = MediaThread::spawn(NetConfig::new(config.media), RouterConfig::default())
        .map_err(|error| not_started(config.media, &error))?;
    let events = handle
        .take_events()
        .ok_or_else(|| StartError::Media("the media thread has no events to give".to_owned()))?;
    let candidates = candidates(listening, &config.media_advertise, interfaces());
    let control = MediaControl {
        commands: handle.commands(),
        handle: Arc::new(Mutex::new(Some(handle))),
        environment: Environment {
            certificate,
            candidates,
        },
        #[cfg(test)]
        sent: Arc::default(),
    };
    Ok((control, events, listening))
}

impl MediaControl {
    /// Hands a command to the media thread; waits while it is behind, so that none is lost.
    pub async fn send(&self, command: Command) {
        #[cfg(test)]
        self.sent.lock().unwrap().push(command.clone());
        loop {
            match self.commands.send(command.clone()) {
                Ok(()) => return,
                Err(SendError::Full) => tokio::time::sleep(RETRY).await,
                Err(SendError::Ended) => return,
            }
        }
    }

    /// The commands since the last call.
    #[cfg(test)]
    pub(crate) fn take_sent(&self) -> Vec<Command> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// Our side of every media connection.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Says goodbye to all peers and ends the thread.
    pub async fn shutdown(&self) {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle {
            handle.shutdown().await;
        }
    }
}

fn not_started(address: SocketAddr, error: &NetError) -> StartError {
    match error {
        NetError::PortTaken(address) => StartError::PortTaken {
            address: *address,
            option: "--media",
        },
        NetError::NoSuchAddress(_) => StartError::Listen {
            address,
            option: "--media",
            reason: "it is not an address of this machine".to_owned(),
        },
        NetError::Listen { error, .. } => StartError::Listen {
            address,
            option: "--media",
            reason: error.to_string(),
        },
        error => StartError::Media(error.to_string()),
    }
}
