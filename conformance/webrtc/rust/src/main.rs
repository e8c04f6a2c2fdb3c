//! One run of a stack, str0m or rtc: a publisher by WHIP or a player by WHEP. The suite speaks HTTP for it, and lines of JSON
//! with it. Neither brings codecs: files of frames are played, and what arrived is written.
//!
//! ```text
//! webrtc-peers str0m|rtc WISH
//! ```

mod frames;
mod with_rtc;
mod with_str0m;

use std::io::{BufRead as _, ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::json;

use self::frames::{Player, Record};

/// How often counters are told.
const STATS: Duration = Duration::from_millis(250);

/// Longest wait for a datagram: what the suite says is looked at no later.
const WAIT: Duration = Duration::from_millis(10);

/// Longest datagram taken, in bytes.
const MAX_DATAGRAM: usize = 2000;

/// What this run is to do.
#[derive(Debug, Deserialize)]
pub(crate) struct Wish {
    role: Role,
    pub(crate) codec: VideoCodec,
    /// Files of frames, played or written.
    audio: PathBuf,
    video: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Publish,
    Play,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum VideoCodec {
    Vp8,
    H264,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Command {
    Answer { sdp: String },
    Restart,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Video,
}

/// What a stack tells.
#[derive(Debug)]
pub(crate) enum Told {
    Connected,
    Packets(Kind, usize),
    Frame {
        kind: Kind,
        timestamp: u64,
        data: Vec<u8>,
    },
    /// The other end asks for a picture that stands for itself.
    WantsKeyframe,
}

/// One connection of a stack that leaves sockets and the clock to others.
pub(crate) trait Stack {
    /// The first offer.
    fn offer(&mut self) -> Result<String>;

    /// An offer with other credentials of ICE.
    fn restart(&mut self) -> Result<String>;

    fn answer(&mut self, sdp: &str) -> Result<()>;

    fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Result<()>;

    /// Time has come.
    fn timeout(&mut self, now: Instant) -> Result<()>;

    /// Sends a frame, `number` being the frames before it and `ticks` the time of each.
    fn send(&mut self, now: Instant, kind: Kind, number: u64, ticks: u32, frame: &[u8]) -> Result<()>;

    /// Sends datagrams, tells what there is to tell; when to come again.
    fn drain(&mut self, now: Instant, socket: &UdpSocket, told: &mut Vec<Told>) -> Result<Instant>;
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(stack), Some(wish)) = (arguments.next(), arguments.next()) else {
        bail!("webrtc-peers str0m|rtc WISH");
    };
    let wish: Wish = serde_json::from_str(&wish)?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = socket.local_addr()?;
    let publishes = wish.role == Role::Publish;
    let mut stack: Box<dyn Stack> = match stack.as_str() {
        "str0m" => Box::new(with_str0m::Peer::new(address, wish.codec, publishes)?),
        "rtc" => Box::new(with_rtc::Peer::new(address, wish.codec, publishes)?),
        other => bail!("no stack {other}"),
    };
    say(&json!({ "event": "offer", "sdp": stack.offer()? }))?;
    Run::new(&wish, socket)?.go(&mut *stack, &commands())
}

/// What the suite asks for; ends with the suite.
fn commands() -> Receiver<Command> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let sent = serde_json::from_str(&line).map(|command| sender.send(command));
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
    });
    receiver
}

fn say(event: &serde_json::Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{event}")?;
    Ok(out.flush()?)
}

/// A stack's run, from its answer to its end.
struct Run {
    socket: UdpSocket,
    players: Vec<Player>,
    records: Vec<Record>,
    /// Of sound and of pictures.
    packets: [usize; 2],
    is_connected: bool,
    next_stats: Instant,
}

impl Run {
    fn new(wish: &Wish, socket: UdpSocket) -> Result<Self> {
        let files = [(Kind::Audio, &wish.audio), (Kind::Video, &wish.video)];
        let (mut players, mut records) = (Vec::new(), Vec::new());
        for (kind, file) in files {
            match wish.role {
                Role::Publish => players.push(Player::new(kind, file)?),
                Role::Play => records.push(Record::new(kind, file)?),
            }
        }
        Ok(Self {
            socket,
            players,
            records,
            packets: [0; 2],
            is_connected: false,
            next_stats: Instant::now(),
        })
    }

    fn go(mut self, stack: &mut dyn Stack, commands: &Receiver<Command>) -> Result<()> {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            match commands.try_recv() {
                Ok(Command::Answer { sdp }) => stack.answer(&sdp)?,
                Ok(Command::Restart) => say(&json!({ "event": "offer", "sdp": stack.restart()? }))?,
                Err(TryRecvError::Empty) => {}
                Ok(Command::End) | Err(TryRecvError::Disconnected) => return Ok(()),
            }
            let mut due = self.next_stats;
            if self.is_connected {
                for index in 0..self.players.len() {
                    due = due.min(self.play(index, stack)?);
                }
            }
            let stack_due = self.drain(stack)?;
            let wait = due.min(stack_due).saturating_duration_since(Instant::now());
            // The clock of sockets takes no zero.
            self.socket
                .set_read_timeout(Some(wait.clamp(Duration::from_millis(1), WAIT)))?;
            match self.socket.recv_from(&mut buffer) {
                Ok((length, source)) => {
                    stack.receive(Instant::now(), source, buffer.get(..length).unwrap_or_default())?;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error).context("receiving"),
            }
            let now = Instant::now();
            if stack_due <= now {
                self.drain(stack)?;
                stack.timeout(now)?;
            }
            self.tell_stats()?;
        }
    }

    /// Sends the frames whose time has come; when the next is due.
    fn play(&mut self, index: usize, stack: &mut dyn Stack) -> Result<Instant> {
        loop {
            let player = self.players.get_mut(index).context("a player")?;
            let now = Instant::now();
            let due = player.due(now);
            if due > now {
                return Ok(due);
            }
            let (kind, number, ticks) = (player.kind, player.number(), player.ticks());
            stack.send(now, kind, number, ticks, player.next())?;
            self.drain(stack)?;
        }
    }

    fn drain(&mut self, stack: &mut dyn Stack) -> Result<Instant> {
        let mut told = Vec::new();
        let due = stack.drain(Instant::now(), &self.socket, &mut told)?;
        for told in told {
            match told {
                Told::Connected if self.is_connected => {}
                Told::Connected => {
                    self.is_connected = true;
                    say(&json!({ "event": "state", "state": "connected" }))?;
                }
                Told::Packets(Kind::Audio, count) => self.packets[0] += count,
                Told::Packets(Kind::Video, count) => self.packets[1] += count,
                Told::Frame {
                    kind,
                    timestamp,
                    data,
                } => {
                    if let Some(record) = self.records.iter_mut().find(|record| record.kind == kind) {
                        record.add(timestamp, &data)?;
                    }
                }
                Told::WantsKeyframe => {
                    for player in self
                        .players
                        .iter_mut()
                        .filter(|player| player.kind == Kind::Video)
                    {
                        player.rewind();
                    }
                }
            }
        }
        Ok(due)
    }

    fn tell_stats(&mut self) -> Result<()> {
        let now = Instant::now();
        if now < self.next_stats {
            return Ok(());
        }
        self.next_stats = now + STATS;
        let [audio, video] = self.packets;
        say(&json!({ "event": "stats", "audio": { "packets": audio }, "video": { "packets": video } }))
    }
}
