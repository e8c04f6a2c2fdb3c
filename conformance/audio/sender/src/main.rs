//! Sends the packets of a schedule into somebody's WebRTC receiver, each at its time, with the numbers and timestamps it
//! has. Lines of JSON on standard input and output carry the rest:
//!
//! ```text
//! audio-sender SCHEDULE
//! > {"event":"offer","sdp":…}
//! < {"do":"answer","sdp":…}
//! > {"event":"connected"}
//! < {"do":"start"}
//! > {"event":"started","monotonic_us":…}     the start of the schedule, by the clock CLOCK_MONOTONIC
//! > {"event":"sent","packets":…,"late_us":{"p50":…,"p99":…,"max":…},"each_late_us":[…]}
//! ```
//!
//! It ends with its input.

mod schedule;

use std::io::{BufRead as _, ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use serde_json::json;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::{RtpWrite, SeqNo};
use str0m::{Candidate, Event, Input, Output, Rtc};

use self::schedule::Scheduled;

/// Longest sleep: datagrams and commands are looked at no later.
const WAIT: Duration = Duration::from_millis(5);

/// From the command to the first packet's time zero.
const LEAD: Duration = Duration::from_millis(50);

/// Longest datagram taken, in bytes.
const MAX_DATAGRAM: usize = 2000;

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum Command {
    Answer { sdp: String },
    Start,
}

fn main() -> Result<()> {
    let Some(file) = std::env::args().nth(1) else {
        bail!("audio-sender SCHEDULE");
    };
    let packets =
        schedule::parse(&std::fs::read(&file).with_context(|| file.clone())?).with_context(|| file)?;
    Sender::new(packets)?.run(&commands())
}

/// What is asked for; ends with the input.
fn commands() -> Receiver<Result<Command, serde_json::Error>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(serde_json::from_str(&line)).is_err() {
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

struct Sender {
    rtc: Rtc,
    socket: UdpSocket,
    address: SocketAddr,
    mid: Mid,
    pending: Option<SdpPendingOffer>,
    is_connected: bool,
    packets: std::vec::IntoIter<Scheduled>,
    started: Option<Instant>,
    /// How late each packet was, in microseconds.
    late: Vec<u128>,
}

impl Sender {
    fn new(packets: Vec<Scheduled>) -> Result<Self> {
        str0m::crypto::from_feature_flags().install_process_default();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        // Opus as 111, and redundant (RFC 2198) as 63. No feedback that would make the receiver ask again for what is lost.
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, true)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp")?);
        let mut change = rtc.sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let (offer, pending) = change.apply().context("an offer")?;
        say(&json!({ "event": "offer", "sdp": offer.to_sdp_string() }))?;
        Ok(Self {
            rtc,
            socket,
            address,
            mid,
            pending: Some(pending),
            is_connected: false,
            late: Vec::with_capacity(packets.len()),
            packets: packets.into_iter(),
            started: None,
        })
    }

    fn run(mut self, commands: &Receiver<Result<Command, serde_json::Error>>) -> Result<()> {
        loop {
            match commands.try_recv() {
                Ok(command) => self.obey(command?)?,
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
            self.receive()?;
            let next = self.send_due()?;
            self.rtc.handle_input(Input::Timeout(Instant::now()))?;
            let due = self.drain()?;
            let due = next.map_or(due, |next| next.min(due));
            // Finer than the clock of sockets; what comes meanwhile is in no hurry.
            std::thread::sleep(due.saturating_duration_since(Instant::now()).min(WAIT));
        }
    }

    fn obey(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Answer { sdp } => {
                let pending = self.pending.take().context("an answer without an offer")?;
                let answer = SdpAnswer::from_sdp_string(&sdp)?;
                self.rtc.sdp_api().accept_answer(pending, answer)?;
            }
            Command::Start => {
                if !self.is_connected || self.started.is_some() {
                    bail!("nothing to start");
                }
                let (started, monotonic) = (Instant::now() + LEAD, clock_gettime(ClockId::Monotonic));
                let monotonic = Duration::try_from(monotonic)? + LEAD;
                self.started = Some(started);
                say(&json!({ "event": "started", "monotonic_us": u64::try_from(monotonic.as_micros())? }))?;
            }
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<()> {
        let mut buffer = [0; MAX_DATAGRAM];
        loop {
            let (length, source) = match self.socket.recv_from(&mut buffer) {
                Ok(received) => received,
                // The latter: there was nobody yet where a datagram went.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error.into()),
            };
            let Some(Ok(contents)) = buffer.get(..length).map(DatagramRecv::try_from) else {
                continue;
            };
            let received = Receive {
                proto: Protocol::Udp,
                source,
                destination: self.address,
                contents,
            };
            self.rtc.handle_input(Input::Receive(Instant::now(), received))?;
            self.drain()?;
        }
    }

    /// Sends what is due; when the next packet is.
    fn send_due(&mut self) -> Result<Option<Instant>> {
        let Some(started) = self.started else {
            return Ok(None);
        };
        loop {
            let Some(next) = self.packets.as_slice().first() else {
                return Ok(None);
            };
            let (now, due) = (Instant::now(), started + next.arrival);
            if due > now {
                return Ok(Some(due));
            }
            let Some(packet) = self.packets.next() else {
                return Ok(None);
            };
            self.late.push((now - due).as_micros());
            self.send(now, packet)?;
            if self.packets.as_slice().is_empty() {
                self.tell_end()?;
            }
        }
    }

    fn send(&mut self, now: Instant, packet: Scheduled) -> Result<()> {
        let mut direct = self.rtc.direct_api();
        let stream = direct
            .stream_tx_by_mid(self.mid, None)
            .context("nothing is sent there")?;
        let payload_type = Pt::from(packet.payload_type);
        let sequence = SeqNo::from(packet.sequence);
        stream.write_rtp(
            RtpWrite::new(payload_type, sequence, packet.timestamp, now, packet.payload)
                .marker(packet.marker),
        );
        // One by one: what waits in a queue would go out in order.
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain()?;
        Ok(())
    }

    fn tell_end(&self) -> Result<()> {
        let mut sorted = self.late.clone();
        sorted.sort_unstable();
        let last = sorted.len().saturating_sub(1);
        let rank = |part: usize| sorted.get((sorted.len() * part / 100).min(last));
        let late = json!({ "p50": rank(50), "p99": rank(99), "max": rank(100) });
        say(&json!({ "event": "sent", "packets": sorted.len(), "late_us": late, "each_late_us": self.late }))
    }

    /// Sends datagrams; when to come again.
    fn drain(&mut self) -> Result<Instant> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(due) => return Ok(due),
                Output::Transmit(transmit) => {
                    self.socket.send_to(&transmit.contents, transmit.destination)?;
                }
                Output::Event(Event::Connected) if !self.is_connected => {
                    self.is_connected = true;
                    say(&json!({ "event": "connected" }))?;
                }
                Output::Event(_) => {}
            }
        }
    }
}
