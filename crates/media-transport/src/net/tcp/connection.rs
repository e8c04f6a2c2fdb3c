use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::demux::{PacketClass, classify};
use crate::tcp::{Deframer, LENGTH_BYTES, TcpRemote, frames_mut, push_frame};

/// The longest packet that is taken: the router takes no longer ones either.
pub(super) const MAX_PACKET: usize = 3000;

/// Bytes read at a time.
const READ_BYTES: usize = 16 * 1024;

/// Media waits up to so many bytes for a connection, a second of 2 Mbit/s; then it is dropped until some have left.
pub(super) const MAX_MEDIA_BYTES: usize = 256 * 1024;

/// What is not media, and would be missed more, waits up to so many.
const MAX_BYTES: usize = MAX_MEDIA_BYTES + 64 * 1024;

/// Trains that may wait, whatever their length; media leaves some places free.
const MAX_TRAINS: usize = 1024;
const KEPT_FROM_MEDIA: usize = 128;

/// What the system may hold for a connection beyond that, in each direction.
pub(super) const SOCKET_BUFFER_BYTES: usize = 256 * 1024;

/// Bytes that are taken from a connection before its peer has proven to be one of ours: some checks.
const MAX_UNPROVEN_BYTES: usize = 16 * 1024;

/// How long a connection may take nothing while something waits for it.
const STALL_LIMIT: Duration = Duration::from_secs(10);

/// How long a connection may say nothing: as long as a session without a sign of life lasts.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// Packets that arrived together on one TCP connection.
#[derive(Debug)]
pub struct StreamPackets {
    /// Its far end.
    pub(in crate::net) remote: SocketAddr,
    /// Our end.
    pub(in crate::net) local: SocketAddr,
    /// Whole packets, as [`frames_mut`](crate::tcp::frames_mut) finds them.
    pub(in crate::net) frames: Vec<u8>,
}

impl StreamPackets {
    /// Where from: the connection's [`TcpRemote`].
    #[must_use]
    pub const fn source(&self) -> SocketAddr {
        self.remote
    }

    /// Where to.
    #[must_use]
    pub const fn destination(&self) -> SocketAddr {
        self.local
    }

    /// The single packets, in order.
    pub fn packets(&mut self) -> impl Iterator<Item = &mut [u8]> {
        frames_mut(&mut self.frames)
    }
}

/// Where what is to be sent on a connection waits. Dropping it closes the connection once that has been sent.
#[derive(Debug)]
pub(super) struct Outlet {
    queue: mpsc::Sender<Vec<u8>>,
    waiting_bytes: Arc<AtomicUsize>,
}

/// The connection's end of its [`Outlet`].
#[derive(Debug)]
pub(super) struct Inlet {
    queue: mpsc::Receiver<Vec<u8>>,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Outlet {
    pub(super) fn new() -> (Self, Inlet) {
        let (sender, queue) = mpsc::channel(MAX_TRAINS);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let outlet = Self {
            queue: sender,
            waiting_bytes: Arc::clone(&waiting_bytes),
        };
        (outlet, Inlet { queue, waiting_bytes })
    }

    /// Sends packets, or as many of them as there is room for. How many were lost.
    pub(super) fn send<'a>(&self, packets: impl ExactSizeIterator<Item = &'a [u8]>) -> usize {
        let count = packets.len();
        let waiting = self.waiting_bytes.load(Ordering::Relaxed);
        let has_media_place = self.queue.capacity() > KEPT_FROM_MEDIA;
        let mut train = Vec::new();
        let mut sent = 0;
        for packet in packets {
            let is_media = matches!(classify(packet), PacketClass::Rtp | PacketClass::Rtcp);
            let limit = if is_media { MAX_MEDIA_BYTES } else { MAX_BYTES };
            let has_place = !is_media || has_media_place;
            if has_place && waiting + train.len() + LENGTH_BYTES + packet.len() <= limit {
                sent += usize::from(push_frame(&mut train, packet).is_ok());
            }
        }
        let len = train.len();
        if sent == 0 {
            return count;
        }
        // Counted first: the other end subtracts once it has it.
        self.waiting_bytes.fetch_add(len, Ordering::Relaxed);
        if self.queue.try_send(train).is_err() {
            self.waiting_bytes.fetch_sub(len, Ordering::Relaxed);
            return count;
        }
        count - sent
    }

    /// Whether the connection has ended.
    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
}

/// Whose connection it is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trust {
    /// We have opened it.
    Ours,
    /// Somebody else has, and has until then to prove to be one of ours: to be sent something, that is, since nothing is
    /// sent to who has not.
    UnprovenUntil(Instant),
}

/// Reads and writes until the connection ends, breaks a rule, or is no longer wanted.
pub(super) async fn run(
    stream: TcpStream,
    remote: TcpRemote,
    arrived: mpsc::Sender<StreamPackets>,
    mut inlet: Inlet,
    trust: Trust,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (remote, local) = (SocketAddr::from(remote), local(&stream));
    let mut deframer = Deframer::new(MAX_PACKET);
    let mut unproven = match trust {
        Trust::Ours => None,
        Trust::UnprovenUntil(end) => Some((end, MAX_UNPROVEN_BYTES)),
    };
    let mut writing = Writing::default();
    let mut idle_at = Instant::now() + IDLE_LIMIT;
    loop {
        let stalled_at = writing.stalled_at();
        let deadline = [unproven.map(|(end, _)| end), stalled_at]
            .into_iter()
            .flatten()
            .fold(idle_at, Instant::min);
        tokio::select! {
            readable = stream.readable() => {
                readable?;
                let (read, frames) = match receive(&stream, &mut deframer) {
                    Ok(got) => got,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error),
                };
                if let Some((_, left)) = &mut unproven {
                    *left = left.checked_sub(read).ok_or(io::ErrorKind::PermissionDenied)?;
                }
                if !frames.is_empty() {
                    idle_at = Instant::now() + IDLE_LIMIT;
                    let packets = StreamPackets { remote, local, frames };
                    // Whoever listened may have ended.
                    arrived.send(packets).await.map_err(|_| io::ErrorKind::BrokenPipe)?;
                }
            }
            writable = stream.writable(), if !writing.is_done() => {
                writable?;
                writing.go_on(&stream, &inlet)?;
            }
            next = inlet.queue.recv(), if writing.is_done() => {
                // All is written and nobody can send more.
                let Some(train) = next else { return Ok(()) };
                unproven = None;
                writing = Writing::new(train);
                writing.go_on(&stream, &inlet)?;
            }
            () = sleep_until(deadline) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// What is being written.
#[derive(Debug, Default)]
struct Writing {
    train: Vec<u8>,
    /// Invariant: at most the train's length.
    written: usize,
    /// When something was last taken.
    since: Option<Instant>,
}

impl Writing {
    fn new(train: Vec<u8>) -> Self {
        Self {
            train,
            written: 0,
            since: Some(Instant::now()),
        }
    }

    const fn is_done(&self) -> bool {
        self.written >= self.train.len()
    }

    fn stalled_at(&self) -> Option<Instant> {
        self.since
            .filter(|_| !self.is_done())
            .map(|since| since + STALL_LIMIT)
    }

    fn go_on(&mut self, stream: &TcpStream, inlet: &Inlet) -> io::Result<()> {
        while !self.is_done() {
            match stream.try_write(self.train.get(self.written..).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.written += written;
                    self.since = Some(Instant::now());
                    inlet.waiting_bytes.fetch_sub(written, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Reads what is there, up to a limit: how much it was, and the packets that are complete.
fn receive(stream: &TcpStream, deframer: &mut Deframer) -> io::Result<(usize, Vec<u8>)> {
    let mut buffer = [0; READ_BYTES];
    let read = stream.try_read(&mut buffer)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut frames = Vec::new();
    deframer
        .push(buffer.get_mut(..read).unwrap_or_default(), |packet| {
            // No packet that was found is too long to be written.
            let _ = push_frame(&mut frames, packet);
        })
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok((read, frames))
}

fn local(stream: &TcpStream) -> SocketAddr {
    let unknown = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    crate::net::plain(stream.local_addr().unwrap_or(unknown))
}
