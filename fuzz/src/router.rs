//! The router as a sequence of operations, with clients that decrypt what it sends them.

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
    Certificate, IceCredentials, PeerConfig, PeerSession, Received, RemoteParameters, Role,
    SRTP_MAX_OVERHEAD, SrtpProfile,
};

/// Steps that are taken of an input, and peers there are at a time.
const MAX_STEPS: usize = 250;
const PEERS: u8 = 4;

/// What may wait for one peer: `RouterConfig::max_queued_bytes` of media with its overhead, and control.
const MAX_WAITING: usize = 1 << 20;

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

#[derive(Default)]
struct World {
    clients: BTreeMap<u8, Client>,
    /// The room each track was last published in.
    rooms: BTreeMap<u64, u64>,
    /// Tracks that have lost packets on the way to the router, whose numbers may leave gaps.
    gaps: BTreeSet<u64>,
    made: u8,
}

/// Steps of three bytes: what, who, and a value.
pub fn router_ops(data: &[u8]) {
    let mut now = Instant::now();
    let mut router = Router::new(RouterConfig::default(), 1, now);
    let mut world = World::default();
    for step in data.as_chunks::<3>().0.iter().take(MAX_STEPS) {
        let [what, who, value] = *step;
        let peer = who % PEERS;
        match what % 16 {
            0 => world.join(&mut router, now, peer, u64::from(value % 2)),
            1 => {
                let id = PeerId(peer.into());
                let _ = router.handle_command(now, Command::RemovePeer { peer: id });
                world.clients.remove(&peer);
            }
            2 => world.publish(&mut router, now, peer, value),
            3 | 4 => world.subscribe(&mut router, now, peer, value, who / PEERS),
            5 => {
                let enabled = value & 1 == 0;
                let id = PeerId(peer.into());
                let _ = router.handle_command(now, Command::SetForwarding { peer: id, enabled });
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
                let _ = router.handle_command(now, Command::RequestStats { peer: id });
            }
            9 => world.junk(&mut router, now, peer, value),
            10 => world.keyframe_request(&mut router, now, peer, value),
            _ => {
                for _ in 0..=value % 4 {
                    world.say(&mut router, now, peer, value);
                    now += Duration::from_millis(u64::from(who >> 4));
                }
            }
        }
        world.settle(&mut router, now);
    }
    for peer in 0..PEERS {
        let id = PeerId(peer.into());
        let _ = router.handle_command(now, Command::RemovePeer { peer: id });
        world.clients.remove(&peer);
    }
    world.settle(&mut router, now);
    assert_eq!(router.poll_timeout(), None, "nobody is there any more");
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

fn show(router: &mut Router, now: Instant, peer: u8, value: u8) {
    let views = (0..value % 8)
        .map(|track| TrackView {
            track: TrackId(track.into()),
            view: match value >> 3 & 3 {
                0 => View::Hidden,
                _ => View::Tile {
                    width: u32::from(value) * 8,
                    height: u32::from(value) * 5,
                },
            },
            priority: value >> 5,
        })
        .collect();
    let id = PeerId(peer.into());
    let _ = router.handle_command(now, Command::SetViews { peer: id, views });
}

impl World {
    fn join(&mut self, router: &mut Router, now: Instant, peer: u8, room: u64) {
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
        let added = router.handle_command(
            now,
            Command::AddPeer {
                peer: PeerId(peer.into()),
                room: RoomId(room),
                config: theirs,
                remote: about_us,
            },
        );
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

    fn publish(&mut self, router: &mut Router, now: Instant, peer: u8, value: u8) {
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
        let publications = [false, true]
            .into_iter()
            .filter(|is_video| value & (1 << u8::from(*is_video)) == 0)
            .map(publication)
            .collect();
        let id = PeerId(peer.into());
        let command = Command::SetPublications {
            peer: id,
            publications,
        };
        if router.handle_command(now, command).is_ok()
            && let Some(client) = self.clients.get(&peer)
        {
            for is_video in [false, true] {
                self.rooms.insert(track_of(peer, is_video), client.room);
            }
        }
    }

    fn subscribe(&mut self, router: &mut Router, now: Instant, peer: u8, tracks: u8, offset: u8) {
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
        let id = PeerId(peer.into());
        let list = subscriptions.clone();
        let command = Command::SetSubscriptions {
            peer: id,
            subscriptions,
        };
        if router.handle_command(now, command).is_ok()
            && let Some(client) = self.clients.get_mut(&peer)
        {
            for subscription in list {
                client.subscribed.insert(subscription.ssrc, subscription.track.0);
            }
        }
    }

    /// A packet of sound or pictures.
    fn say(&mut self, router: &mut Router, now: Instant, peer: u8, value: u8) {
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
        let payload: &[u8] = if is_video {
            &pictures
        } else {
            &[0xf8, 0xff, 0xfe, value]
        };
        let mut buffer = [0; 200];
        let timestamp = u32::from(sequence) * if is_video { 3000 } else { 960 };
        let payload_type = if is_video { 96 } else { 111 };
        let Ok(len) = PacketBuilder::new(payload_type, sequence, timestamp, ssrc).write(payload, &mut buffer)
        else {
            return;
        };
        if let Ok(len) = client.session.protect_rtp(&mut buffer, len) {
            router.handle_datagram(now, client.address, ROUTER.into(), &mut buffer[..len]);
        }
    }

    fn keyframe_request(&mut self, router: &mut Router, now: Instant, peer: u8, value: u8) {
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
            router.handle_datagram(now, client.address, ROUTER.into(), &mut packet[..len]);
        }
    }

    fn junk(&self, router: &mut Router, now: Instant, peer: u8, value: u8) {
        let from = match self.clients.get(&peer) {
            Some(client) if value & 1 == 0 => client.address,
            _ => ([203, 0, 113, peer], 9).into(),
        };
        let first = [0, 22, 0x80, 0x90, 0xff][usize::from(value) % 5];
        let mut junk = vec![value; usize::from(value)];
        junk.insert(0, first);
        router.handle_datagram(now, from, ROUTER.into(), &mut junk);
    }

    /// Time goes on for everybody.
    fn pass(&mut self, router: &mut Router, now: Instant) {
        for _ in 0..4 {
            router.handle_timeout(now);
            for client in self.clients.values_mut() {
                client.session.handle_timeout(now);
            }
            self.settle(router, now);
        }
        assert!(
            router.poll_timeout().is_none_or(|at| at > now),
            "the router wants now for ever"
        );
    }

    /// Delivers all there is, until nobody has anything to say.
    fn settle(&mut self, router: &mut Router, now: Instant) {
        let mut out = TransmitBuffer::new();
        let mut buffer = Vec::new();
        for _ in 0..50 {
            let mut is_quiet = true;
            for client in self.clients.values_mut() {
                while client.session.poll_transmit(&mut buffer).is_some() {
                    is_quiet = false;
                    router.handle_datagram(now, client.address, ROUTER.into(), &mut buffer);
                }
                while client.session.poll_event().is_some() {}
            }
            while router.poll_transmit(&mut out) {
                is_quiet = false;
                assert!(
                    out.len_bytes() <= MAX_WAITING,
                    "{} bytes for one peer",
                    out.len_bytes()
                );
                for (transmit, datagram) in out.datagrams() {
                    self.receive(now, transmit.destination, datagram);
                }
            }
            while let Some(event) = router.poll_event() {
                if let Event::PeerClosed { peer, .. } = event {
                    self.clients.retain(|known, _| u64::from(*known) != peer.0);
                }
            }
            if is_quiet {
                return;
            }
        }
        panic!("they never have enough");
    }

    fn receive(&mut self, now: Instant, to: SocketAddr, datagram: &[u8]) {
        let Self {
            clients, rooms, gaps, ..
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
