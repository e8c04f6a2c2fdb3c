use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::connection::{Outlet, StreamPackets, Trust, run};
use crate::demux::{PacketClass, classify};
use crate::tcp::TcpRemote;

/// How long connecting may take.
const DIAL_LIMIT: Duration = Duration::from_secs(10);

/// How soon after one attempt another one may follow.
const REDIAL_AFTER: Duration = Duration::from_secs(1);

/// Most addresses that are connected to.
const MAX_STREAMS: usize = 16;

/// Reads that may wait.
const MAX_READS: usize = 64;

/// A client's connections to passive candidates (RFC 6544: we are the active end).
///
/// A connectivity check opens the connection it needs, and opens it again when it has broken. Nothing else does, so that
/// nobody is called who is not to be checked.
#[derive(Debug)]
pub struct PeerStreams {
    streams: HashMap<SocketAddr, Stream>,
    arrived: mpsc::Sender<StreamPackets>,
    arrivals: mpsc::Receiver<StreamPackets>,
}

#[derive(Debug)]
struct Stream {
    outlet: Outlet,
    dialled: Instant,
}

impl PeerStreams {
    /// Without connections.
    #[must_use]
    pub fn new() -> Self {
        let (arrived, arrivals) = mpsc::channel(MAX_READS);
        Self {
            streams: HashMap::new(),
            arrived,
            arrivals,
        }
    }

    /// Sends a packet without waiting. What a connection does not take is lost. Must be called within a tokio runtime.
    pub fn send(&mut self, remote: TcpRemote, packet: &[u8]) {
        let now = Instant::now();
        let key = SocketAddr::from(remote);
        let stream = self.streams.get(&key);
        let is_needed = stream.is_none_or(|stream| {
            stream.outlet.is_closed() && now.saturating_duration_since(stream.dialled) >= REDIAL_AFTER
        });
        if is_needed && classify(packet) == PacketClass::Stun && self.has_place(key) {
            let (outlet, inlet) = Outlet::new();
            let arrived = self.arrived.clone();
            tokio::spawn(async move {
                let ended = match timeout(DIAL_LIMIT, TcpStream::connect(remote.address())).await {
                    Ok(Ok(stream)) => run(stream, remote, arrived, inlet, Trust::Ours).await,
                    Ok(Err(error)) => Err(error),
                    Err(_) => Err(io::ErrorKind::TimedOut.into()),
                };
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended");
                }
            });
            self.streams.insert(key, Stream { outlet, dialled: now });
        }
        if let Some(stream) = self.streams.get(&key) {
            stream.outlet.send(std::iter::once(packet));
        }
    }

    /// Waits for packets. Cancel-safe. Without a connection it waits for ever.
    pub async fn recv(&mut self) -> StreamPackets {
        match self.arrivals.recv().await {
            Some(arrived) => arrived,
            // We have a sender ourselves.
            None => std::future::pending().await,
        }
    }

    /// What has come already.
    pub fn try_recv(&mut self) -> Option<StreamPackets> {
        self.arrivals.try_recv().ok()
    }

    fn has_place(&self, key: SocketAddr) -> bool {
        self.streams.len() < MAX_STREAMS || self.streams.contains_key(&key)
    }
}

impl Default for PeerStreams {
    fn default() -> Self {
        Self::new()
    }
}
