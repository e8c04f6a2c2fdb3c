//! A room on a real socket, and its clients.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anteroom_media_transport::net::{MediaPort, UdpSocket as MediaSocket};
use anteroom_media_transport::router::{
    CodecName, Command, Event, ExtensionIds, MediaKind, PeerId, Publication, RoomId, Router, RouterConfig,
    RtpCodec, Subscription, TrackId,
};
use anteroom_media_transport::rtcp::{CompoundWriter, transport_cc::TwccRecorder};
use anteroom_media_transport::rtp::{Packet, PacketBuilder};
use anteroom_media_transport::{
    Certificate, IceCredentials, PeerConfig, PeerSession, Received, RemoteParameters, Role,
    SRTP_MAX_OVERHEAD, SrtpProfile,
};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rustix::time::{ClockId, clock_gettime};
use socket2::SockRef;
use tokio::runtime::Runtime;

use crate::floor::Floor;

/// An RTP header with the extensions that subscribers get.
pub(crate) const HEADER: usize = 20;

/// Of the extension with transport-wide numbers.
const TRANSPORT_SEQUENCE: u8 = 5;

/// AES-GCM's.
pub(crate) const TAG: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Video,
}

/// What the publishers send, and how many of them each subscriber receives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    kind: Kind,
    heard: usize,
    is_paced: bool,
}

impl Stream {
    pub(crate) const fn new(kind: Kind, heard: usize) -> Self {
        Self {
            kind,
            heard,
            is_paced: false,
        }
    }

    /// Subscribers tell when packets arrive, and are sent no more than their path carries.
    pub(crate) const fn paced(self) -> Self {
        Self {
            is_paced: true,
            ..self
        }
    }

    fn codecs(self) -> Vec<RtpCodec> {
        let (payload_type, name, clock_rate) = match self.kind {
            Kind::Audio => (111, CodecName::Opus, 48_000),
            Kind::Video => (96, CodecName::Vp8, 90_000),
        };
        vec![RtpCodec::new(payload_type, name, clock_rate)]
    }

    fn extensions(self) -> ExtensionIds {
        ExtensionIds {
            mid: Some(4),
            audio_level: (self.kind == Kind::Audio).then_some(1),
            transport_sequence: self.is_paced.then_some(TRANSPORT_SEQUENCE),
            ..ExtensionIds::default()
        }
    }
}

pub(crate) struct Room {
    runtime: Runtime,
    port: MediaPort,
    server: SocketAddr,
    clients: Vec<Client>,
    publishers: usize,
    stream: Stream,
    /// What was agreed on.
    profile: SrtpProfile,
}

impl Room {
    /// The first `publishers` clients publish one track each, the others receive those of the first few.
    pub(crate) fn new(publishers: usize, subscribers: usize, stream: Stream) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (port, server) = runtime.block_on(async {
            let socket = MediaSocket::bind((Ipv4Addr::LOCALHOST, 0).into(), 8 << 20).expect("a socket");
            let server = socket.local_addr();
            let router = Router::new(RouterConfig::default(), 1, Instant::now());
            (MediaPort::new(socket, router), server)
        });
        let mut room = Self {
            runtime,
            port,
            server,
            clients: Vec::new(),
            publishers,
            stream,
            profile: SrtpProfile::AeadAes128Gcm,
        };
        let certificates = [(); 2].map(|()| Certificate::generate().expect("a certificate"));
        for index in 0..publishers + subscribers {
            room.add(index, &certificates);
        }
        room.connect();
        for publisher in 0..publishers {
            room.command(Command::SetPublications {
                peer: PeerId(publisher as u64),
                publications: vec![room.publication(publisher)],
            });
        }
        for subscriber in publishers..publishers + subscribers {
            let subscriptions = (0..room.stream.heard)
                .map(|track| room.subscription(track))
                .collect();
            room.command(Command::SetSubscriptions {
                peer: PeerId(subscriber as u64),
                subscriptions,
            });
        }
        room.keep_alive();
        room.drain_once(|_, _| true);
        room
    }

    /// A floor with the same subscribers and the same cipher.
    pub(crate) fn floor(&self) -> Floor {
        let destinations = self.subscribers().iter().map(|client| client.address).collect();
        Floor::new(destinations, self.profile)
    }

    /// Has a publisher send a frame of packets with payloads of these sizes, in one go.
    pub(crate) fn publish(&mut self, publisher: usize, sizes: &[usize]) {
        let kind = self.stream.kind;
        let client = &mut self.clients[publisher];
        let begins = client.frame == 0;
        client.frame += 1;
        for (index, size) in sizes.iter().enumerate() {
            let mut payload = vec![0x55; *size];
            if kind == Kind::Video {
                let descriptor: [u8; 2] = match (index, begins) {
                    (0, true) => [0x10, 0x00],
                    (0, false) => [0x10, 0x01],
                    _ => [0x00, 0x00],
                };
                payload[..2].copy_from_slice(&descriptor);
            }
            let mut buffer = vec![0; 2000];
            let ssrc = 1000 + u32::try_from(publisher).expect("few");
            let mut builder = PacketBuilder::new(
                if kind == Kind::Video { 96 } else { 111 },
                client.sequence,
                client.frame * if kind == Kind::Video { 3000 } else { 960 },
                ssrc,
            );
            if kind == Kind::Audio {
                builder = builder.extension(1, &[30]);
            }
            let len = builder
                .marker(index + 1 == sizes.len())
                .write(&payload, &mut buffer)
                .expect("room enough");
            client.sequence = client.sequence.wrapping_add(1);
            let len = client.session.protect_rtp(&mut buffer, len).expect("connected");
            client
                .socket
                .send_to(&buffer[..len], self.server)
                .expect("loopback takes it");
        }
    }

    /// The server's turn, as a media thread has it: CPU time, and calls that sent something. Turns until subscribers
    /// have got so many packets of media; a loaded kernel delivers later than at once.
    pub(crate) fn forward(&mut self, packets: usize) -> (Duration, u64) {
        let calls = self.port.socket().counters().calls;
        let (mut time, mut left) = (Duration::ZERO, packets);
        while left > 0 {
            let begin = cpu_time();
            self.turn(Duration::from_millis(1));
            time += cpu_time() - begin;
            left = left
                .checked_sub(self.drain_once(|_, _| true))
                .expect("no packet too many");
        }
        (time, self.port.socket().counters().calls - calls)
    }

    /// The server's turns until `end`, with subscribers that tell when packets arrive: CPU time, packets that arrived, and
    /// calls that sent something.
    pub(crate) fn forward_until(&mut self, end: Instant) -> (Duration, usize, u64) {
        let calls = self.port.socket().counters().calls;
        let (mut time, mut packets) = (Duration::ZERO, 0);
        loop {
            let now = Instant::now();
            if now >= end {
                return (time, packets, self.port.socket().counters().calls - calls);
            }
            let due = self.port.router().poll_timeout();
            let wait = due.map_or(end, |due| due.min(end)).saturating_duration_since(now);
            let begin = cpu_time();
            self.turn(wait);
            time += cpu_time() - begin;
            let arrived = Instant::now();
            packets += self.drain_once(|client, datagram| client.record(arrived, datagram));
            self.tell(arrived);
        }
    }

    /// Sends what subscribers have to tell.
    fn tell(&mut self, now: Instant) {
        let (first, server) = (self.publishers, self.server);
        for client in &mut self.clients[first..] {
            client.tell(now, server);
        }
    }

    /// The server's turn when nothing is to be forwarded.
    pub(crate) fn idle(&mut self) -> Duration {
        let begin = cpu_time();
        self.turn(Duration::from_millis(1));
        cpu_time() - begin
    }

    /// Empties the subscribers' sockets of so many packets of media.
    pub(crate) fn drain(&mut self, packets: usize) {
        let mut left = packets;
        while left > 0 {
            left = left.saturating_sub(self.drain_once(|_, _| true))
        }
    }

    /// Forwards so many packets and opens them: they are what was sent.
    pub(crate) fn verify(&mut self, packets: usize) {
        let server = self.server;
        let mut left = packets;
        while left > 0 {
            self.turn(Duration::from_millis(1));
            let opened = self.drain_once(|client, datagram| {
                let received =
                    client
                        .session
                        .handle_datagram(Instant::now(), server, client.address, datagram);
                let Received::Rtp(packet) = received else {
                    panic!("{received:?}");
                };
                let packet = Packet::parse(packet).expect("a packet");
                packet.payload()[2..].iter().all(|byte| *byte == 0x55)
            });
            left -= opened;
        }
    }

    /// Calls `take` with each packet of media that has arrived at a subscriber; how many were good.
    fn drain_once(&mut self, mut take: impl FnMut(&mut Client, &mut [u8]) -> bool) -> usize {
        let mut buffer = [0; 2000];
        let mut count = 0;
        let first = self.publishers;
        for client in &mut self.clients[first..] {
            while let Ok(len) = client.socket.recv(&mut buffer) {
                // RTCP comes once a second, STUN is answered in `keep_alive`.
                let datagram = &mut buffer[..len];
                let is_media = matches!(datagram, [0x80..=0xbf, second, ..] if !(192..=223).contains(second));
                count += usize::from(is_media && take(client, datagram));
            }
        }
        count
    }

    /// Lets ICE and DTLS do what they do all the time.
    pub(crate) fn keep_alive(&mut self) {
        for _ in 0..3 {
            for client in &mut self.clients {
                client.turn(self.server);
            }
            self.turn(Duration::from_millis(1));
        }
        for client in &mut self.clients {
            client.turn(self.server);
        }
        while self.port.router().poll_event().is_some() {}
    }

    fn add(&mut self, index: usize, [server, client]: &[Certificate; 2]) {
        let mut rng = StdRng::seed_from_u64(index as u64);
        let mut config = |role, certificate: &Certificate| PeerConfig {
            role,
            local: IceCredentials::generate(&mut rng),
            certificate: certificate.clone(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: index as u64,
        };
        let (theirs, ours) = (config(Role::Server, server), config(Role::Client, client));
        let describe = |config: &PeerConfig, candidates| RemoteParameters {
            credentials: config.local.clone(),
            fingerprint: config.certificate.fingerprint(),
            candidates,
        };
        let (to_server, to_client) = (describe(&ours, vec![]), describe(&theirs, vec![self.server]));
        self.command(Command::AddPeer {
            peer: PeerId(index as u64),
            room: RoomId(1),
            config: theirs,
            remote: to_server,
        });
        let mut session = PeerSession::new(ours, Instant::now());
        session
            .set_remote(Instant::now(), to_client)
            .expect("a new session");
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.set_nonblocking(true).expect("a socket");
        SockRef::from(&socket)
            .set_recv_buffer_size(1 << 20)
            .expect("a socket");
        let address = socket.local_addr().expect("an address");
        self.clients.push(Client {
            socket,
            session,
            address,
            sequence: 0,
            frame: 0,
            recorder: TwccRecorder::new(u32::try_from(index).expect("few")),
        });
    }

    fn connect(&mut self) {
        let mut connected = 0;
        while connected < self.clients.len()
            || !self.clients.iter().all(|client| client.session.is_connected())
        {
            for client in &mut self.clients {
                client.turn(self.server);
            }
            self.turn(Duration::from_millis(2));
            while let Some(event) = self.port.router().poll_event() {
                if let Event::PeerConnected { profile, .. } = event {
                    connected += 1;
                    self.profile = profile;
                }
            }
        }
    }

    fn turn(&mut self, wait: Duration) {
        let port = &mut self.port;
        self.runtime.block_on(async {
            let _ = tokio::time::timeout(wait, port.socket().readable()).await;
            port.receive();
            port.router().handle_timeout(Instant::now());
            port.flush();
        });
    }

    fn command(&mut self, command: Command) {
        self.port
            .router()
            .handle_command(Instant::now(), command)
            .expect("a good command");
    }

    fn publication(&self, publisher: usize) -> Publication {
        let kind = match self.stream.kind {
            Kind::Audio => MediaKind::Audio,
            Kind::Video => MediaKind::Video,
        };
        Publication {
            ssrcs: vec![1000 + u32::try_from(publisher).expect("few")],
            codecs: self.stream.codecs(),
            extensions: self.stream.extensions(),
            ..Publication::new(TrackId(publisher as u64), kind, "0")
        }
    }

    fn subscription(&self, track: usize) -> Subscription {
        Subscription {
            codecs: self.stream.codecs(),
            extensions: self.stream.extensions(),
            ..Subscription::new(
                TrackId(track as u64),
                track.to_string(),
                2000 + u32::try_from(track).expect("few"),
            )
        }
    }

    fn subscribers(&self) -> &[Client] {
        &self.clients[self.publishers..]
    }
}

struct Client {
    socket: UdpSocket,
    session: PeerSession,
    address: SocketAddr,
    sequence: u16,
    frame: u32,
    recorder: TwccRecorder,
}

impl Client {
    /// Takes note of a packet's arrival. Headers are not encrypted.
    fn record(&mut self, now: Instant, datagram: &mut [u8]) -> bool {
        // Nor is the bit that says that there is padding, which is.
        datagram[0] &= !0x20;
        let packet = Packet::parse(datagram).expect("a packet");
        if let Some([high, low]) = packet.extension(TRANSPORT_SEQUENCE) {
            let sequence = u16::from_be_bytes([*high, *low]);
            self.recorder.receive(now, packet.ssrc(), sequence);
        }
        true
    }

    /// Sends a feedback if one is due.
    fn tell(&mut self, now: Instant, server: SocketAddr) {
        while self.recorder.poll_timeout().is_some_and(|due| due <= now) {
            let mut buffer = [0; 1500];
            let mut writer = CompoundWriter::new(&mut buffer[..1200]);
            self.recorder
                .write_feedback(now, &mut writer)
                .expect("room enough");
            let len = writer.len();
            let len = self.session.protect_rtcp(&mut buffer, len).expect("connected");
            self.socket
                .send_to(&buffer[..len], server)
                .expect("loopback takes it");
        }
    }

    /// Takes what came, lets timers fire, sends what follows.
    fn turn(&mut self, server: SocketAddr) {
        let mut buffer = vec![0; 2000];
        while let Ok(len) = self.socket.recv(&mut buffer) {
            self.session
                .handle_datagram(Instant::now(), server, self.address, &mut buffer[..len]);
        }
        self.session.handle_timeout(Instant::now());
        while let Some(transmit) = self.session.poll_transmit(&mut buffer) {
            self.socket
                .send_to(&buffer, transmit.destination)
                .expect("loopback takes it");
        }
        while self.session.poll_event().is_some() {}
    }
}

/// CPU time of this thread.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

const _: () = assert!(TAG <= SRTP_MAX_OVERHEAD);
