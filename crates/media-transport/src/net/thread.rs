use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::handle::Running;
use super::metrics::{Obeyed, PeerWatch};
use super::tcp::{TcpEvent, next_of};
use super::{MediaHandle, MediaPort, NetError, Progress, TcpLimits, TcpPort, ThreadMetrics, UdpSocket};
use crate::router::{Command, Event, PeerId, Router, RouterConfig};

/// How long the last words may wait for the socket.
const FAREWELL: Duration = Duration::from_millis(200);

/// Where media threads listen for TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TcpListen {
    /// Nowhere.
    Off,
    /// At the address and port number of UDP; where that is taken, on a port that the system chooses.
    #[default]
    Beside,
    /// There; port 0 lets the system choose. Further threads listen on the ports behind it.
    At(SocketAddr),
}

/// Where and how media threads listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetConfig {
    /// The UDP address; port 0 lets the system choose. Further threads listen on the ports behind it.
    pub listen: SocketAddr,
    /// Where TCP is listened for (RFC 6544).
    pub tcp: TcpListen,
    /// How many TCP connections are taken.
    pub tcp_limits: TcpLimits,
    /// How many threads [`MediaThread::spawn_all`] starts; `None` for one per core.
    pub threads: Option<NonZeroUsize>,
    /// Commands that may wait for each thread.
    pub command_capacity: usize,
    /// Events that may wait for the control plane; the threads keep further ones for later.
    pub event_capacity: usize,
    /// The sockets' buffers, in bytes each.
    pub socket_buffer_bytes: usize,
}

impl NetConfig {
    /// The usual bounds.
    #[must_use]
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            tcp: TcpListen::default(),
            tcp_limits: TcpLimits::default(),
            threads: None,
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

/// A thread that owns a UDP socket, a TCP port and a [`Router`], and nothing else.
#[derive(Debug)]
pub struct MediaThread {
    port: MediaPort,
    commands: mpsc::Receiver<Box<Command>>,
    events: mpsc::Sender<Event>,
    stop: oneshot::Receiver<()>,
    watch: PeerWatch,
    /// An event that waits until the control plane has room for it. No command is taken meanwhile.
    waiting: Option<Event>,
}

impl MediaThread {
    /// Opens one socket and starts one thread, whatever [`NetConfig::threads`] says. Returns when the socket listens, with
    /// its address.
    ///
    /// # Errors
    /// [`NetError`]: the port is taken, the address is not ours, …
    pub fn spawn(config: NetConfig, router: RouterConfig) -> Result<(MediaHandle, SocketAddr), NetError> {
        let (events, receiver) = mpsc::channel(config.event_capacity.max(1));
        let running = start(0, config, router, events)?;
        let address = running.address;
        Ok((MediaHandle::new(vec![running], receiver), address))
    }

    /// Opens a socket and starts a thread as often as [`NetConfig::threads`] says. Returns when all sockets listen; the
    /// handle has their addresses.
    ///
    /// # Errors
    /// [`NetError`]: a port is taken, the address is not ours, …; nothing runs then.
    pub fn spawn_all(config: NetConfig, router: RouterConfig) -> Result<MediaHandle, NetError> {
        let count = config
            .threads
            .or_else(|| std::thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get);
        let mut listeners = vec![config.listen];
        if let TcpListen::At(address) = config.tcp {
            listeners.push(address);
        }
        for first in listeners.iter().map(SocketAddr::port) {
            if first != 0 && usize::from(first) + count - 1 > usize::from(u16::MAX) {
                return Err(NetError::PortRange { first, count });
            }
        }
        let (events, receiver) = mpsc::channel(config.event_capacity.max(1));
        let mut running = Vec::with_capacity(count);
        for index in 0..count {
            let mut config = config;
            config.listen = behind(config.listen, index);
            if let TcpListen::At(address) = config.tcp {
                config.tcp = TcpListen::At(behind(address, index));
            }
            match start(index, config, router, events.clone()) {
                Ok(started) => running.push(started),
                Err(error) => {
                    running.into_iter().for_each(Running::end);
                    return Err(error);
                }
            }
        }
        Ok(MediaHandle::new(running, receiver))
    }

    async fn run(mut self) {
        loop {
            // While there is always more to receive, nobody else would have a turn: not even what tells that a TCP
            // connection is readable.
            if self.port.has_more() {
                tokio::task::yield_now().await;
            }
            self.port.flush();
            self.deliver();
            self.look();
            let deadline = self.port.router().poll_timeout();
            let is_waiting = self.waiting.is_some();
            let is_blocked = self.port.progress() == Progress::Blocked;
            let (socket, tcp) = self.port.sockets();
            let wake = tokio::select! {
                _ = &mut self.stop => Wake::Stop,
                command = self.commands.recv(), if !is_waiting => command.map_or(Wake::Stop, Wake::Command),
                () = until(deadline) => Wake::Timeout,
                readable = socket.readable() => if readable.is_ok() { Wake::Readable } else { Wake::Nothing },
                event = next_of(tcp) => Wake::Tcp(event),
                _ = socket.writable(), if is_blocked => Wake::Nothing,
                permit = self.events.reserve(), if is_waiting => {
                    drop(permit);
                    Wake::Nothing
                }
            };
            match wake {
                Wake::Stop => break,
                Wake::Command(command) => self.obey(*command),
                Wake::Timeout => self.port.router().handle_timeout(Instant::now()),
                Wake::Readable => {
                    self.port.receive();
                    // Whoever keeps us receiving shall not keep timers from firing.
                    self.port.router().handle_timeout(Instant::now());
                }
                Wake::Tcp(event) => {
                    self.port.handle_tcp(event);
                    self.port.router().handle_timeout(Instant::now());
                }
                Wake::Nothing => {}
            }
        }
        self.port.router().close(Instant::now());
        let farewell = async {
            while self.port.flush() == Progress::Blocked {
                if self.port.socket().writable().await.is_err() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
        if let Some(tcp) = self.port.take_tcp() {
            tcp.close(FAREWELL).await;
        }
    }

    fn obey(&mut self, command: Command) {
        let (peer, now) = (command.peer(), Instant::now());
        let obeyed = Obeyed::of(&command);
        if matches!(obeyed, Obeyed::Removed(_)) {
            // The last chance to count what it had.
            self.look_at(now, peer);
        }
        match self.port.router().handle_command(now, command) {
            Ok(()) => self.watch.obeyed(now, &obeyed),
            // None waits: otherwise there would have been no command.
            Err(error) => self.waiting = Some(Event::Refused { peer, error }),
        }
    }

    /// Counts some peers' figures, now and then.
    fn look(&mut self) {
        // An event that waits would be taken for the answer.
        if self.waiting.is_some() {
            return;
        }
        let now = Instant::now();
        for peer in self.watch.due(now).into_iter().flatten() {
            self.look_at(now, peer);
        }
    }

    /// Counts a peer's figures. No other event is in the router's queue: all were delivered.
    fn look_at(&mut self, now: Instant, peer: PeerId) {
        let asked = self
            .port
            .router()
            .handle_command(now, Command::RequestStats { peer });
        if asked.is_ok()
            && let Some(Event::Stats { peer, stats }) = self.port.router().poll_event()
        {
            self.watch.figures(peer, &stats);
        }
    }

    fn deliver(&mut self) {
        while let Some(event) = self.waiting.take().or_else(|| self.next_event()) {
            // When nobody listens any more, what there is to say does not matter.
            if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
                self.waiting = Some(event);
                return;
            }
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        let event = self.port.router().poll_event()?;
        self.watch.said(Instant::now(), &event);
        Some(event)
    }
}

/// Why the loop goes round.
enum Wake {
    Stop,
    Command(Box<Command>),
    Timeout,
    Readable,
    Tcp(TcpEvent),
    Nothing,
}

/// Starts a thread, and waits until it listens.
fn start(
    index: usize,
    config: NetConfig,
    router: RouterConfig,
    events: mpsc::Sender<Event>,
) -> Result<Running, NetError> {
    let (command_sender, commands) = mpsc::channel(config.command_capacity.max(1));
    let (stop_sender, stop) = oneshot::channel();
    let (ended_sender, ended) = oneshot::channel();
    let (started_sender, started) = std::sync::mpsc::sync_channel(1);
    let metrics = Arc::new(ThreadMetrics::default());
    let counted = Arc::clone(&metrics);
    let thread = std::thread::Builder::new()
        .name(format!("media-{index}"))
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
                let tcp = match listen_tcp(&config, socket.local_addr()) {
                    Ok(tcp) => tcp,
                    Err(error) => return started(Err(error)),
                };
                started(Ok((socket.local_addr(), tcp.as_ref().map(TcpPort::local_addr))));
                let router = Router::new(router, rand::random(), Instant::now());
                let thread = MediaThread {
                    port: MediaPort::with_metrics(socket, router, Arc::clone(&counted)).with_tcp(tcp),
                    watch: PeerWatch::new(counted),
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
    let result = started
        .recv()
        .unwrap_or_else(|_| Err(NetError::Thread(io::Error::other("it ended before it listened"))));
    match result {
        Ok((address, tcp)) => Ok(Running {
            address,
            tcp,
            metrics,
            commands: command_sender,
            stop: stop_sender,
            ended,
            thread,
        }),
        Err(error) => {
            let _ = thread.join();
            Err(error)
        }
    }
}

/// Opens the TCP port that belongs to a UDP port.
fn listen_tcp(config: &NetConfig, beside: SocketAddr) -> Result<Option<TcpPort>, NetError> {
    let bind = |address| TcpPort::bind(address, config.tcp_limits);
    let (address, bound) = match config.tcp {
        TcpListen::Off => return Ok(None),
        TcpListen::At(address) => (address, bind(address)),
        TcpListen::Beside => {
            let mut anywhere = beside;
            anywhere.set_port(0);
            let bound = bind(beside).or_else(|error| match error.kind() {
                io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => {
                    tracing::warn!(%error, "TCP {beside} cannot be had; media over TCP is on another port");
                    bind(anywhere)
                }
                _ => Err(error),
            });
            (beside, bound)
        }
    };
    bound
        .map(Some)
        .map_err(|error| NetError::ListenTcp { address, error })
}

/// The address for the thread with this index. That there are so many ports was checked before.
fn behind(mut first: SocketAddr, index: usize) -> SocketAddr {
    if first.port() != 0 {
        let port = usize::from(first.port()) + index;
        first.set_port(u16::try_from(port).unwrap_or(u16::MAX));
    }
    first
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
