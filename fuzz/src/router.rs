//! The router as a sequence of operations, with clients that decrypt what it sends them, and its memory counted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anteroom_media_transport::allocator::View;
use anteroom_media_transport::router::{
    CodecName, Command, Content, Event, MediaKind, PeerId, Publication, RoomId, Router, RouterConfig,
    RtpCodec, Subscription, TrackId, TrackView, TransmitBuffer,
};
use anteroom_media_transport::rtp::{Packet, PacketBuilder};
use anteroom_media_transport::{
    Certificate, Error, IceCredentials, PeerConfig, PeerSession, Received, RemoteParameters, Role,
    SRTP_MAX_OVERHEAD, SrtpProfile,
};

/// Steps that are taken of an input, and peers there are at a time.
const MAX_STEPS: usize = 250;
const PEERS: u8 = 4;

/// `RouterConfig::max_queued_bytes`, `video_buffer_bytes` and `video_buffer_packets`: little, so that it is soon too much.
const QUEUED_BYTES: usize = 32 << 10;
const VIDEO_BYTES: usize = 64 << 10;
const VIDEO_PACKETS: usize = 64;

/// What may wait for one peer: media that was written ahead, as much again, what is written when it is sent, each with its
/// overhead; and 64 KiB of control.
const MAX_WAITING: usize = 4 * QUEUED_BYTES + (64 << 10);

/// Bytes of memory that the router may hold: of its own, where farewells and used lists are; and for each peer, with the
/// camera and the microphone it publishes.
const OWN_BYTES: i64 = 256 << 10;
const PEER_BYTES: i64 = 384 << 10;

const ROUTER: ([u8; 4], u16) = ([198, 51, 100, 1], 5000);

static CERTIFICATES: LazyLock<[Certificate; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Certificate::generate().expect("the system has randomness")));

/// A client, and what it may be sent.
struct Client {
    session: PeerSession,
    address: SocketAddr,
    room: u64,
    /// Next sequence number by SSRC.
    sending: BTreeMap<u32, u16>,
    /// The track behind each SSRC it has ever subscribed to with these keys.
    subscribed: BTreeMap<u32, u64>,
    /// The newest number that came with each SSRC of sound.
    newest: BTreeMap<u32, u16>,
    is_forwarding: bool,
}

/// The router, and how many bytes it has taken and not given back. What AWS-LC takes for its keys is not seen.
struct Counted {
    router: Router,
    held: i64,
}

#[derive(Default)]
struct World {
    clients: BTreeMap<u8, Client>,
    /// Nothing that the router has to send is taken.
    is_blocked: bool,
    /// What the router sends may have been decided on before the latest operations.
    is_late: bool,
    /// The room each track was last published in.
    rooms: BTreeMap<u64, u64>,
    /// Tracks that have lost packets on the way to the router, whose numbers may leave gaps.
    gaps: BTreeSet<u64>,
    made: u8,
}

/// Steps of three bytes: what, who, and a value.
pub fn router_ops(data: &[u8]) {
    let mut now = Instant::now();
    LazyLock::force(&CERTIFICATES);
    let mut config = RouterConfig::default();
    config.max_queued_bytes = QUEUED_BYTES;
    config.video_buffer_bytes = VIDEO_BYTES;
    config.video_buffer_packets = VIDEO_PACKETS;
    let mut router = Counted {
        router: Router::new(config, 1, now),
        held: 0,
    };
    let mut world = World::default();
    for step in data.as_chunks::<3>().0.iter().take(MAX_STEPS) {
        let [what, who, value] = *step;
        let peer = who % PEERS;
        match what % 16 {
            0 => world.join(&mut router, now, peer, u64::from(value % 2)),
            1 => world.leave(&mut router, now, peer),
            2 => world.publish(&mut router, now, peer, value),
            3 | 4 => world.subscribe(&mut router, now, peer, value, who / PEERS),
            5 => {
                let enabled = value & 1 == 0;
                let id = PeerId(peer.into());
                let _ = router.command(now, || Command::SetForwarding { peer: id, enabled });
                if let Some(client) = world.clients.get_mut(&peer) {
                    client.is_forwarding = enabled;
                }
            }
            6 => show(&mut router, now, peer, value),
            7 => {
                now += Duration::from_millis(u64::from(value) * u64::from(value) / 8);
                world.pass(&mut router, now);
            }
            8 => {
                let id = PeerId(peer.into());
                let _ = router.command(now, || Command::RequestStats { peer: id });
            }
            9 => world.junk(&mut router, now, peer, value),
            10 => world.keyframe_request(&mut router, now, peer, value),
            15 if value > 127 => world.block(value & 1 == 0),
            _ => {
                for _ in 0..=value % 4 {
                    world.say(&mut router, now, peer, value);
                    now += Duration::from_millis(u64::from(who >> 4));
                }
            }
        }
        world.settle(&mut router, now);
        let peers = i64::try_from(world.clients.len()).unwrap_or(0);
        let most = OWN_BYTES + peers * PEER_BYTES;
        assert!(router.held <= most, "{} bytes for {peers} peers", router.held);
    }
    for peer in 0..PEERS {
        world.leave(&mut router, now, peer);
    }
    world.is_blocked = false;
    world.settle(&mut router, now);
    assert_eq!(router.router.poll_timeout(), None, "nobody is there any more");
    assert!(router.held <= OWN_BYTES, "{} bytes for nobody", router.held);
}

impl Counted {
    /// Whatever is made within and stays is the router's, and what is dropped within was.
    fn with<T>(&mut self, act: impl FnOnce(&mut Router) -> T) -> T {
        let (router, mut result) = (&mut self.router, None);
        let taken = allocation_counter::measure(|| result = Some(act(router)));
        self.held += taken.bytes_current;
        result.expect("it has been measured")
    }

    fn command(&mut self, now: Instant, command: impl FnOnce() -> Command) -> Result<(), Error> {
        self.with(|router| router.handle_command(now, command()))
    }

    fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &mut [u8]) {
        self.with(|router| router.handle_datagram(now, from, ROUTER.into(), datagram));
    }
}

/// The track of a peer: the one of sound, the one of pictures.
const fn track_of(peer: u8, is_video: bool) -> u64 {
    peer as u64 * 2 + is_video as u64
}

fn codecs(is_video: bool) -> Vec<RtpCodec> {
    vec![if is_video {
        RtpCodec::new(96, CodecName::Vp8, 90_000)
    } else {
        RtpCodec::new(111, CodecName::Opus, 48_000)
    }]
}

fn show(router: &mut Counted, now: Instant, peer: u8, value: u8) {
    let view = |track: u8| TrackView {
        track: TrackId(track.into()),
        view: match value >> 3 & 3 {
            0 => View::Hidden,
            _ => View::Tile {
                width: u32::from(value) * 8,
                height: u32::from(value) * 5,
            },
        },
        priority: value >> 5,
    };
    let _ = router.command(now, || Command::SetViews {
        peer: PeerId(peer.into()),
        views: (0..value % 8).map(view).collect(),
    });
}

impl World {
    fn leave(&mut self, router: &mut Counted, now: Instant, peer: u8) {
        let id = PeerId(peer.into());
        let _ = router.command(now, || Command::RemovePeer { peer: id });
        self.clients.remove(&peer);
    }

    /// From now on the socket takes nothing, or again. Sound for which there is no room leaves gaps in its numbers.
    fn block(&mut self, whether: bool) {
        self.is_blocked = whether;
        self.is_late = true;
        self.gaps.extend(0..u64::from(PEERS) * 2);
    }

    fn join(&mut self, router: &mut Counted, now: Instant, peer: u8, room: u64) {
        if self.clients.contains_key(&peer) {
            return;
        }
        self.made = self.made.wrapping_add(1);
        let letter = char::from(b'a' + self.made % 26);
        let [first, second] = &*CERTIFICATES;
        let config = |role, certificate: &Certificate, name: String| PeerConfig {
            role,
            local: IceCredentials {
                pwd: name.repeat(22).chars().take(60).collect(),
                ufrag: name,
            },
            certificate: certificate.clone(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: self.made.into(),
        };
        let ours = config(Role::Client, first, format!("client{letter}{}", self.made));
        let theirs = config(Role::Server, second, format!("server{letter}{}", self.made));
        let about = |config: &PeerConfig, candidates| RemoteParameters {
            credentials: config.local.clone(),
            fingerprint: config.certificate.fingerprint(),
            candidates,
        };
        let (about_us, about_them) = (about(&ours, vec![]), about(&theirs, vec![ROUTER.into()]));
        let added = router.command(now, || Command::AddPeer {
            peer: PeerId(peer.into()),
            room: RoomId(room),
            config: theirs.clone(),
            remote: about_us.clone(),
        });
        added.expect("there is room for it");
        let mut session = PeerSession::new(ours, now);
        session.set_remote(now, about_them).expect("a new session");
        let client = Client {
            session,
            address: ([192, 0, 2, 10 + peer], 1000 + u16::from(self.made)).into(),
            room,
            sending: BTreeMap::new(),
            subscribed: BTreeMap::new(),
            newest: BTreeMap::new(),
            is_forwarding: true,
        };
        self.clients.insert(peer, client);
    }

    fn publish(&mut self, router: &mut Counted, now: Instant, peer: u8, value: u8) {
        let publication = |is_video: bool| Publication {
            ssrcs: vec![1000 + u32::from(peer) * 10 + u32::from(is_video)],
            codecs: codecs(is_video),
            content: if value & 8 == 0 {
                Content::Camera
            } else {
                Content::Screen
            },
            paused: value & 16 != 0,
            ..Publication::new(
                TrackId(track_of(peer, is_video)),
                if is_video {
                    MediaKind::Video
                } else {
                    MediaKind::Audio
                },
                if is_video { "1" } else { "0" },
            )
        };
        let command = || Command::SetPublications {
            peer: PeerId(peer.into()),
            publications: [false, true]
                .into_iter()
                .filter(|is_video| value & (1 << u8::from(*is_video)) == 0)
                .map(publication)
                .collect(),
        };
        if router.command(now, command).is_ok()
            && let Some(client) = self.clients.get(&peer)
        {
            for is_video in [false, true] {
                self.rooms.insert(track_of(peer, is_video), client.room);
            }
        }
    }

    fn subscribe(&mut self, router: &mut Counted, now: Instant, peer: u8, tracks: u8, offset: u8) {
        let subscriptions: Vec<_> = (0..8_u64)
            .filter(|track| tracks & (1 << track) != 0)
            .map(|track| Subscription {
                codecs: codecs(track % 2 == 1),
                // Mostly an SSRC of its own, sometimes one that another has, or had.
                ..Subscription::new(
                    TrackId(track),
                    format!("{}", track + 10),
                    5000 + (u32::try_from(track).unwrap_or(0) + u32::from(offset / 60)) % 8,
                )
            })
            .collect();
        let command = || Command::SetSubscriptions {
            peer: PeerId(peer.into()),
            subscriptions: subscriptions.clone(),
        };
        if router.command(now, command).is_ok()
            && let Some(client) = self.clients.get_mut(&peer)
        {
            for subscription in subscriptions {
                client.subscribed.insert(subscription.ssrc, subscription.track.0);
            }
        }
    }

    /// A packet of sound or pictures.
    fn say(&mut self, router: &mut Counted, now: Instant, peer: u8, value: u8) {
        let Some(client) = self.clients.get_mut(&peer) else {
            return;
        };
        let is_video = value & 4 != 0;
        let ssrc = 1000 + u32::from(peer) * 10 + u32::from(is_video);
        let next = client.sending.entry(ssrc).or_default();
        if value & 0xf0 == 0xf0 {
            *next = next.wrapping_add(u16::from(value & 15) + 1);
            self.gaps.insert(track_of(peer, is_video));
        }
        let sequence = *next;
        *next = next.wrapping_add(1);
        // A VP8 picture of one packet each, a keyframe now and then.
        let is_key = sequence % 8 == 0;
        let pictures = [
            0x90,
            0x80,
            (sequence & 0x7f).to_be_bytes()[1],
            u8::from(!is_key),
            0,
            0,
            0x9d,
            0x01,
        ];
        let mut payload = if is_video {
            pictures.to_vec()
        } else {
            vec![0xf8, 0xff, 0xfe, value]
        };
        // What waits shall be much.
        if self.is_blocked {
            payload.resize(1000, value);
        }
        let mut buffer = [0; 1200];
        let timestamp = u32::from(sequence) * if is_video { 3000 } else { 960 };
        let payload_type = if is_video { 96 } else { 111 };
        let Ok(len) =
            PacketBuilder::new(payload_type, sequence, timestamp, ssrc).write(&payload, &mut buffer)
        else {
            return;
        };
        if let Ok(len) = client.session.protect_rtp(&mut buffer, len) {
            router.receive(now, client.address, &mut buffer[..len]);
        }
    }

    fn keyframe_request(&mut self, router: &mut Counted, now: Instant, peer: u8, value: u8) {
        let Some(client) = self.clients.get_mut(&peer) else {
            return;
        };
        let ssrc = (5000 + u32::from(value % 8)).to_be_bytes();
        // A picture loss indication, or a negative acknowledgement.
        let mut packet = if value & 8 == 0 {
            vec![0x81, 206, 0, 2, 0, 0, 0, 1]
        } else {
            vec![0x81, 205, 0, 3, 0, 0, 0, 1]
        };
        packet.extend(ssrc);
        if value & 8 != 0 {
            let newest = client.newest.get(&u32::from_be_bytes(ssrc)).copied().unwrap_or(0);
            packet.extend(newest.wrapping_sub(u16::from(value >> 4)).to_be_bytes());
            packet.extend([0, value]);
        }
        let len = packet.len();
        packet.resize(len + SRTP_MAX_OVERHEAD, 0);
        if let Ok(len) = client.session.protect_rtcp(&mut packet, len) {
            router.receive(now, client.address, &mut packet[..len]);
        }
    }

    fn junk(&self, router: &mut Counted, now: Instant, peer: u8, value: u8) {
        let from = match self.clients.get(&peer) {
            Some(client) if value & 1 == 0 => client.address,
            _ => ([203, 0, 113, peer], 9).into(),
        };
        let first = [0, 22, 0x80, 0x90, 0xff][usize::from(value) % 5];
        let mut junk = vec![value; usize::from(value)];
        junk.insert(0, first);
        router.receive(now, from, &mut junk);
    }

    /// Time goes on for everybody.
    fn pass(&mut self, router: &mut Counted, now: Instant) {
        for _ in 0..4 {
            router.with(|router| router.handle_timeout(now));
            for client in self.clients.values_mut() {
                client.session.handle_timeout(now);
            }
            self.settle(router, now);
        }
        assert!(
            router.router.poll_timeout().is_none_or(|at| at > now),
            "the router wants now for ever"
        );
    }

    /// Delivers all there is, until nobody has anything to say.
    fn settle(&mut self, router: &mut Counted, now: Instant) {
        // What it took to send is not kept by the router.
        let mut out = TransmitBuffer::new();
        let is_quiet = (0..50).any(|_| self.deliver(router, now, &mut out));
        router.with(|_| drop(out));
        assert!(is_quiet, "they never have enough");
        self.is_late &= self.is_blocked;
    }

    /// Delivers what everybody has to say; whether that was nothing.
    fn deliver(&mut self, router: &mut Counted, now: Instant, out: &mut TransmitBuffer) -> bool {
        let (mut buffer, mut is_quiet) = (Vec::new(), true);
        for client in self.clients.values_mut() {
            while client.session.poll_transmit(&mut buffer).is_some() {
                is_quiet = false;
                router.receive(now, client.address, &mut buffer);
            }
            while client.session.poll_event().is_some() {}
        }
        while !self.is_blocked && router.with(|router| router.poll_transmit(out)) {
            is_quiet = false;
            let bytes = out.len_bytes();
            assert!(bytes <= MAX_WAITING, "{bytes} bytes for one peer");
            for (transmit, datagram) in out.datagrams() {
                self.receive(now, transmit.destination, datagram);
            }
        }
        loop {
            let closed = router.with(|router| {
                router.poll_event().map(|event| match event {
                    Event::PeerClosed { peer, .. } => Some(peer),
                    _ => None,
                })
            });
            match closed {
                None => return is_quiet,
                Some(peer) => self
                    .clients
                    .retain(|known, _| Some(PeerId(u64::from(*known))) != peer),
            }
        }
    }

    fn receive(&mut self, now: Instant, to: SocketAddr, datagram: &[u8]) {
        let Self {
            clients,
            rooms,
            gaps,
            is_late,
            ..
        } = self;
        // One that is gone is told so.
        let Some(client) = clients.values_mut().find(|client| client.address == to) else {
            return;
        };
        let mut bytes = datagram.to_vec();
        let received = client
            .session
            .handle_datagram(now, ROUTER.into(), client.address, &mut bytes);
        let Received::Rtp(bytes) = received else { return };
        let packet = Packet::parse(bytes).expect("the router sends packets");
        let (ssrc, sequence) = (packet.ssrc(), packet.sequence_number());
        assert!(client.is_forwarding, "nothing is forwarded to it");
        let track = client.subscribed.get(&ssrc).copied();
        let track = track.expect("it has subscribed to what it is sent");
        if *is_late {
            return;
        }
        assert_eq!(rooms.get(&track), Some(&client.room), "of its own room");
        // Pictures may be left out, and their numbers with them; sound is numbered without gaps.
        if track % 2 == 0 {
            let before = client.newest.insert(ssrc, sequence);
            let step = before.map(|before| sequence.wrapping_sub(before));
            assert!(
                gaps.contains(&track) || step.is_none_or(|step| step == 1),
                "{ssrc}: {before:?} then {sequence}"
            );
        } else {
            client.newest.insert(ssrc, sequence);
        }
    }
}
