//! One client's media: a socket, a session, and what it sends or receives. Knows nothing of signaling but what was agreed
//! on.

mod feedback;

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anteroom_media_transport::net::{PeerStreams, ReceiveBuffer, StreamPackets, UdpSocket};
use anteroom_media_transport::router::TransmitBuffer;
use anteroom_media_transport::rtcp::{Compound, CompoundWriter, Packet as Rtcp, SenderInfo};
use anteroom_media_transport::rtp::Packet;
use anteroom_media_transport::tcp::TcpRemote;
use anteroom_media_transport::{
    Error as MediaError, PeerConfig, PeerEvent, PeerSession, Received as Input, Role, SRTP_MAX_OVERHEAD,
    SrtpProfile, Transmit,
};
use rand::RngExt as _;
use tokio::sync::{mpsc, watch};

use self::feedback::TransportFeedback;
use super::agreement::{Agreed, Kind, Local};
use super::alarm::Alarm;
use super::error::ClientError;
use super::histogram::Counts;
use super::probe;
use super::protocol::{Frames, Manners, Published, Received};
use super::receiver::{Arrived, Receiver, ntp_now};
use super::source::Source;

/// The socket's buffers, in bytes each: what a busy machine leaves waiting is not the server's loss.
const SOCKET_BUFFER: usize = 1 << 20;

/// How often what is missing is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// How often reports are sent.
const REPORT: Duration = Duration::from_secs(1);

/// Longest compound written.
const MAX_COMPOUND: usize = 1100;

/// What all clients of a worker share.
pub(super) struct Shared {
    pub(super) manners: Manners,
    pub(super) buffer: RefCell<ReceiveBuffer>,
    pub(super) measured: RefCell<Measured>,
}

/// Durations of all clients.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) audio_delay: Counts,
    pub(super) video_delay: Counts,
    pub(super) lateness: Counts,
    pub(super) reading: Counts,
}

/// What a client is to do, besides what signaling agrees on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Phase {
    /// What is sent from one moment up to another counts.
    pub(super) window: Option<(u64, u64)>,
    /// Nothing more is sent.
    pub(super) is_silent: bool,
    /// Good-bye.
    pub(super) is_over: bool,
}

/// What a client tells as soon as it happens, with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Milestone {
    Connected,
    FirstAudio(Instant),
    FirstFrame(Instant),
}

/// What a publisher sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// Whether it sends anything.
    pub(super) sends: bool,
    /// Bits per second.
    pub(super) video: u64,
    pub(super) audio: u64,
    /// Audio level in dB below overload: publishers differ, so that the loudest stays the same.
    pub(super) level: u8,
    pub(super) frames: Frames,
}

/// When something came.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    /// When it was read, by the clock that sessions know and by that of stamps.
    at: Instant,
    read: u64,
    /// How long it had been in the socket by then.
    waited: Duration,
}

/// A client.
pub(super) struct Client {
    shared: Rc<Shared>,
    session: PeerSession,
    socket: UdpSocket,
    /// For when UDP does not get through.
    streams: PeerStreams,
    out: TransmitBuffer,
    scratch: Vec<u8>,
    cname: String,
    output: Output,
    sources: Vec<Source>,
    receiver: Receiver,
    /// Where it is agreed on.
    feedback: Option<TransportFeedback>,
    published: Published,
    window: Option<(u64, u64)>,
    is_silent: bool,
    has_heard: bool,
    milestones: mpsc::UnboundedSender<Milestone>,
    next_look: Instant,
    next_report: Instant,
}

impl Client {
    /// Opens a socket. Milestones go to `milestones`.
    pub(super) fn new(
        shared: Rc<Shared>,
        local: &Local,
        output: Output,
        milestones: mpsc::UnboundedSender<Milestone>,
    ) -> Result<Self, ClientError> {
        let any = |ip: IpAddr| UdpSocket::bind(SocketAddr::new(ip, 0), SOCKET_BUFFER);
        let socket = any(Ipv6Addr::UNSPECIFIED.into())
            .or_else(|_| any(Ipv4Addr::UNSPECIFIED.into()))
            .map_err(|error| ClientError::Socket(error.to_string()))?;
        let now = Instant::now();
        let config = PeerConfig {
            role: Role::Client,
            local: local.credentials.clone(),
            certificate: local.certificate.clone(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: rand::rng().random(),
        };
        Ok(Self {
            shared,
            session: PeerSession::new(config, now),
            socket,
            streams: PeerStreams::new(),
            out: TransmitBuffer::new(),
            scratch: Vec::new(),
            cname: local.cname.clone(),
            output,
            sources: Vec::new(),
            receiver: Receiver::new(rand::rng().random()),
            feedback: None,
            published: Published::default(),
            window: None,
            is_silent: false,
            has_heard: false,
            milestones,
            next_look: now,
            next_report: now + REPORT,
        })
    }

    /// Takes part until it is over; what was counted.
    pub(super) async fn run(
        mut self,
        mut agreements: mpsc::Receiver<Agreed>,
        mut phase: watch::Receiver<Phase>,
    ) -> Result<(Published, Received), ClientError> {
        // Who only receives need not be exact.
        let mut alarm = Alarm::new(self.output.sends);
        loop {
            self.drain()?;
            let due = self.due();
            tokio::select! {
                Some(agreed) = agreements.recv() => self.agree(agreed)?,
                changed = phase.changed() => {
                    let phase = *phase.borrow_and_update();
                    // Whoever held the other end has gone, and the worker with it.
                    if changed.is_err() || phase.is_over {
                        break;
                    }
                    self.window = phase.window;
                    self.is_silent = phase.is_silent;
                    if let Some((from, until)) = phase.window {
                        self.receiver.measure(from, until);
                    }
                }
                readable = self.socket.readable() => if readable.is_ok() { self.receive() },
                packets = self.streams.recv() => self.receive_stream(packets),
                () = alarm.until(due) => self.tick(Instant::now()),
            }
        }
        let received = self.received();
        self.session.close(Instant::now());
        self.drain_session();
        self.send();
        self.published.keyframes = self.sources.iter().map(|source| source.keyframes).sum();
        Ok((self.published, received))
    }

    /// What was counted of what came, and how it came.
    fn received(&self) -> Received {
        let path = self.session.selected_path();
        let feedbacks = self.feedback.as_ref().map_or(0, TransportFeedback::messages);
        Received {
            over_tcp: u64::from(path.is_some_and(|(_, remote)| TcpRemote::of(remote).is_some())),
            feedback_clients: u64::from(feedbacks > 0),
            feedbacks,
            ..self.receiver.counted()
        }
    }

    fn agree(&mut self, agreed: Agreed) -> Result<(), ClientError> {
        let Agreed {
            remote,
            sending,
            receiving,
            transport_extension,
        } = agreed;
        let now = Instant::now();
        // The transport is agreed on once; later answers repeat it.
        match self.session.set_remote(now, remote) {
            Ok(()) | Err(MediaError::RemoteAlreadySet) => {}
            Err(error) => return Err(ClientError::media(error)),
        }
        self.receiver.agree(receiving);
        if let Some(id) = transport_extension
            && self.feedback.is_none()
        {
            self.feedback = Some(TransportFeedback::new(id, self.receiver.ssrc()));
        }
        for sending in sending {
            if self.sources.iter().any(|source| *source.sending() == sending) {
                continue;
            }
            let source = Source::new(sending, &self.output, now, &mut rand::rng());
            self.sources.push(source);
        }
        Ok(())
    }

    /// Sends what the session has to send; an error when it is over.
    fn drain(&mut self) -> Result<(), ClientError> {
        self.drain_session();
        self.send();
        while let Some(event) = self.session.poll_event() {
            match event {
                PeerEvent::Connected { .. } => self.tell(Milestone::Connected),
                PeerEvent::Closed(reason) => return Err(ClientError::Closed(reason.to_string())),
                _ => {}
            }
        }
        Ok(())
    }

    fn drain_session(&mut self) {
        while let Some(transmit) = self.session.poll_transmit(&mut self.scratch) {
            self.out.push(transmit, &self.scratch);
        }
    }

    fn send(&mut self) {
        // What the socket does not take is lost, as datagrams may be.
        let Self {
            socket, streams, out, ..
        } = self;
        let _ = socket.try_send_or(out, |remote, burst| {
            for packet in burst.datagrams() {
                streams.send(remote, packet);
            }
        });
        self.out.clear();
    }

    fn due(&self) -> Instant {
        let source = self
            .is_sending()
            .then(|| self.sources.iter().map(Source::due).min());
        [
            self.session.poll_timeout(),
            source.flatten(),
            self.feedback_due(),
            Some(self.next_report),
        ]
        .into_iter()
        .flatten()
        .fold(self.next_look, Instant::min)
    }

    /// When there is feedback to give; while the session is interrupted nobody would take it.
    fn feedback_due(&self) -> Option<Instant> {
        let feedback = self.feedback.as_ref().filter(|_| self.session.is_connected())?;
        feedback.due()
    }

    fn is_sending(&self) -> bool {
        self.session.is_connected() && !self.is_silent
    }

    fn tick(&mut self, now: Instant) {
        if self.session.poll_timeout().is_some_and(|at| at <= now) {
            self.session.handle_timeout(now);
        }
        if self.is_sending() {
            self.publish(now);
        }
        while self.feedback_due().is_some_and(|at| at <= now) {
            self.compound(|client, out| {
                let feedback = client.feedback.as_mut();
                feedback.map_or(0, |feedback| feedback.write(now, out))
            });
        }
        if now >= self.next_look {
            self.next_look = now + LOOK;
            self.compound(|client, out| client.receiver.requests(now, out));
        }
        if now >= self.next_report {
            self.next_report = now + REPORT;
            self.compound(|client, out| client.report(now, out));
        }
    }

    /// Sends all packets whose time has come.
    fn publish(&mut self, now: Instant) {
        for index in 0..self.sources.len() {
            while let Some(source) = self.sources.get_mut(index)
                && source.due() <= now
            {
                let late = now.saturating_duration_since(source.due());
                let sent = probe::now();
                let Some(length) = source.packet(now, sent, &mut self.session, &mut self.scratch) else {
                    break;
                };
                if self.counts(sent) {
                    self.published.packets += 1;
                    let late = u64::try_from(late.as_nanos()).unwrap_or(u64::MAX);
                    self.shared.measured.borrow_mut().lateness.add(late);
                }
                self.push(length);
                // One by one: a train would make the delay of its first packet that of its last.
                self.send();
            }
        }
    }

    fn counts(&self, sent: u64) -> bool {
        self.window
            .is_some_and(|(from, until)| (from..until).contains(&sent))
    }

    /// Puts the front of the scratch buffer on its way.
    fn push(&mut self, length: usize) {
        if let Some((source, destination)) = self.session.selected_path() {
            let bytes = self.scratch.get(..length).unwrap_or_default();
            self.out.push(Transmit { source, destination }, bytes);
        }
    }

    /// Sends a compound that `write` makes, unless it is empty.
    fn compound(&mut self, write: impl FnOnce(&mut Self, &mut [u8]) -> usize) {
        if !self.session.is_connected() {
            return;
        }
        let mut out = std::mem::take(&mut self.scratch);
        out.clear();
        out.resize(MAX_COMPOUND + SRTP_MAX_OVERHEAD, 0);
        let length = write(self, out.get_mut(..MAX_COMPOUND).unwrap_or_default());
        if length > 0
            && let Ok(length) = self.session.protect_rtcp(&mut out, length)
        {
            self.scratch = out;
            self.push(length);
            self.send();
        } else {
            self.scratch = out;
        }
    }

    fn report(&mut self, now: Instant, out: &mut [u8]) -> usize {
        if self.sources.is_empty() {
            return self.receiver.report(now, &self.cname, out);
        }
        let mut writer = CompoundWriter::new(out);
        for source in &self.sources {
            let ssrc = source.sending().ssrc;
            let low = |count: u64| u32::try_from(count & u64::from(u32::MAX)).unwrap_or(0);
            let info = SenderInfo {
                ntp: ntp_now(),
                rtp_timestamp: source.timestamp(),
                packet_count: low(source.packets),
                octet_count: low(source.octets),
            };
            let written = writer
                .sender_report(ssrc, &info, &[])
                .and_then(|()| writer.source_description(&[(ssrc, &self.cname)]));
            if written.is_err() {
                return 0;
            }
        }
        writer.len()
    }

    /// Takes everything that has arrived.
    fn receive(&mut self) {
        let shared = Rc::clone(&self.shared);
        let mut buffer = shared.buffer.borrow_mut();
        while self.socket.try_receive(&mut buffer).is_ok() {
            let (now, read) = (Instant::now(), probe::now());
            for burst in buffer.bursts() {
                let (source, waited) = (burst.source, burst.waited);
                // The system chooses among our addresses, and so the session knows of none.
                let any: IpAddr = match source.ip() {
                    IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                    IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
                };
                let destination = SocketAddr::new(any, burst.destination.port());
                let arrival = Arrival {
                    at: now,
                    read,
                    waited,
                };
                for datagram in burst.datagrams() {
                    self.receive_datagram(arrival, source, destination, datagram);
                }
            }
        }
    }

    fn receive_stream(&mut self, mut packets: StreamPackets) {
        let arrival = Arrival {
            at: Instant::now(),
            read: probe::now(),
            waited: Duration::ZERO,
        };
        let (source, destination) = (packets.source(), packets.destination());
        for packet in packets.packets() {
            self.receive_datagram(arrival, source, destination, packet);
        }
    }

    fn receive_datagram(
        &mut self,
        arrival: Arrival,
        source: SocketAddr,
        destination: SocketAddr,
        datagram: &mut [u8],
    ) {
        let now = arrival.at;
        match self.session.handle_datagram(now, source, destination, datagram) {
            Input::Rtp(bytes) => self.receive_packet(arrival, bytes),
            Input::Rtcp(bytes) => self.receive_compound(now, bytes),
            Input::Consumed | Input::Dropped(_) => {}
        }
    }

    fn receive_packet(&mut self, arrival: Arrival, bytes: &[u8]) {
        let now = arrival.at;
        let Ok(packet) = Packet::parse(bytes) else { return };
        if let Some(feedback) = &mut self.feedback {
            feedback.receive(now, &packet);
        }
        let Some(Arrived {
            kind,
            sent,
            completes_keyframe,
        }) = self.receiver.packet(now, &packet, bytes.len())
        else {
            return;
        };
        if kind == Kind::Audio && !std::mem::replace(&mut self.has_heard, true) {
            self.tell(Milestone::FirstAudio(now));
        }
        if completes_keyframe {
            self.tell(Milestone::FirstFrame(now));
        }
        if let Some(sent) = sent {
            let mut measured = self.shared.measured.borrow_mut();
            let delay = match kind {
                Kind::Audio => &mut measured.audio_delay,
                Kind::Video => &mut measured.video_delay,
            };
            let waited = u64::try_from(arrival.waited.as_nanos()).unwrap_or(u64::MAX);
            delay.add(arrival.read.saturating_sub(waited).saturating_sub(sent));
            measured.reading.add(waited);
        }
    }

    fn receive_compound(&mut self, now: Instant, bytes: &[u8]) {
        for packet in Compound::new(bytes) {
            let Ok(packet) = packet else { return };
            match packet {
                Rtcp::Nack(nack) => {
                    for sequence in nack.sequence_numbers() {
                        self.send_again(nack.media_ssrc, sequence);
                    }
                }
                Rtcp::PictureLossIndication(request) => self.request_keyframe(request.media_ssrc),
                Rtcp::FullIntraRequest(request) => {
                    for (ssrc, _) in request.entries() {
                        self.request_keyframe(ssrc);
                    }
                }
                packet => self.receiver.rtcp(now, &packet),
            }
        }
    }

    fn send_again(&mut self, ssrc: u32, sequence: u16) {
        let Some(source) = self.sources.iter().find(|source| source.sending().ssrc == ssrc) else {
            return;
        };
        if let Some(length) = source.again(sequence, &mut self.session, &mut self.scratch) {
            self.published.retransmitted += 1;
            self.push(length);
            self.send();
        }
    }

    fn request_keyframe(&mut self, ssrc: u32) {
        if let Some(source) = self
            .sources
            .iter_mut()
            .find(|source| source.sending().ssrc == ssrc)
        {
            source.request_keyframe();
            self.published.keyframe_requests += 1;
        }
    }

    fn tell(&self, milestone: Milestone) {
        // Nobody waits for it any more once all have come.
        let _ = self.milestones.send(milestone);
    }
}

#[cfg(test)]
mod tests;
