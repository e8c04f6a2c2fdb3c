//! What a flood of junk at a media port does to the calls that go on there.
//!
//! A media thread with some calls of sound on loopback; another thread sends junk to its port, at a rate or as fast as it can.
//! Told are the forwarding delay of the calls' packets, from before they are encrypted by their sender until their receiver
//! has decrypted them; what of it lies inside the service, from the packet's arrival until it was handed to the socket; and
//! how much junk the port was sent and took. Everything shares the machine's cores: with two of them, the flood takes one
//! and the clients' work is part of the delay. On a machine that does other things the delay is that of its scheduler, and
//! only the difference to no junk at all means something.

#![expect(clippy::print_stdout, reason = "the report is the product of a bench")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anteroom_media_transport::net::{MediaHandle, MediaThread, NetConfig, PeerSocket, Progress, UdpSocket};
use anteroom_media_transport::router::{
    CodecName, Command, Event, MediaKind, PeerId, Publication, RoomId, RouterConfig, RtpCodec, Subscription,
    TrackId, TransmitBuffer,
};
use anteroom_media_transport::rtp::{Packet, PacketBuilder};
use anteroom_media_transport::{
    Certificate, IceCredentials, PeerConfig, PeerSession, Received, RemoteParameters, Role,
    SRTP_MAX_OVERHEAD, SrtpProfile, Transmit,
};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// Calls of two people, one of whom speaks.
const CALLS: u64 = 10;

/// Between a speaker's packets.
const PACKET_TIME: Duration = Duration::from_millis(20);

/// How long each case is measured.
const LENGTH: Duration = Duration::from_secs(10);

/// How often the ends of the calls look at their sockets, and the flood at its clock: none of them is to keep a core busy that
/// the service may need.
const LOOK: Duration = Duration::from_micros(100);

/// What is later than this counts as lost.
const LATE: Duration = Duration::from_millis(500);

/// The budget: p99 of the forwarding delay under 1,000,000 packets of junk a second.
const BUDGET: Duration = Duration::from_millis(5);

const MILLION: u64 = 1_000_000;

fn main() {
    // Criterion's arguments mean nothing here; a test run of all benches is not to take a minute.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!(
        "{:<28} {:>9} {:>10} {:>10} {:>7} {:>9} {:>9} {:>9} {:>12}",
        "junk", "sent/s", "arrived/s", "packets", "lost", "p50 µs", "p99 µs", "max µs", "inside p99 ≤"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for (name, junk, rate) in [
        ("none", Junk::Garbage, 0),
        ("garbage", Junk::Garbage, MILLION),
        ("checks of unknown ufrags", Junk::Checks, MILLION),
        ("ClientHellos of strangers", Junk::Hellos, MILLION),
        ("SRTP of strangers", Junk::Media, MILLION),
        ("garbage, all there is", Junk::Garbage, u64::MAX),
    ] {
        runtime.block_on(case(name, junk, rate));
    }
}

/// What the flood is made of.
#[derive(Debug, Clone, Copy)]
enum Junk {
    Garbage,
    Checks,
    Hellos,
    Media,
}

impl Junk {
    fn packet(self) -> Vec<u8> {
        match self {
            Self::Garbage => vec![0xff; 100],
            Self::Media => {
                let mut packet = vec![0x55; 160];
                (packet[0], packet[1]) = (0x80, 111);
                packet
            }
            Self::Hellos => {
                let mut packet = vec![0; 150];
                packet[..14].copy_from_slice(&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 137, 1]);
                packet
            }
            Self::Checks => {
                // A binding request with a user name, and nothing behind it.
                let mut packet = vec![0, 1, 0, 24, 0x21, 0x12, 0xa4, 0x42];
                packet.extend([7; 12]);
                packet.extend([0, 6, 0, 17]);
                packet.extend(b"unknown1:unknown2");
                packet.extend([0; 3]);
                packet
            }
        }
    }
}

async fn case(name: &str, junk: Junk, rate: u64) {
    let mut config = NetConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)));
    config.threads = std::num::NonZeroUsize::new(1);
    let mut media = MediaThread::spawn_all(config, RouterConfig::default()).expect("a media thread");
    let mut events = media.take_events().expect("nobody else has them");
    let server = media.addresses().next().expect("one thread");
    let mut people = Vec::new();
    for id in 0..2 * CALLS {
        people.push(Person::join(id, &media, server).await);
    }
    // A client is connected before the service has the end of its handshake, and media that comes earlier than that is
    // dropped: so the service must say it, too.
    let mut connected = 0;
    while connected < people.len() || !people.iter().all(|person| person.session.is_connected()) {
        for person in &mut people {
            person.turn(Instant::now() + Duration::from_millis(1)).await;
        }
        let events = std::iter::from_fn(|| events.try_recv().ok());
        connected += events
            .filter(|event| matches!(event, Event::PeerConnected { .. }))
            .count();
    }

    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let flood = {
        let (stop, sent) = (Arc::clone(&stop), Arc::clone(&sent));
        (rate > 0).then(|| std::thread::spawn(move || flood(server, &junk.packet(), rate, &stop, &sent)))
    };
    let arrived = || {
        media
            .metrics()
            .map(|thread| thread.snapshot().datagrams_received)
            .sum::<u64>()
    };
    let (began, arrived_before) = (Instant::now(), arrived());
    let mut next = began;
    let mut said = 0_u64;
    while began.elapsed() < LENGTH + LATE {
        if Instant::now() >= next && next < began + LENGTH {
            next += PACKET_TIME;
            for person in people.iter_mut().step_by(2) {
                person.say(began).await;
                said += 1;
            }
        }
        for person in &mut people {
            person.take(began);
            person.drain().await;
        }
        std::thread::sleep(LOOK);
        // The runtime looks at sockets only now.
        tokio::task::yield_now().await;
    }
    let seconds = began.elapsed().as_secs_f64();
    let taken = (arrived() - arrived_before) as f64 / seconds;
    stop.store(true, Ordering::Relaxed);
    if let Some(flood) = flood {
        let _ = flood.join();
    }
    let mut delays: Vec<u64> = people
        .iter()
        .flat_map(|person| person.delays.iter().copied())
        .collect();
    delays.sort_unstable();
    let at = |share: usize| delays.get(delays.len() * share / 1000).copied().unwrap_or(0) as f64 / 1000.0;
    println!(
        "{name:<28} {:>9.0} {taken:>10.0} {:>10} {:>7} {:>9.1} {:>9.1} {:>9.1} {:>12.0}{}",
        sent.load(Ordering::Relaxed) as f64 / seconds,
        delays.len(),
        said.saturating_sub(delays.len() as u64),
        at(500),
        at(990),
        delays.last().copied().unwrap_or(0) as f64 / 1000.0,
        inside(&media).unwrap_or(f64::INFINITY),
        if at(990) > BUDGET.as_secs_f64() * 1e6 {
            "  over budget"
        } else {
            ""
        },
    );
    media.shutdown().await;
}

/// The upper bound of the bucket that 99 of 100 packets are in or below, in microseconds; none when it is the last.
fn inside(media: &MediaHandle) -> Option<f64> {
    let forwarding = media.metrics().next()?.snapshot().forwarding;
    let all: u64 = forwarding.counts.iter().sum();
    let mut seen = 0;
    let buckets = forwarding.counts.iter().zip(forwarding.bounds);
    for (count, bound) in buckets {
        seen += count;
        if seen * 100 >= all * 99 {
            return Some(*bound as f64 / 1000.0);
        }
    }
    None
}

/// Sends trains of junk until told to stop.
fn flood(server: SocketAddr, packet: &[u8], rate: u64, stop: &AtomicBool, sent: &AtomicU64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut socket = UdpSocket::bind(([127, 0, 0, 1], 0).into(), 1 << 20).expect("a socket");
        let transmit = Transmit {
            source: socket.local_addr(),
            destination: server,
        };
        let mut out = TransmitBuffer::new();
        let began = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let count = sent.load(Ordering::Relaxed);
            let due = began.elapsed().as_nanos() * u128::from(rate) / 1_000_000_000;
            if u128::from(count) >= due {
                std::thread::sleep(LOOK);
                continue;
            }
            out.clear();
            for _ in 0..64 {
                out.push(transmit, packet);
            }
            while socket.try_send(&mut out) == Progress::Blocked {
                let _ = socket.writable().await;
            }
            sent.fetch_add(64, Ordering::Relaxed);
        }
    });
}

/// A client: an even one speaks, the one after it listens.
struct Person {
    id: u64,
    session: PeerSession,
    socket: PeerSocket,
    sequence: u16,
    /// Nanoseconds from sending to receiving.
    delays: Vec<u64>,
}

impl Person {
    async fn join(id: u64, media: &MediaHandle, server: SocketAddr) -> Self {
        let mut rng = StdRng::seed_from_u64(id);
        let mut config = |role| PeerConfig {
            role,
            local: IceCredentials::generate(&mut rng),
            certificate: Certificate::generate().expect("a certificate"),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: id,
        };
        let (ours, theirs) = (config(Role::Client), config(Role::Server));
        let about = |config: &PeerConfig, candidates| RemoteParameters {
            credentials: config.local.clone(),
            fingerprint: config.certificate.fingerprint(),
            candidates,
        };
        let (about_us, about_them) = (about(&ours, vec![]), about(&theirs, vec![server]));
        let (peer, track, room) = (PeerId(id), TrackId(id / 2), RoomId(id / 2));
        let codecs = vec![RtpCodec::new(111, CodecName::Opus, 48_000)];
        let send = |command| media.send(command).expect("a thread that listens");
        send(Command::AddPeer {
            peer,
            room,
            config: theirs,
            remote: about_us,
        });
        if id.is_multiple_of(2) {
            let publication = Publication {
                ssrcs: vec![50],
                codecs,
                ..Publication::new(track, MediaKind::Audio, "0")
            };
            send(Command::SetPublications {
                peer,
                publications: vec![publication],
            });
        } else {
            let subscription = Subscription {
                codecs,
                ..Subscription::new(track, "1", 60)
            };
            send(Command::SetSubscriptions {
                peer,
                subscriptions: vec![subscription],
            });
        }
        let mut session = PeerSession::new(ours, Instant::now());
        session
            .set_remote(Instant::now(), about_them)
            .expect("a new session");
        Self {
            id,
            session,
            socket: PeerSocket::bind().await.expect("a socket"),
            sequence: 0,
            delays: Vec::new(),
        }
    }

    async fn drain(&mut self) {
        let mut buffer = Vec::new();
        if self.session.poll_timeout().is_some_and(|at| at <= Instant::now()) {
            self.session.handle_timeout(Instant::now());
        }
        while let Some(transmit) = self.session.poll_transmit(&mut buffer) {
            let _ = self
                .socket
                .send(&buffer, transmit.source, transmit.destination)
                .await;
        }
        while self.session.poll_event().is_some() {}
    }

    /// Sends what there is, and waits for something to receive.
    async fn turn(&mut self, until: Instant) {
        self.drain().await;
        let mut buffer = [0; 2048];
        let received = tokio::time::timeout_at(until.into(), self.socket.recv(&mut buffer)).await;
        if let Ok(Ok((len, source, destination))) = received {
            let _ = self
                .session
                .handle_datagram(Instant::now(), source, destination, &mut buffer[..len]);
        }
    }

    /// Takes what has arrived.
    fn take(&mut self, began: Instant) {
        let mut buffer = [0; 2048];
        while let Ok((len, source, destination)) = self.socket.try_recv(&mut buffer) {
            let now = Instant::now();
            let received = self
                .session
                .handle_datagram(now, source, destination, &mut buffer[..len]);
            if let Received::Rtp(bytes) = received
                && let Ok(packet) = Packet::parse(bytes)
                && let Some(sent) = packet.payload().first_chunk()
            {
                let now = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
                self.delays.push(now.saturating_sub(u64::from_be_bytes(*sent)));
            }
        }
    }

    async fn say(&mut self, began: Instant) {
        let mut payload = [0x55; 120];
        let sent = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        payload[..8].copy_from_slice(&sent.to_be_bytes());
        let mut buffer = [0; 200 + SRTP_MAX_OVERHEAD];
        self.sequence = self.sequence.wrapping_add(1);
        let len = PacketBuilder::new(111, self.sequence, u32::from(self.sequence) * 960, 50)
            .write(&payload, &mut buffer)
            .expect("there is room");
        if let Ok(len) = self.session.protect_rtp(&mut buffer, len)
            && let Some((source, destination)) = self.session.selected_path()
        {
            let sent = self.socket.send(&buffer[..len], source, destination).await;
            sent.unwrap_or_else(|error| println!("person {}: {error}", self.id));
        }
    }
}
