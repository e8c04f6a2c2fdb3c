//! Real sockets on loopback.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;
use crate::router::{
    CodecName, Command, Event, ExtensionIds, MediaKind, PeerId, Publication, RoomId, RouterConfig, RtpCodec,
    Subscription, TrackId,
};
use crate::rtp::{Packet, PacketBuilder};
use crate::{
    Certificate, CloseReason, IceCredentials, PeerConfig, PeerEvent, PeerSession, Received, RemoteParameters,
    Role, SRTP_MAX_OVERHEAD, SrtpProfile,
};

/// Nothing here takes a hundredth of this.
const LIMIT: Duration = Duration::from_secs(20);

struct Client {
    socket: PeerSocket,
    session: PeerSession,
    events: Vec<PeerEvent>,
    got: Vec<Vec<u8>>,
}

impl Client {
    /// Adds itself to the media thread as a peer and starts its checks.
    async fn new(id: u64, media: &MediaHandle, server: SocketAddr, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut config = |role| PeerConfig {
            role,
            local: IceCredentials::generate(&mut rng),
            certificate: Certificate::generate().unwrap(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed,
        };
        let (ours, theirs) = (config(Role::Client), config(Role::Server));
        let describe = |config: &PeerConfig, candidates| RemoteParameters {
            credentials: config.local.clone(),
            fingerprint: config.certificate.fingerprint(),
            candidates,
        };
        let (to_server, to_client) = (describe(&ours, vec![]), describe(&theirs, vec![server]));
        media
            .send(Command::AddPeer {
                peer: PeerId(id),
                room: RoomId(1),
                config: theirs,
                remote: to_server,
            })
            .unwrap();
        let mut session = PeerSession::new(ours, Instant::now());
        session.set_remote(Instant::now(), to_client).unwrap();
        Self {
            socket: PeerSocket::bind().await.unwrap(),
            session,
            events: vec![],
            got: vec![],
        }
    }

    /// Goes round once: sends, then waits for a datagram or a timeout.
    async fn turn(&mut self) {
        let mut buffer = vec![0; 2048];
        while let Some(transmit) = self.session.poll_transmit(&mut buffer) {
            self.socket
                .send(&buffer, transmit.source, transmit.destination)
                .await
                .unwrap();
        }
        while let Some(event) = self.session.poll_event() {
            self.events.push(event);
        }
        buffer.resize(2048, 0);
        let pause = Instant::now() + Duration::from_millis(20);
        let deadline = self.session.poll_timeout().map_or(pause, |at| at.min(pause));
        tokio::select! {
            received = self.socket.recv(&mut buffer) => {
                let (len, source, destination) = received.unwrap();
                let now = Instant::now();
                if let Received::Rtp(packet) =
                    self.session.handle_datagram(now, source, destination, &mut buffer[..len])
                {
                    self.got.push(packet.to_vec());
                }
            }
            () = tokio::time::sleep_until(deadline.into()) => self.session.handle_timeout(Instant::now()),
        }
    }

    async fn send(&mut self, packet: &[u8]) {
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0);
        let len = self.session.protect_rtp(&mut buffer, packet.len()).unwrap();
        let (source, destination) = self.session.selected_path().unwrap();
        self.socket
            .send(&buffer[..len], source, destination)
            .await
            .unwrap();
    }
}

fn opus() -> Vec<RtpCodec> {
    vec![RtpCodec {
        payload_type: 111,
        name: CodecName::Opus,
        clock_rate: 48_000,
    }]
}

fn publication() -> Publication {
    Publication {
        track: TrackId(5),
        mid: "0".to_owned(),
        kind: MediaKind::Audio,
        ssrcs: vec![50],
        codecs: opus(),
        extensions: ExtensionIds::default(),
        paused: false,
    }
}

fn subscription() -> Subscription {
    Subscription {
        track: TrackId(5),
        mid: "1".to_owned(),
        ssrc: 60,
        codecs: opus(),
        extensions: ExtensionIds::default(),
    }
}

/// Two clients, one of which sends bursts, through a media thread that listens on `listen` and is reached at `reached`.
async fn call(listen: &str, reached: &str) {
    let config = NetConfig::new(listen.parse().unwrap());
    let (mut media, local) = MediaThread::spawn(config, RouterConfig::default()).unwrap();
    let server = SocketAddr::new(reached.parse().unwrap(), local.port());
    let mut sender = Client::new(1, &media, server, 1).await;
    let mut receiver = Client::new(2, &media, server, 2).await;
    media
        .send(Command::SetPublications {
            peer: PeerId(1),
            publications: vec![publication()],
        })
        .unwrap();
    media
        .send(Command::SetSubscriptions {
            peer: PeerId(2),
            subscriptions: vec![subscription()],
        })
        .unwrap();
    let mut events = media.take_events().unwrap();
    let mut connected = 0;
    while connected < 2 {
        sender.turn().await;
        receiver.turn().await;
        while let Ok(event) = events.try_recv() {
            connected += usize::from(matches!(event, Event::PeerConnected { .. }));
        }
    }
    assert!(sender.session.is_connected() && receiver.session.is_connected());
    for sequence in 0..100_u16 {
        let mut packet = [0; 1200];
        let payload = vec![sequence.to_be_bytes()[1]; 1000];
        let len = PacketBuilder::new(111, sequence, 0, 50)
            .write(&payload, &mut packet)
            .unwrap();
        sender.send(&packet[..len]).await;
        if sequence % 10 == 9 {
            let expected = usize::from(sequence) + 1;
            while receiver.got.len() < expected {
                receiver.turn().await;
            }
        }
    }
    for (index, bytes) in receiver.got.iter().enumerate() {
        let packet = Packet::parse(bytes).unwrap();
        assert_eq!(packet.ssrc(), 60);
        assert_eq!(packet.payload(), vec![u8::try_from(index).unwrap(); 1000]);
    }

    // A refused command is told, not lost.
    media
        .send(Command::SetForwarding {
            peer: PeerId(9),
            enabled: false,
        })
        .unwrap();
    loop {
        if let Event::Refused { peer, error } = events.recv().await.unwrap() {
            assert_eq!((peer, error), (PeerId(9), crate::Error::Unknown("peer")));
            break;
        }
    }

    let commands = media.commands();
    media.shutdown().await;
    let closed = PeerEvent::Closed(CloseReason::CloseNotify);
    while !sender.events.contains(&closed) || !receiver.events.contains(&closed) {
        sender.turn().await;
        receiver.turn().await;
    }
    assert_eq!(
        commands.send(Command::RemovePeer { peer: PeerId(1) }),
        Err(SendError::Ended)
    );
    // The port is free again.
    MediaThread::spawn(NetConfig::new(local), RouterConfig::default()).unwrap();
}

async fn within_limit(test: impl Future<Output = ()>) {
    tokio::time::timeout(LIMIT, test).await.expect("in time");
}

#[tokio::test]
async fn a_call_over_ipv4() {
    within_limit(call("127.0.0.1:0", "127.0.0.1")).await;
}

#[tokio::test]
async fn a_call_over_ipv4_on_a_wildcard() {
    within_limit(call("0.0.0.0:0", "127.0.0.1")).await;
}

#[tokio::test]
async fn a_call_over_ipv4_on_a_dual_stack_socket() {
    within_limit(call("[::]:0", "127.0.0.1")).await;
}

#[tokio::test]
async fn a_call_over_ipv6() {
    within_limit(call("[::]:0", "::1")).await;
}

/// An answer leaves from the address that was asked, not from the one the system would choose.
#[tokio::test]
async fn answers_leave_from_the_address_that_was_asked() {
    within_limit(async {
        for listen in ["[::]:0", "0.0.0.0:0"] {
            let socket = UdpSocket::bind(listen.parse().unwrap(), 1 << 16).unwrap();
            let port = socket.local_addr().port();
            let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let mut buffer = ReceiveBuffer::new();
            // The whole of 127.0.0.0/8 is this machine.
            for asked in ["127.0.0.1", "127.0.0.2", "127.7.7.7"] {
                let asked = SocketAddr::new(asked.parse().unwrap(), port);
                client.send_to(b"question", asked).await.unwrap();
                let mut seen = Vec::new();
                while seen.is_empty() {
                    socket.readable().await.unwrap();
                    let _ = socket.try_receive(&mut buffer);
                    buffer.for_each(socket.local_addr(), |source, destination, datagram| {
                        seen.push((source, destination, datagram.to_vec()));
                    });
                }
                assert_eq!(
                    seen,
                    [(client.local_addr().unwrap(), asked, b"question".to_vec())]
                );
                let transmit = crate::Transmit {
                    source: asked,
                    destination: client.local_addr().unwrap(),
                };
                let burst = crate::router::Burst {
                    transmit,
                    contents: b"answeranswer2answ",
                    segment_size: 7,
                };
                socket.send(&burst).await.unwrap();
                let mut answers = Vec::new();
                for _ in 0..3 {
                    let mut answer = [0; 20];
                    let (len, source) = client.recv_from(&mut answer).await.unwrap();
                    assert_eq!(source, asked);
                    answers.push(answer[..len].to_vec());
                }
                assert_eq!(answers, [&b"answera"[..], b"nswer2a", b"nsw"]);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_taken_port_is_said_clearly() {
    let (media, local) = MediaThread::spawn(
        NetConfig::new("127.0.0.1:0".parse().unwrap()),
        RouterConfig::default(),
    )
    .unwrap();
    let error = MediaThread::spawn(NetConfig::new(local), RouterConfig::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("UDP {local} is taken by another program")
    );
    let elsewhere = NetConfig::new("192.0.2.77:0".parse().unwrap());
    let error = MediaThread::spawn(elsewhere, RouterConfig::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "192.0.2.77:0 is not an address of this machine"
    );
    media.shutdown().await;
}
