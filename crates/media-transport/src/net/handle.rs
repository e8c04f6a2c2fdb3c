//! The control plane's end of media threads.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use super::{SendError, ThreadMetrics};
use crate::router::{Command, Event, PeerId, RoomId};

/// The control plane's end of one or more media threads. Dropping it ends the threads, without waiting for them.
#[derive(Debug)]
pub struct MediaHandle {
    commands: MediaCommands,
    events: Option<mpsc::Receiver<Event>>,
    threads: Vec<Running>,
}

/// One thread that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) tcp: Option<SocketAddr>,
    pub(super) metrics: Arc<ThreadMetrics>,
    pub(super) commands: mpsc::Sender<Box<Command>>,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) ended: oneshot::Receiver<()>,
    pub(super) thread: JoinHandle<()>,
}

impl Running {
    /// Ends a thread that has no peers yet, and waits for it.
    pub(super) fn end(self) {
        let Self { stop, thread, .. } = self;
        drop(stop);
        let _ = thread.join();
    }
}

impl MediaHandle {
    /// `threads` has at least one.
    pub(super) fn new(threads: Vec<Running>, events: mpsc::Receiver<Event>) -> Self {
        let lanes = threads.iter().map(|thread| thread.commands.clone()).collect();
        let commands = MediaCommands {
            lanes: Arc::new(Lanes {
                commands: lanes,
                peers: Mutex::default(),
            }),
        };
        Self {
            commands,
            events: Some(events),
            threads,
        }
    }

    /// Sends a command without waiting.
    ///
    /// # Errors
    /// [`SendError`]; the command is lost.
    pub fn send(&self, command: Command) -> Result<(), SendError> {
        self.commands.send(command)
    }

    /// A sender that can be cloned.
    #[must_use]
    pub fn commands(&self) -> MediaCommands {
        self.commands.clone()
    }

    /// The addresses of the threads' UDP sockets.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = SocketAddr> {
        self.threads.iter().map(|thread| thread.address)
    }

    /// Where each thread listens for TCP, if it does, in the order of [`addresses`](Self::addresses).
    pub fn tcp_addresses(&self) -> impl ExactSizeIterator<Item = Option<SocketAddr>> {
        self.threads.iter().map(|thread| thread.tcp)
    }

    /// What each thread counts, in the order of their addresses. It can be read after the threads have ended, too.
    pub fn metrics(&self) -> impl ExactSizeIterator<Item = &Arc<ThreadMetrics>> {
        self.threads.iter().map(|thread| &thread.metrics)
    }

    /// The address that peers of a room are to be told: that of the thread the room lives on. It is the same for as long
    /// as the handle lives.
    #[must_use]
    pub fn address_of(&self, room: RoomId) -> SocketAddr {
        let lane = lane_of(room, self.threads.len());
        let thread = self.threads.get(lane).or_else(|| self.threads.first());
        // There is at least one.
        thread.map_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)), |thread| thread.address)
    }

    /// The next event of any thread; `None` when all have ended or [`take_events`](Self::take_events) was called.
    /// Cancel-safe.
    pub async fn next_event(&mut self) -> Option<Event> {
        self.events.as_mut()?.recv().await
    }

    /// The queue of events, for a task of its own. `None` the second time.
    pub fn take_events(&mut self) -> Option<mpsc::Receiver<Event>> {
        self.events.take()
    }

    /// Says goodbye to all peers, closes the sockets and waits for the threads.
    pub async fn shutdown(self) {
        let mut left = Vec::with_capacity(self.threads.len());
        for running in self.threads {
            let _ = running.stop.send(());
            left.push((running.ended, running.thread));
        }
        for (ended, thread) in left {
            // Also ends when the thread panicked.
            let _ = ended.await;
            let _ = thread.join();
        }
    }
}

/// Sends commands to media threads, from anywhere.
#[derive(Debug, Clone)]
pub struct MediaCommands {
    lanes: Arc<Lanes>,
}

#[derive(Debug)]
struct Lanes {
    /// At least one.
    commands: Vec<mpsc::Sender<Box<Command>>>,
    /// Where each peer lives, from its `AddPeer` to its `RemovePeer`. Empty when there is one thread only. No media thread
    /// ever takes this lock.
    peers: Mutex<HashMap<PeerId, usize>>,
}

impl MediaCommands {
    /// Sends a command to the thread of its peer, without waiting. A new peer goes to the thread of its room.
    ///
    /// Where there are several threads, one peer's `AddPeer` and `RemovePeer` must come in pairs.
    ///
    /// # Errors
    /// [`SendError`]; the command is lost.
    pub fn send(&self, command: Command) -> Result<(), SendError> {
        let Lanes { commands, peers } = &*self.lanes;
        if commands.len() == 1 {
            return self.send_to(0, command);
        }
        let peer = command.peer();
        // Held while sending, so that one peer's commands keep their order whoever sends them.
        let mut peers = peers.lock().unwrap_or_else(PoisonError::into_inner);
        match &command {
            Command::AddPeer { room, .. } | Command::AddTap { room, .. } => {
                let lane = lane_of(*room, commands.len());
                if let Some(other) = peers.get(&peer).filter(|other| **other != lane) {
                    // It is not to live twice.
                    self.send_to(*other, Command::RemovePeer { peer })?;
                }
                self.send_to(lane, command)?;
                peers.insert(peer, lane);
            }
            Command::RemovePeer { .. } => {
                // One that is gone is fine.
                if let Some(lane) = peers.get(&peer) {
                    self.send_to(*lane, command)?;
                    peers.remove(&peer);
                }
            }
            // Any thread refuses it when the peer is unknown.
            _ => self.send_to(peers.get(&peer).copied().unwrap_or(0), command)?,
        }
        Ok(())
    }

    fn send_to(&self, lane: usize, command: Command) -> Result<(), SendError> {
        let sender = self.lanes.commands.get(lane).ok_or(SendError::Ended)?;
        sender.try_send(Box::new(command)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SendError::Full,
            mpsc::error::TrySendError::Closed(_) => SendError::Ended,
        })
    }
}

/// The thread of a room. Rooms are often numbered one after the other, or by something random; both spread.
fn lane_of(room: RoomId, lanes: usize) -> usize {
    let mixed = room.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    usize::try_from(mixed).unwrap_or(0) % lanes.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_spread_over_threads() {
        for lanes in 1..=9 {
            let mut counts = vec![0_u32; lanes];
            for room in 0..1000 {
                counts[lane_of(RoomId(room), lanes)] += 1;
            }
            let fair = 1000 / u32::try_from(lanes).unwrap();
            let unfair: Vec<_> = counts
                .iter()
                .filter(|n| **n < fair / 2 || **n > fair * 2)
                .collect();
            assert!(unfair.is_empty(), "{lanes}: {counts:?}");
        }
    }
}
