//! The control plane's end of the media threads.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anteroom_media_transport::Certificate;
use anteroom_media_transport::net::{
    MediaCommands, MediaHandle, MediaThread, MetricsSnapshot, NetConfig, NetError, SendError, TcpListen,
    ThreadMetrics,
};
use anteroom_media_transport::router::{Command, Event, RoomId, RouterConfig};
use tokio::sync::mpsc;

use super::candidates::{candidates, interfaces};
use super::negotiate::Environment;
use crate::config::{Config, MediaTcp};
use crate::error::StartError;

/// How long to wait before a command is offered again to a media thread that is behind.
const RETRY: Duration = Duration::from_millis(1);

/// Commands go here; clones reach the same media threads.
#[derive(Debug, Clone)]
pub struct MediaControl {
    commands: MediaCommands,
    /// Gone once the threads have been told to stop.
    handle: Arc<Mutex<Option<MediaHandle>>>,
    certificate: Certificate,
    threads: Arc<[Reached]>,
    metrics: Arc<[Arc<ThreadMetrics>]>,
    /// Every command, for those who look on.
    #[cfg(test)]
    sent: Arc<Mutex<Vec<Command>>>,
}

/// Where media is listened for, one address of each kind for each media thread.
#[derive(Debug, Clone, Default)]
pub struct MediaAddrs {
    /// By UDP.
    pub udp: Vec<SocketAddr>,
    /// By TCP; none where it is off.
    pub tcp: Vec<SocketAddr>,
}

/// Where a media thread listens, and where it is reached.
#[derive(Debug)]
struct Reached {
    listening: SocketAddr,
    tcp_listening: Option<SocketAddr>,
    candidates: Vec<SocketAddr>,
    tcp_candidates: Vec<SocketAddr>,
}

/// Starts the media threads: gives their control and their events.
///
/// # Errors
/// A port is taken or cannot be listened on, no certificate can be made.
pub fn start(config: &Config) -> Result<(MediaControl, mpsc::Receiver<Event>), StartError> {
    let certificate = Certificate::generate().map_err(|error| StartError::Media(error.to_string()))?;
    let mut net = NetConfig::new(config.media);
    net.threads = config.media_threads;
    net.tcp = match config.media_tcp {
        MediaTcp::On => TcpListen::Beside,
        MediaTcp::Off => TcpListen::Off,
        MediaTcp::At(address) => TcpListen::At(address),
    };
    let mut router = RouterConfig::default();
    router.max_voices = config.media_voices;
    router.dtls = config.media_dtls;
    let mut handle =
        MediaThread::spawn_all(net, router).map_err(|error| not_started(config.media, &error))?;
    let events = handle
        .take_events()
        .ok_or_else(|| StartError::Media("the media threads have no events to give".to_owned()))?;
    let metrics = handle.metrics().cloned().collect();
    let interfaces = interfaces();
    let reached = |listening| candidates(listening, &config.media_advertise, interfaces.iter().copied());
    let threads = handle
        .addresses()
        .zip(handle.tcp_addresses())
        .map(|(listening, tcp_listening)| Reached {
            listening,
            tcp_listening,
            candidates: reached(listening),
            tcp_candidates: tcp_listening.map(reached).unwrap_or_default(),
        })
        .collect();
    let control = MediaControl {
        commands: handle.commands(),
        handle: Arc::new(Mutex::new(Some(handle))),
        certificate,
        threads,
        metrics,
        #[cfg(test)]
        sent: Arc::default(),
    };
    Ok((control, events))
}

impl MediaControl {
    /// Hands a command to the media thread of its peer; waits while it is behind, so that none is lost.
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

    /// Hands over a command that may be lost while a media thread is behind.
    pub fn try_send(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// The commands since the last call.
    #[cfg(test)]
    pub(crate) fn take_sent(&self) -> Vec<Command> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    /// Our side of every media connection in a room, with the addresses of the thread the room lives on. Once the threads
    /// have been told to stop, they are reached nowhere.
    #[must_use]
    pub fn environment(&self, room: RoomId) -> Environment {
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        let address = handle.as_ref().map(|handle| handle.address_of(room));
        let reached = self
            .threads
            .iter()
            .find(|thread| Some(thread.listening) == address);
        Environment {
            certificate: self.certificate.clone(),
            candidates: reached
                .map(|thread| thread.candidates.clone())
                .unwrap_or_default(),
            tcp_candidates: reached
                .map(|thread| thread.tcp_candidates.clone())
                .unwrap_or_default(),
        }
    }

    /// The addresses that the threads listen on.
    #[must_use]
    pub fn addresses(&self) -> MediaAddrs {
        let threads = self.threads.iter();
        MediaAddrs {
            udp: threads.clone().map(|thread| thread.listening).collect(),
            tcp: threads.filter_map(|thread| thread.tcp_listening).collect(),
        }
    }

    /// What each thread has counted.
    #[must_use]
    pub fn metrics(&self) -> Vec<MetricsSnapshot> {
        self.metrics.iter().map(|metrics| metrics.snapshot()).collect()
    }

    /// Says goodbye to all peers and ends the threads.
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
        NetError::ListenTcp { address, error } => match error.kind() {
            ErrorKind::AddrInUse => StartError::PortTaken {
                address: *address,
                option: "--media-tcp",
            },
            _ => StartError::Listen {
                address: *address,
                option: "--media-tcp",
                reason: error.to_string(),
            },
        },
        NetError::Listen { error, .. } => StartError::Listen {
            address,
            option: "--media",
            reason: error.to_string(),
        },
        error => StartError::Media(error.to_string()),
    }
}
