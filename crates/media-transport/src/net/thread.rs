use std::net::{Ipv6Addr, SocketAddr};
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::{NetError, ReceiveBuffer, SendError, UdpSocket};
use crate::router::{Command, Event, Router, RouterConfig, TransmitBuffer};

/// Where and how a media thread listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetConfig {
    /// The UDP address; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Commands that may wait for the thread.
    pub command_capacity: usize,
    /// Events that may wait for the control plane; the thread keeps further ones for later.
    pub event_capacity: usize,
    /// The socket's buffers, in bytes each.
    pub socket_buffer_bytes: usize,
}

impl NetConfig {
    /// The usual bounds.
    #[must_use]
    pub const fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            command_capacity: 4096,
            event_capacity: 4096,
            socket_buffer_bytes: 4 << 20,
        }
    }
}

impl Default for NetConfig {
    fn default() -> Self {
        Self::new(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0))
    }
}

/// A thread that owns a UDP socket and a [`Router`], and nothing else.
#[derive(Debug)]
pub struct MediaThread {
    socket: UdpSocket,
    router: Router,
    commands: mpsc::Receiver<Box<Command>>,
    events: mpsc::Sender<Event>,
    stop: oneshot::Receiver<()>,
    /// An event that waits until the control plane has room for it. No command is taken meanwhile.
    waiting: Option<Event>,
}

impl MediaThread {
    /// Opens the socket and starts the thread. Returns when the socket listens, with its address.
    ///
    /// # Errors
    /// [`NetError`]: the port is taken, the address is not ours, …
    pub fn spawn(config: NetConfig, router: RouterConfig) -> Result<(MediaHandle, SocketAddr), NetError> {
        let (command_sender, commands) = mpsc::channel(config.command_capacity.max(1));
        let (events, event_receiver) = mpsc::channel(config.event_capacity.max(1));
        let (stop_sender, stop) = oneshot::channel();
        let (ended_sender, ended) = oneshot::channel();
        let (started_sender, started) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("media".to_owned())
            .spawn(move || {
                let started = |result| {
                    // Whoever waits for this may be gone; then there is no handle either, and the thread ends by itself.
                    let _ = started_sender.send(result);
                };
                let runtime = match tokio::runtime::Builder::new_current_thread()
                    .enable_io()
                    .enable_time()
                    .build()
                {
                    Ok(runtime) => runtime,
                    Err(error) => return started(Err(NetError::Thread(error))),
                };
                runtime.block_on(async {
                    let socket = match UdpSocket::bind(config.listen, config.socket_buffer_bytes) {
                        Ok(socket) => socket,
                        Err(error) => return started(Err(NetError::listen(config.listen, error))),
                    };
                    started(Ok(socket.local_addr()));
                    let router = Router::new(router, rand::random(), Instant::now());
                    let thread = Self {
                        socket,
                        router,
                        commands,
                        events,
                        stop,
                        waiting: None,
                    };
                    thread.run().await;
                });
                let _ = ended_sender.send(());
            })
            .map_err(NetError::Thread)?;
        let result = started.recv().unwrap_or_else(|_| {
            Err(NetError::Thread(std::io::Error::other(
                "it ended before it listened",
            )))
        });
        let local = match result {
            Ok(local) => local,
            Err(error) => {
                let _ = thread.join();
                return Err(error);
            }
        };
        let handle = MediaHandle {
            commands: MediaCommands {
                sender: command_sender,
            },
            events: Some(event_receiver),
            stop: stop_sender,
            ended,
            thread,
        };
        Ok((handle, local))
    }

    async fn run(mut self) {
        let mut received = ReceiveBuffer::new();
        let mut out = TransmitBuffer::new();
        loop {
            self.flush(&mut out).await;
            self.deliver();
            let deadline = self.router.poll_timeout();
            let is_waiting = self.waiting.is_some();
            let wake = tokio::select! {
                _ = &mut self.stop => Wake::Stop,
                command = self.commands.recv(), if !is_waiting => command.map_or(Wake::Stop, Wake::Command),
                () = until(deadline) => Wake::Timeout,
                readable = self.socket.readable() => if readable.is_ok() { Wake::Readable } else { Wake::Nothing },
                permit = self.events.reserve(), if is_waiting => {
                    drop(permit);
                    Wake::Nothing
                }
            };
            match wake {
                Wake::Stop => break,
                Wake::Command(command) => self.obey(*command),
                Wake::Timeout => self.router.handle_timeout(Instant::now()),
                Wake::Readable => self.receive(&mut received),
                Wake::Nothing => {}
            }
        }
        self.router.close(Instant::now());
        self.flush(&mut out).await;
    }

    fn receive(&mut self, received: &mut ReceiveBuffer) {
        // An error is nothing to receive, or the echo of a datagram that found no listener.
        if self.socket.try_receive(received).is_err() {
            return;
        }
        let now = Instant::now();
        let router = &mut self.router;
        received.for_each(self.socket.local_addr(), |source, destination, datagram| {
            router.handle_datagram(now, source, destination, datagram);
        });
    }

    fn obey(&mut self, command: Command) {
        let peer = command.peer();
        if let Err(error) = self.router.handle_command(Instant::now(), command) {
            // None waits: otherwise there would have been no command.
            self.waiting = Some(Event::Refused { peer, error });
        }
    }

    async fn flush(&mut self, out: &mut TransmitBuffer) {
        let max_segments = self.socket.max_segments();
        while self.router.poll_transmit(out) {
            for burst in out.bursts(max_segments) {
                // What cannot be sent is lost, as datagrams may be.
                if let Err(error) = self.socket.send(&burst).await {
                    tracing::debug!(%error, "datagrams not sent");
                }
            }
        }
    }

    fn deliver(&mut self) {
        while let Some(event) = self.waiting.take().or_else(|| self.router.poll_event()) {
            // When nobody listens any more, what there is to say does not matter.
            if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
                self.waiting = Some(event);
                return;
            }
        }
    }
}

/// Why the loop goes round.
enum Wake {
    Stop,
    Command(Box<Command>),
    Timeout,
    Readable,
    Nothing,
}

/// The control plane's end of a media thread. Dropping it ends the thread, without waiting for it.
#[derive(Debug)]
pub struct MediaHandle {
    commands: MediaCommands,
    events: Option<mpsc::Receiver<Event>>,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

impl MediaHandle {
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

    /// The next event; `None` when the thread has ended or [`take_events`](Self::take_events) was called. Cancel-safe.
    pub async fn next_event(&mut self) -> Option<Event> {
        self.events.as_mut()?.recv().await
    }

    /// The queue of events, for a task of its own. `None` the second time.
    pub fn take_events(&mut self) -> Option<mpsc::Receiver<Event>> {
        self.events.take()
    }

    /// Says goodbye to all peers, closes the socket and waits for the thread.
    pub async fn shutdown(self) {
        let Self {
            stop, ended, thread, ..
        } = self;
        let _ = stop.send(());
        // Also ends when the thread panicked.
        let _ = ended.await;
        let _ = thread.join();
    }
}

/// Sends commands to a media thread, from anywhere.
#[derive(Debug, Clone)]
pub struct MediaCommands {
    sender: mpsc::Sender<Box<Command>>,
}

impl MediaCommands {
    /// Sends a command without waiting.
    ///
    /// # Errors
    /// [`SendError`]; the command is lost.
    pub fn send(&self, command: Command) -> Result<(), SendError> {
        self.sender
            .try_send(Box::new(command))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SendError::Full,
                mpsc::error::TrySendError::Closed(_) => SendError::Ended,
            })
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
