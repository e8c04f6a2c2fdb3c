//! Real sockets on loopback.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;
use crate::router::{
    CodecName, Command, Event, MediaKind, PeerId, Publication, RoomId, RouterConfig, RtpCodec, Subscription,
    TrackId, TransmitBuffer,
};
use crate::rtp::{Packet, PacketBuilder};
use crate::tcp::TcpRemote;
use crate::test_ends::Ends;
use crate::{CloseReason, PeerEvent, PeerSession, Received, SRTP_MAX_OVERHEAD};

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
        Self::join(id, RoomId(1), media, server, seed).await
    }

    async fn join(id: u64, room: RoomId, media: &MediaHandle, server: SocketAddr, seed: u64) -> Self {
        Self::among(id, room, media, &[server], seed).await
    }

    async fn among(id: u64, room: RoomId, media: &MediaHandle, servers: &[SocketAddr], seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let ends = Ends::new(&mut rng, servers);
        media
            .send(Command::AddPeer {
                peer: PeerId(id),
                room,
                config: ends.server,
                remote: ends.to_server,
            })
            .unwrap();
        let mut session = PeerSession::new(ends.client, Instant::now());
        session.set_remote(Instant::now(), ends.to_client).unwrap();
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
    vec![RtpCodec::new(111, CodecName::Opus, 48_000)]
}

fn publication() -> Publication {
    Publication {
        ssrcs: vec![50],
        codecs: opus(),
        ..Publication::new(TrackId(5), MediaKind::Audio, "0")
    }
}

fn subscription() -> Subscription {
    Subscription {
        codecs: opus(),
        ..Subscription::new(TrackId(5), "1", 60)
    }
}

/// By what packets travel between clients and the media thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Udp,
    Tcp,
}

/// Two clients, one of which sends bursts, through a media thread that listens on `listen` and is reached at `reached`.
async fn call(listen: &str, reached: &str, carrier: Carrier) {
    let config = NetConfig::new(listen.parse().unwrap());
    let (mut media, local) = MediaThread::spawn(config, RouterConfig::default()).unwrap();
    let reached = reached.parse().unwrap();
    let server = match carrier {
        Carrier::Udp => SocketAddr::new(reached, local.port()),
        Carrier::Tcp => {
            let port = media.tcp_addresses().next().flatten().unwrap().port();
            TcpRemote::candidate(SocketAddr::new(reached, port)).into()
        }
    };
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
    for client in [&sender, &receiver] {
        assert_eq!(client.session.selected_path().unwrap().1, server);
    }
    let connections = if carrier == Carrier::Tcp { 2 } else { 0 };
    let snapshot = media.metrics().next().unwrap().snapshot();
    assert_eq!((snapshot.tcp_connections, snapshot.tcp_dropped), (connections, 0));
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
    within_limit(call("127.0.0.1:0", "127.0.0.1", Carrier::Udp)).await;
}

#[tokio::test]
async fn a_call_over_ipv4_on_a_wildcard() {
    within_limit(call("0.0.0.0:0", "127.0.0.1", Carrier::Udp)).await;
}

#[tokio::test]
async fn a_call_over_ipv4_on_a_dual_stack_socket() {
    within_limit(call("[::]:0", "127.0.0.1", Carrier::Udp)).await;
}

#[tokio::test]
async fn a_call_over_ipv6() {
    within_limit(call("[::]:0", "::1", Carrier::Udp)).await;
}

#[tokio::test]
async fn a_call_over_tcp() {
    within_limit(call("127.0.0.1:0", "127.0.0.1", Carrier::Tcp)).await;
}

#[tokio::test]
async fn a_call_over_tcp_on_a_dual_stack_socket() {
    within_limit(call("[::]:0", "127.0.0.1", Carrier::Tcp)).await;
    within_limit(call("[::]:0", "::1", Carrier::Tcp)).await;
}

/// Where nobody answers at the address of UDP, the call comes about over TCP.
#[tokio::test]
async fn a_client_that_udp_does_not_answer_takes_tcp() {
    within_limit(async {
        let config = NetConfig::new("127.0.0.1:0".parse().unwrap());
        let (mut media, _) = MediaThread::spawn(config, RouterConfig::default()).unwrap();
        let tcp = media.tcp_addresses().next().flatten().unwrap();
        // It takes everything and answers nothing.
        let hole = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let candidates = [hole.local_addr().unwrap(), TcpRemote::candidate(tcp).into()];
        let began = Instant::now();
        let mut client = Client::among(1, RoomId(1), &media, &candidates, 7).await;
        let mut events = media.take_events().unwrap();
        let is_connected = |event| matches!(event, Event::PeerConnected { .. });
        while !events.try_recv().is_ok_and(is_connected) || !client.session.is_connected() {
            client.turn().await;
        }
        assert!(began.elapsed() >= Duration::from_secs(1), "UDP has its time");
        assert_eq!(client.session.selected_path().unwrap().1, candidates[1]);
        media.shutdown().await;
    })
    .await;
}

/// The time before a socket was looked at counts, where the system tells.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn what_waited_in_the_socket_is_known() {
    within_limit(async {
        let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap(), 1 << 16).unwrap();
        let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut buffer = ReceiveBuffer::new();
        let began = Instant::now();
        client.send_to(b"here", socket.local_addr()).await.unwrap();
        let mut waited = None;
        while waited.is_none() {
            socket.readable().await.unwrap();
            let _ = socket.try_receive(&mut buffer);
            waited = buffer.bursts().next().map(|burst| burst.waited);
        }
        let waited = waited.unwrap();
        assert!(!waited.is_zero());
        // Two clocks, of which one may be adjusted meanwhile.
        assert!(waited <= began.elapsed() + Duration::from_millis(1), "{waited:?}");
    })
    .await;
}

/// An answer leaves from the address that was asked, not from the one the system would choose.
#[tokio::test]
async fn answers_leave_from_the_address_that_was_asked() {
    within_limit(async {
        for listen in ["[::]:0", "0.0.0.0:0"] {
            let mut socket = UdpSocket::bind(listen.parse().unwrap(), 1 << 16).unwrap();
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
                    buffer.for_each(|source, destination, datagram| {
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
                let mut out = TransmitBuffer::new();
                for answer in [&b"answera"[..], b"nswer2a", b"nsw"] {
                    out.push(transmit, answer);
                }
                assert_eq!(socket.try_send(&mut out), Progress::Done);
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

/// A room lives on one thread, which answers at an address of its own; events of all threads come together.
#[tokio::test]
async fn rooms_live_on_threads_with_ports_of_their_own() {
    within_limit(async {
        let mut config = NetConfig::new("127.0.0.1:0".parse().unwrap());
        config.threads = NonZeroUsize::new(3);
        let mut media = MediaThread::spawn_all(config, RouterConfig::default()).unwrap();
        let addresses: HashSet<_> = media.addresses().collect();
        assert_eq!(addresses.len(), 3);
        // A room for each thread.
        let rooms: HashMap<_, _> = (0..50)
            .map(|room| (media.address_of(RoomId(room)), RoomId(room)))
            .collect();
        assert_eq!(rooms.keys().copied().collect::<HashSet<_>>(), addresses);
        let mut clients = vec![];
        for (address, room) in &rooms {
            for _ in 0..2 {
                let id = u64::try_from(clients.len()).unwrap();
                clients.push(Client::join(id, *room, &media, *address, id).await);
            }
        }
        let mut events = media.take_events().unwrap();
        let mut connected = HashSet::new();
        while connected.len() < 6 {
            for client in &mut clients {
                client.turn().await;
            }
            while let Ok(event) = events.try_recv() {
                if let Event::PeerConnected { peer, .. } = event {
                    connected.insert(peer);
                }
            }
        }
        // Each thread knows its own peers, and is asked about no other's.
        for peer in 0..8 {
            media.send(Command::RequestStats { peer: PeerId(peer) }).unwrap();
        }
        let (mut known, mut refused) = (vec![], vec![]);
        while known.len() + refused.len() < 8 {
            match events.recv().await.unwrap() {
                Event::Stats { peer, stats } => {
                    assert!(stats.connected);
                    known.push(peer.0);
                }
                Event::Refused { peer, .. } => refused.push(peer.0),
                _ => {}
            }
        }
        known.sort_unstable();
        refused.sort_unstable();
        assert_eq!((known, refused), (vec![0, 1, 2, 3, 4, 5], vec![6, 7]));
        // One that is gone may come back, elsewhere.
        media.send(Command::RemovePeer { peer: PeerId(0) }).unwrap();
        media.send(Command::RemovePeer { peer: PeerId(0) }).unwrap();
        let elsewhere = rooms[&clients[4].session.selected_path().unwrap().1];
        let mut back = Client::join(0, elsewhere, &media, media.address_of(elsewhere), 99).await;
        let is_back = |event| matches!(event, Event::PeerConnected { peer: PeerId(0), .. });
        while !events.try_recv().is_ok_and(is_back) {
            back.turn().await;
        }
        media.shutdown().await;
        let closed = PeerEvent::Closed(CloseReason::CloseNotify);
        clients.push(back);
        for client in &mut clients {
            while !client.events.contains(&closed) {
                client.turn().await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn threads_listen_on_neighbouring_ports_or_say_why_not() {
    // Somebody may take the second port before we do.
    for _ in 0..50 {
        let (media, first) = MediaThread::spawn(
            NetConfig::new("127.0.0.1:0".parse().unwrap()),
            RouterConfig::default(),
        )
        .unwrap();
        media.shutdown().await;
        let mut config = NetConfig::new(first);
        config.threads = NonZeroUsize::new(2);
        if let Ok(media) = MediaThread::spawn_all(config, RouterConfig::default()) {
            let ports: Vec<_> = media.addresses().map(|address| address.port()).collect();
            assert_eq!(ports, [first.port(), first.port() + 1]);
            // The second port is taken: nothing stays behind at the first.
            let last = SocketAddr::new(first.ip(), first.port().wrapping_sub(1));
            config.listen = last;
            let error = MediaThread::spawn_all(config, RouterConfig::default()).unwrap_err();
            assert!(matches!(error, NetError::PortTaken(_)), "{error}");
            media.shutdown().await;
            config.listen = "127.0.0.1:65535".parse().unwrap();
            let error = MediaThread::spawn_all(config, RouterConfig::default()).unwrap_err();
            assert!(
                matches!(
                    error,
                    NetError::PortRange {
                        first: 65_535,
                        count: 2
                    }
                ),
                "{error}"
            );
            return;
        }
    }
    panic!("never two free ports in a row");
}

/// The kernel itself says no here: to a train of more segments than it takes, which it answers as it answers one that
/// cannot go along a route.
#[tokio::test]
async fn a_refused_train_goes_singly_and_no_other_is_tried_on_its_route() {
    within_limit(async {
        for (host, listen) in [
            ("127.0.0.1", "0.0.0.0:0"),
            ("127.0.0.1", "[::]:0"),
            ("::1", "[::]:0"),
        ] {
            let host: IpAddr = host.parse().unwrap();
            let receiver = tokio::net::UdpSocket::bind((host, 0)).await.unwrap();
            let mut socket = UdpSocket::bind(listen.parse().unwrap(), 1 << 20).unwrap();
            let destination = receiver.local_addr().unwrap();
            if socket.max_segments(destination).get() == 1 {
                // A kernel without any offload: then there is nothing to refuse.
                return;
            }
            socket.writable().await.unwrap();
            socket.pretend_segments(NonZeroUsize::new(1000).unwrap());
            let transmit = crate::Transmit {
                source: destination,
                destination,
            };
            let mut out = TransmitBuffer::new();
            for round in 1..=2 {
                out.clear();
                for number in 0..140_u8 {
                    out.push(transmit, &[number; 8]);
                }
                assert_eq!(socket.try_send(&mut out), Progress::Done);
                for number in 0..140_u8 {
                    let mut datagram = [0; 20];
                    let (len, _) = receiver.recv_from(&mut datagram).await.unwrap();
                    assert_eq!(datagram[..len], [number; 8]);
                }
                let counters = socket.counters();
                assert_eq!(counters.refused_trains, 1, "asked once and never again");
                assert_eq!((counters.calls, counters.datagrams), (140 * round, 140 * round));
                assert_eq!(counters.lost, 0);
            }
            assert_eq!(socket.max_segments(destination).get(), 1);
            assert_eq!(socket.max_segments("192.0.2.1:1".parse().unwrap()).get(), 1000);
        }
    })
    .await;
}

/// Trains arrive as they were sent, by few calls on both sides, and cost no allocation.
#[tokio::test]
async fn trains_between_sockets_allocate_nothing() {
    within_limit(async {
        for (host, listen) in [
            ("127.0.0.1", "127.0.0.1:0"),
            ("127.0.0.1", "[::]:0"),
            ("::1", "[::1]:0"),
        ] {
            let host: IpAddr = host.parse().unwrap();
            let receiver = UdpSocket::bind(SocketAddr::new(host, 0), 1 << 20).unwrap();
            let mut sender = UdpSocket::bind(listen.parse().unwrap(), 1 << 20).unwrap();
            let transmit = crate::Transmit {
                source: SocketAddr::new(host, sender.local_addr().port()),
                destination: receiver.local_addr(),
            };
            let (mut out, mut received) = (TransmitBuffer::new(), ReceiveBuffer::new());
            let mut got = Vec::with_capacity(1000);
            let fill = |out: &mut TransmitBuffer| {
                out.clear();
                for number in 0..10_u8 {
                    out.push(transmit, &[number; 1200]);
                }
                out.push(transmit, &[10; 40]);
            };
            let mut drain = |got: &mut Vec<u8>| {
                while receiver.try_receive(&mut received).is_ok() {
                    received.for_each(|source, destination, datagram| {
                        assert_eq!((source, destination), (transmit.source, transmit.destination));
                        let [first, ..] = datagram else { panic!("empty") };
                        got.push(*first);
                    });
                }
            };
            sender.writable().await.unwrap();
            fill(&mut out);
            assert_eq!(sender.try_send(&mut out), Progress::Done);
            while got.len() < 11 {
                receiver.readable().await.unwrap();
                drain(&mut got);
            }
            let mut allocated = 0;
            for _ in 0..20 {
                got.clear();
                allocated += allocation_counter::measure(|| {
                    fill(&mut out);
                    assert_eq!(sender.try_send(&mut out), Progress::Done);
                })
                .count_total;
                while got.len() < 11 {
                    receiver.readable().await.unwrap();
                    allocated += allocation_counter::measure(|| drain(&mut got)).count_total;
                }
                assert_eq!(got, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
            }
            assert_eq!(allocated, 0);
            let counters = sender.counters();
            let calls = if sender.max_segments(transmit.destination).get() > 1 {
                21
            } else {
                21 * 11
            };
            assert_eq!((counters.calls, counters.datagrams), (calls, 21 * 11));
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
