//! What comes to a media port from those who are not meant: it changes nothing in a call that goes on, is not answered,
//! allocates nothing and is not remembered.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use anteroom_media_transport::router::{
    CodecName, Command, Event, MediaKind, PeerId, PeerStats, Publication, RoomId, Router, RouterConfig,
    RtpCodec, Subscription, TrackId, TransmitBuffer,
};
use anteroom_media_transport::rtp::{Packet, PacketBuilder};
use anteroom_media_transport::stun::{Class, MessageBuilder, TransactionId};
use anteroom_media_transport::tcp::TcpRemote;
use anteroom_media_transport::{
    Certificate, IceCredentials, PeerConfig, PeerSession, Received, RemoteParameters, Role,
    SRTP_MAX_OVERHEAD, SrtpProfile,
};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

const MS: Duration = Duration::from_millis(1);

/// How often each kind of junk comes.
const TIMES: usize = 2000;

fn server() -> SocketAddr {
    ([198, 51, 100, 1], 5000).into()
}

struct Client {
    session: PeerSession,
    address: SocketAddr,
    /// What the service's checks have to be made with.
    service: IceCredentials,
    local: IceCredentials,
    heard: Vec<u16>,
}

/// A router, somebody who speaks and somebody who listens.
struct Call {
    now: Instant,
    router: Router,
    clients: [Client; 2],
    sequence: u16,
}

impl Call {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the first instant of a test")]
        let now = Instant::now();
        let mut router = Router::new(RouterConfig::default(), 1, now);
        let clients = [1, 2].map(|id| {
            let mut rng = StdRng::seed_from_u64(id);
            let mut config = |role| PeerConfig {
                role,
                local: IceCredentials::generate(&mut rng),
                certificate: Certificate::generate().unwrap(),
                srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
                seed: id,
            };
            let (ours, theirs) = (config(Role::Client), config(Role::Server));
            let about = |config: &PeerConfig, candidates| RemoteParameters {
                credentials: config.local.clone(),
                fingerprint: config.certificate.fingerprint(),
                candidates,
            };
            let (about_us, about_them) = (about(&ours, vec![]), about(&theirs, vec![server()]));
            let (service, local) = (theirs.local.clone(), ours.local.clone());
            let added = Command::AddPeer {
                peer: PeerId(id),
                room: RoomId(1),
                config: theirs,
                remote: about_us,
            };
            router.handle_command(now, added).unwrap();
            let mut session = PeerSession::new(ours, now);
            session.set_remote(now, about_them).unwrap();
            Client {
                session,
                address: ([192, 0, 2, 10], 4000 + u16::try_from(id).unwrap()).into(),
                service,
                local,
                heard: vec![],
            }
        });
        let codecs = vec![RtpCodec::new(111, CodecName::Opus, 48_000)];
        let publication = Publication {
            ssrcs: vec![50],
            codecs: codecs.clone(),
            ..Publication::new(TrackId(5), MediaKind::Audio, "0")
        };
        let subscription = Subscription {
            codecs,
            ..Subscription::new(TrackId(5), "1", 60)
        };
        let published = Command::SetPublications {
            peer: PeerId(1),
            publications: vec![publication],
        };
        let subscribed = Command::SetSubscriptions {
            peer: PeerId(2),
            subscriptions: vec![subscription],
        };
        router.handle_command(now, published).unwrap();
        router.handle_command(now, subscribed).unwrap();
        let mut call = Self {
            now,
            router,
            clients,
            sequence: 0,
        };
        for _ in 0..100 {
            call.pass(10 * MS);
        }
        assert!(call.clients.iter().all(|client| client.session.is_connected()));
        call
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.router.handle_timeout(self.now);
        let mut buffer = Vec::new();
        for client in &mut self.clients {
            client.session.handle_timeout(self.now);
            while client.session.poll_transmit(&mut buffer).is_some() {
                self.router
                    .handle_datagram(self.now, client.address, server(), &mut buffer);
            }
            while client.session.poll_event().is_some() {}
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        let mut out = TransmitBuffer::new();
        while self.router.poll_transmit(&mut out) {
            for (transmit, datagram) in out.datagrams() {
                let client = self
                    .clients
                    .iter_mut()
                    .find(|client| client.address == transmit.destination)
                    .expect("nobody else is sent anything");
                let mut bytes = datagram.to_vec();
                let received = client
                    .session
                    .handle_datagram(self.now, server(), client.address, &mut bytes);
                if let Received::Rtp(bytes) = received {
                    client.heard.push(Packet::parse(bytes).unwrap().sequence_number());
                }
            }
        }
    }

    /// A packet of the one who speaks, as it is on the wire.
    fn speech(&mut self) -> Vec<u8> {
        self.sequence += 1;
        let mut packet = vec![0; 200];
        let timestamp = u32::from(self.sequence) * 960;
        let len = PacketBuilder::new(111, self.sequence, timestamp, 50)
            .write(&[7; 80], &mut packet)
            .unwrap();
        packet.resize(len + SRTP_MAX_OVERHEAD, 0);
        let len = self.clients[0].session.protect_rtp(&mut packet, len).unwrap();
        packet.truncate(len);
        packet
    }

    fn stats(&mut self, id: u64) -> PeerStats {
        let asked = Command::RequestStats { peer: PeerId(id) };
        self.router.handle_command(self.now, asked).unwrap();
        while let Some(event) = self.router.poll_event() {
            if let Event::Stats { stats, .. } = event {
                return stats;
            }
        }
        panic!("no answer");
    }

    /// Junk comes from somewhere; how many bytes were allocated for it.
    fn junk(&mut self, from: SocketAddr, bytes: &[u8]) -> u64 {
        let mut copy = bytes.to_vec();
        let allocated = measure(|| self.router.handle_datagram(self.now, from, server(), &mut copy));
        allocated.bytes_total
    }
}

/// A check with everything right, but for what is asked for.
fn check(ufrag: &str, from: &str, pwd: &str) -> Vec<u8> {
    let mut buffer = [0; 400];
    let mut builder = MessageBuilder::new(&mut buffer, Class::Request, TransactionId([3; 12])).unwrap();
    builder.username(ufrag, from).unwrap();
    builder.use_candidate().unwrap();
    builder.finish_with_integrity(pwd).unwrap().to_vec()
}

fn client_hello() -> Vec<u8> {
    let mut record = vec![
        22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 54, 1, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0, 42,
    ];
    record.extend([0xfe, 0xfd]);
    record.extend([9; 40]);
    record
}

#[test]
fn junk_changes_nothing_in_a_call_and_leaves_nothing_behind() {
    let mut call = Call::new();
    for _ in 0..5 {
        let mut packet = call.speech();
        let from = call.clients[0].address;
        call.router.handle_datagram(call.now, from, server(), &mut packet);
        call.pass(20 * MS);
    }
    let (speaker, service, local) = {
        let client = &call.clients[0];
        (client.address, client.service.clone(), client.local.clone())
    };
    let mut bad_tag = call.speech();
    *bad_tag.last_mut().unwrap() ^= 1;
    call.sequence -= 1;
    let real_check = check(&service.ufrag, &local.ufrag, &service.pwd);
    let strangers = SocketAddr::from(([203, 0, 113, 9], 9));
    let by_tcp = SocketAddr::from(TcpRemote::candidate(speaker));
    let wrong = "wrongwrongwrongwrongwrong";
    let kinds: Vec<(&str, SocketAddr, Vec<u8>)> = vec![
        ("garbage", strangers, vec![0xff; 300]),
        ("garbage from the speaker's address", speaker, vec![0xff; 300]),
        ("nothing at all", speaker, vec![]),
        (
            "a check cut off",
            speaker,
            real_check[..real_check.len() - 5].to_vec(),
        ),
        ("a check for nobody", strangers, check("nobody", "peer", wrong)),
        (
            "a check with the wrong password",
            strangers,
            check(&service.ufrag, &local.ufrag, wrong),
        ),
        (
            "a check by nobody",
            strangers,
            check(&service.ufrag, "peer", &service.pwd),
        ),
        ("a ClientHello from elsewhere", strangers, client_hello()),
        (
            "a ClientHello by TCP from the same address",
            by_tcp,
            client_hello(),
        ),
        ("SRTP from elsewhere", strangers, bad_tag.clone()),
        ("SRTP with a bad tag", speaker, bad_tag.clone()),
        ("SRTP cut off", speaker, bad_tag[..20].to_vec()),
        (
            "SRTCP with a bad tag",
            speaker,
            [&[0x80, 201, 0, 1][..], &[5; 40]].concat(),
        ),
        ("too much", speaker, vec![0x80; 5000]),
    ];
    let mut expected = 5;
    for (name, from, bytes) in kinds {
        let (timeout, before) = (call.router.poll_timeout(), call.stats(1));
        let mut allocated = 0;
        for _ in 0..TIMES {
            allocated += call.junk(from, &bytes);
        }
        assert_eq!(allocated, 0, "{name}");
        let mut out = TransmitBuffer::new();
        assert!(!call.router.poll_transmit(&mut out), "{name} is answered");
        assert_eq!(call.router.poll_event(), None, "{name}");
        assert_eq!(call.router.poll_timeout(), timeout, "{name}");
        let after = call.stats(1);
        let same = PeerStats {
            datagrams_refused: before.datagrams_refused,
            ..after
        };
        assert_eq!(same, before, "{name}");
        // The call goes on as if nothing had been.
        let mut packet = call.speech();
        call.router
            .handle_datagram(call.now, speaker, server(), &mut packet);
        call.pass(20 * MS);
        expected += 1;
        assert_eq!(call.clients[1].heard.len(), expected, "{name}");
    }
    let heard = &call.clients[1].heard;
    assert!(
        heard.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)),
        "{heard:?}"
    );
    assert!(call.clients.iter().all(|client| client.session.is_connected()));
}
