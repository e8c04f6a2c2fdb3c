use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::{Outlet, SOCKET_BUFFER_BYTES, StreamPackets, Trust, run};
use crate::net::plain;
use crate::router::Burst;
use crate::tcp::TcpRemote;

/// Reads that may wait for the media thread, of all connections together.
const MAX_READS: usize = 128;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 256;

/// How long nothing is accepted after the system has said that it cannot, for want of descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many connections are taken, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpLimits {
    /// Connections of one media thread. When there are so many, the oldest of those that have not proven anything gives
    /// way; without one, the new one is refused.
    pub connections: usize,
    /// Connections from one address, in IPv6 from a /64, to one media thread. A whole office may be behind one.
    pub per_source: usize,
    /// How long a new connection has until a check with credentials of ours has come.
    pub proof: Duration,
}

impl Default for TcpLimits {
    fn default() -> Self {
        Self {
            connections: 2048,
            per_source: 256,
            proof: Duration::from_secs(5),
        }
    }
}

/// A TCP port where peers may connect (RFC 6544: passive candidates), and their connections.
///
/// A connection is proven by the first packet that is sent on it, since a router answers nobody but the holders of
/// credentials it knows.
#[derive(Debug)]
pub struct TcpPort {
    listener: TcpListener,
    local: SocketAddr,
    limits: TcpLimits,
    connections: HashMap<NonZeroU32, Connection>,
    sources: HashMap<IpAddr, usize>,
    last_number: u32,
    tasks: JoinSet<NonZeroU32>,
    arrived: mpsc::Sender<StreamPackets>,
    arrivals: mpsc::Receiver<StreamPackets>,
    accept_from: Option<Instant>,
    counters: TcpCounters,
}

#[derive(Debug)]
struct Connection {
    source: IpAddr,
    outlet: Outlet,
    is_proven: bool,
    accepted: Instant,
    task: AbortHandle,
}

/// What became of connections and packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::net) struct TcpCounters {
    /// Connections that were not taken, or had to give way.
    pub(in crate::net) refused: u64,
    /// Packets that a connection did not take in time.
    pub(in crate::net) dropped: u64,
    /// Packets that connections were given.
    pub(in crate::net) sent: u64,
}

/// What has happened on a [`TcpPort`].
#[derive(Debug)]
pub(in crate::net) enum TcpEvent {
    Accepted(TcpStream, SocketAddr),
    Arrived(StreamPackets),
    Ended(NonZeroU32),
    /// Nothing to act on.
    Nothing,
}

impl TcpPort {
    /// Listens. Must be called within a tokio runtime, on whose threads connections are read and written.
    ///
    /// # Errors
    /// What the system says.
    pub fn bind(listen: SocketAddr, limits: TcpLimits) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(listen), Type::STREAM, Some(Protocol::TCP))?;
        if listen.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        // Connections of a process before this one may linger; a port that is listened on stays taken.
        socket.set_reuse_address(true)?;
        // Accepted connections inherit it. What we get is good enough.
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
        socket.bind(&listen.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let local = listener.local_addr()?;
        let (arrived, arrivals) = mpsc::channel(MAX_READS);
        Ok(Self {
            listener,
            local,
            limits,
            connections: HashMap::new(),
            sources: HashMap::new(),
            last_number: 0,
            tasks: JoinSet::new(),
            arrived,
            arrivals,
            accept_from: None,
            counters: TcpCounters::default(),
        })
    }

    /// The address it listens on, with the port the system chose.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    pub(in crate::net) const fn counters(&self) -> TcpCounters {
        self.counters
    }

    /// Waits for something to happen. Cancel-safe. What it gives is for [`accept`](Self::accept) and
    /// [`end`](Self::end), or has arrived.
    pub(in crate::net) async fn next(&mut self) -> TcpEvent {
        let Self {
            listener,
            tasks,
            arrivals,
            accept_from,
            ..
        } = self;
        let pause = *accept_from;
        let accept = async {
            if let Some(from) = pause {
                sleep_until(from).await;
            }
            listener.accept().await
        };
        let has_tasks = !tasks.is_empty();
        tokio::select! {
            arrived = arrivals.recv() => arrived.map_or(TcpEvent::Nothing, TcpEvent::Arrived),
            ended = tasks.join_next(), if has_tasks => match ended {
                Some(Ok(number)) => TcpEvent::Ended(number),
                // One that gave way.
                _ => TcpEvent::Nothing,
            },
            accepted = accept => match accepted {
                Ok((stream, source)) => TcpEvent::Accepted(stream, source),
                Err(error) => {
                    tracing::debug!(%error, "connection not accepted");
                    *accept_from = Some(Instant::now() + ACCEPT_PAUSE);
                    TcpEvent::Nothing
                }
            },
        }
    }

    /// What else has arrived already.
    pub(in crate::net) fn try_next(&mut self) -> Option<StreamPackets> {
        self.arrivals.try_recv().ok()
    }

    /// Takes a connection, unless there are too many.
    pub(in crate::net) fn accept(&mut self, stream: TcpStream, source: SocketAddr) {
        self.accept_from = None;
        let source = plain(source);
        let network = network(source.ip());
        let count = self.sources.get(&network).copied().unwrap_or(0);
        if count >= self.limits.per_source {
            self.counters.refused += 1;
            return;
        }
        if self.connections.len() >= self.limits.connections {
            self.counters.refused += 1;
            let unproven = self.connections.iter().filter(|(_, other)| !other.is_proven);
            let Some((oldest, _)) = unproven.min_by_key(|(_, other)| other.accepted) else {
                return;
            };
            self.end(*oldest);
        }
        let number = self.free_number();
        let remote = TcpRemote::new(source, number);
        let (outlet, inlet) = Outlet::new();
        let now = Instant::now();
        let trust = Trust::UnprovenUntil(now + self.limits.proof);
        let arrived = self.arrived.clone();
        let task = self.tasks.spawn(async move {
            if let Err(error) = run(stream, remote, arrived, inlet, trust).await {
                tracing::debug!(%error, %number, "connection ended");
            }
            number
        });
        *self.sources.entry(network).or_default() += 1;
        let connection = Connection {
            source: network,
            outlet,
            is_proven: false,
            accepted: now,
            task,
        };
        self.connections.insert(number, connection);
    }

    /// Forgets a connection.
    pub(in crate::net) fn end(&mut self, number: NonZeroU32) {
        let Some(connection) = self.connections.remove(&number) else {
            return;
        };
        connection.task.abort();
        if let Some(count) = self.sources.get_mut(&connection.source) {
            *count -= 1;
            if *count == 0 {
                self.sources.remove(&connection.source);
            }
        }
    }

    /// Sends a train. On a connection that has ended it is lost.
    pub(in crate::net) fn send(&mut self, remote: TcpRemote, burst: &Burst<'_>) {
        let packets = burst.datagrams();
        let count = packets.len() as u64;
        let dropped = match self.connections.get_mut(&remote.connection()) {
            Some(connection) => {
                connection.is_proven = true;
                connection.outlet.send(packets) as u64
            }
            None => count,
        };
        self.counters.dropped += dropped;
        self.counters.sent += count - dropped;
    }

    /// Accepts nothing more and waits until what waits has been written, at most so long.
    pub(in crate::net) async fn close(mut self, limit: Duration) {
        self.connections.clear();
        self.arrivals.close();
        let _ = timeout(limit, async { while self.tasks.join_next().await.is_some() {} }).await;
    }

    /// A number that no connection has, and none had lately.
    fn free_number(&mut self) -> NonZeroU32 {
        loop {
            self.last_number = self.last_number.wrapping_add(1);
            if let Some(number) = NonZeroU32::new(self.last_number)
                && !self.connections.contains_key(&number)
            {
                return number;
            }
        }
    }
}

/// What happens on a port, if there is one.
pub(in crate::net) async fn next_of(port: Option<&mut TcpPort>) -> TcpEvent {
    match port {
        Some(port) => port.next().await,
        None => pending().await,
    }
}

/// Who counts as one source: an address, in IPv6 the /64 that one subscriber has.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}
